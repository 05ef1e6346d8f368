package rules

import "github.com/corslint/corslint/internal/finding"

var preflightRequiresAuth = &Rule{
	Name:     "preflight-requires-auth",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"preflight-status-not-ok", "preflight-unhandled"},
}
