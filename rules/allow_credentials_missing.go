package rules

import "github.com/corslint/corslint/internal/finding"

var allowCredentialsMissing = &Rule{
	Name:     "allow-credentials-missing",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
}
