package rules

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
)

var nginxIfLastWins = &Rule{
	Name:     "nginx-if-last-wins",
	Title:    "of several true ifs only the last one sends its headers",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing", "preflight-actual-mismatch", "preflight-unhandled", "allow-origin-missing-on-error", "allow-origin-missing-on-redirect"},
	Refs:     []string{"https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header", "https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#if"},
	Doc: `## What the browser does
It refuses the response: the header was set in one if, and another if that is true as well took the response over.

Every true if of a location replaces the configuration of the one before. The last one counts, also one that only sets
a variable: then the headers are those of the location.

## Who is hurt
Pages whose requests make both conditions true, typically those that send Origin at all.

## When it is fine
Where the conditions exclude each other, or the last if repeats all headers.

## How to fix
Choose the value with a map and write one add_header outside of every if.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "an if that only sets a variable", Text: `server {
    server_name api.shop.example;
    location / {
        if ($http_origin = https://app.shop.example) {
            add_header Access-Control-Allow-Origin https://app.shop.example always;
        }
        if ($http_origin) { # want "response lacks Access-Control-Allow-Origin"
            set $cors 1;
        }
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "a map", Text: `map $http_origin $cors {
    default "";
    https://app.shop.example $http_origin;
}
server {
    server_name api.shop.example;
    location / {
        if ($http_origin) {
            set $seen 1;
        }
        add_header Access-Control-Allow-Origin $cors always;
        add_header Vary Origin always;
        proxy_pass http://orders:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		reportLost(p, func(l policy.Lost) bool { return l.Why == policy.IfSwitched && l.FromBranch }, lostTexts{
			because: "this if is true as well and takes the response over, so %s",
			related: "lost here",
			change:  "choose the value with a map, and write %s once outside of every if",
		})
	},
}
