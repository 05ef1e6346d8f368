package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var listWildcardWithCredentials = &Rule{
	Name:     "list-wildcard-with-credentials",
	Aliases:  []string{"wildcard-literal-with-credentials"},
	Title:    "an asterisk in a list allows nothing once credentials are sent",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-methods-missing", "allow-headers-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	Doc: `## What the browser does
With credentials, "*" in Allow-Methods, Allow-Headers and Expose-Headers is a method or header of that name, and nothing else.

## Who is hurt
Pages that send cookies and anything that needs a preflight: they are refused. Pages that send cookies and read a header find
null in its place, and no message.

## When it is fine
Where no credentials are sent.

## How to fix
Write the methods and headers out.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a star for the headers", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers * always; # want "the browser refuses credentialed GET with Authorization.*: with credentials . allows nothing"
        proxy_set_header Authorization $http_authorization;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "stars everywhere", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Access-Control-Allow-Methods * always; # want "the browser refuses credentialed PUT: with credentials . allows nothing"
        add_header Access-Control-Allow-Headers * always; # want "the browser refuses credentialed JSON POST: with credentials . allows nothing"
        add_header Access-Control-Expose-Headers * always; # want "a page that sends credentials reads none of the exposed headers"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "without credentials", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin * always;
        add_header Access-Control-Allow-Methods * always;
        add_header Access-Control-Allow-Headers * always;
        add_header Access-Control-Expose-Headers * always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "written out", Text: `server {
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
		{Dialect: "express", Name: "* as an option", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({
  origin: 'https://app.shop.example',
  credentials: true,
  allowedHeaders: '*', // want "the browser refuses credentialed JSON POST: with credentials \* allows nothing"
}));
app.post('/orders', express.json(), (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "written out as an option", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', credentials: true, allowedHeaders: ['Content-Type'] }));
app.post('/orders', express.json(), (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "an asterisk for methods", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    put:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: PUT
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
    options:
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
              method.response.header.Access-Control-Allow-Methods: "'*'" # want "the browser refuses credentialed PUT: with credentials"
`},
		{Dialect: "apigateway", Name: "spelt out", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    put:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}}
            Access-Control-Allow-Credentials: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: PUT
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
    options:
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
              method.response.header.Access-Control-Allow-Methods: "'PUT'"
`},
	},
	Check: func(p *Pass) {
		star := func(f *probe.Failure) source.Span {
			h, ok := failing(f)
			if _, otherCase := inAnotherCase(f); !ok || otherCase || !starWithCredentials(f) {
				return source.Span{}
			}
			return valueAt(h.Sources, "*")
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.HeaderDisallowedByPreflightResponse, browser.MethodDisallowedByPreflightResponse), star) {
			names := namesOf(g.Failures)
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, "with credentials * allows nothing"),
				Because: "* is a name like any other once credentials are sent, and " + allowsCredentials(g.Failures, g.Place),
				Change:  "write out what pages send, such as " + listed(names, 8), Related: credentialsMeant(g.Failures),
				Repairs: unsafely(allowsMore, write(g.Place, "*", strings.Join(names, ", "))),
			}})
		}
		reportUnexposed(p, func(list string, credentials bool) bool { return credentials && strings.TrimSpace(list) == "*" }, finding.Finding{
			Message: "a page that sends credentials reads none of the exposed headers: * exposes nothing then",
			Because: "* is a name like any other once credentials are sent", Change: "write out the headers that pages read",
		})
	},
}
