package rules

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var originSubstringMatch = &Rule{
	Name:     "origin-substring-match",
	Title:    "an origin is compared in part, and a stranger's has that part too",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-insecure-http", "origin-any-subdomain"},
	Refs:     []string{"https://portswigger.net/web-security/cors", "https://publicsuffix.org/"},
	CWE:      []int{346, 942},
	Doc: `## What the browser does
It hands the response to the page of a stranger: the server looks only at the beginning, the end or some part of Origin,
finds it in the stranger's, and names that origin in Access-Control-Allow-Origin.

## Who is hurt
Visitors who are signed in and open the stranger's page: it reads what they can read. corslint prints an origin that passes.
Its host is a name that somebody can register, by the public suffix list, and the fetch was simulated.

## When it is fine
Without credentials, when the responses are public anyway: then it is a note.

## How to fix
Compare the whole origin with a list. For the subdomains of a domain, compare with an expression that is bound at both
ends: ^https://[a-z0-9-]+\.shop\.example$
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "beginning of the host", Text: `map $http_origin $cors_origin {
    hostnames;
    default "";
    https://app.shop.* $http_origin; # want "passes the origin check and reads with the visitor's cookies"
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
		{Dialect: "nginx", Name: "whole origins", Text: `map $http_origin $cors_origin {
    default "";
    https://app.shop.example $http_origin;
    https://app.shop.test $http_origin;
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
		{Dialect: "express", Name: "the end of the text", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({
  origin: (origin, callback) => callback(null, !origin || origin.endsWith('shop.example')), // want "."
  credentials: true,
}));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "the whole text", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://shop.example', /^https:\/\/app\.shop\.example$/], credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "the whole origin", Text: `openapi: 3.0.1
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
                #if($origin == "https://admin.shop.example")
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
		{Dialect: "apigateway", Name: "an end that others can have", Text: `openapi: 3.0.1
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
                #if($origin.endsWith("shop.example")) ## want "https://attackershop.example passes the origin check and reads with the visitor's cookies"
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
		for _, g := range groupStrangers(p.lets(probe.BypassSuffix, probe.BypassPrefix)) {
			of := g.first().of
			if of.Kind == policy.MentionPattern {
				continue
			}
			g.report(p, finding.Finding{
				Severity: g.severity(), Message: g.reads(),
				Because: "only " + part(of) + " of the origin is compared",
				Change:  "compare the whole origin with a list of them",
			})
		}
	},
}

// part says which part of an origin a test looks at.
func part(m *policy.Mention) string {
	switch m.Kind {
	case policy.MentionSuffix:
		return "the end"
	case policy.MentionContains:
		return "a part"
	case policy.MentionPrefix:
		return "the beginning"
	case policy.MentionLiteral, policy.MentionPattern, policy.MentionReflected:
	}
	return "what stands beside the asterisk"
}
