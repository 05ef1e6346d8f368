package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/corslint/corslint/internal/differential"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/lsp"
	"github.com/corslint/corslint/internal/source"
)

var (
	long = flag.Bool("long", false, "10,000 random edits of a project in an editor")
	seed = flag.Uint64("seed", 1, "where the random edits begin")
)

// place is a position of the protocol: a line, and UTF-16 code units in it.
type place struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type placeRange struct {
	Start place `json:"start"`
	End   place `json:"end"`
}

// shownDiagnostic is what an editor shows of a finding.
type shownDiagnostic struct {
	Range    placeRange `json:"range"`
	Severity int        `json:"severity"`
	Code     string     `json:"code"`
	Message  string     `json:"message"`
	Data     struct {
		Fingerprint string `json:"fingerprint"`
	} `json:"data"`
}

// String is the diagnostic on one line.
func (d shownDiagnostic) String() string {
	return fmt.Sprintf("%d:%d-%d:%d %d %s %s %q", d.Range.Start.Line, d.Range.Start.Character, d.Range.End.Line, d.Range.End.Character, d.Severity, d.Code, d.Data.Fingerprint, d.Message)
}

// editorClient is an editor with a project open.
type editorClient struct {
	testing.TB
	root string
	conn *jsonrpc2.Conn
	open map[string]string // texts by path
	at   int               // version

	lock  sync.Mutex
	shown map[string][]shownDiagnostic // by path
	told  chan struct{}                // that something was published
}

// Handle implements [jsonrpc2.Handler].
func (c *editorClient) Handle(ctx context.Context, conn *jsonrpc2.Conn, r *jsonrpc2.Request) {
	switch r.Method {
	case "textDocument/publishDiagnostics":
		var p struct {
			URI         string
			Diagnostics []shownDiagnostic
		}
		_ = json.Unmarshal(*r.Params, &p)
		u, _ := url.Parse(p.URI)
		name, _ := filepath.Rel(c.root, u.Path)
		c.lock.Lock()
		if c.shown[name] = p.Diagnostics; len(p.Diagnostics) == 0 {
			delete(c.shown, name)
		}
		c.lock.Unlock()
		select {
		case c.told <- struct{}{}:
		default:
		}
	case "window/showMessage":
		c.Errorf("the server says %s", *r.Params)
	}
}

// edit serves a project to an editor.
func edit(t testing.TB, root string) *editorClient {
	t.Helper()
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	c := &editorClient{TB: t, root: root, open: map[string]string{}, shown: map[string][]shownDiagnostic{}, told: make(chan struct{}, 1)}
	ours, theirs := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- lsp.Serve(t.Context(), theirs, lsp.Options{Open: openEditor, Rule: documentation}) }()
	c.conn = jsonrpc2.NewConn(t.Context(), jsonrpc2.NewBufferedStream(ours, jsonrpc2.VSCodeObjectCodec{}), c)
	t.Cleanup(func() { c.conn.Close(); <-done })
	c.call("initialize", json.RawMessage(`{"capabilities":{}}`), nil)
	c.notify("initialized", struct{}{})
	return c
}

func (c *editorClient) call(method string, params, result any) {
	c.Helper()
	if err := c.conn.Call(c.Context(), method, params, result); err != nil {
		c.Fatalf("%s: %v", method, err)
	}
}

func (c *editorClient) notify(method string, params any) {
	c.Helper()
	if err := c.conn.Notify(c.Context(), method, params); err != nil {
		c.Fatalf("%s: %v", method, err)
	}
}

func (c *editorClient) document(name string) map[string]any {
	c.at++
	return map[string]any{"uri": (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(c.root, name))}).String(), "version": c.at, "text": c.open[name]}
}

func (c *editorClient) openFile(name, text string) {
	c.open[name] = text
	c.notify("textDocument/didOpen", map[string]any{"textDocument": c.document(name)})
}

func (c *editorClient) closeFile(name string) {
	c.notify("textDocument/didClose", map[string]any{"textDocument": c.document(name)})
	delete(c.open, name)
}

