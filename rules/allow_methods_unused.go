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

var allowMethodsUnused = &Rule{
	Name:     "allow-methods-unused",
	Title:    "a list of methods names one that no route takes",
	Category: finding.Security,
	Severity: finding.Note,
	Since:    "0.2.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#http-access-control-allow-methods"},
	Doc: `## What the browser does
It sends the request after the preflight, since the list allows it, and gets 404 or 405.

## Who is hurt
Nobody today. Whoever adds a route for the method later opens it to pages of other origins without deciding that.

## When it is fine
Where the list is one for several services, or a route is about to come.

## How to fix
List the methods that the routes have.
`,
	Examples: []Example{
		{Dialect: "express", Name: "a list for everything", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', methods: ['GET', 'PUT', 'PATCH', 'DELETE'] })); // want "no route takes PATCH and DELETE"
app.get('/orders', (req, res) => res.json([]));
app.put('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "what the routes have", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', methods: ['GET', 'HEAD', 'PUT', 'OPTIONS'] }));
app.get('/orders', (req, res) => res.json([]));
app.put('/orders/:id', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "what a package lists by itself", Text: `const express = require('express');
const app = express();
app.use(require('cors')({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "routes that are not known", Text: `const express = require('express');
const app = express();
app.use(require('cors')({ origin: 'https://app.shop.example', methods: ['GET', 'DELETE'] }));
app.get('/orders', (req, res) => res.json([]));
app.use('/admin', require('@shop/admin-routes'));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "more than the resource has", Text: `openapi: 3.0.1
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
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
    options:
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
              method.response.header.Access-Control-Allow-Methods: "'GET,DELETE'" # want "no route takes DELETE, which Access-Control-Allow-Methods lists"
`},
		{Dialect: "apigateway", Name: "what the resource has", Text: `openapi: 3.0.1
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
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
    options:
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
	},
	Check: func(p *Pass) {
		if _, hidden := p.layerFact(policy.FactHidesRoutes); hidden || len(p.Host.Gaps) > 0 || len(p.Endpoints) < p.Total || slices.ContainsFunc(p.Endpoints, hidesRoutes) {
			return // there may be a route that nobody here sees
		}
		for _, w := range writtenAt(p, "Access-Control-Allow-Methods") {
			takes := func(method string) bool {
				return slices.ContainsFunc(p.Endpoints, func(e *probe.Endpoint) bool {
					return slices.Contains(w.endpoints, e.Name) && (slices.Contains(e.Methods, method) || method == "HEAD" && slices.Contains(e.Methods, "GET"))
				})
			}
			var items []string
			var places []source.Span
			for item := range strings.SplitSeq(w.value, ",") {
				item = strings.TrimSpace(item)
				at, written := wordIn(w.at, item) // else a package lists it by itself
				method := strings.ToUpper(item)
				if written && isMethod(method) && method != "OPTIONS" && !browser.IsForbiddenMethod(method) && !takes(method) && !slices.Contains(items, item) {
					items, places = append(items, item), append(places, at)
				}
			}
			if len(items) == 0 {
				continue
			}
			var related []finding.Related
			for _, at := range places[1:] {
				related = append(related, finding.Related{Span: at, Text: "this one too"})
			}
			p.Report(Report{Finding: finding.Finding{
				Place: places[0], Message: short("no route takes "+listed(items, 4)+", which Access-Control-Allow-Methods lists", maxMessage), Endpoints: w.endpoints,
				Because: "what has no route today is open to other origins as soon as it has one",
				Change:  "take " + listed(items, 12) + " out of the list", Related: related,
			}})
		}
	},
}

// isMethod reports whether a word is one of the methods that routes are registered for.
func isMethod(word string) bool {
	return slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, word)
}

// hidesRoutes reports whether not all of what an endpoint does is known: it takes any method, or somebody unknown may answer.
func hidesRoutes(e *probe.Endpoint) bool {
	return len(e.Methods) == 0 || slices.ContainsFunc(e.Answers, func(a probe.Answer) bool {
		return a.Outcome.Open != nil || a.Outcome.Upstream != nil || slices.ContainsFunc(a.Outcome.Assuming, func(x policy.Assumption) bool {
			return x.Kind == policy.UnknownModule || x.Kind == policy.UnknownPasses
		})
	})
}
