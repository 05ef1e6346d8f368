package rules

import "github.com/corslint/corslint/internal/finding"

var expressRouteInvalid = &Rule{
	Name:     "express-route-invalid",
	Title:    "express 5 refuses a path pattern, so that the application does not start",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.2.0",
	Refs:     []string{"https://expressjs.com/en/guide/migrating-5.html#path-syntax"},
	Doc: `## What the browser does
It gets no response at all: express 5 throws when the route is registered, and the process ends.

The path syntax changed between express 4 and 5. A star wants a name, optional parts stand in braces, and ? + ( ) [ ] ! are no
part of a pattern any more. app.options('*', cors()), which guides for express 4 recommend, is such a pattern.

## Who is hurt
Everybody, from the first deployment with express 5 on.

## When it is fine
Never with express 5. With express 4 the pattern is right: pin the version in package.json.

## How to fix
Write '/{*splat}' for '*', '/{:name}' for '/:name?', and a regular expression for what needs one. For preflights, app.use(cors())
answers OPTIONS of every path without a pattern.
`,
}
