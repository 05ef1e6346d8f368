package script

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

// TestPlaces: calls and literals know where they stand in the original, whatever esbuild made of it.
func TestPlaces(t *testing.T) {
	tests := []struct{ file, text, want string }{
		{"app.ts", `import express, { type Request } from "express"
const app = express()
const origins: string[] = ['https://é.example', "https://b.example" as string]
interface X { a: number }
app.use(cors<X>({
  origin: origins, // é
  credentials: true as boolean,
}))
app.get("/x/:id", requireLogin, async (req: Request, res) => { res.set('Vary', "Origin") })
`, `
["https://é.example" "https://b.example"]: 'https://é.example' | "https://b.example"
origin: origins
credentials: true
use: cors<X>({…})
set: 'Vary' | "Origin"
get: "/x/:id" | requireLogin | async (req: Request, res) =>…
`},
		{"b.ts", `import cors from "cors"
app.use(cors({
  credentials: true }))
`, `
use: cors({…})
`},
		{"a.jsx", `export const f = (res) => res?.header(...['a', 'b'])
export const g = { 'x-y': /a\/[/]b/i, ["z" + 1]: 2, h() {} }
`, `
["a" "b"]: 'a' | 'b'
header: ['a', 'b']
x-y: /a\/[/]b/i
h: h
`},
	}
	for _, test := range tests {
		s, err := Read(source.NewFile(test.file, []byte(test.text)), 0)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		text := func(r Range) string {
			out := strings.Join(strings.Fields(s.Span(r).Text()), " ")
			if i := strings.IndexByte(out, '{'); i >= 0 && strings.Contains(out, "=>") {
				out = strings.TrimSpace(out[:i]) + "…"
			}
			if i := strings.Index(out, "({"); i >= 0 {
				out = out[:i] + "({…})"
			}
			return out
		}
		for _, l := range s.Literals {
			if len(l.Keys) > 0 {
				for i, key := range l.Keys {
					if l.Parts[i].Value.IsZero() {
						continue
					}
					value := text(l.Parts[i].Value)
					if key == "h" {
						value = s.Span(l.Parts[i].Key).Text()
					}
					fmt.Fprintf(&b, "%s: %s\n", key, value)
				}
			} else if len(l.Parts) > 0 {
				var parts []string
				for _, p := range l.Parts {
					parts = append(parts, text(p.Value))
				}
				quoted := strings.NewReplacer("'", `"`).Replace("[" + strings.Join(parts, " ") + "]")
				fmt.Fprintf(&b, "%s: %s\n", quoted, strings.Join(parts, " | "))
			}
		}
		for _, site := range s.Sites {
			if site.Name == "===" || site.Name == "loop" {
				continue
			}
			var args []string
			for _, a := range site.Args {
				args = append(args, text(a))
			}
			fmt.Fprintf(&b, "%s: %s\n", site.Name, strings.Join(args, " | "))
		}
		got := strings.Split(strings.TrimSpace(b.String()), "\n")
		for _, want := range strings.Split(strings.TrimSpace(test.want), "\n") {
			found := false
			for _, line := range got {
				found = found || line == want
			}
			if !found {
				t.Errorf("%s: no %q in\n%s", test.file, want, b.String())
			}
		}
	}
}

// TestMistakes: what cannot be read is named with its place.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"const a = ;\n":                "a.js:1:11: Unexpected \";\"",
		"let a\nlet é = {b: }\n":       "a.js:2:13: Unexpected \"}\"",
		strings.Repeat("[", 600):       "a.js:1:501: brackets nested deeper than 500, not read",
		"x" + strings.Repeat(" ", 5e6): "a.js:1:1: larger than 4 MB, not read",
	} {
		_, err := Read(source.NewFile("a.js", []byte(text)), 0)
		if _, ok := errors.AsType[*Error](err); !ok || err.Error() != want {
			t.Errorf("%.20q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("import a, {b} from 'c'; export default class { @d e = await f }")
	f.Add("const {a = 1, ...b} = c?.d ?? e; switch (a) { case 'x': for (;;) {} default: }")
	f.Add("#!/usr/bin/env node\n`${a}`")
	f.Fuzz(func(t *testing.T, text string) {
		file := source.NewFile("a.tsx", []byte(text))
		s, err := Read(file, 0)
		if err != nil {
			return
		}
		for _, site := range s.Sites {
			for _, r := range append(site.Args, site.Call) {
				if at := s.Span(r); !at.IsZero() && (at.Start < 0 || at.End < at.Start || at.End > len(text)) {
					t.Fatalf("%s is at %d to %d of %d", site.Name, at.Start, at.End, len(text))
				}
			}
		}
	})
}
