package rules

import "github.com/corslint/corslint/internal/finding"

var suppressionUnused = &Rule{
	Name:     "suppression-unused",
	Title:    "a suppression where there is nothing to suppress",
	Category: finding.Suppression,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Doc: `## What the browser does
Nothing worth a comment: the rule has nothing to report here.

## Who is hurt
The next reader, who looks for a fault that is gone; and the next fault of that kind on the line, which nobody will see.

## When it is fine
Where another state of the configuration, of another branch or environment, still has the fault.

## How to fix
Remove the comment.
`,
}
