package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

const exposeHeaders = "Access-Control-Expose-Headers"

var exposeHeadersMissing = &Rule{
	Name:     "expose-headers-missing",
	Title:    "a response header that pages read is not exposed",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#http-access-control-expose-headers", "https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name"},
	Doc: `## What the browser does
It hides every header of a cross-origin response from the page but Cache-Control, Content-Language, Content-Length, Content-Type,
Expires, Last-Modified and Pragma, unless Access-Control-Expose-Headers lists it. The page reads null, and the console says
nothing.

## Who is hurt
Pages that count by X-Total-Count, follow Link or Location, wait for Retry-After, or name a download by Content-Disposition.

## When it is fine
Where no page reads the header, though the description of the API documents it.

## How to fix
List it in Access-Control-Expose-Headers on the response itself; the preflight's answer does not count.
`,
	Examples: []Example{
		{Dialect: "openapi", Name: "a documented header is not in the list", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Headers "Link" always; # want "a page that reads X-Total-Count gets null: the response does not expose it"
        proxy_pass http://orders:3000;
    }
}
-- openapi.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers:
  - url: https://api.shop.example/v1
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            X-Total-Count: {schema: {type: integer}}
            Link: {schema: {type: string}}
`},
		{Dialect: "openapi", Name: "nothing is exposed", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always; # want "a page that reads Retry-After and X-Total-Count gets null"
        proxy_pass http://orders:3000;
    }
}
-- openapi.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /v1/orders:
    get:
      responses:
        "200": {description: orders, headers: {X-Total-Count: {schema: {type: integer}}, Content-Type: {}, Set-Cookie: {}}}
        "429": {description: too many, headers: {Retry-After: {schema: {type: integer}}}}
`},
		{Dialect: "contract", Name: "a frontend reads what the application does not expose", Text: `-- .corslint.yml --
contract:
  frontends:
    web:
      origins: https://app.shop.example
      calls: {orders: {operations: [GET /orders], reads: [X-Total-Count]}}
  apis:
    orders: {urls: "https://api.shop.example", chain: [nginx.conf, server.js]}
-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' })); // want "a page that reads X-Total-Count gets null"
app.get('/orders', (req, res) => res.set('X-Total-Count', '1').json([]));
app.listen(3000);
`},
		{Dialect: "contract", Name: "exposed by the application behind", Text: `-- .corslint.yml --
contract:
  frontends:
    web:
      origins: https://app.shop.example
      calls: {orders: {operations: [GET /orders], reads: [X-Total-Count]}}
  apis:
    orders: {urls: "https://api.shop.example", chain: [nginx.conf, server.js]}
-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', exposedHeaders: ['X-Total-Count'] }));
app.get('/orders', (req, res) => res.set('X-Total-Count', '1').json([]));
app.listen(3000);
`},
		{Dialect: "chain", Name: "the proxy hides what the application exposes", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_hide_header Access-Control-Expose-Headers; # want "a page that reads X-Total-Count gets null"
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', exposedHeaders: ['X-Total-Count'] }));
app.get('/orders', (req, res) => res.set('X-Total-Count', '1').json([]));
app.listen(3000);
-- openapi.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers: [{url: https://api.shop.example}]
paths:
  /orders:
    get: {responses: {"200": {description: orders, headers: {X-Total-Count: {schema: {type: integer}}}}}}
`},
		{Dialect: "openapi", Name: "exposed", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location /v1/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Headers "Link, X-Total-Count" always;
        proxy_pass http://orders:3000;
    }
}
-- openapi.yaml --
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers:
  - url: https://api.shop.example/v1
paths:
  /orders:
    get:
      responses:
        "200":
          description: orders
          headers:
            X-Total-Count: {schema: {type: integer}}
            Link: {schema: {type: string}}
`},
	},
	Check: func(p *Pass) {
		var hidden []unexposed
		for _, e := range p.Stated {
			for _, w := range e.Wanted {
				hidden = addUnexposed(hidden, e, w)
			}
		}
		slices.SortStableFunc(hidden, func(a, b unexposed) int { return source.Compare(a.at, b.at) })
		for i := range hidden {
			hidden[i].report(p)
		}
	},
}

// unexposed is the headers that pages are to read and cannot, for want of a place in one list.
type unexposed struct {
	at        source.Span // the list, or where it is missing the header that lets pages in, or what takes the list away
	lost      source.Span // the list that is taken away, if one is
	list      bool
	line      source.Span // the list as it is written, or what lets pages in
	names     []string
	reads     []finding.Related
	first     *probe.Probe
	endpoints []string
	needs     []string // of the contract
	certain   bool
}

// addUnexposed adds the headers that a page is to read of an answer and cannot.
func addUnexposed(all []unexposed, e *probe.Endpoint, w *probe.Probe) []unexposed {
	o := outcome(w)
	if o == nil || w.Purpose == probe.Unencrypted || w.Purpose == probe.Misplaced || w.Optional {
		return all
	}
	answer := o.Answer(len(o.Hops)-1, browser.PhaseActual)
	if answer == nil || answer.Status >= 300 {
		return all
	}
	at, list, certain := exposedAt(e, answer)
	written := writtenList(answer)
	lost := lostList(answer)
	if !lost.At.IsZero() && !list {
		at = firstWord(lost.By)
	}
	response, known := headersOf(answer)
	if at.IsZero() || !known {
		return all
	}
	for _, read := range w.Stated.Reads {
		if browser.CanRead(response, read.Name, w.Exchange.Fetch.Credentials) {
			continue
		}
		i := slices.IndexFunc(all, func(u unexposed) bool { return u.at == at })
		if i < 0 {
			i = len(all)
			all = append(all, unexposed{at: at, list: list, line: written, lost: lost.At, first: w, certain: certain})
		}
		if n := w.Stated; n.Cell != nil && !slices.Contains(all[i].needs, n.Key()) {
			all[i].needs = append(all[i].needs, n.Key())
		}
		all[i].add(read.Name, e.Name, finding.Related{Span: read.Span, Text: w.Stated.ReadStatement(read.Name)})
	}
	return all
}

