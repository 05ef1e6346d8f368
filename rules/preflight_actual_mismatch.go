package rules

import "github.com/corslint/corslint/internal/finding"

var preflightActualMismatch = &Rule{
	Name:     "preflight-actual-mismatch",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
}
