package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var routesInconsistent = &Rule{
	Name:     "routes-inconsistent",
	Title:    "one path allows other methods or headers than its siblings",
	Category: finding.Consistency,
	Severity: finding.Note,
	Since:    "0.1.0",
	Doc: `## What the browser does
It allows a request on one path and refuses the same one on another path of the same server.

## Who is hurt
Pages that call both, and whoever copies the configuration of the wrong one.

## When it is fine
Where the paths are meant to differ. corslint cannot know, so this is a note.

## How to fix
Write the headers once, in the server or in a file that all locations include.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "one of three", Text: `server {
    server_name api.shop.example;
    add_header Access-Control-Allow-Origin https://app.shop.example always;
    location /orders/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) { return 204; }
        proxy_pass http://orders:3000;
    }
    location /carts/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) { return 204; }
        proxy_pass http://carts:3000;
    }
    location /prices/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PATCH" always; # want "/prices/ allows other methods than the other paths"
        if ($request_method = OPTIONS) { return 204; }
        proxy_pass http://prices:3000;
    }
}
`},
		{Dialect: "nginx", Name: "all the same", Text: `server {
    server_name api.shop.example;
    location /orders/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
    location /carts/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://carts:3000;
    }
}
`},
		{Dialect: "express", Name: "one route with its own list", Text: `const express = require('express');
const cors = require('cors');
const app = express();
const shop = cors({ origin: 'https://app.shop.example', methods: ['GET', 'PUT'] });
const prices = cors({ origin: 'https://app.shop.example', methods: ['GET', 'PUT', 'PATCH'] }); // want "/prices allows other methods than the other paths"
app.options('/orders', shop).put('/orders', shop, (req, res) => res.json({}));
app.options('/customers', shop).put('/customers', shop, (req, res) => res.json({}));
app.options('/prices', prices).put('/prices', prices, (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "all alike", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', methods: ['GET', 'PUT'] }));
app.put('/orders', (req, res) => res.json({}));
app.put('/customers', (req, res) => res.json({}));
app.put('/prices', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "one path has a list of its own", Text: `-- serverless.yml --
service: shop
provider: {name: aws, runtime: nodejs22.x}
functions:
  orders:
    handler: src/orders.handler
    events:
      - http:
          method: put
          path: orders
          cors: {origin: https://app.shop.example, headers: [Content-Type]}
  carts:
    handler: src/carts.handler
    events:
      - http:
          method: put
          path: carts
          cors: {origin: https://app.shop.example, headers: [Content-Type, X-Trace]} # want "/carts allows other headers than the other paths of the server"
  invoices:
    handler: src/invoices.handler
    events:
      - http:
          method: put
          path: invoices
          cors: {origin: https://app.shop.example, headers: [Content-Type]}
`},
		{Dialect: "apigateway", Name: "one list", Text: `-- serverless.yml --
service: shop
provider: {name: aws, runtime: nodejs22.x}
functions:
  orders:
    handler: src/orders.handler
    events:
      - http:
          method: put
          path: orders
          cors: {origin: https://app.shop.example, headers: [Content-Type]}
  carts:
    handler: src/carts.handler
    events:
      - http:
          method: put
          path: carts
          cors: {origin: https://app.shop.example, headers: [Content-Type]}
  invoices:
    handler: src/invoices.handler
    events:
      - http:
          method: put
          path: invoices
          cors: {origin: https://app.shop.example, headers: [Content-Type]}
`},
		{Dialect: "openapi", Name: "documented with a list of its own", Text: `openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    put: {responses: {"204": {description: changed, headers: {Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}}}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}
            Access-Control-Allow-Methods: {schema: {type: string, default: PUT}}
            Access-Control-Allow-Headers: {schema: {type: string, default: "Content-Type"}}
  /carts:
    put: {responses: {"204": {description: changed, headers: {Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}}}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}
            Access-Control-Allow-Methods: {schema: {type: string, default: PUT}}
            Access-Control-Allow-Headers: {schema: {type: string, default: "Content-Type, X-Trace"}} # want "/carts allows other headers than the other paths of the server"
  /invoices:
    put: {responses: {"204": {description: changed, headers: {Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}}}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}
            Access-Control-Allow-Methods: {schema: {type: string, default: PUT}}
            Access-Control-Allow-Headers: {schema: {type: string, default: "Content-Type"}}
components: {headers: {Page: {schema: {type: string, default: "https://app.shop.example"}}}}
`},
		{Dialect: "openapi", Name: "documented with one list", Text: `openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders:
    put: {responses: {"204": {description: changed, headers: {Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}}}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}
            Access-Control-Allow-Methods: {schema: {type: string, default: PUT}}
            Access-Control-Allow-Headers: {schema: {type: string, default: "Content-Type"}}
  /carts:
    put: {responses: {"204": {description: changed, headers: {Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}}}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}
            Access-Control-Allow-Methods: {schema: {type: string, default: PUT}}
            Access-Control-Allow-Headers: {schema: {type: string, default: "Content-Type"}}
  /invoices:
    put: {responses: {"204": {description: changed, headers: {Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}}}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {$ref: "#/components/headers/Page"}
            Access-Control-Allow-Methods: {schema: {type: string, default: PUT}}
            Access-Control-Allow-Headers: {schema: {type: string, default: "Content-Type"}}
components: {headers: {Page: {schema: {type: string, default: "https://app.shop.example"}}}}
`},
	},
	Check: func(p *Pass) {
		for _, what := range [...]string{"Methods", "Headers"} {
			header := "Access-Control-Allow-" + what
			for _, odd := range oddOnes(p, header) {
				p.Report(Report{Finding: finding.Finding{
					Place: firstWord(odd.at), Message: fmt.Sprintf("%s allows other %s than the other paths of the server", odd.endpoint.Pattern, strings.ToLower(what)),
					Because: "the other paths agree with one another", Change: "write " + header + " once for all paths", Endpoints: []string{odd.endpoint.Name},
					Confidence: finding.Medium,
				}})
			}
		}
	},
}

// oddOne is an endpoint that writes a header otherwise than the rest of its layer.
type oddOne struct {
	endpoint *probe.Endpoint
	at       source.Span
}

// oddOnes returns the endpoints that alone have a list of their own in a header, where at least two others agree on one.
func oddOnes(p *Pass, header string) []oddOne {
	count := map[string]int{}
	lists := make([]string, len(p.Endpoints))
	for i, e := range p.Endpoints {
		if lines := e.Intent.Written[header]; len(lines) == 1 {
			lists[i] = sortedList(lines[0].Value.String())
			count[lists[i]]++
		}
	}
	if len(count) == 0 || slices.Max(slices.Collect(maps.Values(count))) < 2 {
		return nil
	}
	var out []oddOne
	for i, e := range p.Endpoints {
		if lists[i] != "" && count[lists[i]] == 1 {
			out = append(out, oddOne{e, e.Intent.Written[header][0].At})
		}
	}
	return out
}

// sortedList makes lists comparable whatever their order and case.
func sortedList(text string) string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		items = append(items, strings.ToLower(strings.TrimSpace(item)))
	}
	slices.Sort(items)
	return strings.Join(slices.Compact(items), ",")
}
