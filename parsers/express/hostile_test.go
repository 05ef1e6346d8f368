package express_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express"
)

// start is the beginning of every hostile application.
const start = "const express = require('express'); const app = express();\n"

// TestHostile runs applications that mean harm in a child process. Each comes to an end, is reported, and costs the
// application beside it nothing.
func TestHostile(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text string
		gap        string // part of what is said of it; "" when nothing has to be
	}{
		{"endless loop", start + "for (;;) {}", "runs for more than"},
		{"endless loop of promises", start + "const f = () => Promise.resolve().then(f); f();", "runs for more than"},
		{"endless loop of timers", start + "const f = () => setTimeout(f, 0); f();", ""},
		{"endless generator", start + "function* g() { for (;;) yield 1; } for (const x of g()) {}", "runs for more than"},
		{"an array", start + "new Array(1e9).fill(0)", "could not be run"},
		{"growing array", start + "const a = []; for (;;) a.push(new Array(1000).fill('x'.repeat(1000)));", ""},
		{"array buffers", start + "const a = []; for (;;) a.push(new ArrayBuffer(1 << 28));", ""},
		{"a text", start + "'x'.padStart(2 ** 30)", ""},
		{"growing text", start + "let s = 'x'; for (;;) s += s;", ""},
		{"a number", start + "let n = 2n; for (;;) n = n ** 2n;", ""},
		{"an expression that backtracks", start + "/^(a+)+$/.test('a'.repeat(60) + '!'); /(x+x+)+(?=y)\\1/.test('x'.repeat(60));", ""},
		{"recursion", start + "function f() { return f(); } f();", ""},
		{"nested parentheses", start + strings.Repeat("(", 200_000) + strings.Repeat(")", 200_000), ""},
		{"nested templates", start + strings.Repeat("`${", 400) + strings.Repeat("}`", 400), ""},
		{"many unknown values", start + "const x = require('x'); let y = x; for (let i = 0; i < 1e7; i++) y = y['p' + i];", ""},
		{"many listeners", start + "for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1);", ""},
		{"the process", start + "process.exit(1); process.kill(1);", "the process exits"},
		{"constructor", start + "const g = (0, eval)('this'); const f = app.constructor.constructor('return process')(); if (f.mainModule || g.Deno) throw 1; if (f.binding('fs').open) throw 2;", ""},
		{"child processes", start + "const cp = require('child_process'); cp.execSync('touch escaped'); require('fs').writeFileSync('escaped', 'x'); require('node:net').connect(80);", ""},
		{"files outside", start + "const t = require('fs').readFileSync('/etc/passwd', 'utf8') + require('fs').readFileSync('../../../etc/passwd', 'utf8'); if (String(t).includes('root:')) throw new Error('read');\n" +
			"try { const x = require('../outside.js'); if (x.secret) throw new Error('read'); } catch (e) { if (e.message === 'read') throw e; }\nconst l = require('./link.js'); if (l.secret) throw new Error('read');", ""},
		{"prototypes", start + "Object.prototype.then = 1; Array.prototype.map = null; Object.defineProperty(Object.prototype, 'status', { get() { throw 1 } }); Function.prototype.call = null; app.get('/', (q, s) => s.end());", ""},
		{"a request without end", start + "app.get('/', (req, res) => { for (;;) {} }); app.listen(1);", ""},
		{"a request that eats memory", start + "app.get('/', (req, res) => { const a = []; for (;;) a.push('x'.repeat(1e6) + a.length); }); app.listen(1);", ""},
		{"not JavaScript", "require('express') \x00\xff {{{ <?php", ""},
		{"a bundle", "require('express');" + strings.Repeat("a=b;", 12<<20), ""},
	}
	dir := t.TempDir()
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("outside.js", "module.exports = { secret: 1 };")
	write("project/good.js", start+"app.use(require('cors')()); app.get('/x', (req, res) => res.end()); app.listen(1);")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			write("project/bad.js", test.text)
			_ = os.Symlink("../outside.js", filepath.Join(dir, "project/link.js"))
			root, err := discovery.NewRoot(filepath.Join(dir, "project"))
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			began := time.Now()
			result := engine.Run(context.Background(), engine.Options{Files: root.Walk(discovery.Options{}),
				Dialects: []parsers.Dialect{express.Dialect{Options: express.Options{Executable: executable}}}})
			good := false
			for _, host := range result.Hosts {
				outcomes, err := exchange.Chain{host}.Answer(context.Background(), exchange.Query{URL: "http://localhost/x", Method: "GET"}, nil)
				if host.Name == "good.js" {
					good = err == nil && len(outcomes) == 1 && outcomes[0].Status == 200
				}
				_, _ = exchange.Chain{host}.Answer(context.Background(), exchange.Query{URL: "http://localhost/", Method: "GET"}, nil)
			}
			if !good {
				t.Error("the application beside it was harmed")
			}
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("took %v", took)
			}
			var said []string
			for _, gap := range result.Gaps {
				said = append(said, gap.Why)
			}
			for _, f := range result.Hosts {
				for _, gap := range f.Gaps {
					said = append(said, gap.Why)
				}
			}
			all := strings.Join(said, "; ")
			if !strings.Contains(all, test.gap) {
				t.Errorf("want %q to be said of it, got %q", test.gap, all)
			}
			if strings.Contains(all, "read") && test.name == "files outside" {
				t.Error("a file outside the project was read")
			}
			if _, err := os.Stat(filepath.Join(dir, "project/escaped")); err == nil {
				t.Error("a file was written")
			}
			t.Logf("%v: %.300s", time.Since(began).Round(time.Millisecond), all)
		})
	}
}
