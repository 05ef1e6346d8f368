package rules

import "github.com/corslint/corslint/internal/finding"

var allowHeadersForbiddenName = &Rule{
	Name:     "allow-headers-forbidden-name",
	Title:    "",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
}
