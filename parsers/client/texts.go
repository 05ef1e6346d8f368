package client

import (
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// This file joins texts, and knows the methods of the language that change them.

// templateOf returns a template string.
func (e *evaluator) templateOf(x *ast.TemplateLiteral, s *scope, f *frame) values {
	out := values{{kind: text, at: s.place(x)}}
	if x.Tag != nil {
		return values{hole("value", out[0].at)}
	}
	for i, element := range x.Elements {
		if part := element.Parsed.String(); part != "" {
			for j := range out {
				out[j].pieces = appended(out[j].pieces, piece{text: part, at: s.place(x)})
			}
		}
		if i < len(x.Expressions) {
			out = e.joined(out, e.eval(x.Expressions[i], s, f), x.Expressions[i], s.place(x.Expressions[i]))
		}
	}
	return out
}

// binary returns "a + b", "a || b", "a && b" and "a ?? b".
func (e *evaluator) binary(x *ast.BinaryExpression, s *scope, f *frame) values {
	left := e.eval(x.Left, s, f)
	at := s.place(x)
	switch x.Operator { //nolint:exhaustive // the others compute
	case token.PLUS:
		start := values{}
		for i := range left {
			start = append(start, value{kind: text, at: at, pieces: left[i].asText(holeName(x.Left), s.place(x.Left))})
		}
		return e.joined(start, e.eval(x.Right, s, f), x.Right, s.place(x.Right))
	case token.LOGICAL_OR, token.COALESCE:
		var out values
		falls := false
		for i := range left {
			yes, known := left[i].truthy()
			if known && !yes && (x.Operator == token.LOGICAL_OR || left[i].kind == missing) {
				falls = true
				continue
			}
			falls = falls || !known || left[i].unset
			out = append(out, left[i])
		}
		if falls {
			out = append(out, e.eval(x.Right, s, f)...)
		}
		return limit(out)
	case token.LOGICAL_AND:
		var out values
		goes := false
		for i := range left {
			yes, known := left[i].truthy()
			if !known || yes {
				goes = true
			}
			if !known {
				out = append(out, value{kind: missing, at: at})
			} else if !yes {
				out = append(out, left[i])
			}
		}
		if goes {
			out = append(out, e.eval(x.Right, s, f)...)
		}
		return limit(out)
	case token.EQUAL, token.STRICT_EQUAL, token.NOT_EQUAL, token.STRICT_NOT_EQUAL, token.LESS, token.GREATER, token.LESS_OR_EQUAL, token.GREATER_OR_EQUAL, token.IN, token.INSTANCEOF:
		return values{{kind: truth, truth: true, at: at}, {kind: truth, at: at}}
	}
	return values{hole("value", at)}
}

// joined returns each of some texts with each of some values behind it.
func (e *evaluator) joined(left, right values, expression ast.Expression, at place) values {
	var out values
	for _, l := range left {
		for i := range right {
			v := l
			v.kind = text
			v.pieces = appended(l.pieces, right[i].asText(holeName(expression), at)...)
			out = append(out, v)
		}
	}
	return limit(out)
}

func appended(list []piece, more ...piece) []piece {
	return append(list[:len(list):len(list)], more...)
}

// holeName makes a name for people of an expression that nobody knows: "id" of "item.id" or "getId()".
func holeName(x ast.Expression) string {
	switch x := unwrap(x).(type) {
	case *ast.Identifier:
		return x.Name.String()
	case *ast.DotExpression:
		return x.Identifier.Name.String()
	case *ast.BracketExpression:
		if s, ok := x.Member.(*ast.StringLiteral); ok {
			return s.Value.String()
		}
		return holeName(x.Left)
	case *ast.CallExpression:
		if len(x.ArgumentList) == 1 {
			if name := holeName(x.ArgumentList[0]); name != "value" {
				return name
			}
		}
		if dot, ok := unwrap(x.Callee).(*ast.DotExpression); ok { // "id.toString()"
			if name := dot.Identifier.Name.String(); name == "toString" || name == "toLowerCase" || name == "trim" || name == "value" {
				return holeName(dot.Left)
			}
			return dot.Identifier.Name.String()
		}
		return holeName(x.Callee)
	case *ast.AwaitExpression:
		return holeName(x.Argument)
	}
	return "value"
}

// replaced does what people do to addresses: they take a slash from the end, or put one text in place of another.
func replaced(v value, known string, x *ast.CallExpression, all bool) value {
	to, ok := x.ArgumentList[1].(*ast.StringLiteral)
	if !ok {
		return hole("value", v.at)
	}
	switch from := x.ArgumentList[0].(type) {
	case *ast.StringLiteral:
		n := 1
		if all {
			n = -1
		}
		return literal(strings.Replace(known, from.Value.String(), to.Value.String(), n), v.at)
	case *ast.RegExpLiteral:
		switch from.Pattern {
		case `\/+$`, `\/$`, `/$`, `/+$`, `\/*$`:
			return literal(strings.TrimRight(known, "/")+to.Value.String(), v.at)
		case `^\/+`, `^\/`, `^\/*`:
			return literal(to.Value.String()+strings.TrimLeft(known, "/"), v.at)
		}
	}
	return hole("value", v.at)
}

// join returns "[a, b].join('/')".
func (e *evaluator) join(v *value, x *ast.CallExpression, s *scope, f *frame) values {
	separator := ","
	if len(x.ArgumentList) > 0 {
		all := e.eval(x.ArgumentList[0], s, f)
		known := false
		if separator, known = all[0].known(); !known {
			return values{hole("value", v.at)}
		}
	}
	if v.open {
		return values{hole("value", v.at)}
	}
	out := values{{kind: text, at: v.at}}
	for i, item := range v.items {
		if i > 0 {
			out = e.joined(out, values{literal(separator, v.at)}, nil, v.at)
		}
		out = e.joined(out, item.get(), nil, v.at)
	}
	return out
}
