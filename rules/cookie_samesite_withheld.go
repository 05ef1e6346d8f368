package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var cookieSamesiteWithheld = &Rule{
	Name:     "cookie-samesite-withheld",
	Title:    "a page of another site is let in with credentials, and the session cookie is not sent from there",
	Category: finding.Blocked,
	Severity: finding.Warning,
	Since:    "0.2.0",
	Refs: []string{"https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-samesite-attribute-2",
		"https://html.spec.whatwg.org/#same-site", "https://expressjs.com/en/resources/middleware/session.html"},
	Doc: `## What the browser does
It sends a cookie to another site only where the cookie says SameSite=None and Secure. CORS and SameSite know nothing of each
other: the request is allowed, without the session. The console says nothing.

A site is a registrable domain: https://app.shop.example and https://api.shop.example are one, whatever their ports.

## Who is hurt
Users of the page on the other site: they sign in, and the next request is answered as if they had not.

## When it is fine
Where that page proves who is asking by a token, and the cookie is for the API's own pages.

## How to fix
Serve the page and the API from one site. Else set the cookie with SameSite=None and Secure; browsers that withhold third-party
cookies do not send that either.
`,
	Examples: []Example{
		{Dialect: "contract", Name: "the page is of another site", Text: `-- .corslint.yml --
contract:
  frontends:
    partner:
      origins: https://portal.partner.test
      calls: {orders: {credentials: include, operations: [GET /orders]}}
  apis:
    orders: {urls: "https://api.shop.example", chain: [server.js]}
-- server.js --
const express = require('express');
const session = require('express-session');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://portal.partner.test', credentials: true }));
app.use(session({
  secret: process.env.SECRET,
  cookie: { secure: true, sameSite: 'lax' }, // want "a page of https://portal.partner.test is never signed in: the browser sends no connect.sid from there"
}));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "chain", Name: "nothing is said of SameSite", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const session = require('cookie-session');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://portal.partner.test'], credentials: true }));
app.use(session({ name: 'sid', keys: ['k'] })); // want "a page of https://portal.partner.test is never signed in: the browser sends no sid from there"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "chain", Name: "SameSite=None without Secure", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const session = require('express-session');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'https://portal.partner.test', credentials: true }));
app.use(session({ secret: 's', cookie: { sameSite: 'none' } })); // want "the browser keeps no connect.sid"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "chain", Name: "one site", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const session = require('express-session');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'http://localhost:5173'], credentials: true }));
app.use(session({ secret: 's', cookie: { secure: true, sameSite: 'strict' } }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "chain", Name: "a cookie for other sites, in production", Text: `-- nginx.conf --
server {
    server_name api.shop.example;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
-- server.js --
const express = require('express');
const session = require('express-session');
const cors = require('cors');
const app = express();
const production = process.env.NODE_ENV === 'production';
app.use(cors({ origin: 'https://portal.partner.test', credentials: true }));
app.use(session({ secret: 's', cookie: { secure: production, sameSite: production ? 'none' : 'lax' } }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
	},
	Check: func(p *Pass) {
		for _, f := range p.Layer.Facts {
			if f.Kind == policy.FactSessionCookie {
				p.reportWithheld(f)
			}
		}
	},
}

// reportWithheld reports a session cookie that no page of another site has sent for it, where such a one is let in with
// credentials.
func (p *Pass) reportWithheld(cookie policy.Fact) {
	does, why := withheld(cookie)
	if why == "" {
		return
	}
	pages := p.otherSites(cookie.By)
	if len(pages) == 0 {
		return
	}
	first := pages[0]
	origin, api := first.Exchange.Fetch.Origin, schemeAndHost(first.Exchange.Fetch.URL)
	f := finding.Finding{
		Place: firstWord(cookie.Span), Subject: cookie.Subject, Confidence: finding.Medium, Evidence: first.Evidence(),
		Message: short("a page of "+short(origin, 40)+" is never signed in: the browser "+does, maxMessage),
		Because: origin + " and " + api + " are two sites, and " + why,
		Change:  "set the cookie with SameSite=None and Secure, or serve the page from the site of " + api,
	}
	if first.Stated != nil && first.Stated.Cell != nil {
		f.Confidence = finding.High
	}
	for _, w := range pages {
		if !slices.Contains(f.Endpoints, w.endpoint.Name) {
			f.Endpoints = append(f.Endpoints, w.endpoint.Name)
		}
		if n := w.Stated; n != nil && n.Cell != nil && !slices.Contains(f.Needs, n.Key()) {
			f.Needs = append(f.Needs, n.Key())
		}
	}
	p.Report(Report{Finding: f, Proof: first.Probe})
}

// withheld says what a browser does with a cookie that it does not send to another site, and why; nothing where it does send it,
// or nobody knows. https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.7
func withheld(cookie policy.Fact) (does, why string) {
	has := func(attribute string) bool { return slices.Contains(strings.Split(cookie.Text, "; "), attribute) }
	sends := "sends no " + short(cookie.Subject, 20) + " from there"
	switch {
	case has("SameSite=?"):
		return "", ""
	case has("SameSite=None") && !has("Secure") && !has("Secure=?"):
		return "keeps no " + short(cookie.Subject, 20), "a cookie with SameSite=None and without Secure is refused when it is set"
	case has("SameSite=None"):
		return "", ""
	case has("SameSite=Lax"):
		return sends, "the cookie says SameSite=Lax"
	case has("SameSite=Strict"):
		return sends, "the cookie says SameSite=Strict"
	}
	return sends, "the cookie says nothing of SameSite, which Chromium takes for Lax"
}

// signedIn is a fetch with credentials from a page of another site, which the browser allows.
type signedIn struct {
	*probe.Probe
	endpoint *probe.Endpoint
}

// otherSites returns the fetches that pages of other sites make with credentials and that a layer of the chain answers: those that
// are allowed. What site the API is of must be known: it is declared, or the layer has a name that means something everywhere.
// Pages of a visitor's own machine are somebody's who develops.
func (p *Pass) otherSites(by string) []signedIn {
	var out []signedIn
	for _, e := range slices.Concat(p.Endpoints, p.Stated) {
		for _, w := range e.Wanted {
			f := w.Exchange.Fetch
			if w.Purpose == probe.Circumstance || f.Credentials != browser.CredentialsInclude || w.Exchange.Verdict() != browser.Allowed || probe.IsLoopback(f.Origin) {
				continue
			}
			page, api := probe.Site(f.Origin), probe.Site(schemeAndHost(f.URL))
			if page == "" || api == "" || page == api || !p.isKnown(w) {
				continue
			}
			if answer := outcome(w).Answer(0, browser.PhaseActual); answer == nil || answer.By != by {
				continue
			}
			out = append(out, signedIn{w, e})
		}
	}
	return out
}

// isKnown reports whether the address that a fetch is sent to is the one that pages know.
func (p *Pass) isKnown(w *probe.Probe) bool {
	if w.Stated != nil && w.Stated.Cell != nil {
		return true
	}
	at, ok := contract.ParseServer(schemeAndHost(w.Exchange.Fetch.URL), source.Span{})
	return ok && at.Public() && slices.ContainsFunc(p.Layer.Listeners, func(l policy.Listener) bool {
		return slices.ContainsFunc(l.Hosts, func(h policy.HostPattern) bool { return h.Kind == policy.HostExact && h.Text == at.Host })
	})
}

// schemeAndHost returns a URL up to its path.
func schemeAndHost(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}
