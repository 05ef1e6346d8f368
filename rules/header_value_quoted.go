package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var headerValueQuoted = &Rule{
	Name:     "header-value-quoted",
	Title:    "quotes are part of the value",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "origin-never-sent", "origin-missing-scheme", "origin-pattern-as-text", "allow-methods-missing", "allow-headers-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It takes quotes for a part of the value: "https://app.example" with quotes is no origin, and a list with quotes cannot be read.

## Who is hurt
Pages that the header was meant for.

## When it is fine
Never.

## How to fix
Leave out the inner quotes.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "quotes in quotes", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin "'https://app.shop.example'" always; # want "the browser refuses GET: quotes are part of the value"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "without", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		quoted := func(f *probe.Failure) source.Span {
			h, ok := failing(f)
			if !ok {
				return source.Span{}
			}
			if text, known := h.Value.Known(); !known || !strings.ContainsAny(text, "'\"") {
				return source.Span{}
			}
			return valueOf(h.Sources[0], h.Value.String())
		}
		for _, g := range ByPlace(p.Failures(), quoted) {
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: short("the browser refuses "+requests(g.Failures)+": quotes are part of the value", maxMessage),
				Because: g.Failures[0].Header + " is sent with its quotes", Change: "leave out the inner quotes",
			}})
		}
	},
}
