package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var allowCredentialsMissing = &Rule{
	Name:     "allow-credentials-missing",
	Aliases:  []string{"credentials-header-missing"},
	Title:    "credentials are meant, and this response does not allow them",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It refuses the response to a request with cookies unless Access-Control-Allow-Credentials: true is in it, in the answer to
the preflight as well as in the response.

## Who is hurt
Pages that send credentials to this path.

## When it is fine
Where no page sends credentials. Then leave the header out everywhere.

## How to fix
Send it with this response too.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "missing from one of two answers", Text: `map $request_method $credentials {
    default true;
    OPTIONS "";
}
server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204; # want "the browser refuses credentialed PUT: preflight lacks Access-Control-Allow-Credentials"
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials $credentials always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "meant for one origin only", Text: `map $http_origin $origin {
    https://app.shop.example     $http_origin;
    https://partner.example      $http_origin;
}
map $http_origin $credentials {
    https://app.shop.example     true;
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $origin always;
        add_header Access-Control-Allow-Credentials $credentials always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "in both", Text: `server {
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
		{Dialect: "express", Name: "preflights have other options", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.options('/orders', cors({ origin: 'https://app.shop.example' })); // want "the browser refuses credentialed PUT: preflight lacks Access-Control-Allow-Credentials"
app.use(cors({ origin: 'https://app.shop.example', credentials: true }));
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "the same options", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', credentials: true })); // it answers preflights, too
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "openapi", Name: "the description asks for a cookie", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        return 200 "[]"; # want "the browser refuses credentialed GET: response lacks Access-Control-Allow-Credentials"
    }
}
-- openapi.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers:
  - url: https://api.shop.example/v1
security:
  - session: []
paths:
  /orders:
    get: {responses: {"200": {description: orders}}}
components:
  securitySchemes:
    session: {type: apiKey, in: cookie, name: sid}
`},
		{Dialect: "openapi", Name: "a token does as well as a cookie", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location /v1/ {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET" always;
        add_header Access-Control-Allow-Headers "Authorization" always;
        proxy_pass http://orders:3000;
    }
}
-- openapi.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers:
  - url: https://api.shop.example/v1
security:
  - session: []
  - token: []
paths:
  /orders:
    get: {responses: {"200": {description: orders}}}
components:
  securitySchemes:
    session: {type: apiKey, in: cookie, name: sid}
    token: {type: http, scheme: bearer}
`},
		{Dialect: "apigateway", Name: "a cookie is declared", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
components: {securitySchemes: {session: {type: apiKey, in: cookie, name: sid}}}
security: [{session: []}]
paths:
  /orders:
    get:
      responses: {"200": {description: orders, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default: # want "the browser refuses credentialed GET: response lacks Access-Control-Allow-Credentials"
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
    options:
      security: []
      responses:
        "200":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Methods: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Methods: "'GET'"
`},
		{Dialect: "apigateway", Name: "with credentials", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
components: {securitySchemes: {session: {type: apiKey, in: cookie, name: sid}}}
security: [{session: []}]
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
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
    options:
      security: []
      responses:
        "200":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
            Access-Control-Allow-Methods: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
              method.response.header.Access-Control-Allow-Methods: "'GET'"
`},
	},
	Check: func(p *Pass) {
		missing := func(f *probe.Failure) source.Span {
			if strings.TrimSpace(f.Value) != "" || deniedOnPurpose(f) {
				return source.Span{}
			}
			return answeredAt(f)
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.InvalidAllowCredentials, browser.PreflightInvalidAllowCredentials), missing) {
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: lacks(g.Failures, g.Failures[0], []string{g.Failures[0].Header}),
				Because: allowsCredentials(g.Failures, g.Place) + ", and this response does not",
				Change:  "send Access-Control-Allow-Credentials: true here too", Related: credentialsMeant(g.Failures),
				Repairs: unsafely(allowsMore, allowCredentials(g.Failures[0])),
			}})
		}
	},
}

// deniedOnPurpose reports whether no answer of the endpoint to that very origin allows credentials, or lost what would: then
// they are meant for others, unless it is stated that they are sent.
func deniedOnPurpose(f *probe.Failure) bool {
	if n := f.Probe.Stated; n != nil && !f.Endpoint.WithCredentials() {
		return false
	}
	asked := false
	for i := range f.Endpoint.Answers {
		a := &f.Endpoint.Answers[i]
		if a.Origin != f.Probe.Exchange.Fetch.Origin {
			continue
		}
		asked = true
		if _, sent := a.Outcome.Get(f.Header); sent || slices.ContainsFunc(a.Outcome.Lost, func(l policy.Lost) bool { return strings.EqualFold(l.Header, f.Header) }) {
			return false
		}
	}
	return asked
}
