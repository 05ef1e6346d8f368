package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var originNotAllowed = &Rule{
	Name:     "origin-not-allowed",
	Title:    "a frontend that the contract declares is not among those that are let in",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.2.0",
	Explains: []string{"allow-origin-missing", "preflight-unhandled", "preflight-status-not-ok"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It compares Access-Control-Allow-Origin with the page's origin, byte for byte, and refuses the response when it names another
one, or nobody.

## Who is hurt
The users of that frontend in that environment. In the others, whose origins are listed, everything works.

## When it is fine
When that frontend has no business with the API: then the contract is wrong.

## How to fix
Add the origin to the list of that environment.
`,
	Examples: []Example{
		{Dialect: "contract", Name: "staging was forgotten", Text: `-- .corslint.yml --
contract:
  environments: {staging: , production: }
  frontends:
    web:
      origins: {staging: "https://app.staging.example", production: "https://app.shop.example"}
      calls: {orders: {operations: [GET /orders]}}
  apis:
    orders:
      urls: {staging: "https://api.staging.example", production: "https://api.shop.example"}
      chain: [nginx.conf]
-- nginx.conf --
map $http_origin $cors_origin {
    https://app.shop.example $http_origin; # want "the browser refuses GET: https://app.staging.example is not let in"
}
server {
    server_name api.shop.example api.staging.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "contract", Name: "all are listed", Text: `-- .corslint.yml --
contract:
  environments: {staging: , production: }
  frontends:
    web:
      origins: {staging: "https://app.staging.example", production: "https://app.shop.example"}
      calls: {orders: {operations: [GET /orders]}}
  apis:
    orders:
      urls: {staging: "https://api.staging.example", production: "https://api.shop.example"}
      chain: [nginx.conf]
-- nginx.conf --
map $http_origin $cors_origin {
    https://app.shop.example $http_origin;
    https://app.staging.example $http_origin;
}
server {
    server_name api.shop.example api.staging.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "contract", Name: "an application that forgot staging", Text: `-- .corslint.yml --
contract:
  environments: {staging: , production: }
  frontends:
    web:
      origins: {staging: "https://app.staging.example", production: "https://app.shop.example"}
      calls: {orders: {operations: [GET /orders]}}
  apis:
    orders:
      urls: {staging: "https://api.staging.example", production: "https://api.shop.example"}
      chain: [server.js]
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example'] })); // want "the browser refuses GET: https://app.staging.example is not let in"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "contract", Name: "an application that lists all", Text: `-- .corslint.yml --
contract:
  environments: {staging: , production: }
  frontends:
    web:
      origins: {staging: "https://app.staging.example", production: "https://app.shop.example"}
      calls: {orders: {operations: [GET /orders]}}
  apis:
    orders:
      urls: {staging: "https://api.staging.example", production: "https://api.shop.example"}
      chain: [server.js]
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://app.staging.example'] }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
	},
	Check: func(p *Pass) {
		place := func(f *probe.Failure) source.Span { return p.whoIsLetIn(f) }
		for _, g := range ByPlace(Has(p.Failures(), browser.MissingAllowOriginHeader, browser.PreflightMissingAllowOriginHeader, browser.AllowOriginMismatch,
			browser.PreflightAllowOriginMismatch, browser.PreflightInvalidStatus), place) {
			var origins []string
			for _, f := range g.Failures {
				if o := f.Probe.Exchange.Fetch.Origin; !slices.Contains(origins, o) {
					origins = append(origins, o)
				}
			}
			what := origins[0] + " is not let in"
			if len(origins) > 1 {
				what = plural(len(origins), "declared origin") + " are not let in"
			}
			n := g.Failures[0].Probe.Stated
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, what),
				Because: "the contract declares it for " + n.Cell.Frontend + in(n.Cell.Environment) + ", and " + instead(g.Failures[0].Endpoint, origins) + " is let in here",
				Change:  "add " + listed(origins, 4) + " to the origins that are let in",
			}})
		}
	},
}

// in names an environment within a sentence.
func in(environment string) string {
	if environment == "" {
		return ""
	}
	return " in " + environment
}

// instead names who is let in instead.
func instead(e *probe.Endpoint, origins []string) string {
	for _, o := range e.Intent.Origins {
		if !slices.Contains(origins, o) {
			return o
		}
	}
	return "somebody else"
}

// whoIsLetIn returns the place that says who is let in at the endpoint of a failing request that the contract declares, where
// that is others and not the page that asks.
func (p *Pass) whoIsLetIn(f *probe.Failure) source.Span {
	origin := f.Probe.Exchange.Fetch.Origin
	e := f.Endpoint
	if f.Probe.Stated == nil || f.Probe.Stated.Cell == nil || !strings.Contains(origin, "://") || f.Answer == nil {
		return source.Span{}
	}
	if f.Value != "" { // it is sent, for another
		if h, ok := f.Answer.Get(allowOrigin); ok && len(h.Sources) > 0 {
			return valueAt(h.Sources, f.Value)
		}
		return source.Span{}
	}
	if _, lost := f.Lost(allowOrigin); lost {
		return source.Span{} // it is written, and another rule knows what became of it
	}
	var best *probe.Meaning
	for i := range p.Meanings {
		m := &p.Meanings[i]
		if m.Origin != origin && slices.Contains(e.Intent.Origins, m.Origin) && m.Of.Kind != policy.MentionReflected && getsIt(e, m, f) &&
			(best == nil || likeness(m.Origin, origin) > likeness(best.Origin, origin)) {
			best = m
		}
	}
	if best == nil {
		return source.Span{}
	}
	return best.Of.Span
}

// likeness is how many bytes two origins begin with alike: of a list, the entry that was meant for the page is most like it.
func likeness(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// getsIt reports whether an origin that a test means gets what the failing answer lacks, from the layer that tests it.
func getsIt(e *probe.Endpoint, m *probe.Meaning, f *probe.Failure) bool {
	return slices.ContainsFunc(e.Answers, func(a probe.Answer) bool {
		h, ok := a.Outcome.Get(allowOrigin)
		value, known := h.Value.Known()
		return ok && a.Origin == m.Origin && known && value == m.Origin && h.By == m.Of.By && (a.Method == "OPTIONS") == (f.Phase == browser.PhasePreflight)
	})
}
