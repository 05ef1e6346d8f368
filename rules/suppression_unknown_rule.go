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
Where it is a former name of a rule: those go on working, and are a note.

## How to fix
Use the name that the message proposes; 'corslint rules' lists all.
`,
}
