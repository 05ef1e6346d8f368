package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var allowOriginDuplicateAcrossLayers = &Rule{
	Name:     "allow-origin-duplicate-across-layers",
	Title:    "a layer adds Access-Control-Allow-Origin to an answer that has it already",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.2.0",
	Explains: []string{"allow-origin-duplicate", "allow-origin-multiple-values"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check", "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_hide_header"},
	Doc: `## What the browser does
It joins the lines to one value with a comma, finds that it is not one origin, and refuses the response, also when both lines
say the same.

Each layer is right by itself: the application answers with the header, and the proxy in front of it adds its own.

## Who is hurt
Every page of another origin, from the day on which both are deployed.

## When it is fine
Never.

## How to fix
Let one layer speak of CORS: take the lines out of the proxy, or hide the application's there (proxy_hide_header).
`,
	Examples: []Example{
		{Dialect: "chain", Name: "the proxy adds what the application sends", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example; # want "the browser refuses GET: two layers send Access-Control-Allow-Origin"
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "chain", Name: "the proxy hides what the application sends", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_hide_header Access-Control-Allow-Origin;
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "chain", Name: "the application alone", Text: `-- nginx.conf --
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
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
	},
	Check: func(p *Pass) {
		if len(p.facts(policy.FactAddsBeside)) > 0 {
			return // a service doubles what its own function sends, which is for another rule to say
		}
		outer := func(f *probe.Failure) source.Span {
			lines := linesOf(f, allowOrigin)
			if len(lines) < 2 || !acrossLayers(lines) {
				return source.Span{}
			}
			return firstWord(lines[len(lines)-1].Sources[0]) // the browser's side comes last
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.MultipleAllowOriginValues, browser.PreflightMultipleAllowOriginValues), outer) {
			lines := linesOf(g.Failures[0], allowOrigin)
			inner := lines[0]
			f := finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, "two layers send Access-Control-Allow-Origin"),
				Because: "this line is added to the answer of " + inner.By + ", which has the header already, from " + line(inner.Sources[0], g.Place),
				Change:  "take it out here, or hide the header of the answer from behind",
			}
			for _, h := range lines[:len(lines)-1] {
				f.Related = append(f.Related, finding.Related{Span: firstWord(h.Sources[0]), Text: "the header comes from here, too"})
			}
			f.Repairs = unsafely(letsInOthers, one("hide the header from behind", repair.HideUpstream{At: g.Place, Header: allowOrigin}))
			p.Report(Report{Failures: g.Failures, Finding: f})
		}
	},
}

// acrossLayers reports whether lines come from several layers of a chain.
func acrossLayers(lines []policy.Header) bool {
	return slices.ContainsFunc(lines, func(h policy.Header) bool { return h.By != lines[0].By || h.Upstream != lines[0].Upstream })
}
