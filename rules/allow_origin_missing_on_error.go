package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

var allowOriginMissingOnError = &Rule{
	Name:     "allow-origin-missing-on-error",
	Aliases:  []string{"error-response-missing-cors"},
	Title:    "error responses lack the header, so the page cannot read them",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing"},
	Refs:     []string{"https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header"},
	Doc: `## What the browser does
It refuses an error response without Access-Control-Allow-Origin like any other: the page gets no status and no body, and
the console speaks of CORS instead of the error.

nginx adds a header without always to 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308 only.

## Who is hurt
Pages that tell "please log in" (401) from "not found" (404) or "try again" (502), and whoever looks for the cause.

## When it is fine
For fonts, images and scripts, and where the page treats every failure alike.

## How to fix
Send the headers with every status: add always.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "no always", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example; # want "the page cannot read .*401.*: error responses lack Access-Control-Allow-Origin"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "with always", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a font", Text: `server {
    server_name static.shop.example;
    location ~* \.(woff2?|ttf)$ {
        add_header Access-Control-Allow-Origin *;
        proxy_pass http://static:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		own, configurable := p.layerFact(policy.FactOwnErrors)
		place := func(f *probe.Failure) source.Span { return errorPlace(f, configurable) }
		for _, g := range ByPlace(Has(both(p.Failures(), p.CircumstanceFailures()), browser.MissingAllowOriginHeader, browser.InvalidAllowCredentials), place) {
			report := Report{Failures: g.Failures, Finding: finding.Finding{
				Severity: errorSeverity(g.Failures), Place: g.Place, Message: unreadable(g.Failures),
				Because: "these errors are answered without the header, which other answers of the path have",
				Change:  "send it with errors too",
			}}
			if configurable && allOwn(g.Failures) {
				report.Because, report.Change = "the gateway answers these errors itself, without the header", own.Text
			}
			if spans := notAlways(g.Failures); len(spans) > 0 {
				report.Because = `without "always" it goes with 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308 only`
				report.Change = `add "always" to ` + lines(spans, g.Place)
				report.Repairs = []repair.Repair{sendAlways(spans)}
				for _, s := range spans {
					if firstWord(s) != g.Place {
						report.Related = append(report.Related, finding.Related{Span: s, Text: "not sent either"})
					}
				}
			}
			p.Report(report)
		}
	},
}

// errorPlace returns the header that an error response misses: the one that was not sent with this status, else the one
// that the endpoint sends otherwise. configurable: the layer can be told which headers its own errors have.
func errorPlace(f *probe.Failure, configurable bool) source.Span {
	if !isError(f) || f.Value != "" {
		return source.Span{}
	}
	if l, ok := lost(f); ok {
		if l.Why != policy.NotAlways {
			return source.Span{} // another rule's
		}
		if origin, ok := f.Lost(allowOrigin); ok && origin.Why == policy.NotAlways {
			l = origin // one finding for all headers of a block
		}
		return firstWord(l.At)
	}
	header := f.Header
	if _, sent := f.Answer.Get(allowOrigin); !sent {
		header = allowOrigin
	}
	own := configurable && f.Answer.Upstream == nil
	forwards := !own && slices.ContainsFunc(f.Endpoint.Answers, func(a probe.Answer) bool { return a.Method == "GET" && a.Outcome.Upstream != nil })
	for _, w := range f.Endpoint.Intent.Written[header] {
		if !w.Lost && w.By == f.Answer.By && (w.OnUpstream || !forwards) { // else the upstream owns the header, and nobody expects it from here
			return firstWord(w.At)
		}
	}
	return source.Span{}
}

// allOwn reports whether the layer itself gave all failing answers.
func allOwn(failures []*probe.Failure) bool {
	return !slices.ContainsFunc(failures, func(f *probe.Failure) bool { return f.Answer.Upstream != nil })
}

// notAlways returns the lines that are not sent with the statuses of failures.
func notAlways(failures []*probe.Failure) []source.Span {
	var spans []source.Span
	for _, f := range failures {
		for _, l := range f.Answer.Lost {
			if l.Why == policy.NotAlways && !slices.Contains(spans, l.At) {
				spans = append(spans, l.At)
			}
		}
	}
	slices.SortFunc(spans, source.Compare)
	return spans
}
