package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionReasonMissing = &Rule{
	Name:     "suppression-reason-missing",
	Title:    "a suppression without a reason suppresses nothing",
	Category: finding.Suppression,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Doc: `## What the browser does
The finding is reported as if the comment were not there.

## Who is hurt
The next reader, who cannot tell whether the reason still holds.

## When it is fine
Never.

## How to fix
Write why: '# corslint: ignore[rule-name] -- the gateway rewrites errors'.
`,
}
