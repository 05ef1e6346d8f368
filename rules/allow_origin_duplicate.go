package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var allowOriginDuplicate = &Rule{
	Name:     "allow-origin-duplicate",
	Aliases:  []string{"acao-duplicate-header"},
	Title:    "two Access-Control-Allow-Origin lines are sent",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-multiple-values"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It joins the lines to one value with a comma, finds that it is not one origin, and refuses the response, also when both lines
say the same.

## Who is hurt
Every page of another origin.

## When it is fine
Never.

## How to fix
Keep one of the two.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "written twice", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Origin https://app.shop.example always; # want "the browser refuses GET: there are two Access-Control-Allow-Origin lines"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "once", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		second := func(f *probe.Failure) source.Span {
			lines := linesOf(f, "Access-Control-Allow-Origin")
			if len(lines) < 2 || acrossLayers(lines) {
				return source.Span{}
			}
			return firstWord(lines[1].Sources[0])
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.MultipleAllowOriginValues, browser.PreflightMultipleAllowOriginValues), second) {
			lines := linesOf(g.Failures[0], "Access-Control-Allow-Origin")
			f := finding.Finding{
				Place: g.Place, Message: refuses(g.Failures, "there are several Access-Control-Allow-Origin lines"),
				Because: "this line is sent beside " + line(lines[0].Sources[0], g.Place), Change: "keep one of the lines",
				Repairs: one("remove this line", repair.Remove{At: g.Place}),
			}
			if len(lines) == 2 {
				f.Message = refuses(g.Failures, "there are two Access-Control-Allow-Origin lines")
			}
			for i, h := range lines {
				if at := firstWord(h.Sources[0]); i != 1 && at != g.Place {
					f.Related = append(f.Related, finding.Related{Span: at, Text: "another line"})
				}
			}
			p.Report(Report{Failures: g.Failures, Finding: f})
		}
	},
}
