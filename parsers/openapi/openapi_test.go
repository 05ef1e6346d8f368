package openapi_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/openapi"
)

var update = flag.Bool("update", false, "rewrite the expected results in testdata")

// read reads the first of some files as a document.
func read(files ...*source.File) (parsers.Result, bool) {
	reader := openapi.Dialect{}.Reader(discovery.Memory(files...).Walk(discovery.Options{}))
	u, ok := reader.Scan(files[0])
	if !ok {
		return parsers.Result{}, false
	}
	return reader.Load(context.Background(), u), true
}

// TestGolden holds what documents are read as.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var inputs []txtar.File
			var files []*source.File
			want := ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				inputs = append(inputs, f)
				files = append(files, source.NewFile(f.Name, f.Data))
			}
			result, ok := read(files...)
			if !ok {
				t.Fatal("not recognised")
			}
			got := dump(result)
			if *update {
				archive.Files = append(inputs, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("read as\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// dump writes out what a document was read as.
func dump(r parsers.Result) string {
	var b strings.Builder
	for i := range r.Needs {
		need(&b, &r.Needs[i])
	}
	for _, host := range r.Hosts {
		for _, layer := range host.Layers {
			fmt.Fprintf(&b, "layer %s\n", layer.Name)
			for _, l := range layer.Listeners {
				fmt.Fprintf(&b, "  listens %s %s:%d\n", l.Scheme, l.Hosts[0].Text, l.Port)
			}
			for _, e := range layer.Endpoints {
				fmt.Fprintf(&b, "  endpoint %s as %s %v%s\n", e.Pattern, e.Example, e.Methods, at(e.Span))
			}
			for _, g := range layer.Gaps {
				fmt.Fprintf(&b, "  gap%s: %s\n", at(g.Span), g.Why)
			}
			b.WriteString(layer.Answerer.(*policy.Program).String())
		}
	}
	for _, g := range r.Gaps {
		fmt.Fprintf(&b, "gap%s: %s\n", at(g.Span), g.Why)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "problem%s: %s\n", at(p.Span), p.Text)
	}
	return b.String()
}

func need(b *strings.Builder, n *contract.Need) {
	fmt.Fprintf(b, "%s as %s%s\n", n, n.Example, at(n.Span))
	for _, s := range n.Servers {
		fmt.Fprintf(b, "  server %s %s %s%s\n", s.Scheme, s.Authority(), s.Path, at(s.Span))
	}
	for _, a := range n.Auth {
		fmt.Fprintf(b, "  auth%s%s\n", map[bool]string{true: " cookies"}[a.Cookies], at(a.Span))
		headers(b, "    sends", a.Headers)
	}
	headers(b, "  sends", n.Headers)
	headers(b, "  sends sometimes", n.Optional)
	headers(b, "  reads", n.Reads)
}

func headers(b *strings.Builder, what string, list []contract.Header) {
	for _, h := range list {
		fmt.Fprintf(b, "%s %s: %s%s\n", what, h.Name, h.Value, at(h.Span))
	}
}

// at names a place and what stands there.
func at(s source.Span) string {
	if s.IsZero() {
		return ""
	}
	text := s.Text()
	if len(text) > 30 {
		text = text[:30] + "…"
	}
	return fmt.Sprintf("  (%s:%d %q)", s.Path(), s.Position().Line, text)
}
