package rules

import (
	"net/http"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var allowHeadersReflected = &Rule{
	Name:     "allow-headers-reflected",
	Aliases:  []string{"headers-reflected-credentials"},
	Title:    "whatever request headers are asked for are allowed, with credentials",
	Category: finding.Security,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	CWE:      []int{942},
	Doc: `## What the browser does
It allows every request header that a page asks for: the list is the question sent back.

## Who is hurt
Nobody by itself. Headers that only the own pages were to send are not protected.

## When it is fine
Where the server treats no request header as a proof of where a request comes from.

## How to fix
List the headers that pages send.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "sent back", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers $http_access_control_request_headers always; # want "every request header that a page asks for is allowed"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "listed", Text: `server {
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
		{Dialect: "express", Name: "the default of cors, with credentials", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', credentials: true })); // want "every request header that a page asks for is allowed, with credentials"
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "a list", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', credentials: true, allowedHeaders: ['Content-Type'] }));
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "a template sends them back", Text: `openapi: 3.0.1
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
            Access-Control-Allow-Headers: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Credentials: "'true'"
              method.response.header.Access-Control-Allow-Headers: "'Content-Type'" # want "every request header that a page asks for is allowed, with credentials"
            responseTemplates:
              application/json: |
                #set($context.responseOverride.header.Access-Control-Allow-Headers = $input.params().header.get("Access-Control-Request-Headers"))
`},
		{Dialect: "apigateway", Name: "a list", Text: `openapi: 3.0.1
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
            Access-Control-Allow-Headers: {schema: {type: string}}
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
              method.response.header.Access-Control-Allow-Headers: "'Content-Type'"
              method.response.header.Access-Control-Allow-Methods: "'PUT'"
`},
	},
	Check: func(p *Pass) {
		for _, e := range p.Endpoints {
			if !e.WithCredentials() {
				continue
			}
			for i := range e.Answers {
				a := &e.Answers[i]
				h, ok := a.Outcome.Get("Access-Control-Allow-Headers")
				if text, known := h.Value.Known(); a.Method != http.MethodOptions || !ok || h.Upstream || len(h.Sources) == 0 || !known || text != probe.AskedHeaders {
					continue
				}
				p.Report(Report{Finding: finding.Finding{
					Place: valueIn(h.Sources[0], h.Name), Message: "every request header that a page asks for is allowed, with credentials",
					Because: "the list is the question sent back", Change: "list the headers that pages send", Endpoints: []string{e.Name},
				}})
				break
			}
		}
	},
}
