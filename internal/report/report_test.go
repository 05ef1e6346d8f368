package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/corslint/corslint/internal/finding"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", name, diff)
	}
}

func write(t testing.TB, format string, r *Report, o Options) []byte {
	t.Helper()
	f, ok := LookupFormat(format)
	if !ok {
		t.Fatalf("no format %q", format)
	}
	var b bytes.Buffer
	if err := f.Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFormats(t *testing.T) {
	for _, f := range Formats() {
		var summary bytes.Buffer
		golden(t, f.Name+".golden", write(t, f.Name, fixture(t), Options{Summary: &summary}))
		if f.Name == "github" {
			golden(t, "github-summary.golden", summary.Bytes())
		}
		golden(t, f.Name+"-none.golden", write(t, f.Name, none(), Options{}))
	}
}

func TestTextVariants(t *testing.T) {
	for name, o := range map[string]Options{
		"text-narrow":   {Width: 60, Unicode: true},
		"text-color":    {Width: 100, Color: true, Links: true},
		"text-verbose":  {Verbose: true, Unicode: true},
		"text-actions":  {GitHubActions: true, CI: true},
		"text-relative": {Base: "deploy/nginx"},
	} {
		golden(t, name+".golden", write(t, "text", fixture(t), o))
	}
}

func TestHook(t *testing.T) {
	r := fixture(t)
	r.Named = &Named{Files: []string{"deploy/nginx/api.conf", "README.md"}, Context: 3}
	r.Findings = r.Findings[1:2]
	golden(t, "text-hook.golden", write(t, "text", r, Options{Hook: true}))
	if got := write(t, "text", none(), Options{Hook: true}); len(got) > 0 {
		t.Errorf("a hook that found nothing prints %q", got)
	}
}

func TestBaseline(t *testing.T) {
	r := none()
	r.NoCORS = false
	r.Baseline = &Baseline{Accepted: 23}
	if got, want := string(write(t, "text", r, Options{})), "0 new findings (23 in the baseline) in 1 layer, 14 endpoints\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r = fixture(t)
	r.Baseline, r.Since = &Baseline{Accepted: 1, Repaired: 2}, &Since{Revision: "main\x1b", Older: 1200}
	want := "\n5 new errors, 4 new warnings, 1 new note (1,200 already in main\\x1b, 1 in the baseline, 2 repaired: corslint baseline --prune) in 2 of 3 layers"
	if got := string(write(t, "text", r, Options{})); !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

func TestExplain(t *testing.T) {
	r := fixture(t)
	for _, f := range r.Findings {
		if f.Rule == "nginx-if-drops-headers" {
			var b bytes.Buffer
			if err := Explain(&b, r, f, Options{Unicode: true}); err != nil {
				t.Fatal(err)
			}
			golden(t, "explain.golden", b.Bytes())
		}
	}
}

func TestNothingToCheck(t *testing.T) {
	r := &Report{Analyzed: 1204, Elapsed: 12e6}
	want := "nothing to check: no CORS policy and nothing that serves HTTP that corslint reads, in 1,204 files (12 ms)"
	if got := NothingToCheck(r); got != want {
		t.Errorf("got %q", got)
	}
	if got := NothingToCheck(none()); got != "" {
		t.Errorf("one layer: got %q", got)
	}
	if got := write(t, "text", r, Options{}); len(got) > 0 {
		t.Errorf("text prints %q", got)
	}
}

// A finding takes at most twelve lines, however much there is to say.
func TestBlockLength(t *testing.T) {
	r := fixture(t)
	for _, o := range []Options{{}, {Width: 40}, {CI: true, Width: 60}} {
		p := newPrinter(r, o)
		for _, b := range blocks(r.Findings) {
			for len(b.head.Related) < 20 {
				b.head.Related = append(b.head.Related, finding.Related{Span: b.head.Place, Text: "again"})
			}
			b.same = append(b.same, b.same...)
			if lines := p.block(b); len(lines) > maxBlock {
				t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
			}
		}
	}
}

func TestDeterministic(t *testing.T) {
	for _, f := range Formats() {
		var first, second bytes.Buffer
		a := write(t, f.Name, fixture(t), Options{Verbose: true, Summary: &first})
		b := write(t, f.Name, fixture(t), Options{Verbose: true, Summary: &second})
		if !bytes.Equal(a, b) || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: two runs differ", f.Name)
		}
	}
}

// failing fails every write.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteErrors(t *testing.T) {
	for _, f := range Formats() {
		if err := f.Write(failing{}, fixture(t), Options{}); err == nil {
			t.Errorf("%s hides the error of its writer", f.Name)
		}
	}
}

func TestCurlFor(t *testing.T) {
	for goos, want := range map[string]string{"windows": `curl.exe -i "https://x/"`, "linux": `curl -i "https://x/"`, "": `curl -i "https://x/"`} {
		if got := CurlFor(goos, `curl -i "https://x/"`); got != want {
			t.Errorf("%s: %s", goos, got)
		}
	}
}
