package rules

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
)

var nginxIfDropsHeaders = &Rule{
	Name:     "nginx-if-drops-headers",
	Aliases:  []string{"nginx-add-header-in-if"},
	Title:    "an if sends none of the headers that the location sets, and one is missed",
	Category: finding.Consistency,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing",
		"preflight-actual-mismatch", "preflight-unhandled", "allow-origin-missing-on-error", "allow-origin-missing-on-redirect"},
	Refs: []string{"https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header"},
	Doc: `## What the browser does
It refuses the response, or the preflight: the header that would allow the request is not in it.

An if block with an add_header of its own sends only its own. Every add_header of the location, and of the server around
it, is dropped for the requests that the if is true for.

## Who is hurt
Pages whose requests take the if. In the usual configuration that is the preflight: GET works, curl works, and the
first PUT or JSON POST with cookies fails.

## When it is fine
Where the if repeats every header that its requests need, or no page sends such requests. corslint reports only a
header that a simulated request misses.

## How to fix
Repeat the header in the if, or choose the value with a map and keep one add_header outside of the if.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "credentials missing from the preflight", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin https://app.shop.example always; # want "preflight lacks Access-Control-Allow-Credentials"
            add_header Access-Control-Allow-Methods "GET, PUT, DELETE" always;
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "the response to GET", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        if ($request_method = GET) {
            add_header Cache-Control no-store; # want "the browser refuses GET: response lacks Access-Control-Allow-Origin"
        }
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "every header repeated", Text: `server {
    server_name api.shop.example;
    location / {
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin https://app.shop.example always;
            add_header Access-Control-Allow-Credentials true always;
            add_header Access-Control-Allow-Methods "GET, PUT, DELETE" always;
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		reportLost(p, func(l policy.Lost) bool { return l.Why == policy.IfSwitched && !l.FromBranch }, lostTexts{
			because: "an if with its own headers sends none of the location's, so %s",
			related: "lost here",
			change:  "add %s to the if",
		})
	},
}
