package rules

import "github.com/corslint/corslint/internal/finding"

var nginxIfLastWins = &Rule{
	Name:     "nginx-if-last-wins",
	Title:    "",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "preflight-actual-mismatch"},
}
