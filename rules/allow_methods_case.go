package rules

import "github.com/corslint/corslint/internal/finding"

var allowMethodsCase = &Rule{
	Name:     "allow-methods-case",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-methods-missing"},
}
