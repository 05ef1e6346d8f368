package express

import (
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

// TestEdit: what is written keeps to what stands around it.
func TestEdit(t *testing.T) {
	for _, test := range []struct {
		name, text, at, before string
		step                   func(at, before source.Span) repair.Step
		want                   string
	}{
		{"elements in a line", `cors({ methods: ["GET"] });`, `methods: ["GET"]`, "", add, `cors({ methods: ["GET", "PUT", "PATCH"] });`},
		{"elements in lines", "cors({\n  methods: [\n    'GET', // read\n    'POST',\n  ],\n});", "methods: [\n    'GET', // read\n    'POST',\n  ]", "", add,
			"cors({\n  methods: [\n    'GET', // read\n    'POST',\n    'PUT',\n    'PATCH',\n  ],\n});"},
		{"a list in a string", `cors({ methods: 'GET,POST' });`, "GET,POST", "", add, `cors({ methods: 'GET,POST,PUT,PATCH' });`},
		{"first element", `origin: ['null', 'https://a.example']`, "'null'", "", take, `origin: ['https://a.example']`},
		{"last element", `origin: ['https://a.example', 'null']`, "'null'", "", take, `origin: ['https://a.example']`},
		{"a statement", "app.use((req, res, next) => {\n  res.vary('Origin');\n  next();\n});\n", "vary('Origin')", "", take, "app.use((req, res, next) => {\n  next();\n});\n"},
		{"not half a chain", "res.status(204).vary('Origin').end();\n", "vary('Origin')", "", take, ""},
		{"without semicolons", "const app = express()\napp.get('/a', a)\napp.use(cors())\napp.listen(1)\n", "cors()", "a)", move, "const app = express()\napp.use(cors())\napp.get('/a', a)\napp.listen(1)\n"},
		{"with what it needs", "app.use(login);\nconst list = ['a'];\nconst options = { origin: list };\napp.use(cors(options)); // who\n", "cors(options)", "login", move,
			"const list = ['a'];\nconst options = { origin: list };\napp.use(cors(options)); // who\napp.use(login);\n"},
		{"not out of a block", "app.use(login);\nif (x) {\n  app.use(cors());\n}\n", "cors()", "login", move, ""},
		{"callback", "cb(new Error('no'), f(1));", "cb(", "", refuse, "cb(null, false);"},
		{"expression", "origin: /^https:\\/\\/a.example/i,", "/^https:\\/\\/a.example/i", "", rewrite, "origin: /^https:\\/\\/a\\.example$/i,"},
		{"a property in a line", `cors({ origin: '*', credentials: true });`, "credentials", "", take, `cors({ origin: '*' });`},
		{"the first property", `cors({ credentials: f(1, 2), origin: '*' });`, "credentials", "", take, `cors({ origin: '*' });`},
		{"the only property", `cors({ credentials: true });`, "credentials", "", take, `cors({  });`},
		{"a property on a line", "cors({\n  credentials: true,\n  origin: '*', // all\n});", "credentials", "", take, "cors({\n  origin: '*', // all\n});"},
		{"a comment stands before the last one", "cors({ origin: '*', /* x */ credentials: true });", "credentials", "", take, ""},
		{"origins in one text", `cors({ origin: "https://a.example, https://b.example" });`, `"https://a.example, https://b.example"`, "", choose,
			`cors({ origin: ["https://a.example", "https://b.example"] });`},
		{"not what somebody computes", `cors({ origin: 'https://a.example' + x });`, "'https://a.example'", "", choose, ""},
		{"brackets that do not match", "cors({ methods: ['GET' );", "'GET'", "", add, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := source.NewFile("server.js", []byte(test.text))
			span := func(text string) source.Span {
				i := strings.Index(test.text, text)
				return source.Span{File: file, Start: i, End: i + len(text)}
			}
			edits, ok := Dialect{}.Edit(test.step(span(test.at), span(test.before)))
			got := ""
			if ok {
				got = string(edits.Apply(file).Data)
			}
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func add(at, _ source.Span) repair.Step {
	return repair.AddToList{At: at, Names: []string{"PUT", "PATCH"}}
}
func take(at, _ source.Span) repair.Step   { return repair.Remove{At: at} }
func refuse(at, _ source.Span) repair.Step { return repair.Refuse{At: at} }
func choose(at, _ source.Span) repair.Step {
	return repair.ChooseOrigin{At: at, Origins: []string{"https://a.example", "https://b.example"}}
}
func move(at, before source.Span) repair.Step {
	return repair.MoveBefore{At: at, Before: before}
}
func rewrite(at, _ source.Span) repair.Step {
	return repair.Rewrite{At: at, Old: `^https:\/\/a.example`, New: `^https:\/\/a\.example$`}
}

// FuzzEdit: whatever the file and the places, there is no panic and no end to wait for, and edits lie inside the file.
func FuzzEdit(f *testing.F) {
	f.Add("app.use(login);\nconst o = { origin: ['a', `b${c}`] };\napp.use(cors(o));\nif (x) { res.set('A', /b/) }\n", uint16(60), uint16(3), uint8(6))
	f.Fuzz(func(t *testing.T, text string, at, before uint16, kind uint8) {
		file := source.NewFile("server.ts", []byte(text))
		span := func(n uint16) source.Span {
			start := min(int(n), len(text))
			return source.Span{File: file, Start: start, End: min(start+5, len(text))}
		}
		s := span(at)
		steps := []repair.Step{add(s, s), take(s, s), refuse(s, s), move(s, span(before)), rewrite(s, s), repair.SetValue{At: s, Value: "x"}, repair.Replace{At: s, Text: "ab"},
			repair.SetHeader{Beside: s, Name: "Vary", Value: "Origin"}, repair.SetHeader{Beside: s, Name: "Access-Control-Allow-Methods", Value: "PUT"},
			repair.SetHeader{Beside: s, Name: "Vary", Value: "Origin", Outside: true}}
		steps = append(steps, choose(s, s))
		edits, _ := Dialect{}.Edit(steps[int(kind)%len(steps)])
		for _, e := range edits {
			if e.Span.Start < 0 || e.Span.End < e.Span.Start || e.Span.End > len(text) {
				t.Errorf("%+v", e)
			}
		}
	})
}
