package rules

import "github.com/corslint/corslint/internal/finding"

var fileSkipped = &Rule{
	Name:     "file-skipped",
	Title:    "a limit was reached and something was not looked at",
	Category: finding.Input,
	Severity: finding.Note,
	Since:    "0.1.0",
	Doc: `## What the browser does
Nothing can be said about what was not read.

corslint bounds what it reads (the size of a file, how deep blocks and includes nest, how many there are), so that no input
can stop it.

## Who is hurt
Whoever takes silence for a good sign: what was skipped is not checked.

## When it is fine
For generated files that have nothing to do with answers to browsers: lists of addresses, of user agents.

## How to fix
Split the file, or exclude it in .corslint.yml so that the report says that this is meant.
`,
}
