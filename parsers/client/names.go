package client

import (
	"slices"

	"github.com/dop251/goja/ast"
)

// This file finds out what a name stands for: what it is declared to be, a parameter in a call, a part of what a pattern
// takes apart, and what is assigned to it afterwards.

// identifier returns what a name stands for.
func (e *evaluator) identifier(x *ast.Identifier, s *scope, f *frame) values {
	name := x.Name.String()
	at := s.place(x)
	b := s.lookup(name)
	if b == nil || name == "import_meta" { // which esbuild declares as nothing
		if name == "undefined" {
			return values{{kind: missing, at: at}}
		}
		return values{{kind: external, name: name, at: at, pieces: []piece{{hole: name, at: at}}}}
	}
	out := slices.Clone(e.binding(b, f, at))
	for i := range out { // a hole is named as it is used here
		if out[i].kind == unknown && len(out[i].pieces) == 1 && out[i].pieces[0].hole == "value" {
			out[i].pieces = []piece{{hole: name, at: at}}
		}
	}
	return out
}

// binding returns what a name that is declared stands for.
func (e *evaluator) binding(b *binding, f *frame, at place) values {
	if e.busy[b] {
		e.itself[b] = true
		return values{hole(b.name, at)}
	}
	e.busy[b] = true
	defer delete(e.busy, b)
	defer delete(e.itself, b)
	var out values
	switch {
	case b.function != nil:
		return values{{kind: callable, fn: b.function, frame: f, at: at}}
	case b.class != nil:
		return values{{kind: class, class: b.class, mod: b.scope.module, at: at}}
	case b.parameter:
		out = e.parameter(b, f, at)
	case b.value != nil:
		out = e.taken(e.eval(b.value, b.scope, f), b, f)
	case len(b.assigned) == 0:
		return values{hole(b.name, at)}
	}
	if !b.parameter || f.of(b.of) == nil {
		for _, a := range b.assigned {
			if a.value != nil {
				out = append(out, e.eval(a.value, a.scope, f)...)
			}
			if a.value == nil || e.itself[b] { // "x += y", "x = x + y": no one of these is all of it
				return values{hole(b.name, at)}
			}
		}
	}
	return e.changed(limit(out), b.changes, f, b)
}

// parameter returns what a parameter is in a call; a hole without one.
func (e *evaluator) parameter(b *binding, f *frame, at place) values {
	call := f.of(b.of)
	unknownHere := hole(b.name, at)
	unknownHere.pieces[0].parameter = b.of
	if call == nil {
		if len(b.assigned) > 0 {
			return nil
		}
		out := values{unknownHere}
		return out
	}
	if b.rest {
		rest := value{kind: list, at: at, open: call.spread}
		if b.index < len(call.args) {
			rest.items = call.args[b.index:]
		}
		return values{rest}
	}
	var given values
	switch {
	case b.index < len(call.args):
		given = call.args[b.index].get()
	case call.spread:
		return values{hole(b.name, at)}
	default:
		given = values{{kind: missing, at: at}}
	}
	return e.taken(given, b, call.parent)
}

// taken takes a value apart as a pattern does.
func (e *evaluator) taken(all values, b *binding, f *frame) values {
	if whole := b.of; whole != nil && len(b.path) > 0 && b.index < len(whole.parameters) { // "({ a } = {})"
		all = e.orElse(all, whole.parameters[b.index].Initializer, whole.scope, f)
	}
	for _, st := range b.path {
		var next values
		for i := range all {
			if st.rest {
				v := all[i]
				v.props = slices.DeleteFunc(slices.Clone(v.props), func(p property) bool { return slices.Contains(st.without, p.name) })
				next = append(next, v)
			} else if st.name != "" {
				next = append(next, e.propertyOf(&all[i], st.name, all[i].at)...)
			} else if all[i].kind == list && st.index < len(all[i].items) {
				next = append(next, all[i].items[st.index].get()...)
			} else {
				next = append(next, hole(b.name, all[i].at))
			}
		}
		all = limit(next)
	}
	if slices.ContainsFunc(all, func(v value) bool { return v.kind == unknown }) && len(b.path) > 0 && b.fallback != nil {
		all = append(all[:len(all):len(all)], value{kind: missing}) // an argument that is given is mostly there, a property of it is not
	}
	return e.orElse(all, b.fallback, b.scope, f)
}

// orElse puts a default in the place of what is missing.
func (e *evaluator) orElse(all values, fallback ast.Expression, s *scope, f *frame) values {
	if fallback == nil || !slices.ContainsFunc(all, func(v value) bool { return v.kind == missing }) {
		return all
	}
	out := slices.DeleteFunc(slices.Clone(all), func(v value) bool { return v.kind == missing })
	return limit(append(out, e.eval(fallback, s, f)...))
}
