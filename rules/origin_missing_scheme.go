package rules

import "github.com/corslint/corslint/internal/finding"

var originMissingScheme = &Rule{
	Name:     "origin-missing-scheme",
	Title:    "an allowed origin has no scheme, so it equals none that is sent",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: originExplains,
	Refs:     []string{"https://fetch.spec.whatwg.org/#origin-header", "https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin"},
	Doc: `## What the browser does
It sends Origin with the scheme, https://app.shop.example, and compares that with Access-Control-Allow-Origin byte by
byte. app.shop.example is a host, not an origin: the page gets nothing.

## Who is hurt
Every page on that host, on every request.

## When it is fine
Never: no browser sends an origin without a scheme. If no page of that host calls this server, delete the entry.

## How to fix
Put https:// in front of the host. A page served over http is another origin and needs its own entry.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "host in the header", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin "app.shop.example" always; # want "the allowed origin has no scheme"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "host in a map", Text: `map $http_origin $cors_origin {
    default "";
    app.shop.example $http_origin; # want "refuses https://app.shop.example: the allowed origin has no scheme"
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
		{Dialect: "nginx", Name: "with the scheme", Text: `map $http_origin $cors_origin {
    default "";
    https://app.shop.example $http_origin;
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
		{Dialect: "express", Name: "a host in an array", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['app.shop.example', 'https://admin.shop.example'] })); // want "the browser refuses https://app.shop.example: the allowed origin has no scheme"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "origins in an array", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://admin.shop.example'] }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a host name", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: [app.shop.example] # want "the browser refuses https://app.shop.example: the allowed origin has no scheme"
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "an origin", Text: `Resources:
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
		{Dialect: "openapi", Name: "documented as a host", Text: `openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "app.shop.example"}} # want "the browser refuses https://app.shop.example: the allowed origin has no scheme"
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
		for _, m := range p.misspelt(spelledBare) {
			m.report(p, "the allowed origin has no scheme", "every origin that is sent starts with its scheme, and "+short(m.text, 80)+" does not, so the comparison never holds",
				"write "+m.origin, unsafely("which scheme is meant is for people to say", m.respell()))
		}
	},
}
