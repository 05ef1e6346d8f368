package environment

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

// TestDotenv holds the grammar and the expansion against what the real dotenv 16.6.1 and dotenv-expand 12.0.3 made of
// generated files (testdata/dotenv/record.cjs).
func TestDotenv(t *testing.T) {
	file, err := os.Open("testdata/dotenv/cases.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	cases, expanded, unknown := 0, 0, 0
	lines := bufio.NewScanner(unzipped)
	for lines.Scan() {
		var c struct {
			Text             string
			Parsed, Expanded map[string]string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases++
		f := source.NewFile(".env", []byte(c.Text))
		list := parseDotenv(f)
		parsed := map[string]string{}
		for _, a := range list {
			parsed[a.name] = a.raw
		}
		if !maps.Equal(parsed, c.Parsed) {
			t.Errorf("%q: got %q, want %q", c.Text, parsed, c.Parsed)
			continue
		}
		if c.Expanded == nil {
			continue // the real one hangs
		}
		for _, v := range tidy(expandAll(list)) {
			switch want, ok := c.Expanded[v.Name]; {
			case v.Unknown == "" && (!ok || want != v.Text):
				t.Errorf("%q: %s is %q, want %q", c.Text, v.Name, v.Text, want)
			case v.Unknown == "":
				expanded++
			case !strings.HasPrefix(v.Unknown, "$"):
				t.Errorf("%q: %s is unknown: %s", c.Text, v.Name, v.Unknown)
			default:
				unknown++
			}
		}
	}
	t.Logf("%d files, %d values equal, %d not known without the shell", cases, expanded, unknown)
	if cases < 1000 || expanded < 1000 {
		t.Error("too few cases were compared")
	}
}
