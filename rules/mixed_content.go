package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var mixedContent = &Rule{
	Name:     "mixed-content",
	Title:    "an https page calls an http address",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Refs:     []string{"https://w3c.github.io/webappsec-mixed-content/#should-block-fetch"},
	Doc: `## What the browser does
It blocks every request of an https page to an http address, before any CORS header is looked at. A redirect to https does not
help: the request is never sent. Only loopback addresses are exempt.

## Who is hurt
Pages that take the address from the description of the API, and clients that are generated from it.

## When it is fine
Where the description only names what stands behind a proxy that adds TLS. Then name the address that pages call.

## How to fix
Serve the API over https, and write https in its address.
`,
	Examples: []Example{
		{Dialect: "openapi", Name: "the described server has no TLS", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
-- openapi.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers:
  - url: http://api.shop.example/v1 # want "an https page never reaches http://api.shop.example/v1: the browser blocks it"
paths:
  /orders:
    get: {responses: {"200": {description: orders}}}
`},
		{Dialect: "openapi", Name: "https as well, or not for pages", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
-- public.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers:
  - url: https://api.shop.example/v1
  - url: http://api.shop.example/v1
paths:
  /orders:
    get: {responses: {"200": {description: orders}}}
-- local.json --
{"swagger": "2.0", "info": {"title": "Orders", "version": "1"}, "host": "localhost:8080", "schemes": ["http"],
 "paths": {"/orders": {"get": {"responses": {"200": {"description": "orders"}}}}}}
`},
	},
	Check: func(p *Pass) {
		for _, e := range p.Stated {
			for _, w := range e.Wanted {
				if w.Purpose == probe.Unencrypted && w.Exchange.Verdict() == browser.Blocked {
					reportMixedContent(p, e, w)
				}
			}
		}
	},
}

func reportMixedContent(p *Pass, e *probe.Endpoint, w *probe.Probe) {
	failures := w.Failures(e)
	if len(failures) == 0 || failures[0].Reason != "" {
		return
	}
	page := w.Exchange.Fetch.Origin
	var related []finding.Related
	for _, x := range e.Intent.Written[allowOrigin] {
		if text, known := x.Value.Known(); known && text == page && !slices.ContainsFunc(related, func(r finding.Related) bool { return r.Span == x.At }) {
			related = append(related, finding.Related{Span: x.At, Text: "lets in " + page})
		}
	}
	p.Report(Report{Failures: failures[:1], Finding: finding.Finding{
		Place:   w.NeedAt,
		Message: short("an https page never reaches "+w.Server+": the browser blocks it", maxMessage),
		Because: page + " is let in, and a page that came over https reaches nothing without TLS",
		Change:  "serve the API over https, and write https:// here", Related: related,
	}})
}
