package rules

import "github.com/corslint/corslint/internal/finding"

var allowHeadersMissing = &Rule{
	Name:     "allow-headers-missing",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
}
