package layerfile

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tree is files in memory.
type tree map[string]*source.File

func (t tree) Open(path string) (*source.File, error) {
	if f := t[path]; f != nil {
		return f, nil
	}
	return nil, errors.New("no such file")
}
func (t tree) Has(path string) bool        { return t[path] != nil }
func (t tree) Paths(string) []string       { return nil }
func (t tree) WithSuffix(string) []string  { return nil }
func treeOf(path string, data []byte) tree { return tree{path: source.NewFile(path, data)} }
func (t tree) load(path string) parsers.Result {
	return Dialect{}.Reader(t).Load(context.Background(), parsers.Unit{Path: path})
}

// describe prints all that a file is read as.
func describe(r parsers.Result) string {
	var b strings.Builder
	for _, p := range r.Problems {
		at := p.Span.Position()
		fmt.Fprintf(&b, "%s:%d:%d: %s\n", p.Span.Path(), at.Line, at.Column, p.Text)
	}
	for _, h := range r.Hosts {
		fmt.Fprintf(&b, "%s %s serves %q\n", h.Dialect, h.Name, h.Serves)
		for _, l := range h.Layers {
			fmt.Fprint(&b, l.Answerer)
		}
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			input := archive.Files[0]
			got := describe(treeOf(input.Name, input.Data).load(input.Name))
			if *update {
				archive.Files = []txtar.File{input, {Name: "want", Data: []byte(got)}}
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(archive.Files) != 2 || string(archive.Files[1].Data) != got {
				t.Errorf("got\n%s", got)
			}
		})
	}
}

func TestScan(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"corslint: layer/v1\n", true},
		{"\ufeff# a comment\r\n---\r\n\"corslint\": \"layer/v2\" # newer\r\n", true},
		{"{corslint: layer/v1, answers: []}", true},
		{"name: x\ncorslint: layer/v1\n", true},
		{"corslint: config\n", false},
		{"corslinter: layer/v1\n", false},
		{"x: 'corslint: layer/v1'\n", false},
		{"", false},
	}
	for _, test := range tests {
		if _, got := (reader{}).Scan(source.NewFile("a.yaml", []byte(test.text))); got != test.want {
			t.Errorf("%q: %v", test.text, got)
		}
	}
	for path, want := range map[string]bool{"a/b.yaml": true, "b.YML": true, ".corslint.yml": false, "a/.corslint.yml": false, "a.json": false} {
		if got := (Dialect{}).Candidate(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// What the file says is what the layer answers.
func TestAnswer(t *testing.T) {
	r := treeOf("a.yaml", []byte(`corslint: layer/v1
name: app
answers:
  - when: { methods: [OPTIONS], path: /api/, headers: { Access-Control-Request-Method: [PUT, DELETE] } }
    status: 204
    headers: { Access-Control-Allow-Origin: "${origin}", Vary: "" }
  - when: { path: [=/exact, "~\\.png$"] }
    status: 203
  - when: { path: /gone }
    close: true
`)).load("a.yaml")
	if len(r.Problems) > 0 {
		t.Fatal(describe(r))
	}
	layer := r.Hosts[0].Layers[0]
	ask := func(method, path string, headers ...policy.Field) string {
		outcomes := layer.Answerer.Answer(context.Background(), &policy.Request{Method: method, Scheme: "http", Host: "app", Path: path, Headers: headers}, nil)
		if len(outcomes) != 1 {
			t.Fatal(outcomes)
		}
		text := fmt.Sprint(outcomes[0].Status)
		for _, h := range outcomes[0].Headers {
			text += fmt.Sprintf(" %s: %s", h.Name, h.Value)
		}
		if outcomes[0].Open != nil {
			text += " " + outcomes[0].Open.String()
		}
		return text
	}
	origin := policy.Field{Name: "origin", Value: "https://a.example"}
	wants := policy.Field{Name: "access-control-request-method", Value: "DELETE"}
	for _, test := range []struct{ got, want string }{
		{ask("OPTIONS", "/api/x", origin, wants), "204 Access-Control-Allow-Origin: https://a.example"},
		{ask("OPTIONS", "/api/x", origin), "0 what app does"},
		{ask("GET", "/exact"), "203"},
		{ask("GET", "/exactly"), "0 what app does"},
		{ask("GET", "/a/b.png"), "203"},
		{ask("GET", "/gone/away"), "0"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := treeOf("a.yaml", data)
		reader{}.Scan(files["a.yaml"])
		r := files.load("a.yaml")
		if again := treeOf("a.yaml", bytes.Clone(data)).load("a.yaml"); describe(r) != describe(again) {
			t.Fatal("read twice, read differently")
		}
		for _, p := range r.Problems {
			if p.Span.File != files["a.yaml"] || p.Span.Start < 0 || p.Span.End < p.Span.Start || p.Span.End > len(data) {
				t.Fatalf("%s is at %d to %d of %d", p.Text, p.Span.Start, p.Span.End, len(data))
			}
		}
		for _, h := range r.Hosts {
			if slices.Contains(h.Serves, "\x00") || len(h.Layers) != 1 {
				t.Fatal(h)
			}
			h.Layers[0].Answerer.Answer(context.Background(), &policy.Request{Method: "GET", Path: "/", Host: "a"}, nil)
		}
	})
}
