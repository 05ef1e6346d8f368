package client

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// This file notes what is assigned, to names and to what is in them.

// assign notes an assignment.
func (c *collector) assign(e *ast.AssignExpression, s *scope) {
	value := e.Right
	if e.Operator != token.ASSIGN {
		value = nil // "+=" and the like: something else
	}
	c.assignTo(e.Left, value, s)
}

func (c *collector) assignTo(target, value ast.Expression, s *scope) {
	sometimes := c.depth > 0
	class := c.class
	switch t := target.(type) {
	case *ast.Identifier:
		name := t.Name.String()
		c.late = append(c.late, func() {
			if b := s.lookup(name); b != nil {
				b.assigned = append(b.assigned, assignment{value: value, scope: s})
			}
		})
	case *ast.DotExpression, *ast.BracketExpression:
		c.expression(leftOf(t), s)
		root, keys := members(t)
		switch root := root.(type) {
		case *ast.Identifier:
			name := root.Name.String()
			c.late = append(c.late, func() {
				if b := s.lookup(name); b != nil {
					b.changes = append(b.changes, change{keys: keys, value: value, scope: s, sometimes: sometimes || b.scope.fn != s.fn})
				}
			})
		case *ast.ThisExpression:
			if class == nil || c.module.fields[class] == nil {
				return
			}
			if name := keyName(keys[0], true); name != "" && len(keys) == 1 {
				c.module.fields[class][name] = append(c.module.fields[class][name], assignment{value: value, scope: s})
			}
		}
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				c.assignTo(&p.Name, nil, s)
			case *ast.PropertyKeyed:
				c.assignTo(p.Value, nil, s)
			}
		}
	case *ast.ArrayPattern:
		for _, x := range t.Elements {
			c.assignTo(x, nil, s)
		}
	}
}

func leftOf(e ast.Expression) ast.Expression {
	switch e := e.(type) {
	case *ast.DotExpression:
		return e.Left
	case *ast.BracketExpression:
		return e.Left
	}
	return nil
}

// members takes "a.b[c]" apart: a, and the keys from there.
func members(e ast.Expression) (root ast.Expression, keys []ast.Expression) {
	for {
		switch x := e.(type) {
		case *ast.DotExpression:
			keys = append([]ast.Expression{&ast.StringLiteral{Idx: x.Identifier.Idx, Value: x.Identifier.Name}}, keys...)
			e = x.Left
		case *ast.BracketExpression:
			keys = append([]ast.Expression{x.Member}, keys...)
			e = x.Left
		case *ast.OptionalChain:
			e = x.Expression
		case *ast.Optional:
			e = x.Expression
		default:
			return e, keys
		}
		if len(keys) > 50 {
			return nil, keys
		}
	}
}
