package openapi

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

// This file makes a layer of a document that describes answers of the CORS protocol: it answers what is documented. A
// description need not be complete, so nothing follows from a header that it does not have, nor from an answer.

// documented is a path with what is documented about its answers.
type documented struct {
	path    string // below the servers' paths
	example string
	span    source.Span
	methods []string
	answers []documentedAnswer // by method
	cors    bool
}

type documentedAnswer struct {
	method string
	status int
	lines  []policy.Line
	span   source.Span
}

// host returns the layer that the document describes, nil when it says nothing of CORS, or when another dialect knows what is
// answered.
func (d *document) host(api *openapi3.T) *policy.Host {
	operations := d.operations(api)
	if d.gateway || slices.ContainsFunc(operations, d.integrated) {
		return nil
	}
	var paths []documented
	servers := []contract.Server{}
	for _, o := range operations {
		if len(paths) == 0 || paths[len(paths)-1].path != o.path {
			paths = append(paths, documented{path: o.path, example: d.example(o), span: o.pathSpan})
		}
		p := &paths[len(paths)-1]
		p.methods = append(p.methods, o.method)
		if answer, ok := d.answer(o); ok {
			p.answers = append(p.answers, answer)
			p.cors = p.cors || slices.ContainsFunc(answer.lines, isCORS)
		}
		for _, s := range d.servers(o) {
			if !slices.Contains(servers, s) {
				servers = append(servers, s)
			}
		}
	}
	paths = slices.DeleteFunc(paths, func(p documented) bool { return !p.cors })
	if len(paths) == 0 {
		return nil
	}
	layer := d.layer(paths, servers)
	return &policy.Host{Name: d.main.path, Dialect: "openapi", Span: source.Span{File: d.main.file}, Layers: []*policy.Layer{layer}}
}

// integrated reports whether an operation says which integration of API Gateway answers it.
func (d *document) integrated(o operation) bool {
	p, ok := d.mark(o.spec.Extensions)
	if !ok {
		return false
	}
	for key := range p.value.Fields() {
		if strings.HasPrefix(key.Text(), gatewayExtension) {
			return true
		}
	}
	return false
}

// isCORS reports whether a documented header is one of the protocol, with a value.
func isCORS(l policy.Line) bool {
	_, known := l.Value.(policy.Text)
	return known && strings.HasPrefix(strings.ToLower(l.Name), "access-control-")
}

// answer returns the documented success of an operation: the first, since the others are for other requests.
func (d *document) answer(o operation) (documentedAnswer, bool) {
	if o.spec.Responses == nil {
		return documentedAnswer{}, false
	}
	a := documentedAnswer{method: o.method, span: o.span}
	var response *openapi3.Response
	for _, key := range slices.Sorted(maps.Keys(o.spec.Responses.Map())) {
		status, ok := successStatus(key)
		ref := o.spec.Responses.Value(key)
		if ok && ref != nil && ref.Value != nil {
			a.status, response = status, ref.Value
			break
		}
	}
	if response == nil {
		return documentedAnswer{}, false
	}
	p, ok := d.mark(response.Extensions)
	if !ok {
		return a, true
	}
	headers := p.get("headers")
	for key, value := range headers.value.Fields() {
		if name := strings.ToLower(key.Text()); strings.HasPrefix(name, "access-control-") || name == "vary" {
			a.lines = append(a.lines, d.line(place{headers.in, key, value}))
		}
	}
	return a, true
}

// successStatus reads the key of a successful response: "204", "2XX" or "default".
func successStatus(key string) (int, bool) {
	if key == "default" || strings.EqualFold(key, "2XX") {
		return 200, true
	}
	status, err := strconv.Atoi(key)
	return status, err == nil && 200 <= status && status < 300
}

// line returns a documented header, with its value where the document gives one.
func (d *document) line(p place) policy.Line {
	name := p.key.Text()
	l := policy.Line{Name: name, Span: p.key.Span()}
	header := d.follow(p)
	value, ok := d.value(header)
	if text := value.Text(); ok && !strings.ContainsAny(text, "\r\n\x00") && !d.chooses(header) {
		l.Value = policy.Text(text)
		if span := value.Span(); span.File == l.Span.File && span.Start > l.Span.Start {
			l.Span = source.Join(l.Span, span)
		}
		return l
	}
	l.Value = &policy.UnknownExpr{Unknown: policy.Unknown{Kind: policy.UnknownVariable, Subject: name + " in " + d.main.path, Span: l.Span}}
	return l
}

