package policy_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// The tests write programs down and read answers as one line: see describe.

var (
	origin = &policy.RequestHeader{Name: "origin"}
	file   = source.NewFile("test.conf", []byte("0123456789"))
)

// at is a place that is told from others by its offset.
func at(offset int) source.Span { return source.Span{File: file, Start: offset, End: offset + 1} }

func unknown(subject string) *policy.UnknownExpr {
	return &policy.UnknownExpr{Unknown: policy.Unknown{Kind: policy.UnknownVariable, Subject: subject}}
}

func ask(path string) *policy.Ask {
	return &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: path}}
}

func pattern(t testing.TB, text string) *policy.Pattern {
	t.Helper()
	p, err := policy.CompilePattern(text, policy.PCRE, false)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func respond(status int, headers ...string) *policy.Respond {
	r := &policy.Respond{Status: status}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Headers = append(r.Headers, policy.Line{Name: name, Value: policy.Text(value)})
	}
	return r
}

func set(index int, value policy.Expr) *policy.Set { return &policy.Set{Var: index, Value: value} }

func when(c policy.Cond, then ...policy.Step) *policy.If { return &policy.If{Cond: c, Then: then} }

func edit(op policy.HeaderOp, name string, value policy.Expr) *policy.EditHeader {
	return &policy.EditHeader{Op: op, Name: name, Value: value, Why: policy.Cleared}
}

func block(name string, request ...policy.Step) policy.Block {
	return policy.Block{Name: name, Request: request}
}

// program is one of three variables, "a", "b" and "c".
func program(blocks ...policy.Block) *policy.Program {
	return &policy.Program{BadRequest: -1, Blocks: blocks, Vars: []policy.Var{{Name: "a"}, {Name: "b"}, {Name: "c"}}}
}

func get(path string, headers ...string) *policy.Request {
	r := &policy.Request{Method: "GET", Scheme: "https", Host: "Api.example", Port: 443, Path: path}
	r.Path, r.Query, _ = strings.Cut(path, "?")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Headers = append(r.Headers, policy.Field{Name: name, Value: value})
	}
	return r
}

func answers(p policy.Answerer, r *policy.Request, next policy.Next) string {
	var lines []string
	for _, o := range p.Answer(context.Background(), r, next) {
		lines = append(lines, describe(o))
	}
	return strings.Join(lines, "\n")
}

// describe prints an outcome: status, headers, what is open, what is lost, what it assumes.
func describe(o policy.Outcome) string {
	parts := []string{fmt.Sprint(o.Status)}
	for _, h := range o.Headers {
		text := h.Name + ": " + h.Value.String()
		if h.Upstream {
			text = "^" + text
		}
		parts = append(parts, text)
	}
	if o.Open != nil {
		parts = append(parts, "open: "+o.Open.String())
	}
	for _, name := range o.Fixed {
		parts = append(parts, "fixed "+name)
	}
	for _, l := range o.Lost {
		parts = append(parts, fmt.Sprintf("lost %s: %s (%s)", l.Header, l.Value, l.Why))
	}
	for _, a := range o.Assuming {
		parts = append(parts, "if "+a.String())
	}
	return strings.Join(parts, " | ")
}

