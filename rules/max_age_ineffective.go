package rules

import (
	"strconv"
	"strings"

	"github.com/corslint/corslint/internal/finding"
)

var maxAgeIneffective = &Rule{
	Name:     "max-age-ineffective",
	Title:    "Access-Control-Max-Age has another effect than it says",
	Category: finding.Caching,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#http-access-control-max-age"},
	Doc: `## What the browser does
It keeps the answer to a preflight for so many seconds, at most 7200 in Chromium, 86400 in Firefox and 600 in Safari. A value that is no
whole number counts as none: 5 seconds. 0 and negative values switch the cache off.

## Who is hurt
Nobody is refused; every request may wait for a preflight of its own.

## When it is fine
A longer time than a browser keeps is harmless.

## How to fix
Write a whole number of seconds: 7200.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "with a unit", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Max-Age 1h always; # want "no browser understands the time 1h"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "in seconds", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        add_header Access-Control-Max-Age 7200 always;
        proxy_pass http://orders:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		for _, w := range writtenAt(p, "Access-Control-Max-Age") {
			f := finding.Finding{Place: valueOf(w.at, w.value), Endpoints: w.endpoints, Change: "write a whole number of seconds: 7200"}
			seconds, err := strconv.Atoi(strings.TrimSpace(w.value))
			switch {
			case strings.Contains(w.value, "‹"):
				continue
			case err != nil:
				f.Severity, f.Message, f.Because = finding.Warning, short("no browser understands the time "+w.value, maxMessage), "it counts as if it were not there: answers to preflights are kept for 5 seconds"
			case seconds <= 0:
				f.Severity, f.Message, f.Because = finding.Note, "every request that needs a preflight waits for one of its own", "the time is "+w.value
			case seconds > 86400:
				f.Severity, f.Message, f.Because = finding.Note, "no browser keeps a preflight as long as it says", "Chromium keeps it for 7200 seconds, Firefox for 86400, Safari for 600"
			default:
				continue
			}
			p.Report(Report{Finding: f})
		}
	},
}
