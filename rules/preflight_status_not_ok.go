package rules

import "github.com/corslint/corslint/internal/finding"

var preflightStatusNotOk = &Rule{
	Name:     "preflight-status-not-ok",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
}