func check(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestConditions(t *testing.T) {
	text := policy.Text("abc")
	is := func(s string) *policy.Equal { return &policy.Equal{Of: text, Text: s} }
	u := unknown("u")
	half := policy.Concat{policy.Text("https://"), u}
	tests := []struct {
		name string
		cond policy.Cond
		want string // "200" yes, "404" no, both when it is not known
	}{
		{"equal", is("abc"), "200"},
		{"not equal", is("aBc"), "404"},
		{"folded", &policy.Equal{Of: text, Text: "aBC", FoldCase: true}, "200"},
		{"one of", &policy.OneOf{Of: text, Texts: []string{"x", "abc"}}, "200"},
		{"none of", &policy.OneOf{Of: text, Texts: []string{"x", "ab"}}, "404"},
		{"one of nothing", &policy.OneOf{Of: u}, "404"},
		{"prefix", &policy.HasPrefix{Of: text, Text: "ab"}, "200"},
		{"no prefix", &policy.HasPrefix{Of: text, Text: "bc"}, "404"},
		{"suffix", &policy.HasSuffix{Of: text, Text: "bc"}, "200"},
		{"no suffix", &policy.HasSuffix{Of: text, Text: "ab"}, "404"},
		{"matches", &policy.Matches{Of: text, Pattern: pattern(t, "^a.c$")}, "200"},
		{"matches not", &policy.Matches{Of: text, Pattern: pattern(t, "^b")}, "404"},
		{"same", &policy.Same{A: text, B: policy.Concat{policy.Text("a"), policy.Text("bc")}}, "200"},
		{"not the same", &policy.Same{A: text, B: policy.Text("")}, "404"},
		{"not", &policy.Not{Cond: is("x")}, "200"},
		{"all", policy.All{is("abc"), &policy.HasPrefix{Of: text, Text: "a"}}, "200"},
		{"not all", policy.All{is("x"), ask("/never asked")}, "404"},
		{"all of nothing", policy.All{}, "200"},
		{"meets", policy.Meets{Kind: policy.Throttled}, "200"},
		{"meets not", policy.Meets{Kind: policy.UpstreamDown}, "404"},
		{"meets with a status", policy.Meets{Kind: policy.UpstreamStatus, Statuses: []int{404, 503}}, "200"},
		{"meets with another status", policy.Meets{Kind: policy.UpstreamStatus, Statuses: []int{500}}, "404"},
		{"from upstream", policy.FromUpstream{}, "404"},
		{"status", &policy.StatusIn{Statuses: []int{0}}, "200"},
		{"no header", &policy.HasHeader{Name: "A"}, "404"},
		{"ask", ask("/f"), "200 | if the file /f exists\n404 | if the file /f does not exist"},
		{"ask with a subject", &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownDirectory, Subject: "/"}, Subject: text}, "200 | if /abc is a directory\n404 | if /abc is not a directory"},
		{"ask of unknown", &policy.Equal{Of: u, Text: "x"}, "200 | if ‹u› is \"x\" holds\n404 | if ‹u› is \"x\" does not hold"},
		{"unknown, and begins otherwise", &policy.Equal{Of: half, Text: "http://x"}, "404"},
		{"unknown, and may be", &policy.Equal{Of: half, Text: "https://x"}, "200 | if https://‹u› is \"https://x\" holds\n404 | if https://‹u› is \"https://x\" does not hold"},
		{"unknown, and ends otherwise", &policy.Equal{Of: policy.Concat{u, policy.Text(".a")}, Text: "x.b"}, "404"},
		{"unknown prefix", &policy.HasPrefix{Of: u, Text: "x"}, "200 | if ‹u› starts with \"x\" holds\n404 | if ‹u› starts with \"x\" does not hold"},
		{"unknown suffix", &policy.HasSuffix{Of: u, Text: "x"}, "200 | if ‹u› ends with \"x\" holds\n404 | if ‹u› ends with \"x\" does not hold"},
		{"unknown same", &policy.Same{A: text, B: u}, "200 | if ‹u› is \"abc\" holds\n404 | if ‹u› is \"abc\" does not hold"},
		{"two unknown", &policy.Same{A: unknown("v"), B: u}, "200 | if ‹v› is \"‹u›\" holds\n404 | if ‹v› is \"‹u›\" does not hold"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := get("/")
			r.Circumstances = []policy.Circumstance{{Kind: policy.Throttled}, {Kind: policy.UpstreamStatus, Status: 503}}
			check(t, answers(program(block("x", when(test.cond, respond(200)), respond(404))), r, nil), test.want)
		})
	}
}

// Where files are known nothing is asked.
func TestExists(t *testing.T) {
	p := program(block("x", when(ask("/yes"), respond(200)), when(ask("/no"), respond(500)), when(ask("/dunno"), respond(201)), respond(404)))
	p.Exists = func(_ policy.UnknownKind, path string) (exists, known bool) { return path == "/yes2", path != "/dunno" }
	check(t, answers(p, get("/"), nil), "201 | if the file /dunno exists\n404 | if the file /dunno does not exist")
}

