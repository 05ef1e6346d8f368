package client

import "github.com/dop251/goja/ast"

// This file takes patterns apart: "const { data: { items }, ...rest } = …", and those of parameters.

// way leads from a value to one of the names of a pattern that takes it apart.
type way struct {
	path     []step
	fallback ast.Expression // the name's default
	lost     bool           // a key is computed: nobody knows what the name is
}

// to returns the way to a part of what a way leads to.
func (w way) to(s step) way {
	return way{path: append(w.path[:len(w.path):len(w.path)], s), lost: w.lost}
}

// or returns a way with a default.
func (w way) or(fallback ast.Expression) way {
	w.fallback = fallback
	return w
}

// maxPath bounds how deep a pattern takes a value apart.
const maxPath = 20

// parts calls each for the names of a pattern.
func (c *collector) parts(target ast.Expression, w way, each func(name string, w way)) {
	if c.over() || len(w.path) > maxPath {
		return
	}
	switch t := target.(type) {
	case *ast.Identifier:
		each(t.Name.String(), w)
	case *ast.AssignExpression: // with a default
		c.parts(t.Left, w.or(t.Right), each)
	case *ast.Binding:
		if t != nil {
			c.parts(t.Target, w.or(t.Initializer), each)
		}
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				each(p.Name.Name.String(), w.to(step{name: p.Name.Name.String()}).or(p.Initializer))
			case *ast.PropertyKeyed:
				if key, ok := p.Key.(*ast.StringLiteral); ok {
					c.parts(p.Value, w.to(step{name: key.Value.String()}), each)
				} else {
					c.parts(p.Value, way{lost: true}, each)
				}
			}
		}
		c.parts(t.Rest, w.to(step{rest: true, without: patternKeys(t)}), each)
	case *ast.ArrayPattern:
		for i, x := range t.Elements {
			c.parts(x, w.to(step{index: i}), each)
		}
		c.parts(t.Rest, way{lost: true}, each)
	}
}

// patternKeys returns the properties that a pattern takes out of an object.
func patternKeys(p *ast.ObjectPattern) []string {
	var out []string
	for _, x := range p.Properties {
		switch x := x.(type) {
		case *ast.PropertyShort:
			out = append(out, x.Name.Name.String())
		case *ast.PropertyKeyed:
			out = append(out, keyName(x.Key, x.Computed))
		}
	}
	return out
}

func (c *collector) declare(s *scope, name string) *binding {
	b := s.names[name]
	if b == nil {
		b = &binding{name: name, scope: s}
		s.names[name] = b
	}
	return b
}

// bindings declares the names of a declaration.
func (c *collector) bindings(list []*ast.Binding, s *scope) {
	for _, b := range list {
		c.variables(b.Target, b.Initializer, s)
	}
}

// variables declares the names of a pattern whose parts come from a value; nil: from one that nobody knows. What is declared
// again keeps what it was, and is assigned to.
func (c *collector) variables(target, value ast.Expression, s *scope) {
	c.parts(target, way{}, func(name string, w way) {
		if known := s.names[name]; known != nil && (known.value != nil || known.function != nil) {
			if value != nil && !w.lost {
				known.assigned = append(known.assigned, assignment{scope: s})
			}
			return
		}
		b := c.declare(s, name)
		if !w.lost {
			b.value, b.path, b.fallback = value, w.path, w.fallback
		}
	})
}

// parameter declares the names of a parameter of a function.
func (c *collector) parameter(p *ast.Binding, f *function, index int) {
	c.parts(p.Target, way{fallback: p.Initializer}, func(name string, w way) {
		b := c.declare(f.scope, name)
		if !w.lost {
			b.parameter, b.of, b.index, b.path, b.fallback = true, f, index, w.path, w.fallback
		}
	})
}
