package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionReasonMissing = &Rule{
	Name:     "suppression-reason-missing",
	Title:    "",
	Category: finding.Suppression,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
