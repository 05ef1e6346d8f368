package rules

import (
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var originReflected = &Rule{
	Name:     "origin-reflected",
	Title:    "every origin is sent back, which is \"*\" in disguise",
	Category: finding.Security,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#http-access-control-allow-origin", "https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches"},
	CWE:      []int{942},
	Doc: `## What the browser does
It hands the response to the page of any website, sent without cookies. "Access-Control-Allow-Origin: *" does the same.

## Who is hurt
Nobody, as long as the responses are public. It hides that they are: the next engineer reads a check where there is none,
and adds Access-Control-Allow-Credentials, which opens the door (origin-reflected-with-credentials). Caches also have to
keep a copy for each origin, or hand out the wrong one (vary-origin-missing).

## When it is fine
For public responses. Not for a server that only a private network reaches: any website can read it through a visitor's
browser.

## How to fix
Write "*" if everybody is meant. If not, choose from a list and send Vary: Origin.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "sent back", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $http_origin always; # want "any website reads the responses"
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "said openly", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "whoever asks", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: true })); // want "any website reads the responses"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "everybody, and said so", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors());
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a template sends it back", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Vary: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'" # want "any website reads the responses"
              method.response.header.Vary: "'Origin'"
            responseTemplates:
              application/json: |
                #set($context.responseOverride.header.Access-Control-Allow-Origin = $input.params().header.get("origin"))
    options:
      responses: {"200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
`},
		{Dialect: "apigateway", Name: "an asterisk says it", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      responses: {"200": {description: orders, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'"
    options:
      responses: {"200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'"
`},
	},
	Check: func(p *Pass) { p.reflected(false) },
}

// reflected reports the places that send back every origin, with credentials or without.
func (p *Pass) reflected(credentials bool) {
	groups := groupStrangers(func(yield func(letIn) bool) {
		for l := range p.lets(probe.BypassAny) {
			l.of = p.acceptedBy(l) // an expression that everybody passes is the place
			if l.credentials == credentials && !yield(l) {
				return
			}
		}
	})
	for _, g := range groups {
		f := finding.Finding{
			Message: "any website reads the responses",
			Because: "the origin is sent back unchecked",
			Change:  `write "*" if everybody is meant; if not, list the origins and send back one of them`,
		}
		if credentials {
			f.Message = "any website reads responses of " + short(g.first().endpoint.Name, 50) + " with the visitor's cookies"
			f.Change = "list the origins that are meant, and send the origin back only when it is one of them"
		}
		if g.first().of != nil {
			f.Because = "every origin passes this check"
		}
		g.report(p, f)
	}
}
