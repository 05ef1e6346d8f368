package rules

import (
	"iter"
	"regexp"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var originRegexUnanchored = &Rule{
	Name:     "origin-regex-unanchored",
	Title:    "an expression for allowed origins leaves open where the host begins or ends",
	Category: finding.Security,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"origin-insecure-http", "origin-any-subdomain"},
	Refs: []string{"https://portswigger.net/web-security/cors", "https://nginx.org/en/docs/http/ngx_http_map_module.html#map",
		"https://publicsuffix.org/"},
	CWE: []int{346, 625, 777, 942},
	Doc: `## What the browser does
It hands the response to the page of a stranger: the expression finds what it looks for inside the stranger's origin, and
the server names that origin in Access-Control-Allow-Origin. With Access-Control-Allow-Credentials the visitor's cookies
were sent along.

## Who is hurt
Visitors who are signed in and open the stranger's page: it reads what they can read. corslint prints an origin that passes.
Its host is a name that somebody can register, by the public suffix list, and the fetch was simulated end to end.

## When it is fine
Without credentials, when the responses are public anyway: then it is a note. Cookies go along where they are
SameSite=None, with HTTP authentication, or when the stranger's host is on the same site.

## How to fix
Begin with ^https:// and end with $, and let a wildcard stand for labels only: ^https://([a-z0-9-]+\.)?shop\.example$
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "no end", Text: `map $http_origin $partner_origin {
    default "";
    "~^https://(www|app)\.partner\.example" $http_origin; # want "https://www.partner.example.attacker.example passes the origin check and reads with the visitor's cookies"
}
server {
    server_name partners.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin $partner_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://partners:8080;
    }
}
`},
		{Dialect: "nginx", Name: "no beginning", Text: `server {
    server_name api.shop.example;
    location / {
        if ($http_origin ~* "shop\.example$") { # want "https://attackershop.example passes the origin check"
            add_header Access-Control-Allow-Origin $http_origin always;
            add_header Access-Control-Allow-Credentials true always;
        }
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "bound at both ends", Text: `map $http_origin $partner_origin {
    default "";
    "~^https://(www|app)\.partner\.example$" $http_origin;
}
server {
    server_name partners.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin $partner_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Vary Origin always;
        proxy_pass http://partners:8080;
    }
}
`},
		{Dialect: "express", Name: "no end", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: /^https:\/\/app\.shop\.example/, credentials: true })); // want "."
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "both ends", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: /^https:\/\/app\.shop\.example$/, credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "an asterisk at the end", Text: `Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules:
          - AllowedOrigins: ["https://app.shop.example*"] # want "https://app.shop.example.attacker.example passes the origin check and reads the responses"
            AllowedMethods: [GET]
`},
		{Dialect: "apigateway", Name: "without it", Text: `Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules:
          - AllowedOrigins: ["https://app.shop.example"]
            AllowedMethods: [GET]
`},
	},
	Check: func(p *Pass) {
		for _, g := range groupStrangers(p.openEnds()) {
			of := g.first().of
			open, change := "ends", "end the expression with $"
			if g.has(probe.BypassPrefix) {
				open, change = "begins", `begin the expression with ^https:// and let only whole labels stand before the name: ^https://([a-z0-9-]+\.)?`
				if g.has(probe.BypassSuffix) {
					open, change = "begins and ends", "bind the expression at both ends: ^https:// in front, only whole labels before the name, $ at the end"
				}
			} else if expression := bound(of, g.first().Candidate.Meant); expression != "" {
				change += ": " + short(expression, 120)
			}
			if of.Dialect == policy.JavaScript {
				change = strings.ReplaceAll(change, "//", `\/\/`) // a slash ends a literal
			}
			because := "nothing marks where the host " + open
			if isGlob(of) {
				because, change = "the asterisk stands for any text, also for what belongs to the host", "write the whole host, with an asterisk only before a dot"
			}
			g.report(p, finding.Finding{Severity: g.severity(), Message: g.reads(), Because: because, Change: change, Repairs: g.bind()})
		}
	},
}

// openEnds yields the strangers who pass an expression because of where it begins or ends, not because a dot of it takes any
// character.
func (p *Pass) openEnds() iter.Seq[letIn] {
	return func(yield func(letIn) bool) {
		for l := range p.lets(probe.BypassSuffix, probe.BypassPrefix) {
			if l.of.Kind != policy.MentionPattern {
				continue
			}
			if strict := escaped(l.of); probe.Accepts(&strict, l.Candidate.Meant) && !probe.Accepts(&strict, l.Candidate.Origin) {
				continue
			}
			if !yield(l) {
				return
			}
		}
	}
}

// isGlob reports whether an expression is written as a text in which an asterisk stands for any other.
func isGlob(m *policy.Mention) bool {
	text := m.Span.Text()
	return strings.Contains(text, "*") && !strings.Contains(text, m.Text) && regexp.QuoteMeta(strings.ReplaceAll(text, "*", "")) ==
		strings.ReplaceAll(strings.Trim(m.Text, "^$"), ".*", "")
}
