package client

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja/ast"
)

// This file finds out what the properties of a value are: of object literals, of modules, and of instances of classes.

// objectOf returns an object literal.
func (e *evaluator) objectOf(x *ast.ObjectLiteral, s *scope, f *frame) value {
	v := value{kind: object, at: s.place(x)}
	for _, p := range x.Value {
		switch p := p.(type) {
		case *ast.PropertyShort:
			v.props = set(v.props, property{name: p.Name.Name.String(), at: s.place(&p.Name), value: e.later(&p.Name, s, f)})
		case *ast.PropertyKeyed:
			name := keyName(p.Key, p.Computed)
			if p.Computed {
				name, _ = e.known(p.Key, s, f)
			}
			if name == "" {
				v.open = true
				continue
			}
			entry := property{name: name, at: s.place(p.Key)}
			if p.Kind == ast.PropertyKindGet || p.Kind == ast.PropertyKindSet {
				entry.value = now(hole(name, entry.at))
			} else {
				entry.value = e.later(p.Value, s, f)
			}
			v.props = set(v.props, entry)
		case *ast.SpreadElement:
			v = spread(v, e.eval(p.Expression, s, f))
		}
	}
	return v
}

// spread adds the properties of what may be several objects.
func spread(v value, all values) value {
	for i := range all {
		w := &all[i]
		switch w.kind {
		case object:
			v.open = v.open || w.open
			for _, p := range w.props {
				if len(all) > 1 && !everywhere(all, p.name) {
					p.maybe = true
				}
				v.props = set(v.props, p)
			}
		case missing, truth, text:
		default:
			v.open = true
		}
	}
	return v
}

// everywhere reports whether all of some values have a property.
func everywhere(all values, name string) bool {
	return !slices.ContainsFunc(all, func(v value) bool {
		p, found := v.get(name)
		return !found || p.maybe
	})
}

// changed applies what is assigned to the properties of a value.
func (e *evaluator) changed(all values, changes []change, f *frame, b *binding) values {
	all = slices.Clone(all)
	for i := range all {
		if all[i].kind == library {
			all[i].sends = e.configured(all[i].sends, b, f)
			continue
		}
		if all[i].kind != object {
			continue
		}
		for n := range changes {
			if n == 50 {
				all[i].open = true
				break
			}
			all[i] = e.change(all[i], &changes[n], changes[n].keys, f)
		}
	}
	return all
}

// change applies one change to an object.
func (e *evaluator) change(v value, c *change, keys []ast.Expression, f *frame) value {
	if v.kind != object || len(keys) > 5 {
		return v
	}
	name, ok := e.known(keys[0], c.scope, f)
	if !ok {
		v.open = true
		return v
	}
	p := property{name: name, at: c.scope.place(keys[0]), maybe: c.sometimes}
	if len(keys) > 1 {
		inner := value{kind: object, at: v.at}
		if old, found := v.get(name); found && len(old.value.get()) == 1 && old.value.get()[0].kind == object {
			inner = old.value.get()[0]
			p.at = old.at
		}
		p.value = now(e.change(inner, c, keys[1:], f))
		p.maybe = false
	} else {
		p.value = e.later(c.value, c.scope, f)
	}
	v.props = set(v.props, p)
	return v
}

// thisOf returns what "this" is.
func (e *evaluator) thisOf(s *scope, f *frame) values {
	if f != nil && f.this != nil {
		return values{*f.this}
	}
	for fn := s.fn; fn != nil; fn = fn.parent {
		if fn.method != nil {
			return values{{kind: instance, class: fn.method, mod: s.module}}
		}
	}
	return values{{kind: external, name: "this", pieces: []piece{{hole: "this"}}}}
}

// member returns a property of an expression.
func (e *evaluator) member(left ast.Expression, name string, whole ast.Expression, s *scope, f *frame) values {
	at := s.place(whole)
	var out values
	all := e.eval(left, s, f)
	for i := range all {
		out = append(out, e.propertyOf(&all[i], name, at)...)
	}
	return limit(out)
}

// propertyOf returns a property of a value.
func (e *evaluator) propertyOf(v *value, name string, at place) values {
	switch v.kind {
	case object:
		if p, found := v.get(name); found {
			if p.maybe {
				return append(slices.Clone(p.value.get()), value{kind: missing, at: at})
			}
			return p.value.get()
		}
		if !v.open {
			return values{{kind: missing, at: at}}
		}
	case list:
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(v.items) && !v.open {
			return v.items[n].get()
		}
	case project:
		return e.export(v.mod, name, 0)
	case instance:
		return e.field(v, name, at)
	case class:
		if found := e.field(&value{kind: instance, class: v.class, mod: v.mod}, name, at); len(found) > 0 {
			return found
		}
	case external:
		if isEnvironment(v.name) {
			return e.variable(name, at)
		}
		return values{{kind: external, name: v.name + "." + name, at: at, pieces: externalPieces(v.name+"."+name, name, at)}}
	case library:
		if name == "default" {
			return values{*v}
		}
	case text:
		if name == "href" || name == "value" {
			return values{*v}
		}
	case unknown, missing, truth, callable, formData:
	}
	out := hole(name, at)
	if len(v.pieces) == 1 {
		out.pieces[0].parameter = v.pieces[0].parameter
	}
	return values{out}
}

// externalPieces are the text that something of the browser is: of its own address the page knows what corslint does not.
func externalPieces(full, name string, at place) []piece {
	full = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(full, "window."), "document."), "self.")
	p := piece{hole: name, at: at}
	if full == "location.origin" {
		p = piece{hole: "origin", own: true, at: at}
	}
	return []piece{p}
}

// field returns a field or a method of an instance.
func (e *evaluator) field(v *value, name string, at place) values {
	key := fieldKey{v.class, name}
	if e.busy[key] {
		return values{hole(name, at)}
	}
	e.busy[key] = true
	defer delete(e.busy, key)
	if fn := v.mod.methods[v.class][name]; fn != nil {
		return values{{kind: callable, fn: fn, this: v, at: at, frame: v.frame}}
	}
	var out values
	for _, a := range v.mod.fields[v.class][name] {
		if a.value == nil {
			out = append(out, hole(name, at))
			continue
		}
		f := v.frame
		out = append(out, e.eval(a.value, a.scope, f)...)
	}
	if len(out) > 0 {
		out = limit(out)
		for i := range out {
			if out[i].kind == library {
				out[i].sends = e.configuredField(out[i].sends, v, name)
			}
		}
		return out
	}
	if v.class.SuperClass != nil && e.level < maxLevel {
		e.level++
		defer func() { e.level-- }()
		for _, super := range e.eval(v.class.SuperClass, v.mod.classes[v.class], nil) {
			if super.kind == class && super.class != v.class {
				if e.steps++; e.steps > maxSteps {
					break
				}
				return e.field(&value{kind: instance, class: super.class, mod: super.mod, frame: v.frame}, name, at)
			}
		}
	}
	return values{{kind: external, name: "this." + name, at: at, pieces: []piece{{hole: name, at: at}}}}
}

type fieldKey struct {
	class *ast.ClassLiteral
	name  string
}
