package rules

import "github.com/corslint/corslint/internal/finding"

var originOwnHost = &Rule{
	Name:     "origin-own-host",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
