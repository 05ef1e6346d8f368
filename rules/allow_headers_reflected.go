package rules

import "github.com/corslint/corslint/internal/finding"

var allowHeadersReflected = &Rule{
	Name:     "allow-headers-reflected",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Note,
	Since:    "0.1.0",
}
