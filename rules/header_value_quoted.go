package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var headerValueQuoted = &Rule{
	Name:     "header-value-quoted",
	Title:    "quotes are part of the value",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "origin-never-sent", "origin-missing-scheme", "origin-pattern-as-text", "allow-methods-missing", "allow-headers-missing",
		"allow-methods-case", "allow-credentials-invalid", "origin-not-allowed", "allow-origin-missing-on-error", "preflight-unhandled"},
	Refs: []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It takes quotes for a part of the value: "https://app.example" with quotes is no origin, and a list with quotes cannot be read.

## Who is hurt
Pages that the header was meant for.

## When it is fine
Never.

## How to fix
Leave out the inner quotes.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "quotes in quotes", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin "'https://app.shop.example'" always; # want "the browser refuses GET: quotes are part of the value"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a list in quotes", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Headers '"X-Total, Link"' always; # want "no page can read the headers that are listed"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "without", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "quotes in compose.yaml", Text: `-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: process.env.CORS_ORIGIN }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
-- compose.yaml --
services:
  orders:
    build: .
    environment:
      - CORS_ORIGIN="https://app.shop.example" # want "the browser refuses GET: quotes are part of the value"
`},
		{Dialect: "express", Name: "no quotes in compose.yaml", Text: `-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: process.env.CORS_ORIGIN }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
-- compose.yaml --
services:
  orders:
    build: .
    environment:
      - CORS_ORIGIN=https://app.shop.example
`},
		{Dialect: "openapi", Name: "documented with the quotes of a mapping", Text: `openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "'https://app.shop.example'"}} # want "quotes are part of the value"
    put: {responses: {"204": {description: changed}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example"}}
            Access-Control-Allow-Methods: {schema: {type: string, default: "GET, PUT"}}
`},
		{Dialect: "apigateway", Name: "the quotes of a REST API", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["'https://app.shop.example'"] # want "the browser refuses https://app.shop.example: quotes are part of the allowed origin"
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "an HTTP API takes values as they are", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
	},
	Check: func(p *Pass) {
		quoted := func(f *probe.Failure) source.Span {
			h, ok := failing(f)
			if text, known := h.Value.Known(); !ok || !known || !strings.ContainsAny(text, "'\"") {
				return source.Span{}
			}
			return valueAt(h.Sources, h.Value.String())
		}
		for _, g := range ByPlace(p.Failures(), quoted) {
			h, _ := failing(g.Failures[0])
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, "quotes are part of the value"),
				Because: h.Name + " is sent as " + short(h.Value.String(), 80) + ", with its quotes", Change: "leave out the quotes that are sent",
				Repairs: write(g.Place, h.Value.String(), unquoted(h.Value.String())),
			}})
		}
		for _, m := range p.misspelt(spelledInQuotes) {
			if _, sent := failing(m.failures[0]); !sent { // else it is one of those above
				m.report(p, "quotes are part of the allowed origin", "an origin is compared with "+short(m.text, 80)+", quotes and all", "leave out the inner quotes", m.respell())
			}
		}
		reportUnexposed(p, allQuoted, finding.Finding{
			Message: "no page can read the headers that are listed: quotes are part of the list",
			Because: "a name with a quote is another name, and a double quote voids the whole list", Change: "leave out the quotes that are sent",
		})
	},
}

// unquoted leaves the quotes out of a value.
func unquoted(value string) string { return strings.NewReplacer(`"`, "", "'", "").Replace(value) }

// allQuoted reports whether quotes leave no name in a list that browsers read. A single quote can be part of a name, a double
// quote cannot.
func allQuoted(list string, _ bool) bool {
	for item := range strings.SplitSeq(list, ",") {
		if !strings.Contains(item, "'") {
			return strings.Contains(list, `"`)
		}
	}
	return true
}
