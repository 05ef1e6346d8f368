package rules

import (
	"fmt"
	"slices"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

var devProxyHidesCORS = &Rule{
	Name:     "dev-proxy-hides-cors",
	Title:    "a development server's proxy hides that the deployed page is let in by nobody",
	Category: finding.Consistency,
	Severity: finding.Warning,
	Since:    "0.1.0",
	Refs:     []string{"https://vite.dev/config/server-options#server-proxy", "https://webpack.js.org/configuration/dev-server/#devserverproxy", "https://create-react-app.dev/docs/proxying-api-requests-in-development"},
	Doc: `## What the browser does
While the page is developed, it asks its own origin, and the development server forwards that to the API: nothing is
cross-origin, and nobody asks for permission. Deployed, the same call goes to the API's own host. Now every answer needs an
Access-Control-Allow-Origin for the page.

## Who is hurt
Everybody but the developers: the first deployment, and no test before it, shows that the API lets in nobody but localhost.

## When it is fine
Where the deployed page asks its own origin, too, as behind one nginx; then no server lets in anybody and none has to.

## How to fix
Let the API allow the origin of the deployed page, or serve both from one origin and leave the host out of the page's calls.
`,
	Examples: []Example{
		{Dialect: "client", Name: "the API lets in localhost only", Text: `-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: 'http://localhost:5173' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
-- web/package.json --
{"dependencies": {"react": "18"}, "devDependencies": {"vite": "5"}}
-- web/.env.development --
VITE_API=/api
-- web/.env.production --
VITE_API=https://api.shop.example
-- web/vite.config.js --
export default {
  server: {
    proxy: {
      '/api': { target: 'http://localhost:3000', rewrite: (path) => path.replace(/^\/api/, '') }, // want "no deployed page can read GET /orders: the API lets in http://localhost:5173 alone"
    },
  },
};
-- web/src/api.js --
const API = import.meta.env.VITE_API;
export const orders = () => fetch(API + '/orders');
`},
		{Dialect: "client", Name: "the API lets in the deployed page", Text: `-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: ['https://app.shop.example', 'https://admin.shop.example'] }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
-- web/package.json --
{"dependencies": {"react": "18"}, "devDependencies": {"vite": "5"}}
-- web/.env.development --
VITE_API=/api
-- web/.env.production --
VITE_API=https://api.shop.example
-- web/vite.config.js --
export default { server: { proxy: { '/api': { target: 'http://localhost:3000', rewrite: (path) => path.replace(/^\/api/, '') } } } };
-- web/src/api.js --
const API = import.meta.env.VITE_API;
export const orders = () => fetch(API + '/orders');
`},
		{Dialect: "client", Name: "one origin everywhere", Text: `-- server.js --
const express = require('express');
const app = express();
app.get('/api/orders', (req, res) => res.json([]));
app.listen(3000);
-- web/package.json --
{"dependencies": {"react": "18"}, "devDependencies": {"vite": "5"}}
-- web/vite.config.js --
export default { server: { proxy: { '/api': 'http://localhost:3000' } } };
-- web/src/api.js --
export const orders = () => fetch('/api/orders');
`},
	},
	Check: func(p *Pass) {
		var reported []source.Span
		for _, e := range p.Stated {
			for _, w := range e.Wanted {
				n := w.Stated
				if n == nil || n.Proxied == nil || n.Proxied.Deployed || slices.Contains(reported, n.Proxied.Span) {
					continue
				}
				deployed, elsewhere := n.Elsewhere()
				if !elsewhere || !onlyDevelopers(&e.Intent) {
					continue
				}
				reported = append(reported, n.Proxied.Span)
				p.Report(Report{Proof: w, Finding: finding.Finding{
					Place:   n.Proxied.Span,
					Message: short(fmt.Sprintf("no deployed page can read %s: the API lets in %s alone", n, listed(e.Intent.Origins, 2)), maxMessage),
					Because: fmt.Sprintf("while it is developed the page asks its own origin; deployed it asks %s, across origins", deployed.Authority()),
					Change:  "let the API allow the origin of the deployed page", Related: hidden(n, deployed, &e.Intent),
					Confidence: finding.Medium, // another configuration may be what is deployed
				}})
			}
		}
	},
}

// onlyDevelopers reports whether nobody but pages of a developer's machine is let in.
func onlyDevelopers(in *probe.Intent) bool {
	if in.Anybody || len(in.Origins) == 0 {
		return false
	}
	for _, w := range in.Written[allowOrigin] {
		if _, known := w.Value.Known(); !known {
			return false
		}
	}
	return !slices.ContainsFunc(in.Origins, func(origin string) bool {
		s, ok := contract.ParseServer(origin, source.Span{})
		return !ok || !s.Loopback()
	})
}

// hidden returns the places that show why a proxy hides something.
func hidden(n *contract.Need, deployed contract.Server, in *probe.Intent) []finding.Related {
	out := []finding.Related{{Span: n.Span, Text: n.Statement()}}
	if !deployed.Span.IsZero() {
		out = append(out, finding.Related{Span: deployed.Span, Text: "is where it is asked when it is deployed"})
	}
	for _, w := range in.Written[allowOrigin] {
		if text, _ := w.Value.Known(); text != "" && !w.At.IsZero() {
			return append(out, finding.Related{Span: w.At, Text: "lets in " + policy.Literal(text).String()})
		}
	}
	return out
}
