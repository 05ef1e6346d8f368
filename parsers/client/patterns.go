package client

import "github.com/dop251/goja/ast"

// This file takes patterns apart: "const { data: { items }, ...rest } = …", and those of parameters.

func (c *collector) declare(s *scope, name string) *binding {
	b := s.names[name]
	if b == nil {
		b = &binding{name: name, scope: s}
		s.names[name] = b
	}
	return b
}

// bindings declares names. What is declared again keeps what it was, and is assigned to.
func (c *collector) bindings(list []*ast.Binding, s *scope) {
	for _, b := range list {
		c.pattern(b.Target, b.Initializer, nil, nil, s)
	}
}

// pattern declares the names of a pattern whose parts come from a value.
func (c *collector) pattern(target, value ast.Expression, path []step, fallback ast.Expression, s *scope) {
	if c.over() || len(path) > 20 {
		return
	}
	switch t := target.(type) {
	case *ast.Identifier:
		name := t.Name.String()
		if known := s.names[name]; known != nil && (known.value != nil || known.function != nil) {
			if value != nil {
				known.assigned = append(known.assigned, assignment{scope: s})
			}
			return
		}
		b := c.declare(s, name)
		b.value, b.path, b.fallback = value, path, fallback
	case *ast.AssignExpression: // with a default
		c.pattern(t.Left, value, path, t.Right, s)
	case *ast.Binding:
		if t != nil {
			c.pattern(t.Target, value, path, t.Initializer, s)
		}
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				c.pattern(&p.Name, value, with(path, step{name: p.Name.Name.String()}), p.Initializer, s)
			case *ast.PropertyKeyed:
				if key, ok := p.Key.(*ast.StringLiteral); ok {
					c.pattern(p.Value, value, with(path, step{name: key.Value.String()}), nil, s)
				} else {
					c.pattern(p.Value, nil, nil, nil, s)
				}
			}
		}
		if t.Rest != nil {
			c.pattern(t.Rest, value, with(path, step{rest: true, without: patternKeys(t)}), nil, s)
		}
	case *ast.ArrayPattern:
		for i, x := range t.Elements {
			c.pattern(x, value, with(path, step{index: i}), nil, s)
		}
		c.pattern(t.Rest, nil, nil, nil, s)
	}
}

// parameter says of the names of a parameter where they come from.
func (c *collector) parameter(target ast.Expression, f *function, index int, path []step, fallback ast.Expression) {
	if c.over() || len(path) > 20 {
		return
	}
	switch t := target.(type) {
	case *ast.Identifier:
		b := c.declare(f.scope, t.Name.String())
		b.parameter, b.of, b.index, b.path, b.fallback = true, f, index, path, fallback
	case *ast.AssignExpression:
		c.parameter(t.Left, f, index, path, t.Right)
	case *ast.Binding:
		if t != nil {
			c.parameter(t.Target, f, index, path, t.Initializer)
		}
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				c.parameter(&p.Name, f, index, with(path, step{name: p.Name.Name.String()}), p.Initializer)
			case *ast.PropertyKeyed:
				if key, ok := p.Key.(*ast.StringLiteral); ok {
					c.parameter(p.Value, f, index, with(path, step{name: key.Value.String()}), nil)
				}
			}
		}
		if t.Rest != nil {
			c.parameter(t.Rest, f, index, with(path, step{rest: true, without: patternKeys(t)}), nil)
		}
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

func with(path []step, s step) []step { return append(path[:len(path):len(path)], s) }
