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

var environmentsDiffer = &Rule{
	Name:     "environments-differ",
	Title:    "what a frontend needs is allowed in one environment and not in another",
	Category: finding.Consistency,
	Severity: finding.Error,
	Since:    "0.2.0",
	Explains: []string{"allow-credentials-missing", "allow-headers-missing", "allow-methods-missing", "allow-origin-missing", "expose-headers-missing"},
	Refs:     []string{"https://12factor.net/dev-prod-parity", "https://fetch.spec.whatwg.org/#http-cors-protocol"},
	Doc: `## What the browser does
It judges each environment by what that one answers. The same frontend, asking for the same, is allowed in one and refused in the
other.

## Who is hurt
Users of the stricter environment, from the deployment on: whatever was tried before was tried in the other one.

## When it is fine
When the need is not one of that environment: then the contract says too much.

## How to fix
Keep what does not depend on the environment in one place: methods, headers and credentials. Origins alone differ, and an origin
that is missing is another rule's (origin-not-allowed).
`,
	Examples: []Example{
		{Dialect: "contract", Name: "a method in one of two files", Text: `-- .corslint.yml --
contract:
  environments: {staging: , production: }
  frontends:
    web:
      origins: {staging: "https://app.staging.example", production: "https://app.shop.example"}
      calls: {orders: {operations: [GET /orders, PUT /orders]}}
  apis:
    orders:
      urls: {staging: "https://api.staging.example", production: "https://api.shop.example"}
      chain: {staging: [staging.conf], production: [live.conf]}
-- staging.conf --
server {
    server_name api.staging.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.staging.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        if ($request_method = OPTIONS) { return 204; }
        proxy_pass http://orders:3000;
    }
}
-- live.conf --
server {
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET" always; # want "in production the browser refuses PUT, in staging it does not"
        if ($request_method = OPTIONS) { return 204; }
        proxy_pass http://orders:3000;
    }
}
`},
		{Dialect: "contract", Name: "a variable of one environment", Text: `-- .corslint.yml --
contract:
  environments: {staging: , production: }
  frontends:
    web:
      origins: {staging: "https://app.staging.example", production: "https://app.shop.example"}
      calls: {orders: {credentials: include, operations: [GET /orders]}}
  apis:
    orders:
      urls: {staging: "https://api.staging.example", production: "https://api.shop.example"}
      chain: [server.js]
-- .env.staging --
ORIGIN=https://app.staging.example
WITH_CREDENTIALS=yes
-- .env.production --
ORIGIN=https://app.shop.example
WITH_CREDENTIALS=
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: process.env.ORIGIN, credentials: Boolean(process.env.WITH_CREDENTIALS) })); // want "in production the browser refuses credentialed GET, in staging it does not"
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
		{Dialect: "contract", Name: "only the origins differ", Text: `-- .corslint.yml --
contract:
  environments: {staging: , production: }
  frontends:
    web:
      origins: {staging: "https://app.staging.example", production: "https://app.shop.example"}
      calls: {orders: {credentials: include, operations: [GET /orders]}}
  apis:
    orders:
      urls: {staging: "https://api.staging.example", production: "https://api.shop.example"}
      chain: [server.js]
-- .env.staging --
ORIGIN=https://app.staging.example
-- .env.production --
ORIGIN=https://app.shop.example
-- server.js --
const express = require('express');
const cors = require('cors');
const app = express();
app.use(cors({ origin: process.env.ORIGIN, credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`},
	},
	Check: func(*Pass) {}, // no layer shows it alone: see [Differ]
}

// decides names the header about which a symptom of a difference is.
var decides = map[string]string{
	"allow-credentials-missing": "Access-Control-Allow-Credentials", "allow-headers-missing": "Access-Control-Allow-Headers",
	"allow-methods-missing": "Access-Control-Allow-Methods", "allow-origin-missing": allowOrigin, "expose-headers-missing": exposeHeaders,
}

// Standing is how a need of the contract fares.
type Standing struct {
	Need    *contract.Need
	Verdict browser.Verdict
	Written []Line
}

// Line is a header of the CORS protocol that a page gets, and the place that writes it.
type Line struct {
	Name string
	At   source.Span
}

// Standings returns how the needs fare that a survey asked for.
func Standings(s *probe.Survey) []Standing {
	var out []Standing
	for _, e := range s.Stated {
		for _, w := range e.Wanted {
			standing := Standing{Need: w.Stated, Verdict: w.Exchange.Verdict()}
			if o := outcome(w); o != nil {
				for _, phase := range [...]browser.Phase{browser.PhasePreflight, browser.PhaseActual} {
					standing.note(o.Answer(len(o.Hops)-1, phase))
				}
			}
			out = append(out, standing)
		}
	}
	return out
}

func (s *Standing) note(answer *policy.Outcome) {
	if answer == nil {
		return
	}
	for _, h := range answer.Headers {
		if name := probe.ProtocolHeader(h.Name); name != "" && len(h.Sources) > 0 {
			s.Written = append(s.Written, Line{name, h.Sources[0]})
		}
	}
}

// writes returns the place that writes a header, zero where none does.
func (s *Standing) writes(header string) source.Span {
	for _, l := range s.Written {
		if l.Name == header {
			return l.At
		}
	}
	return source.Span{}
}

// Differ makes findings about the contract's needs say so where the same need is allowed in another environment, by another policy.
// Environments are all there are, in the order of the contract; standings are of all needs.
func Differ(environments []string, standings []Standing, findings []*finding.Finding) []*finding.Finding {
	d := differing{environments, map[string][]*Standing{}}
	for i := range standings {
		key := standings[i].Need.Key()
		d.standings[key] = append(d.standings[key], &standings[i])
	}
	differ := map[source.Span]bool{}
	for _, f := range findings {
		place := f.Place
		if slices.Contains(environmentsDiffer.Explains, f.Rule) && len(f.Needs) > 0 && d.explain(f) {
			differ[place] = true
		}
	}
	return slices.DeleteFunc(findings, func(f *finding.Finding) bool { // what the layer itself shows of it
		return len(f.Needs) == 0 && slices.Contains(environmentsDiffer.Explains, f.Rule) && differ[f.Place]
	})
}

// differing is how all needs fare, by their keys.
type differing struct {
	environments []string
	standings    map[string][]*Standing
}

// explain makes a finding one about a difference, if it is.
func (d *differing) explain(f *finding.Finding) bool {
	own := d.standings[f.Needs[0]]
	if len(own) == 0 {
		return false
	}
	here, header := own[0].Need.Cell.Environment, decides[f.Rule]
	for _, there := range d.environments {
		if there == here {
			continue
		}
		at := d.allowed(f.Needs, there, header)
		if at.IsZero() || at == own[0].writes(header) {
			continue
		}
		what, _, _ := strings.Cut(f.Message, ": ")
		f.Also = append(f.Also, f.Rule)
		f.Rule, f.Category = environmentsDiffer.Name, environmentsDiffer.Category
		f.Message = short("in "+here+" "+what+", in "+there+" it does not", maxMessage)
		f.Because += ", while in " + there + " " + line(at, f.Place) + " does"
		f.Change = "say the same in both environments: " + f.Change
		if policy := firstWord(own[0].writes(allowOrigin)); own[0].writes(header).IsZero() && policy.File == f.Place.File {
			f.Place = policy // what has to say it, too
		}
		if at = firstWord(at); at != f.Place {
			f.Related = append(f.Related, finding.Related{Span: at, Text: "is what " + there + " has"})
		}
		return true
	}
	return false
}

// allowed returns the place that writes a header for needs in another environment, where all of them are allowed.
func (d *differing) allowed(needs []string, environment, header string) (at source.Span) {
	for _, key := range needs {
		if len(d.standings[key]) == 0 {
			return source.Span{}
		}
		same := *d.standings[key][0].Need
		same.Cell = &contract.Cell{Frontend: same.Cell.Frontend, API: same.Cell.API, Environment: environment}
		there := d.standings[same.Key()]
		if len(there) == 0 {
			return source.Span{}
		}
		for _, s := range there {
			if s.Verdict != browser.Allowed {
				return source.Span{}
			}
			at = s.writes(header)
		}
	}
	return at
}
