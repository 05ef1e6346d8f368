package rules

import "github.com/corslint/corslint/internal/finding"

var preflightUnhandled = &Rule{
	Name:     "preflight-unhandled",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"preflight-actual-mismatch", "allow-methods-missing", "allow-headers-missing"},
}
