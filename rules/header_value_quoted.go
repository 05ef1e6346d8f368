package rules

import "github.com/corslint/corslint/internal/finding"

var headerValueQuoted = &Rule{
	Name:     "header-value-quoted",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "origin-never-sent"},
}
