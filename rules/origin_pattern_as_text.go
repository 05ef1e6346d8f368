package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
)

var originPatternAsText = &Rule{
	Name:     "origin-pattern-as-text",
	Aliases:  []string{"origin-wildcard-literal"},
	Title:    "an asterisk or expression in an allowed origin is compared as text",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: originExplains,
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check", "https://nginx.org/en/docs/http/ngx_http_map_module.html#map"},
	Doc: `## What the browser does
It knows one pattern, the value "*" alone. In https://*.shop.example the asterisk is a character like any other, and the
browser refuses the response because its origin is not that text. A server that compares Origin with such a text sends
no Access-Control-Allow-Origin at all.

## Who is hurt
Every page that the pattern was meant for, on every request.

## When it is fine
Where the server does treat it as a pattern: an expression in an nginx map begins with ~, and a map with "hostnames"
knows asterisks. corslint simulates it and then reports nothing.

## How to fix
Match Origin with an expression that begins with ^https:// and ends with $, and send the origin back when it matches,
with Vary: Origin. Or list the origins.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "asterisk in the header", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://*.shop.example always; # want "the asterisk of the allowed origin is compared as text"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "expression without a tilde", Text: `map $http_origin $cors_origin {
    default "";
    "^https://(www|app)\.shop\.example$" $http_origin; # want "the expression for the allowed origin is compared as text"
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
		{Dialect: "nginx", Name: "an expression", Text: `map $http_origin $cors_origin {
    default "";
    "~^https://(www|app)\.shop\.example$" $http_origin;
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
		{Dialect: "express", Name: "an asterisk in an array", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://*.shop.example'] })); // want "the browser refuses https://app.shop.example: the asterisk of the allowed origin is compared as text"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "a regular expression", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: [/^https:\/\/(www|app)\.shop\.example$/] }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "an asterisk that is compared as text", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://*.shop.example"] # want "the browser refuses https://app.shop.example: the asterisk of the allowed origin is compared as text"
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "one by one", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example", "https://admin.shop.example"]
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
		for _, m := range p.misspelt(spelledAsPattern) {
			what := "the expression for the allowed origin"
			if strings.Contains(m.text, "*") && !strings.ContainsAny(m.text, `^$\`) {
				what = "the asterisk of the allowed origin"
			} else if strings.HasPrefix(m.text, ".") {
				what = "the allowed domain"
			}
			change := "match Origin with an expression that begins with ^https:// and ends with $, and send back the origin that matches"
			switch {
			case m.text == "*":
				m.origin, change = "every page", "let everybody in with * alone, outside of a list, or list origins"
			case m.of == policy.JavaScript:
				change = `write a regular expression that begins with ^https:\/\/ and ends with $, or list the origins`
			}
			m.report(p, what+" is compared as text", short(m.text, 80)+" stands for itself here, and no browser sends it", change, nil)
		}
	},
}
