package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/internal/finding"
)

var allowMethodsForbiddenName = &Rule{
	Name:     "allow-methods-forbidden-name",
	Title:    "a list of methods names one that no page can send",
	Category: finding.Security,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#forbidden-method"},
	Doc: `## What the browser does
It refuses TRACE, CONNECT and TRACK in every page before anything is sent.

## Who is hurt
Nobody; a scanner finds the word and asks.

## When it is fine
It is noise, and harmless.

## How to fix
Take the method out of the list.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "trace", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT, TRACE" always; # want "no page can send TRACE"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "without", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers "Authorization, Content-Type" always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "TRACE as an option", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', methods: 'GET,PUT,TRACE' })); // want "no page can send TRACE"
app.put('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "what the routes have", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', methods: 'GET,PUT' }));
app.put('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "every method there is", Text: `openapi: 3.0.1
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
              method.response.header.Access-Control-Allow-Methods: "'GET,PUT,TRACE'" # want "no page can send TRACE"
`},
		{Dialect: "apigateway", Name: "methods that pages use", Text: `openapi: 3.0.1
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
		{Dialect: "openapi", Name: "documented", Text: `openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example"}}
    put: {responses: {"204": {description: changed}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example"}}
            Access-Control-Allow-Methods: {schema: {type: string, default: "GET, PUT, TRACE"}} # want "no page can send TRACE"
`},
	},
	Check: func(p *Pass) {
		reportListed(p, "Access-Control-Allow-Methods", browser.IsForbiddenMethod, "no page can send %s", "browsers refuse it before anything is sent")
	},
}
