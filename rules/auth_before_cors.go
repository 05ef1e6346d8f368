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
		{Dialect: "chain", Name: "the proxy asks first", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        auth_basic "orders"; # want "PUT with Authorization are never sent: their preflight is answered 401"
        auth_basic_user_file users;
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.put('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "chain", Name: "the proxy lets preflights through", Text: `-- nginx.conf --
map $request_method $orders {
    OPTIONS off;
    default "orders";
}
server {
    server_name api.shop.example;
    location / {
        auth_basic $orders;
        auth_basic_user_file users;
        error_page 401 = @refused;
        proxy_pass http://127.0.0.1:3000;
    }
    location @refused {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        return 401;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.put('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
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
		reportOuterGuards(p)
	},
}

// reportOuterGuards reports layers that ask preflights for credentials which the CORS middleware behind them would answer.
func reportOuterGuards(p *Pass) {
	place := func(f *probe.Failure) source.Span {
		if _, behind := writtenBehind(f.Endpoint); !behind || faultOf(f) != guarded || f.Answer.By != "" {
			return source.Span{}
		}
		return answeredAt(f)
	}
	for _, g := range ByPlace(p.Failures(), place) {
		inner, _ := writtenBehind(g.Failures[0].Endpoint)
		p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
			Place: g.Place, Message: neverSent(g.Failures, answeredWith(g.Failures[0])),
			Because: "credentials are asked for here, before the policy on " + line(inner.At, g.Place) + " has its turn, and no preflight carries a cookie or token",
			Change:  "let OPTIONS through here without credentials",
			Related: []finding.Related{{Span: firstWord(inner.At), Text: "never gets to answer a preflight"}},
		}})
	}
}

// writtenBehind returns the line that lets pages in, where only a layer behind writes one.
func writtenBehind(e *probe.Endpoint) (probe.Written, bool) {
	lines := e.Intent.Written[allowOrigin]
	if len(lines) == 0 || slices.ContainsFunc(lines, func(w probe.Written) bool { return w.By == "" }) {
		return probe.Written{}, false
	}
	return lines[0], true
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
