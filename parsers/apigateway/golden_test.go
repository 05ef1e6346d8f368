package apigateway

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// tree is files in memory.
type tree map[string]*source.File

func (t tree) Open(path string) (*source.File, error) {
	if f := t[path]; f != nil {
		return f, nil
	}
	return nil, errors.New("no such file")
}
func (t tree) Has(path string) bool { return t[path] != nil }
func (t tree) Paths(dir string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if dir == "" || strings.HasPrefix(name, dir+"/") {
			out = append(out, name)
		}
	}
	return out
}
func (t tree) WithSuffix(string) []string { return nil }

func (t tree) load(path string) parsers.Result {
	return Dialect{}.Reader(t).Load(context.Background(), parsers.Unit{Path: path})
}

func treeOf(files ...txtar.File) tree {
	t := tree{}
	for _, f := range files {
		t[f.Name] = source.NewFile(f.Name, f.Data)
	}
	return t
}

// TestGolden reads each archive of testdata: the first file is the unit, others lie beside it. A file "requests" asks one
// request a line, "answers" has what comes of them, with what the file is said to have wrong, and "program" what it was
// lowered to. The comment says which behaviour is shown and how it is known.
func TestGolden(t *testing.T) {
	var paths []string
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".txtar") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.ToSlash(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			inputs := slices.DeleteFunc(slices.Clone(archive.Files), func(f txtar.File) bool {
				return f.Name == "requests" || f.Name == "answers" || f.Name == "program"
			})
			files := treeOf(inputs...)
			if _, ok := (reader{files: files}).Scan(files[inputs[0].Name]); !ok {
				t.Error("not recognised")
			}
			r := files.load(inputs[0].Name)
			for i := range archive.Files {
				f := &archive.Files[i]
				var got string
				switch f.Name {
				case "program":
					got = programs(r)
				case "answers":
					got = findings(r) + answers(t, r, section(archive, "requests"))
				default:
					continue
				}
				if *update {
					f.Data = []byte(got)
				} else if string(f.Data) != got {
					t.Errorf("%s: got\n%s", f.Name, got)
				}
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func section(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func programs(r parsers.Result) string {
	var b strings.Builder
	for _, h := range r.Hosts {
		for _, l := range h.Layers {
			fmt.Fprintf(&b, "%s %s", l.Name, at(l.Span))
			for _, listener := range l.Listeners {
				fmt.Fprintf(&b, " %s:%d", listener.Scheme, listener.Port)
				for _, p := range listener.Hosts {
					fmt.Fprintf(&b, " %s", p.Text)
				}
			}
			fmt.Fprintln(&b)
			for _, e := range l.Endpoints {
				fmt.Fprintf(&b, "endpoint %s, as %s, %v %s\n", e.Pattern, e.Example, e.Methods, at(e.Span))
			}
			for _, m := range l.Mentions {
				fmt.Fprintf(&b, "mention %d %q %s\n", m.Kind, m.Text, at(m.Span))
			}
			for _, f := range l.Facts {
				fmt.Fprintf(&b, "fact %d %s %s: %s %s %s\n", f.Kind, f.Endpoint, f.Method, f.Subject, f.Text, at(f.Span))
			}
			fmt.Fprint(&b, l.Answerer)
		}
	}
	return b.String()
}

// findings lists what is wrong with a file, and what was not understood in it.
func findings(r parsers.Result) string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "%s: %s\n", [...]string{"", "unreadable", "rejected", "skipped"}[p.Kind]+" "+at(p.Span), p.Text)
	}
	for _, h := range r.Hosts {
		for _, g := range h.Gaps {
			fmt.Fprintf(&b, "gap %s: %s\n", at(g.Span), g.Why)
		}
	}
	return b.String()
}

func at(s source.Span) string {
	if s.IsZero() {
		return "-"
	}
	p := s.Position()
	return fmt.Sprintf("%s:%d:%d", s.Path(), p.Line, p.Column)
}

