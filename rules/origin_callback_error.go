package rules

import (
	"fmt"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var originCallbackError = &Rule{
	Name:     "origin-callback-error",
	Title:    "an origin that is not listed gets an error instead of an answer without CORS headers",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.2.0",
	Explains: []string{"preflight-status-not-ok"},
	Refs:     []string{"https://github.com/expressjs/cors#configuring-cors-w-dynamic-origin", "https://fetch.spec.whatwg.org/#origin-header"},
	Doc: `## What the browser does
It sends Origin with every POST, PUT, PATCH and DELETE, also from the service's own pages. A callback that answers an origin
which is not listed with an error makes 500 of it, before any handler runs.

## Who is hurt
The service's own pages, whose origin nobody thought of listing: their forms and saves fail with 500, while loading works,
since a GET of the same origin has no Origin header. Monitoring counts each refused caller as a fault of the server.

## When it is fine
Where the service serves no pages and the errors are wanted. Strangers are refused either way.

## How to fix
Call back with false: callback(null, false). The answer then has no CORS headers, which is what refuses a page.
`,
	Examples: []Example{
		{Dialect: "express", Name: "an error for everybody else", Text: `const express = require('express');
const cors = require('cors');
const app = express();
const allowed = ['https://app.shop.example'];
app.use(express.static('public'));
app.use(cors({
  origin: (origin, callback) => {
    if (!origin || allowed.includes(origin)) return callback(null, true);
    callback(new Error('not allowed')); // want "the service's own pages get 500 for every POST"
  },
}));
app.post('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "no CORS headers for everybody else", Text: `const express = require('express');
const cors = require('cors');
const app = express();
const allowed = ['https://app.shop.example'];
app.use(express.static('public'));
app.use(cors({
  origin: (origin, callback) => callback(null, !origin || allowed.includes(origin)),
}));
app.post('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
	},
	Check: func(p *Pass) {
		_, pages := p.layerFact(policy.FactServesPages)
		seen := map[source.Span]*Report{}
		var order []*Report
		for _, e := range p.Endpoints {
			own, at := failsOwnPage(e)
			if own == nil || at.IsZero() {
				continue
			}
			if r := seen[at]; r != nil {
				r.Endpoints = append(r.Endpoints, e.Name)
				continue
			}
			answer := outcome(own).Answer(0, browser.PhaseActual)
			r := &Report{Proof: own, Finding: finding.Finding{
				Place: at, Endpoints: []string{e.Name}, Severity: finding.Note,
				Message: fmt.Sprintf("the service's own pages get %d for every %s: their origin is not listed, and that is an error here", answer.Status, own.Exchange.Fetch.Method),
				Because: "browsers send Origin with it from pages of the same origin, too, and an origin that is refused ends in an error",
				Change:  "call back with false instead: callback(null, false)",
				// Requests that ended in an error reach the handlers then, and somebody has to look at what these do.
				Repairs: unsafely(goesOn, one("call back with false", repair.Refuse{At: at})),
			}}
			if pages {
				r.Severity = finding.Warning
			}
			seen[at] = r
			order = append(order, r)
		}
		for _, r := range order {
			p.Report(*r)
		}
	},
}

// failsOwnPage returns the fetch of the service's own page that ends in an error of the server, and the place that makes it.
func failsOwnPage(e *probe.Endpoint) (*probe.Probe, source.Span) {
	if e.OwnPage == nil {
		return nil, source.Span{}
	}
	answer := outcome(e.OwnPage).Answer(0, browser.PhaseActual)
	if answer.Status < 400 || len(answer.Trail) == 0 {
		return nil, source.Span{}
	}
	if _, sent := answer.Get(allowOrigin); sent {
		return nil, source.Span{}
	}
	return e.OwnPage, answer.Trail[len(answer.Trail)-1]
}
