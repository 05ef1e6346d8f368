package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var allowMethodsMissing = &Rule{
	Name:     "allow-methods-missing",
	Title:    "a method that is needed is not allowed",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	Doc: `## What the browser does
The preflight asks for PUT, PATCH, DELETE and every method but GET, HEAD and POST. One that Access-Control-Allow-Methods does not
list ends the request before it is sent, and so does a list with an element that is no method, such as two without a comma.

## Who is hurt
Pages that use the method.

## When it is fine
Where no page does. GET, HEAD and POST need no entry at all.

## How to fix
Add the method to the list of the preflight's answer.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "another list for OPTIONS", Text: `map $request_method $methods {
    default "GET, PUT, DELETE";
    OPTIONS "GET, PUT";
}
server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods $methods always; # want "the browser refuses DELETE: preflight allows GET, PUT only"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "no commas", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET PUT DELETE" always; # want "the browser refuses PUT and DELETE: 'GET PUT DELETE' is no method"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "one list", Text: `server {
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
		{Dialect: "express", Name: "a route that the list forgets", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', methods: ['GET', 'POST'] })); // want "the browser refuses DELETE: preflight allows GET,POST only"
app.get('/orders/:id', (req, res) => res.json({}));
app.delete('/orders/:id', (req, res) => res.sendStatus(204));
app.listen(3000);
`},
		{Dialect: "express", Name: "the methods of all routes", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', methods: ['GET', 'POST', 'DELETE'] }));
app.get('/orders/:id', (req, res) => res.json({}));
app.delete('/orders/:id', (req, res) => res.sendStatus(204));
app.listen(3000);
`},
		{Dialect: "openapi", Name: "the description has more methods", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location /v1/ {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, POST, PUT" always; # want "the browser refuses DELETE and PATCH: preflight allows GET, POST, PUT only"
        proxy_pass http://orders:3000;
    }
}
-- openapi.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers:
  - url: https://api.shop.example/v1
paths:
  /orders/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
    get: {responses: {"200": {description: the order}}}
    put: {responses: {"204": {description: changed}}}
    patch: {responses: {"204": {description: changed}}}
    delete: {responses: {"204": {description: gone}}}
`},
		{Dialect: "openapi", Name: "the description is of another server", Text: `-- nginx.conf --
server {
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
-- payments.yaml --
openapi: 3.0.3
info: {title: Somebody else's, version: "1"}
servers:
  - url: https://api.payments.example
paths:
  /charges/{id}:
    delete: {responses: {"204": {description: gone}}}
`},
		{Dialect: "apigateway", Name: "a route that is not listed", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET] # want "the browser refuses PUT and JSON PUT: preflight allows GET only"
        AllowHeaders: [content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "every route is listed", Text: `Resources:
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
		reportUnreadable(p, browser.InvalidAllowMethodsPreflightResponse, "method")
		missing := func(f *probe.Failure) source.Span {
			if _, differs := inAnotherCase(f); differs {
				return source.Span{}
			}
			return listPlace(f)
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.MethodDisallowedByPreflightResponse), missing) {
			allows := "preflight lists no methods"
			if _, ok := failing(g.Failures[0]); ok {
				allows = "preflight allows " + short(g.Failures[0].Value, 40) + " only"
			}
			names := namesOf(g.Failures)
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, allows),
				Because: shown(g) + ", and the preflight's answer does not list it",
				Change:  "add " + listed(names, 8) + " to " + calledAt(g.Place, "Access-Control-Allow-Methods"), Related: needs(g),
				Repairs: addNames(g.Failures, "Access-Control-Allow-Methods", names, g.Failures[0].Endpoint.Intent.Methods),
			}})
		}
	},
}
