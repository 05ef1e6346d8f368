package policy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// answers shows outcomes: the status, the headers, what is assumed.
func answers(outcomes []policy.Outcome) string {
	var lines []string
	for _, o := range outcomes {
		line := fmt.Sprint(o.Status)
		if o.Open != nil {
			line += " open"
		}
		for _, h := range o.Headers {
			line += " " + h.Name + "=" + h.Value.String()
		}
		for _, l := range o.Lost {
			line += " -" + l.Header + "(" + string(l.Why) + ")"
		}
		for _, a := range o.Assuming {
			line += " [" + a.String() + "]"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func pattern(t *testing.T, text string) *policy.Pattern {
	t.Helper()
	p, err := policy.CompilePattern(text, policy.PCRE, false)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func program(request []policy.Step, response ...policy.Step) *policy.Program {
	return &policy.Program{BadRequest: -1, Vars: []policy.Var{{Name: "x"}, {Name: "y"}}, Blocks: []policy.Block{{Name: "b", Request: request, Response: response}}}
}

func add(name string, value policy.Expr) policy.Step {
	return &policy.EditHeader{Op: policy.Add, Name: name, Value: value}
}

var ok = &policy.Respond{Status: 200}

func TestSteps(t *testing.T) {
	origin := &policy.RequestHeader{Name: "origin"}
	ask := func(subject string) policy.Cond {
		return &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: subject}}
	}
	upstream := policy.Upstream{Name: "http://up"}
	for _, test := range []struct {
		name    string
		program *policy.Program
		want    string
	}{
		{"a branch", program([]policy.Step{&policy.If{Cond: &policy.Equal{Of: policy.Method, Text: "GET"}, Then: []policy.Step{ok}}, &policy.Respond{Status: 405}}), "200"},
		{"the first answer counts", program([]policy.Step{ok, &policy.Respond{Status: 500}}), "200"},
		{"an empty value is not sent", program([]policy.Step{ok}, add("A", policy.Text("")), add("B", origin)), "200 B=https://a.example"},
		{"lines add up, replace, merge and go", program([]policy.Step{ok}, add("A", policy.Text("1")), add("A", policy.Text("2")),
			&policy.EditHeader{Op: policy.Replace, Name: "a", Value: policy.Text("3"), Why: policy.Overridden}, add("B", policy.Text("x")),
			&policy.EditHeader{Op: policy.Merge, Name: "B", Value: policy.Text("y")}, &policy.EditHeader{Op: policy.Merge, Name: "B", Value: policy.Text("X")},
			&policy.EditHeader{Op: policy.Default, Name: "B", Value: policy.Text("z")}, &policy.EditHeader{Op: policy.First, Name: "C", Value: policy.Text("0")},
			add("D-1", policy.Text("1")), &policy.EditHeader{Op: policy.Remove, Name: "d-*", Why: policy.Cleared}), "200 C=0 a=3 B=x, y -A(overridden) -A(overridden) -D-1(cleared)"},
		{"captures", program([]policy.Step{&policy.If{Cond: &policy.Matches{Of: origin, Pattern: pattern(t, `//(\w+)\.`)}}, ok}, add("A", policy.Capture(1))), "200 A=a"},
		{"a failed match clears them", program([]policy.Step{&policy.If{Cond: &policy.Matches{Of: origin, Pattern: pattern(t, `//(\w+)\.`)}},
			&policy.If{Cond: &policy.Matches{Of: origin, Pattern: pattern(t, `nothing`)}}, ok}, add("A", policy.Capture(1))), "200"},
		{"unless it keeps them", program([]policy.Step{&policy.If{Cond: &policy.Matches{Of: origin, Pattern: pattern(t, `//(\w+)\.`)}},
			&policy.If{Cond: &policy.Matches{Of: origin, Pattern: pattern(t, `nothing`), Keeps: true}}, ok}, add("A", policy.Capture(1))), "200 A=a"},
		{"an unknown forks", program([]policy.Step{&policy.If{Cond: ask("/a"), Then: []policy.Step{ok}}, &policy.Respond{Status: 404}}),
			"200 [the file /a exists]\n404 [the file /a does not exist]"},
		{"and is asked once", program([]policy.Step{&policy.If{Cond: ask("/a"), Then: []policy.Step{&policy.If{Cond: ask("/a"), Then: []policy.Step{ok}}, &policy.Respond{Status: 500}}}, &policy.Respond{Status: 404}}),
			"200 [the file /a exists]\n404 [the file /a does not exist]"},
		{"an unknown upstream leaves the answer open", program([]policy.Step{&policy.Forward{To: upstream}}, add("A", policy.Text("1"))), "0 open A=1"},
		{"what is hidden from it is lost", program([]policy.Step{&policy.Forward{To: upstream, Receive: []policy.Step{&policy.EditHeader{Op: policy.Remove, Name: "A", Why: policy.Hidden}}}}), "0 open -A(hidden)"},
		{"a status without the header", program([]policy.Step{&policy.Respond{Status: 404}}, &policy.If{Cond: &policy.StatusIn{Statuses: []int{200}}, Then: []policy.Step{add("A", policy.Text("1"))},
			Else: []policy.Step{&policy.Lose{Name: "A", Value: policy.Text("1"), Why: policy.NotAlways}}}), "404 -A(not-always)"},
		{"redirects in circles", &policy.Program{BadRequest: -1, Blocks: []policy.Block{{Request: []policy.Step{&policy.Jump{Block: 0, Internal: true}}}}}, "500"},
		{"a closed connection", program([]policy.Step{&policy.Respond{Close: true}}, add("A", policy.Text("1"))), "0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &policy.Request{Method: "GET", Scheme: "https", Host: "h", Path: "/", Headers: []policy.Field{{Name: "Origin", Value: "https://a.example"}}}
			if got := answers(test.program.Answer(context.Background(), r, nil)); got != test.want {
				t.Errorf("answers\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestOutcomesAreBounded: an answer that depends on more than corslint follows ends, and says so.
func TestOutcomesAreBounded(t *testing.T) {
	var steps []policy.Step
	for i := range 20 {
		steps = append(steps, &policy.If{Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: fmt.Sprint(i)}}})
	}
	got := program(append(steps, ok)).Answer(context.Background(), &policy.Request{Method: "GET", Path: "/"}, nil)
	if len(got) != 64 || got[63].Open == nil || got[63].Open.Kind != policy.UnknownLimit {
		t.Errorf("%d outcomes, the last one open: %v", len(got), got[len(got)-1].Open)
	}
}

func TestPaths(t *testing.T) {
	rules := policy.PathRules{Decode: true, MergeSlashes: true}
	for raw, want := range map[string]string{
		"/": "/", "/a/b": "/a/b", "/a//b": "/a/b", "/a/./b": "/a/b", "/a/../b": "/b", "/a/..": "/", "/a/b/.": "/a/b/", "/%61": "/a", "/a%2Fb": "/a/b",
		"/a%20b": "/a b", "/..": "refused", "/a/../../b": "refused", "/%zz": "refused", "/%2": "refused", "/%00": "refused", "a": "refused", "/a#b": "/a",
	} {
		got, read := rules.Read(raw)
		if !read {
			got = "refused"
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", raw, got, want)
		}
	}
}

func TestPick(t *testing.T) {
	layer := func(name string, port int, hosts ...policy.HostPattern) *policy.Layer {
		return &policy.Layer{Name: name, Listeners: []policy.Listener{{Scheme: "http", Port: port, Hosts: hosts}}}
	}
	host := &policy.Host{Layers: []*policy.Layer{
		layer("first", 80), layer("suffix", 80, policy.HostPattern{Kind: policy.HostSuffix, Text: ".a.example"}),
		layer("regexp", 80, policy.HostPattern{Kind: policy.HostRegexp, Pattern: pattern(t, "^www")}),
		layer("prefix", 80, policy.HostPattern{Kind: policy.HostPrefix, Text: "www."}),
		layer("exact", 80, policy.HostPattern{Kind: policy.HostExact, Text: "www.a.example"}), layer("other", 8080, policy.HostPattern{Kind: policy.HostExact, Text: "b.example"}),
	}}
	for _, test := range []struct {
		scheme, host string
		port         int
		want         string
		assumes      string
	}{
		{"http", "www.a.example", 80, "exact", ""}, {"http", "WWW.A.example.", 80, "exact", ""}, {"http", "x.a.example", 80, "suffix", ""},
		{"http", "www.b.example", 80, "prefix", ""}, {"http", "wwwx", 80, "regexp", ""}, {"http", "nobody", 80, "first", ""},
		{"https", "b.example", 443, "other", "TLS in front of port 8080"}, {"https", "nobody", 443, "first", "TLS in front of port 80"},
	} {
		got, found := host.Pick(test.scheme, test.host, test.port)
		if !found || got.Layer.Name != test.want {
			t.Errorf("%+v: picked %+v", test, got.Layer)
			continue
		}
		assumes := ""
		for _, a := range got.Assuming {
			assumes = a.String()
		}
		if assumes != test.assumes {
			t.Errorf("%+v: assumes %q", test, assumes)
		}
	}
}

// TestPatterns: expressions match as PCRE does, whichever engine runs them.
func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		expression, text string
		want             bool
	}{
		{`^https://a\.example$`, "https://a.example", true}, {`^https://a\.example$`, "https://a.example\n", true}, // "$" also before a last newline
		{`a.example`, "https://axexample.evil", true}, {`^(?!evil)`, "evil", false}, {`^(?!evil)`, "good", true}, {`(a)\1`, "aa", true},
		{`^.$`, "\xe9", true}, {`^.$`, "é", false}, // a byte each
		{`\w`, "é", false}, {`[[:alpha:]]`, "x", true},
	} {
		m, err := pattern(t, test.expression).Match(test.text)
		if err != nil || (m != nil) != test.want {
			t.Errorf("%q on %q: %v, %v", test.expression, test.text, m, err)
		}
	}
	if _, err := pattern(t, `^(?=(a+)+$)(a+)+$`).Match(strings.Repeat("a", 40) + "b"); err == nil {
		t.Error("a match without end is not given up")
	}
}

// FuzzPath: reading a path ends, and reading its result again changes nothing that matters: it is never refused.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/", "/a/../b", "/%2e%2e/", "//", "/%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if path, ok := (policy.PathRules{Decode: true, MergeSlashes: true}).Read(raw); ok && !strings.HasPrefix(path, "/") {
			t.Errorf("%q is read as %q", raw, path)
		}
	})
}

