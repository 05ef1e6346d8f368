package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var preflightActualMismatch = &Rule{
	Name:     "preflight-actual-mismatch",
	Title:    "the preflight allows what the response then does not",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
The preflight passes, the request is sent, the server does its work, and then the browser refuses the response: a header that the
preflight had is not in it.

## Who is hurt
The page, which sees a failure after the order was placed, and whoever places it a second time.

## When it is fine
Never: one of the two answers is wrong.

## How to fix
Send Access-Control-Allow-Origin and Access-Control-Allow-Credentials with the response as with the preflight.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "only OPTIONS has the headers", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin https://app.shop.example always; # want "the browser sends PUT and refuses its response: it lacks Access-Control-Allow-Origin"
            add_header Access-Control-Allow-Methods "GET, PUT" always;
            return 204;
        }
        return 200 done;
    }
}
`},
		{Dialect: "nginx", Name: "both have them", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) {
            return 204;
        }
        return 200 done;
    }
}
`},
	},
	Check: func(p *Pass) {
		place := func(f *probe.Failure) source.Span {
			preflight := f.Outcome.Answer(f.Hop, browser.PhasePreflight)
			if f.Phase != browser.PhaseActual || preflight == nil {
				return source.Span{}
			}
			h, ok := preflight.Get(f.Header)
			if !ok || len(h.Sources) == 0 {
				return source.Span{}
			}
			return firstWord(h.Sources[0])
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.MissingAllowOriginHeader, browser.InvalidAllowCredentials), place) {
			f := g.Failures[0]
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: short("the browser sends "+requests(g.Failures)+" and refuses its response: it lacks "+f.Header, maxMessage),
				Because: "the preflight's answer has the header, and the response has not",
				Change:  "send " + f.Header + " with the response too",
			}})
		}
	},
}
