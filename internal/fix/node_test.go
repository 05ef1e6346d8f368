package fix_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/express/expresstest"
)

// faultyApp writes an Express application that means well and has some of the faults that people make. The same seed gives the
// same text.
type faultyApp struct {
	*rand.Rand
	double, bare, modules bool // quotes; no semicolons; ES modules
}

func (g *faultyApp) pick(texts ...string) string { return texts[g.IntN(len(texts))] }
func (g *faultyApp) chance(n int) bool           { return g.IntN(n) == 0 }

func (g *faultyApp) origin() string {
	return g.pick("'https://app.shop.example'", "'https://app.shop.example'", "'https://app.shop.example/'", "'https://App.shop.example'", "'https://app.shop.example:443'",
		`/^https:\/\/(www|app).shop.example$/`, `/^https:\/\/app\.shop\.example/`, `/^https:\/\/app\.shop\.example$/`)
}

func (g *faultyApp) options() string {
	origin := g.origin()
	if g.chance(2) {
		list := []string{origin, g.origin(), "'null'", "'https://admin.shop.example'"}
		origin = "[" + strings.Join(list[:1+g.IntN(len(list))], ", ") + "]"
	}
	if g.chance(6) {
		origin = "(origin, callback) => {\n    if (!origin || origin === 'https://app.shop.example') return callback(null, true);\n    callback(new Error('not allowed'));\n  }"
	}
	options := []string{"origin: " + origin}
	for _, option := range []string{
		g.pick("credentials: true", "credentials: true", "credential: true"),
		"methods: " + g.pick("['GET', 'PUT', 'patch']", "'GET,PUT,TRACE'", "['GET', 'POST']", "['get', 'put']"),
		g.pick("allowedHeaders", "allowedHeaders", "allowHeaders") + ": " + g.pick("['Content-Type']", "['Content-Type', 'Cookie']", "'Content-Type,Authorization'", "'Content-Type Authorization'"),
		g.pick("exposedHeaders", "exposeHeaders") + ": " + g.pick("['X-Total']", "['X-Total', 'Set-Cookie']"),
		"maxAge: " + g.pick("600", "'1d'", "86400000"),
	} {
		if g.chance(2) {
			options = append(options, option)
		}
	}
	if g.chance(2) {
		return "{ " + strings.Join(options, ", ") + " }"
	}
	return "{\n  " + strings.Join(options, ",\n  ") + g.pick(",", "") + "\n}"
}

// byHand is middleware that writes the headers itself.
func (g *faultyApp) byHand() string {
	var b strings.Builder
	b.WriteString("app.use((req, res, next) => {\n")
	set := g.pick("set", "header", "setHeader")
	line := func(name, value string) { fmt.Fprintf(&b, "  res.%s('%s', %s);\n", set, name, value) }
	origin := g.pick("'https://app.shop.example'", "'https://app.shop.example/'", "'https://app.shop.example'")
	if g.chance(4) {
		b.WriteString("  if (['https://app.shop.example', 'https://admin.shop.example'].includes(req.headers.origin)) {\n  ")
		line("Access-Control-Allow-Origin", "req.headers.origin")
		if g.chance(2) {
			b.WriteString("    res.vary('Origin');\n")
		}
		b.WriteString("  }\n")
	} else {
		line("Access-Control-Allow-Origin", origin)
		if set != "setHeader" && g.chance(6) {
			b.WriteString("  res.append('Access-Control-Allow-Origin', 'https://app.shop.example');\n")
		}
	}
	if g.chance(2) {
		line("Access-Control-Allow-Credentials", g.pick("'true'", "'True'", "'1'"))
	}
	line("Access-Control-Allow-Methods", g.pick("'GET, PUT, DELETE'", "'get, put'", "'GET, PUT, TRACE'", "'GET PUT'"))
	if g.chance(2) {
		line(g.pick("Access-Control-Allow-Headers", "Access-Control-Allow-Header"), g.pick("'Content-Type, Authorization'", "'Content-Type Authorization'", "'Content-Type, Host'"))
	}
	if g.chance(3) {
		line("Access-Control-Max-Age", g.pick("'1h'", "'600'"))
	}
	b.WriteString("  if (req.method === 'OPTIONS') return res.sendStatus(204);\n  next();\n});\n")
	return b.String()
}

