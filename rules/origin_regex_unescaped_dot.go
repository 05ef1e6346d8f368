package rules

import (
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var originRegexUnescapedDot = &Rule{
	Name:     "origin-regex-unescaped-dot",
	Title:    "a dot in an expression for allowed origins matches any character",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
	Refs:     []string{"https://portswigger.net/web-security/cors", "https://publicsuffix.org/"},
	CWE:      []int{346, 625, 777, 942},
	Doc: `## What the browser does
It hands the response to a page on www-shop.example or wwwxshop.example, because the dot of www.shop.example matches any
character and the server names that origin in Access-Control-Allow-Origin.

## Who is hurt
Visitors who are signed in and open a page on such a name: it reads what they can read. corslint prints an origin that
passes. Its host is a name that somebody can register, by the public suffix list, and the fetch was simulated.

## When it is fine
When every name that the dot lets in belongs to the owner of the domain: then it is a warning, with credentials. A dot
before the last label (shop.example$) lets in no name that exists, and is not reported.

## How to fix
Put a backslash before every dot of the host: ^https://www\.shop\.example$
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "dot not escaped", Text: `map $http_origin $partner_origin {
    default "";
    "~^https://(www|app).partner.example$" $http_origin; # want "https://wwwxpartner.example passes the origin check and reads with the visitor's cookies"
}
server {
    server_name partners.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin $partner_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://partners:8080;
    }
}
`},
		{Dialect: "nginx", Name: "dots escaped", Text: `map $http_origin $partner_origin {
    default "";
    "~^https://(www|app)\.partner\.example$" $http_origin;
}
server {
    server_name partners.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin $partner_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://partners:8080;
    }
}
`},
		{Dialect: "express", Name: "any character", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: /^https:\/\/app.shop.example$/, credentials: true })); // want "."
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "a dot", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: [/^https:\/\/(app|admin)\.shop\.example$/], credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a dot in brackets", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
            Vary: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
              method.response.header.Vary: "'Origin'"
            responseTemplates:
              application/json: |
                #set($origin = $input.params().header.get("origin"))
                #if($origin.matches("https://(app|admin)[.]shop[.]example"))
                #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
                #end
    options:
      responses:
        "200":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
`},
		{Dialect: "apigateway", Name: "a dot stands for any character", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
            Vary: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
              method.response.header.Vary: "'Origin'"
            responseTemplates:
              application/json: |
                #set($origin = $input.params().header.get("origin"))
                #if($origin.matches("https://(app|admin).shop.example")) ## want "https://appxshop.example passes the origin check and reads with the visitor's cookies"
                #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
                #end
    options:
      responses:
        "200":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
`},
	},
	Check: func(p *Pass) {
		for _, g := range groupStrangers(p.lets(probe.BypassDot)) {
			change := "put a backslash before every dot of the host"
			if expression := bound(g.first().of, g.first().Candidate.Meant); expression != "" {
				change += ": " + short(expression, 120)
			}
			g.report(p, finding.Finding{
				Severity: g.severity(), Message: g.reads(), Change: change,
				Because: "\".\" matches any character, here one of " + short(g.first().Candidate.Meant, 60),
				Repairs: g.bind(),
			})
		}
	},
}