func TestExpressions(t *testing.T) {
	entry := func(s string) *policy.Entry { return &policy.Entry{Value: policy.Text(s)} }
	table := &policy.Table{
		Name: "t", FoldCase: true, SkipEmpty: true, Default: entry("default"),
		Exact:    map[string]*policy.Entry{"exact": entry("exact")},
		Prefixes: []policy.TextEntry{{Text: "pre-long", Entry: *entry("long")}, {Text: "pre", Entry: *entry("short")}},
		Suffixes: []policy.TextEntry{{Text: ".end", Entry: *entry("suffix")}},
		Patterns: []policy.PatternEntry{
			{Pattern: pattern(t, "^(?<n>[a-z])([0-9])$"), Named: map[int]int{1: 2}, Entry: policy.Entry{Value: policy.Concat{policy.Variable(2), policy.Capture(2)}}},
			{Pattern: pattern(t, ""), Entry: *entry("any")},
		},
	}
	look := func(key string) policy.Expr { return &policy.Lookup{Table: table, Key: policy.Text(key)} }
	tests := []struct {
		expr policy.Expr
		want string
	}{
		{policy.Text("x"), "x"},
		{origin, "https://a"},
		{&policy.RequestHeader{Name: "x-two"}, "1"},
		{&policy.RequestHeader{Name: "x-two", Join: true}, "1, 2"},
		{&policy.RequestHeader{Name: "none"}, ""},
		{policy.Method, "GET"}, {policy.Path, "/p"}, {policy.Query, "a=1&b&c=2"}, {policy.Target, "/p?a=1&b&c=2"},
		{policy.Scheme, "https"}, {policy.HostName, "api.example"}, {policy.Port, "8443"}, {policy.PortSuffix, ":8443"},
		{policy.Arg("c"), "2"}, {policy.Arg("b"), ""}, {policy.Arg("d"), ""},
		{policy.Cookie("k"), "v"}, {policy.Cookie("none"), ""},
		{policy.Variable(0), ""}, {policy.Capture(0), ""}, {policy.Capture(7), ""},
		{policy.Concat{}, ""}, {policy.Concat{policy.Text("a"), policy.Text(""), unknown("u"), policy.Text("b")}, "a‹u›b"},
		{look("EXACT"), "exact"}, {look("pre-longer"), "long"}, {look("pref"), "short"}, {look("x.end"), "suffix"}, {look("pre.end"), "short"},
		{look("a1"), "a1"}, {look("zz"), "any"}, {look(""), "default"},
		{&policy.Lookup{Table: &policy.Table{}, Key: policy.Text("x")}, ""},
		{&policy.Lookup{Table: table, Key: unknown("u")}, "‹t of ‹u››"},
		{&policy.Trim{Of: policy.Text("abc"), N: 2}, "c"}, {&policy.Trim{Of: policy.Text("abc"), N: 9}, ""}, {&policy.Trim{Of: unknown("u"), N: 1}, "‹u›"},
		{&policy.Swap{Of: policy.Text("abc"), From: policy.Text("ab"), To: policy.Text("x")}, "xc"}, {&policy.Swap{Of: policy.Text("abc"), From: policy.Text("b"), To: policy.Text("x")}, ""},
		{&policy.Swap{Of: unknown("u"), From: policy.Text("a"), To: policy.Text("x")}, "‹u›"}, {&policy.Swap{Of: policy.Text("abc"), From: unknown("u"), To: policy.Text("x")}, "‹u›"},
		{&policy.Escaped{Of: policy.Text("/a b/é?{x}~%")}, "/a%20b/%C3%A9%3F%7Bx%7D~%25"}, {&policy.Escaped{Of: policy.Text("?#"), Keep: "?"}, "?%23"}, {&policy.Escaped{Of: unknown("u")}, "‹u›"},
		{policy.SentPath, "/p"},
		{policy.ResponseStatus{}, "200"}, {&policy.ResponseHeader{Name: "a"}, "1"}, {&policy.ResponseHeader{Name: "none"}, ""},
	}
	r := get("/p?a=1&b&c=2", "Origin: https://a", "X-Two: 1", "x-two: 2", "Cookie: j=w; k=v; k=u")
	r.Port = 8443
	for _, test := range tests {
		p := program(policy.Block{Request: []policy.Step{respond(200, "A: 1")}, Response: []policy.Step{edit(policy.Add, "X", policy.Concat{policy.Text("<"), test.expr, policy.Text(">")})}})
		check(t, answers(p, r, nil), "200 | A: 1 | X: <"+test.want+">")
	}
}

