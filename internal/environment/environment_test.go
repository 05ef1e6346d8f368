package environment

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/source"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// TestRead compares the sets of directories: a file "read DIR" of an archive holds those of DIR.
func TestRead(t *testing.T) {
	names, err := filepath.Glob("testdata/read/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var files []*source.File
			for _, f := range archive.Files {
				if !strings.HasPrefix(f.Name, "read") {
					files = append(files, source.NewFile(f.Name, f.Data))
				}
			}
			r := NewReader(discovery.Memory(files...).Walk(discovery.Options{}))
			changed := false
			for i, f := range archive.Files {
				dir, ok := strings.CutPrefix(f.Name, "read")
				if !ok {
					continue
				}
				got := dump(r.Read(strings.TrimSpace(dir)))
				if got != string(f.Data) {
					changed = true
					if !*update {
						t.Errorf("%s: got\n%s\nwant\n%s", f.Name, got, f.Data)
					}
				}
				archive.Files[i].Data = []byte(got)
			}
			if changed && *update {
				if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func dump(sets []Set) string {
	var b strings.Builder
	for _, s := range sets {
		fmt.Fprintf(&b, "%s (%s, %s:%d)", s.Name, s.Kind, s.Path, s.Span.Position().Line)
		if s.Example {
			b.WriteString(" example")
		}
		if s.Open != "" {
			fmt.Fprintf(&b, " open: %s", s.Open)
		}
		b.WriteByte('\n')
		for _, v := range s.Values {
			at := v.Span.Position()
			fmt.Fprintf(&b, "  %s = %q", v.Name, v.Text)
			if v.Unknown != "" {
				fmt.Fprintf(&b, " unknown: %s", v.Unknown)
			}
			fmt.Fprintf(&b, "  at %s:%d:%d %q\n", v.Span.Path(), at.Line, at.Column, v.Span.Text())
		}
	}
	return b.String()
}

// TestConcurrent: many readers at a time see the same.
func TestConcurrent(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/read/kubernetes.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var files []*source.File
	for _, f := range archive.Files {
		files = append(files, source.NewFile(f.Name, f.Data))
	}
	tree := discovery.Memory(files...).Walk(discovery.Options{})
	want := dump(NewReader(tree).Read("services/api"))
	r := NewReader(tree)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got := dump(r.Read("services/api")); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	wait.Wait()
}

func TestGet(t *testing.T) {
	s := Set{Values: []Value{{Name: "A", Text: "1"}, {Name: "C", Text: "2"}}}
	if v, ok := s.Get("C"); !ok || v.Text != "2" {
		t.Errorf("C: %v, %v", v, ok)
	}
	if _, ok := s.Get("B"); ok {
		t.Error("there is no B")
	}
}

// hostile are files that are sent to hurt; each is to be read in a bounded time.
func hostile() map[string]string {
	many := func(n int, line func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(line(i))
		}
		return b.String()
	}
	laughs := many(60, func(i int) string { return fmt.Sprintf("A%d=${A%d}${A%d}\n", i, i+1, i+1) }) + "A60=ha\n"
	return map[string]string{
		".env":             laughs + "X=a${Y}\nY=x${Y}\n",
		".env.open":        strings.Repeat("A='\nB=\"\n", 100_000),
		".env.names":       strings.Repeat("a", 1<<20),
		".env.blank":       strings.Repeat("export \n", 130_000),
		".env.dollar":      "A=" + strings.Repeat("$A", 500_000),
		".env.escaped":     "A='" + strings.Repeat("\\'x", 300_000),
		".env.refs":        many(30_000, func(i int) string { return fmt.Sprintf("A%d=${A%d}x$B$B\n", i, i+1) }) + "B=" + strings.Repeat("b", 8000),
		"Dockerfile":       "FROM a AS a\n" + many(20_000, func(i int) string { return "ENV A=$A$A A" + fmt.Sprint(i) + "=$A\nARG B\n" }),
		"Dockerfile.stage": many(40_000, func(i int) string { return fmt.Sprintf("FROM s%d AS s%d\nENV A%d=1\n", i-1, i, i) }),
		"Dockerfile.line":  "FROM a\nENV A=" + strings.Repeat("\\\n", 400_000),
		"Dockerfile.brace": "FROM a\nENV A=" + strings.Repeat("${A:-", 200_000),
		"compose.yml": "x: &e\n" + many(1000, func(i int) string { return fmt.Sprintf("  A%d: $B$B\n", i) }) +
			"services:\n" + many(900, func(i int) string {
			return fmt.Sprintf("  s%d: {build: ., env_file: [.env.refs, .env.open], environment: *e}\n", i)
		}),
		"docker-compose.yml": "services:\n  a: {build: ., environment: {A: \"" + strings.Repeat("${A:-", 100_000) + "\"}}\n",
		"k8s/a.yml": "kind: Deployment\napiVersion: a\nx: &e\n" + many(900, func(i int) string { return fmt.Sprintf("  - {name: A%d, value: $(A%d)$(A%d)}\n", i, i-1, i-1) }) +
			"spec:\n  template:\n    spec:\n      containers:\n" + many(200, func(int) string { return "      - {env: *e, envFrom: [{configMapRef: {name: big}}]}\n" }),
		"k8s/b.yml":     "kind: ConfigMap\napiVersion: a\nmetadata: {name: big}\ndata:\n" + many(20_000, func(i int) string { return fmt.Sprintf("  A%d: x\n", i) }),
		"template.yaml": "Resources: &r\n  A: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: *r}}}\n",
	}
}

func TestHostile(t *testing.T) {
	var files []*source.File
	for name, text := range hostile() {
		files = append(files, source.NewFile(name, []byte(text)))
	}
	for _, f := range files {
		started := time.Now()
		NewReader(discovery.Memory(f).Walk(discovery.Options{})).Read("")
		if took := time.Since(started); took > time.Minute {
			t.Errorf("%s took %v", f.Path, took)
		}
	}
	started := time.Now()
	sets := NewReader(discovery.Memory(files...).Walk(discovery.Options{})).Read("")
	if took := time.Since(started); took > 2*time.Minute {
		t.Errorf("all took %v", took)
	}
	for _, s := range sets {
		checkSet(t, s)
	}
	t.Logf("%d sets in %v", len(sets), time.Since(started))
}

func checkSet(t *testing.T, s Set) {
	t.Helper()
	if len(s.Values) > maxValues {
		t.Errorf("%s: %d values", s.Name, len(s.Values))
	}
	if !slices.IsSortedFunc(s.Values, func(a, b Value) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%s: not sorted", s.Name)
	}
	for _, v := range s.Values {
		if v.Span.IsZero() || v.Span.Start < 0 || v.Span.Start > v.Span.End || v.Span.End > len(v.Span.File.Data) {
			t.Errorf("%s %s: %d-%d of %s is no place", s.Name, v.Name, v.Span.Start, v.Span.End, v.Span.Path())
		}
		if v.Unknown != "" && v.Text != "" || v.Name == "" {
			t.Errorf("%s: %q = %q, unknown %q", s.Name, v.Name, v.Text, v.Unknown)
		}
	}
}

// FuzzRead looks for panics, places outside their file and differences between two runs.
func FuzzRead(f *testing.F) {
	for _, text := range hostile() {
		if len(text) < 5000 {
			f.Add([]byte(text))
		}
	}
	archives, _ := filepath.Glob("testdata/read/*.txtar")
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func() string {
			var files []*source.File
			for _, name := range []string{"a/.env", "a/compose.yml", "a/Dockerfile", "a/k8s/x.yml", "a/template.yaml", "a/serverless.yml"} {
				files = append(files, source.NewFile(name, bytes.Clone(data)))
			}
			sets := NewReader(discovery.Memory(files...).Walk(discovery.Options{})).Read("a")
			for _, s := range sets {
				checkSet(t, s)
			}
			return dump(sets)
		}
		if first, second := read(), read(); first != second {
			t.Errorf("two runs differ:\n%s\n%s", first, second)
		}
	})
}

func BenchmarkReadNothing(b *testing.B) {
	var files []*source.File
	for i := range 10_000 {
		files = append(files, source.NewFile(fmt.Sprintf("src/%d/file.yml", i), []byte("a: 1\n")))
	}
	tree := discovery.Memory(files...).Walk(discovery.Options{})
	for b.Loop() {
		NewReader(tree).Read("src/1")
	}
}
