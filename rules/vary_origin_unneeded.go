package rules

import (
	"strings"

	"github.com/corslint/corslint/internal/finding"
)

var varyOriginUnneeded = &Rule{
	Name:     "vary-origin-unneeded",
	Title:    "Vary: Origin on a response that is the same for every origin",
	Category: finding.Caching,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches"},
	Doc: `## What the browser does
It keeps a copy for each origin of a response that is the same for all.

## Who is hurt
Caches, which store and fetch the same bytes several times.

## When it is fine
Always: it costs a little and breaks nothing.

## How to fix
Leave it out where Access-Control-Allow-Origin is "*" for everybody.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a star that varies", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always;
        add_header Vary Origin always; # want "caches keep one copy for each origin of a response that is the same for all"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a star", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always;
        proxy_pass http://orders:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		for _, e := range p.Endpoints {
			if !alwaysStar(e) {
				continue
			}
			for i := range e.Answers {
				h, ok := e.Answers[i].Outcome.Get("Vary")
				text, known := h.Value.Known()
				if !ok || h.Upstream || !known || !strings.EqualFold(strings.TrimSpace(text), "origin") {
					continue
				}
				p.Report(Report{Finding: finding.Finding{
					Place: firstWord(h.Sources[0]), Message: "caches keep one copy for each origin of a response that is the same for all",
					Because: "Access-Control-Allow-Origin is * for everybody here", Change: "leave Vary: Origin out", Endpoints: []string{e.Name},
				}})
				break
			}
		}
	},
}