// A match binds the captures, a failed one clears the numbered ones; in a table it does not.
func TestCaptures(t *testing.T) {
	m := func(s string) *policy.Matches {
		return &policy.Matches{Of: policy.Path, Pattern: pattern(t, s), Named: map[int]int{1: 0}}
	}
	keeps := m("^/none(.)")
	keeps.Keeps = true
	show := policy.Concat{policy.Capture(1), policy.Text("/"), policy.Variable(0)}
	try := func(second policy.Cond) string {
		return answers(program(block("x", when(m("^/(.)"), set(1, policy.Text("yes"))), when(second), set(2, show), &policy.Respond{Status: 200, Headers: []policy.Line{{Name: "X", Value: policy.Variable(2)}}})), get("/abc"), nil)
	}
	check(t, try(policy.All{}), "200 | X: a/a")
	check(t, try(m("^/none(.)")), "200 | X: /a")
	check(t, try(keeps), "200 | X: a/a")
	check(t, try(m("c()$")), "200 | X: /")
	// What an unknown is assumed to match is captured as something unknown.
	p := program(block("x", when(&policy.Matches{Of: unknown("u"), Pattern: pattern(t, "(.)"), Named: map[int]int{1: 0}}, &policy.Respond{Status: 200, Headers: []policy.Line{{Name: "X", Value: policy.Variable(0)}}}), respond(404)))
	check(t, answers(p, get("/"), nil), "200 | X: ‹capture 1 of \"(.)\"› | if ‹u› matches \"(.)\" holds\n404 | if ‹u› matches \"(.)\" does not hold")
}

func TestEditHeader(t *testing.T) {
	tests := []struct {
		name string
		step *policy.EditHeader
		want string
	}{
		{"add", edit(policy.Add, "b", policy.Text("3")), "A: 1 | B: 1 | B: 2 | b: 3"},
		{"add nothing", edit(policy.Add, "b", policy.Text("")), "A: 1 | B: 1 | B: 2"},
		{"first", edit(policy.First, "b", policy.Text("3")), "b: 3 | A: 1 | B: 1 | B: 2"},
		{"first of nothing", edit(policy.First, "b", policy.Text("")), "A: 1 | B: 1 | B: 2"},
		{"replace", edit(policy.Replace, "a", policy.Text("3")), "a: 3 | B: 1 | B: 2 | lost A: 1 (cleared)"},
		{"replace several", edit(policy.Replace, "b", policy.Text("3")), "A: 1 | b: 3 | lost B: 1 (cleared) | lost B: 2 (cleared)"},
		{"replace what is not there", edit(policy.Replace, "c", policy.Text("3")), "A: 1 | B: 1 | B: 2 | c: 3"},
		{"replace with nothing", edit(policy.Replace, "b", policy.Text("")), "A: 1 | lost B: 1 (cleared) | lost B: 2 (cleared)"},
		{"default", edit(policy.Default, "b", policy.Text("3")), "A: 1 | B: 1 | B: 2"},
		{"default of none", edit(policy.Default, "c", policy.Text("3")), "A: 1 | B: 1 | B: 2 | c: 3"},
		{"merge", edit(policy.Merge, "a", policy.Text("3")), "A: 1, 3 | B: 1 | B: 2"},
		{"merge what is in it", edit(policy.Merge, "a", policy.Text("1")), "A: 1 | B: 1 | B: 2"},
		{"merge into none", edit(policy.Merge, "c", policy.Text("3")), "A: 1 | B: 1 | B: 2 | c: 3"},
		{"merge an unknown", edit(policy.Merge, "a", unknown("u")), "A: 1, ‹u› | B: 1 | B: 2"},
		{"rewrite", edit(policy.Rewrite, "b", policy.Text("3")), "A: 1 | B: 3 | B: 2"},
		{"rewrite none", edit(policy.Rewrite, "c", policy.Text("3")), "A: 1 | B: 1 | B: 2"},
		{"remove", edit(policy.Remove, "b", nil), "A: 1 | lost B: 1 (cleared) | lost B: 2 (cleared)"},
		{"remove all", edit(policy.Remove, "*", nil), "lost A: 1 (cleared) | lost B: 1 (cleared) | lost B: 2 (cleared)"},
		{"remove by prefix", edit(policy.Remove, "a*", nil), "B: 1 | B: 2 | lost A: 1 (cleared)"},
		{"remove of the upstream", &policy.EditHeader{Op: policy.Remove, Name: "*", UpstreamOnly: true}, "A: 1 | B: 1 | B: 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := program(policy.Block{Request: []policy.Step{respond(200, "A: 1", "B: 1", "B: 2")}, Response: []policy.Step{test.step}})
			check(t, answers(p, get("/"), nil), "200 | "+test.want)
		})
	}
}

