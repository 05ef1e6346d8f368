package rules

import (
	"net"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var originWildcardPrivate = &Rule{
	Name:     "origin-wildcard-private",
	Title:    "every page reads what is not for everybody",
	Category: finding.Security,
	Severity: finding.Warning,
	Since:    "0.2.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#basic-safe-cors-protocol-setup", "https://wicg.github.io/local-network-access/"},
	CWE:      []int{942},
	Doc: `## What the browser does
Access-Control-Allow-Origin: * hands the response to any page. The visitor's browser stands where no stranger does: on the
machine itself, behind the firewall, in the office. A page from anywhere asks it for http://localhost:9000 and reads the answer.

## Who is hurt
Whoever relies on an address that strangers cannot reach: the browser of somebody inside reaches it for them. Chromium asks that
person for permission first; others do not.

## When it is fine
For data that is public anyway. Where each request carries a token the page must have it already, and it is a note. Where a proxy
in front serves it under a public name, this address is nobody's.

## How to fix
Name the pages that call this service.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a loopback address", Text: `server {
    listen 127.0.0.1:9000;
    location /metrics {
        add_header Access-Control-Allow-Origin *; # want "any page that is open on this machine reads http://127.0.0.1:9000"
        proxy_pass http://exporter:9100;
    }
}
`},
		{Dialect: "nginx", Name: "an address of the office", Text: `server {
    listen 10.1.0.7:8080;
    server_name wiki.corp;
    location / {
        add_header Access-Control-Allow-Origin * always; # want "any page that is open in this network reads http://10.1.0.7:8080"
        proxy_pass http://wiki:3000;
    }
}
`},
		{Dialect: "openapi", Name: "an operation for those who are signed in", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin *;
            add_header Access-Control-Allow-Headers Authorization;
            return 204;
        }
        add_header Access-Control-Allow-Origin * always; # want "any page that gets hold of a token reads GET /orders"
        proxy_pass http://orders:3000;
    }
}
-- openapi.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers: [{url: https://api.shop.example}]
components: {securitySchemes: {token: {type: http, scheme: bearer}}}
paths:
  /orders:
    get:
      security: [token: []]
      responses: {"200": {description: orders}}
`},
		{Dialect: "apigateway", Name: "routes with an authorizer", Text: `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Users
        Authorizers:
          Users:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: {issuer: "https://login.shop.example", audience: [shop]}
      CorsConfiguration:
        AllowOrigins: ["*"] # want "any page that gets hold of a token reads"
        AllowMethods: [GET, PUT]
        AllowHeaders: [authorization, content-type]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: HttpApi, Properties: {Path: /orders, Method: get, ApiId: !Ref Api}}
`},
		{Dialect: "express", Name: "a route for those who are signed in", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: '*' })); // want "any page that gets hold of a token reads"
app.get('/orders', (req, res) => {
  if (!req.headers.authorization) return res.status(401).json({ error: 'log in' });
  res.json([]);
});
app.listen(3000);
`},
		{Dialect: "express", Name: "for everybody", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: '*' }));
app.get('/holidays', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "nginx", Name: "named pages, and a public name", Text: `server {
    listen 127.0.0.1:9000;
    location /metrics {
        add_header Access-Control-Allow-Origin https://dashboard.shop.example always;
        proxy_pass http://exporter:9100;
    }
}
server {
    listen 127.0.0.1:9001;
    server_name data.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always;
        proxy_pass http://data:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		p.privateAddress()
		p.privateOperations()
	},
}

// privateAddress reports where a layer that only browsers inside reach lets in every page without a token.
func (p *Pass) privateAddress() {
	at, ok := p.inside()
	if !ok {
		return
	}
	for _, s := range p.stars(false) {
		p.Report(Report{Proof: s.probe, Finding: finding.Finding{
			Place: s.place, Confidence: finding.Medium, Endpoints: s.endpoints,
			Message: short("any page that is open "+at.where+" reads "+at.url, maxMessage),
			Because: "no stranger reaches this address, but every page is let in, and the browser that shows one asks for it",
			Change:  "name the pages that call it in the place of the asterisk",
			Related: []finding.Related{{Span: at.span, Text: "listens " + at.where + " only"}},
		}})
	}
}

