package openapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/yamltree"
)

// This file makes the copy that kin-openapi is given. It holds what the format says about requests and headers and nothing
// else: schemas and examples are most of a document, nested ones cost the library a time that grows with the square of
// their depth, and one value of the wrong type anywhere would make it refuse the whole document.

// form is what a field holds.
type form uint8

const (
	text   form = iota + 1
	flag        // true or false
	texts       // a list of texts
	object      // of a shape
	list        // of such objects
	byName      // a mapping to such objects
	needed      // a list of mappings from names to texts: security requirements
)

// field is a field that is copied.
type field struct {
	form  form
	shape *shape
}

// shape is an object of the format, with the fields that are copied.
type shape struct {
	fields map[string]field
	// marked: the copy says in an extension which node it is of.
	marked bool
	// fills are fields that the library cannot do without.
	fills map[string]any
}

var (
	anything      = &shape{} // a schema, a media type: that it is there is all that matters
	headerShape   = &shape{}
	variableShape = &shape{fields: map[string]field{"default": {form: text}, "enum": {form: texts}}}
	serverShape   = &shape{marked: true, fields: map[string]field{"url": {form: text}, "variables": {byName, variableShape}}}

	parameterShape = &shape{marked: true, fields: map[string]field{
		"name": {form: text}, "in": {form: text}, "required": {form: flag}, "type": {form: text}, "schema": {object, anything}, "content": {byName, anything},
	}}
	bodyShape     = &shape{marked: true, fields: map[string]field{"content": {byName, anything}}}
	responseShape = &shape{marked: true, fields: map[string]field{"headers": {byName, headerShape}}, fills: map[string]any{"description": ""}}
	schemeShape   = &shape{marked: true, fields: map[string]field{"type": {form: text}, "name": {form: text}, "in": {form: text}, "scheme": {form: text}},
		fills: map[string]any{"flow": "implicit"}} // Swagger 2.0 has it; whichever it is, the token comes in the same header

	operationShape = &shape{marked: true, fields: map[string]field{
		"parameters": {list, parameterShape}, "requestBody": {object, bodyShape}, "responses": {byName, responseShape}, "security": {form: needed},
		"servers": {list, serverShape}, "consumes": {form: texts},
	}}
	pathShape = &shape{fields: map[string]field{
		"parameters": {list, parameterShape}, "servers": {list, serverShape},
		"get": {object, operationShape}, "put": {object, operationShape}, "post": {object, operationShape}, "delete": {object, operationShape},
		"options": {object, operationShape}, "head": {object, operationShape}, "patch": {object, operationShape}, "query": {object, operationShape},
	}}
	componentShape = &shape{fields: map[string]field{
		"parameters": {byName, parameterShape}, "requestBodies": {byName, bodyShape}, "responses": {byName, responseShape},
		"headers": {byName, headerShape}, "securitySchemes": {byName, schemeShape},
	}}

	openAPI3 = &shape{fields: map[string]field{
		"servers": {list, serverShape}, "security": {form: needed}, "paths": {byName, pathShape}, "components": {object, componentShape},
	}, fills: map[string]any{"openapi": "3.0.3", "info": map[string]any{"title": "", "version": ""}}}
	swagger2 = &shape{fields: map[string]field{
		"host": {form: text}, "basePath": {form: text}, "schemes": {form: texts}, "consumes": {form: texts}, "security": {form: needed},
		"paths": {byName, pathShape}, "parameters": {byName, parameterShape}, "responses": {byName, responseShape},
		"securityDefinitions": {byName, schemeShape},
	}, fills: map[string]any{"swagger": "2.0", "info": map[string]any{"title": "", "version": ""}}}
)

// markKey is the extension that holds the number of a mark.
const markKey = "x-corslint"

// maxCopied bounds how many objects a copy has: a file that is referred to is copied each time.
const maxCopied = 500_000

// pruner copies a document.
type pruner struct {
	*document
	copied int
	inside []string // the references that are being written out, outermost first
}

// prune returns the copy of the document.
func (d *document) prune() map[string]any {
	p := pruner{document: d}
	root := place{in: d.main, value: d.main.root}
	if d.generation == 3 {
		return p.object(root, openAPI3)
	}
	out := p.object(root, swagger2)
	if host, ok := out["host"].(string); ok { // many write more than that
		if _, rest, ok := strings.Cut(host, "://"); ok {
			host = rest
		}
		out["host"], _, _ = strings.Cut(host, "/")
	}
	return out
}

