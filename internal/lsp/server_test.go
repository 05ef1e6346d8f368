package lsp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// words is a project in which the word "bad" is a fault, "good" repairs it, and "fault" is the end of corslint.
type words struct {
	root    string
	lock    sync.Mutex
	checks  int
	changed int
	broken  error         // what Changed says
	hold    chan struct{} // when given, a check waits for it
	given   int           // how many given-up checks there were
}

func (w *words) Root() string { return w.root }
func (w *words) Close() error { return nil }

func (w *words) Changed() error {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.changed++
	return w.broken
}

func (w *words) Check(ctx context.Context, unsaved map[string]*source.File) *Result {
	w.lock.Lock()
	w.checks++
	hold := w.hold
	w.lock.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			w.lock.Lock()
			defer w.lock.Unlock()
			w.given++
			return nil
		}
	}
	r := &Result{Comment: func(path string) (string, string, bool) { return "/*", " */", filepath.Ext(path) != ".json" }}
	r.Fixes = func(_ context.Context, of []*finding.Finding) [][]finding.Fix {
		out := make([][]finding.Fix, len(of))
		for i, f := range of {
			out[i] = []finding.Fix{
				{Title: "make it good", Safety: finding.Safe, Edits: []finding.Edit{{Span: f.Place, Text: "good"}}},
				{Title: "remove it", Safety: finding.Unsafe, Edits: []finding.Edit{{Span: f.Place}}},
				{Title: "think", Safety: finding.Shown, Edits: []finding.Edit{{Span: f.Place, Text: "?"}}},
			}
		}
		return out
	}
	for _, f := range unsaved {
		if bytes.Contains(f.Data, []byte("fault")) {
			panic("fault")
		}
		for at := 0; ; {
			i := bytes.Index(f.Data[at:], []byte("bad"))
			if i < 0 {
				break
			}
			span := source.Span{File: f, Start: at + i, End: at + i + 3}
			r.Findings = append(r.Findings, &finding.Finding{Rule: "no-bad", Severity: finding.Error, Place: span, Message: "it is bad", Because: "of *stars*", Change: "say good"})
			r.Verdicts = append(r.Verdicts, Verdict{Span: span, Label: "cors: nobody", Text: "the policy"})
			at += i + 3
		}
	}
	return r
}

// client is the other end of a server.
type client struct {
	*testing.T
	conn      *jsonrpc2.Conn
	published chan publishParams
	messages  chan string
	shown     chan showParams
	done      chan error
}

// Handle implements [jsonrpc2.Handler].
func (c *client) Handle(ctx context.Context, conn *jsonrpc2.Conn, r *jsonrpc2.Request) {
	switch r.Method {
	case "textDocument/publishDiagnostics":
		var p publishParams
		_ = json.Unmarshal(*r.Params, &p)
		c.published <- p
	case "window/showMessage":
		var p messageParams
		_ = json.Unmarshal(*r.Params, &p)
		c.messages <- p.Message
	case "window/showDocument":
		var p showParams
		_ = json.Unmarshal(*r.Params, &p)
		c.shown <- p
		_ = conn.Reply(ctx, r.ID, map[string]bool{"success": true})
	default:
		if !r.Notif {
			_ = conn.Reply(ctx, r.ID, nil)
		}
	}
}

// connect starts a server and a client, which says what it can do.
func connect(t *testing.T, o Options, capabilities string) *client {
	t.Helper()
	c := &client{T: t, published: make(chan publishParams, 100), messages: make(chan string, 100), shown: make(chan showParams, 10), done: make(chan error, 1)}
	ours, theirs := net.Pipe()
	if o.Rule == nil {
		o.Rule = func(string) (string, string) { return "All about bad.", "https://rules.example/no-bad" }
	}
	go func() { c.done <- Serve(context.Background(), theirs, o) }()
	c.conn = jsonrpc2.NewConn(t.Context(), jsonrpc2.NewBufferedStream(ours, jsonrpc2.VSCodeObjectCodec{}), jsonrpc2.AsyncHandler(c))
	t.Cleanup(func() {
		c.conn.Close()
		select {
		case <-c.done:
		case <-time.After(10 * time.Second):
			t.Error("the server does not end")
		}
	})
	if capabilities != "" {
		c.call("initialize", json.RawMessage(`{"capabilities":`+capabilities+`}`), nil)
		c.notify("initialized", struct{}{})
	}
	return c
}