// privateOperations reports where every page is let in at operations that somebody has to sign in for.
func (p *Pass) privateOperations() {
	for _, s := range p.stars(true) {
		p.Report(Report{Proof: s.probe, Finding: finding.Finding{
			Severity: finding.Note, Place: s.place, Endpoints: s.endpoints, Evidence: s.evidence,
			Message: short("any page that gets hold of a token reads "+s.operation, maxMessage),
			Because: "every page is let in where each request proves who is asking",
			Change:  "name the pages that call it in the place of the asterisk",
		}})
	}
}

// star is a place that lets in every page with an asterisk.
type star struct {
	place     source.Span
	probe     *probe.Probe
	operation string
	evidence  string
	endpoints []string
}

// stars returns the places that let in every page, at endpoints that want a token, or at those that do not.
func (p *Pass) stars(guarded bool) []star {
	var out []star
	add := func(e *probe.Endpoint, w *probe.Probe, operation, evidence string) {
		h, ok := w.AllowOrigin()
		if value, known := h.Value.Known(); !ok || !known || value != "*" || h.Upstream || len(h.Sources) == 0 || w.Exchange.Verdict() == browser.Blocked {
			return
		}
		at := valueIn(h.Sources[0], h.Name)
		i := slices.IndexFunc(out, func(s star) bool { return s.place == at })
		if i < 0 {
			i = len(out)
			out = append(out, star{place: at, probe: w, operation: operation, evidence: evidence})
		}
		if !slices.Contains(out[i].endpoints, e.Name) {
			out[i].endpoints = append(out[i].endpoints, e.Name)
		}
	}
	for _, e := range p.Stated {
		for _, w := range e.Wanted {
			if n := w.Stated; n != nil && guarded == wantsToken(n) && w.Purpose != probe.Unencrypted {
				add(e, w, n.String(), w.Evidence())
			}
		}
	}
	for _, e := range p.Endpoints {
		fact, wants := p.fact(e, policy.FactNeedsAuthorization)
		if !wants {
			fact, wants = p.fact(e, policy.FactRequiresHeader)
		}
		for _, s := range e.Strangers {
			if s.Candidate.Bypass == probe.BypassAny && wants == guarded {
				add(e, s, e.Name, fact.Text)
			}
		}
	}
	return out
}

// wantsToken reports whether a request has to carry a header that proves who is asking.
func wantsToken(n *contract.Need) bool {
	return len(n.Auth) > 0 && !slices.ContainsFunc(n.Auth, func(way contract.Auth) bool { return len(way.Headers) == 0 })
}

// insider is an address that strangers do not reach.
type insider struct {
	where, url string
	span       source.Span
}

// inside returns where browsers must stand to reach a layer, when they cannot stand just anywhere. A layer with a public name has
// somebody in front of it; and on a machine that serves the public as well nobody opens a page.
func (p *Pass) inside() (out insider, ok bool) {
	if p.Public || len(p.Layer.Listeners) == 0 {
		return insider{}, false
	}
	loopback := false
	for _, l := range p.Layer.Listeners {
		address := net.ParseIP(l.Address)
		switch own := l.Address == "localhost" || address != nil && address.IsLoopback(); {
		case named(l):
			return insider{}, false
		case own:
			loopback = true
			out = insider{"on this machine", urlOf(l), l.Span}
		case address != nil && address.IsPrivate():
			out = insider{"in this network", urlOf(l), l.Span}
		default:
			return insider{}, false
		}
	}
	public := func(other *policy.Layer) bool {
		return slices.ContainsFunc(other.Listeners, func(l policy.Listener) bool { return l.Address == "" || named(l) })
	}
	return out, !loopback || !slices.ContainsFunc(p.Host.Layers, public)
}

// named reports whether a listener has a name that means something everywhere.
func named(l policy.Listener) bool {
	return slices.ContainsFunc(l.Hosts, func(h policy.HostPattern) bool {
		return h.Kind != policy.HostExact || contract.Server{Host: h.Text}.Public()
	})
}

// urlOf is the URL of a listener's own address.
func urlOf(l policy.Listener) string {
	at := contract.Server{Scheme: l.Scheme, Host: strings.ToLower(l.Address), Port: l.Port}
	return at.Scheme + "://" + at.Authority()
}
