package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var authBeforeCors = &Rule{
	Name:     "auth-before-cors",
	Title:    "authentication runs before the CORS middleware, and refuses every preflight",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.2.0",
	Explains: []string{"preflight-requires-auth", "preflight-unhandled", "preflight-status-not-ok", "allow-origin-missing", "allow-credentials-missing", "allow-methods-missing",
		"allow-headers-missing", "allow-origin-missing-on-error", "preflight-actual-mismatch", "cors-after-routes", "origin-trailing-slash", "origin-never-sent"},
	Refs: []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch", "https://expressjs.com/en/guide/using-middleware.html"},
	Doc: `## What the browser does
It sends the preflight without cookies and without Authorization, whatever the page does. Middleware that wants
credentials answers it 401, and the request itself is never sent.

## Who is hurt
Every page of another origin. Where a simple request does get through, its own 401 comes without
Access-Control-Allow-Origin, so that the page sees a network error and cannot send its user to the login.

## When it is fine
Where no page of another origin calls: then the CORS middleware can go.

## How to fix
Register the CORS middleware first. It answers preflights itself, and its headers are on the 401, too.
`,
	Examples: []Example{
		{Dialect: "express", Name: "login first", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(requireLogin); // want "is never sent: its preflight is answered 401"
app.use(cors({ origin: 'https://app.shop.example', credentials: true }));
app.put('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
function requireLogin(req, res, next) {
  if (!req.headers.authorization) return res.status(401).json({ error: 'log in' });
  next();
}
`},
		{Dialect: "express", Name: "cors first", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', credentials: true, allowedHeaders: ['Authorization', 'Content-Type'] }));
app.use(requireLogin);
app.put('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
function requireLogin(req, res, next) {
  if (!req.headers.authorization) return res.status(401).json({ error: 'log in' });
  next();
}
`},
	},
	Check: func(p *Pass) {
		by := func(f *probe.Failure) source.Span {
			if !refusedBefore(f) {
				return source.Span{}
			}
			l, _ := tooLate(f)
			return l.By
		}
		for _, g := range ByPlace(both(p.Failures(), p.CircumstanceFailures()), by) {
			spans, related := lateLines(g.Failures)
			report := Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Related: related,
				Because: nameOf(g.Place) + " runs before the CORS middleware on " + lines(spans, g.Place) + ", and no preflight carries a cookie or token",
				Change:  "move " + lines(spans, g.Place) + " above " + nameOf(g.Place),
				Repairs: moveBefore(spans, g.Place),
			}}
			preflights := slices.DeleteFunc(slices.Clone(g.Failures), func(f *probe.Failure) bool { return f.Phase != browser.PhasePreflight })
			if len(preflights) > 0 {
				report.Message = neverSent(preflights, answeredWith(preflights[0]))
				report.Claims = below(p, g.Place, spans)
			} else {
				report.Message, report.Severity = unreadable(g.Failures), finding.Warning
			}
			p.Report(report)
		}
	},
}

// below are the keys of the failures of routes between a login and the middleware that comes too late: where that is moved
// above the login, it is above those, too.
func below(p *Pass, login source.Span, middleware []source.Span) (keys []string) {
	for f := range p.Failures() {
		if l, ok := tooLate(f); ok && contains(middleware, l.At) && l.By.File == login.File && l.By.Start > login.Start {
			keys = append(keys, f.Key())
		}
	}
	return keys
}
