package policy_test

import (
	"context"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// BenchmarkAnswer measures a program of the usual size: one map of the origin, two ifs, six headers.
func BenchmarkAnswer(b *testing.B) {
	at := source.Span{File: source.NewFile("bench.conf", nil)}
	origin := &policy.RequestHeader{Name: "origin"}
	table := &policy.Table{Name: "map", Exact: map[string]*policy.Entry{
		"https://app.example.com":   {Value: origin, Span: at},
		"https://admin.example.com": {Value: origin, Span: at},
		"https://dev.example.com":   {Value: origin, Span: at},
	}, Default: &policy.Entry{Value: policy.Text(""), Span: at}}
	add := func(name string, value policy.Expr) policy.Step {
		return &policy.EditHeader{Op: policy.Add, Name: name, Value: value, Span: at}
	}
	program := &policy.Program{
		BadRequest: -1,
		Vars:       []policy.Var{{Name: "cors", Define: &policy.Lookup{Table: table, Key: origin}}, {Name: "max"}},
		Blocks: []policy.Block{{
			Name: "location /",
			Request: []policy.Step{
				&policy.If{Cond: &policy.Equal{Of: policy.Method, Text: "POST"}, Then: []policy.Step{&policy.Set{Var: 1, Value: policy.Text("60")}}},
				&policy.If{Cond: &policy.Equal{Of: policy.Method, Text: "OPTIONS"}, Then: []policy.Step{&policy.Respond{Status: 204, Span: at}}},
				&policy.Respond{Status: 200, Span: at},
			},
			Response: []policy.Step{
				add("Access-Control-Allow-Origin", policy.Variable(0)), add("Access-Control-Allow-Credentials", policy.Text("true")),
				add("Access-Control-Allow-Methods", policy.Text("GET, PUT, DELETE")), add("Access-Control-Allow-Headers", policy.Text("content-type, authorization")),
				add("Access-Control-Max-Age", policy.Text("600")), add("Vary", policy.Text("Origin")),
			},
		}},
	}
	r := &policy.Request{Method: "OPTIONS", Scheme: "https", Host: "api.example.com", Port: 443, Path: "/orders/7", Headers: []policy.Field{
		{Name: "Origin", Value: "https://app.example.com"}, {Name: "Access-Control-Request-Method", Value: "PUT"}}}
	b.ReportAllocs()
	for b.Loop() {
		if out := program.Answer(context.Background(), r, nil); len(out[0].Headers) != 6 {
			b.Fatal(out)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}

// BenchmarkPattern measures an origin against the expressions that configurations write: what Go's linear engine runs, and
// what needs to backtrack.
func BenchmarkPattern(b *testing.B) {
	const text = "https://staging-7.shop.example.com:8443"
	for _, expr := range []string{
		`^https?://([a-z0-9-]+\.)*shop\.example\.com(:[0-9]+)?$`,
		`^https://(?!evil)([a-z0-9-]+)\.shop\.example\.com(:[0-9]+)?$`,
	} {
		b.Run(expr, func(b *testing.B) {
			p, err := policy.CompilePattern(expr, policy.PCRE, false)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if m, err := p.Match(text); err != nil || m == nil {
					b.Fatal(m, err)
				}
			}
		})
	}
}
