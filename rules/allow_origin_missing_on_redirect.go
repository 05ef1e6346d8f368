package rules

import "github.com/corslint/corslint/internal/finding"

var allowOriginMissingOnRedirect = &Rule{
	Name:     "allow-origin-missing-on-redirect",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