// replace replaces bytes of an open file.
func (c *editorClient) replace(name string, start, end int, with string) {
	text := c.open[name]
	change := map[string]any{"range": placeRange{placeOf(text, start), placeOf(text, end)}, "text": with}
	c.open[name] = text[:start] + with + text[end:]
	c.notify("textDocument/didChange", map[string]any{"textDocument": c.document(name), "contentChanges": []any{change}})
}

// settle waits until what is shown is about the present texts.
func (c *editorClient) settle() {
	c.Helper()
	for name := range c.open { // the answer comes behind what is published
		c.call("textDocument/hover", map[string]any{"textDocument": c.document(name), "position": place{}}, nil)
		return
	}
}

func (c *editorClient) all() string {
	c.lock.Lock()
	defer c.lock.Unlock()
	return list(c.shown)
}

// hints are what stands behind the lines of a file.
func (c *editorClient) hints(name string) string {
	c.Helper()
	var hints []struct {
		Position place
		Label    string
	}
	c.call("textDocument/inlayHint", map[string]any{"textDocument": c.document(name), "range": placeRange{End: place{Line: 1 << 20}}}, &hints)
	out := ""
	for _, h := range hints {
		out += fmt.Sprintf("\n%d %s", h.Position.Line, h.Label)
	}
	return out
}

