package openapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

const head = "openapi: 3.0.3\ninfo: {title: x, version: '1'}\npaths:\n  /a:\n    get: {responses: {'200': {description: x}}}\n"

// TestHostile: whatever is in a document, reading it ends soon, and what can be read of it is.
func TestHostile(t *testing.T) {
	nested := strings.Repeat(`{"items":`, 150) + "{}" + strings.Repeat("}", 150)
	for name, test := range map[string]struct {
		text  string
		needs int    // -1: any
		says  string // in a gap or problem
	}{
		"alias bomb":             {head + "  /b:\n    get: &a [x,x]\n    put: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n    post: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n" + bomb(8), -1, "aliases stand for more than"},
		"an alias inside itself": {head + "x: &a [*a]\n", -1, "stands inside what it stands for"},
		"5,000 nested schemas":   {head + "components:\n  schemas:\n    A: " + strings.Repeat("{items: ", 5000) + "1" + strings.Repeat("}", 5000) + "\n", -1, "nested"},
		"nested schemas, many": {`{"openapi":"3.0.3","paths":{"/a":{"get":{"parameters":[{"name":"X-A","in":"header","schema":` + nested + `}],"responses":{}}}},
			"components":{"schemas":{` + strings.Repeat(`"A":`+nested+",", 500) + `"B":{}}}}`, 1, `"A" stands here a second time`},
		"references in a circle":         {head + "components:\n  parameters:\n    A: {$ref: '#/components/parameters/A'}\n    B: {$ref: '#/components/parameters/C'}\n    C: {$ref: '#/components/parameters/B'}\n  responses:\n    R: {$ref: '#/components/responses/R'}\n", 1, ""},
		"duplicate keys":                 {head + "  /a:\n    put: {responses: {}}\n", 1, `"/a" stands here a second time`},
		"a tab":                          {head + "\tx: y\n", -1, "a tab indents nothing"},
		"a byte order mark":              {"\ufeff" + head, 1, ""},
		"lines of Windows":               {strings.ReplaceAll(head, "\n", "\r\n"), 1, ""},
		"UTF-16":                         {"\xff\xfe" + head, 0, ""},
		"truncated YAML":                 {head[:len(head)-7], -1, "did not find expected"},
		"truncated JSON":                 {`{"openapi": "3.0.3", "paths": {"/a": {"get": {"respon`, -1, "found unexpected end of stream"},
		"scalars everywhere":             {"openapi: 3.0.3\ninfo: x\nservers: y\nsecurity: z\ncomponents: 1\npaths:\n  /a: 1\n  /b: {get: 2}\n  /c: {get: {parameters: 3, responses: 4, requestBody: 5, security: 6, servers: 7}}\n  /d:\n    get: {parameters: [1, {name: {}}, [], {in: header}], responses: {200: 1, 404: {headers: [X-A]}}, security: [1, {a: 2}], servers: [{url: []}, {}]}\n", 2, ""},
		"lists everywhere":               {"swagger: '2.0'\nhost: []\nbasePath: {}\nschemes: http\nparameters: []\nresponses: 1\nsecurityDefinitions: []\npaths:\n  /a: []\n  /b: {get: {consumes: json, parameters: [{in: body}, {in: body, schema: 1}]}}\n", 1, ""},
		"references to the wrong things": {"openapi: 3.0.3\npaths:\n  /a:\n    get:\n      parameters: [{$ref: '#/components/schemas/S'}, {$ref: '#/components/parameters/N'}, {$ref: '#/components/parameters/x-a'}, {$ref: '#/components/parameters/a b'}, {$ref: '#'}, {$ref: ''}, {$ref: '%zz'}]\n      requestBody: {$ref: '#/components/responses/R'}\n      responses: {200: {$ref: '#/paths'}, 201: {$ref: '#/components/responses/C'}}\ncomponents:\n  schemas: {S: {type: string}}\n  parameters: {N: null, x-a: {name: X-A, in: header}, a b: {name: X-B, in: header}}\n  responses: {R: {description: x}, C: {$ref: '#/components/responses/D'}}\n", 1, "the reference #/components/responses/D leads nowhere"},
		"paths that are none":            {"openapi: 3.0.3\npaths: [/a, /b]\n", 0, ""},
		"no paths":                       {"openapi: 3.0.3\n", 0, ""},
		"paths without a slash":          {"openapi: 3.0.3\npaths: {a: {get: {}}, x-a: {get: {}}, '': {get: {}}}\n", 0, ""},
		"merge keys":                     {"openapi: 3.0.3\nx: &a {get: {responses: {}}}\npaths:\n  /a: {<<: *a, put: {}}\n", 2, ""},
		"odd names":                      {"openapi: 3.0.3\npaths:\n  /a:\n    get: {parameters: [{name: \"X A\\r\\nB\", in: header}, {name: '', in: header}, {name: Ü, in: header}], responses: {}}\n", 1, ""},
		"odd templates":                  {"openapi: 3.0.3\npaths: {'/{': {get: {}}, '/}{a': {get: {}}, '/{}/{{a}}': {get: {}}, '/{a': {get: {}}}\n", 4, ""},
		"odd servers":                    {head + "servers: [{url: 'http://[::1'}, {url: '//'}, {url: 'http://a:99999'}, {url: 'ftp://a'}, {url: 'http://{x}/{y}', variables: {x: {default: '{x}{x}'}}}, {url: ''}]\n", 1, ""},
		"another version":                {"openapi: 4.0.0\npaths: {/a: {get: {}}}\n", 0, ""},
		"two documents":                  {head + "---\n" + head, 1, ""},
		"two thousand operations":        {manyOperations(2_000), 2_000, ""},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			r, _ := read(source.NewFile("o.yaml", []byte(test.text)))
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("took %v", took)
			}
			if test.needs >= 0 && len(r.Needs) != test.needs {
				t.Errorf("%d needs, want %d\n%s", len(r.Needs), test.needs, dump(r))
			}
			if text := messages(r); test.says != "" && !strings.Contains(text, test.says) {
				t.Errorf("says %q, want %q", text, test.says)
			}
			checkSpans(t, r)
		})
	}
}