// Every header knows its places: who wrote it, then where the value came from; and the trail what decided.
func TestSources(t *testing.T) {
	table := &policy.Table{Name: "t", Exact: map[string]*policy.Entry{"/": {Value: policy.Text("x"), Span: at(1)}}}
	p := program(policy.Block{
		Request: []policy.Step{
			&policy.Set{Var: 0, Value: &policy.Lookup{Table: table, Key: policy.Path}, Span: at(2)},
			&policy.If{Cond: &policy.Equal{Of: policy.Variable(0), Text: "x"}, Span: at(3), Then: []policy.Step{&policy.Respond{Status: 200, Span: at(4)}}},
		},
		Response: []policy.Step{&policy.EditHeader{Op: policy.Add, Name: "A", Value: policy.Variable(0), Span: at(5)}},
	})
	o := p.Answer(context.Background(), get("/"), nil)[0]
	if want := []source.Span{at(5), at(1), at(2)}; !slices.Equal(o.Headers[0].Sources, want) {
		t.Error(o.Headers[0].Sources)
	}
	if want := []source.Span{at(1), at(2), at(3), at(4)}; !slices.Equal(o.Trail, want) {
		t.Error(o.Trail)
	}
}

func TestForward(t *testing.T) {
	up := policy.Upstream{Name: "http://up"}
	remove := &policy.EditHeader{Op: policy.Remove, Name: "Access-Control-*", Why: policy.Hidden}
	receive := &policy.Forward{To: up, Unreachable: 502, Receive: []policy.Step{remove}}
	p := program(policy.Block{Name: "x", Request: []policy.Step{receive}, Response: []policy.Step{
		when(policy.FromUpstream{}, edit(policy.Add, "X-From", policy.Text("upstream"))),
		when(&policy.StatusIn{Statuses: []int{200}}, edit(policy.Add, "X-Ok", policy.Text("1"))),
		when(&policy.HasHeader{Name: "access-control-allow-origin"}, edit(policy.Add, "X-No", policy.Text("1"))),
	}})
	open := "0 | X-From: upstream | X-Ok: 1 | open: what http://up sends | fixed access-control-* | lost Access-Control-*: ‹http://up› (hidden)"
	check(t, answers(p, get("/"), nil), open)
	nobody := func(context.Context, policy.Upstream, *policy.Request) ([]policy.Outcome, bool) { return nil, false }
	check(t, answers(p, get("/"), nobody), open)

	with := func(c policy.Circumstance) *policy.Request {
		r := get("/")
		r.Circumstances = []policy.Circumstance{c}
		return r
	}
	check(t, answers(p, with(policy.Circumstance{Kind: policy.UpstreamDown}), nil), "502")
	check(t, answers(p, with(policy.Circumstance{Kind: policy.UpstreamStatus, Status: 404}), nil), "404 | X-From: upstream | open: what http://up sends | fixed access-control-* | lost Access-Control-*: ‹http://up› (hidden)")

	known := func(_ context.Context, to policy.Upstream, r *policy.Request) ([]policy.Outcome, bool) {
		return []policy.Outcome{{Status: 200, Headers: []policy.Header{{Name: "Access-Control-Allow-Origin", Value: policy.Literal("*")}, {Name: "A", Value: policy.Literal(to.Name + " " + r.Method + " " + r.Path + "?" + r.Query + fmt.Sprint(r.Headers))}}}}, true
	}
	check(t, answers(p, get("/p?q", "A: 1"), known), "200 | ^A: http://up GET /p?q[{A 1}] | X-From: upstream | X-Ok: 1 | lost Access-Control-Allow-Origin: * (hidden)")

	// A query in the path that is handed on is the query.
	for path, want := range map[policy.Text]string{"/v1?r": "/v1?r", "/v1": "/v1?none"} {
		p := program(block("x", &policy.Forward{To: up, Path: path, Query: policy.Text("none")}))
		check(t, answers(p, get("/p?q"), known), "200 | ^Access-Control-Allow-Origin: * | ^A: http://up GET "+want+"[]")
	}

	// One that closes the connection is as good as none; an answer of the layer's own takes nothing from the upstream's.
	closes := func(context.Context, policy.Upstream, *policy.Request) ([]policy.Outcome, bool) {
		return []policy.Outcome{{}}, true
	}
	check(t, answers(p, get("/"), closes), "502")
	instead := program(block("x", &policy.Forward{To: up, Receive: []policy.Step{when(&policy.StatusIn{Statuses: []int{200}}, respond(503, "R: 1"))}}))
	check(t, answers(instead, get("/"), known), "503 | R: 1")

	// Who stands there by the configuration itself answers before anybody who is asked by name.
	here := program(block("here", &policy.Respond{Status: 201, Headers: []policy.Line{{Name: "P", Value: policy.Path}}}))
	linked := program(block("x", &policy.Forward{To: policy.Upstream{Name: "here", Answerer: here}, Path: policy.Text("/in")}))
	check(t, answers(linked, get("/p"), known), "201 | ^P: /in")

	// What is forwarded is the request as it was edited.
	edited := program(block("x",
		&policy.Edit{Method: policy.Text("PUT"), Path: policy.Text("/e"), Query: policy.Text("f")},
		&policy.Forward{To: up, Path: policy.Concat{policy.Text("/v1"), policy.Path}, Headers: []policy.Line{{Name: "a", Value: policy.Text("")}, {Name: "B", Value: policy.Method}}}))
	check(t, answers(edited, get("/p?q", "A: 1"), known), "200 | ^Access-Control-Allow-Origin: * | ^A: http://up PUT /v1/e?f[{B PUT}]")

	// Several answers of an upstream are several answers of the layer.
	forks := func(context.Context, policy.Upstream, *policy.Request) ([]policy.Outcome, bool) {
		return []policy.Outcome{{Status: 200}, {Status: 201}, {Status: 202}}, true
	}
	check(t, answers(program(block("x", when(ask("/f"), respond(204)), &policy.Forward{To: up})), get("/"), forks),
		"204 | if the file /f exists\n200 | if the file /f does not exist\n201 | if the file /f does not exist\n202 | if the file /f does not exist")
}

