package rules

import "github.com/corslint/corslint/internal/finding"

var originRegexUnanchored = &Rule{
	Name:     "origin-regex-unanchored",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-insecure-http", "origin-any-subdomain"},
}
