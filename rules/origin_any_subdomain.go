package rules

import "github.com/corslint/corslint/internal/finding"

var originAnySubdomain = &Rule{
	Name:     "origin-any-subdomain",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