// answers asks requests, a line each: the layer's name if it is not the first, a method, a path, headers as Name=value, and
// circumstances with an exclamation mark.
func answers(t *testing.T, r parsers.Result, requests string) string {
	var b strings.Builder
	for line := range strings.Lines(requests) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		fmt.Fprintf(&b, "> %s\n", line)
		if len(r.Hosts) == 0 || len(r.Hosts[0].Layers) == 0 {
			fmt.Fprintln(&b, "no layer")
			continue
		}
		layer := r.Hosts[0].Layers[0]
		if rest, named := strings.CutPrefix(line, "["); named {
			name, after, _ := strings.Cut(rest, "] ")
			for _, l := range r.Hosts[0].Layers {
				if l.Name == name {
					layer = l
				}
			}
			line = after
		}
		for _, o := range layer.Answerer.Answer(context.Background(), request(t, line), nil) {
			describe(&b, &o)
		}
	}
	return b.String()
}

func request(t *testing.T, line string) *policy.Request {
	words := strings.Fields(line)
	r := &policy.Request{Method: words[0], Scheme: "https", Port: 443, Host: "api.example", Path: words[1]}
	if host, path, ok := strings.Cut(words[1], "//"); ok {
		r.Host, r.Path, _ = strings.Cut(path, "/")
		r.Scheme, r.Path = strings.TrimSuffix(host, ":"), "/"+r.Path
	}
	for i, w := range words[2:] {
		if kind, ok := strings.CutPrefix(w, "!"); ok {
			if kind == "upstream-status" {
				kind += " " + words[i+3]
			}
			c, err := policy.ParseCircumstance(kind)
			if err != nil {
				t.Fatal(err)
			}
			r.Circumstances = append(r.Circumstances, c)
			continue
		}
		if name, value, ok := strings.Cut(w, "="); ok {
			full := map[string]string{"ACRM": "Access-Control-Request-Method", "ACRH": "Access-Control-Request-Headers"}[name]
			if full == "" {
				full = name
			}
			r.Headers = append(r.Headers, policy.Field{Name: full, Value: value})
		}
	}
	return r
}

func describe(b *strings.Builder, o *policy.Outcome) {
	fmt.Fprintf(b, "%d", o.Status)
	if o.Upstream != nil {
		fmt.Fprintf(b, " from %s", o.Upstream.Name)
	}
	if o.Open != nil {
		fmt.Fprintf(b, ", open but %q", o.Fixed)
	}
	for _, a := range o.Assuming {
		fmt.Fprintf(b, ", if %s", a)
	}
	fmt.Fprintln(b)
	for _, h := range o.Headers {
		if h.Name == "Content-Type" {
			continue
		}
		var places []string
		for _, s := range h.Sources {
			places = append(places, at(s))
		}
		fmt.Fprintf(b, "  %s: %s  %s\n", h.Name, h.Value, strings.Join(places, " "))
	}
	for _, l := range o.Lost {
		fmt.Fprintf(b, "  - %s: %s (%s)\n", l.Header, l.Value, l.Why)
	}
}

