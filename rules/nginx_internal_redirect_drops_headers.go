package rules

import "github.com/corslint/corslint/internal/finding"

var nginxInternalRedirectDropsHeaders = &Rule{
	Name:     "nginx-internal-redirect-drops-headers",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-origin-missing-on-error"},
}
