package apigateway

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

var corpus = flag.String("corpus", "", "a folder of real templates, to read")

// TestCorpus reads real files, and lists what is not understood in them.
func TestCorpus(t *testing.T) {
	if *corpus == "" {
		t.Skip("needs -corpus")
	}
	read, whole := 0, 0
	gaps := map[string]int{}
	err := filepath.WalkDir(*corpus, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !(Dialect{}).Candidate(path) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f := source.NewFile(filepath.Base(path), data)
		files := tree{f.Path: f}
		if _, ok := (reader{files: files}).Scan(f); !ok {
			return nil
		}
		r := files.load(f.Path)
		checkSpans(t, r, files)
		read++
		complete := true
		for _, h := range r.Hosts {
			for _, g := range h.Gaps {
				complete = false
				gaps[g.Why]++
				t.Logf("%s: %s", at(g.Span), g.Why)
			}
		}
		for _, p := range r.Problems {
			complete = complete && p.Kind == 2 // what AWS refuses was read
			t.Logf("%s: %s", at(p.Span), p.Text)
		}
		if complete {
			whole++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, why := range slices.SortedFunc(maps.Keys(gaps), func(a, b string) int { return gaps[b] - gaps[a] }) {
		t.Logf("%4d %s", gaps[why], why)
	}
	t.Logf("%d of %d files read completely", whole, read)
}
