package rules

import "github.com/corslint/corslint/internal/finding"

var originReflectedWithCredentials = &Rule{
	Name:     "origin-reflected-with-credentials",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-reflected", "vary-origin-missing"},
}
