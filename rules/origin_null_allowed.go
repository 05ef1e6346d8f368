package rules

import (
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
)

var originNullAllowed = &Rule{
	Name:     "origin-null-allowed",
	Title:    "the origin null, which any website can send, is let in",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
	Refs: []string{"https://w3c.github.io/webappsec-cors-for-developers/#avoid-returning-access-control-allow-origin-null",
		"https://html.spec.whatwg.org/#attr-iframe-sandbox"},
	CWE: []int{346, 942},
	Doc: `## What the browser does
It sends "Origin: null" for every page without an origin of its own: a file, a redirected request, and each frame that any
website puts into <iframe sandbox="allow-scripts">. With "Access-Control-Allow-Origin: null" it hands the response to all
of them.

## Who is hurt
Visitors who are signed in and open any website: a sandboxed frame on it reads what they can read.

## When it is fine
Without credentials, when the responses are public anyway: then it is a note, and "*" says the same openly.

## How to fix
Take null off the list. A page that is tested from a file can be served from http://localhost instead.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "null with credentials", Text: `map $http_origin $cors_origin {
    default "";
    https://app.shop.example $http_origin;
    "null" $http_origin; # want "any website reads with the visitor's cookies, from a sandboxed frame"
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "null in the header", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin null always; # want "any website reads with the visitor's cookies, from a sandboxed frame"
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a named origin", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "null in the list", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'null'], credentials: true })); // want "any website reads with the visitor's cookies, from a sandboxed frame"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "without null", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example'], credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "null in the list", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example", "null"] # want "any website reads with the visitor's cookies, from a sandboxed frame"
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
        AllowCredentials: true
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "pages that have an origin", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
        AllowCredentials: true
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
	},
	Check: func(p *Pass) {
		null := func(yield func(letIn) bool) {
			for l := range p.lets(probe.BypassNull) {
				l.of = p.acceptedBy(l)
				if !yield(l) {
					return
				}
			}
		}
		for _, g := range groupStrangers(null) {
			f := finding.Finding{
				Severity: finding.Note, Message: "any website reads the responses, from a sandboxed frame",
				Because: "such a frame sends the origin null, which passes the check",
				Change:  "take null off the list of origins",
			}
			if g.credentials() {
				f.Severity = finding.Error
				f.Message = "any website reads with the visitor's cookies, from a sandboxed frame"
			}
			f.Repairs = one("take it off the list", repair.Remove{At: g.place})
			g.report(p, f)
		}
	},
}
