package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var allowOriginMultipleValues = &Rule{
	Name:     "allow-origin-multiple-values",
	Aliases:  []string{"acao-multiple-values"},
	Title:    "Access-Control-Allow-Origin lists several origins",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-not-allowed", "header-value-quoted"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
The header holds one origin or "*". A list, however written, is compared with the page's origin as a whole and never equals it.

## Who is hurt
All pages that the list names.

## When it is fine
Never.

## How to fix
Choose the one origin that asks: a map of the Origin request header, and Vary: Origin.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a list", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin "https://app.shop.example, https://admin.shop.example" always; # want "the browser refuses GET: Access-Control-Allow-Origin holds several origins"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "an array", Text: `map $host $origins {
    default '["https://app.shop.example", "https://admin.shop.example"]'; # want "the browser refuses GET: Access-Control-Allow-Origin holds several origins"
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $origins always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a map", Text: `map $http_origin $cors {
    default "";
    https://app.shop.example $http_origin;
    https://admin.shop.example $http_origin;
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $cors always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "a list in one text", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example, https://admin.shop.example' })); // want "the browser refuses GET: Access-Control-Allow-Origin holds several origins"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "an array of cors", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://admin.shop.example'] }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "two in one literal", Text: `openapi: 3.0.1
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
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example,https://admin.shop.example'" # want "the browser refuses GET: Access-Control-Allow-Origin holds several origins"
    options:
      responses: {"200": {description: preflight, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example,https://admin.shop.example'"
`},
		{Dialect: "apigateway", Name: "a template chooses", Text: `openapi: 3.0.1
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
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Vary: "'Origin'"
            responseTemplates:
              application/json: |
                #set($origin = $input.params().header.get("origin"))
                #if($origin == "https://admin.shop.example")
                #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
                #end
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
		{Dialect: "openapi", Name: "documented as a list", Text: `openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example, https://admin.shop.example"}} # want "the browser refuses GET: Access-Control-Allow-Origin holds several origins"
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
		several := func(f *probe.Failure) source.Span {
			lines := linesOf(f, "Access-Control-Allow-Origin")
			if len(lines) != 1 {
				return source.Span{}
			}
			text, known := lines[0].Value.Known()
			if origins := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t,;|", r) }); !known || len(origins) < 2 {
				return source.Span{}
			}
			return valueAt(lines[0].Sources, text)
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.MultipleAllowOriginValues, browser.PreflightMultipleAllowOriginValues,
			browser.InvalidAllowOriginValue, browser.PreflightInvalidAllowOriginValue, browser.AllowOriginMismatch, browser.PreflightAllowOriginMismatch), several) {
			change := "send the one origin that asks, chosen from the list, and Vary: Origin"
			if h, _ := failing(g.Failures[0]); strings.HasPrefix(h.Sources[0].Text(), "origin:") {
				change = "write an array, of which the package sends back the one that asks"
			}
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, "Access-Control-Allow-Origin holds several origins"),
				Because: "the header is compared as a whole, and '" + short(g.Failures[0].Value, 60) + "' is no page's origin",
				Change:  change, Repairs: chooseOrigin(g.Failures[0]),
			}})
		}
	},
}