// A header that an unknown upstream may send is asked for, unless it is fixed or only known ones count.
func TestHeaderOfUnknown(t *testing.T) {
	p := func(c policy.Cond) *policy.Program {
		return program(policy.Block{Request: []policy.Step{&policy.Forward{To: policy.Upstream{Name: "up"}}}, Response: []policy.Step{when(c, edit(policy.Add, "X", policy.Text("1")))}})
	}
	check(t, answers(p(&policy.HasHeader{Name: "a"}), get("/"), nil), "0 | X: 1 | open: what up sends | if up sends a\n0 | open: what up sends | if up does not send a")
	check(t, answers(p(&policy.HasHeader{Name: "a", OnlyKnown: true}), get("/"), nil), "0 | open: what up sends")
	check(t, answers(p(&policy.Equal{Of: &policy.ResponseHeader{Name: "a"}, Text: "1"}), get("/"), nil),
		"0 | X: 1 | open: what up sends | if ‹a of up› is \"1\" holds\n0 | open: what up sends | if ‹a of up› is \"1\" does not hold")
	silent := get("/")
	silent.Assume = []policy.Assumption{{Unknown: policy.Unknown{Kind: policy.UnknownSilent, Subject: "up"}, Holds: true}}
	check(t, answers(p(&policy.HasHeader{Name: "access-control-max-age"}), silent, nil), "200 | open: what up sends | fixed access-control-*")
	silent.Method = "OPTIONS"
	check(t, answers(p(&policy.Not{Cond: policy.All{}}), silent, nil), "200 | open: what up sends | fixed access-control-* | if up answers OPTIONS with 200")
}

