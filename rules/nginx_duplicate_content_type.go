package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
)

var nginxDuplicateContentType = &Rule{
	Name:     "nginx-duplicate-content-type",
	Aliases:  []string{"nginx-content-type-added"},
	Title:    "a second Content-Type or Content-Length is added",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header"},
	Doc: `## What the browser does
It gets two Content-Type lines and takes one of them. Two different lengths are a broken response to a proxy in between.

add_header adds a line and replaces none; nginx sends a Content-Type of its own.

## Who is hurt
Nobody with an empty 204; a page that reads the body, where the types differ.

## When it is fine
On an answer without a body it is noise.

## How to fix
Set default_type, and leave the length to nginx.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "in the block for OPTIONS", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always;
        add_header Content-Type text/plain; # want "two Content-Type"
        return 200 ok;
    }
}
`},
		{Dialect: "nginx", Name: "default_type", Text: `server {
    server_name api.shop.example;
    location / {
        default_type text/plain;
        add_header Access-Control-Allow-Origin * always;
        return 200 ok;
    }
}
`},
	},
	Check: func(p *Pass) {
		named := map[string]string{} // the endpoints that pages of other origins come to
		for _, e := range p.Endpoints {
			named[e.Pattern] = e.Name
		}
		var lines []writtenLine
		for _, f := range p.Layer.Facts {
			name, ok := named[f.Endpoint]
			if f.Kind != policy.FactDuplicateContentType || !ok {
				continue
			}
			i := slices.IndexFunc(lines, func(l writtenLine) bool { return l.at == f.Span })
			if i < 0 {
				i = len(lines)
				lines = append(lines, writtenLine{at: f.Span, value: f.Subject})
			}
			lines[i].endpoints = append(lines[i].endpoints, name)
		}
		for _, l := range lines {
			p.Report(Report{Finding: finding.Finding{
				Place: firstWord(l.at), Message: "the response has two " + l.value + " lines", Endpoints: l.endpoints,
				Because: "this adds a line beside the one that the server sends", Change: "remove it, and set the type where the server takes it from",
				Repairs: unsafely(retypes, one("remove it", repair.Remove{At: l.at})),
			}})
		}
	},
}
