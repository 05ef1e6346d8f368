package rules

import (
	"regexp"
	"slices"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var corsAfterRoutes = &Rule{
	Name:     "cors-after-routes",
	Title:    "a route answers before the CORS middleware has its turn",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.2.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "preflight-actual-mismatch", "preflight-unhandled", "allow-methods-missing", "allow-headers-missing", "allow-origin-missing-on-error",
		"preflight-status-not-ok"},
	Refs: []string{"https://expressjs.com/en/guide/using-middleware.html"},
	Doc: `## What the browser does
It refuses the response. Middleware runs in the order of its registration, and a route that answers ends the request: what is
registered after it is never asked.

## Who is hurt
Pages of other origins that call the routes above the middleware. Preflights do pass where no handler takes OPTIONS, since
those fall through to the middleware, which makes it look right in a test of OPTIONS alone.

## When it is fine
For routes that only machines and the service's own pages ask: health checks, metrics.

## How to fix
Register the CORS middleware before the first route.
`,
	Examples: []Example{
		{Dialect: "express", Name: "routes first", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.get('/orders', (req, res) => res.json([])); // want "refuses GET: response lacks Access-Control-Allow-Origin"
app.use(cors());
app.listen(3000);
`},
		{Dialect: "express", Name: "cors first", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors());
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
	},
	Check: func(p *Pass) {
		by := func(f *probe.Failure) source.Span {
			l, ok := tooLate(f)
			if !ok || refusedBefore(f) || isError(f) {
				return source.Span{}
			}
			return l.By
		}
		for _, g := range ByPlace(p.Failures(), by) {
			spans, related := lateLines(g.Failures)
			report := Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Related: related, Message: lacks(g.Failures, g.Failures[0], []string{allowOrigin}),
				Because: "this answers before the CORS middleware on " + lines(spans, g.Place) + " has its turn",
				Change:  "move " + lines(spans, g.Place) + " above the routes",
			}}
			if !slices.ContainsFunc(g.Failures, func(f *probe.Failure) bool { return !forMachines.MatchString(f.Endpoint.Pattern) }) {
				report.Confidence = finding.Low // nothing shows that a page asks for it
			}
			p.Report(report)
		}
	},
}

// forMachines are paths that monitors ask, and no page.
var forMachines = regexp.MustCompile(`(?i)^/?((api|v\d+|internal|_)/)*_?(health\w*|status|ping|ready|readyz|readiness|live|livez|liveness|metrics|version|favicon\.ico|robots\.txt)/?$`)