func list(shown map[string][]shownDiagnostic) string {
	var lines []string
	for name, all := range shown {
		for _, d := range all {
			lines = append(lines, name+" "+d.String())
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// placeOf counts as JavaScript does.
func placeOf(text string, offset int) place {
	before := text[:offset]
	if strings.HasSuffix(before, "\r") && strings.HasPrefix(text[offset:], "\n") {
		before = before[:offset-1]
	}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(before), "\n")
	return place{len(lines) - 1, len(utf16.Encode([]rune(lines[len(lines)-1])))}
}

// fresh is what a run says that has seen none of the texts before, and what it hints at in one of them. It is made of files on
// the disk.
func fresh(t testing.TB, texts map[string]string, of string) string {
	t.Helper()
	dir := t.TempDir()
	writeAll(t, dir, texts)
	p, err := openEditor(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	shown := map[string][]shownDiagnostic{}
	result := p.Check(t.Context(), nil)
	for _, f := range result.Findings {
		shown[f.Place.Path()] = append(shown[f.Place.Path()], toDiagnostic(f))
	}
	hints := ""
	for _, v := range result.Verdicts {
		if text := v.Span.File.Data; v.Span.Path() == of {
			hints += fmt.Sprintf("\n%d %s", placeOf(string(text), v.Span.Start).Line, v.Label)
		}
	}
	return list(shown) + hints
}

func toDiagnostic(f *finding.Finding) shownDiagnostic {
	text := string(f.Place.File.Data)
	d := shownDiagnostic{Range: placeRange{placeOf(text, f.Place.Start), placeOf(text, f.Place.End)}, Code: f.Rule, Message: f.Message + "\n" + f.Because + "\n→ " + f.Change,
		Severity: map[finding.Severity]int{finding.Error: 1, finding.Warning: 2, finding.Note: 3}[f.Severity]}
	d.Message = strings.ToValidUTF8(d.Message, "\uFFFD") // as JSON has it
	d.Data.Fingerprint = f.Fingerprint()
	return d
}

func writeAll(t testing.TB, dir string, texts map[string]string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// edited is the project that is edited at random: an nginx with what it includes, an application behind it, and a template.
var edited = map[string]string{
	"nginx.conf": `events {}
http {
    map $http_origin $allowed {
        default "";
        "~^https://(www|app).shop.example"  $http_origin; # 😀
    }
    include conf.d/*.conf;
    server {
        listen 80;
        server_name api.shop.example;
        include cors.inc;
        location /v1/ {
            if ($request_method = 'OPTIONS') {
                add_header 'Access-Control-Allow-Origin' 'https://app.shop.example';
                return 204;
            }
            add_header 'Access-Control-Allow-Origin' $allowed;
            add_header 'Access-Control-Allow-Credentials' 'true';
            proxy_pass http://orders:3000;
        }
    }
}
`,
	"cors.inc":        "add_header Access-Control-Allow-Methods 'GET, PUT';\r\nadd_header X-Größe \"é€😀\";\r\nlocation /cors/ { add_header Access-Control-Allow-Origin https://app.shop.example/; }\r\n",
	"conf.d/one.conf": "server {\n    listen 81;\n    server_name one.example;\n    location / {\n        include ../cors.inc;\n        add_header Access-Control-Allow-Origin '*';\n        add_header Access-Control-Allow-Credentials true;\n    }\n}\n",
	"template.yaml":   "Transform: AWS::Serverless-2016-10-31\nResources:\n  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: prod\n      Cors:\n        AllowOrigin: https://app.shop.example\n        AllowCredentials: true\n",
}

var application = map[string]string{
	"orders/package.json": `{"name": "orders", "dependencies": {"express": "^5.0.0", "cors": "^2.8.5"}}`,
	"orders/server.js": `const express = require('express');
const cors = require('cors');
const origins = require('./origins');
const app = express();
app.get('/before', (req, res) => res.json([]));
app.use(cors({ origin: origins, credentials: true }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`,
	"orders/origins.js": "module.exports = ['https://app.shop.example/', /shop.example$/];\n",
}

var typed = []string{"add_header Access-Control-Allow-Origin *;", "\n", "\r\n", "\r", " ", "😀", "é", "{", "}", ";", "'", `"`, "#", "location /x { }", "server { listen 82; }",
	"include cors.inc;", "include conf.d/*.conf;", "always", "https://evil.example", "\\", "true", "null", "a", "0", ":", "- ", "\t", "# corslint: ignore[*] -- because\n", "${x}", "\u2028"}

// TestLSPRandomEdits: whatever is typed, saved, closed, created and removed, what the server shows is what a run says that begins
// with nothing.
func TestLSPRandomEdits(t *testing.T) {
	edits, held := 400, 10
	if *long {
		edits, held = 10_000, 50
	}
	if testing.Short() {
		edits = 100
	}
	t.Run("configurations", func(t *testing.T) { randomEdits(t, 2**seed, edits, held, edited) })
	t.Run("application", func(t *testing.T) { randomEdits(t, 2**seed+1, edits/10, 5, application) })
}

func randomEdits(t *testing.T, seed uint64, edits, held int, start map[string]string) {
	random := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	writeAll(t, dir, start)
	c := edit(t, dir)
	disk := map[string]string{}
	for name, text := range start {
		disk[name] = text
	}
	names := func(files map[string]string) []string {
		var out []string
		for name := range files {
			out = append(out, name)
		}
		slices.Sort(out)
		return out
	}
	first := names(start)
	c.openFile(first[0], start[first[0]])
	touched := func(name string, kind int) {
		event := map[string]any{"uri": c.document(name)["uri"], "type": kind}
		c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{event}})
	}
	for n := range edits {
		name := names(c.open)[random.IntN(len(c.open))]
		switch what := random.IntN(40); {
		case what == 0: // save
			disk[name] = c.open[name]
			writeAll(t, dir, map[string]string{name: c.open[name]})
			c.notify("textDocument/didSave", map[string]any{"textDocument": c.document(name)})
		case what == 1 && len(c.open) > 1: // close, and lose what was not saved
			c.closeFile(name)
		case what < 4: // open
			if other := names(disk)[random.IntN(len(disk))]; c.open[other] == "" {
				c.openFile(other, disk[other])
			}
		case what == 4: // a new file that is not saved yet
			other := filepath.Join(filepath.Dir(first[random.IntN(len(first))]), fmt.Sprintf("new%d%s", random.IntN(3), filepath.Ext(first[random.IntN(len(first))])))
			if _, known := c.open[other]; !known && disk[other] == "" {
				c.openFile(other, start[first[random.IntN(len(first))]])
			}
		case what == 5 && len(disk) > 2: // removed from the disk
			other := names(disk)[random.IntN(len(disk))]
			if err := os.Remove(filepath.Join(dir, other)); err != nil {
				t.Fatal(err)
			}
			delete(disk, other)
			touched(other, 3)
		case what == 6: // written by somebody else
			other := first[random.IntN(len(first))]
			disk[other] = start[other]
			writeAll(t, dir, map[string]string{other: start[other]})
			touched(other, 2)
		case what == 7: // undone, so that something meaningful stays
			if text, ok := start[name]; ok {
				c.replace(name, 0, len(c.open[name]), text)
			}
		default:
			text := c.open[name]
			from := boundary(random, text)
			to := from
			if random.IntN(3) == 0 {
				to = max(from, min(boundary(random, text), next(text, from, random.IntN(30))))
			}
			with := typed[random.IntN(len(typed))]
			if random.IntN(4) == 0 {
				with = ""
			}
			c.replace(name, from, to, with)
		}
		if random.IntN(20) == 0 { // an editor asks for fixes as the cursor moves, and forgets about it
			params := map[string]any{"textDocument": c.document(name), "range": placeRange{End: place{Line: random.IntN(40)}}, "context": map[string]any{"diagnostics": []any{}}}
			if waiter, err := c.conn.DispatchCall(t.Context(), "textDocument/codeAction", params); err == nil {
				go func() { _ = waiter.Wait(t.Context(), nil) }()
			}
		}
		if random.IntN(4) == 0 { // else the next one comes while this one is looked at
			time.Sleep(time.Duration(random.IntN(25)) * time.Millisecond)
		}
		if (n+1)%held != 0 {
			continue
		}
		c.settle()
		texts := map[string]string{}
		for name, text := range disk {
			texts[name] = text
		}
		for name, text := range c.open {
			texts[name] = text
		}
		name = names(c.open)[random.IntN(len(c.open))]
		if got, want := c.all()+c.hints(name), fresh(t, texts, name); got != want {
			t.Fatalf("after %d edits the editor shows (-), and a run says (+)\n%s\nof %q", n+1, difference(got, want), texts)
		}
	}
}

// difference are the lines that only one of two texts has.
func difference(a, b string) string {
	var out []string
	one, other := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, line := range one {
		if !slices.Contains(other, line) {
			out = append(out, "- "+line)
		}
	}
	for _, line := range other {
		if !slices.Contains(one, line) {
			out = append(out, "+ "+line)
		}
	}
	return strings.Join(out, "\n")
}

// boundary is the offset of a character, none inside the end of a line.
func boundary(random *rand.Rand, text string) int {
	return next(text, random.IntN(len(text)+1), 0)
}

// next is the first offset of a character at or behind one that is some bytes further.
func next(text string, from, bytes int) int {
	at := min(from+bytes, len(text))
	for at < len(text) && (text[at]&0xC0 == 0x80 || text[at] == '\n' && at > 0 && text[at-1] == '\r') {
		at++
	}
	return at
}

// TestLSPIncludes: what a file that is not saved says counts in the file that includes it, and in both directions.
func TestLSPIncludes(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"a.conf": "server {\n    listen 80;\n    server_name a.example;\n    include b.inc;\n}\n",
		"b.inc":  "location / {\n    add_header Access-Control-Allow-Origin https://app.example always;\n    add_header Vary Origin always;\n}\n",
	}
	writeAll(t, dir, files)
	c := edit(t, dir)
	c.openFile("a.conf", files["a.conf"])
	c.openFile("b.inc", files["b.inc"])
	c.settle()
	clean := c.all()
	at := strings.Index(files["b.inc"], "https://app.example") + len("https://app.example")
	c.replace("b.inc", at, at, "/")
	c.settle()
	if got := c.all(); !strings.Contains(got, "b.inc 1:") || !strings.Contains(got, "origin-trailing-slash") {
		t.Errorf("a fault in what is included: %s", got)
	}
	c.replace("a.conf", strings.Index(files["a.conf"], "    include"), strings.Index(files["a.conf"], "}"), "")
	c.settle()
	if got := c.all(); strings.Contains(got, "server a.example") {
		t.Errorf("without the include: %s", got)
	}
	c.replace("a.conf", 0, len(c.open["a.conf"]), files["a.conf"])
	c.replace("b.inc", at, at+1, "")
	c.settle()
	if got := c.all(); got != clean {
		t.Errorf("back again: %s\nwant %s", got, clean)
	}
	c.replace("b.inc", len(files["b.inc"]), len(files["b.inc"]), "include a.conf;\n") // each includes the other
	c.settle()
	if got, want := c.all(), fresh(t, map[string]string{"a.conf": c.open["a.conf"], "b.inc": c.open["b.inc"]}, ""); got != want {
		t.Errorf("in a circle: %s\nwant %s", got, want)
	}
}

// TestLSPNewFile: a file that is not on the disk yet is taken in by the include that it is meant for.
func TestLSPNewFile(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"nginx.conf": "http {\n    server {\n        listen 80;\n        server_name a.example;\n        location / {\n            include cors/*.conf;\n            proxy_pass http://a:1;\n        }\n    }\n}\n"}
	writeAll(t, dir, files)
	c := edit(t, dir)
	c.openFile("nginx.conf", files["nginx.conf"])
	c.settle()
	c.openFile("cors/new.conf", "add_header Access-Control-Allow-Origin https://app.example/;\n")
	c.settle()
	if got, want := c.all(), fresh(t, c.open, ""); got != want || !strings.Contains(got, "cors/new.conf") {
		t.Errorf("%s\nwant %s", got, want)
	}
	c.closeFile("cors/new.conf")
	c.settle()
	if got := c.all(); got != "" {
		t.Errorf("when it is closed: %s", got)
	}
}

