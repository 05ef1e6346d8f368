package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/internal/finding"
)

var allowOriginMissing = &Rule{
	Name:     "allow-origin-missing",
	Aliases:  []string{"acao-missing"},
	Title:    "a page that is meant gets no Access-Control-Allow-Origin",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It refuses to hand the response to the page: nothing in it says that the page's origin is meant.

## Who is hurt
Pages of another origin that use this path; other Access-Control headers show that there are some.

## When it is fine
Where only pages of the same origin use the path. Then leave the other Access-Control headers out too.

## How to fix
Send Access-Control-Allow-Origin with the origins that are meant.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "everything but the origin", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        return 200 ok; # want "the browser refuses GET and PUT: response lacks Access-Control-Allow-Origin"
    }
}
`},
		{Dialect: "nginx", Name: "with the origin", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "everything but the origin, by hand", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Methods', 'GET, PUT');
  res.set('Access-Control-Allow-Headers', 'Content-Type');
  if (req.method === 'OPTIONS') return res.sendStatus(204);
  next();
});
app.get('/orders', (req, res) => res.json([])); // want "the browser refuses GET: response lacks Access-Control-Allow-Origin"
app.listen(3000);
`},
		{Dialect: "express", Name: "with the origin, by hand", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  res.set('Access-Control-Allow-Methods', 'GET, PUT');
  res.set('Access-Control-Allow-Headers', 'Content-Type');
  if (req.method === 'OPTIONS') return res.sendStatus(204);
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "both have it", Text: `openapi: 3.0.1
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
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
    options:
      responses:
        "200":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Methods: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Methods: "'GET'"
`},
		{Dialect: "apigateway", Name: "the preflight alone has it", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses: {"200": {description: orders, headers: {Content-Type: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default: # want "the browser refuses GET: response lacks Access-Control-Allow-Origin"
            statusCode: "200"
            responseParameters:
              method.response.header.Content-Type: integration.response.header.Content-Type
    options:
      responses:
        "200":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Methods: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Methods: "'GET,PUT'"
`},
	},
	Check: func(p *Pass) {
		for _, g := range ByPlace(Has(p.Failures(), browser.MissingAllowOriginHeader), answeredAt) {
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: lacks(g.Failures, g.Failures[0], []string{"Access-Control-Allow-Origin"}),
				Because: "this answers, and names no origin", Change: "send Access-Control-Allow-Origin with the origins that are meant",
			}})
		}
	},
}
