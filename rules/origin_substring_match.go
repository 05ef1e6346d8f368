package rules

import "github.com/corslint/corslint/internal/finding"

var originSubstringMatch = &Rule{
	Name:     "origin-substring-match",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
}
