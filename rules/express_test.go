package rules_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/rules"
)

// TestExpress holds what is reported by default about applications with one fault: where the fault is repaired, once, however
// many routes show it, and nothing about what only looks like one.
func TestExpress(t *testing.T) {
	const refuse = "(req, res, next) => (req.headers.authorization ? next() : res.status(401).end())"
	for name, test := range map[string]struct {
		lines []string // from line 2 of server.js
		want  []string
	}{
		"routes before the middleware are one fault of its place": {
			[]string{"app.get('/orders', (req, res) => res.json([]));", "app.post('/orders', (req, res) => res.json({}));", "app.put('/orders/:id', (req, res) => res.json({}));", "app.use(cors());"},
			[]string{"5 error cors-after-routes"},
		},
		"what other servers ask needs no middleware before it": {
			[]string{"app.get('/health', (req, res) => res.send('ok'));", "app.post('/stripe/webhook', (req, res) => res.end());", "app.use(cors());", "app.get('/orders', (req, res) => res.json([]));"},
			nil,
		},
		"middleware by hand is moved where it is registered": {
			[]string{"const allow = (req, res, next) => {", "  res.header('Access-Control-Allow-Origin', '*');", "  next();", "};",
				"app.get('/orders', (req, res) => res.json([]));", "app.use(allow);"},
			[]string{"7 error cors-after-routes"},
		},
		"a login before it": {
			[]string{"app.use(" + refuse + ");", "app.use(cors());", "app.put('/orders/:id', (req, res) => res.json({}));"},
			[]string{"2 error auth-before-cors"},
		},
		"a login of one router before it, and a route": {
			[]string{"const admin = express.Router();", "admin.use(" + refuse + ");", "admin.delete('/users/:id', (req, res) => res.end());", "app.use('/admin', admin);",
				"app.get('/orders', (req, res) => res.json([]));", "app.use(cors());"},
			[]string{"3 error auth-before-cors"},
		},
		"a login that lets preflights pass": {
			[]string{"app.use((req, res, next) => (req.method === 'OPTIONS' || req.headers.authorization ? next() : res.status(401).end()));",
				"app.use(cors({ origin: 'https://app.shop.example', allowedHeaders: ['Authorization', 'Content-Type'] }));", "app.put('/orders/:id', (req, res) => res.json({}));"},
			[]string{"2 warning auth-before-cors"},
		},
		"a login that nobody here knows is no finding": {
			[]string{"app.use(require('@shop/login')());", "app.use(cors());", "app.put('/orders/:id', (req, res) => res.json({}));"},
			nil,
		},
		"a parser of bodies before it makes a note only": {
			[]string{"app.use(express.json());", "app.use(cors());", "app.post('/orders', (req, res) => res.json({}));"},
			nil,
		},
		"a limit of its own before it": {
			[]string{"app.use(require('express-rate-limit')({ limit: 100 }));", "app.use(cors());", "app.get('/orders', (req, res) => res.json([]));"},
			[]string{"3 warning allow-origin-missing-on-error"},
		},
		"a route that answers preflights of its own accord": {
			[]string{"app.put('/orders/:id', cors(), (req, res) => res.json({}));", "app.delete('/orders/:id', cors(), (req, res) => res.json({}));", "app.put('/users/:id', cors(), (req, res) => res.json({}));"},
			[]string{"2 error preflight-unhandled"},
		},
		"an origin without a scheme that ends in an error is one fault": {
			[]string{"const list = ['https://app.shop.example', 'shop.example'];", "const refuse = (req, res, next) => (req.headers.authorization ? next() : res.status(401).end());",
				"app.use(cors({ origin: (origin, callback) => list.includes(origin) || !origin ? callback(null, true) : callback(new Error('refused')) }));",
				"app.get('/orders', refuse, (req, res) => res.json([]));"},
			[]string{"2 error origin-missing-scheme"},
		},
		"a refused origin is an error where the callback makes it, whoever answers": {
			[]string{"app.use(express.static('public'));", "app.use(cors({ origin(origin, callback) {", "  if (!origin || origin === 'https://app.shop.example') callback(null, true);",
				"  else callback(new Error('refused'));", "} }));", "app.post('/orders', (req, res) => res.json({}));", "app.use((err, req, res, next) => res.status(500).json({}));"},
			[]string{"5 warning origin-callback-error"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := "const express = require('express'), cors = require('cors'), app = express();\n" + strings.Join(test.lines, "\n") + "\napp.listen(3000);\n"
			result := engine.Run(context.Background(), engine.Options{
				Files: discovery.Memory(source.NewFile("server.js", []byte(text))).Walk(discovery.Options{}), Dialects: []parsers.Dialect{express.Dialect{}}, Rules: rules.All(),
			})
			var got []string
			for _, f := range result.Findings {
				if f.Shown() {
					got = append(got, fmt.Sprint(f.Place.Position().Line, " ", f.Severity, " ", f.Rule))
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q\n%s", got, test.want, text)
			}
		})
	}
}

// notForExpress are the rules that no application of Node is shown for, and why; those of nginx say it by their names.
var notForExpress = map[string]string{
	"policy-overridden": "an application overrides nobody",
	"mixed-content":     "only a document shows the address under which an application is called",
}

// TestExpressExamples holds that every rule shows an application of Node, done wrong and done right, where one can have the fault.
func TestExpressExamples(t *testing.T) {
	for _, rule := range rules.All() {
		if rule.Check == nil || strings.HasPrefix(rule.Name, "nginx-") || strings.HasPrefix(rule.Name, "apigateway-") {
			continue // reported by another part, or not about applications
		}
		bad, good := false, false
		for _, example := range rule.Examples {
			if example.Dialect == (express.Dialect{}).Name() || strings.Contains(example.Text, "require('express')") {
				bad, good = bad || !example.Good(), good || example.Good()
			}
		}
		why := notForExpress[rule.Name]
		switch shown := bad && good; {
		case !shown && why == "":
			t.Errorf("%s: no Express example: bad %v, good %v", rule.Name, bad, good)
		case shown && why != "":
			t.Errorf("%s is shown, though %s", rule.Name, why)
		}
	}
	for name := range notForExpress {
		if _, ok := rules.Lookup(name); !ok {
			t.Errorf("no rule %s", name)
		}
	}
}
