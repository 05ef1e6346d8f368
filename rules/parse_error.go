package rules

import "github.com/corslint/corslint/internal/finding"

var parseError = &Rule{
	Name:     "parse-error",
	Title:    "a file cannot be read",
	Category: finding.Input,
	Severity: finding.Error,
	Since:    "0.1.0",
	Doc:      `DOC`,
}
