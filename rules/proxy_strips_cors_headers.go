package rules

import "github.com/corslint/corslint/internal/finding"

var proxyStripsCorsHeaders = &Rule{
	Name:     "proxy-strips-cors-headers",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing"},
}
