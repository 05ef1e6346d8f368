package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var allowMethodsCase = &Rule{
	Name:     "allow-methods-case",
	Title:    "a method is allowed in another case than it is sent",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-methods-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#concept-method-normalize"},
	Doc: `## What the browser does
It compares methods letter by letter. It writes DELETE, GET, HEAD, OPTIONS, POST and PUT in upper case, whatever the page wrote, and
nothing else: "put" in the list allows nothing.

## Who is hurt
Pages that use the method: the list seems to have it.

## When it is fine
For a method of one's own that pages write in the same way, such as "patch": browsers send it as it is written.

## How to fix
Write methods in upper case, in the list and in the page.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "lower case", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "get, put, delete" always; # want "the browser refuses PUT and DELETE: the list has them as put and delete"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "upper case", Text: `server {
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
		{Dialect: "express", Name: "patch as an option", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', methods: ['get', 'patch'] })); // want "the browser refuses PATCH: the list has it as patch"
app.patch('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "PATCH as an option", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', methods: ['GET', 'PATCH'] }));
app.patch('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "openapi", Name: "documented in another case", Text: `openapi: 3.0.3
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
            Access-Control-Allow-Methods: {schema: {type: string, default: "GET, put"}} # want "the browser refuses PUT: the list has it as put"
`},
		{Dialect: "apigateway", Name: "as events write them", Text: `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Cors:
        AllowOrigin: "'https://app.shop.example'"
        AllowMethods: "'get,patch'" # want "the browser refuses PATCH and JSON PATCH: the list has it as patch"
        AllowHeaders: "'Content-Type'"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: /orders}}
        Patch: {Type: Api, Properties: {RestApiId: !Ref Api, Method: patch, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "in upper case", Text: `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Cors:
        AllowOrigin: "'https://app.shop.example'"
        AllowMethods: "'GET,PATCH'"
        AllowHeaders: "'Content-Type'"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: /orders}}
        Patch: {Type: Api, Properties: {RestApiId: !Ref Api, Method: patch, Path: /orders}}
`},
	},
	Check: func(p *Pass) {
		other := func(f *probe.Failure) source.Span {
			h, ok := failing(f)
			if _, differs := inAnotherCase(f); !ok || !differs {
				return source.Span{}
			}
			return h.Sources[0]
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.MethodDisallowedByPreflightResponse), other) {
			var items []string
			for _, f := range g.Failures {
				if item, _ := inAnotherCase(f); !slices.Contains(items, item) {
					items = append(items, item)
				}
			}
			pronoun := "it"
			if len(items) > 1 {
				pronoun = "them"
			}
			h, _ := failing(g.Failures[0])
			var steps []repair.Step
			for _, item := range items {
				if at := valueAt(h.Sources, item); at.Text() == item {
					steps = append(steps, repair.Replace{At: at, Text: strings.ToUpper(item)})
				}
			}
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: valueAt(h.Sources, items[0]), Message: refuses(g.Failures, "the list has "+pronoun+" as "+listed(items, 4)),
				Because: "methods are compared letter by letter", Change: "write " + listed(namesOf(g.Failures), 8) + " in upper case",
				Repairs: one("write "+listed(namesOf(g.Failures), 4), steps...),
			}})
		}
	},
}