// FuzzProgram: whatever the steps, an answer ends, is bounded, and is the same twice.
func FuzzProgram(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "GET", "/")
	f.Fuzz(func(t *testing.T, code []byte, method, path string) {
		p := decode(code)
		r := &policy.Request{Method: method, Path: path, Headers: []policy.Field{{Name: "Origin", Value: path}}}
		first := answers(p.Answer(t.Context(), r, nil))
		if second := answers(p.Answer(t.Context(), r, nil)); first != second {
			t.Errorf("answers\n%s\nand then\n%s", first, second)
		}
	})
}

// decode makes a program of bytes: two a step.
func decode(code []byte) *policy.Program {
	at := source.Span{File: source.NewFile("fuzz", code)}
	p := &policy.Program{BadRequest: 0, Vars: []policy.Var{{Name: "x"}, {Name: "y"}}, Blocks: make([]policy.Block, 3)}
	for i := 0; i+1 < min(len(code), 400); i += 2 {
		block, n := &p.Blocks[i%3], int(code[i+1])
		var step policy.Step
		switch code[i] % 10 {
		case 0:
			step = &policy.Respond{Status: 200 + n, Span: at}
		case 1:
			step = &policy.Jump{Block: n % 3, Internal: n%2 == 0}
		case 2:
			step = &policy.Set{Var: n % 2, Value: policy.Concat{policy.Variable(0), policy.Variable(1), policy.Text("x")}}
		case 3:
			step = &policy.If{Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: fmt.Sprint(n)}}, Then: []policy.Step{&policy.Jump{Block: n % 3}}}
		case 4:
			step = &policy.EditHeader{Op: policy.HeaderOp(n%8 + 1), Name: "A*"[:1+n%2], Value: policy.Variable(n % 2), Span: at}
		case 5:
			step = &policy.Forward{To: policy.Upstream{Name: "http://up"}}
		case 6:
			step = &policy.Subrequest{Path: policy.Path, Var: n % 2, Flag: 1}
		case 7:
			step = &policy.Edit{Path: policy.Concat{policy.Path, policy.Text("/x")}}
		case 8:
			step = &policy.If{Cond: &policy.Equal{Of: policy.Variable(n % 2), Text: ""}, Then: []policy.Step{&policy.Set{Var: n % 2, Value: policy.Method}}}
		default:
			step = &policy.OpenHeaders{Unknown: policy.Unknown{Kind: policy.UnknownModule, Subject: "m"}}
		}
		if n%3 == 0 {
			block.Response = append(block.Response, step)
		} else {
			block.Request = append(block.Request, step)
		}
	}
	return p
}