// object copies an object, or what it refers to; nil when there is nothing to copy.
func (p *pruner) object(at place, s *shape) map[string]any {
	if at.value.Kind() != yamltree.Mapping {
		return nil
	}
	if p.copied++; p.copied > maxCopied {
		if p.copied == maxCopied+1 {
			p.gap(at.span(), "the document has more than %d parts; the rest is not read", maxCopied)
		}
		return nil
	}
	if ref := at.value.Get("$ref"); ref.Kind() == yamltree.String && s != anything && s != headerShape {
		return p.reference(at, ref, s)
	}
	if s == parameterShape && at.value.Get("in").Text() == "formData" {
		return nil // a form needs no header that a page would have to ask for
	}
	out := map[string]any{}
	maps.Copy(out, s.fills)
	for key, value := range at.value.Fields() {
		if f, ok := s.fields[key.Text()]; ok {
			if value := p.field(place{at.in, key, value}, f); value != nil {
				out[key.Text()] = value
			}
		}
	}
	if s.marked {
		out[markKey] = len(p.marks)
		p.marks = append(p.marks, at)
	}
	return out
}

// reference copies a reference to where the library finds it, and otherwise what it refers to.
func (p *pruner) reference(at place, ref yamltree.Node, s *shape) map[string]any {
	target, err := p.target(at.in, ref.Text())
	if err != nil {
		p.gap(ref.Span(), "%v", err)
		return nil
	}
	if at.in == p.main && isComponent(ref.Text()) && target.value.Get("in").Text() != "formData" {
		return map[string]any{"$ref": ref.Text()}
	}
	name := target.in.path + "#" + ref.Text()
	if len(p.inside) == maxReferences || slices.Contains(p.inside, name) {
		p.gap(ref.Span(), "the reference %s leads back to itself", ref.Text())
		return nil
	}
	target.key = firstKey(at.key, target.key)
	p.inside = append(p.inside, name)
	out := p.object(target, s)
	p.inside = p.inside[:len(p.inside)-1]
	return out
}

// isComponent reports whether a reference names a part of the document that is there to be referred to, and copied.
func isComponent(ref string) bool {
	rest, ok := strings.CutPrefix(ref, "#/components/")
	if ok {
		_, rest, ok = strings.Cut(rest, "/")
	} else {
		for _, prefix := range [...]string{"#/parameters/", "#/responses/"} {
			if rest, ok = strings.CutPrefix(ref, prefix); ok {
				break
			}
		}
	}
	return ok && rest != "" && !strings.ContainsAny(rest, "/~%")
}

// field copies a field; nil when it is not there or not what it is to be.
func (p *pruner) field(at place, f field) any {
	switch f.form {
	case text:
		if isScalar(at.value) {
			return at.value.Text()
		}
	case flag:
		if value, ok := at.value.Bool(); ok {
			return value
		}
	case texts:
		if at.value.Kind() == yamltree.Sequence {
			return scalars(at.value)
		}
	case object:
		if out := p.object(at, f.shape); out != nil {
			return out
		}
	case list:
		out := []any{}
		for item := range at.value.Items() {
			if o := p.object(place{in: at.in, value: item}, f.shape); o != nil {
				out = append(out, o)
			}
		}
		return out
	case byName:
		return p.named(at, f.shape)
	case needed:
		return requirements(at.value)
	}
	return nil
}

// named copies the objects of a mapping.
func (p *pruner) named(at place, s *shape) any {
	out := map[string]any{}
	for key, value := range at.value.Fields() {
		name := key.Text()
		if s == pathShape && !strings.HasPrefix(name, "/") {
			continue // an extension, or nothing that can be asked for
		}
		if o := p.object(place{at.in, key, value}, s); o != nil {
			out[name] = o
		} else if s == anything || s == headerShape {
			out[name] = map[string]any{} // that it is named is enough
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// requirements copies security requirements. An empty list is not the same as none.
func requirements(n yamltree.Node) any {
	if n.Kind() != yamltree.Sequence {
		return nil
	}
	out := []any{}
	for item := range n.Items() {
		if item.Kind() != yamltree.Mapping {
			continue
		}
		names := map[string]any{}
		for key := range item.Fields() {
			names[key.Text()] = []string{}
		}
		out = append(out, names)
	}
	return out
}

func isScalar(n yamltree.Node) bool {
	switch n.Kind() {
	case yamltree.String, yamltree.Number, yamltree.Bool:
		return true
	case yamltree.Null, yamltree.Sequence, yamltree.Mapping:
	}
	return false
}

// scalars returns the scalars of a list.
func scalars(n yamltree.Node) []string {
	out := []string{}
	for item := range n.Items() {
		if isScalar(item) {
			out = append(out, item.Text())
		}
	}
	return out
}
