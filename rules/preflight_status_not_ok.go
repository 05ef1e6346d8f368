package rules

import (
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var preflightStatusNotOk = &Rule{
	Name:     "preflight-status-not-ok",
	Title:    "the preflight is answered with an error status",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	Doc: `## What the browser does
A preflight needs a status from 200 to 299. Any other ends the request, however good its headers are.

## Who is hurt
Pages whose requests need a preflight: PUT, DELETE, JSON bodies, Authorization.

## When it is fine
Where no such request is made.

## How to fix
Answer OPTIONS with 204.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a teapot", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) {
            return 400; # want "PUT (is|are) never sent: (its|their) preflight is answered 400"
        }
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "no content", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) {
            return 204;
        }
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "answered with an error", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  res.set('Access-Control-Allow-Methods', 'PUT');
  if (req.method === 'OPTIONS') return res.status(400).end(); // want "PUT is never sent: its preflight is answered 400"
  next();
});
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "answered 200", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  res.set('Access-Control-Allow-Methods', 'PUT');
  if (req.method === 'OPTIONS') return res.status(200).end();
  next();
});
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "200", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    put:
      responses: {"200": {description: orders, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: PUT
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
              method.response.header.Access-Control-Allow-Methods: "'PUT'"
`},
		{Dialect: "apigateway", Name: "a template without a status", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    put:
      responses: {"200": {description: orders, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: PUT
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
        requestTemplates: {application/json: '{}'} # want "PUT is never sent: its preflight is answered 500"
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Methods: "'PUT'"
`},
	},
	Check: func(p *Pass) {
		reportPreflights(p, refused, func(f *probe.Failure) preflightTexts {
			return preflightTexts{
				message: answeredWith(f),
				because: "a preflight needs a status from 200 to 299",
				change:  "answer OPTIONS with 204",
			}
		})
	},
}
