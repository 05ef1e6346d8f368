package layerfile

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers"
)

// lowering makes a host of one file. Its mistakes are problems with their place; what is mistaken is left out.
type lowering struct {
	file     *source.File
	program  *policy.Program
	problems []parsers.Problem
}

func (l *lowering) complain(span source.Span, format string, args ...any) {
	l.problems = append(l.problems, parsers.Problem{Kind: parsers.Unreadable, Span: span, Text: fmt.Sprintf(format, args...)})
}

func (l *lowering) read() *policy.Host {
	stream, err := yamltree.Parse(l.file)
	if err != nil {
		span, text := source.Span{File: l.file}, err.Error()
		if at, ok := errors.AsType[*yamltree.Error](err); ok {
			span, text = at.Span, at.Text
		}
		l.complain(span, "%s", text)
		return nil
	}
	if len(stream.Documents) != 1 {
		l.complain(source.Span{File: l.file}, "want one document")
		return nil
	}
	for _, key := range stream.Repeated {
		l.complain(key.Span(), "%q stands here a second time", key.Text())
	}
	root := stream.Documents[0]
	host := &policy.Host{Name: strings.TrimSuffix(l.file.Path, path.Ext(l.file.Path)), Dialect: "layer", Span: source.Span{File: l.file}, Serves: []string{}}
	layer := &policy.Layer{Span: root.Span(), Listeners: []policy.Listener{{Scheme: "http"}}}
	layer.Span.End = layer.Span.Start
	l.program = &policy.Program{BadRequest: -1, Blocks: []policy.Block{{Span: layer.Span}}}
	var answers yamltree.Node
	for key, value := range l.fields(root, "corslint", "name", "serves", "answers", "$schema") {
		switch key {
		case "corslint":
			if value.Text() != mark {
				l.complain(value.Span(), "this corslint reads %s, not %q", mark, value.Text())
			}
		case "name":
			host.Name = value.Text()
		case "serves":
			host.Serves = l.texts(value)
		case "answers":
			answers = value
		}
	}
	layer.Name, l.program.Blocks[0].Name = host.Name, host.Name
	if answers.Kind() != yamltree.Sequence {
		l.complain(root.Span(), "a layer needs a list of answers")
		return nil
	}
	for item := range answers.Items() {
		l.answer(item)
	}
	layer.Answerer = l.program
	layer.Endpoints = []policy.Endpoint{{Pattern: "/", Example: "/", Span: layer.Span}}
	host.Layers = []*policy.Layer{layer}
	return host
}

// fields yields the keys and values of a mapping in order, and complains of keys that nobody knows.
func (l *lowering) fields(n yamltree.Node, known ...string) func(func(string, yamltree.Node) bool) {
	return func(yield func(string, yamltree.Node) bool) {
		if n.Kind() != yamltree.Mapping {
			l.complain(n.Span(), "want a mapping with %s", strings.Join(known, ", "))
			return
		}
		for k, v := range n.Fields() {
			if !slices.Contains(known, k.Text()) {
				l.complain(k.Span(), "unknown key %q; known are %s", k.Text(), strings.Join(known, ", "))
				continue
			}
			if !yield(k.Text(), v) {
				return
			}
		}
	}
}

// texts returns a scalar, or the scalars of a list.
func (l *lowering) texts(n yamltree.Node) []string {
	out := []string{}
	switch {
	case isScalar(n):
		return append(out, n.Text())
	case n.Kind() == yamltree.Sequence:
		for item := range n.Items() {
			if !isScalar(item) {
				l.complain(item.Span(), "want a text")
				continue
			}
			out = append(out, item.Text())
		}
	default:
		l.complain(n.Span(), "want a text or a list of texts")
	}
	return out
}

func isScalar(n yamltree.Node) bool {
	return slices.Contains([]yamltree.Kind{yamltree.String, yamltree.Number, yamltree.Bool}, n.Kind())
}

// answer adds one answer: under a condition, or for everything that is left. An answer whose condition is mistaken is left
// out; it would answer for more than it is meant to.
func (l *lowering) answer(n yamltree.Node) {
	if n.Kind() != yamltree.Mapping {
		l.complain(n.Span(), "want a mapping with when, status, headers, close")
		return
	}
	respond := &policy.Respond{Status: 200, Span: n.Span()}
	var cond policy.All
	for key, value := range l.fields(n, "when", "status", "headers", "close") {
		switch key {
		case "when":
			before := len(l.problems)
			if cond = l.when(value); len(l.problems) > before {
				return
			}
		case "status":
			status, err := strconv.Atoi(value.Text())
			if err != nil || status < 100 || status > 599 {
				l.complain(value.Span(), "want a status from 100 to 599")
				continue
			}
			respond.Status = status
		case "headers":
			respond.Headers = l.headers(value)
		case "close":
			closes, ok := value.Bool()
			if !ok {
				l.complain(value.Span(), "want true or false")
			}
			respond.Close = closes
		}
	}
	block := &l.program.Blocks[0]
	if len(cond) == 0 {
		block.Request = append(block.Request, respond)
		return
	}
	block.Request = append(block.Request, &policy.If{Cond: cond, Then: []policy.Step{respond}})
}