func (c *client) call(method string, params, result any) {
	c.Helper()
	if err := c.conn.Call(c.Context(), method, params, result); err != nil {
		c.Fatalf("%s: %v", method, err)
	}
}

// refused is the code of the error that a request ends with.
func (c *client) refused(method string, params any) int64 {
	c.Helper()
	err := c.conn.Call(c.Context(), method, params, nil)
	if refusal, ok := errors.AsType[*jsonrpc2.Error](err); ok {
		return refusal.Code
	}
	c.Fatalf("%s: %v, want an error", method, err)
	return 0
}

func (c *client) notify(method string, params any) {
	c.Helper()
	if err := c.conn.Notify(c.Context(), method, params); err != nil {
		c.Fatalf("%s: %v", method, err)
	}
}

func (c *client) open(uri, text string) {
	c.Helper()
	c.notify("textDocument/didOpen", openParams{textDocument{URI: uri, Version: 1, Text: text}})
}

func (c *client) change(uri string, version int, text string) {
	c.Helper()
	c.notify("textDocument/didChange", changeParams{textDocument{URI: uri, Version: version}, []change{{Text: text}}})
}

// version waits for the diagnostics of a version.
func (c *client) version(uri string, version int) publishParams {
	c.Helper()
	for {
		select {
		case p := <-c.published:
			if p.URI == uri && p.Version != nil && *p.Version == version {
				return p
			}
		case <-time.After(10 * time.Second):
			c.Fatalf("nothing is said about version %d of %s", version, uri)
		}
	}
}

func (c *client) actions(uri string, at position, rest string) []codeAction {
	c.Helper()
	var out []codeAction
	place, _ := json.Marshal(textRange{at, at})
	c.call("textDocument/codeAction", json.RawMessage(fmt.Sprintf(`{"textDocument":{"uri":%q},"range":%s%s}`, uri, place, rest)), &out)
	return out
}

func serveWords(t *testing.T) (*words, Options, string) {
	w := &words{root: resolve(t.TempDir())}
	return w, Options{Open: func(string, string) (Project, error) { return w, nil }}, toURI(filepath.Join(w.root, "a.conf"))
}

// TestDiagnostics: what is published follows the text of what is open, in UTF-16.
func TestDiagnostics(t *testing.T) {
	_, o, uri := serveWords(t)
	c := connect(t, o, "{}")
	c.open(uri, "é😀 bad\r\n")
	p := c.version(uri, 1)
	if len(p.Diagnostics) != 1 || p.Diagnostics[0].Range != (textRange{position{0, 4}, position{0, 7}}) || p.Diagnostics[0].Code != "no-bad" ||
		p.Diagnostics[0].CodeDescription.Href != "https://rules.example/no-bad" {
		t.Fatalf("%+v", p)
	}
	c.notify("textDocument/didChange", changeParams{textDocument{URI: uri, Version: 2}, []change{
		{Range: &textRange{position{0, 0}, position{0, 3}}, Text: "x"}, {Range: &textRange{position{1, 0}, position{1, 0}}, Text: "bad"}}})
	if p := c.version(uri, 2); len(p.Diagnostics) != 2 || p.Diagnostics[0].Range.Start != (position{0, 2}) || p.Diagnostics[1].Range.Start != (position{1, 0}) {
		t.Fatalf("%+v", p)
	}
	c.notify("textDocument/didClose", documentParams{textDocument{URI: uri}})
	if p := <-c.published; p.Version != nil || len(p.Diagnostics) != 0 || p.Diagnostics == nil {
		t.Fatalf("after it is closed: %+v", p)
	}
}