func (u *unexposed) add(name, endpoint string, read finding.Related) {
	if !slices.ContainsFunc(u.names, func(known string) bool { return strings.EqualFold(known, name) }) {
		u.names = append(u.names, name)
		u.reads = append(u.reads, read)
	}
	if !slices.Contains(u.endpoints, endpoint) {
		u.endpoints = append(u.endpoints, endpoint)
	}
}

// exposedAt returns where an answer of the layer says what it exposes, or would. It is zero where that is not the layer's
// affair: who stands behind it may well expose more. Nobody does who leaves it to the layer whom to let in, as far as one
// can tell; only then it is not certain.
func exposedAt(e *probe.Endpoint, answer *policy.Outcome) (at source.Span, list, certain bool) {
	for _, name := range slices.Sorted(maps.Keys(e.Intent.Written)) {
		if name != exposeHeaders && probe.ProtocolHeader(name) == exposeHeaders {
			return source.Span{}, false, false // that it is misspelt is another fault
		}
	}
	h, ok := answer.Get(exposeHeaders)
	origin, letsIn := answer.Get(allowOrigin)
	if !letsIn || origin.Upstream || len(origin.Sources) == 0 {
		return source.Span{}, false, false
	}
	certain = answer.Open == nil || e.Owns(exposeHeaders)
	switch {
	case ok && !h.Upstream && len(h.Sources) > 0:
		return firstWord(h.Sources[0]), true, certain
	case ok || !certain && answer.Open.Kind != policy.UnknownUpstream:
		return source.Span{}, false, false
	}
	return firstWord(statement(origin.Sources)), false, certain
}

// writtenList returns the list as it is written, else the header that lets pages in.
func writtenList(answer *policy.Outcome) source.Span {
	for _, name := range []string{exposeHeaders, allowOrigin} {
		if h, ok := answer.Get(name); ok && len(h.Sources) > 0 {
			if text, _ := h.Value.Known(); name == exposeHeaders && valueAt(h.Sources, text).Text() == text {
				return valueAt(h.Sources, text)
			}
			return h.Sources[0]
		}
	}
	return source.Span{}
}

// lostList returns the list that an answer lost, if it did.
func lostList(answer *policy.Outcome) policy.Lost {
	for _, l := range answer.Lost {
		if probe.ProtocolHeader(l.Header) == exposeHeaders && !l.At.IsZero() && !l.By.IsZero() {
			return l
		}
	}
	return policy.Lost{}
}

// headersOf returns an answer as the browser sees it, and whether all that it exposes is known.
func headersOf(answer *policy.Outcome) (r browser.Response, known bool) {
	known = true
	for _, h := range answer.Headers {
		text, ok := h.Value.Known()
		known = known && (ok || !strings.EqualFold(h.Name, exposeHeaders))
		r.Headers = append(r.Headers, browser.Header{Name: h.Name, Value: text, Unknown: !ok})
	}
	return r, known
}

func (u *unexposed) report(p *Pass) {
	slices.SortFunc(u.names, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	it, does := "it", "does not list it"
	if len(u.names) > 1 {
		it, does = "them", "does not list them"
	}
	change := "add " + listed(u.names, 8) + " to " + exposeHeaders
	if !u.list {
		does = "is missing"
		change = "send " + exposeHeaders + " with " + listed(u.names, 8)
	}
	if !u.list && !u.lost.IsZero() {
		does = "of " + line(u.lost, u.at) + " is removed here"
		change = "let " + exposeHeaders + " pass"
	}
	first := u.reads[0]
	report := Report{Proof: u.first, Finding: finding.Finding{
		Place: u.at, Endpoints: u.endpoints, Needs: u.needs, Related: u.reads[:min(len(u.reads), maxShown)],
		Message:  short(fmt.Sprintf("a page that reads %s gets null: the response does not expose %s", listed(u.names, 3), it), maxMessage),
		Because:  line(first.Span, u.at) + " " + first.Text + ", and " + exposeHeaders + " " + does,
		Change:   change,
		Evidence: fmt.Sprintf("%s:%d %s", first.Span.Path(), first.Span.Position().Line, first.Text),
	}}
	title := "expose " + listed(u.names, 4)
	switch {
	case u.list:
		report.Repairs = unsafely(readsMore, one(title, repair.AddToList{At: u.line, Names: u.names}))
	case u.lost.IsZero():
		report.Repairs = unsafely(readsMore, one(title, repair.SetHeader{Beside: u.line, Name: exposeHeaders, Value: strings.Join(u.names, ", ")}))
	}
	if !u.certain {
		report.Confidence = finding.Medium
	}
	p.Report(report)
}
