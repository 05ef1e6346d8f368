package rules

import "github.com/corslint/corslint/internal/finding"

var originRegexUnescapedDot = &Rule{
	Name:     "origin-regex-unescaped-dot",
	Title:    "",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
}
