package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

var nginxInternalRedirectDropsHeaders = &Rule{
	Name:     "nginx-internal-redirect-drops-headers",
	Aliases:  []string{"nginx-handoff-loses-headers"},
	Title:    "another location answers after an internal redirect, without the CORS headers",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing",
		"allow-origin-missing-on-error", "preflight-unhandled", "preflight-actual-mismatch"},
	Refs: []string{"https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page"},
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
		handedOff := func(l policy.Lost) bool { return l.Why == policy.HandedOff }
		for _, g := range ByPlace(both(p.Failures(), p.CircumstanceFailures()), lostBy(handedOff)) {
			report := Report{Failures: g.Failures}
			if i := slices.IndexFunc(g.Failures, certain); i < 0 {
				report.Confidence = finding.Low // the target hands on to somebody who could send the headers
			} else {
				report.Failures, report.Claims = proven(g.Failures)
			}
			spans, headers := lostLines(report.Failures)
			report.Finding = finding.Finding{
				Place: g.Place, Confidence: report.Confidence,
				Because: "an internal redirect goes on in another place, whose headers are sent instead: " + areNotSent(spans, g.Place),
				Change:  "write " + written(spans) + " in the target too",
			}
			if slices.ContainsFunc(report.Failures, func(f *probe.Failure) bool { return !isError(f) }) {
				report.Message = lacks(report.Failures, report.Failures[0], headers)
			} else {
				report.Message, report.Severity = unreadable(report.Failures), errorSeverity(report.Failures, false)
			}
			report.Repairs = repeatAtTarget(report.Failures)
			for _, s := range spans {
				report.Related = append(report.Related, finding.Related{Span: s, Text: "lost here"})
			}
			p.Report(report)
		}
	},
}

// proven divides failures into those of answers that are all known, and the keys of the others.
func proven(failures []*probe.Failure) (known []*probe.Failure, rest []string) {
	for _, f := range failures {
		if certain(f) {
			known = append(known, f)
		} else {
			rest = append(rest, f.Key())
		}
	}
	return known, rest
}
