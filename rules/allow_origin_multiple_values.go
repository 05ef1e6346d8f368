package rules

import "github.com/corslint/corslint/internal/finding"

var allowOriginMultipleValues = &Rule{
	Name:     "allow-origin-multiple-values",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-not-allowed"},
}
