package rules

import "github.com/corslint/corslint/internal/finding"

var nginxHeadersNotInherited = &Rule{
	Name:     "nginx-headers-not-inherited",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing", "preflight-actual-mismatch", "routes-inconsistent", "vary-origin-missing"},
}
