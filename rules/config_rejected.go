package rules

import "github.com/corslint/corslint/internal/finding"

var configRejected = &Rule{
	Name:     "config-rejected",
	Title:    "the server itself would refuse the configuration",
	Category: finding.Input,
	Severity: finding.Error,
	Since:    "0.1.0",
	Doc:      `DOC`,
}
