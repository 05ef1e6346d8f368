package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var allowHeadersForbiddenName = &Rule{
	Name:     "allow-headers-forbidden-name",
	Aliases:  []string{"forbidden-header-listed"},
	Title:    "a list of request headers names one that no page can set",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#forbidden-request-header"},
	Doc: `## What the browser does
It sets Cookie, Host, Origin and the Sec- headers itself and never asks for them. Access-Control-Allow-Origin is a response
header: in a list of request headers it allows a page to send nonsense.

## Who is hurt
Nobody; the list is longer than it needs to be.

## When it is fine
It is noise, and harmless.

## How to fix
Take the name out of the list.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a cookie", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers "Content-Type, Cookie" always; # want "no page can send Cookie"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "two of the browser's own and a response header", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Headers "X-Forwarded-Host, Host, TE, X-TEST, Access-Control-Allow-Origin" always; # want "no page can send Host and TE" want "no page has a reason to send Access-Control-Allow-Origin"
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
		{Dialect: "express", Name: "Cookie in an option", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', allowedHeaders: ['Content-Type', 'Cookie'] })); // want "no page can send Cookie"
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "headers that pages set", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', allowedHeaders: ['Content-Type', 'X-Request-Id'] }));
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a cookie", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type, cookie] # want "no page can send cookie"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "headers that pages set", Text: `Resources:
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
		{Dialect: "openapi", Name: "documented with a cookie", Text: `openapi: 3.0.3
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
            Access-Control-Allow-Methods: {schema: {type: string, default: "GET, PUT"}}
            Access-Control-Allow-Headers: {schema: {type: string, default: "Content-Type, Cookie"}} # want "no page can send Cookie"
`},
	},
	Check: func(p *Pass) {
		reportListed(p, "Access-Control-Allow-Headers", func(name string) bool { return browser.IsForbiddenRequestHeader(name, "") },
			"no page can send %s", "such headers are the browser's own: it drops what a page sets, and never asks for them")
		reportListed(p, "Access-Control-Allow-Headers", isResponseHeader,
			"no page has a reason to send %s", "it is a response header, which servers send and do not read")
	},
}

// isResponseHeader reports whether a header is one with which servers answer in the CORS protocol.
func isResponseHeader(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), "access-control-") && probe.ProtocolHeader(name) != ""
}
