package rules

import "github.com/corslint/corslint/internal/finding"

var allowMethodsForbiddenName = &Rule{
	Name:     "allow-methods-forbidden-name",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Note,
	Since:    "0.1.0",
}
