package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionUnknownRule = &Rule{
	Name:     "suppression-unknown-rule",
	Title:    "a suppression names a rule that there is not",
	Category: finding.Suppression,
	Severity: finding.Error,
	Since:    "0.1.0",
	Doc: `## What the browser does
Nothing is suppressed.

## Who is hurt
Whoever believes that it is.

## When it is fine
Never.

## How to fix
Use the name that the message proposes; 'corslint rules' lists all.
`,
}