// TestLSPBeside: what is not saved counts, too, in files that are no configuration themselves and say what one means.
func TestLSPBeside(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would end what runs the code, too, some time
	dir := t.TempDir()
	files := map[string]string{
		"api/server.js": "const app = require('express')();\napp.use(require('cors')({ origin: process.env.ALLOWED, credentials: true }));\n" +
			"app.get('/orders', (req, res) => res.json([]));\napp.listen(3000);\n",
		"api/.env":         "ALLOWED=https://app.shop.example\n",
		"api/package.json": `{"dependencies": {"express": "^4.21.2", "cors": "^2.8.5"}}`,
		"web/package.json": `{"dependencies": {"react": "^19.0.0"}}`,
		"web/src/api.js":   "export const remove = (id) => fetch(import.meta.env.VITE_API + '/orders/' + id, { method: 'DELETE' });\n",
		"web/.env":         "VITE_API=https://api.shop.example\n",
		"nginx.conf": "server {\n    server_name api.shop.example;\n    location / {\n        add_header Access-Control-Allow-Origin https://app.shop.example always;\n" +
			"        add_header Access-Control-Allow-Methods 'GET, PUT' always;\n        return 200;\n    }\n}\n",
		"fn/template.yaml": "Transform: AWS::Serverless-2016-10-31\nResources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n" +
			"      CodeUri: .\n      Handler: app.handler\n      Runtime: nodejs22.x\n      Environment: { Variables: { ALLOWED: https://app.shop.example } }\n" +
			"      Events: { Get: { Type: HttpApi, Properties: { Path: /orders, Method: get } } }\n",
		"fn/app.js": "exports.handler = async () => ({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': process.env.ALLOWED }, body: '[]' });\n",
	}
	writeAll(t, dir, files)
	c := edit(t, dir)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		c.openFile(name, files[name])
	}
	c.settle()
	clean := c.all()
	running := children(t)
	for _, test := range []struct{ name, old, new string }{
		{"api/.env", "https://app.shop.example", "https://app.shop.example/"},
		{"web/.env", "api.shop", "api.payments"},
		{"web/package.json", "react", "express"},
		{"fn/template.yaml", "https://app.shop.example", "https://app.shop.example/"},
	} {
		at := strings.Index(files[test.name], test.old)
		c.replace(test.name, at, at+len(test.old), test.new)
		c.settle()
		got := c.all()
		if want := fresh(t, c.open, ""); got != want {
			t.Errorf("%s with %q for %q: %s\nwant %s", test.name, test.new, test.old, got, want)
		}
		if got == clean {
			t.Errorf("%s with %q for %q changes nothing", test.name, test.new, test.old)
		}
		c.replace(test.name, at, at+len(test.new), test.old)
		c.settle()
		if got := c.all(); got != clean {
			t.Errorf("%s as it was: %s\nwant %s", test.name, got, clean)
		}
	}
	if n := children(t); n > running {
		t.Errorf("%d children, and %d before", n, running)
	}
}

