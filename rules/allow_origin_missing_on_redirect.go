package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var allowOriginMissingOnRedirect = &Rule{
	Name:     "allow-origin-missing-on-redirect",
	Aliases:  []string{"redirect-missing-cors"},
	Title:    "a redirect without the header stops the request",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "preflight-actual-mismatch"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#http-redirect-fetch"},
	Doc: `## What the browser does
It checks every response on the way, redirects included. One without Access-Control-Allow-Origin ends the request, and a
redirect to another origin makes Origin null from there on.

## Who is hurt
Pages that use the address before the redirect: without the slash, with http, with the old path.

## When it is fine
Where no page uses that address.

## How to fix
Use the final address in the page, or send the header with the redirect too.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "an old path", Text: `server {
    server_name api.shop.example;
    location /v1/ {
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin https://app.shop.example always;
            add_header Access-Control-Allow-Methods "GET, PUT" always;
            return 204;
        }
        return 308 https://api.shop.example/v2/; # want "the browser refuses GET and PUT: the redirect lacks Access-Control-Allow-Origin"
    }
    location /v2/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "the redirect says so too", Text: `server {
    server_name api.shop.example;
    add_header Access-Control-Allow-Origin https://app.shop.example always;
    location /v1/ {
        return 308 https://api.shop.example/v2/;
    }
    location /v2/ {
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "a moved route", Text: `const express = require('express');
const cors = require('cors');
const app = express();
const shop = cors({ origin: 'https://app.shop.example' });
app.options('/v1/orders', shop);
app.put('/v1/orders', (req, res) => res.redirect(308, '/v2/orders')); // want "the browser refuses PUT: the redirect lacks Access-Control-Allow-Origin"
app.options('/v2/orders', shop);
app.put('/v2/orders', shop, (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "a moved route, with cors for all", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.put('/v1/orders', (req, res) => res.redirect(308, '/v2/orders'));
app.put('/v2/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a resource that moved", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses: {"308": {description: orders, headers: {Location: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "308"
            responseParameters:
              method.response.header.Location: "'https://v2.shop.example/orders'" # want "the browser refuses GET: the redirect lacks Access-Control-Allow-Origin"
    options:
      responses:
        "200":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Headers: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Headers: "'Content-Type'"
`},
		{Dialect: "apigateway", Name: "with the header", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "308":
          description: orders
          headers:
            Location: {schema: {type: string}}
            Access-Control-Allow-Origin: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "308"
            responseParameters:
              method.response.header.Location: "'https://v2.shop.example/orders'"
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
    options:
      responses:
        "200":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Headers: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Headers: "'Content-Type'"
`},
	},
	Check: func(p *Pass) {
		for _, g := range ByPlace(p.Failures(), func(f *probe.Failure) source.Span { return redirectPlace(f, p.Layer) }) {
			var missing []string
			for _, f := range g.Failures {
				if !slices.Contains(missing, f.Header) {
					missing = append(missing, f.Header)
				}
			}
			headers := listed(missing, 2)
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, "the redirect lacks "+missing[0]),
				Because: "the browser checks redirects like every response",
				Change:  "send " + headers + " with the redirect too, or use its target in the page",
			}})
		}
	},
}

// redirectPlace returns what redirects a request in a response that lacks a header; nothing when the header was lost, which
// has its own cause.
func redirectPlace(f *probe.Failure, layer *policy.Layer) source.Span {
	if !lacksHeader(f) || f.Answer == nil || f.Answer.Status < 300 || f.Answer.Status > 399 || isUpgrade(f, layer) {
		return source.Span{}
	}
	h, ok := f.Answer.Get("Location")
	if !ok || len(h.Sources) == 0 {
		return source.Span{}
	}
	return firstWord(h.Sources[0])
}
