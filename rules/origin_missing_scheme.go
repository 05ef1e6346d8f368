package rules

import "github.com/corslint/corslint/internal/finding"

var originMissingScheme = &Rule{
	Name:     "origin-missing-scheme",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-not-allowed", "allow-origin-missing"},
}
