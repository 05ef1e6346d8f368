package client

import (
	"strings"

	"github.com/dop251/goja/ast"
)

// This file finds out what a call returns: a function of the project is followed, and a few of the language's are known.

// callOf returns what a call returns.
func (e *evaluator) callOf(x *ast.CallExpression, s *scope, f *frame) values {
	at := s.place(x)
	callee := bare(x.Callee)
	if id, ok := callee.(*ast.Identifier); ok && s.lookup(id.Name.String()) == nil || ok && strings.HasPrefix(id.Name.String(), "__to") {
		if v, known := e.global(id.Name.String(), x, s, f); known {
			return v
		}
	}
	if dot, ok := callee.(*ast.DotExpression); ok {
		if v, known := e.method(dot, x, s, f); known {
			return v
		}
	}
	var out values
	all := e.eval(callee, s, f)
	for i := range all {
		switch v := &all[i]; v.kind {
		case callable:
			out = append(out, e.inline(v, x.ArgumentList, s, f, at)...)
		case external, library:
			if made, ok := e.made(v, x, s, f); ok {
				out = append(out, made...)
				continue
			}
			out = append(out, hole(holeName(x), at))
		default:
			out = append(out, hole(holeName(x), at))
		}
	}
	return limit(out)
}

// arguments evaluates the arguments of a call.
func (e *evaluator) arguments(given []ast.Expression, s *scope, f *frame) (args []*later, open bool) {
	for _, a := range given {
		if more, ok := a.(*ast.SpreadElement); ok {
			all := e.eval(more.Expression, s, f)
			if len(all) != 1 || all[0].kind != list || all[0].open {
				return args, true
			}
			args = append(args, all[0].items...)
			continue
		}
		args = append(args, e.later(a, s, f))
	}
	return args, false
}

// maxInlined bounds how many calls of functions are followed in one another.
const maxInlined = 6

// inline returns what a function of the project returns.
func (e *evaluator) inline(v *value, list []ast.Expression, s *scope, f *frame, at place) values {
	if f.depth() >= maxInlined || e.busy[v.fn] || len(v.fn.returns) == 0 {
		return values{hole(v.fn.name, at)}
	}
	args, open := e.arguments(list, s, f)
	e.busy[v.fn] = true
	defer delete(e.busy, v.fn)
	call := &frame{fn: v.fn, args: args, spread: open, this: v.this, parent: f}
	var out values
	for _, r := range v.fn.returns[:min(len(v.fn.returns), maxAlternatives)] {
		always := false
		if r.when != nil {
			yes, no := e.condition(r.when, r.scope, call)
			if no {
				continue
			}
			always = yes
		}
		if out = append(out, e.eval(r.value, r.scope, call)...); always {
			break
		}
	}
	return limit(out)
}

// global returns what a function of the language or of esbuild's returns.
func (e *evaluator) global(name string, x *ast.CallExpression, s *scope, f *frame) (values, bool) {
	if len(x.ArgumentList) == 0 {
		return nil, false
	}
	first := x.ArgumentList[0]
	switch name {
	case "require":
		if spec, ok := first.(*ast.StringLiteral); ok {
			return values{e.required(s.module, spec.Value.String(), s.place(x))}, true
		}
	case "__toESM", "__toCommonJS":
		return e.eval(first, s, f), true
	case "encodeURIComponent", "encodeURI", "String", "decodeURIComponent", "escape":
		all := e.eval(first, s, f)
		for i := range all {
			if _, known := all[i].known(); !known && len(all[i].pieces) != 1 {
				all[i] = hole(holeName(first), s.place(first))
			}
		}
		return all, true
	}
	return nil, false
}

// method returns what a method of the language returns.
func (e *evaluator) method(dot *ast.DotExpression, x *ast.CallExpression, s *scope, f *frame) (values, bool) {
	name := dot.Identifier.Name.String()
	switch name {
	case "toString", "trim", "toLowerCase", "toUpperCase", "valueOf", "replace", "replaceAll", "concat", "join", "assign", "stringify", "freeze", "set", "append", "fromEntries":
	default:
		return nil, false
	}
	at := s.place(x)
	if id, ok := unwrap(dot.Left).(*ast.Identifier); ok && s.lookup(id.Name.String()) == nil {
		switch id.Name.String() + "." + name {
		case "Object.assign":
			v := value{kind: object, at: at}
			for _, a := range x.ArgumentList {
				v = spread(v, e.eval(a, s, f))
			}
			return values{v}, true
		case "Object.freeze":
			if len(x.ArgumentList) == 1 {
				return e.eval(x.ArgumentList[0], s, f), true
			}
		case "JSON.stringify":
			return values{{kind: text, at: at, pieces: []piece{{hole: "json", at: at}}}}, true
		}
	}
	left := e.eval(dot.Left, s, f)
	var out values
	for i := range left {
		v := &left[i]
		known, isKnown := v.known()
		switch {
		case name == "join" && v.kind == list:
			out = append(out, e.join(v, x, s, f)...)
		case name == "concat" && v.kind == text:
			all := values{*v}
			for _, a := range x.ArgumentList {
				all = e.joined(all, e.eval(a, s, f), a, s.place(a))
			}
			out = append(out, all...)
		case (name == "set" || name == "append") && v.kind == object && len(x.ArgumentList) == 2: // of Angular's HttpHeaders
			c := change{keys: x.ArgumentList[:1], value: x.ArgumentList[1], scope: s}
			out = append(out, e.change(*v, &c, c.keys, f))
		case v.kind != text && v.kind != unknown || name == "join" || name == "set" || name == "append":
			return nil, false
		case (name == "replace" || name == "replaceAll") && !isKnown || name == "replace" && len(x.ArgumentList) != 2:
			out = append(out, hole(holeName(dot.Left), at))
		case name == "replace" || name == "replaceAll":
			out = append(out, replaced(*v, known, x, name == "replaceAll"))
		case name == "toLowerCase" && isKnown:
			out = append(out, literal(strings.ToLower(known), v.at))
		case name == "toUpperCase" && isKnown:
			out = append(out, literal(strings.ToUpper(known), v.at))
		case name == "trim" && isKnown:
			out = append(out, literal(strings.TrimSpace(known), v.at))
		default:
			out = append(out, *v)
		}
	}
	return limit(out), true
}
