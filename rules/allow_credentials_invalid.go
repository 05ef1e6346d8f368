package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var allowCredentialsInvalid = &Rule{
	Name:     "allow-credentials-invalid",
	Aliases:  []string{"credentials-invalid-value"},
	Title:    "Allow-Credentials has another value than true",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-credentials-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-check"},
	Doc: `## What the browser does
It compares Access-Control-Allow-Credentials with the four letters true. "True", "1", "yes" and two lines of true all count as
not allowed.

## Who is hurt
Pages that send cookies: every credentialed request is refused.

## When it is fine
"false" is noise: leaving the header out says the same.

## How to fix
Write true, in lower case, once.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "upper case", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials True always; # want "the browser refuses credentialed GET: it takes 'True' for no"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "as it is compared", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		invalid := func(f *probe.Failure) source.Span {
			h, ok := failing(f)
			if !ok || strings.TrimSpace(f.Value) == "" || isSent(f, "true, true") {
				return source.Span{}
			}
			return valueOf(h.Sources[0], f.Value)
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.InvalidAllowCredentials, browser.PreflightInvalidAllowCredentials), invalid) {
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: short("the browser refuses "+requests(g.Failures)+": it takes '"+g.Failures[0].Value+"' for no", maxMessage),
				Because: "only true, in lower case and in one line, allows credentials", Change: "write true",
			}})
		}
	},
}
