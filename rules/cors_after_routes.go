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
app.get('/orders', (req, res) => res.json([]));
app.use(cors()); // want "refuses GET: response lacks Access-Control-Allow-Origin"
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
		late := func(f *probe.Failure) source.Span {
			l, ok := tooLate(f)
			if !ok || refusedBefore(f) || isError(f) {
				return source.Span{}
			}
			return l.At
		}
		for _, g := range ByPlace(p.Failures(), late) {
			report := Report{Failures: g.Failures}
			asked := slices.DeleteFunc(slices.Clone(g.Failures), func(f *probe.Failure) bool { return forMachines.MatchString(f.Endpoint.Pattern) })
			if len(asked) > 0 {
				report.Failures = asked
			} else {
				report.Confidence = finding.Low // nothing shows that a page asks for it
			}
			before, related := answeredBefore(report.Failures)
			report.Finding = finding.Finding{
				Confidence: report.Confidence, Place: g.Place, Related: related, Message: lacks(report.Failures, report.Failures[0], []string{allowOrigin}),
				Because: "the CORS middleware comes after " + lines(before, g.Place) + ", where these requests are answered",
				Change:  "move " + nameOf(g.Place) + " above " + line(before[0], g.Place),
				Repairs: moveBefore([]source.Span{g.Place}, before[0]),
			}
			p.Report(report)
		}
	},
}

// forMachines are paths that monitors and other servers ask, and no page.
var forMachines = regexp.MustCompile(`(?i)^/?((api|v\d+|internal|_)/)*_?(health\w*|status|ping|ready|readyz|readiness|live|livez|liveness|metrics|version|favicon\.ico|robots\.txt)/?$|(^|[/_-])webhooks?([/_-]|$)`)
