package rules

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
)

var nginxHeadersNotInherited = &Rule{
	Name:     "nginx-headers-not-inherited",
	Aliases:  []string{"nginx-add-header-inheritance-lost"},
	Title:    "a level that sets a header of its own loses the CORS headers of the level around it",
	Category: finding.Blocked,
	Severity: finding.Error,
	Since:    "0.1.0",
	Explains: []string{"allow-origin-missing", "allow-credentials-missing", "allow-methods-missing", "allow-headers-missing", "preflight-actual-mismatch", "preflight-unhandled", "routes-inconsistent", "vary-origin-missing", "allow-origin-missing-on-error",
		"allow-origin-missing-on-redirect"},
	Refs: []string{"https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header"},
	Doc: `## What the browser does
It refuses the response: the header that would allow it is written in the server, and is not sent.

nginx inherits add_header from the level around only where the level has none of its own. One Cache-Control in a
location takes every Access-Control header of the server away.

## Who is hurt
Pages that read this path. Other paths of the same server work, which makes it look like a fault of the page.

## When it is fine
Where no page of another origin reads the path.

## How to fix
Repeat the headers in the location, or from nginx 1.29.3 on set add_header_inherit merge. An include file with all of
them keeps the copies equal.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a location that sets Cache-Control", Text: `server {
    server_name data.shop.example;
    add_header Access-Control-Allow-Origin https://app.shop.example always;
    location /reports/ {
        add_header Cache-Control "max-age=60"; # want "the browser refuses GET: response lacks Access-Control-Allow-Origin"
        proxy_pass http://reports:3000;
    }
}
`},
		{Dialect: "nginx", Name: "repeated in the location", Text: `server {
    server_name data.shop.example;
    add_header Access-Control-Allow-Origin https://app.shop.example always;
    location /reports/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Cache-Control "max-age=60";
        proxy_pass http://reports:3000;
    }
}
`},
		{Dialect: "nginx", Name: "merged, since nginx 1.29.3", Text: `server {
    server_name data.shop.example;
    add_header Access-Control-Allow-Origin https://app.shop.example always;
    location /reports/ {
        add_header_inherit merge;
        add_header Cache-Control "max-age=60";
        proxy_pass http://reports:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		reportLost(p, func(l policy.Lost) bool { return l.Why == policy.Shadowed }, lostTexts{
			because: "a header set here replaces every one of the level around it, so %s",
			related: "lost here",
			change:  "repeat %s here",
		})
	},
}
