package rules

import (
	"fmt"
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var clientSendsResponseHeader = &Rule{
	Name:     "client-sends-response-header",
	Title:    "client code sends a header that only answers have",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#http-responses", "https://fetch.spec.whatwg.org/#cors-safelisted-request-header"},
	Doc: `## What the browser does
Access-Control-Allow-Origin and its like are headers of answers: a server gives permission by them. In a request they give
nobody permission. They are headers like any other there, so the browser asks in a preflight whether the page can send them,
and a server that does not list them in Access-Control-Allow-Headers refuses.

## Who is hurt
Everybody who uses the page: a request that would have gone through without a preflight, or with the one that the server
answers, is blocked. Often the header was added to repair just that.

## When it is fine
Towards the page's own origin, where nobody asks for permission; it has no effect there.

## How to fix
Delete the header from the request, and let the server send it.
`,
	Examples: []Example{
		{Dialect: "client", Name: "sent to an API that does not list it", Text: `-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'http://localhost:5173', allowedHeaders: ['Content-Type'] }));
app.post('/orders', (req, res) => res.json({}));
app.listen(3000);
-- web/package.json --
{"dependencies": {"react": "18"}}
-- web/src/api.js --
export const order = (body) => fetch('http://localhost:3000/orders', {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    'Access-Control-Allow-Origin': '*', // want "the browser refuses POST /orders: it asks to send Access-Control-Allow-Origin"
  },
  body: JSON.stringify(body),
});
`},
		{Dialect: "client", Name: "sent to somebody else's API by axios", Text: `-- package.json --
{"dependencies": {"vue": "3", "axios": "1"}}
-- src/api.js --
import axios from 'axios';
const api = axios.create({
  baseURL: 'https://api.weather.example',
  headers: { 'Access-Control-Allow-Origin': '*' }, // want "GET /today waits for permission to send Access-Control-Allow-Origin"
});
export const today = () => api.get('/today');
`},
		{Dialect: "client", Name: "to the page's own origin", Text: `-- package.json --
{"dependencies": {"react": "18"}}
-- src/api.js --
export const load = () => fetch('/orders', { headers: { 'Access-Control-Allow-Origin': '*' } });
`},
		{Dialect: "client", Name: "without it", Text: `-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'http://localhost:5173', allowedHeaders: ['Content-Type'] }));
app.post('/orders', (req, res) => res.json({}));
app.listen(3000);
-- web/package.json --
{"dependencies": {"react": "18"}}
-- web/src/api.js --
export const order = (body) => fetch('http://localhost:3000/orders', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});
`},
	},
	Check: func(p *Pass) {
		for _, e := range p.Stated {
			for _, w := range e.Wanted {
				if w.Purpose == probe.Misplaced {
					reportMisplaced(p, e, w)
				}
			}
		}
	},
	CheckNeeds: misplaced,
}

// reportMisplaced reports a request that the browser refuses for a header that only answers have.
func reportMisplaced(p *Pass, e *probe.Endpoint, w *probe.Probe) {
	failures := w.Failures(e)
	i := slices.IndexFunc(failures, func(f *probe.Failure) bool { return f.Reason == browser.HeaderDisallowedByPreflightResponse })
	if i < 0 {
		return
	}
	header := w.Stated.Misplaced[0]
	p.Report(Report{Failures: failures[i : i+1], Finding: finding.Finding{
		Place:   header.Span,
		Message: short(fmt.Sprintf("the browser refuses %s: it asks to send %s", w.Stated, header.Name), maxMessage),
		Because: header.Name + " is a header of answers, and the preflight's answer does not list it as one of requests",
		Change:  "delete " + header.Name + " here; a server sends it", Related: []finding.Related{{Span: failures[i].Endpoint.Span, Text: "answers the request"}},
	}})
}

// misplaced reports the same of requests whose server is not known: each has to be asked for.
func misplaced(needs []contract.Need) []finding.Finding {
	var out []finding.Finding
	var seen []source.Span
	for i := range needs {
		n := &needs[i]
		if len(n.Misplaced) == 0 || n.Relative() || slices.Contains(seen, n.Misplaced[0].Span) {
			continue
		}
		header := n.Misplaced[0]
		seen = append(seen, header.Span)
		f := finding.Finding{
			Place: header.Span, Confidence: finding.Medium, Subject: header.Name, Endpoints: []string{n.String()},
			Message:  short(fmt.Sprintf("%s waits for permission to send %s, which few servers give", n, header.Name), maxMessage),
			Because:  header.Name + " is a header of answers; in a request it makes the browser ask first whether it can be sent",
			Change:   "delete " + header.Name + " here; a server sends it",
			Evidence: fmt.Sprintf("%s:%d %s", n.Span.Path(), n.Span.Position().Line, n.Statement()),
		}
		if len(n.Servers) == 0 { // it may be the page's own
			f.Confidence = finding.Low
		}
		if n.Span.Position().Line != header.Span.Position().Line || n.Span.Path() != header.Span.Path() {
			f.Related = []finding.Related{{Span: n.Span, Text: n.Statement()}}
		}
		out = append(out, f)
	}
	return out
}
