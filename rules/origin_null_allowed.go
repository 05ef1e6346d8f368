package rules

import "github.com/corslint/corslint/internal/finding"

var originNullAllowed = &Rule{
	Name:     "origin-null-allowed",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
}
