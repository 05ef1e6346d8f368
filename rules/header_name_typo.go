package rules

import (
	"net/http"

	"github.com/corslint/corslint/internal/finding"
)

var headerNameTypo = &Rule{
	Name:     "header-name-typo",
	Title:    "a header name is misspelt, so that no browser reads it",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-methods-missing", "allow-headers-missing", "expose-headers-missing", "allow-credentials-missing", "allow-origin-missing-on-error"},
	Refs:     []string{"https://fetch.spec.whatwg.org/#http-responses"},
	Doc: `## What the browser does
It reads the headers that it knows and none that look alike: Access-Control-Allow-Origin with a colon in its name,
Access-Control-Expose-Header, Access-Control-Allowed-Origins.

## Who is hurt
Whoever needs what the header was meant to allow.

## When it is fine
Never.

## How to fix
Write the name as the standard does, without a colon.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a letter is missing", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Header X-Total always; # want "no browser reads Access-Control-Expose-Header"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "spelt right", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Headers X-Total always;
        proxy_pass http://orders:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		for name := range misspeltNames(p) {
			right := nearest(name)
			for _, w := range writtenAt(p, http.CanonicalHeaderKey(name)) {
				p.Report(Report{Finding: finding.Finding{
					Place: valueOf(w.at, name), Message: short("no browser reads "+name, maxMessage), Endpoints: w.endpoints,
					Because: "the standard's name is " + right, Change: "write " + right,
				}, Claims: claimsOf(p, right)})
			}
		}
	},
}
