package rules

import "github.com/corslint/corslint/internal/finding"

var allowOriginMissingOnError = &Rule{
	Name:     "allow-origin-missing-on-error",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