// TestLSPOutside: a file that belongs to no project is looked at for itself, and in a directory where everything lies nothing
// around it is read.
func TestLSPOutside(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	fault := "server {\n    listen 80;\n    location / { add_header Access-Control-Allow-Origin https://app.example/ always; }\n}\n"
	if err := os.WriteFile(filepath.Join(home, "other.conf"), []byte(fault), 0o644); err != nil {
		t.Fatal(err)
	}
	c := edit(t, home)
	c.openFile("mine.conf", fault)
	c.settle()
	if got := c.all(); !strings.Contains(got, "mine.conf 2:") || strings.Contains(got, "other.conf") {
		t.Errorf("in the home directory: %s", got)
	}
	c.openFile("gone/away/new.conf", fault) // its directory is not there
	c.settle()
	if got := c.all(); !strings.Contains(got, "new.conf 2:") {
		t.Errorf("in a directory that is to be made: %s", got)
	}
}

// TestLSPConfiguration: a mistake in the configuration leaves the last one standing, and what is right counts at once.
func TestLSPConfiguration(t *testing.T) {
	dir := t.TempDir()
	writeAll(t, dir, map[string]string{"a.conf": "server {\n    listen 80;\n    location / { add_header Access-Control-Allow-Origin https://app.example/ always; }\n}\n"})
	c := edit(t, dir)
	c.openFile("a.conf", "server {\n    listen 80;\n    location / { add_header Access-Control-Allow-Origin https://app.example/ always; }\n}\n")
	c.settle()
	if got := c.all(); !strings.Contains(got, "origin-trailing-slash") {
		t.Fatalf("at first: %s", got)
	}
	writeAll(t, dir, map[string]string{".corslint.yml": "rules:\n  origin-trailing-slash: off\n"})
	c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": c.document(".corslint.yml")["uri"], "type": 1}}})
	c.settle()
	if got := c.all(); strings.Contains(got, "origin-trailing-slash") {
		t.Errorf("switched off: %s", got)
	}
}

