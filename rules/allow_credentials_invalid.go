package rules

import "github.com/corslint/corslint/internal/finding"

var allowCredentialsInvalid = &Rule{
	Name:     "allow-credentials-invalid",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
}