// when lowers the conditions of an answer, all of which must hold.
func (l *lowering) when(n yamltree.Node) policy.All {
	var all policy.All
	for key, value := range l.fields(n, "methods", "path", "origin", "host", "headers") {
		switch key {
		case "methods":
			all = append(all, &policy.OneOf{Of: policy.Method, Texts: l.texts(value)})
		case "path":
			all = append(all, l.test(policy.Path, value, true))
		case "origin":
			all = append(all, l.test(&policy.RequestHeader{Name: "origin"}, value, false))
		case "host":
			all = append(all, l.test(policy.HostName, value, false))
		case "headers":
			if value.Kind() != yamltree.Mapping {
				l.complain(value.Span(), "want a mapping of header names")
				continue
			}
			for k, v := range value.Fields() {
				l.headerName(k)
				all = append(all, l.test(&policy.RequestHeader{Name: strings.ToLower(k.Text())}, v, false))
			}
		}
	}
	return all
}

// test compares with a text, or with one of several.
func (l *lowering) test(of policy.Expr, n yamltree.Node, prefix bool) policy.Cond {
	texts := l.texts(n)
	if len(texts) == 1 {
		return l.compare(of, texts[0], n, prefix)
	}
	var none policy.All
	for _, text := range texts {
		none = append(none, &policy.Not{Cond: l.compare(of, text, n, prefix)})
	}
	return &policy.Not{Cond: none}
}

// compare compares with a text: with "=" before it exactly, with "~" it is a regular expression. A path without a sign is
// a prefix, everything else is compared whole.
func (l *lowering) compare(of policy.Expr, text string, n yamltree.Node, prefix bool) policy.Cond {
	if expr, ok := strings.CutPrefix(text, "~"); ok {
		p, err := policy.CompilePattern(expr, policy.PCRE, false)
		if err != nil {
			l.complain(n.Span(), "%v", err)
			return &policy.OneOf{Of: of}
		}
		return &policy.Matches{Of: of, Pattern: p}
	}
	if exact, ok := strings.CutPrefix(text, "="); ok {
		return &policy.Equal{Of: of, Text: exact}
	}
	if prefix {
		return &policy.HasPrefix{Of: of, Text: text}
	}
	return &policy.Equal{Of: of, Text: text}
}

// headers reads a mapping, or a list of pairs where order or duplicates matter.
func (l *lowering) headers(n yamltree.Node) []policy.Line {
	var lines []policy.Line
	add := func(name, value yamltree.Node) {
		if !l.headerName(name) {
			return
		}
		if value.Kind() == yamltree.Sequence { // several lines of one name
			for item := range value.Items() {
				lines = append(lines, policy.Line{Name: name.Text(), Value: l.value(item), Span: item.Span()})
			}
			return
		}
		lines = append(lines, policy.Line{Name: name.Text(), Value: l.value(value), Span: source.Join(name.Span(), value.Span())})
	}
	switch {
	case n.Kind() == yamltree.Mapping:
		for k, v := range n.Fields() {
			add(k, v)
		}
	case n.Kind() == yamltree.Sequence:
		for item := range n.Items() {
			pair := slices.Collect(item.Items())
			if item.Kind() != yamltree.Sequence || len(pair) != 2 {
				l.complain(item.Span(), "want a pair: [name, value]")
				continue
			}
			add(pair[0], pair[1])
		}
	default:
		l.complain(n.Span(), "want a mapping, or a list of [name, value]")
	}
	return lines
}

var (
	// https://www.rfc-editor.org/rfc/rfc9110#name-tokens
	token       = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")
	placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)
)

// headerName reports whether a text can be the name of a header, and complains if not.
func (l *lowering) headerName(n yamltree.Node) bool {
	if token.MatchString(n.Text()) {
		return true
	}
	l.complain(n.Span(), "%q is not a header name", n.Text())
	return false
}

// value reads a header value with its placeholders: ${origin}, ${method}, ${path}, ${host}, ${query}, ${request.NAME},
// and ${unknown} for what nobody can know.
func (l *lowering) value(n yamltree.Node) policy.Expr {
	if !isScalar(n) {
		l.complain(n.Span(), "want a text")
		return policy.Text("")
	}
	if strings.ContainsAny(n.Text(), "\r\n\x00") {
		l.complain(n.Span(), "a header value has no line breaks")
		return policy.Text("")
	}
	var parts policy.Concat
	text, from := n.Text(), 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		if at[0] > from {
			parts = append(parts, policy.Text(text[from:at[0]]))
		}
		parts = append(parts, l.placeholder(n, text[at[2]:at[3]]))
		from = at[1]
	}
	if from < len(text) || len(parts) == 0 {
		parts = append(parts, policy.Text(text[from:]))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

func (l *lowering) placeholder(n yamltree.Node, name string) policy.Expr {
	switch name {
	case "origin":
		return &policy.RequestHeader{Name: "origin"}
	case "method":
		return policy.Method
	case "path":
		return policy.Path
	case "query":
		return policy.Query
	case "host":
		return policy.HostName
	case "unknown":
		return &policy.UnknownExpr{Unknown: policy.Unknown{Kind: policy.UnknownVariable, Subject: l.file.Path + " leaves it open", Span: n.Span()}}
	}
	if header, ok := strings.CutPrefix(name, "request."); ok && header != "" {
		return &policy.RequestHeader{Name: strings.ToLower(strings.TrimPrefix(header, "header."))}
	}
	l.complain(n.Span(), "unknown placeholder ${%s}", name)
	return policy.Text("")
}
