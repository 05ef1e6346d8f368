package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var headerNameTypo = &Rule{
	Name:     "header-name-typo",
	Title:    "a header name is misspelt, so that no browser reads it",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-methods-missing", "allow-headers-missing", "expose-headers-missing",
		"allow-credentials-missing", "allow-origin-missing-on-error", "preflight-unhandled", "preflight-actual-mismatch",
		"nginx-if-drops-headers", "nginx-headers-not-inherited"},
	Refs: []string{"https://fetch.spec.whatwg.org/#http-responses"},
	Doc: `## What the browser does
It reads the headers that it knows and none that look alike: Access-Control-Expose-Header, Access-Control-Allowed-Origins. A colon
in the configured name ends the name for the browser: Access-Control-Allow-Origin: with a colon has the value ": *".

## Who is hurt
Whoever needs what the header was meant to allow.

## When it is fine
Never.

## How to fix
Write the name as the standard does, without a colon.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a colon is part of the name", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin: https://app.shop.example always; # want "the browser refuses GET: it does not read Access-Control-Allow-Origin:"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "one list of two", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Method "GET, PUT" always; # want "the browser refuses PUT: it does not read Access-Control-Allow-Method"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a header of one's own", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Debug 1 always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a letter is missing", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Header X-Total always; # want "no browser reads Access-Control-Expose-Header"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "spelt right", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Headers X-Total always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "Allow-Header", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  res.set('Access-Control-Allow-Header', 'Content-Type, Authorization'); // want "the browser refuses GET with Authorization: it does not read Access-Control-Allow-Header"
  if (req.method === 'OPTIONS') return res.sendStatus(204);
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "Allow-Headers", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  res.set('Access-Control-Allow-Headers', 'Content-Type, Authorization');
  if (req.method === 'OPTIONS') return res.sendStatus(204);
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "one letter short", Text: `openapi: 3.0.1
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
            Access-Control-Allow-Header: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Header: "'Content-Type'" # want "no browser reads Access-Control-Allow-Header"
`},
		{Dialect: "apigateway", Name: "as browsers know it", Text: `openapi: 3.0.1
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
            Access-Control-Allow-Headers: {schema: {type: string}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'"
              method.response.header.Access-Control-Allow-Headers: "'Content-Type'"
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
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example"}}
    put: {responses: {"204": {description: changed}}}
    options:
      responses:
        "204":
          description: preflight
          headers:
            Access-Control-Allow-Origin: {schema: {type: string, default: "https://app.shop.example"}}
            Access-Control-Allow-Method: {schema: {type: string, default: "GET, PUT"}} # want "no browser reads Access-Control-Allow-Method"
`},
	},
	Check: func(p *Pass) {
		for _, name := range misspeltNames(p) {
			meant := probe.ProtocolHeader(name)
			for _, w := range writtenAt(p, name) {
				f := finding.Finding{
					Place: valueAt([]source.Span{w.at}, name), Message: short("no browser reads "+name, maxMessage), Endpoints: w.endpoints,
					Because: "the standard's name is " + meant, Change: "write " + meant,
				}
				f.Repairs = write(f.Place, name, meant)
				if strings.Contains(name, ":") {
					f.Because = "a name ends at its first colon, and what follows counts as part of the value"
				}
				failures := missed(p, meant, name, w.at)
				switch {
				case len(failures) > 0:
					f.Message = refuses(failures, "it does not read "+short(name, 40))
				case writesToo(p, meant, w.endpoints): // the right one is there as well
					f.Severity = finding.Note
				default: // what it was meant for does not happen, and no request is refused for it
					f.Severity = finding.Warning
				}
				p.Report(Report{Finding: f, Failures: failures})
			}
		}
	},
}

// misspeltNames returns the names that the layer writes and that were meant to be a header of the protocol, sorted.
func misspeltNames(p *Pass) []string {
	var names []string
	for _, e := range p.Endpoints {
		for name := range e.Intent.Written {
			if meant := probe.ProtocolHeader(name); meant != "" && meant != name {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// missed returns the failures for want of a header in answers that have it under another name, written at a place.
func missed(p *Pass, header, name string, at source.Span) []*probe.Failure {
	var out []*probe.Failure
	for f := range both(p.Failures(), p.CircumstanceFailures()) {
		there := slices.ContainsFunc(linesOf(f, name), func(h policy.Header) bool { return h.Sources[0] == at })
		if there && f.Header == header && len(linesOf(f, header)) == 0 {
			out = append(out, f)
		}
	}
	return out
}

// writesToo reports whether one of some endpoints writes a header under its right name.
func writesToo(p *Pass, header string, endpoints []string) bool {
	return slices.ContainsFunc(p.Endpoints, func(e *probe.Endpoint) bool {
		return len(e.Intent.Written[header]) > 0 && slices.Contains(endpoints, e.Name)
	})
}
