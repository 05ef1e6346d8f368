package yamltree

import (
	"iter"
	"strconv"
	"strings"

	"github.com/corslint/corslint/internal/source"
	"go.yaml.in/yaml/v4"
)

// Kind is what a node is. The zero Kind is that of the zero Node.
type Kind uint8

// The kinds.
const (
	Null Kind = iota + 1
	Bool
	Number
	String // also timestamps and binaries, and a scalar with a tag of its own
	Sequence
	Mapping
)

func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case Sequence:
		return "list"
	case Mapping:
		return "mapping"
	}
	return "nothing"
}

// Node is a value of a document. Aliases are what they stand for, but keep their own place. The zero Node is no value;
// all methods may be called on it.
type Node struct {
	doc *document
	raw *yaml.Node
}

// IsZero reports whether the node is no value.
func (n Node) IsZero() bool { return n.raw == nil }

// value is the node that an alias stands for. The library knows no alias of an alias.
func (n Node) value() *yaml.Node {
	if n.raw != nil && n.raw.Kind == yaml.AliasNode {
		return n.raw.Alias
	}
	return n.raw
}

// Kind returns what the node is.
func (n Node) Kind() Kind {
	raw := n.value()
	switch {
	case raw == nil:
		return 0
	case raw.Kind == yaml.MappingNode:
		return Mapping
	case raw.Kind == yaml.SequenceNode:
		return Sequence
	}
	switch raw.ShortTag() {
	case "!!null":
		return Null
	case "!!bool":
		return Bool
	case "!!int", "!!float":
		return Number
	}
	return String
}

// Tag returns a tag that the application defines, such as "!Sub"; "" for the tags of YAML itself.
func (n Node) Tag() string {
	if raw := n.value(); raw != nil && !strings.HasPrefix(raw.ShortTag(), "!!") {
		return raw.ShortTag()
	}
	return ""
}

// Text returns a scalar's value without quotes and escapes, and numbers as they are written; "" for a list or mapping.
func (n Node) Text() string {
	if raw := n.value(); raw != nil && raw.Kind == yaml.ScalarNode {
		return raw.Value
	}
	return ""
}

// Bool returns the value of a boolean.
func (n Node) Bool() (value, ok bool) {
	if n.Kind() != Bool {
		return false, false
	}
	return strings.EqualFold(n.Text(), "true"), true
}

// Items yields the elements of a list; none for anything else.
func (n Node) Items() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if n.Kind() != Sequence {
			return
		}
		for _, item := range n.value().Content {
			if !yield(Node{n.doc, item}) {
				return
			}
		}
	}
}

// Fields yields the keys and values of a mapping in the order of the text, each key once: of a repeated key the last,
// and what a merge key (<<) brings in after the mapping's own.
func (n Node) Fields() iter.Seq2[Node, Node] {
	return func(yield func(Node, Node) bool) {
		if n.Kind() == Mapping {
			n.fields(map[string]bool{}, yield)
		}
	}
}

// fields yields the fields that are not in seen, and adds them to it.
func (n Node) fields(seen map[string]bool, yield func(Node, Node) bool) bool {
	content := n.value().Content
	last := make(map[string]int, len(content)/2)
	for i := 0; i+1 < len(content); i += 2 {
		last[n.at(content, i).name()] = i
	}
	var merged []Node
	for i := 0; i+1 < len(content); i += 2 {
		key, value := n.at(content, i), n.at(content, i+1)
		name := key.name()
		switch {
		case key.isMerge():
			merged = append(merged, value)
		case last[name] != i || seen[name]:
		default:
			seen[name] = true
			if !yield(key, value) {
				return false
			}
		}
	}
	for _, m := range merged {
		if !m.merge(seen, yield) {
			return false
		}
	}
	return true
}

// merge yields the fields of a merge key's value: a mapping or a list of mappings.
func (n Node) merge(seen map[string]bool, yield func(Node, Node) bool) bool {
	if n.Kind() == Mapping {
		return n.fields(seen, yield)
	}
	for item := range n.Items() {
		if item.Kind() == Mapping && !item.fields(seen, yield) {
			return false
		}
	}
	return true
}

