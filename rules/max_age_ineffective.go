package rules

import "github.com/corslint/corslint/internal/finding"

var maxAgeIneffective = &Rule{
	Name:     "max-age-ineffective",
	Title:    "",
	Category: finding.Caching,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
