package rules

import "github.com/corslint/corslint/internal/finding"

var nginxDuplicateContentType = &Rule{
	Name:     "nginx-duplicate-content-type",
	Title:    "",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
}
