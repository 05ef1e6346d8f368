package rules

import (
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/internal/finding"
)

var allowMethodsCase = &Rule{
	Name:     "allow-methods-case",
	Title:    "a method is allowed in another case than it is sent",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-methods-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#concept-method-normalize"},
	Doc: `## What the browser does
It compares methods letter by letter. It writes DELETE, GET, HEAD, OPTIONS, POST and PUT in upper case, whatever the page wrote, and
nothing else: "put" in the list allows nothing.

## Who is hurt
Pages that use the method: the list seems to have it.

## When it is fine
Never.

## How to fix
Write methods in upper case, in the list and in the page.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "lower case", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "get, put" always; # want "the browser refuses PUT: the list has it as put"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "upper case", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers "Authorization, Content-Type" always;
        proxy_pass http://orders:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		for _, g := range ByPlace(Has(p.Failures(), browser.MethodDisallowedByPreflightResponse), listPlace) {
			if !caseOnly(g) {
				continue
			}
			written := g.Failures[0].Probe.Need[strings.LastIndexByte(g.Failures[0].Probe.Need, ' ')+1:]
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: short("the browser refuses "+requests(g.Failures)+": the list has it as "+written, maxMessage),
				Because: "methods are compared letter by letter", Change: "write methods in upper case",
			}})
		}
	},
}
