package rules

import "github.com/corslint/corslint/internal/finding"

var originWildcardWithCredentials = &Rule{
	Name:     "origin-wildcard-with-credentials",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"list-wildcard-with-credentials"},
}
