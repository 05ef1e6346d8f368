package rules

import "github.com/corslint/corslint/internal/finding"

var originInsecureHttp = &Rule{
	Name:     "origin-insecure-http",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Warning,
	Since:    "0.1.0",
}