func (g *faultyApp) text() string {
	head := "const express = require('express');\nconst cors = require('cors');\nconst app = express();\n"
	if g.modules {
		head = "import express from 'express';\nimport cors from 'cors';\n\nconst app = express();\n"
	}
	policy := "// who is let in\napp.use(cors(" + g.options() + "));\n"
	switch {
	case g.chance(3):
		policy = g.byHand()
	case g.chance(3):
		policy = "const corsOptions = " + g.options() + ";\napp.use(cors(corsOptions));\n"
	}
	var routes strings.Builder
	for _, method := range []string{"get", "put", "post", "delete"} {
		if method == "get" || g.chance(2) {
			fmt.Fprintf(&routes, "app.%s('/orders', (req, res) => res.json([]));\n", method)
		}
	}
	login := ""
	if g.chance(4) {
		login = "app.use((req, res, next) => {\n  if (!req.headers.authorization) return res.status(401).json({ error: 'log in' });\n  next();\n});\n"
	}
	parts := []string{policy, login, routes.String()}
	switch {
	case login != "" && g.chance(2):
		parts[0], parts[1] = parts[1], parts[0]
	case g.chance(6):
		parts[0], parts[2] = parts[2], parts[0]
	}
	text := head + strings.Join(parts, "") + "app.listen(3000);\n"
	if g.bare {
		text = strings.ReplaceAll(text, ";\n", "\n")
	}
	if g.double {
		text = strings.ReplaceAll(text, "'", `"`)
	}
	return text
}

// TestRealNode repairs faulty applications of Express 4 and 5: they still start, what was repaired goes well under a real
// Node, and what was not is as predicted.
func TestRealNode(t *testing.T) {
	count := 40
	if *long {
		count = 500
	}
	node := expresstest.Start(t, "../../parsers/express/testdata/node")
	var total tally
	var findings, gone, started int
	for n := range count {
		name, text := faultyText(n)
		x := repairAll(t, n%2 == 0, source.NewFile(name, []byte(text)))
		findings, gone = findings+x.before, gone+len(x.result.Repaired)
		app := &expresstest.Application{Major: 4 + n%2, Files: map[string]string{name: string(x.after[0].Data), "package.json": `{"main": "` + name + `"}`}}
		_, port, err := node.Run(t, fmt.Sprint("shop", n), app)
		if err != nil {
			t.Errorf("node refuses what a fix made: %v\n%s\n%s", err, patch(t, x.result), x.after[0].Data)
			continue
		}
		started++
		total.hold(t, x, port)
	}
	t.Logf("%d applications, %d findings, %d repaired; %d start; %s", count, findings, gone, started, total)
}

// TestRealNodeAlone applies every safe fix of faulty applications alone, and asks a real Node.
func TestRealNodeAlone(t *testing.T) {
	count := 40
	if *long {
		count = 500
	}
	node := expresstest.Start(t, "../../parsers/express/testdata/node")
	var total promises
	same := strings.NewReplacer()
	for n := range count {
		name, text := faultyText(n)
		run := func(which, text string) (port int, ok bool) {
			app := &expresstest.Application{Major: 4 + n%2, Files: map[string]string{name: text, "package.json": `{"main": "` + name + `"}`}}
			_, port, err := node.Run(t, which, app)
			return port, err == nil
		}
		fixes := fixesAlone(t, source.NewFile(name, []byte(text)))
		port, ok := run(fmt.Sprint("shop", n), text)
		if !ok {
			t.Fatalf("node refuses a generated application\n%s", text)
		}
		for _, a := range fixes {
			a.before(port)
		}
		for i, a := range fixes {
			port, ok := run(fmt.Sprintf("shop%dx%d", n, i), string(a.file.Data))
			if !ok {
				t.Errorf("node refuses what a fix of %s made\n%s", a.of.Rule, a.file.Data)
				continue
			}
			total.hold(t, a, port, same)
		}
	}
	total.log(t)
}

// faultyText returns the n-th faulty application and the name of its file.
func faultyText(n int) (name, text string) {
	g := &faultyApp{Rand: rand.New(rand.NewPCG(*seed, uint64(n))), double: n%3 == 1, bare: n%4 == 1, modules: n%5 == 1}
	name, text = "server.js", g.text()
	if g.modules {
		name = "server.mjs"
	}
	if n%6 == 2 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return name, text
}
