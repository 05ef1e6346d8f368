package rules

import "github.com/corslint/corslint/internal/finding"

var configRejected = &Rule{
	Name:     "config-rejected",
	Title:    "the server itself would refuse the configuration",
	Category: finding.Input,
	Severity: finding.Error,
	Since:    "0.1.0",
	Doc: `## What the browser does
It gets the answers of the configuration before, or none: the server reads the file and refuses it.

The file is well formed. It is the server that does not take it: a directive in a block where it is not allowed, a value that
it does not know, two settings that exclude each other, such as any origin and credentials for an HTTP API, SAM and CloudFront.

## Who is hurt
Whoever deploys. A reload keeps the old configuration and says so in a log only; the next restart fails.

## When it is fine
In a part of a configuration that a larger file includes elsewhere than corslint thinks.

## How to fix
Move, repair or remove the directive. What the server's own check says (nginx -t) comes to the same.
`,
}
