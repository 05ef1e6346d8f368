package rules

import "github.com/corslint/corslint/internal/finding"

var headerNameTypo = &Rule{
	Name:     "header-name-typo",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-methods-missing", "allow-headers-missing", "expose-headers-missing"},
}
