package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionExpired = &Rule{
	Name:     "suppression-expired",
	Title:    "a suppression whose last day has passed",
	Category: finding.Suppression,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Doc: `## What the browser does
What it always did: the fault that was accepted for a time is still there, or it is gone and the suppression with nothing to suppress.

## Who is hurt
Whoever relied on somebody coming back to it. From that day on the finding is reported again.

## When it is fine
Never for long: this is the reminder that was asked for.

## How to fix
Repair the finding and remove the suppression; or write a later day, which says that somebody looked:
` + "`# corslint: ignore[RULE] -- REASON until 2027-03-01`" + `.
`,
}
