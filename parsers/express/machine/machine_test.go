package machine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/express/machine"
)

type tree map[string]string

func (t tree) Open(path string) (*source.File, error) {
	if text, ok := t[path]; ok {
		return source.NewFile(path, []byte(text)), nil
	}
	return nil, errors.New("no such file")
}
func (t tree) Has(path string) bool { _, ok := t[path]; return ok }
func (t tree) Paths(dir string) []string {
	var out []string
	for p := range t {
		if dir == "" || strings.HasPrefix(p, dir+"/") {
			out = append(out, p)
		}
	}
	return out
}

func shown(r machine.Response) string {
	var b strings.Builder
	fmt.Fprint(&b, r.Status)
	text := func(parts []machine.Part) string {
		var v string
		for _, p := range parts {
			if p.Unknown != nil {
				v += "‹" + p.Unknown.Subject + "›"
			} else {
				v += p.Text
			}
		}
		return v
	}
	for _, h := range r.Headers {
		if n := strings.ToLower(h.Name); strings.HasPrefix(n, "access-control") || n == "vary" || n == "allow" || n == "location" {
			fmt.Fprintf(&b, " | %s: %s", n, text(h.Value))
		}
	}
	for _, l := range r.Lost {
		fmt.Fprintf(&b, " | lost %s %s %s", l.Why, l.Name, text(l.Value))
	}
	if r.Open != nil {
		fmt.Fprintf(&b, " | open %s", r.Open.Subject)
	}
	for _, a := range r.Assuming {
		fmt.Fprintf(&b, " | %v %s", a.Holds, a.Subject)
	}
	return b.String()
}

// answers asks an application and writes down what it answers.
func answers(t *testing.T, files tree, app machine.Application, requests ...string) string {
	t.Helper()
	m := machine.New(files, machine.NewLibrary())
	d, err := m.Load(context.Background(), app)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if d.Failure != nil {
		fmt.Fprintf(&b, "stops: %s\n", d.Failure.Why)
	}
	for _, q := range requests {
		method, url, _ := strings.Cut(q, " ")
		out, err := m.Answer(context.Background(), &machine.Request{Method: method, URL: url, Headers: [][2]string{{"Host", "x"}, {"Origin", "https://a.example"}}})
		if err != nil {
			t.Fatal(err, b.String())
		}
		for _, r := range out {
			fmt.Fprintf(&b, "%s: %s\n", q, shown(r))
		}
	}
	return b.String()
}

