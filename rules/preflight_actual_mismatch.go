package rules

import (
	"iter"
	"maps"
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var preflightActualMismatch = &Rule{
	Name:     "preflight-actual-mismatch",
	Title:    "the preflight allows what the response then does not",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "allow-origin-missing-on-error"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
The preflight passes, the request is sent, the server does its work, and then the browser refuses the response: a header that the
preflight had is not in it.

## Who is hurt
The page, which sees a failure after the order was placed, and whoever places it a second time.

## When it is fine
Never: one of the two answers is wrong.

## How to fix
Send Access-Control-Allow-Origin and Access-Control-Allow-Credentials with the response as with the preflight.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "only OPTIONS has the headers", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin https://app.shop.example always; # want "the browser refuses GET and PUT: only the preflight has Access-Control-Allow-Origin"
            add_header Access-Control-Allow-Methods "GET, PUT" always;
            return 204;
        }
        return 200 done;
    }
}
`},
		{Dialect: "nginx", Name: "both have them", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) {
            return 204;
        }
        return 200 done;
    }
}
`},
		{Dialect: "express", Name: "headers on OPTIONS alone", Text: `const express = require('express');
const app = express();
app.options('/orders', (req, res) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example'); // want "only the preflight"
  res.set('Access-Control-Allow-Methods', 'GET, PUT');
  res.sendStatus(204);
});
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "express", Name: "on both", Text: `const express = require('express');
const app = express();
app.use('/orders', (req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  if (req.method !== 'OPTIONS') return next();
  res.set('Access-Control-Allow-Methods', 'PUT');
  res.sendStatus(204);
});
app.put('/orders', (req, res) => res.json({}));
app.listen(3000);
`},
		{Dialect: "apigateway", Name: "an origin for the preflight alone", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    put:
      responses: {"200": {description: orders, headers: {Content-Type: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: PUT
        uri: https://orders.internal/
        responses:
          default:
            statusCode: "200"
            responseParameters:
              method.response.header.Content-Type: integration.response.header.Content-Type
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
              method.response.header.Access-Control-Allow-Origin: "'https://app.shop.example'" # want "the browser refuses PUT: only the preflight has Access-Control-Allow-Origin"
              method.response.header.Access-Control-Allow-Methods: "'PUT'"
`},
		{Dialect: "apigateway", Name: "for both", Text: `openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    put:
      responses: {"200": {description: orders, headers: {Access-Control-Allow-Origin: {schema: {type: string}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: PUT
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
              method.response.header.Access-Control-Allow-Methods: "'PUT'"
`},
	},
	Check: func(p *Pass) {
		ordinary, circumstances := lackingHeaders(p.Failures()), lackingHeaders(p.CircumstanceFailures())
		for _, e := range p.Endpoints {
			only := onlyInPreflight(ordinary[e])
			if len(only) == 0 {
				continue
			}
			lacked := func(f *probe.Failure) bool { return only[f.Header] != source.Span{} }
			names := slices.SortedFunc(maps.Keys(only), func(a, b string) int { return source.Compare(only[a], only[b]) })
			report := Report{Failures: filtered(ordinary[e], lacked)}
			report.Finding = finding.Finding{
				Place:   firstWord(only[names[0]]),
				Message: refuses(report.Failures, "only the preflight has "+names[0]),
				Because: "the preflight's answer has " + listed(names, 2) + ", and the response has not",
				Change:  "send " + listed(names, 2) + " with the response too",
			}
			for _, at := range responses(report.Failures, report.Place) {
				report.Related = append(report.Related, finding.Related{Span: at, Text: "responds without it"})
			}
			for _, name := range names[1:] {
				report.Related = append(report.Related, finding.Related{Span: only[name], Text: "only here too"})
			}
			for _, f := range filtered(circumstances[e], lacked) { // errors lack what every response lacks
				report.Claims = append(report.Claims, f.Key())
			}
			p.Report(report)
		}
	},
}

// responses returns where the failing responses are given, as far as that is another place than the finding's.
func responses(failures []*probe.Failure, finding source.Span) []source.Span {
	var out []source.Span
	for _, f := range failures {
		if at := answeredAt(f); len(out) < maxShown && !at.IsZero() && at != finding && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	return out
}

// lackingHeaders returns the failures of each endpoint for a header that nobody wrote for the response.
func lackingHeaders(failures iter.Seq[*probe.Failure]) map[*probe.Endpoint][]*probe.Failure {
	out := map[*probe.Endpoint][]*probe.Failure{}
	for f := range failures {
		if lacksHeader(f) {
			out[f.Endpoint] = append(out[f.Endpoint], f)
		}
	}
	return out
}

// onlyInPreflight returns, by name, where a header is written that passes a preflight and that the response then lacks.
func onlyInPreflight(failures []*probe.Failure) map[string]source.Span {
	only := map[string]source.Span{}
	for _, f := range failures {
		preflight := f.Outcome.Answer(f.Hop, browser.PhasePreflight)
		if preflight == nil {
			continue
		}
		if h, ok := preflight.Get(f.Header); ok && len(h.Sources) > 0 {
			only[f.Header] = h.Sources[0]
		}
	}
	return only
}

func filtered(failures []*probe.Failure, keep func(*probe.Failure) bool) []*probe.Failure {
	return slices.DeleteFunc(slices.Clone(failures), func(f *probe.Failure) bool { return !keep(f) })
}