// TestHover shows the finding, the policy and the rule, and text of others as text.
func TestHover(t *testing.T) {
	_, o, uri := serveWords(t)
	c := connect(t, o, "{}")
	c.open(uri, "so bad it is")
	var h hover
	c.call("textDocument/hover", placeParams{TextDocument: textDocument{URI: uri}, Position: position{0, 6}}, &h)
	for _, want := range []string{"**it is bad** `no-bad`", `of \*stars\*`, "the policy", "All about bad.", "(https://rules.example/no-bad)"} {
		if !strings.Contains(h.Contents.Value, want) {
			t.Errorf("without %q: %s", want, h.Contents.Value)
		}
	}
	if *h.Range != (textRange{position{0, 3}, position{0, 6}}) {
		t.Error(h.Range)
	}
	var none *hover
	c.call("textDocument/hover", placeParams{TextDocument: textDocument{URI: uri}, Position: position{0, 9}}, &none)
	if none != nil {
		t.Errorf("elsewhere: %+v", none)
	}
}

// TestActions: fixes carry the diagnostics that they repair, and the edits that do it.
func TestActions(t *testing.T) {
	_, o, uri := serveWords(t)
	c := connect(t, o, `{"workspace":{"workspaceEdit":{"documentChanges":true,"snippetEditSupport":true}}}`)
	c.open(uri, "\t😀 bad\r\n")
	at := position{0, 5}
	all := c.actions(uri, at, "")
	if len(all) != 3 || !all[0].IsPreferred || all[1].IsPreferred || !strings.Contains(all[1].Title, "changes behaviour") {
		t.Fatalf("%+v", all)
	}
	for _, a := range all {
		if len(a.Diagnostics) != 1 || a.Diagnostics[0].Code != "no-bad" || *a.Edit.DocumentChanges[0].TextDocument.Version != 1 {
			t.Errorf("%+v", a)
		}
	}
	if e := all[0].Edit.DocumentChanges[0].Edits[0]; *e.NewText != "good" || e.Range != (textRange{position{0, 4}, position{0, 7}}) {
		t.Errorf("%+v", e)
	}
	if e := all[1].Edit.DocumentChanges[0].Edits[0]; e.NewText == nil || *e.NewText != "" {
		t.Errorf("to remove needs a text that is empty: %+v", e)
	}
	if e := all[2].Edit.DocumentChanges[0].Edits[0]; e.NewText != nil || e.Snippet.Value != "\t/* corslint: ignore[no-bad] -- ${1:reason} */\r\n" || e.Range.Start != (position{}) {
		t.Errorf("%+v %+v", e, e.Snippet)
	}
	if got := c.actions(uri, position{0, 1}, ""); len(got) != 0 {
		t.Errorf("elsewhere: %+v", got)
	}
	if got := c.actions(uri, at, `,"context":{"only":["source.organizeImports"]}`); len(got) != 0 {
		t.Errorf("of another kind: %+v", got)
	}
	if got := c.actions(uri, at, `,"context":{"only":["quickfix"]}`); len(got) != 3 {
		t.Errorf("of this kind: %+v", got)
	}
}

// TestReason: a client without snippets in edits is asked to put the cursor where the reason belongs; one without versioned
// edits gets plain ones.
func TestReason(t *testing.T) {
	_, o, uri := serveWords(t)
	c := connect(t, o, `{"window":{"showDocument":{"support":true}}}`)
	c.open(uri, "\n  bad")
	all := c.actions(uri, position{1, 3}, "")
	a := all[len(all)-1]
	if a.Edit.DocumentChanges != nil || *a.Edit.Changes[uri][0].NewText != "  /* corslint: ignore[no-bad] --  */\n" || a.Command == nil {
		t.Fatalf("%+v", a)
	}
	c.call("workspace/executeCommand", map[string]any{"command": a.Command.Command, "arguments": a.Command.Arguments}, nil)
	if p := <-c.shown; p.URI != uri || p.Selection.Start != (position{1, len("  /* corslint: ignore[no-bad] -- ")}) || !p.TakeFocus {
		t.Errorf("%+v", p)
	}
	json := strings.TrimSuffix(uri, ".conf") + ".json" // has no comments
	c.open(json, "bad")
	if got := c.actions(json, position{}, ""); len(got) != 2 {
		t.Errorf("%+v", got)
	}
}

