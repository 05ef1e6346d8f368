package rules

import "github.com/corslint/corslint/internal/finding"

var allowOriginDuplicate = &Rule{
	Name:     "allow-origin-duplicate",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
}
