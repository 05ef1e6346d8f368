package rules

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var nginxInternalRedirectDropsHeaders = &Rule{
	Name:     "nginx-internal-redirect-drops-headers",
	Aliases:  []string{"nginx-handoff-loses-headers"},
	Title:    "another location answers after an internal redirect, without the CORS headers",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-origin-missing-on-error", "preflight-unhandled", "preflight-actual-mismatch"},
	Refs:     []string{"https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page"},
	Doc: `## What the browser does
It refuses the response: error_page, try_files, index or rewrite went on in another location, and only that location's
headers are sent.

## Who is hurt
Pages that want to read why a request failed: the error comes without Access-Control-Allow-Origin, so the console speaks
of CORS and the status is hidden.

## When it is fine
Where the target sends the headers itself, or no page reads these responses.

## How to fix
Write the headers in the target location too, with always: error_page keeps the error's status.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "an error page", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_intercept_errors on;
        error_page 404 500 502 /error.json; # want "the page cannot read 404, 500 or 502"
        proxy_pass http://orders:3000;
    }
    location = /error.json {
        return 200 "{}";
    }
}
`},
		{Dialect: "nginx", Name: "the target sends them too", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_intercept_errors on;
        error_page 404 500 502 /error.json;
        proxy_pass http://orders:3000;
    }
    location = /error.json {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        return 200 "{}";
    }
}
`},
	},
	Check: func(p *Pass) {
		handedOff := func(f *probe.Failure) (policy.Lost, bool) {
			l, ok := f.Lost(f.Header)
			return l, ok && l.Why == policy.HandedOff
		}
		place := func(f *probe.Failure) source.Span {
			if l, ok := handedOff(f); ok {
				return firstWord(l.By)
			}
			return source.Span{}
		}
		for _, g := range ByPlace(both(p.Failures(), p.CircumstanceFailures()), place) {
			l, _ := handedOff(g.Failures[0])
			p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
				Place: g.Place, Message: unreadable(g.Failures),
				Because: "an internal redirect goes on in another place, whose headers are sent instead of " + line(l.At, g.Place),
				Change:  "write " + written([]source.Span{l.At}) + " in the target too",
				Related: []finding.Related{{Span: l.At, Text: "lost here"}},
			}})
		}
	},
}
