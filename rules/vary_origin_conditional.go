package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var varyOriginConditional = &Rule{
	Name:     "vary-origin-conditional",
	Title:    "only responses that let somebody in say that they depend on Origin",
	Category: finding.Caching,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches", "https://github.com/expressjs/cors/issues/106"},
	Doc: `## What the browser does
It stores the response to a request without Origin, or from a page that is not let in. That copy has neither
Access-Control-Allow-Origin nor Vary, so it counts for every later request of the URL, and the browser refuses it to the
page that is let in.

## Who is hurt
The pages that are let in, after an image, a visit, a health check or another site has filled the cache. It fails for some
visitors, for as long as the copy is fresh.

## When it is fine
Where no cache stores the response that lets nobody in: Cache-Control: no-store.

## How to fix
Send Vary: Origin with every response of the endpoint, outside of the condition.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "in the if", Text: `server {
    server_name api.shop.example;
    location / {
        if ($http_origin ~ "^https://(www|app)\.shop\.example$") {
            add_header Access-Control-Allow-Origin $http_origin always;
            add_header Vary Origin always; # want "https://www.shop.example gets a copy stored for another request, without permission, and is refused"
        }
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "on every response", Text: `map $http_origin $cors_origin {
    default "";
    "~^https://(www|app)\.shop\.example$" $http_origin;
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "only when somebody is let in", Text: `const express = require('express');
const app = express();
const allowed = ['https://app.shop.example', 'https://www.shop.example'];
app.use((req, res, next) => {
  if (allowed.includes(req.headers.origin)) {
    res.set('Access-Control-Allow-Origin', req.headers.origin);
    res.vary('Origin'); // want "."
  }
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "always", Text: `const express = require('express');
const app = express();
const allowed = ['https://app.shop.example', 'https://www.shop.example'];
app.use((req, res, next) => {
  res.vary('Origin');
  if (allowed.includes(req.headers.origin)) res.set('Access-Control-Allow-Origin', req.headers.origin);
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "always", Text: `openapi: 3.0.1
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
		{Dialect: "apigateway", Name: "for one page alone", Text: `openapi: 3.0.1
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
            responseTemplates:
              application/json: |
                #set($origin = $input.params().header.get("origin"))
                #if($origin == "https://admin.shop.example")
                #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
                #set($context.responseOverride.header.Vary = "Origin") ## want "https://admin.shop.example gets a copy stored for another request, without permission, and is refused"
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
	},
	Check: func(p *Pass) {
		conditional := func(stored, fresh *policy.Outcome) bool { return saysItVaries(fresh) && !saysItVaries(stored) }
		reportConfusions(p, conditional, func(c confusion) finding.Finding {
			place := c.allowOriginPlace()
			var repairs []repair.Repair
			if h, ok := varyHeader(&c.fresh.Outcome); ok {
				place = valueIn(h, "Vary")
				repairs = append(one("send it always", repair.SetValue{At: h, Value: "Origin"}),
					one("send it outside of the condition", repair.SetHeader{Beside: h, Name: "Vary", Value: "Origin", Outside: true})...)
			}
			return finding.Finding{
				Place: place, Repairs: repairs,
				Message: short(c.victim, maxMessage-75) + " gets a copy stored for another request, without permission, and is refused",
				Because: "only responses that let somebody in say that they depend on Origin; " + c.without() + " is sent one that does not",
				Change:  "send Vary: Origin with every response of the endpoint, outside of the condition",
			}
		})
	},
}

// without says whose request is answered without Vary.
func (c confusion) without() string {
	if c.stored.Origin == "" {
		return "a request without Origin"
	}
	return short(c.stored.Origin, 60)
}

// varyHeader returns the place of the Vary that names Origin.
func varyHeader(o *policy.Outcome) (source.Span, bool) {
	for _, h := range o.Headers {
		if strings.EqualFold(h.Name, "Vary") && len(h.Sources) > 0 && strings.Contains(strings.ToLower(h.Value.String()), "origin") {
			return h.Sources[0], true
		}
	}
	return source.Span{}, false
}
