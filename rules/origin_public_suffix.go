package rules

import "github.com/corslint/corslint/internal/finding"

var originPublicSuffix = &Rule{
	Name:     "origin-public-suffix",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
}
