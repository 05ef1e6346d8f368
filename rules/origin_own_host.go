package rules

import (
	"net/url"
	"slices"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var originOwnHost = &Rule{
	Name:     "origin-own-host",
	Title:    "the only origin that is let in is the server's own",
	Category: finding.Security,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#http-access-control-allow-origin", "https://nginx.org/en/docs/http/ngx_http_core_module.html#var_host"},
	CWE:      []int{942},
	Doc: `## What the browser does
It compares the page's origin with the server's own address. Pages of the server itself need no permission, and a page of
any other origin is refused.

## Who is hurt
Pages of other origins, if any were meant: all of them are refused. Where credentials are allowed somebody meant some.

## When it is fine
When no page of another origin is meant to read the responses. Then the headers do nothing and can go.

## How to fix
Name the origin of the pages that call this server, not the server's.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "own host", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin $scheme://$host always; # want "no page but the server's own is let in, and those need no permission"
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "the caller's origin", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "the host of the request", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', req.protocol + '://' + req.headers.host); // want "no page but the server's own is let in, and those need no permission"
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "the host of the page", Text: `const express = require('express');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', 'https://app.shop.example');
  next();
});
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
	},
	Check: func(p *Pass) {
		var places []source.Span
		for _, e := range p.Endpoints {
			if !e.EchoesHost || slices.ContainsFunc(e.Intent.Origins, func(o string) bool { return hostName(o) != hostName(e.URL) }) {
				continue
			}
			at := e.Intent.Written["Access-Control-Allow-Origin"][0].At
			place := valueIn(at, "Access-Control-Allow-Origin")
			if contains(places, place) {
				continue
			}
			places = append(places, place)
			f := finding.Finding{
				Severity: finding.Note, Place: place, Endpoints: []string{e.Name},
				Message: "no page but the server's own is let in, and those need no permission",
				Because: "the value is made of the address that the request was sent to",
				Change:  "name the origin of the pages that call this server",
			}
			if e.WithCredentials() {
				f.Severity = finding.Warning
				f.Related = append(f.Related, finding.Related{Span: e.Intent.Credentials[0], Text: "allows credentials, so pages of another origin are meant"})
			}
			p.Report(Report{Finding: f, Proof: e.Strangers[0]}) // a stranger is refused, as everybody is
		}
	},
}

// hostName returns the host of an address without its port.
func hostName(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
