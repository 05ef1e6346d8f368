package rules

import "github.com/corslint/corslint/internal/finding"

var varyOriginMissing = &Rule{
	Name:     "vary-origin-missing",
	Title:    "",
	Category: finding.Caching,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
