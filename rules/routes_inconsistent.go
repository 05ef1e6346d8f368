package rules

import (
	"fmt"

	"github.com/corslint/corslint/internal/finding"
)

var routesInconsistent = &Rule{
	Name:     "routes-inconsistent",
	Title:    "one path allows other methods or headers than its siblings",
	Category: finding.Consistency,
	Severity: finding.Note,
	Since:    "0.1.0",
	Doc: `## What the browser does
It allows a request on one path and refuses the same one on another path of the same server.

## Who is hurt
Pages that call both, and whoever copies the configuration of the wrong one.

## When it is fine
Where the paths are meant to differ. corslint cannot know, so this is a note.

## How to fix
Write the headers once, in the server or in a file that all locations include.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "one of three", Text: `server {
    server_name api.shop.example;
    add_header Access-Control-Allow-Origin https://app.shop.example always;
    location /orders/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) { return 204; }
        proxy_pass http://orders:3000;
    }
    location /carts/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) { return 204; }
        proxy_pass http://carts:3000;
    }
    location /prices/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PATCH" always; # want "/prices/ allows other methods than the other paths"
        if ($request_method = OPTIONS) { return 204; }
        proxy_pass http://prices:3000;
    }
}
`},
		{Dialect: "nginx", Name: "all the same", Text: `server {
    server_name api.shop.example;
    location /orders/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://orders:3000;
    }
    location /carts/ {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        proxy_pass http://carts:3000;
    }
}
`},
	},
	Check: func(p *Pass) {
		for header, what := range map[string]string{"Access-Control-Allow-Methods": "methods", "Access-Control-Allow-Headers": "headers"} {
			for _, odd := range oddOnes(p, header) {
				p.Report(Report{Finding: finding.Finding{
					Place: firstWord(odd.at), Message: fmt.Sprintf("%s allows other %s than the other paths of the server", odd.endpoint.Pattern, what),
					Because: "the other paths agree with one another", Change: "write " + header + " once for all paths", Endpoints: []string{odd.endpoint.Name},
					Confidence: finding.Medium,
				}})
			}
		}
	},
}
