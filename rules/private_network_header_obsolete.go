package rules

import (
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
)

var privateNetworkHeaderObsolete = &Rule{
	Name:     "private-network-header-obsolete",
	Title:    "Access-Control-Allow-Private-Network has no effect any more",
	Category: finding.Hygiene,
	Severity: finding.Note,
	Since:    "0.1.0",
	Refs:     []string{"https://wicg.github.io/local-network-access/"},
	Doc: `## What the browser does
Nothing: the header belonged to an experiment with preflights for private networks. Browsers now ask the visitor for
permission instead.

## Who is hurt
Whoever believes that it opens the way to a local address.

## When it is fine
It is noise, and harmless.

## How to fix
Remove it.
`,
	Examples: []Example{
		{Dialect: "nginx", Name: "still there", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always;
        add_header Access-Control-Allow-Private-Network true always; # want "no browser reads"
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "nginx", Name: "without it", Text: `server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin * always;
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "express", Name: "beside cors", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Private-Network', 'true'); // want "no browser reads Access-Control-Allow-Private-Network"
  next();
});
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "express", Name: "cors alone", Text: `const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://app.shop.example' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
	},
	Check: func(p *Pass) {
		const name = "Access-Control-Allow-Private-Network"
		for _, w := range writtenAt(p, name) {
			p.Report(Report{Finding: finding.Finding{
				Place: firstWord(w.at), Message: "no browser reads " + name, Endpoints: w.endpoints,
				Because: "the preflight that asked for it was given up for a permission prompt", Change: "remove it",
				Repairs: one("remove it", repair.Remove{At: w.at}),
			}})
		}
	},
}
