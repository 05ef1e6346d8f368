package client

import (
	"slices"
	"strings"

	"github.com/dop251/goja/ast"

	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
)

// kind says what a value is.
type kind uint8

const (
	unknown  kind = iota
	missing       // undefined or null
	truth         // a boolean
	text          // a string, of which parts may not be known
	object        // also Headers, URLSearchParams and what else has named parts
	list          // an array
	callable      // a function of the project
	instance      // of a class of the project
	class         //
	external      // what a package exports, or the browser itself
	library       // what sends requests: axios, an instance of it, ky
	project       // a module of the project
	formData      // a body that says itself what it is
)

// value is one thing that an expression may be.
type value struct {
	kind   kind
	at     place // that gives it
	truth  bool
	pieces []piece
	props  []property
	// open: there may be more properties than are known.
	open  bool
	items []*later
	fn    *function
	frame *frame // in which the function was made
	class *ast.ClassLiteral
	this  *value
	name  string // of an external: "axios", "axios.default"
	sends *sender
	mod   *module
	// unset: a variable that is not set in all modes of a build.
	unset bool
}

// values are what an expression may be, one of them.
type values []value

// property is a property of an object.
type property struct {
	name  string
	value *later
	at    place
	maybe bool // it is not always there
}

// later are values that are found out when somebody asks for them: most parts of an object nobody does.
type later struct {
	values values
	find   func() values // nil when they are found
}

func now(v ...value) *later { return &later{values: v} }

func (l *later) get() values {
	if l == nil {
		return nil
	}
	if find := l.find; find != nil {
		l.find = nil // what depends on itself has no value
		l.values = find()
	}
	return l.values
}

// piece is a part of a text: literal, or what nobody knows with a name for people.
type piece struct {
	text string
	hole string
	// parameter is the function whose parameter the hole is, if it is one.
	parameter *function
	own       bool // the page's own origin, or a part of it
	at        place
}

// place is where something is written.
type place struct {
	module *module
	node   ast.Node
	direct source.Span
}

// span returns the place in the original file.
func (p place) span() source.Span {
	if p.module == nil || p.node == nil {
		return p.direct
	}
	at := p.module.script.Span(script.RangeOf(p.node))
	if at.IsZero() {
		return p.direct
	}
	return at
}

func literal(s string, at place) value {
	return value{kind: text, pieces: []piece{{text: s, at: at}}, at: at}
}

// hole is a text that nobody knows.
func hole(name string, at place) value {
	return value{kind: unknown, pieces: []piece{{hole: name, at: at}}, at: at}
}

// known returns a text all of which is known.
func (v *value) known() (string, bool) {
	if v.kind != text {
		return "", false
	}
	var b strings.Builder
	for _, p := range v.pieces {
		if p.hole != "" {
			return "", false
		}
		b.WriteString(p.text)
	}
	return b.String(), true
}

// template returns a text with its holes in braces.
func (v *value) template() string {
	var b strings.Builder
	for _, p := range v.pieces {
		if p.hole != "" {
			b.WriteString("{" + p.hole + "}")
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// asText returns a value as a part of a text.
func (v *value) asText(name string, at place) []piece {
	switch v.kind {
	case text:
		return v.pieces
	case truth:
		if v.truth {
			return []piece{{text: "true", at: at}}
		}
		return []piece{{text: "false", at: at}}
	default: // nobody means "undefined" in a text
		if len(v.pieces) == 1 {
			return v.pieces
		}
		return []piece{{hole: name, at: at}}
	}
}

// get returns a property of an object; found is false where it has none.
func (v *value) get(name string) (p property, found bool) {
	i := slices.IndexFunc(v.props, func(p property) bool { return p.name == name })
	if i < 0 {
		return property{}, false
	}
	return v.props[i], true
}

// set returns the properties of an object with one more; the slice is a new one.
func set(props []property, p property) []property {
	out := slices.Clone(props)
	if i := slices.IndexFunc(out, func(q property) bool { return q.name == p.name }); i >= 0 {
		if p.maybe { // either of both
			p.value = now(limit(slices.Concat(out[i].value.get(), p.value.get()))...)
			p.maybe = out[i].maybe
		}
		out[i] = p
		return out
	}
	return append(out, p)
}

// truthy says whether a value counts as true: yes, no, or nobody knows.
func (v *value) truthy() (yes, known bool) {
	switch v.kind {
	case missing:
		return false, true
	case truth:
		return v.truth, true
	case text:
		s, ok := v.known()
		if ok {
			return s != "", true
		}
		return true, slices.ContainsFunc(v.pieces, func(p piece) bool { return p.text != "" })
	case object, list, callable, instance, class, library, project, formData:
		return true, true
	case unknown, external:
	}
	return false, false
}

// maxAlternatives bounds how many things an expression may be.
const maxAlternatives = 8

// limit leaves out what is there twice, and what is too much.
func limit(all values) values {
	var out values
	for i := range all {
		v := &all[i]
		if slices.ContainsFunc(out, func(w value) bool { return w.same(v) }) {
			continue
		}
		if out = append(out, *v); len(out) == maxAlternatives {
			break
		}
	}
	return out
}

// same reports whether two values are plainly the same.
func (v *value) same(w *value) bool {
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case missing:
		return true
	case truth:
		return v.truth == w.truth
	case text, unknown:
		return len(v.pieces) == len(w.pieces) && v.template() == w.template() && slices.EqualFunc(v.pieces, w.pieces, func(a, b piece) bool {
			return a.parameter == b.parameter && a.own == b.own && (a.hole == "") == (b.hole == "")
		})
	case object, list, callable, instance, class, external, library, project, formData:
	}
	return false
}

// sender is what sends requests, with what it adds to each.
type sender struct {
	library string // "axios", "ky", "superagent", "fetch", "http" (Angular)
	config  values // what it was made with
	open    bool   // and more that is not known
	// headers are those that an interceptor adds.
	headers     []property
	credentials bool // an interceptor says so
	base        values
}
