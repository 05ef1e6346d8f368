package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionUnknownRule = &Rule{
	Name:     "suppression-unknown-rule",
	Title:    "a suppression names a rule that there is not",
	Category: finding.Suppression,
	Severity: finding.Error,
	Since:    "0.1.0",
	Doc: `## What the browser does
The same as before: no rule has that name, so nothing is suppressed.

## Who is hurt
Whoever believes that it is, and waits for a check that stays red, or reads a report for another finding than the one meant.

## When it is fine
Never. Former names of a rule go on working; this one never was one.

## How to fix
Use the name that the message proposes; 'corslint rules' lists all.
`,
}
