package apigateway

import (
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// maxMethods bounds the methods and routes of one file. API Gateway itself allows 300 resources an API, with a quota that
// can be raised.
const maxMethods = 5000

// reading is what reading one file has found so far.
type reading struct {
	files    parsers.Files
	file     *source.File // the unit
	opened   []*source.File
	included map[string]yamltree.Node // other files, by path; zero for those that cannot be read
	out      deployment
	problems []parsers.Problem
	gaps     []policy.Gap
	comments []parsers.Comment
	methods  int

	functions functions
}

func (r *reading) gap(at source.Span, format string, args ...any) {
	g := policy.Gap{Span: at, Why: fmt.Sprintf(format, args...)}
	if !slices.Contains(r.gaps, g) {
		r.gaps = append(r.gaps, g)
	}
}

// reject notes what AWS refuses when it is deployed.
func (r *reading) reject(at source.Span, format string, args ...any) {
	p := parsers.Problem{Kind: parsers.Rejected, Refuser: "AWS", Span: at, Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

// room reports whether another method may be read.
func (r *reading) room(at source.Span) bool {
	if r.methods++; r.methods == maxMethods+1 {
		r.gap(at, "more than %d methods: this one and what follows was not looked at", maxMethods)
	}
	return r.methods <= maxMethods
}

// start returns the place before a span's first byte, for what stands nowhere itself.
func start(s source.Span) source.Span {
	s.End = s.Start
	return s
}

// firstLine returns the part of a span that stands on its first line.
func firstLine(s source.Span) source.Span {
	if i := strings.IndexByte(s.Text(), '\n'); i >= 0 {
		s.End = s.Start + len(strings.TrimRight(s.Text()[:i], "\r"))
	}
	return s
}

// within returns the place of a text inside a span, the whole span when it stands there in other words.
func within(s source.Span, text string) source.Span {
	if at := strings.Index(s.Text(), text); at >= 0 && text != "" {
		return source.Span{File: s.File, Start: s.Start + at, End: s.Start + at + len(text)}
	}
	return s
}

// word returns the known text of a value in upper case.
func upper(v value) string { return strings.ToUpper(strings.TrimSpace(v.Word())) }

// expr returns what a value says as an expression.
func expr(v policy.Value) policy.Expr {
	if text, known := v.Known(); known {
		return policy.Text(text)
	}
	var parts policy.Concat
	for _, p := range v.Parts() {
		if p.Unknown != nil {
			parts = append(parts, &policy.UnknownExpr{Unknown: *p.Unknown})
		} else {
			parts = append(parts, policy.Text(p.Text))
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

// joined returns a list's elements as the value of a header: "GET,PUT".
func joined(items []value) policy.Value {
	var parts []policy.Value
	for i, item := range items {
		if i > 0 {
			parts = append(parts, policy.Literal(","))
		}
		parts = append(parts, item.Text())
	}
	return policy.Join(parts...)
}

// spanOf returns the place of a list's elements.
func spanOf(items []value, otherwise source.Span) source.Span {
	var s source.Span
	for _, item := range items {
		s = source.Join(s, item.Span)
	}
	if s.IsZero() {
		return otherwise
	}
	return s
}

// upstream names who answers behind an integration: the function in an ARN or a path of the Lambda service, else the
// address itself.
func upstream(uri value) policy.Upstream {
	u := policy.Upstream{Name: uri.Ref, Span: uri.Span}
	if u.Name != "" {
		u.Name = resourceOf(u.Name)
		return u
	}
	text := uri.Text()
	for _, p := range text.Parts() {
		if p.Unknown != nil && strings.Contains(text.String(), ":lambda:path/") && !strings.HasPrefix(p.Unknown.Subject, "AWS::") {
			u.Name = resourceOf(p.Unknown.Subject)
			return u
		}
	}
	u.Name = text.String()
	if _, function, ok := strings.Cut(u.Name, ":function:"); ok {
		u.Name, _, _ = strings.Cut(function, "/")
	}
	return u
}

// resourceOf returns the resource that an attribute belongs to.
func resourceOf(ref string) string {
	name, _, _ := strings.Cut(ref, ".")
	return name
}

// scalars returns the elements of a list that can be texts.
func scalars(v value) []value {
	return slices.DeleteFunc(slices.Clone(v.Each()), func(item value) bool { return !item.IsScalar() })
}

// mappings reads the headers of a map of expressions, whose keys begin with a prefix. A map that is not known may hold any.
func mappings(v value, prefix string) (headers []mapping, open *policy.Unknown) {
	if v.Kind == template.Unknown {
		return nil, &policy.Unknown{Kind: policy.UnknownVariable, Subject: v.Text().String(), Span: v.Span}
	}
	for _, f := range v.Fields() {
		if name, ok := cutFold(f.Key, prefix); ok {
			headers = append(headers, mapping{name, f.Value, f.Span})
		}
	}
	return headers, nil
}

// The prefixes of mapped headers.
const (
	methodHeader  = "method.response.header."
	gatewayHeader = "gatewayresponse.header."
)

// has reports whether a list has a known element.
func has(items []value, text string) bool {
	return slices.ContainsFunc(items, func(v value) bool { return v.Word() == text })
}

// get follows keys that may be written in more than one way.
func get(v value, keys ...string) template.Field {
	for _, key := range keys {
		if f, ok := v.Field(key); ok {
			return f
		}
	}
	return template.Field{}
}
