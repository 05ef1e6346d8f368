package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionUnused = &Rule{
	Name:     "suppression-unused",
	Title:    "",
	Category: finding.Suppression,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
