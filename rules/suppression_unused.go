package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionUnused = &Rule{
	Name:     "suppression-unused",
	Title:    "a suppression where there is nothing to suppress",
	Category: finding.Suppression,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Doc: `## What the browser does
Nothing: the rule reports nothing here.

## Who is hurt
The next reader, who looks for a fault that is gone.

## When it is fine
Where another version of the configuration has the fault.

## How to fix
Remove the comment.
`,
}
