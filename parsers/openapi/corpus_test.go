package openapi_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/parsers/openapi"
)

// TestCorpus reads the documents below CORSLINT_OPENAPI_CORPUS, which are other people's and not part of the project, and
// says how many are read completely.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("CORSLINT_OPENAPI_CORPUS")
	if dir == "" {
		t.Skip("CORSLINT_OPENAPI_CORPUS names no directory of documents")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	root, err := discovery.NewRoot(abs)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	tree := root.Walk(discovery.Options{})
	reader := openapi.Dialect{}.Reader(tree)
	documents, complete, needs, layers := 0, 0, 0, 0
	for _, path := range tree.Paths("") {
		if !(openapi.Dialect{}).Candidate(path) {
			continue
		}
		f, err := tree.Open(path)
		if err != nil {
			continue
		}
		u, ok := reader.Scan(f)
		if !ok {
			continue
		}
		began := time.Now()
		r := reader.Load(context.Background(), u)
		took := time.Since(began)
		if len(r.Files) == 0 {
			continue
		}
		documents++
		needs += len(r.Needs)
		layers += len(r.Hosts)
		whole := len(r.Problems)+len(r.Gaps) == 0
		for _, p := range r.Problems {
			t.Logf("%s:%d: %s", p.Span.Path(), p.Span.Position().Line, p.Text)
		}
		for _, g := range r.Gaps {
			t.Logf("%s:%d: %s", g.Span.Path(), g.Span.Position().Line, g.Why)
		}
		if whole {
			complete++
		}
		if took > 200*time.Millisecond {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			t.Logf("%s: %v for %.1f MB, %d needs, %d MB from the system", path, took.Round(time.Millisecond), float64(len(f.Data))/1e6, len(r.Needs), m.Sys>>20)
		}
	}
	t.Logf("%d documents, %d read completely, %d needs, %d layers", documents, complete, needs, layers)
}
