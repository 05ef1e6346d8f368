package rules

import (
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var maxAgeIneffective = &Rule{
	Name:     "max-age-ineffective",
	Title:    "Access-Control-Max-Age has another effect than it says",
	Category: finding.Caching,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#http-access-control-max-age"},
	Doc: `## What the browser does
It keeps the answer to a preflight for so many seconds, at most 7200 in Chromium, 86400 in Firefox and 600 in Safari. A value that is no
whole number counts as none: 5 seconds in Chromium, 0 elsewhere. 0 and negative values switch the cache off.

## Who is hurt
Nobody is refused; every request may wait for a preflight of its own.

## When it is fine
A longer time than a browser keeps is harmless.

## How to fix
Write a whole number of seconds: 7200.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "with a unit", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Max-Age 1h always; # want "no browser understands the time 1h"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "two lines", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Max-Age 600 always;
        add_header Access-Control-Max-Age 600 always; # want "no browser understands the time 600, 600"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "in seconds", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Max-Age 7200 always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "a time with a unit", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', maxAge: '1d' })); // want "no browser understands the time 1d"
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "seconds", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', maxAge: 7200 }));
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "longer than any browser", Text: `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Cors:
        AllowOrigin: "'https://app.shop.example'"
        AllowMethods: "'GET,PUT'"
        MaxAge: "'1728000'" # want "no browser keeps a preflight as long as it says"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: /orders}}
        Put: {Type: Api, Properties: {RestApiId: !Ref Api, Method: put, Path: /orders}}
`},
		{Dialect: "apigateway", Name: "two hours", Text: `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Cors:
        AllowOrigin: "'https://app.shop.example'"
        AllowMethods: "'GET,PUT'"
        MaxAge: "'7200'"
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: /orders}}
        Put: {Type: Api, Properties: {RestApiId: !Ref Api, Method: put, Path: /orders}}
`},
	},
	Check: func(p *Pass) {
		for _, m := range maxAges(p) {
			f := finding.Finding{Place: m.place, Endpoints: m.endpoints, Change: "write a whole number of seconds: 7200"}
			age := browser.ParseMaxAge(browser.Chromium, m.value, true)
			switch {
			case age.Unparsable:
				f.Severity, f.Message = finding.Warning, short("no browser understands the time "+m.value, maxMessage)
				f.Because = "it is no whole number: Chromium keeps the answer to a preflight for 5 seconds, Firefox and Safari not at all"
			case age.Seconds == 0:
				f.Severity, f.Message, f.Because = finding.Note, "every request that needs a preflight waits for one of its own", "the time is "+m.value
			case browser.ParseMaxAge(browser.Firefox, m.value, true).Capped: // its limit is the highest
				f.Severity, f.Message = finding.Note, "no browser keeps a preflight as long as it says"
				f.Because = "Chromium keeps it for 7200 seconds, Firefox for 86400, Safari for 600"
			default:
				continue
			}
			f.Repairs = write(m.place, m.value, "7200")
			p.Report(Report{Finding: f})
		}
	},
}

// maxAge is a time as the answers to preflights say it.
type maxAge struct {
	place     source.Span
	value     string // of several lines joined, as browsers do
	endpoints []string
}

// maxAges returns the times in answers to preflights, those that are known; in other responses no browser reads them.
func maxAges(p *Pass) []maxAge {
	var out []maxAge
	for _, e := range p.Endpoints {
		for i := range e.Answers {
			m, ok := maxAgeOf(&e.Answers[i])
			if !ok {
				continue
			}
			at := slices.IndexFunc(out, func(x maxAge) bool { return x.place == m.place && x.value == m.value })
			if at < 0 {
				at = len(out)
				out = append(out, m)
			}
			if !slices.Contains(out[at].endpoints, e.Name) {
				out[at].endpoints = append(out[at].endpoints, e.Name)
			}
		}
	}
	return out
}

func maxAgeOf(a *probe.Answer) (maxAge, bool) {
	var values []string
	var m maxAge
	for _, h := range a.Outcome.Headers {
		if !strings.EqualFold(h.Name, "Access-Control-Max-Age") {
			continue
		}
		text, known := h.Value.Known()
		if !known || h.Upstream || len(h.Sources) == 0 {
			return maxAge{}, false
		}
		values = append(values, text)
		m.place = valueAt(h.Sources, text)
	}
	m.value = strings.Join(values, ", ")
	return m, a.Method == http.MethodOptions && len(values) > 0
}
