package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var varyOriginUnneeded = &Rule{
	Name:     "vary-origin-unneeded",
	Title:    "Vary: Origin on a response that is the same for every origin",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches"},
	Doc: `## What the browser does
It keeps a copy for each origin of a response that is the same for all.

## Who is hurt
Caches, which store and fetch the same bytes several times.

## When it is fine
Always: it costs a little and breaks nothing.

## How to fix
Leave it out where Access-Control-Allow-Origin is "*" for everybody.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a star that varies", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always;
        add_header Vary Origin always; # want "caches keep one copy for each origin of a response that is the same for all"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a star", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "with an asterisk", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', '*');
  res.vary('Origin'); // want "."
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "an asterisk alone", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: '*' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "the same for everybody", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Vary: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'"
              method.response.header.Vary: "'Origin'" # want "caches keep one copy for each origin of a response that is the same for all"
    options:
      responses: {"200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'"
`},
		{Dialect: "apigateway", Name: "without it", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses: {"200": {description: orders, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'"
    options:
      responses: {"200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'"
`},
	},
	Check: func(p *Pass) {
		var places []source.Span
		endpoints := map[source.Span][]string{}
		for _, e := range p.Endpoints {
			at := variesOnOrigin(e)
			if at.IsZero() || !alwaysStar(e) {
				continue
			}
			if len(endpoints[at]) == 0 {
				places = append(places, at)
			}
			endpoints[at] = append(endpoints[at], e.Name)
		}
		for _, at := range places {
			p.Report(Report{Finding: finding.Finding{
				Place: at, Message: "caches keep one copy for each origin of a response that is the same for all",
				Because: allowOrigin + " is * for everybody here", Change: "leave Vary: Origin out", Endpoints: endpoints[at],
				Repairs: one("remove it", repair.Remove{At: at}),
			}})
		}
	},
}

// variesOnOrigin returns where an endpoint writes Vary: Origin.
func variesOnOrigin(e *probe.Endpoint) source.Span {
	for i := range e.Answers {
		h, ok := e.Answers[i].Outcome.Get("Vary")
		text, known := h.Value.Known()
		if ok && known && !h.Upstream && len(h.Sources) > 0 && strings.EqualFold(strings.TrimSpace(text), "origin") {
			return firstWord(h.Sources[0])
		}
	}
	return source.Span{}
}

// alwaysStar reports whether every Allow-Origin of an endpoint is "*".
func alwaysStar(e *probe.Endpoint) bool {
	lines := e.Intent.Written[allowOrigin]
	return len(lines) > 0 && !slices.ContainsFunc(lines, func(w probe.Written) bool {
		text, known := w.Value.Known()
		return !known || strings.TrimSpace(text) != "*"
	})
}
