package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var originInsecureHTTP = &Rule{
	Name:     "origin-insecure-http",
	Aliases:  []string{"insecure-http-origin"},
	Title:    "an origin without TLS reads responses that are sent over TLS",
	Category: finding.Security,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://portswigger.net/web-security/cors", "https://fetch.spec.whatwg.org/#http-cors-protocol"},
	CWE:      []int{319, 346, 942},
	Doc: `## What the browser does
It hands the response to a page of http://app.shop.example. Whoever is on the visitor's network can write that page: it
comes without TLS, and any http link or redirect makes the browser ask for it.

## Who is hurt
Visitors who are signed in, on a network that somebody else controls: what travels over TLS is read through the page
that does not.

## When it is fine
For pages on the visitor's own machine, without credentials, and where the server itself is reached without TLS only:
corslint reports none of these. With Strict-Transport-Security and includeSubDomains, preloaded, browsers load no such page.

## How to fix
Let in https:// only, and serve the page over https.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "http beside https", Text: `map $http_origin $cors_origin {
    default "";
    "~^https?://app\.shop\.example$" $http_origin; # want "whoever is on the network reads with the visitor's cookies, as http://app.shop.example"
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "https only", Text: `map $http_origin $cors_origin {
    default "";
    "~^https://app\.shop\.example$" $http_origin;
    http://localhost:3000 $http_origin;
}
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "http in a list", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'http://app.shop.example'], credentials: true })); // want "whoever is on the network reads with the visitor's cookies, as http://app.shop.example"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "https, and http on the developer's own machine", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'http://localhost:3000'], credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "http with credentials", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["http://app.shop.example"] # want "whoever is on the network reads with the visitor's cookies, as http://app.shop.example"
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
        AllowCredentials: true
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "https", Text: `Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ["https://app.shop.example"]
        AllowMethods: [GET, PUT]
        AllowHeaders: [content-type]
        AllowCredentials: true
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /orders}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: PUT, Path: /orders}}
`},
	},
	Check: func(p *Pass) {
		if !p.meansTLS() {
			return
		}
		for _, g := range groupStrangers(p.lets(probe.BypassHTTP)) {
			if !g.credentials() {
				continue
			}
			g.report(p, finding.Finding{
				Severity: finding.Warning,
				Message:  "whoever is on the network reads with the visitor's cookies, as " + short(g.origin(), maxMessage-63),
				Because:  "a page without TLS can be rewritten on its way; its origin passes the check",
				Change:   "let in https:// only",
				Repairs:  g.overTLS(),
			})
		}
	},
}

// meansTLS reports whether the layer is reached over TLS, as far as it shows: it listens with TLS, or lets in https pages,
// which cannot ask without.
func (p *Pass) meansTLS() bool {
	return slices.ContainsFunc(p.Layer.Listeners, func(l policy.Listener) bool { return l.Scheme == "https" }) ||
		slices.ContainsFunc(p.Meanings, func(m probe.Meaning) bool { return strings.HasPrefix(m.Origin, "https:") })
}
