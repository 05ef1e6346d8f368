package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shop copies one of the example projects, so that it lies in no repository, and goes there.
func shop(t testing.TB, name string) {
	t.Helper()
	from, err := filepath.Abs(filepath.Join("..", "..", "testdata", "shop", name))
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(to)
}

// shopFaults are the faults of the broken shop, each at its root cause (testdata/shop/README.md).
var shopFaults = []string{
	"deploy/nginx/api.conf:18 allow-origin-duplicate-across-layers",
	"deploy/nginx/api.conf:27 nginx-if-drops-headers",
	"deploy/nginx/api.conf:38 allow-origin-missing-on-error",
	"services/orders/.env.production:2 origin-trailing-slash",
	"services/orders/.env.staging:2 origin-not-allowed",
	"services/orders/server.js:9 cors-after-routes",
	"services/orders/server.js:9 expose-headers-missing",
	"services/orders/server.js:13 allow-headers-missing",
}

// TestShop holds what is found in the example projects against the faults that they have.
func TestShop(t *testing.T) {
	for name, want := range map[string][]string{"broken": shopFaults, "repaired": nil} {
		t.Run(name, func(t *testing.T) {
			golden, err := filepath.Abs(filepath.Join("..", "..", "testdata", "shop", name+".matrix"))
			if err != nil {
				t.Fatal(err)
			}
			shop(t, name)
			var report struct {
				Findings []struct {
					Rule  string
					Place struct {
						File string
						Line int
					}
				}
			}
			if err := json.Unmarshal([]byte(printed(t, "check", "--format", "json")), &report); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range report.Findings {
				got = append(got, fmt.Sprintf("%s:%d %s", f.Place.File, f.Place.Line, f.Rule))
			}
			slices.Sort(got)
			want = slices.Sorted(slices.Values(want))
			if !slices.Equal(got, want) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			holdGolden(t, golden, printed(t, "matrix"))
		})
	}
}

// TestContractDocument holds the example of docs/contract.md against the project that it is of.
func TestContractDocument(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	document := read("docs/contract.md")
	for _, name := range []string{"testdata/shop/broken/.corslint.yml", "testdata/shop/broken.matrix"} {
		if !strings.Contains(document, read(name)) {
			t.Errorf("docs/contract.md does not show %s as it is", name)
		}
	}
}

// holdGolden holds a text against a file that somebody read and accepted.
func holdGolden(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is something else now; look at it, then go test ./cmd/corslint -update\n%s", filepath.Base(golden), got)
	}
}

// BenchmarkShop measures a check of the whole example project, as a user runs it.
func BenchmarkShop(b *testing.B) {
	shop(b, "broken")
	for b.Loop() {
		var out, stderr bytes.Buffer
		if status := run([]string{"check"}, strings.NewReader(""), &out, &stderr); status != exitFindings {
			b.Fatal(stderr.String())
		}
	}
}
