package rules

import "github.com/corslint/corslint/internal/finding"

var allowMethodsMissing = &Rule{
	Name:     "allow-methods-missing",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
}
