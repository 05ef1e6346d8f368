package nginx_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx"
)

var update = flag.Bool("update", false, "rewrite the lowered programs in testdata")

// lower reads a configuration that stands in one file.
func lower(f *source.File) (parsers.Result, bool) {
	reader := nginx.Dialect{}.Reader(discovery.Memory(f).Walk(discovery.Options{}))
	u, ok := reader.Scan(f)
	if !ok {
		return parsers.Result{}, false
	}
	return reader.Load(context.Background(), u), true
}

// TestGolden holds what small configurations are lowered to.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			result, ok := lower(source.NewFile("nginx.conf", archive.Files[0].Data))
			if !ok || len(result.Hosts) != 1 {
				t.Fatal("not recognised")
			}
			var b strings.Builder
			for _, layer := range result.Hosts[0].Layers {
				b.WriteString(layer.Answerer.(*policy.Program).String())
			}
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "policy", Data: []byte(b.String())})
				if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(archive.Files[1].Data); b.String() != want {
				t.Errorf("lowered to\n%s\nwant\n%s", b.String(), want)
			}
		})
	}
}

// FuzzLower: whatever the bytes, reading and lowering them ends, answers requests, names places inside the file, and gives
// the same result twice.
func FuzzLower(f *testing.F) {
	for _, name := range []string{"testdata/*.txtar", "../../testdata/demo/*/*.conf"} {
		files, _ := filepath.Glob(name)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := source.NewFile("nginx.conf", data)
		result, ok := lower(file)
		if !ok {
			return
		}
		for _, host := range result.Hosts {
			for _, layer := range host.Layers {
				for _, r := range []policy.Request{
					{Method: "OPTIONS", Scheme: "https", Host: "x", Port: 443, Path: "/", Headers: []policy.Field{{Name: "Origin", Value: "https://a.example"}}},
					{Method: "GET", Scheme: "http", Host: "x", Port: 80, Path: "/a/../b.css", Query: "q=1"},
				} {
					first := layer.Answerer.Answer(t.Context(), &r, nil)
					if len(first) == 0 {
						t.Fatal("no outcome")
					}
					if second := layer.Answerer.Answer(t.Context(), &r, nil); !reflect.DeepEqual(first, second) {
						t.Fatal("two answers to one request differ")
					}
					for _, o := range first {
						for _, h := range o.Headers {
							for _, s := range h.Sources {
								if s.File != nil && (s.Start < 0 || s.End > len(s.File.Data) || s.Start > s.End) {
									t.Fatalf("a place outside of the file: %+v", s)
								}
							}
						}
					}
				}
			}
		}
	})
}