// TestLSPChildren: what runs applications ends with what it was started for.
func TestLSPChildren(t *testing.T) {
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("the children of a process are counted in /proc")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would end them, too, some time
	dir := t.TempDir()
	writeAll(t, dir, application)
	c := edit(t, dir)
	c.openFile("orders/server.js", application["orders/server.js"])
	c.settle()
	before := c.all()
	for n := range 12 {
		c.replace("orders/server.js", 0, 0, fmt.Sprintf("// %d\n", n))
		if n%2 == 0 { // or it is cancelled
			c.settle()
		}
	}
	c.settle()
	if n := children(t); n != 1 {
		t.Errorf("%d children", n)
	}
	if got := c.all(); strings.Count(got, "\n") != strings.Count(before, "\n") || got == "" {
		t.Errorf("after comments: %s\nbefore: %s", got, before)
	}
	c.closeFile("orders/server.js")
}

// children counts the live children of this process.
func children(t *testing.T) int {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range lists {
		data, _ := os.ReadFile(name) // a thread may have ended
		for _, id := range strings.Fields(string(data)) {
			status, _ := os.ReadFile("/proc/" + id + "/stat")
			if i := strings.LastIndexByte(string(status), ')'); i > 0 && !strings.HasPrefix(string(status[i:]), ") Z") {
				n++
			}
		}
	}
	return n
}

