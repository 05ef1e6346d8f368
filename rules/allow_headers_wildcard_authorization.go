package rules

import "github.com/corslint/corslint/internal/finding"

var allowHeadersWildcardAuthorization = &Rule{
	Name:     "allow-headers-wildcard-authorization",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Note,
	Since:    "0.1.0",
}
