package rules

import (
	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/internal/finding"
)

var exposeHeadersForbiddenName = &Rule{
	Name:     "expose-headers-forbidden-name",
	Aliases:  []string{"expose-headers-forbidden"},
	Title:    "a list of readable headers names one that no page can read",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://fetch.spec.whatwg.org/#forbidden-response-header-name"},
	Doc: `## What the browser does
It never shows Set-Cookie to a page, whatever Access-Control-Expose-Headers says.

## Who is hurt
Whoever tries to read the cookie from the response.

## When it is fine
It is noise, and harmless.

## How to fix
Take the name out of the list; send what the page needs in another header or in the body.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "a cookie", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Headers "X-Total, Set-Cookie" always; # want "no page can read Set-Cookie"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "without", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Expose-Headers X-Total always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "Set-Cookie as an option", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', exposedHeaders: ['Set-Cookie', 'X-Total'] })); // want "no page can read Set-Cookie"
app.get('/orders', (req, res) => res.set('X-Total', '3').json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "what pages read", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example', exposedHeaders: ['X-Total'] }));
app.get('/orders', (req, res) => res.set('X-Total', '3').json([]));
app.listen(3000);
`},
	},
	Check: func(p *Pass) {
		reportListed(p, "Access-Control-Expose-Headers", browser.IsForbiddenResponseHeader, "no page can read %s", "browsers keep it from every page")
	},
}
