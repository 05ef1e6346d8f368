package rules

import "github.com/corslint/corslint/internal/finding"

var originNeverSent = &Rule{
	Name:     "origin-never-sent",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-not-allowed", "allow-origin-missing"},
}
