package rules

import "github.com/corslint/corslint/internal/finding"

var listWildcardWithCredentials = &Rule{
	Name:     "list-wildcard-with-credentials",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
}
