package openapi

import (
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/corslint/corslint/internal/yamltree"
)

// This file finds values: what a parameter or a documented header can look like.

// example returns a path that the operation's template stands for.
func (d *document) example(o operation) string {
	values := map[string]string{}
	for _, p := range o.parameters() {
		if p.In != openapi3.ParameterInPath {
			continue
		}
		if at, ok := d.mark(p.Extensions); ok {
			values[p.Name] = d.pathExample(at)
		}
	}
	return fillTemplate(o.path, values)
}

// fillTemplate puts values in place of the parameters of a path; one without gets a value that most patterns take.
func fillTemplate(template string, values map[string]string) string {
	var b strings.Builder
	for {
		before, rest, open := strings.Cut(template, "{")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !open || !closed {
			b.WriteString(rest)
			return b.String()
		}
		value := values[strings.TrimRight(name, "+*")]
		if value == "" {
			value = "1"
		}
		b.WriteString(value)
		template = after
	}
}

// pathExample returns a value of a path parameter: one that the document gives, if it can stand in a path as it is.
func (d *document) pathExample(p place) string {
	value, _ := d.value(p)
	text := value.Text()
	if text != "" && len(text) <= 64 && strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~") == "" && strings.Trim(text, ".") != "" {
		return text
	}
	format := p.value.Get("format").Text() // Swagger 2.0
	if schema := d.follow(p.get("schema")); schema.known() {
		format = schema.value.Get("format").Text()
	}
	switch format {
	case "uuid":
		return "00000000-0000-4000-8000-000000000000"
	case "date":
		return "2020-01-01"
	}
	return "1"
}

// value returns the value that a document gives for a parameter or header: an example, a default, a constant or the first
// that is allowed; false when it gives none.
func (d *document) value(p place) (yamltree.Node, bool) {
	schema := place{}
	if s := p.get("schema"); s.known() {
		schema = d.follow(s)
	}
	for _, name := range [...]string{"example", "x-example"} {
		if n := p.value.Get(name); isScalar(n) {
			return n, true
		}
	}
	for _, example := range p.value.Get("examples").Fields() {
		if n := d.follow(place{in: p.in, value: example}).value.Get("value"); isScalar(n) {
			return n, true
		}
	}
	for _, at := range [...]yamltree.Node{p.value, schema.value} { // Swagger 2.0 writes them without a schema
		for _, name := range [...]string{"const", "default", "example"} {
			if n := at.Get(name); isScalar(n) {
				return n, true
			}
		}
		for _, name := range [...]string{"enum", "examples"} {
			for n := range at.Get(name).Items() {
				if isScalar(n) {
					return n, true
				}
			}
		}
	}
	return yamltree.Node{}, false
}
