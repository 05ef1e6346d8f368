package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/internal/finding"
)

var exposeHeadersForbiddenName = &Rule{
	Name:     "expose-headers-forbidden-name",
	Aliases:  []string{"expose-headers-forbidden"},
	Title:    "a list of readable headers names one that no page can read",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#forbidden-response-header-name"},
	Doc: `## What the browser does
It never shows Set-Cookie to a page, whatever Access-Control-Expose-Headers says.

## Who is hurt
Whoever tries to read the cookie from the response.

## When it is fine
It is noise, and harmless.

## How to fix
Take the name out of the list; send what the page needs in another header or in the body.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a cookie", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Headers "X-Total, Set-Cookie" always; # want "no page can read Set-Cookie"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "without", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Headers X-Total always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "Set-Cookie as an option", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', exposedHeaders: ['Set-Cookie', 'X-Total'] })); // want "no page can read Set-Cookie"
app.get('/orders', (req, res) => res.set('X-Total', '3').json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "what pages read", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', exposedHeaders: ['X-Total'] }));
app.get('/orders', (req, res) => res.set('X-Total', '3').json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a cookie", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
        ExposeHeaders: [x-total, set-cookie] # want "no page can read set-cookie"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "a header that pages read", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
        ExposeHeaders: [x-total]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
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
            Access-Control-Expose-Headers: {schema: {type: string, default: "X-Total, Set-Cookie"}} # want "no page can read Set-Cookie"
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
		reportListed(p, "Access-Control-Expose-Headers", browser.IsForbiddenResponseHeader, "no page can read %s", "browsers keep it from every page")
	},
}
