package rules

import (
	"errors"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/internal/finding"
)

var originNeverSent = &Rule{
	Name:     "origin-never-sent",
	Aliases:  []string{"origin-not-serialized"},
	Title:    "an allowed origin is written as no browser writes it",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: originExplains,
	Refs:     []string{"https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin", "https://url.spec.whatwg.org/#host-serializing"},
	Doc: `## What the browser does
It sends every origin in one spelling: lower-case letters, Punycode for other scripts, no user name, no port where it is
the scheme's own (443, 80), an IPv6 address in its shortest form. It compares that with Access-Control-Allow-Origin byte
by byte, so any other spelling of the same origin is refused.

## Who is hurt
Every page of that origin, on every request.

## When it is fine
Where the comparison ignores case, as the keys of an nginx map do. corslint simulates it and then reports nothing.

## How to fix
Write the origin as the browser's console shows it: location.origin.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "upper case", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://App.Shop.example always; # want "refuses https://app.shop.example: the allowed origin has upper-case letters"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "default port", Text: `map $http_origin $cors_origin {
    default "";
    https://app.shop.example:443 $http_origin; # want "the allowed origin has the scheme's default port"
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "as browsers send it", Text: `map $http_origin $cors_origin {
    default "";
    https://App.Shop.example $http_origin; # a map compares without regard to case
    https://app.shop.example:8443 $http_origin;
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "a port that is the default", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example:443'] })); // want "the browser refuses https://app.shop.example: the allowed origin has the scheme's default port"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "as browsers write it", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://admin.shop.example:8443'] }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a port that browsers leave out", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example:443"] # want "the browser refuses https://app.shop.example: the allowed origin has the scheme's default port"
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "without it", Text: `Resources:
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
		{Dialect: "openapi", Name: "documented in capitals", Text: `openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://App.Shop.example"}} # want "the browser refuses https://app.shop.example: the allowed origin has upper-case letters"
    put: {responses: {"204": {description: changed}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example"}}
            Access-Control-Allow-Methods: {schema: {type: string, default: "GET, PUT"}}
`},
	},
	Check: func(p *Pass) {
		for _, m := range p.misspelt(spelledOtherwise) {
			reason := "another spelling"
			var not *browser.OriginError
			if _, err := browser.ParseOrigin(m.text); errors.As(err, &not) && not.Reason != "not in canonical form" {
				reason = not.Reason
			}
			m.report(p, "the allowed origin has "+reason, "no browser sends "+short(m.text, 80)+": it has "+reason+", and origins are compared byte by byte",
				"write "+m.origin, m.respell())
		}
	},
}
