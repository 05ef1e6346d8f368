package rules

import (
	"iter"
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
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
		{Dialect: "contract", Name: "the declared API has no TLS", Text: `-- .corslint.yml --
contract:
  environments: {staging: , production: }
  frontends:
    web:
      origins: {staging: "https://app.staging.example", production: "https://app.shop.example"}
      calls: {orders: {operations: [GET /orders]}}
  apis:
    orders:
      urls:
        staging: http://api.staging.example # want "an https page never reaches http://api.staging.example: the browser blocks it"
        production: https://api.shop.example
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
		{Dialect: "contract", Name: "all have TLS, or are on the own machine", Text: `-- .corslint.yml --
contract:
  environments: {local: , production: }
  frontends:
    web:
      origins: {local: "https://localhost:5173", production: "https://app.shop.example"}
      calls: {orders: {operations: [GET /orders]}}
  apis:
    orders:
      urls: {local: "http://localhost", production: "https://api.shop.example"}
      chain: [nginx.conf]
-- nginx.conf --
map $http_origin $cors_origin {
    https://app.shop.example $http_origin;
    https://localhost:5173 $http_origin;
}
server {
    server_name api.shop.example localhost;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
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
		for _, g := range ByPlace(unencrypted(p), func(f *probe.Failure) source.Span { return f.Probe.NeedAt }) {
			w := g.Failures[0].Probe
			page := w.Exchange.Fetch.Origin
			because := page + " is let in"
			if n := w.Stated; n.Cell != nil {
				because = page + " is declared for " + n.Cell.Frontend + in(n.Cell.Environment)
			}
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place:   g.Place,
				Message: short("an https page never reaches "+w.Server+": the browser blocks it", maxMessage),
				Because: because + ", and a page that came over https reaches nothing without TLS",
				Change:  "serve the API over https, and write https:// here", Related: letsInAt(g.Failures[0].Endpoint, page),
			}})
		}
	},
}

// unencrypted yields the fetches without TLS that a browser does not send.
func unencrypted(p *Pass) iter.Seq[*probe.Failure] {
	return func(yield func(*probe.Failure) bool) {
		for _, e := range p.Stated {
			for _, w := range e.Wanted {
				if w.Purpose != probe.Unencrypted || w.Exchange.Verdict() != browser.Blocked {
					continue
				}
				if failures := w.Failures(e); len(failures) > 0 && failures[0].Reason == "" && !yield(failures[0]) {
					return
				}
			}
		}
	}
}

// letsInAt returns the places that name a page.
func letsInAt(e *probe.Endpoint, page string) []finding.Related {
	var out []finding.Related
	for _, x := range e.Intent.Written[allowOrigin] {
		if text, known := x.Value.Known(); known && text == page && !slices.ContainsFunc(out, func(r finding.Related) bool { return r.Span == x.At }) {
			out = append(out, finding.Related{Span: x.At, Text: "lets in " + page})
		}
	}
	return out
}
