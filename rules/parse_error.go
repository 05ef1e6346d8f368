package rules

import "github.com/corslint/corslint/internal/finding"

var parseError = &Rule{
	Name:     "parse-error",
	Title:    "a file cannot be read",
	Category: finding.Input,
	Severity: finding.Error,
	Since:    "0.1.0",
	Doc: `## What the browser does
Nothing can be said: corslint does not know what the server answers from this line on. What it read before is checked as usual.

## Who is hurt
Whoever trusts the rest of the report: a fault after this line is not found. The server itself refuses to start, or to
reload, with such a file.

## When it is fine
In a template that a program fills in first. Check what the program writes, or exclude the template in .corslint.yml.

## How to fix
Repair the line; the message says what was expected there.
`,
}
