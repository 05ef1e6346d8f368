package template

import (
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

// reader makes values of the nodes of one file.
type reader struct {
	// resolve gives the value of a node that is an expression of the dialect, nil or false for all others.
	resolve func(n yamltree.Node) (Value, bool)
	// scalar gives the text of a plain string, nil when it is what it says.
	scalar func(text string, at source.Span) Value
	// file is the file that spans are reported in, when that is not the one that was parsed: text inside another file.
	file *source.File
}

// Plain returns a node's value in a document without any expressions.
func Plain(n yamltree.Node) Value { return reader{}.value(n) }

// Embedded returns the value of a document that was parsed from a part of another file, at the same offsets.
func Embedded(n yamltree.Node, in *source.File) Value { return reader{file: in}.value(n) }

func (r reader) span(n yamltree.Node) source.Span {
	s := n.Span()
	if r.file != nil && s.File != nil {
		s.File = r.file
	}
	return s
}

func (r reader) value(n yamltree.Node) Value {
	if n.IsZero() {
		return Value{}
	}
	if r.resolve != nil {
		if v, ok := r.resolve(n); ok {
			return v
		}
	}
	v := Value{Span: r.span(n), text: policy.Literal(n.Text())}
	switch n.Kind() {
	case yamltree.Null:
		v.Kind = Null
	case yamltree.Bool:
		v.Kind = Bool
	case yamltree.Number:
		v.Kind = Number
	case yamltree.String:
		if r.scalar != nil {
			return r.scalar(n.Text(), v.Span)
		}
		v.Kind = String
	case yamltree.Sequence:
		v.Kind, v.deep = List, nodes{r, n}
	case yamltree.Mapping:
		v.Kind, v.deep = Map, nodes{r, n}
	}
	return v
}

// nodes is a list or map of a document.
type nodes struct {
	reader
	node yamltree.Node
}

func (d nodes) items() []Value {
	var out []Value
	for item := range d.node.Items() {
		if v := d.value(item); v.Kind != 0 {
			out = append(out, v)
		}
	}
	return out
}

func (d nodes) fields() []Field {
	var out []Field
	for key, value := range d.node.Fields() {
		if v := d.value(value); v.Kind != 0 {
			out = append(out, Field{Key: key.Text(), Span: d.span(key), Value: v})
		}
	}
	return out
}

func (d nodes) field(name string) (Field, bool) {
	key, value := d.node.Field(name)
	v := d.value(value)
	return Field{Key: name, Span: d.span(key), Value: v}, v.Kind != 0
}