// One question has one answer, and none when the exchange knows it already.
func TestOneTruth(t *testing.T) {
	p := program(block("x", when(ask("/f"), set(0, policy.Text("1"))), when(&policy.Not{Cond: ask("/f")}, set(1, policy.Text("1"))),
		&policy.Respond{Status: 200, Headers: []policy.Line{{Name: "A", Value: policy.Variable(0)}, {Name: "B", Value: policy.Variable(1)}}}))
	check(t, answers(p, get("/"), nil), "200 | A: 1 | if the file /f exists\n200 | B: 1 | if the file /f does not exist")
	r := get("/")
	r.Assume = []policy.Assumption{{Unknown: ask("/f").Unknown}}
	check(t, answers(p, r, nil), "200 | B: 1")
}

// 64 outcomes are followed, and the last one says that there are more.
func TestOutcomeLimit(t *testing.T) {
	for questions, want := range map[int]int{5: 32, 6: 64, 7: 64, 500: 64} {
		var steps []policy.Step
		for i := range questions {
			steps = append(steps, when(ask(fmt.Sprint(i))))
		}
		out := program(block("x", append(steps, respond(200))...)).Answer(context.Background(), get("/"), nil)
		if open := out[len(out)-1].Open; len(out) != want || (open != nil) != (questions > 6) || open != nil && open.Kind != policy.UnknownLimit {
			t.Errorf("%d questions: %d outcomes, the last %+v", questions, len(out), out[len(out)-1].Open)
		}
	}
}

func TestJumps(t *testing.T) {
	jump := func(to int, internal bool) *policy.Jump { return &policy.Jump{Block: to, Internal: internal} }
	// What was answered before an internal redirect is gone, what it lost is not.
	p := program(policy.Block{Name: "from", Request: []policy.Step{respond(404, "A: 1")}, Response: []policy.Step{
		&policy.Lose{Name: "B", Value: policy.Text("2"), Why: policy.HandedOff}, &policy.Lose{Name: "C", Value: policy.Text("")}, jump(1, true)}},
		policy.Block{Name: "to", Request: []policy.Step{respond(200)}, Response: []policy.Step{&policy.SetStatus{Value: policy.Text("503")}, &policy.SetStatus{Value: policy.Text("x")}, &policy.SetStatus{Value: unknown("u")}}})
	check(t, answers(p, get("/"), nil), "503 | lost B: 2 (handed-off)")

	// Ten are followed (NGX_HTTP_MAX_URI_CHANGES).
	count := func(n int) string {
		var blocks []policy.Block
		for i := range n {
			blocks = append(blocks, block("x", jump(i+1, true)))
		}
		return answers(program(append(blocks, block("end", respond(200)))...), get("/"), nil)
	}
	check(t, count(10)+" "+count(11), "200 500")
	check(t, answers(program(block("x", jump(0, true))), get("/"), nil), "500")
	check(t, answers(program(block("x", jump(0, false))), get("/"), nil), "500") // by the number of steps
}

// Nothing that a program says grows without bound, however often it is said.
func TestBounded(t *testing.T) {
	double := policy.Concat{policy.Variable(0), policy.Variable(0)}
	up := policy.Upstream{Name: "up"}
	for name, steps := range map[string][]policy.Step{
		"values":      {set(0, double), when(&policy.Equal{Of: policy.Variable(0)}, set(0, policy.Text("x")))},
		"unknown":     {set(0, policy.Concat{double, unknown("u")}), edit(policy.Merge, "A", unknown("u")), edit(policy.Add, "B", policy.Variable(0))},
		"tables":      {set(0, &policy.Lookup{Table: &policy.Table{Name: "t"}, Key: policy.Concat{unknown("u"), policy.Variable(0)}})},
		"headers":     {edit(policy.First, "A", policy.Text("1")), edit(policy.Add, "A", policy.Text("1")), edit(policy.Merge, "B", policy.Path)},
		"lost":        {edit(policy.Add, "A", policy.Text("1")), edit(policy.Remove, "A", nil), &policy.Lose{Name: "B", Value: policy.Text("1")}},
		"hidden":      {&policy.EditHeader{Op: policy.Remove, Name: "A", Why: policy.Hidden}, when(&policy.HasHeader{Name: "A"})},
		"trail":       {&policy.If{Cond: policy.All{}, Span: at(1)}},
		"questions":   {set(0, policy.Concat{policy.Variable(0), policy.Text("x")}), when(&policy.Ask{Subject: policy.Variable(0)})},
		"subrequests": {&policy.Subrequest{Path: policy.Path, Var: 0, Flag: 1}, &policy.Subrequest{Path: policy.Path, Var: 0, Flag: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			p := program(policy.Block{Request: []policy.Step{&policy.Forward{To: up}}, Response: append(steps, &policy.Jump{Block: 1})}, policy.Block{Request: append(slices.Clone(steps), &policy.Jump{Block: 1})})
			for _, o := range p.Answer(context.Background(), get("/"), nil) {
				if n := max(len(o.Headers), len(o.Lost), len(o.Trail), len(o.Assuming), len(o.Fixed)); n > 1100 {
					t.Errorf("%d of something", n)
				}
				for _, h := range o.Headers {
					if len(h.Value.String()) > 1<<18 {
						t.Error("a value of", len(h.Value.String()))
					}
				}
			}
			if took := time.Since(start); took > 2*time.Minute {
				t.Error("it took", took)
			}
		})
	}
}

