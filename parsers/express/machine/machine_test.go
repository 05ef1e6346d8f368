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

func TestFirst(t *testing.T) {
	files := tree{"app.js": `
const express = require('express');
const cors = require('cors');
const app = express();
app.get('/early', (req, res) => res.json({}));
app.use(cors({ origin: ['https://a.example', /\.b\.example$/], credentials: true, exposeHeaders: ['X'] }));
const users = require('./users').default;
app.use('/users', users);
app.listen(process.env.PORT || 3000);
`, "users.ts": `
import { Router } from 'express';
import db from './db';
const router = Router();
const lookup = require('unknown-thing');
router.get('/:id', async (req, res) => { const u = await lookup.find(req.params.id); if (!u) { return res.status(404).json({}); } res.json(u) });
router.put('/:id', (req, res, next) => { if (lookup.ok(req)) next(); else res.redirect('/x') }, (req, res) => res.sendStatus(204));
export default router;
`, "db.ts": "export default {}"}
	m := machine.New(files, machine.NewLibrary())
	d, err := m.Load(context.Background(), machine.Application{Entry: "app.js", Major: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", d)
	if d.Failure != nil {
		t.Fatalf("%+v %v", *d.Failure, d.Failure.Place)
	}
	for _, l := range d.Layers {
		for _, e := range l.Endpoints {
			t.Logf("%+v %v", e, e.Place)
		}
	}
	for _, x := range d.Mentions {
		t.Logf("%+v %v", x, x.Place)
	}
	for _, x := range d.Facts {
		t.Logf("%+v %v", x, x.Place)
	}
	for _, q := range []string{"GET /early", "OPTIONS /early", "GET /users/1", "PUT /users/1", "OPTIONS /users/1", "GET /nowhere"} {
		method, url, _ := strings.Cut(q, " ")
		answers, err := m.Answer(context.Background(), &machine.Request{Method: method, URL: url, Headers: [][2]string{{"Host", "x"}, {"Origin", "https://a.example"}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range answers {
			t.Log(q, shown(a), a.Error)
			for _, h := range a.Headers {
				if h.Name == "Access-Control-Allow-Origin" {
					t.Log(h.Places)
				}
			}
		}
	}
}
