package rules

import "github.com/corslint/corslint/internal/finding"

var originReflected = &Rule{
	Name:     "origin-reflected",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Note,
	Since:    "0.1.0",
}
