package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/rules"
)

// tree returns a tree of files in memory.
func tree(files map[string]string) parsers.Files {
	var list []*source.File
	for name, text := range files {
		list = append(list, source.NewFile(name, []byte(text)))
	}
	return discovery.Memory(list...).Walk(discovery.Options{})
}

func check(o engine.Options) *engine.Result {
	if o.Dialects == nil {
		o.Dialects = []parsers.Dialect{nginx.Dialect{}}
	}
	o.Rules = rules.All()
	return engine.Run(context.Background(), o)
}

func list(findings []*finding.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s:%d %s %s %s %v\n", f.Place.Path(), f.Place.Position().Line, f.Rule, f.Message, f.Fingerprint(), f.Endpoints)
	}
	return b.String()
}

// TestWorkers: the result does not depend on how many work on it.
func TestWorkers(t *testing.T) {
	files := map[string]string{}
	for i := range 60 {
		files[fmt.Sprintf("f%d.conf", i)] = fmt.Sprintf(proxyConf, i)
	}
	one := list(check(engine.Options{Files: tree(files), Workers: 1}).Findings)
	many := list(check(engine.Options{Files: tree(files), Workers: 16}).Findings)
	if one != many || one == "" {
		t.Errorf("one worker finds\n%s\nmany find\n%s", one, many)
	}
}

// TestSnippet: a named snippet selects the files that include it, a finding in it is reported once for all of them, and it is
// never analysed as if it stood alone.
func TestSnippet(t *testing.T) {
	server := "server {\n    server_name %s.example;\n    add_header Access-Control-Allow-Origin https://app.example always;\n    location / {\n        include cache.conf;\n        proxy_pass http://up:3000;\n    }\n}\n"
	files := tree(map[string]string{
		"cache.conf": "add_header Cache-Control no-store;\n", "a.conf": fmt.Sprintf(server, "a"), "b.conf": fmt.Sprintf(server, "b"),
		"other.conf": fmt.Sprintf(proxyConf, 1),
	})
	result := check(engine.Options{Files: files, Named: func(path string) bool { return path == "cache.conf" }})
	if len(result.Findings) != 1 || result.Findings[0].Rule != "nginx-headers-not-inherited" || len(result.Findings[0].Endpoints) != 2 || result.Context != 2 {
		t.Errorf("found with %d files around it:\n%s", result.Context, list(result.Findings))
	}
}

// broken is a dialect with a fault.
type broken struct{ nginx.Dialect }

func (b broken) Reader(files parsers.Files) parsers.Reader {
	return brokenReader{b.Dialect.Reader(files)}
}

type brokenReader struct{ parsers.Reader }

func (r brokenReader) Load(ctx context.Context, u parsers.Unit) parsers.Result {
	if u.Path == "a.conf" {
		panic("a fault")
	}
	return r.Reader.Load(ctx, u)
}

// TestFault: a fault of corslint costs the file it happens on, says so, and nothing else.
func TestFault(t *testing.T) {
	files := tree(map[string]string{"a.conf": fmt.Sprintf(proxyConf, 1), "b.conf": fmt.Sprintf(proxyConf, 2)})
	got := list(check(engine.Options{Files: files, Dialects: []parsers.Dialect{broken{}}}).Findings)
	if !strings.Contains(got, "a.conf:1 file-skipped") || !strings.Contains(got, "b.conf:6 nginx-if-drops-headers") {
		t.Errorf("got\n%s", got)
	}
}

// TestSilence: what has nothing to do with CORS is not spoken of, however broken.
func TestSilence(t *testing.T) {
	files := tree(map[string]string{
		"plain.conf": fmt.Sprintf(plainConf, 1), "open.conf": "server {\n  location / {\n",
		"check.conf": "server {\n  location / {\n    if ($http_origin !~ ^https://a\\.example$) { return 403; }\n    proxy_pass http://up;\n  }\n}\n",
	})
	if got := check(engine.Options{Files: files}).Findings; len(got) != 0 {
		t.Errorf("got\n%s", list(got))
	}
}
