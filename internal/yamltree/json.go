package yamltree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// JSON is read without the YAML library, into nodes of the same type: an exported API description of 13 MB takes seconds
// there, and surrogate pairs and "\/" mean other things. encoding/json says what is JSON, so that the walk over it meets
// nothing unexpected.

// isJSON reports whether a file is one JSON text (RFC 8259), an object or array. What only begins like one, flow style or a
// truncated file, is YAML.
func isJSON(data []byte) bool {
	text := bytes.TrimLeft(withoutMark(data), " \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[') && utf8.Valid(text) && json.Valid(text)
}

// withoutMark drops a byte order mark.
func withoutMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\uFEFF")) }

// jsonReader makes the nodes of a valid JSON text. In them Line and Column are the byte offsets of the start and the end.
type jsonReader struct {
	*document
	text     string // of the file
	at       int
	nodes    int
	spare    []yaml.Node // allocated together, since there are many
	repeated []Node
}

// parseJSON reads a file that isJSON.
func (d *document) parseJSON() (*Stream, error) {
	d.offsets = true
	text := string(d.file.Data)
	r := jsonReader{document: d, text: text, at: len(text) - len(withoutMark(d.file.Data))}
	root, err := r.value(1)
	if err != nil {
		return &Stream{}, err
	}
	return &Stream{Documents: []Node{{d, root}}, Repeated: r.repeated}, nil
}

// skip moves to where the next value begins, or the current one ends, and returns the byte there.
func (r *jsonReader) skip() byte {
	for strings.IndexByte(" \t\r\n,:", r.text[r.at]) >= 0 {
		r.at++
	}
	return r.text[r.at]
}

func (r *jsonReader) node(kind yaml.Kind, tag string) *yaml.Node {
	if len(r.spare) == 0 {
		r.spare = make([]yaml.Node, 128)
	}
	n := &r.spare[0]
	r.spare = r.spare[1:]
	n.Kind, n.Tag, n.Line = kind, tag, r.at
	return n
}

// value reads the value that comes next.
func (r *jsonReader) value(depth int) (*yaml.Node, error) {
	c := r.skip()
	if r.nodes++; r.nodes > maxNodes {
		return nil, r.limit(fmt.Sprintf("more than %d values", maxNodes))
	}
	if depth > maxDepth {
		return nil, r.limit(fmt.Sprintf("nested deeper than %d levels", maxDepth))
	}
	switch c {
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case '"':
		return r.string(), nil
	}
	n := r.node(yaml.ScalarNode, "")
	end := strings.IndexAny(r.text[r.at:], " \t\r\n,]}")
	if end < 0 {
		end = len(r.text) - r.at
	}
	n.Value = r.text[r.at : r.at+end]
	switch {
	case c == 'n':
		n.Tag = "!!null"
	case c == 't' || c == 'f':
		n.Tag = "!!bool"
	case strings.ContainsAny(n.Value, ".eE"):
		n.Tag = "!!float"
	default:
		n.Tag = "!!int"
	}
	r.at += end
	n.Column = r.at
	return n, nil
}

func (r *jsonReader) array(depth int) (*yaml.Node, error) {
	n := r.node(yaml.SequenceNode, "!!seq")
	for r.at++; r.skip() != ']'; {
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, item)
	}
	r.at++
	n.Column = r.at
	return n, nil
}

func (r *jsonReader) object(depth int) (*yaml.Node, error) {
	n := r.node(yaml.MappingNode, "!!map")
	for r.at++; r.skip() != '}'; {
		key := r.string()
		if r.nodes++; r.nodes > maxNodes {
			return nil, r.limit(fmt.Sprintf("more than %d values", maxNodes))
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, key, value)
	}
	r.at++
	n.Column = r.at
	r.repeated = append(r.repeated, repeatedKeys(r.document, n)...)
	return n, nil
}

// string reads a string. Most have no escapes and are parts of the text.
func (r *jsonReader) string() *yaml.Node {
	n := r.node(yaml.ScalarNode, "!!str")
	start, escapes := r.at, false
	for r.at++; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			r.at++
			escapes = true
		}
	}
	r.at++
	n.Column = r.at
	n.Value = r.text[start+1 : r.at-1]
	if escapes {
		_ = json.Unmarshal([]byte(r.text[start:r.at]), &n.Value) // it is valid
	}
	return n
}

func (r *jsonReader) limit(text string) error {
	n := yaml.Node{Kind: yaml.ScalarNode, Line: r.at, Column: min(r.at+1, len(r.text))}
	return &Error{Span: Node{r.document, &n}.Span(), Text: text, Limit: true}
}
