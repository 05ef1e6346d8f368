package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var allowHeadersMissing = &Rule{
	Name:     "allow-headers-missing",
	Aliases:  []string{"allow-headers-missing-authorization"},
	Title:    "a request header that is needed is not allowed",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	Doc: `## What the browser does
The preflight asks for every request header that is not safelisted: Authorization, a Content-Type of application/json, headers
of one's own. One that Access-Control-Allow-Headers does not list ends the request before it is sent, and so does a list with an
element that is no name, such as two names without a comma.

## Who is hurt
Pages that send the header. From curl the same request works.

## When it is fine
Where no page sends it.

## How to fix
Add the name to the list.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "the token is not allowed", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers "Content-Type" always; # want "GET with Authorization: preflight does not allow Authorization"
        proxy_set_header Authorization $http_authorization;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a comma is missing", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Headers "Content-Type Authorization" always; # want "'Content-Type Authorization' is no header name"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "nothing shows that pages send one", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin * always;
        add_header Access-Control-Allow-Methods "GET, POST, OPTIONS" always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "allowed", Text: `server {
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
		{Dialect: "express", Name: "a token that the list forgets", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', allowedHeaders: ['Content-Type'] })); // want "the browser refuses GET with Authorization: preflight does not allow Authorization"
app.use((req, res, next) => {
  if (!req.headers.authorization) return res.sendStatus(401);
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "the token is listed", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', allowedHeaders: ['Content-Type', 'Authorization'] }));
app.use((req, res, next) => {
  if (!req.headers.authorization) return res.sendStatus(401);
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "openapi", Name: "what the description asks for", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location /v1/ {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers "X-Tenant" always; # want "preflight does not allow Authorization and Content-Type"
        proxy_pass http://orders:3000;
    }
}
-- swagger.json --
{
  "swagger": "2.0",
  "info": {"title": "Orders", "version": "1"},
  "host": "api.shop.example",
  "basePath": "/v1",
  "consumes": ["application/json"],
  "securityDefinitions": {"login": {"type": "oauth2", "flow": "implicit", "authorizationUrl": "https://login.shop.example", "scopes": {}}},
  "security": [{"login": []}],
  "paths": {
    "/orders/{id}": {
      "parameters": [
        {"name": "id", "in": "path", "required": true, "type": "string"},
        {"name": "X-Tenant", "in": "header", "required": true, "type": "string"}
      ],
      "get": {"responses": {"200": {"description": "the order"}}},
      "put": {
        "parameters": [{"name": "order", "in": "body", "schema": {"type": "object"}}],
        "responses": {"204": {"description": "changed"}}
      }
    }
  }
}
`},
		{Dialect: "openapi", Name: "a header that few requests have", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location /v1/ {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers "Content-Type" always; # want "the browser refuses JSON PUT with If-Match: preflight does not allow If-Match"
        proxy_pass http://orders:3000;
    }
}
-- openapi.yaml --
openapi: 3.1.0
info: {title: Orders, version: "1"}
servers:
  - url: /v1
paths:
  /orders/{id}:
    put:
      parameters:
        - {name: If-Match, in: header, schema: {type: string}}
        - {name: Accept-Language, in: header, schema: {type: string}}
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {"204": {description: changed}}
`},
		{Dialect: "apigateway", Name: "an authorizer asks for it", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Users
        Authorizers:
          Users: {IdentitySource: $request.header.Authorization, JwtConfiguration: {issuer: https://login.shop.example, audience: [orders]}}
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type] # want "the browser refuses GET with Authorization and 2 others: preflight does not allow Authorization"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "what the authorizer asks for is listed", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Users
        Authorizers:
          Users: {IdentitySource: $request.header.Authorization, JwtConfiguration: {issuer: https://login.shop.example, audience: [orders]}}
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: [authorization, content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
	},
	Check: func(p *Pass) {
		reportUnreadable(p, browser.InvalidAllowHeadersPreflightResponse, "header name")
		missing := func(f *probe.Failure) source.Span {
			if f.Probe.Guess { // nothing shows that pages send it
				return source.Span{}
			}
			return listPlace(f)
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.HeaderDisallowedByPreflightResponse), missing) {
			names := namesOf(g.Failures)
			severity := finding.Error
			if !slices.ContainsFunc(g.Failures, func(f *probe.Failure) bool { return !f.Probe.Optional }) {
				severity = finding.Warning // most requests go without
			}
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Severity: severity, Place: g.Place, Message: refuses(g.Failures, "preflight does not allow "+listed(names, 4)),
				Because: shown(g) + ", and the preflight's answer does not list it",
				Change:  "add " + listed(names, 8) + " to " + calledAt(g.Place, "Access-Control-Allow-Headers"), Related: needs(g),
				Repairs: addNames(g.Failures, "Access-Control-Allow-Headers", names, g.Failures[0].Endpoint.Intent.Headers),
			}})
		}
	},
}
