package rules

import "github.com/corslint/corslint/internal/finding"

var allowMethodsUnused = &Rule{
	Name:     "allow-methods-unused",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Note,
	Since:    "0.1.0",
}
