package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var allowCredentialsInvalid = &Rule{
	Name:     "allow-credentials-invalid",
	Aliases:  []string{"credentials-invalid-value"},
	Title:    "Allow-Credentials has another value than true",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-credentials-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It compares Access-Control-Allow-Credentials with the four letters true. "True", "1", "yes" and two lines of true all count as
not allowed.

## Who is hurt
Pages that send cookies: every credentialed request is refused.

## When it is fine
"false" is noise: leaving the header out says the same.

## How to fix
Write true, in lower case, once.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "upper case", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials True always; # want "the browser refuses credentialed GET: it takes 'True' for no"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a word that means yes elsewhere", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials 1 always; # want "the browser refuses credentialed GET: it takes '1' for no"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "sent twice", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Access-Control-Allow-Credentials true always; # want "the browser refuses credentialed GET: it takes 'true, true' for no"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a no that says so", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials false always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "as it is compared", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "True", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  res.set('Access-Control-Allow-Credentials', 'True'); // want "the browser refuses credentialed GET: it takes 'True' for no"
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "the option of cors", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "written as a language prints it", Text: `openapi: 3.0.1
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
              method.response.header.Access-Control-Allow-Credentials: "'True'" # want "the browser refuses credentialed GET: it takes 'True' for no"
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
		{Dialect: "apigateway", Name: "in lower case", Text: `openapi: 3.0.1
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
		// Of several lines the second is the one too many: what one line says is another matter.
		invalid := func(f *probe.Failure) source.Span {
			switch lines := linesOf(f, f.Header); {
			case len(lines) > 1:
				return firstWord(lines[1].Sources[0])
			case len(lines) == 1 && strings.TrimSpace(f.Value) != "":
				return valueAt(lines[0].Sources, f.Value)
			}
			return source.Span{}
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.InvalidAllowCredentials, browser.PreflightInvalidAllowCredentials), invalid) {
			f := finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, "it takes '"+short(g.Failures[0].Value, 30)+"' for no"),
				Because: "only true, in lower case and in one line, allows credentials", Change: "write true",
				Repairs: write(g.Place, g.Failures[0].Value, "true"),
			}
			if lines := linesOf(g.Failures[0], g.Failures[0].Header); len(lines) > 1 {
				f.Because = "this line is sent beside " + line(lines[0].Sources[0], g.Place) + ", and several lines are read as one value"
				f.Change = "keep one of the lines"
				f.Repairs = one("remove this line", repair.Remove{At: g.Place})
				f.Related = []finding.Related{{Span: firstWord(lines[0].Sources[0]), Text: "the other line"}}
			}
			p.Report(Report{Failures: g.Failures, Finding: f})
		}
	},
}
