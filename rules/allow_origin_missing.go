package rules

import "github.com/corslint/corslint/internal/finding"

var allowOriginMissing = &Rule{
	Name:     "allow-origin-missing",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
}
