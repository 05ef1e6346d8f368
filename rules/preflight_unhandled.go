package rules

import (
	"net/http"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var preflightUnhandled = &Rule{
	Name:     "preflight-unhandled",
	Aliases:  []string{"options-unhandled"},
	Title:    "nobody answers the preflight",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"preflight-actual-mismatch", "allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	Doc: `## What the browser does
Before a request that needs it, it asks with OPTIONS. Where nobody answers that (404, 405, or an answer without
Access-Control-Allow-Origin) the request is never sent.

## Who is hurt
Pages that send PUT, DELETE, JSON or Authorization. GET works, so the headers seem to be right.

## When it is fine
Where only simple requests are made; fonts, images and scripts are never asked for.

## How to fix
Answer OPTIONS with 204 and the Access-Control headers.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "files answer no OPTIONS", Text: `server {
    server_name api.shop.example;
    root /srv/api;
    location / { # want "PUT (is|are) never sent: (its|their) preflight is answered 405"
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
    }
}
`},
		{Dialect: "nginx", Name: "the methods that are let through lack OPTIONS", Text: `server {
    server_name api.shop.example;
    location / {
        limit_except GET PUT {
            deny all; # want "PUT (is|are) never sent: (its|their) preflight is answered 403"
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "answered", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "cors at the routes alone", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.put('/orders', cors({ origin: 'https://app.shop.example' }), (req, res) => res.json({})); // want "PUT and DELETE are never sent: their preflight lacks Access-Control-Allow-Origin"
app.delete('/orders', cors({ origin: 'https://app.shop.example' }), (req, res) => res.end());
app.listen(3000);
`},
		{Dialect: "express", Name: "for OPTIONS, too", Text: `const express = require('express');
const cors = require('cors');
const app = express();
const shop = cors({ origin: 'https://app.shop.example' });
app.options('/orders', shop);
app.put('/orders', shop, (req, res) => res.json({}));
app.delete('/orders', shop, (req, res) => res.end());
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "an OPTIONS method", Text: `openapi: 3.0.1
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
		{Dialect: "apigateway", Name: "no OPTIONS method", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    put: # want "PUT is never sent: its preflight is answered 403"
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
`},
	},
	Check: func(p *Pass) {
		reportPreflights(p, unhandled, func(f *probe.Failure) preflightTexts {
			t := preflightTexts{
				message: answeredWith(f),
				because: "OPTIONS ends here, and nothing answers it as a preflight",
				change:  "answer OPTIONS with 204 and the Access-Control headers",
			}
			if unregistered(f) {
				t.because = "no handler takes OPTIONS here, so that the framework answers it itself"
				t.change = "let the CORS middleware run for OPTIONS, too: register it for all methods, above the routes"
			}
			if f.Answer.Status < 300 { // 0 where an unknown upstream answers
				t.message = "preflight lacks " + allowOrigin
			}
			return t
		})
	},
}

// unregistered reports whether a framework answers a preflight by itself, because the program registers routes by their methods
// and none for OPTIONS.
func unregistered(f *probe.Failure) bool {
	if len(f.Endpoint.Routes) == 0 || faultOf(f) != unhandled {
		return false
	}
	_, automatic := f.Answer.Get("Allow")
	return automatic || f.Answer.Status == http.StatusNotFound
}
