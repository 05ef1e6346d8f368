package rules

import "github.com/corslint/corslint/internal/finding"

var varyOriginUnneeded = &Rule{
	Name:     "vary-origin-unneeded",
	Title:    "",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
}