// chooses reports whether a header has one of several values.
func (d *document) chooses(header place) bool {
	for _, at := range [...]yamltree.Node{header.value, d.follow(header.get("schema")).value} {
		if len(slices.Collect(at.Get("enum").Items())) > 1 {
			return true
		}
	}
	return false
}

// layer lowers the documented paths to a program.
func (d *document) layer(paths []documented, servers []contract.Server) *policy.Layer {
	layer := &policy.Layer{Name: d.main.path, Span: d.version.Span()}
	bases := []string{}
	for _, s := range servers {
		if l, ok := listener(s); ok {
			layer.Listeners = append(layer.Listeners, l)
		}
		if !slices.Contains(bases, s.Path) {
			bases = append(bases, s.Path)
		}
	}
	if len(layer.Listeners) > 0 {
		layer.Name = layer.Listeners[0].Hosts[0].Text
	}
	if len(bases) == 0 {
		bases = append(bases, "")
	}
	l := lowering{rest: policy.Unknown{Kind: policy.UnknownVariable, Subject: "what " + d.main.path + " leaves out", Span: d.version.Span()}}
	l.blocks = []policy.Block{{Name: d.main.path, Span: layer.Span}}
	for _, p := range paths {
		layer.Endpoints = append(layer.Endpoints, policy.Endpoint{Pattern: bases[0] + p.path, Example: bases[0] + p.example, Methods: p.methods, Span: p.span})
		if cond := isPath(bases, p.path); cond != nil {
			l.blocks[0].Request = append(l.blocks[0].Request, &policy.If{Cond: cond, Then: l.path(&p)})
		}
	}
	l.blocks[0].Request = append(l.blocks[0].Request, l.answer("elsewhere", documentedAnswer{status: 404, span: layer.Span}))
	layer.Answerer = &policy.Program{BadRequest: -1, Blocks: l.blocks}
	return layer
}

// listener returns where a server listens, if its host is known.
func listener(s contract.Server) (policy.Listener, bool) {
	return policy.Listener{
		Scheme: cmp.Or(s.Scheme, "https"), Port: s.Port, Hosts: []policy.HostPattern{{Kind: policy.HostExact, Text: s.Host}}, Span: s.Span,
	}, s.Host != ""
}

// lowering makes the blocks of a program: the first tells the operations apart, and each answer has one of its own.
type lowering struct {
	blocks []policy.Block
	rest   policy.Unknown // what is not documented
}

// path answers the documented methods as documented. Of another method nothing is known, above all of OPTIONS.
func (l *lowering) path(p *documented) []policy.Step {
	var steps []policy.Step
	for _, a := range p.answers {
		steps = append(steps, &policy.If{
			Cond: &policy.Equal{Of: policy.Method, Text: a.method}, Then: []policy.Step{l.answer(a.method+" "+p.path, a)},
		})
	}
	return append(steps, l.answer("other methods of "+p.path, documentedAnswer{status: 200, span: p.span}))
}

// answer adds the block of an answer: a documented header is the only one of its name.
func (l *lowering) answer(name string, a documentedAnswer) policy.Step {
	block := policy.Block{Name: name, Span: a.span, Request: []policy.Step{&policy.Respond{Status: a.status, Span: a.span}}}
	block.Response = append(block.Response, &policy.OpenHeaders{Unknown: l.rest})
	for _, h := range a.lines {
		block.Response = append(block.Response, &policy.EditHeader{Op: policy.Replace, Name: h.Name, Value: h.Value, Span: h.Span})
	}
	l.blocks = append(l.blocks, block)
	return &policy.Jump{Block: len(l.blocks) - 1}
}

// parameter is a parameter in a path.
var parameter = regexp.MustCompile(`\{[^{}]*\}`)

// isPath tests a request's path for being one that a template stands for, below one of the servers' paths.
func isPath(bases []string, template string) policy.Cond {
	var b strings.Builder
	b.WriteString("^(?:")
	for i, base := range bases {
		if i > 0 {
			b.WriteByte('|')
		}
		b.WriteString(regexp.QuoteMeta(base))
	}
	b.WriteByte(')')
	from := 0
	for _, at := range parameter.FindAllStringIndex(template, -1) {
		b.WriteString(regexp.QuoteMeta(template[from:at[0]]))
		b.WriteString("[^/]+")
		from = at[1]
	}
	b.WriteString(regexp.QuoteMeta(template[from:]))
	b.WriteByte('$')
	pattern, err := policy.CompilePattern(b.String(), policy.PCRE, false)
	if err != nil {
		return nil
	}
	return &policy.Matches{Of: policy.Path, Pattern: pattern}
}
