package rules

import "github.com/corslint/corslint/internal/finding"

var varyOriginConditional = &Rule{
	Name:     "vary-origin-conditional",
	Title:    "",
	Category: finding.Caching,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
