package apigateway

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file finds the code of functions beside a template, and puts it behind what calls it. The code itself is another
// dialect's.

// maxFunctions bounds the functions of one file whose code is read.
const maxFunctions = 100

// functions are the functions of a file, by the name under which an upstream knows them.
type functions struct {
	byName map[string]parsers.Function
	read   func(parsers.Function) parsers.Result // nil: nobody reads code
	code   map[string]parsers.Result             // by name and payload
}

// reads returns what reads code, for the files of one tree.
func (d Dialect) reads(ctx context.Context, files parsers.Files) func(parsers.Function) parsers.Result {
	if d.Functions == nil {
		return nil
	}
	all := d.Functions(files)
	return func(f parsers.Function) parsers.Result { return all.Function(ctx, f) }
}

// deploy notes a function whose code lies in a folder, "" for that of the template. handler names the module and what it
// exports: "src/app.handler".
func (r *reading) deploy(name, folder string, handler value) {
	text, known := handler.Known()
	dir, base := path.Split(text)
	module, export, ok := strings.Cut(base, ".")
	if !known || !ok || module == "" || export == "" || len(r.functions.byName) >= maxFunctions {
		return
	}
	home := handler.Span.File
	if home == nil {
		home = r.file
	}
	at := beside(home, path.Join(folder, dir, module))
	if strings.HasPrefix(at, "..") || strings.Contains(folder, "://") {
		return
	}
	r.functions.byName[name] = parsers.Function{Name: name, Template: r.file.Path, Module: strings.TrimPrefix(at, "/"), Export: export, Span: handler.Span}
}

// deployed notes the functions of a template. What the CDK synthesised names the folder of the code in the metadata of a
// function: https://docs.aws.amazon.com/cdk/v2/guide/assets.html
func (s *stack) deployed() {
	for r := range s.each("AWS::Serverless::Function") {
		props := s.withGlobals("Function", r)
		if uri := props.Get("CodeUri"); isNode(props.Get("Runtime")) && (!uri.Given() || uri.Kind == template.String) && !props.Get("InlineCode").Given() {
			s.deploy(r.id, uri.Word(), props.Get("Handler"))
		}
	}
	for r := range s.each("AWS::Lambda::Function") {
		folder, known := r.metadata.Get("aws:asset:path").Known()
		if code := r.props.Get("Code"); !known && code.Kind == template.String { // as "aws cloudformation package" takes it
			folder, known = code.Known()
		}
		if known && isNode(r.props.Get("Runtime")) {
			s.deploy(r.id, folder, r.props.Get("Handler"))
		}
	}
}

// isNode reports whether a runtime is one of Node, or is not known.
func isNode(runtime value) bool {
	name, known := runtime.Known()
	return !known || name == "" || strings.HasPrefix(name, "nodejs")
}

// runs returns an upstream with the code of the function that it names, which is called for a pattern of paths with events of a
// version, and notes at the layer what is found in it.
func (b *builder) runs(to policy.Upstream, payload, pattern string) policy.Upstream {
	f, ok := b.functions.byName[to.Name]
	if !ok || b.functions.read == nil || to.Answerer != nil {
		return to
	}
	f.Payload = payload
	key := f.Name + " " + payload
	result, done := b.functions.code[key]
	if !done {
		result = b.functions.read(f)
		b.functions.code[key] = result
	}
	for _, host := range result.Hosts {
		for _, g := range host.Gaps {
			if !slices.Contains(b.layer.Gaps, g) {
				b.layer.Gaps = append(b.layer.Gaps, g)
			}
		}
		for _, l := range host.Layers {
			to.Answerer, to.Own = l.Answerer, true
			b.takes(pattern, l)
			for _, m := range l.Mentions {
				b.mention(m)
			}
		}
	}
	return to
}

// takes notes what the code says that is called for a pattern of paths: what it states, and, where it takes all paths and
// chooses among routes itself, those.
func (b *builder) takes(pattern string, code *policy.Layer) {
	routes := len(code.Endpoints) > 1 || len(code.Endpoints) == 1 && code.Endpoints[0].Pattern != "/"
	for _, f := range code.Facts {
		if f.Endpoint != "" && !routes {
			f.Endpoint = pattern
		}
		b.fact(f)
	}
	if prefix, all := allBelow(pattern); all && routes {
		if b.routes == nil {
			b.routes = map[string][]policy.Endpoint{}
		}
		for _, e := range code.Endpoints {
			if strings.HasPrefix(e.Example, prefix) {
				b.routes[pattern] = append(b.routes[pattern], e)
			}
		}
	}
}

// allBelow returns the path below which a pattern takes all others, if it is such a pattern.
func allBelow(pattern string) (prefix string, ok bool) {
	if pattern == "$default" || pattern == "/" {
		return "/", true
	}
	if i := strings.LastIndexByte(pattern, '{'); i > 0 && strings.HasSuffix(pattern, "+}") {
		return pattern[:i], true
	}
	return "", false
}

// routed puts the routes of code in the place of the patterns for which it is called.
func (b *builder) routed() {
	var out []policy.Endpoint
	for _, e := range b.layer.Endpoints {
		routes := b.routes[e.Pattern]
		if len(routes) == 0 {
			routes = []policy.Endpoint{e}
		}
		for _, route := range routes {
			if !slices.ContainsFunc(out, func(x policy.Endpoint) bool { return x.Pattern == route.Pattern }) {
				out = append(out, route)
			}
		}
	}
	b.layer.Endpoints = out
}

// result adds what the code of all functions brings to the result of a file.
func (f *functions) result(into *parsers.Result) {
	var running []parsers.Result // each a process
	for _, key := range slices.Sorted(maps.Keys(f.code)) {
		r := f.code[key]
		if r.Done != nil {
			running = append(running, r)
		}
		into.Problems = append(into.Problems, r.Problems...)
		into.Entries = append(into.Entries, r.Entries...)
		for _, file := range r.Files {
			if !slices.Contains(into.Files, file) && !slices.ContainsFunc(into.Files, func(x *source.File) bool { return x.Path == file.Path }) {
				into.Files = append(into.Files, file)
			}
		}
		for _, c := range r.Comments {
			if !slices.ContainsFunc(into.Comments, func(x parsers.Comment) bool { return x.Span.Path() == c.Span.Path() && x.Span.Start == c.Span.Start }) {
				into.Comments = append(into.Comments, c)
			}
		}
	}
	if len(running) > 0 {
		into.Done = func() {
			for i := range running {
				running[i].Release()
			}
		}
	}
	slices.Sort(into.Entries)
	into.Entries = slices.Compact(into.Entries)
	if len(into.Files) > 1 {
		slices.SortStableFunc(into.Files[1:], func(a, b *source.File) int { return strings.Compare(a.Path, b.Path) })
	}
}
