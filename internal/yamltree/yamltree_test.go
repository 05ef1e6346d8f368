package yamltree

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/internal/source"
)

func parse(t testing.TB, text string) Node {
	t.Helper()
	s, err := Parse(source.NewFile("f.yaml", []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Documents) != 1 {
		t.Fatalf("%d documents", len(s.Documents))
	}
	return s.Documents[0]
}

// Every value's span covers the text that made it, whatever the style.
func TestSpan(t *testing.T) {
	tests := []struct{ text, pointer, want string }{
		{"a: b", "/a", "b"},
		{"a: b", "", "a: b"},
		{"é: ü # c\nü: 😀x\n", "/ü", "😀x"},
		{"\ufeffa: b", "/a", "b"},
		{"\ufeffé: [ü, ö]", "/é/1", "ö"},
		{"a: 'it''s' # 'c'\n", "/a", "'it''s'"},
		{`a: "x\"y\\" # c`, "/a", `"x\"y\\"`},
		{"a: one two\n  three\nb: c", "/a", "one two\n  three"},
		{"a: |\n  x\n\n   y\n\nb: c", "/a", "|\n  x\n\n   y"},
		{"x:\n  a: >-\n    y\n  b: c", "/x/a", ">-\n    y"},
		{"x:\n  a: |\n  b: c", "/x/a", "|"},
		{"a: |\r\n  x\r\nb: c\r\n", "/a", "|\r\n  x"},
		{"a: b\r\nc: d\r\n", "/c", "d"},
		{"a: !Sub é", "/a", "!Sub é"},
		{"a: &x !!str 'q' # c", "/a", "&x !!str 'q'"},
		{"a: &x b\nc: *x\n", "/c", "*x"},
		{"a: &x [1]\nc: *x\n", "/c/0", "1"},
		{"a: [1, {b: [2]}, ] # ]", "/a", "[1, {b: [2]}, ]"},
		{"a: [ # ]\n]", "/a", "[ # ]\n]"},
		{"a: {}\nb: c", "/a", "{}"},
		{"a:\nb: c", "/a", ""},
		{"a:\n- x\n- y: z\nb: c", "/a", "- x\n- y: z"},
		{"{\"a\": {\"b\": \"é\", \"c\": [1, 2]}}", "/a/c/1", "2"},
		{"{\"a\": {\"b\": \"é\"}}", "/a", "{\"b\": \"é\"}"},
		{"a: \"x\u2028 y\"\nb: c\n", "/b", "c"}, // lines that only YAML counts
		{"a: \"\u0085\"\nb: c\n", "/b", "c"},
		{"a: 1\rb: c\r", "/b", "c"},
		{strings.Repeat("é: ü, ", 0) + "{" + strings.Repeat("\"é\": \"ü\", ", 1000) + "\"z\": \"ö\"}", "/z", "\"ö\""},
		{"a/b: {m~n: x}", "/a~1b/m~0n", "x"},
		{"? [k]\n: x\n? c\n: d", "/c", "d"},
	}
	for _, test := range tests {
		_, node := parse(t, test.text).Lookup(test.pointer)
		if got := node.Span().Text(); got != test.want || node.IsZero() {
			t.Errorf("%.60q %s: %q, want %q", test.text, test.pointer, got, test.want)
		}
	}
}

func TestLookup(t *testing.T) {
	root := parse(t, "a: {b: [x, {c: d}]}\nb: &b {e: f}\nm: {<<: *b, g: h}")
	for pointer, want := range map[string]string{
		"/a/b/1/c": "c d", "/a/b/0": " x", "/m/e": "e f", "/m/g": "g h",
		"/a/b/2": " ", "/a/b/-1": " ", "/a/b/00": " ", "/a/b/x": " ", "/x/y/z": " ", "a": " ", "/m/<<": " ", "/": " ",
	} {
		key, value := root.Lookup(pointer)
		if got := key.Text() + " " + value.Text(); got != want {
			t.Errorf("%s: %q, want %q", pointer, got, want)
		}
	}
	if key, value := (Node{}).Lookup("/a"); !key.IsZero() || !value.IsZero() {
		t.Error("the zero Node has something in it")
	}
}

func TestPlain(t *testing.T) {
	tests := []struct{ text, want string }{
		{"a: 1\nb: 1.5\nc: true\nd: ~\ne:\nf: yes\ng: 0x10\nh: 2020-01-01\ni: .inf\nj: '1'\nk: off", `{"a":1,"b":1.5,"c":true,"d":null,"e":null,"f":"yes","g":16,"h":"2020-01-01","i":".inf","j":"1","k":"off"}`},
		{"[]", `[]`},
		{"{}", `{}`},
		{"a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}", `{"a":{"b":1,"c":2},"d":{"b":3,"c":2}}`},
		{"a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}", `{"a":{"b":1},"c":{"b":2,"d":3},"e":{"b":1,"d":3}}`},
		{"a: 1\na: 2", `{"a":2}`},
		{"1: a\ntrue: b", `{"1":"a","true":"b"}`},
		{"- !Ref x\n- !Sub {a: b}", `["x",{"a":"b"}]`},
		{"!!binary aGk=", `"aGk="`},
	}
	for _, test := range tests {
		var want any
		if err := json.Unmarshal([]byte(test.want), &want); err != nil {
			t.Fatal(err)
		}
		if got := parse(t, test.text).Plain(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", test.text, got, want)
		}
	}
	if got := parse(t, "!Sub x").Tag(); got != "!Sub" {
		t.Errorf("tag %q", got)
	}
}

func TestRepeated(t *testing.T) {
	s, err := Parse(source.NewFile("f", []byte("a: 1\nb: {c: 1, \"c\": 2}\na: 3\n---\na: 1\n<<: {}\n<<: {}\n")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, key := range s.Repeated {
		got = append(got, fmt.Sprint(key.Text(), key.Span().Start))
	}
	if want := []string{"c15", "a23"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(s.Documents) != 2 {
		t.Errorf("%d documents", len(s.Documents))
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		text, want string
		documents  int
	}{
		{"a: b: c", "f:1:5: mapping values are not allowed in this context", 0},
		{"é: é: c", "f:1:5: mapping values are not allowed in this context", 0},
		{"a: 1\n---\nb: [1, 2", "f:3:9: did not find expected ',' or ']' while parsing a flow sequence", 1},
		{"a:\n\tb: 1\n", "f:2:1: a tab indents nothing in YAML; use spaces", 0},
		{"a: *no", "f:1:4: unknown anchor 'no' referenced", 0},
		{"a: &x [*x]", "f:1:8: the alias *x stands inside what it stands for", 0},
		{"a: &x {<<: *x}", "f:1:12: the alias *x stands inside what it stands for", 0},
		{"ab: \x01", "f:1:5: control characters are not allowed (value: 1)", 0},
		{"ab: \xff", "f:1:5: invalid leading UTF-8 octet (value: 255)", 0},
		{"", "", 0},
		{"# only a comment\n", "", 0},
	}
	for _, test := range tests {
		s, err := Parse(source.NewFile("f", []byte(test.text)))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.want || len(s.Documents) != test.documents {
			t.Errorf("%q: %q, want %q; %d documents, want %d", test.text, got, test.want, len(s.Documents), test.documents)
		}
		if e, ok := errors.AsType[*Error](err); err != nil && (!ok || e.Limit) {
			t.Errorf("%q: %#v", test.text, err)
		}
	}
}

// Texts that are small and mean a lot are refused, and quickly.
func TestHostile(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	merge := "a0: &a0 {k: v}\n"
	deep := "a0: &a0 [x]\n"
	for i := range 300 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
		merge += fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d]}\n", i+1, i+1, i, i)
		deep += fmt.Sprintf("a%d: &a%d [*a%d]\n", i+1, i+1, i)
	}
	tests := map[string]string{
		"alias bomb":       bomb,
		"merge bomb":       merge,
		"alias chain":      deep,
		"deep flow":        strings.Repeat("[", 100_000),
		"deep block":       strings.Repeat("- ", 100_000),
		"deep, just so":    strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1),
		"many values":      "[" + strings.Repeat("a,", maxNodes+1) + "]",
		"too many":         "[" + strings.Repeat("a,", 4*maxNodes) + "]",
		"too large":        strings.Repeat(" ", maxSize+1),
		"never closed":     strings.Repeat("\"", 1_000_001),
		"directives":       strings.Repeat("%FOO\n", 100_000),
		"unknown anchors":  strings.Repeat("*a ", 100_000),
		"nothing to be on": "a: &a\n  - &b [*a]\n  - *b\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Parse(source.NewFile("f", []byte(text)))
			if err == nil {
				t.Error("no error")
			}
			if took := time.Since(start); took > 2*time.Minute {
				t.Errorf("took %v", took)
			}
			t.Log(time.Since(start), err)
		})
	}
	for name, text := range map[string]string{
		"deep, allowed": strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1),
		"many keys":     strings.Repeat("a: |\n x\n", 100_000),
		"one long line": "{" + strings.Repeat("\"é\": \"é\", ", 50_000) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			for _, value := range parse(t, text).Fields() {
				value.Span()
			}
			if took := time.Since(start); took > 2*time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"a: [b, {c: d}]", "a: &x |\n  y\nb: *x", "\ufeffé: 'ü'\r\n", "? a\n: >-\n  b\n---\n!x &y \"z\"", "<<: [{a: b}, {c: d}]", "a: \u2028"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := source.NewFile("f", []byte(text))
		s, err := Parse(file)
		inside := func(span source.Span) {
			if span.File != file || span.Start < 0 || span.Start > span.End || span.End > len(text) {
				t.Fatalf("span %d-%d of %d bytes", span.Start, span.End, len(text))
			}
		}
		if e, ok := errors.AsType[*Error](err); ok {
			inside(e.Span)
		} else if err != nil {
			t.Fatalf("an error of type %T", err)
		}
		var visit func(n Node)
		visit = func(n Node) {
			inside(n.Span())
			for item := range n.Items() {
				visit(item)
			}
			for key, value := range n.Fields() {
				inside(key.Span())
				visit(value)
			}
		}
		for _, d := range s.Documents {
			visit(d)
			if _, err := json.Marshal(d.Plain()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