// TestHints: who may read an endpoint stands behind the line that declares it.
func TestHints(t *testing.T) {
	_, o, uri := serveWords(t)
	c := connect(t, o, "{}")
	c.open(uri, "bad😀\nx\nbad")
	var hints []inlayHint
	c.call("textDocument/inlayHint", placeParams{TextDocument: textDocument{URI: uri}, Range: textRange{position{0, 0}, position{1, 1}}}, &hints)
	if len(hints) != 1 || hints[0].Position != (position{0, 5}) || hints[0].Label != "cors: nobody" {
		t.Errorf("%+v", hints)
	}
}

// TestCancel: a request that is given up is answered so, and what was typed since ends what still looks at the text before.
func TestCancel(t *testing.T) {
	w, o, uri := serveWords(t)
	w.hold = make(chan struct{})
	c := connect(t, o, "{}")
	c.open(uri, "bad")
	waiter, err := c.conn.DispatchCall(t.Context(), "textDocument/hover", placeParams{TextDocument: textDocument{URI: uri}}, jsonrpc2.PickID(jsonrpc2.ID{Str: "h", IsString: true}))
	if err != nil {
		t.Fatal(err)
	}
	c.notify("$/cancelRequest", map[string]any{"id": "h"})
	err = waiter.Wait(t.Context(), nil)
	if refusal, ok := errors.AsType[*jsonrpc2.Error](err); !ok || refusal.Code != codeRequestCanceled {
		t.Fatalf("a request that was cancelled: %v", err)
	}
	c.notify("$/cancelRequest", map[string]any{"id": 77}) // of which there is none
	for v := range 20 {
		c.change(uri, v+2, "bad bad")
	}
	close(w.hold)
	if p := c.version(uri, 21); len(p.Diagnostics) != 2 {
		t.Errorf("%+v", p)
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.given == 0 || w.checks > 10 {
		t.Errorf("%d checks, of which %d were given up", w.checks, w.given)
	}
}

// TestLifecycle: what comes too early or too late is refused, and the end without a shutdown is an error.
func TestLifecycle(t *testing.T) {
	_, o, uri := serveWords(t)
	c := connect(t, o, "")
	if code := c.refused("textDocument/hover", placeParams{}); code != codeNotInitialized {
		t.Errorf("before initialize: %d", code)
	}
	c.notify("textDocument/didOpen", openParams{textDocument{URI: uri, Text: "bad"}})
	c.call("initialize", json.RawMessage(`{"processId":null,"rootUri":null,"capabilities":{}}`), nil)
	if code := c.refused("initialize", json.RawMessage(`{}`)); code != jsonrpc2.CodeInvalidRequest {
		t.Errorf("twice: %d", code)
	}
	if code := c.refused("textDocument/rename", placeParams{}); code != jsonrpc2.CodeMethodNotFound {
		t.Errorf("what is not served: %d", code)
	}
	if code := c.refused("textDocument/hover", json.RawMessage(`{"position":"x"}`)); code != jsonrpc2.CodeInvalidParams {
		t.Errorf("of wrong parameters: %d", code)
	}
	if code := c.refused("workspace/executeCommand", json.RawMessage(`{"command":"rm","arguments":["/"]}`)); code != jsonrpc2.CodeInvalidParams {
		t.Errorf("another command: %d", code)
	}
	c.notify("$/unknown", nil)
	c.call("shutdown", nil, nil)
	if code := c.refused("textDocument/hover", placeParams{}); code != jsonrpc2.CodeInvalidRequest {
		t.Errorf("after shutdown: %d", code)
	}
	c.notify("exit", nil)
	if err := <-c.done; err != nil {
		t.Error(err)
	}
	c.done <- nil

	c = connect(t, o, "{}")
	c.notify("exit", nil)
	if err := <-c.done; !errors.Is(err, ErrNoShutdown) {
		t.Errorf("exit without shutdown: %v", err)
	}
	c.done <- nil
}

// TestMalformed: what is no message is answered as the protocol has it, and the next one is read. What has no length is the end.
func TestMalformed(t *testing.T) {
	_, o, _ := serveWords(t)
	ours, theirs := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- Serve(t.Context(), theirs, o) }()
	in := newStream(ours)
	send := func(text string) { _, _ = io.WriteString(ours, text) }
	frame := func(text string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(text), text) }
	for _, c := range []struct {
		text string
		code int
	}{
		{"{", jsonrpc2.CodeParseError},
		{"\x00\xff", jsonrpc2.CodeParseError},
		{" ", jsonrpc2.CodeParseError},
		{"[]", jsonrpc2.CodeInvalidRequest},
		{` [{"jsonrpc":"2.0","id":1,"method":"shutdown"}]`, jsonrpc2.CodeInvalidRequest},
		{"1", jsonrpc2.CodeInvalidRequest},
		{"null", jsonrpc2.CodeInvalidRequest},
		{`{"jsonrpc":"2.0","id":{},"method":"shutdown"}`, jsonrpc2.CodeInvalidRequest},
		{`{"method":1}`, jsonrpc2.CodeInvalidRequest},
		{strings.Repeat("[", 100_000), jsonrpc2.CodeParseError},
	} {
		go send(frame(c.text))
		answer, err := in.read()
		if err != nil || !strings.Contains(string(answer), fmt.Sprintf(`"id":null,"error":{"code":%d`, c.code)) {
			t.Errorf("%.40q: %s %v", c.text, answer, err)
		}
	}
	go send("content-length: 40 \r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n" + `{"jsonrpc":"2.0","id":1,"method":"none"}`)
	if answer, err := in.read(); err != nil || !strings.Contains(string(answer), `"id":1`) {
		t.Errorf("after all of that: %s %v", answer, err)
	}
	go send(`{"jsonrpc":"2.0","id":7,"result":null}` + "\r\n\r\n")
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("what has no length is not the end")
	}
}