func (n Node) at(content []*yaml.Node, i int) Node { return Node{n.doc, content[i]} }

// isMerge reports whether a key is an unquoted <<.
func (n Node) isMerge() bool { return n.raw.Kind == yaml.ScalarNode && n.raw.ShortTag() == "!!merge" }

// name is what keys are compared by: the text of a scalar, and of a list or mapping, which is unlike any other, where it
// stands.
func (n Node) name() string {
	if k := n.Kind(); k == Sequence || k == Mapping {
		return "\x00" + strconv.Itoa(n.raw.Line) + ":" + strconv.Itoa(n.raw.Column)
	}
	return n.Text()
}

// Get returns the value of a mapping's key, the zero Node if there is none.
func (n Node) Get(key string) Node {
	_, value := n.Field(key)
	return value
}

// Field returns a mapping's key and its value, zero Nodes if there is none.
func (n Node) Field(name string) (key, value Node) {
	if n.Kind() != Mapping {
		return Node{}, Node{}
	}
	content := n.value().Content
	for i := len(content) - 2; i >= 0; i -= 2 {
		if key := n.at(content, i); !key.isMerge() && key.name() == name {
			return key, n.at(content, i+1)
		}
	}
	for i := 0; i+1 < len(content); i += 2 {
		if !n.at(content, i).isMerge() {
			continue
		}
		merged := n.at(content, i+1)
		if key, value = merged.Field(name); !key.IsZero() {
			return key, value
		}
		for item := range merged.Items() {
			if key, value = item.Field(name); !key.IsZero() {
				return key, value
			}
		}
	}
	return Node{}, Node{}
}

// Lookup follows a JSON pointer (RFC 6901) and returns the key that leads to the last step, zero in a list, and the
// value; zero Nodes if the pointer leads nowhere.
func (n Node) Lookup(pointer string) (key, value Node) {
	value = n
	if pointer == "" {
		return Node{}, value
	}
	if pointer[0] != '/' {
		return Node{}, Node{}
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for step := range strings.SplitSeq(pointer[1:], "/") {
		step = unescape.Replace(step)
		if value.Kind() == Sequence {
			key, value = Node{}, value.index(step)
		} else {
			key, value = value.Field(step)
		}
	}
	return key, value
}

// index returns the element of a list with a decimal index.
func (n Node) index(step string) Node {
	i, err := strconv.Atoi(step)
	if content := n.value().Content; err == nil && 0 <= i && i < len(content) && strconv.Itoa(i) == step {
		return Node{n.doc, content[i]}
	}
	return Node{}
}

// Plain returns the value as encoding/json would: map[string]any, []any, string, float64, bool and nil. What JSON has
// not, timestamps, binaries and numbers like .inf, are strings as they are written.
func (n Node) Plain() any {
	switch n.Kind() {
	case Mapping:
		m := map[string]any{}
		for key, value := range n.Fields() {
			m[key.name()] = value.Plain()
		}
		return m
	case Sequence:
		list := []any{}
		for item := range n.Items() {
			list = append(list, item.Plain())
		}
		return list
	case Bool:
		b, _ := n.Bool()
		return b
	case Number:
		if f, ok := n.number(); ok {
			return f
		}
		return n.Text()
	case String:
		return n.Text()
	case Null:
		return nil
	}
	return nil
}

// number reads what YAML calls a number.
func (n Node) number() (float64, bool) {
	text := strings.ReplaceAll(n.Text(), "_", "")
	if i, err := strconv.ParseInt(text, 0, 64); err == nil {
		return float64(i), true
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// Span returns where the node stands: a scalar with its quotes, a block scalar with its header, a list or mapping up to
// the end of its last value or its closing bracket. A tag and an anchor before the value are part of it.
func (n Node) Span() source.Span {
	if n.raw == nil {
		return source.Span{}
	}
	start, end := n.doc.extent(n.raw)
	return source.Span{File: n.doc.file, Start: start, End: end}
}
