package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// largeContract writes a project of frontends, 4 environments and an API of 500 operations behind nginx and, if asked for, an
// Express application. One origin is forgotten.
func largeContract(t testing.TB, frontends int, express bool) {
	t.Helper()
	const paths = 125
	environments := []string{"development", "test", "staging", "production"}
	var conf, contract, api, app, routes strings.Builder
	conf.WriteString("map $http_origin $cors_origin {\n    default \"\";\n")
	contract.WriteString("contract:\n  environments:\n")
	for _, e := range environments {
		fmt.Fprintf(&contract, "    %s:\n", e)
	}
	contract.WriteString("  frontends:\n")
	for i := range frontends {
		fmt.Fprintf(&contract, "    web%d:\n      calls: { api: { credentials: include, reads: [X-Total] } }\n      origins:\n", i)
		for _, e := range environments {
			origin := fmt.Sprintf("https://web%d.%s.shop.example", i, e)
			fmt.Fprintf(&contract, "        %s: %s\n", e, origin)
			if i != frontends-1 || e != "staging" {
				fmt.Fprintf(&conf, "    %s $http_origin;\n", origin)
				fmt.Fprintf(&app, "'%s',", origin)
			}
		}
	}
	contract.WriteString("  apis:\n    api:\n      openapi: openapi.yaml\n      urls:\n")
	for _, e := range environments {
		fmt.Fprintf(&contract, "        %s: https://api.%s.shop.example/v1\n", e, e)
	}
	contract.WriteString("      chain: [nginx.conf" + map[bool]string{true: ", app"}[express] + "]\n")
	headers := ""
	if !express {
		headers = `
        add_header Access-Control-Allow-Origin $cors_origin always;
        add_header Access-Control-Allow-Credentials true always;
        add_header Access-Control-Allow-Methods "GET, POST, PUT, DELETE" always;
        add_header Access-Control-Allow-Headers "Content-Type, X-Request-Id" always;
        add_header Access-Control-Expose-Headers X-Total always;
        add_header Vary Origin always;
        if ($request_method = OPTIONS) {
            return 204;
        }`
	}
	conf.WriteString("}\nserver {\n    listen 443 ssl;\n    server_name .shop.example;\n    ssl_certificate a.pem;\n    ssl_certificate_key a.key;\n    location /v1/ {" +
		headers + "\n        proxy_pass http://api:3000;\n    }\n}\n")
	api.WriteString("openapi: 3.1.0\ninfo: { title: API, version: '1' }\npaths:\n")
	for i := range paths {
		fmt.Fprintf(&api, "  /things%d/{id}:\n", i)
		for _, method := range []string{"get", "put", "delete", "post"} {
			fmt.Fprintf(&api, "    %s:\n      parameters: [{ name: X-Request-Id, in: header, required: true, schema: { type: string } }]\n"+
				"      responses: { '200': { description: A thing, headers: { X-Total: {} } } }\n", method)
			fmt.Fprintf(&routes, "app.%s('/v1/things%d/:id', (req, res) => res.set('X-Total', '1').json({}));\n", method, i)
		}
	}
	files := map[string]string{".corslint.yml": contract.String(), "nginx.conf": conf.String(), "openapi.yaml": api.String()}
	if express {
		files["app/package.json"] = `{ "dependencies": { "cors": "^2.8.5", "express": "^5.1.0" } }`
		files["app/server.js"] = "const express = require('express');\nconst cors = require('cors');\nconst app = express();\napp.use(cors({ origin: [" + app.String() +
			"], credentials: true, exposedHeaders: ['X-Total'] }));\n" + routes.String() + "app.listen(3000);\n"
	}
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// BenchmarkMatrix measures a large contract, as a user runs it. Every request that reaches an application runs its code.
func BenchmarkMatrix(b *testing.B) {
	for _, size := range []struct {
		frontends int
		express   bool
	}{{20, false}, {2, true}} {
		b.Run(fmt.Sprintf("frontends=%d,express=%v", size.frontends, size.express), func(b *testing.B) {
			largeContract(b, size.frontends, size.express)
			for b.Loop() {
				var out, stderr bytes.Buffer
				if status := run([]string{"matrix"}, strings.NewReader(""), &out, &stderr); status != exitFindings || !strings.Contains(out.String(), "500 operations") {
					b.Fatal(status, out.String(), stderr.String())
				}
			}
		})
	}
}
