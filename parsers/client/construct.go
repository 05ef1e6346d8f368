package client

import (
	"strings"

	"github.com/dop251/goja/ast"
)

// This file finds out what "new" makes: an instance of a class of the project, or one of the browser's own.

// construct returns what "new" makes.
func (e *evaluator) construct(x *ast.NewExpression, s *scope, f *frame) values {
	at := s.place(x)
	args := x.ArgumentList
	if id, ok := bare(x.Callee).(*ast.Identifier); ok && s.lookup(id.Name.String()) == nil {
		switch id.Name.String() {
		case "URL":
			return e.urlOf(args, s, f, at)
		case "Headers", "HttpHeaders", "AxiosHeaders":
			return e.headersObject(args, s, f, at)
		case "Request":
			return e.requestObject(args, s, f, at)
		case "FormData", "Blob", "File", "URLSearchParams":
			return values{{kind: formData, name: id.Name.String(), at: at, pieces: []piece{{hole: "query", at: at}}}}
		case "String":
			if len(args) == 1 {
				return e.eval(args[0], s, f)
			}
		case "Promise":
			return values{hole("value", at)}
		}
		return values{{kind: external, name: "new " + id.Name.String(), at: at, pieces: []piece{{hole: "value", at: at}}}}
	}
	for _, v := range e.eval(bare(x.Callee), s, f) {
		switch v.kind { //nolint:exhaustive // nothing else says anything
		case class:
			made := value{kind: instance, class: v.class, mod: v.mod, at: at}
			if constructor := v.mod.methods[v.class]["constructor"]; constructor != nil {
				given, open := e.arguments(args, s, f)
				made.frame = &frame{fn: constructor, args: given, spread: open}
			}
			return values{made}
		case external:
			if strings.HasPrefix(v.name, "package @angular/common/http") && strings.HasSuffix(v.name, ".HttpHeaders") {
				return e.headersObject(args, s, f, at)
			}
			return values{{kind: external, name: "new " + v.name, at: at, pieces: []piece{{hole: "value", at: at}}}}
		}
	}
	return values{hole("value", at)}
}

// urlOf returns "new URL(path, base)".
func (e *evaluator) urlOf(args []ast.Expression, s *scope, f *frame, at place) values {
	switch len(args) {
	case 1:
		return e.eval(args[0], s, f)
	case 2:
		var out values
		paths, bases := e.eval(args[0], s, f), e.eval(args[1], s, f)
		for i := range bases {
			for j := range paths {
				out = append(out, resolved(&bases[i], &paths[j], at))
			}
		}
		return limit(out)
	}
	return values{hole("url", at)}
}

// resolved returns an address relative to another. Only the plain cases are known.
func resolved(base, rel *value, at place) value {
	if rel.kind != text || len(rel.pieces) == 0 {
		return hole("url", at)
	}
	first := rel.pieces[0]
	if first.hole == "" && strings.Contains(first.text, "://") {
		return *rel
	}
	b, known := base.known()
	if !known {
		if len(base.pieces) == 1 && strings.HasPrefix(first.text, "/") {
			return value{kind: text, at: at, pieces: appended(base.pieces, rel.pieces...)}
		}
		return hole("url", at)
	}
	scheme, rest, absolute := strings.Cut(b, "://")
	if !absolute || first.hole != "" {
		return hole("url", at)
	}
	host, dir, _ := strings.Cut(rest, "/")
	prefix := scheme + "://" + host
	if !strings.HasPrefix(first.text, "/") {
		prefix += "/" + dir[:strings.LastIndexByte(dir, '/')+1]
	}
	return value{kind: text, at: at, pieces: appended([]piece{{text: prefix, at: base.at}}, rel.pieces...)}
}

// headersObject returns "new Headers(…)".
func (e *evaluator) headersObject(args []ast.Expression, s *scope, f *frame, at place) values {
	if len(args) == 0 {
		return values{{kind: object, at: at}}
	}
	return e.eval(args[0], s, f)
}

// requestObject returns "new Request(url, init)": the init, with the address under a name of its own.
func (e *evaluator) requestObject(args []ast.Expression, s *scope, f *frame, at place) values {
	v := value{kind: object, at: at, name: "Request"}
	if len(args) > 1 {
		v = spread(v, e.eval(args[1], s, f))
	}
	if len(args) > 0 {
		v.props = set(v.props, property{name: requestURL, value: e.later(args[0], s, f), at: s.place(args[0])})
	}
	return values{v}
}

// requestURL is the name under which a Request keeps its address. No property is written so.
const requestURL = "\x00url"
