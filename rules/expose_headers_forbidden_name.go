package rules

import "github.com/corslint/corslint/internal/finding"

var exposeHeadersForbiddenName = &Rule{
	Name:     "expose-headers-forbidden-name",
	Title:    "",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
}
