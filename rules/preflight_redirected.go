package rules

import "github.com/corslint/corslint/internal/finding"

var preflightRedirected = &Rule{
	Name:     "preflight-redirected",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"preflight-unhandled", "mixed-content"},
}
