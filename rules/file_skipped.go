package rules

import "github.com/corslint/corslint/internal/finding"

var fileSkipped = &Rule{
	Name:     "file-skipped",
	Title:    "a limit was reached and something was not looked at",
	Category: finding.Input,
	Severity: finding.Note,
	Since:    "0.1.0",
	Doc:      `DOC`,
}
