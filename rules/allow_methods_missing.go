package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/internal/finding"
)

var allowMethodsMissing = &Rule{
	Name:     "allow-methods-missing",
	Title:    "a method that is needed is not allowed",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	Doc: `## What the browser does
The preflight asks for PUT, PATCH, DELETE and every method but GET, HEAD and POST. One that Access-Control-Allow-Methods does not
list ends the request before it is sent.

## Who is hurt
Pages that use the method.

## When it is fine
Where no page does. GET, HEAD and POST need no entry at all.

## How to fix
Add the method to the list of the preflight's answer.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "another list for OPTIONS", Text: `map $request_method $methods {
    default "GET, PUT, DELETE";
    OPTIONS "GET, PUT";
}
server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods $methods always; # want "the browser refuses DELETE: preflight allows GET, PUT only"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "one list", Text: `server {
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
			if caseOnly(g) {
				continue
			}
			allows := "no list of methods"
			if h, ok := failing(g.Failures[0]); ok {
				allows = h.Value.String() + " only"
			}
			names := namesOf(g)
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: short("the browser refuses "+requests(g.Failures)+": preflight allows "+allows, maxMessage),
				Because: "other responses of this path list it, and the preflight's answer does not", Change: "add " + listed(names, 8) + " to Access-Control-Allow-Methods",
				Related: needs(g),
			}})
		}
	},
}