// TestHeaders: lengths that are none, or of what nobody sends, are refused without room being made for them.
func TestHeaders(t *testing.T) {
	for _, text := range []string{"", "Content-Length: 5\r\n", "Content-Length: 5\r\n\r\nabc", "Content-Length: -1\r\n\r\n", "Content-Length: 99999999999\r\n\r\n", "Content-Length: x\r\n\r\n",
		"\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", strings.Repeat("X: y\r\n", 1000), strings.Repeat("x", 1<<20)} {
		s := newStream(struct {
			io.Reader
			io.WriteCloser
		}{Reader: strings.NewReader(text)})
		if got, err := s.read(); err == nil {
			t.Errorf("%.40q is the message %q", text, got)
		}
	}
}

// TestFault: a fault of corslint costs what there is to say, and the session goes on.
func TestFault(t *testing.T) {
	_, o, uri := serveWords(t)
	c := connect(t, o, "{}")
	c.open(uri, "bad")
	c.version(uri, 1)
	c.change(uri, 2, "bad fault")
	if p := c.version(uri, 2); len(p.Diagnostics) != 0 {
		t.Errorf("%+v", p)
	}
	if m := <-c.messages; !strings.Contains(m, "failed on this project: fault") {
		t.Error(m)
	}
	c.change(uri, 3, "bad")
	if p := c.version(uri, 3); len(p.Diagnostics) != 1 {
		t.Errorf("%+v", p)
	}
}

// TestNotOpened: that a project cannot be opened is said once; when files change it is tried again.
func TestNotOpened(t *testing.T) {
	w, o, uri := serveWords(t)
	var broken sync.Map
	broken.Store("is", true)
	o.Open = func(string, string) (Project, error) {
		if is, _ := broken.Load("is"); is == true {
			return nil, errors.New("a mistake in the configuration")
		}
		return w, nil
	}
	c := connect(t, o, "{}")
	c.open(uri, "bad")
	for v := range 5 {
		c.change(uri, v+2, "bad")
	}
	var none *hover
	c.call("textDocument/hover", placeParams{TextDocument: textDocument{URI: uri}}, &none)
	if m := <-c.messages; m != "corslint: a mistake in the configuration" || len(c.messages) != 0 || none != nil {
		t.Errorf("%q, and %d more", m, len(c.messages))
	}
	broken.Store("is", false)
	c.notify("textDocument/didSave", documentParams{textDocument{URI: uri}})
	if p := c.version(uri, 6); len(p.Diagnostics) != 1 {
		t.Errorf("%+v", p)
	}
}

