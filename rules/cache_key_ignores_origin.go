package rules

import "github.com/corslint/corslint/internal/finding"

var cacheKeyIgnoresOrigin = &Rule{
	Name:     "cache-key-ignores-origin",
	Title:    "",
	Category: finding.Caching,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Explains: []string{"vary-origin-missing"},
}
