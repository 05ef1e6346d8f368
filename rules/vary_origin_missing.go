package rules

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
)

var varyOriginMissing = &Rule{
	Name:     "vary-origin-missing",
	Title:    "the allowed origin depends on Origin, and the response does not say so",
	Category: finding.Caching,
	Severity: finding.Error,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches", "https://www.rfc-editor.org/rfc/rfc9111#section-4.1"},
	Doc: `## What the browser does
It stores the response, as every cache on the way does, and hands it out for the next request of the same URL. The copy
names the page that asked first, or none, so the browser refuses it to the page that asks now, without asking the server.

## Who is hurt
The second of two pages that use one URL: two frontends of one API behind a CDN, or one page that shows an image and then
fetches it. It fails for some visitors, for as long as the copy is fresh, and a reload with an open console repairs it.

## When it is fine
Where no cache stores the response: Cache-Control: no-store. With one fixed origin or "*" the response does not depend
on Origin, and needs no Vary.

## How to fix
Send Vary: Origin with every response of the endpoint, also with those that let nobody in.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "two partners", Text: `map $http_origin $partner_origin {
    default "";
    https://www.partner.example $http_origin;
    https://app.partner.example $http_origin;
}
server {
    server_name partners.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin $partner_origin always; # want "https://www.partner.example gets the copy stored for https://app.partner.example and is refused"
        proxy_pass http://partners:8080;
    }
}
`},
		{Dialect: "nginx", Name: "said on every response", Text: `map $http_origin $partner_origin {
    default "";
    https://www.partner.example $http_origin;
    https://app.partner.example $http_origin;
}
server {
    server_name partners.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin $partner_origin always;
        add_header Vary Origin always;
        proxy_pass http://partners:8080;
    }
    location /private/ {
        add_header Access-Control-Allow-Origin $partner_origin always;
        add_header Cache-Control no-store always;
        proxy_pass http://partners:8080;
    }
}
`},
		{Dialect: "express", Name: "by hand", Text: `const express = require('express');
const app = express();
const allowed = ['https://app.shop.example', 'https://www.shop.example'];
app.use((req, res, next) => {
  if (allowed.includes(req.headers.origin)) {
    res.set('Access-Control-Allow-Origin', req.headers.origin); // want "."
  }
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "the package says it", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://www.shop.example'] }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a template chooses", Text: `openapi: 3.0.1
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
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'" # want "https://app.shop.example gets the copy stored for https://admin.shop.example and is refused"
            responseTemplates:
              application/json: |
                #set($origin = $input.params().header.get("origin"))
                #if($origin == "https://admin.shop.example")
                #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
                #end
    options:
      responses: {"200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
`},
		{Dialect: "apigateway", Name: "and says so", Text: `openapi: 3.0.1
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
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Vary: "'Origin'"
            responseTemplates:
              application/json: |
                #set($origin = $input.params().header.get("origin"))
                #if($origin == "https://admin.shop.example")
                #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
                #end
    options:
      responses: {"200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
`},
	},
	Check: func(p *Pass) {
		missing := func(stored, fresh *policy.Outcome) bool { return !saysItVaries(fresh) && !saysItVaries(stored) }
		reportConfusions(p, missing, func(c confusion) finding.Finding {
			f := finding.Finding{
				Severity: finding.Warning, Place: c.allowOriginPlace(),
				Message: short(c.victim, 35) + " gets " + c.copyOf() + " and is refused",
				Because: "the response depends on Origin and does not say so",
				Change:  "send Vary: Origin with every response of the endpoint",
				Repairs: varyBeside(&c.fresh.Outcome),
			}
			if fact, ok := p.stores(c.endpoint); ok {
				if h, _ := c.fresh.Outcome.Get("Access-Control-Allow-Origin"); h.Upstream {
					f.Severity = finding.Error
					f.Because += ", and " + line(fact.Span, f.Place) + " stores it"
				}
			}
			return f
		})
	},
}
