package policy_test

import (
	"flag"
	"os"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Every kind of step, condition and expression is printed, each as something else.
func TestPrint(t *testing.T) {
	text := policy.Text("x")
	u := policy.Unknown{Kind: policy.UnknownModule, Subject: "lua"}
	folded, err := policy.CompilePattern("^a", policy.PCRE, true)
	if err != nil {
		t.Fatal(err)
	}
	row := func(value policy.Expr) policy.Entry { return policy.Entry{Value: value} }
	inner := &policy.Table{Name: "geo", Default: &policy.Entry{Value: policy.Text("0")}}
	table := &policy.Table{
		Name: "map $origin", Exact: map[string]*policy.Entry{"b": {Value: text}, "a": {Value: &policy.Lookup{Table: inner, Key: text}}},
		Prefixes: []policy.TextEntry{{Text: "pre", Entry: row(text)}}, Suffixes: []policy.TextEntry{{Text: "post", Entry: row(text)}},
		Patterns: []policy.PatternEntry{{Pattern: folded, Entry: row(policy.Capture(1))}},
	}
	exprs := []policy.Expr{
		text, origin, policy.Method, policy.Path, policy.Query, policy.Target, policy.Scheme, policy.HostName, policy.Port, policy.PortSuffix,
		policy.Arg("q"), policy.Cookie("k"), policy.Variable(0), policy.Capture(1), policy.Concat{text, origin}, &policy.Lookup{Table: table, Key: origin},
		&policy.Trim{Of: text, N: 1}, &policy.Swap{Of: text, From: origin, To: text}, &policy.Escaped{Of: text}, policy.SentPath, &policy.ResponseHeader{Name: "vary"}, policy.ResponseStatus{}, &policy.UnknownExpr{Unknown: u},
	}
	conds := []policy.Cond{
		&policy.Equal{Of: text, Text: "y"}, &policy.Equal{Of: text, Text: "y", FoldCase: true}, &policy.OneOf{Of: text, Texts: []string{"a", "b"}},
		&policy.HasPrefix{Of: text, Text: "y"}, &policy.HasSuffix{Of: text, Text: "y"}, &policy.Matches{Of: text, Pattern: pattern(t, `a"`)}, &policy.Matches{Of: text, Pattern: folded},
		&policy.Same{A: text, B: origin}, &policy.StatusIn{Statuses: []int{200, 204}}, policy.FromUpstream{}, &policy.HasHeader{Name: "Vary"},
		&policy.Not{Cond: policy.FromUpstream{}}, policy.All{policy.FromUpstream{}, policy.Meets{Kind: policy.Throttled}},
		policy.Meets{Kind: policy.UpstreamStatus, Statuses: []int{404}}, &policy.Ask{Unknown: u, Subject: text},
	}
	var request []policy.Step
	for _, e := range exprs {
		request = append(request, set(1, e))
	}
	for _, c := range conds {
		request = append(request, when(c))
	}
	up := policy.Upstream{Name: "http://up"}
	request = append(request,
		&policy.If{Cond: policy.FromUpstream{}, Then: []policy.Step{respond(204, "A: 1")}, Else: []policy.Step{&policy.Respond{Close: true}}},
		&policy.Edit{Method: text, Path: text, Query: text}, &policy.Subrequest{Path: text, Var: 0}, &policy.OpenHeaders{Unknown: u}, &policy.Jump{Block: 1},
		&policy.Forward{To: up, Path: text, Headers: []policy.Line{{Name: "Host", Value: text}}, Receive: []policy.Step{edit(policy.Remove, "Vary", nil)}},
	)
	response := []policy.Step{&policy.SetStatus{Value: text}, &policy.Lose{Name: "A", Value: text, Why: policy.Hidden}, &policy.Jump{Block: 0, Internal: true}}
	for op := policy.Add; op <= policy.Remove; op++ {
		response = append(response, edit(op, "A", text))
	}
	response = append(response, &policy.EditHeader{Op: policy.Remove, Name: "A*", UpstreamOnly: true})
	p := program(policy.Block{Name: "location /", Request: request, Response: response}, block("@named"))
	p.Vars[2].Define = text

	const path = "testdata/print.txt"
	if *update {
		if err := os.WriteFile(path, []byte(p.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check(t, p.String(), string(want))
}