// TestAnswers: what is known is exact, what is not known is followed both ways, and what came too late is lost.
func TestAnswers(t *testing.T) {
	tests := []struct {
		name     string
		files    tree
		app      machine.Application
		requests []string
		want     string
	}{
		{"several files", tree{"app.js": `
const express = require('express');
const app = express();
app.get('/early', (req, res) => res.json({}));
app.use(require('cors')({ origin: ['https://a.example', /\.b\.example$/], credentials: true }));
app.use('/users', require('./users').default);
app.listen(3000);
`, "users.ts": `
import { Router } from 'express';
const router: Router = Router();
const lookup = require('unknown-thing');
router.get('/:id', async (req, res) => { const u = await lookup.find(req.params.id); if (!u) { return res.status(404).json({}); } res.json(u) });
router.put('/:id', (req, res, next) => { if (lookup.ok(req)) next(); else res.redirect('/x') }, (req, res) => res.sendStatus(204));
export default router;
`}, machine.Application{Entry: "app.js", Major: 4}, []string{"GET /early", "GET /users/1", "PUT /users/1", "GET /nowhere"}, `
GET /early: 200 | lost not-reached Access-Control-Allow-Origin https://a.example | lost not-reached Access-Control-Allow-Credentials true
GET /users/1: 200 | access-control-allow-origin: https://a.example | vary: Origin | access-control-allow-credentials: true
PUT /users/1: 204 | access-control-allow-origin: https://a.example | vary: Origin | access-control-allow-credentials: true | true unknown-thing.ok({…}) is truthy
PUT /users/1: 302 | access-control-allow-origin: https://a.example | vary: Origin, Accept | access-control-allow-credentials: true | location: /x | false unknown-thing.ok({…}) is truthy
GET /nowhere: 404 | access-control-allow-origin: https://a.example | vary: Origin | access-control-allow-credentials: true
`},
		{"a variable that nobody gives a value", tree{"app.js": `
const app = require('express')();
app.use(require('cors')({ origin: process.env.CLIENT }));
app.get('/', (req, res) => res.end());
`}, machine.Application{Entry: "app.js", Major: 5, Others: machine.Anything}, []string{"GET /"}, `
GET /: 200 | access-control-allow-origin: ‹process.env.CLIENT› | vary: Origin | true process.env.CLIENT is set
GET /: 200 | false process.env.CLIENT is set
`},
		{"the same, unset", tree{"app.js": `
const app = require('express')();
app.use(require('cors')({ origin: process.env.CLIENT }));
app.get('/', (req, res) => res.end());
`}, machine.Application{Entry: "app.js", Major: 5}, []string{"GET /"}, `
GET /: 200
`},
		{"a module knows that it is the one that is run", tree{"src/app.mjs": `
import express from 'express';
import { fileURLToPath } from 'node:url';
export function create() {
  const app = express();
  app.get('/', (req, res) => res.end());
  return app;
}
if (process.argv[1] === fileURLToPath(import.meta.url)) create().listen(3000);
`}, machine.Application{Entry: "src/app.mjs", Major: 5}, []string{"GET /"}, `
GET /: 200
`},
		{"a module waits for one that it imports", tree{"app.mjs": `
import express from 'express';
import routes from './routes.mjs';
const app = express();
app.use('/api', routes);
app.listen(3000);
`, "routes.mjs": `
import express from 'express';
import cors from 'cors';
const router = express.Router();
const origin = await Promise.resolve('https://a.example');
const inner = express();
inner.get('/', cors({ origin }), (req, res) => res.end());
router.use('/inner', inner);
export default router;
`}, machine.Application{Entry: "app.mjs", Major: 5}, []string{"GET /api/inner", "GET /"}, `
GET /api/inner: 200 | access-control-allow-origin: https://a.example | vary: Origin
GET /: 404
`},
		{"a start that stops on what is unknown is tried the other way", tree{"app.js": `
const { error } = require('joi').validate(process.env);
if (error) throw new Error('configuration');
const app = require('express')();
app.get('/', (req, res) => res.end());
`}, machine.Application{Entry: "app.js", Major: 4}, []string{"GET /"}, `
GET /: 200
`},
		{"an unknown end of a loop", tree{"app.js": `
const app = require('express')();
const list = require('db').list();
app.get('/', (req, res) => { for (let i = 0; i < list.length; i++) res.append('Vary', list[i]); while (list.more()) {} res.end(); });
`}, machine.Application{Entry: "app.js", Major: 4}, []string{"GET /"}, `
GET /: 200 | vary: ‹db.list().0› | true 0 < db.list().length
GET /: 200 | false 0 < db.list().length
`},
		{"a module that awaits at its top", tree{"app.mjs": `
import express from 'express';
import { fileURLToPath } from 'node:url';
const __filename = fileURLToPath(import.meta.url);
const app = express();
await Promise.resolve();
app.get('/', (req, res) => res.set('Location', __filename).end());
app.listen(3000);
`}, machine.Application{Entry: "app.mjs", Major: 5}, []string{"GET /"}, `
GET /: 200 | location: /app.mjs
`},
		{"a module that starts only when it is the program", tree{"app.mjs": `
import express from 'express';
import winston from 'express-winston';
import { fileURLToPath } from 'node:url';
function make() {
  const app = express();
  app.use(winston.logger({}));
  return app.get('/', (req, res) => res.end());
}
if (process.argv[1] === fileURLToPath(import.meta.url) && import.meta.main) make().listen(3000);
`}, machine.Application{Entry: "app.mjs", Major: 5}, []string{"GET /"}, `
GET /: 200
`},
		{"a pattern that express 5 refuses", tree{"app.js": `
const app = require('express')();
app.options('*', (req, res) => res.end());
`}, machine.Application{Entry: "app.js", Major: 5}, nil, `
stops: Missing parameter name at index 1: *; visit https://git.new/pathToRegexpError for info
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := "\n" + answers(t, test.files, test.app, test.requests...); got != test.want {
				t.Errorf("got %s\nwant %s", got, test.want)
			}
		})
	}
}
