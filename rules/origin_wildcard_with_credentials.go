package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var originWildcardWithCredentials = &Rule{
	Name:     "origin-wildcard-with-credentials",
	Aliases:  []string{"wildcard-origin-with-credentials"},
	Title:    "any origin together with credentials, which browsers refuse",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"list-wildcard-with-credentials"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It refuses the response to a request with credentials when Access-Control-Allow-Origin is "*". Nothing leaks; it just never works.

Not every service sends the two as they are written. HTTP APIs, SAM and CloudFront refuse them (config-rejected); a Lambda
function URL, and other gateways, send back the origin that asks, and every website reads (origin-reflected-with-credentials).

## Who is hurt
Pages that send cookies.

## When it is fine
Where no credentials are needed: then Access-Control-Allow-Credentials is noise, and goes.

## How to fix
Name the origins that are meant; or leave credentials out. Sending back whatever Origin asks is no repair: that lets every website
read with the visitor's cookies.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a star and true", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always; # want "the browser refuses credentialed GET: . is not for requests with credentials"
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "stars in the lists too", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin * always; # want "the browser refuses credentialed GET and JSON POST"
        add_header Access-Control-Allow-Credentials true always;
        add_header Access-Control-Allow-Headers * always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "named", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "the default of cors, with credentials", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ credentials: true })); // want "the browser refuses credentialed PUT: \* is not for requests with credentials"
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "an origin", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', credentials: true }));
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
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
            Access-Control-Allow-Origin: {schema: {type: string, default: "*"}} # want "the browser refuses credentialed GET"
            Access-Control-Allow-Credentials: {schema: {type: boolean, default: true}}
    put: {responses: {"204": {description: changed}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example"}}
            Access-Control-Allow-Methods: {schema: {type: string, default: "GET, PUT"}}
            Access-Control-Allow-Credentials: {schema: {type: boolean, default: true}}
`},
		{Dialect: "apigateway", Name: "mapped for a REST API", Text: `openapi: 3.0.1
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
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'" # want "the browser refuses credentialed GET"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
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
              method.response.header.Access-Control-Allow-Origin: "'*'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
`},
		{Dialect: "apigateway", Name: "one origin", Text: `openapi: 3.0.1
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
		place := func(f *probe.Failure) source.Span {
			h, ok := failing(f)
			if !ok {
				return source.Span{}
			}
			return valueAt(h.Sources, "*")
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.WildcardOriginNotAllowed, browser.PreflightWildcardOriginNotAllowed), place) {
			f := finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, "* is not for requests with credentials"),
				Because: "Access-Control-Allow-Origin is *" + byDefault(g.Place) + " while " + allowsCredentials(g.Failures, g.Place) + "; nothing leaks, it just never works",
				Change:  "name the origins that are meant, or leave Access-Control-Allow-Credentials out", Related: credentialsMeant(g.Failures),
				Repairs: nameOrigins(g),
			}
			if !slices.ContainsFunc(g.Failures, func(f *probe.Failure) bool { return !namesAnother(f.Endpoint) }) {
				f.Confidence = finding.Low // credentials may be meant for those that are named alone
			}
			p.Report(Report{Failures: g.Failures, Finding: f, Claims: starsBehind(p, g.Failures)})
		}
	},
}

// byDefault says of a place that does not name the asterisk that it comes of itself.
func byDefault(place source.Span) string {
	if strings.Contains(place.Text(), "*") {
		return ""
	}
	return ", where no origin is given,"
}

// namesAnother reports whether an endpoint names the page that asks in another answer, for pages of some other host than the
// reader's own.
func namesAnother(e *probe.Endpoint) bool {
	return slices.ContainsFunc(readers(e), func(a *probe.Answer) bool { return !probe.IsLoopback(a.Origin) })
}

// starsBehind returns the keys of the checks of the same fetches that fail for an asterisk in a list: it is harmless when the
// credentials go, and unreachable as long as they stay.
func starsBehind(p *Pass, failures []*probe.Failure) []string {
	var keys []string
	for f := range Has(p.Failures(), browser.HeaderDisallowedByPreflightResponse, browser.MethodDisallowedByPreflightResponse) {
		if starWithCredentials(f) && slices.ContainsFunc(failures, func(g *probe.Failure) bool { return g.Probe == f.Probe }) {
			keys = append(keys, f.Key())
		}
	}
	return keys
}
