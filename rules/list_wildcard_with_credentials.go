package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var listWildcardWithCredentials = &Rule{
	Name:     "list-wildcard-with-credentials",
	Aliases:  []string{"wildcard-literal-with-credentials"},
	Title:    "an asterisk in a list allows nothing once credentials are sent",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-methods-missing", "allow-headers-missing"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#cors-preflight-fetch"},
	Doc: `## What the browser does
With credentials, "*" in Allow-Methods and Allow-Headers is a method or header of that name, and nothing else.

## Who is hurt
Pages that send cookies and anything that needs a preflight.

## When it is fine
Where no credentials are sent.

## How to fix
Write the methods and headers out.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a star for the headers", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Allow-Headers * always; # want "the browser refuses credentialed GET with Authorization: with credentials . allows nothing"
        proxy_set_header Authorization $http_authorization;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "written out", Text: `server {
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
		star := func(f *probe.Failure) source.Span {
			h, ok := failing(f)
			if !ok || f.Probe.Exchange.Fetch.Credentials != browser.CredentialsInclude || !hasItem(h.Value.String(), "*") {
				return source.Span{}
			}
			return valueOf(h.Sources[0], "*")
		}
		for _, g := range ByPlace(Has(p.Failures(), browser.HeaderDisallowedByPreflightResponse, browser.MethodDisallowedByPreflightResponse), star) {
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: short("the browser refuses "+requests(g.Failures)+": with credentials * allows nothing", maxMessage),
				Because: "* is a name like any other once credentials are sent", Change: "write out what is meant: " + listed(namesOf(g), 8),
				Related: credentialsMeant(g),
			}})
		}
	},
}