// TestFilesChanged: what changes on the disk has the project read anew, except by git.
func TestFilesChanged(t *testing.T) {
	w, o, uri := serveWords(t)
	c := connect(t, o, "{}")
	c.open(uri, "bad")
	c.version(uri, 1)
	tell := func(path string) int {
		c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": toURI(filepath.Join(w.root, path)), "type": 2}}})
		c.call("textDocument/hover", placeParams{TextDocument: textDocument{URI: uri}}, nil)
		w.lock.Lock()
		defer w.lock.Unlock()
		return w.changed
	}
	if n := tell(".git/index"); n != 0 {
		t.Errorf("git writes: read anew %d times", n)
	}
	if n := tell("b.conf"); n != 1 {
		t.Errorf("a file changes: read anew %d times", n)
	}
	w.broken = errors.New("a mistake")
	tell("c.conf")
	if m := <-c.messages; m != "corslint: a mistake" {
		t.Error(m)
	}
}

// TestCheckCommand looks at a folder of which nothing is open.
func TestCheckCommand(t *testing.T) {
	w, o, uri := serveWords(t)
	c := connect(t, o, "{}")
	var got checked
	params := map[string]any{"command": commandCheck, "arguments": []any{toURI(w.root)}}
	c.call("workspace/executeCommand", params, &got)
	if got != (checked{Root: w.root}) {
		t.Errorf("%+v", got)
	}
	c.open(uri, "bad bad")
	c.call("workspace/executeCommand", params, &got)
	if got.Errors != 2 {
		t.Errorf("%+v", got)
	}
}

// TestFolders: the project of a file is opened with the folder that the editor has open around it.
func TestFolders(t *testing.T) {
	dir := resolve(t.TempDir())
	if err := os.Symlink(dir, filepath.Join(dir, "link")); err != nil {
		t.Skip("no symbolic links here")
	}
	for path, folder := range map[string]string{"shop/deploy/new/a.conf": filepath.Join(dir, "shop"), "shopping/a.conf": "", "link/shop/b.conf": filepath.Join(dir, "shop")} {
		t.Run(path, func(t *testing.T) {
			asked := make(chan [2]string, 10)
			c := connect(t, Options{Open: func(dir, folder string) (Project, error) {
				asked <- [2]string{dir, folder}
				return &words{root: dir}, nil
			}}, "")
			c.call("initialize", map[string]any{"capabilities": struct{}{}, "workspaceFolders": []any{map[string]any{"uri": toURI(filepath.Join(dir, "link", "shop")), "name": "shop"}}}, nil)
			c.open(toURI(filepath.Join(dir, path)), "")
			want := [2]string{resolve(filepath.Dir(filepath.Join(dir, path))), folder}
			select {
			case got := <-asked:
				if got != want {
					t.Errorf("%v, want %v", got, want)
				}
			case <-time.After(10 * time.Second):
				t.Error("no project is opened")
			}
		})
	}
}

// TestNowhere: what is no file of this machine, or too large, belongs to no project.
func TestNowhere(t *testing.T) {
	w, o, uri := serveWords(t)
	c := connect(t, o, "{}")
	c.open("untitled:Untitled-1", "bad")
	c.open(uri, strings.Repeat("x", maxDocument+1))
	for _, u := range []string{"untitled:Untitled-1", uri, "file:///nobody/opened/this"} {
		c.change(u, 2, "bad")
		var none *hover
		c.call("textDocument/hover", placeParams{TextDocument: textDocument{URI: u}}, &none)
		c.notify("textDocument/didClose", documentParams{textDocument{URI: u}})
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.checks != 0 {
		t.Errorf("%d checks", w.checks)
	}
}