// BenchmarkLSP measures what a person waits for: the first diagnostics after a file of 300 lines is opened, and those after a
// keystroke, through the protocol and with the pause that typing is given.
func BenchmarkLSP(b *testing.B) {
	text := nginxOf(300)
	b.Run("open", func(b *testing.B) {
		dir := b.TempDir()
		writeAll(b, dir, map[string]string{"nginx.conf": text})
		for b.Loop() {
			c := edit(b, dir)
			c.openFile("nginx.conf", text)
			<-c.told
			c.conn.Close()
		}
	})
	for _, others := range []int{0, 50} {
		b.Run(fmt.Sprintf("keystroke,others=%d", others), func(b *testing.B) {
			files := map[string]string{"nginx.conf": text}
			for i := range others {
				files[fmt.Sprintf("sites/%d.conf", i)] = strings.ReplaceAll(nginxOf(60), "api.shop", fmt.Sprintf("api%d.shop", i))
			}
			dir := b.TempDir()
			writeAll(b, dir, files)
			c := edit(b, dir)
			c.openFile("nginx.conf", text)
			c.settle()
			at := strings.Index(text, "https://app")
			var took []time.Duration
			for n := 0; b.Loop(); n++ {
				select {
				case <-c.told:
				default:
				}
				started := time.Now()
				c.replace("nginx.conf", at, at+n%2, strings.Repeat("x", 1-n%2))
				<-c.told
				took = append(took, time.Since(started))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms-95th")
		})
	}
}

// nginxOf writes a configuration of about as many lines.
func nginxOf(lines int) string {
	var b strings.Builder
	b.WriteString("server {\n    listen 80;\n    server_name api.shop.example;\n")
	for i := 0; strings.Count(b.String(), "\n") < lines-1; i++ {
		fmt.Fprintf(&b, "    location /v%d/ {\n", i)
		b.WriteString("        add_header Access-Control-Allow-Origin https://app.shop.example;\n        add_header Access-Control-Allow-Credentials true always;\n")
		b.WriteString(strings.Repeat("        # what it is for\n        proxy_set_header X-Forwarded-For $remote_addr;\n", 6))
		b.WriteString("        proxy_pass http://orders:3000;\n    }\n")
	}
	return b.String() + "}\n"
}

// TestLSPProposals: the fixes that an editor is offered are those that are proved, and applying one is the end of its finding.
func TestLSPProposals(t *testing.T) {
	dir := t.TempDir()
	text := "server {\n    listen 80;\n    location / {\n        add_header Access-Control-Allow-Origin https://app.example/ always;\n        proxy_pass http://a:1;\n    }\n}\n"
	writeAll(t, dir, map[string]string{"a.conf": text})
	p, err := openEditor(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	file := source.NewFile("a.conf", []byte(text))
	result := p.Check(t.Context(), map[string]*source.File{"a.conf": file})
	i := slices.IndexFunc(result.Findings, func(f *finding.Finding) bool { return f.Rule == "origin-trailing-slash" })
	if i < 0 || len(result.Findings[i].Fixes) != 0 {
		t.Fatalf("%v", result.Findings)
	}
	fixes := result.Fixes(t.Context(), result.Findings[i:i+1])
	if len(fixes) != 1 || len(fixes[0]) == 0 || fixes[0][0].Safety != finding.Safe {
		t.Fatalf("%+v", fixes)
	}
	edits := slices.Clone(fixes[0][0].Edits)
	slices.SortFunc(edits, func(a, b finding.Edit) int { return cmp.Compare(b.Span.Start, a.Span.Start) })
	for _, e := range edits {
		text = text[:e.Span.Start] + e.Text + text[e.Span.End:]
	}
	result = p.Check(t.Context(), map[string]*source.File{"a.conf": source.NewFile("a.conf", []byte(text))})
	if slices.ContainsFunc(result.Findings, func(f *finding.Finding) bool { return f.Rule == "origin-trailing-slash" }) {
		t.Errorf("it is still there in\n%s", text)
	}
}

// TestLSPClient drives the server, and tests the extension for Visual Studio Code, with the client library that editors use.
func TestLSPClient(t *testing.T) {
	extension := filepath.Join("..", "..", "editors", "vscode")
	node, err := exec.LookPath("node")
	if err != nil {
		differential.Missing(t, "node is not installed")
	}
	if _, err := os.Stat(filepath.Join(extension, "node_modules")); err != nil {
		differential.Missing(t, "the packages of editors/vscode are not installed (npm ci there)")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "corslint") // a name by which the test's executable is the program
	if err := os.Symlink(self, program); err != nil {
		t.Skip("no symbolic links here")
	}
	for _, args := range [][]string{{"build.mjs", "--tests"}, {"--test", "--test-reporter=spec", filepath.Join("out", "extension.test.js"), filepath.Join("out", "server.test.js")}} {
		cmd := exec.CommandContext(t.Context(), node, args...)
		cmd.Dir = extension
		cmd.Env = append(os.Environ(), "CORSLINT_PROGRAM="+program)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("node %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
