package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionUnknownRule = &Rule{
	Name:     "suppression-unknown-rule",
	Title:    "",
	Category: finding.Suppression,
	Severity: finding.Error,
	Since:    "0.1.0",
}
