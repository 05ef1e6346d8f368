package rules

import "github.com/corslint/corslint/internal/finding"

var originDevInProduction = &Rule{
	Name:     "origin-dev-in-production",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