// Files of other kinds are left alone.
func TestScan(t *testing.T) {
	tests := []struct {
		name, text string
		want       format
	}{
		{"deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec: {service: aws, provider: aws}\n", notOurs},
		{"ci.yml", "on: push\njobs:\n  build:\n    steps:\n      - run: echo AWS::ApiGateway::RestApi\n", notOurs},
		{"docker-compose.yml", "services:\n  aws: {image: x}\nprovider: x\n", notOurs},
		{"package.json", `{"name":"x","dependencies":{"aws-cdk":"1","openapi":"3"}}`, notOurs},
		{"openapi.yaml", "openapi: 3.0.0\npaths: {}\n", notOurs},
		{"openapi.yaml", "openapi: 3.0.0\npaths: {/: {get: {x-amazon-apigateway-integration: {}}}}\n", openAPIDocument},
		{"api.json", `{"swagger": "2.0", "x-amazon-apigateway-policy": {}}`, openAPIDocument},
		{"template.yaml", "Resources:\n  A:\n    Type: AWS::ApiGateway::RestApi\n", cloudFormationTemplate},
		{"template.json", `{"Resources":{"A":{"Type":"AWS::Serverless::Function"}}}`, cloudFormationTemplate},
		{"template.yaml", "\ufeffResources:\n  A:\n    Type: AWS::ApiGateway::RestApi\n", cloudFormationTemplate},
		{"roles.yaml", "Resources:\n  A:\n    Type: AWS::IAM::Role\n", notOurs},
		{"serverless.yml", "service: x\nprovider:\n  name: aws\n", serverlessService},
		{"serverless.yml", "service: x\nprovider:\n  name: azure\n", notOurs},
		{"main.tf", "resource \"aws_lambda_function_url\" \"a\" {}\n", terraformModule},
		{"main.tf", "resource \"google_storage_bucket\" \"a\" {}\n", notOurs},
		{"ingress.yaml", "metadata:\n  annotations:\n    nginx.ingress.kubernetes.io/enable-cors: \"true\"\n", anotherGateway},
		{"ingress.yaml", "metadata:\n  annotations:\n    nginx.ingress.kubernetes.io/rewrite-target: /\n", notOurs},
		{"kong.yml", "_format_version: '3.0'\nplugins:\n- name: cors\n", anotherGateway},
		{"vercel.json", `{"headers":[{"source":"/(.*)","headers":[{"key":"Access-Control-Allow-Origin","value":"*"}]}]}`, anotherGateway},
		{"empty.json", "", notOurs},
	}
	for _, test := range tests {
		if got := recognise(source.NewFile(test.name, []byte(test.text))); got != test.want {
			t.Errorf("%s %q: %d, want %d", test.name, test.text, got, test.want)
		}
	}
}

// What a file is read as is the same each time, and stands inside of the file.
func FuzzLoad(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	names := [...]string{"template.yaml", "main.tf"}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.HasSuffix(archive.Files[0].Name, ".tf"), archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, terraform bool, data []byte) {
		name := names[0]
		if terraform {
			name = names[1]
		}
		files := treeOf(txtar.File{Name: name, Data: data})
		if _, ok := (reader{files: files}).Scan(files[name]); !ok {
			return
		}
		r := files.load(name)
		again := treeOf(txtar.File{Name: name, Data: bytes.Clone(data)}).load(name)
		if programs(r)+findings(r) != programs(again)+findings(again) {
			t.Fatal("read twice, read differently")
		}
		checkSpans(t, r, files)
		for _, h := range r.Hosts {
			for _, l := range h.Layers {
				for _, method := range [...]string{"GET", "OPTIONS"} {
					l.Answerer.Answer(context.Background(), &policy.Request{Method: method, Path: "/", Host: "a", Scheme: "https"}, nil)
				}
			}
		}
	})
}

func checkSpans(t *testing.T, r parsers.Result, files tree) {
	t.Helper()
	check := func(what string, s source.Span) {
		if s.IsZero() {
			return
		}
		if f := files[s.Path()]; f != s.File || s.Start < 0 || s.End < s.Start || s.End > len(f.Data) {
			t.Fatalf("%s is at %s %d to %d", what, s.Path(), s.Start, s.End)
		}
	}
	for _, p := range r.Problems {
		check(p.Text, p.Span)
	}
	for _, h := range r.Hosts {
		for _, g := range h.Gaps {
			check(g.Why, g.Span)
		}
		for _, l := range h.Layers {
			check(l.Name, l.Span)
			for _, e := range l.Endpoints {
				check(e.Pattern, e.Span)
			}
			for _, m := range l.Mentions {
				check(m.Text, m.Span)
			}
			for _, method := range [...]string{"GET", "OPTIONS"} {
				for _, e := range l.Endpoints {
					o := l.Answerer.Answer(context.Background(), &policy.Request{Method: method, Path: e.Example, Host: "a", Scheme: "https",
						Headers: []policy.Field{{Name: "Origin", Value: "https://a.example"}, {Name: "Access-Control-Request-Method", Value: "PUT"}}}, nil)
					for i := range o {
						for _, header := range o[i].Headers {
							for _, s := range header.Sources {
								check(header.Name, s)
							}
						}
						for _, s := range o[i].Trail {
							check("trail", s)
						}
					}
				}
			}
		}
	}
}
