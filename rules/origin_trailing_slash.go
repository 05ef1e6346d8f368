package rules

import "github.com/corslint/corslint/internal/finding"

var originTrailingSlash = &Rule{
	Name:     "origin-trailing-slash",
	Title:    "an allowed origin ends in a slash or has a path, which no browser sends",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: originExplains,
	Refs:     []string{"https://fetch.spec.whatwg.org/#origin-header", "https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin"},
	Doc: `## What the browser does
It sends Origin as scheme, host and port, and nothing after them: https://app.shop.example. It compares that with
Access-Control-Allow-Origin byte by byte, so https://app.shop.example/ is another text and the page gets nothing.

## Who is hurt
Every page of that origin, on every request. A server that compares Origin with such a text answers without
Access-Control-Allow-Origin at all, and the console then says that the header is missing, not that it is wrong.

## When it is fine
Never: no browser sends such an origin. If no page of that origin calls this server, delete the entry.

## How to fix
Cut the value after the host or port. In an expression, end with $ where the slash stood.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "slash in the header", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example/ always; # want "refuses https://app.shop.example: the allowed origin ends in a slash"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "path in a map", Text: `map $http_origin $cors_origin {
    default "";
    https://www.shop.example $http_origin;
    https://app.shop.example/login $http_origin; # want "refuses https://app.shop.example: the allowed origin has a path"
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
		{Dialect: "nginx", Name: "slash in an expression", Text: `map $http_origin $cors_origin {
    default "";
    "~^https://app\.shop\.example/" $http_origin; # want "ends in a slash"
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
		{Dialect: "nginx", Name: "nothing after the host", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "a slash in the environment", Text: `-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: process.env.ORIGINS.split(',') }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
-- .env --
ORIGINS=https://app.shop.example/,https://admin.shop.example # want "the browser refuses https://app.shop.example: the allowed origin ends in a slash"
`},
		{Dialect: "express", Name: "origins in the environment", Text: `-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: process.env.ORIGINS.split(',') }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
-- .env --
ORIGINS=https://app.shop.example,https://admin.shop.example
`},
		{Dialect: "openapi", Name: "documented with a slash", Text: `openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example/"}} # want "the allowed origin ends in a slash"
    put: {responses: {"204": {description: changed}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example"}}
            Access-Control-Allow-Methods: {schema: {type: string, default: "GET, PUT"}}
`},
		{Dialect: "apigateway", Name: "copied from the address bar", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example/"] # want "the browser refuses https://app.shop.example: the allowed origin ends in a slash"
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
	},
	Check: func(p *Pass) {
		for _, m := range p.misspelt(spelledWithPath) {
			message := "the allowed origin has a path"
			if len(m.text) == len(m.origin)+1 {
				message = "the allowed origin ends in a slash"
			}
			m.report(p, message, "an origin is scheme, host and port; "+short(m.text, 80)+" has more, so the comparison never holds",
				"write "+m.origin+", without what follows the host or port", m.respell())
		}
	},
}