// A variable is computed once, when it is first read; one that needs itself is empty.
func TestVariables(t *testing.T) {
	p := program(block("x", when(&policy.Matches{Of: policy.Path, Pattern: pattern(t, "^/(.)")}), set(0, policy.Variable(1)), when(&policy.Matches{Of: policy.Path, Pattern: pattern(t, "^/a(.)")}),
		&policy.Respond{Status: 200, Headers: []policy.Line{{Name: "A", Value: policy.Concat{policy.Variable(0), policy.Variable(1), policy.Variable(2), policy.Text(".")}}}}))
	p.Vars[1].Define = policy.Capture(1)
	p.Vars[2].Define = policy.Concat{policy.Text("<"), policy.Variable(2)}
	got := answers(p, get("/ab"), nil)
	check(t, strings.Replace(got, strings.Repeat("<", 100), "100*<", 1), "200 | A: aa100*<.")
}

func TestSubrequest(t *testing.T) {
	auth := &policy.Subrequest{Path: policy.Text("/auth"), Var: 0, Flag: 1}
	p := program(block("x",
		when(&policy.Equal{Of: policy.Path, Text: "/auth"}, when(ask("/f"), &policy.Respond{Status: 204, Headers: []policy.Line{{Name: "X", Value: policy.Variable(1)}}}), respond(401)),
		auth, when(&policy.Equal{Of: policy.Variable(0), Text: "401"}, respond(401)),
		&policy.Respond{Status: 200, Headers: []policy.Line{{Name: "Auth", Value: policy.Variable(0)}, {Name: "Flag", Value: policy.Variable(1)}}}))
	post := get("/")
	post.Method = "POST"
	check(t, answers(p, post, nil), "200 | Auth: 204 | if the file /f exists\n401 | if the file /f does not exist")
	// Of an upstream that is not known the status is not known.
	open := program(block("x", when(&policy.Equal{Of: policy.Path, Text: "/auth"}, &policy.Forward{To: policy.Upstream{Name: "up"}}), auth, &policy.Respond{Status: 200, Headers: []policy.Line{{Name: "Auth", Value: policy.Variable(0)}}}))
	check(t, answers(open, post, nil), "200")
}

func TestEnds(t *testing.T) {
	check(t, answers(program(block("module")), get("/"), nil), "0 | open: what module does")
	check(t, answers(program(policy.Block{Request: []policy.Step{&policy.Respond{Close: true}}, Response: []policy.Step{edit(policy.Add, "A", policy.Text("1"))}}), get("/"), nil), "0")
	check(t, answers(program(block("x", respond(200), respond(500))), get("/"), nil), "200")
	check(t, answers(program(block("x", &policy.OpenHeaders{Unknown: policy.Unknown{Kind: policy.UnknownPlaceholder, Subject: "{{x}}"}}, respond(200))), get("/"), nil), "200 | open: the value of {{x}}")
	bad := program(block("x", respond(200)), block("bad", respond(400)))
	bad.BadRequest, bad.Paths = 1, policy.PathRules{Decode: true}
	check(t, answers(bad, get("/%zz"), nil)+answers(bad, get("/%41"), nil), "400200")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if out := program(block("x", when(ask("/f"), respond(200)), respond(404))).Answer(ctx, get("/"), nil); len(out) != 1 || out[0].Open == nil {
		t.Error("not given up:", out)
	}
}