// bomb writes lists of aliases of lists of aliases.
func bomb(levels int) string {
	var b strings.Builder
	b.WriteString("x:\n  - &l0 [x,x,x,x,x,x,x,x]\n")
	for i := range levels {
		fmt.Fprintf(&b, "  - &l%d [%s]\n", i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d,", i), 8), ","))
	}
	return b.String()
}

// manyOperations writes a document of n operations.
func manyOperations(n int) string {
	var b strings.Builder
	b.WriteString(`{"openapi":"3.0.3","security":[{"token":[]}],"components":{"securitySchemes":{"token":{"type":"http","scheme":"bearer"}},
"schemas":{"Item":{"type":"object","properties":{"id":{"type":"string"}}}}},"paths":{`)
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `"/items%d/{id}":{"put":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}},{"name":"X-Trace","in":"header","schema":{"type":"string"}}],
"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Item"}}}},"responses":{"200":{"description":"the item","headers":{"X-Total":{"schema":{"type":"integer"}}}}}}}`, i)
	}
	b.WriteString("}}")
	return b.String()
}

func messages(r parsers.Result) string {
	var b strings.Builder
	for _, g := range r.Gaps {
		b.WriteString(g.Why + "\n")
	}
	for _, p := range r.Problems {
		b.WriteString(p.Text + "\n")
	}
	return b.String()
}

// checkSpans makes sure that every place lies in its file.
func checkSpans(t *testing.T, r parsers.Result) {
	t.Helper()
	check := func(s source.Span) {
		if s.IsZero() {
			return
		}
		if s.File == nil || s.Start < 0 || s.End < s.Start || s.End > len(s.File.Data) {
			t.Errorf("a place of %d to %d is outside its file", s.Start, s.End)
		}
	}
	all := func(list []contract.Header) {
		for _, h := range list {
			check(h.Span)
		}
	}
	for _, n := range r.Needs {
		check(n.Span)
		all(n.Headers)
		all(n.Optional)
		all(n.Reads)
		for _, a := range n.Auth {
			check(a.Span)
			all(a.Headers)
		}
		for _, s := range n.Servers {
			check(s.Span)
		}
	}
	for _, g := range r.Gaps {
		check(g.Span)
	}
	for _, p := range r.Problems {
		check(p.Span)
	}
	for _, h := range r.Hosts {
		for _, l := range h.Layers {
			check(l.Span)
			for _, e := range l.Endpoints {
				check(e.Span)
			}
		}
	}
}

// FuzzRead: whatever the bytes, reading ends, names places inside the file, and gives the same result twice.
func FuzzRead(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.txtar")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range txtar.Parse(data).Files[:1] {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := source.NewFile("o.yaml", data)
		r, ok := read(file)
		if !ok {
			return
		}
		checkSpans(t, r)
		again, _ := read(file)
		if a, b := dump(r), dump(again); a != b {
			t.Errorf("read as\n%s\nand then as\n%s", a, b)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	text := manyOperations(1_000)
	if !json.Valid([]byte(text)) {
		b.Fatal("not JSON")
	}
	file := source.NewFile("o.json", []byte(text))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if r, _ := read(file); len(r.Needs) != 1_000 {
			b.Fatal(len(r.Needs))
		}
	}
}
