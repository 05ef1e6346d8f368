package yamltree

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

// jsonTexts are read alike as JSON and as YAML.
var jsonTexts = []string{
	`{}`, ` [ ] `, `[1, -2.5e+7, 0, true, false, null, "", "x"]`, "\ufeff{\"a\": 1}\n", "{\r\n\t\"a\" :\r\n[1\t,2 ] }",
	`{"a": {"b": "c\"d\\", "é😀": "ü\u00fc\n"}, "a": [[], {}]}`, `{"<<": {"a": 1}, "b": "<<"}`, `{"a":{"x":1,"x":2},"b":{"x":[{"y":1,"y":1}]}}`,
	"[\"" + strings.Repeat("é ", 3000) + "\", 1]", `{"":""}`, `["*a", "&b", "!c", "2020-01-01", "yes", "~", "0x10", "1"]`,
}

// A JSON text is the same tree, at the same places, as the YAML library makes of it.
func TestJSONIsYAML(t *testing.T) {
	for _, text := range jsonTexts {
		f := source.NewFile("f", []byte(text))
		if !isJSON(f.Data) {
			t.Errorf("%.80q is no JSON", text)
			continue
		}
		fast, errFast := Parse(f)
		slow, errSlow := parseYAML(f)
		if got, want := dump(fast, errFast), dump(slow, errSlow); got != want {
			t.Errorf("%.80q:\n%s\nas YAML:\n%s", text, got, want)
		}
	}
}

// dump writes a stream out with all places.
func dump(s *Stream, err error) string {
	var b strings.Builder
	var walk func(Node)
	walk = func(n Node) {
		span := n.Span()
		fmt.Fprintf(&b, "%d-%d %s %q\n", span.Start, span.End, n.Kind(), n.Text())
		for item := range n.Items() {
			walk(item)
		}
		for key, value := range n.Fields() {
			walk(key)
			walk(value)
		}
	}
	for _, d := range s.Documents {
		walk(d)
	}
	for _, key := range s.Repeated {
		span := key.Span()
		fmt.Fprintf(&b, "repeated %d-%d\n", span.Start, span.End)
	}
	fmt.Fprint(&b, err)
	return b.String()
}

// What JSON says is not what YAML reads: here JSON counts.
func TestJSONProper(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": "\ud83d\ude00\/"}`: "😀/",
		`{"a": "x
"}`: "x ", // no JSON, hence YAML, where the line folds
	} {
		s, err := Parse(source.NewFile("f.json", []byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Documents[0].Get("a").Text(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestJSONLimits(t *testing.T) {
	for name, text := range map[string]string{
		"deep":          strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1),
		"deep mappings": strings.Repeat(`{"a":`, maxDepth+1) + "1" + strings.Repeat("}", maxDepth+1),
		"many":          "[" + strings.Repeat("1,", maxNodes) + "1]",
		"many keys":     "{" + strings.Repeat(`"":1,`, maxNodes/2) + `"":1}`,
	} {
		_, err := Parse(source.NewFile("f.json", []byte(text)))
		e, ok := errors.AsType[*Error](err)
		if !ok || !e.Limit {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.Span.End > len(text) || e.Span.Start >= e.Span.End {
			t.Errorf("%s: at %d-%d", name, e.Span.Start, e.Span.End)
		}
	}
	if _, err := Parse(source.NewFile("f.json", []byte(strings.Repeat("[", maxDepth)+strings.Repeat("]", maxDepth)))); err != nil {
		t.Error(err)
	}
}

// FuzzJSON holds the two readers against each other: both read a file, or the reader of JSON is the more tolerant one.
func FuzzJSON(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !isJSON(data) {
			return
		}
		file := source.NewFile("f", data)
		fast, errFast := Parse(file)
		slow, errSlow := parseYAML(file)
		if errFast != nil || errSlow != nil || strings.Contains(string(data), `\`) || slices.ContainsFunc([]rune(string(data)), yamlBreak) {
			return
		}
		if got, want := dump(fast, nil), dump(slow, nil); got != want {
			t.Errorf("%q:\n%s\nas YAML:\n%s", data, got, want)
		}
	})
}

// yamlBreak reports whether YAML folds a line there, inside a string.
func yamlBreak(r rune) bool { return r == '\u0085' || r == '\u2028' || r == '\u2029' }

func BenchmarkParseJSON(b *testing.B) {
	var text strings.Builder
	text.WriteString(`{"openapi":"3.0.3","paths":{`)
	for i := range 20_000 {
		if i > 0 {
			text.WriteString(",")
		}
		fmt.Fprintf(&text, `"/items%d/{id}":{"get":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],"responses":{"200":{"description":"an \"item\""}}}}`, i)
	}
	text.WriteString("}}")
	file := source.NewFile("f.json", []byte(text.String()))
	if name := os.Getenv("CORSLINT_BENCH_FILE"); name != "" {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		file = source.NewFile(name, data)
	}
	b.SetBytes(int64(len(file.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(file); err != nil {
			b.Fatal(err)
		}
	}
}
