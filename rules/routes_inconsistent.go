package rules

import "github.com/corslint/corslint/internal/finding"

var routesInconsistent = &Rule{
	Name:     "routes-inconsistent",
	Title:    "",
	Category: finding.Consistency,
	Severity: finding.Note,
	Since:    "0.1.0",
}
