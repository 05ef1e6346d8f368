package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionReasonMissing = &Rule{
	Name:     "suppression-reason-missing",
	Title:    "a suppression without a reason suppresses nothing",
	Category: finding.Suppression,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Doc: `## What the browser does
The same as before: the comment has no effect, and the finding is reported.

## Who is hurt
The next reader, who cannot tell whether what was true then still holds.

## When it is fine
Never: a few words after two dashes are enough.

## How to fix
Write why: '# corslint: ignore[rule-name] -- the gateway rewrites errors'.
`,
}
