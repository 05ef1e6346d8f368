package client

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/source"
)

const react = `{"dependencies": {"react": "18"}}`

// TestHostile: whatever a file holds, reading it ends soon and without a fault.
func TestHostile(t *testing.T) {
	var cycle, chain, wide, modules strings.Builder
	for i := range 3_000 {
		fmt.Fprintf(&cycle, "const a%d = a%d + a%d;\n", i, (i+1)%3_000, (i+7)%3_000)
		fmt.Fprintf(&chain, "const b%d = b%d + b%d;\n", i+1, i, i)
		fmt.Fprintf(&wide, "export function f%d(x) { f%d(x); f%d(x); return fetch(x) }\n", i, (i+1)%3_000, (i+2)%3_000)
	}
	for i := range 300 {
		fmt.Fprintf(&modules, "import { x as x%d } from './m%d'; fetch(x%d);\n", i, i, i)
	}
	tests := map[string][]string{
		"constants in a circle":   {"a.jsx", cycle.String() + "fetch(a0)"},
		"a constant that doubles": {"a.jsx", "const b0 = 'https://a.example/';\n" + chain.String() + "fetch(b3000)"},
		"functions in a circle":   {"a.jsx", wide.String() + "f0('/x')"},
		"nested parentheses":      {"a.jsx", "fetch(" + strings.Repeat("(", 100_000) + "x" + strings.Repeat(")", 100_000) + ")"},
		"nested calls":            {"a.jsx", strings.Repeat("fetch(", 400) + "x" + strings.Repeat(")", 400)},
		"nested templates":        {"a.jsx", strings.Repeat("fetch(`${", 200) + "x" + strings.Repeat("}`)", 200)},
		"a chain of calls":        {"a.jsx", "fetch('/x')" + strings.Repeat(".then(r => r.headers.get('X-A'))", 3_000)},
		"a chain of members":      {"a.jsx", "fetch(a" + strings.Repeat(".b", 20_000) + ")"},
		"a sum":                   {"a.jsx", "fetch('/x'" + strings.Repeat(" + y", 5_000) + ")"},
		"a bundle":                {"a.jsx", "fetch('/x');" + strings.Repeat("a", 50<<20)},
		"no JavaScript":           {"a.jsx", "fetch(<<<<\x00\xff"},
		"an endless script":       {"a.vue", strings.Repeat("<script>fetch(", 10_000)},
		"a class of itself":       {"a.jsx", "class A extends A { x = this.x; get() { return fetch(this.x) } } new A().get(); class B extends C {} class C extends B { f() { return fetch(super.x) } } new B().f()"},
		"spreads of themselves":   {"a.jsx", "const a = { ...b }, b = { ...a }; fetch('/x', { ...a, headers: { ...a.headers, ...b } })"},
		"modules in a circle":     {"a.jsx", "import { x } from './b'; export * from './b'; export const y = x; fetch(x)", "b.jsx", "import { y } from './a'; export * from './a'; export const x = y; fetch(y)"},
		"modules that are not":    {"a.jsx", modules.String() + "import z from '../../../../etc/passwd'; fetch(z)"},
		"a pattern of patterns":   {"a.jsx", "const " + strings.Repeat("{ a: ", 300) + "x" + strings.Repeat(" }", 300) + " = y; fetch(x)"},
		"alternatives":            {"a.jsx", "const a = p ? '1' : q ? '2' : r ? '3' : '4';\nfetch('/x/' + " + strings.Repeat("a + ", 200) + "a)"},
		"a proxy of itself":       {"a.jsx", "fetch('/x')", "vite.config.js", "const proxy = { '/x': proxy, '/y': { target: proxy } }; export default { server: { proxy } }"},
		"no manifest":             {"a.jsx", "fetch('/x')", "package.json", "{\"proxy\": [[[[[{"},
	}
	for name, files := range tests {
		t.Run(name, func(t *testing.T) {
			list := []*source.File{source.NewFile("package.json", []byte(react))}
			for i := 0; i+1 < len(files); i += 2 {
				list = slices.DeleteFunc(list, func(f *source.File) bool { return f.Path == files[i] })
				list = append(list, source.NewFile(files[i], []byte(files[i+1])))
			}
			started := time.Now()
			needs := load(discovery.Memory(list...).Walk(discovery.Options{}))
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if len(needs) > maxNeeds+100 {
				t.Errorf("%d needs", len(needs))
			}
		})
	}
}

// TestUntouched: files without calls are looked at for bytes only.
func TestUntouched(t *testing.T) {
	files := []*source.File{source.NewFile("package.json", []byte(react))}
	for i := range 1_000 {
		files = append(files, source.NewFile(fmt.Sprintf("src/f%d.tsx", i), []byte(strings.Repeat("export const prefetch = () => refetch('/x');\n", 50))))
	}
	r := Dialect{}.Reader(discovery.Memory(files...).Walk(discovery.Options{})).(*reader)
	for _, f := range files[1:] {
		if u, ok := r.Scan(f); ok {
			t.Fatalf("%s is taken for client code", u.Path)
		}
	}
	if len(r.modules) != 0 {
		t.Errorf("%d files were read as programs", len(r.modules))
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("import axios from 'axios'; const a = axios.create({ baseURL: process.env.X || '/api' }); a.get(`/x/${id}`).then(({ headers }) => headers['x-a'])")
	f.Add("export const f = async (p, { m = 'GET', ...o } = {}) => { const r = await fetch(B + p, { method: m, ...o }); return r.headers.get('X') }; f('/x', { m: 'PUT' })")
	f.Add("const x = new XMLHttpRequest(); x.open('GET', 'https://a.example/'); x.setRequestHeader('A', 'b'); class A { b = new EventSource(this.c) }")
	f.Add("<script lang=\"ts\">fetch(new URL('/a', 'https://b.example'))</script><script>export default { proxy: { '/a': 'b' } }")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"a.tsx", "a.vue"} {
			file := source.NewFile(name, []byte(text))
			d := Dialect{}
			tree := discovery.Memory(file, source.NewFile("package.json", []byte(react))).Walk(discovery.Options{})
			var got [2]string
			for i := range got {
				r := d.Reader(tree)
				u, ok := r.Scan(file)
				if !ok {
					return
				}
				result := r.Load(context.Background(), u)
				for _, n := range result.Needs {
					spans := []source.Span{n.Span}
					for _, h := range slices.Concat(n.RequestHeaders(), n.Reads, n.Misplaced) {
						spans = append(spans, h.Span)
					}
					for _, s := range spans {
						if s.IsZero() || s.Start < 0 || s.End < s.Start || s.End > len(s.File.Data) {
							t.Fatalf("%s is at %d to %d of %d", &n, s.Start, s.End, len(text))
						}
					}
				}
				got[i] = dump(result.Needs)
			}
			if got[0] != got[1] {
				t.Fatalf("first\n%s\nthen\n%s", got[0], got[1])
			}
		}
	})
}
