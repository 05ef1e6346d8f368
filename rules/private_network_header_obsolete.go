package rules

import "github.com/corslint/corslint/internal/finding"

var privateNetworkHeaderObsolete = &Rule{
	Name:     "private-network-header-obsolete",
	Title:    "",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
}
