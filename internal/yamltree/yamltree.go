// Package yamltree reads YAML and JSON into trees that know where everything stands. It is the one place that knows the
// YAML library (go.yaml.in/yaml/v4, measured against its rivals: the only maintained one that neither loses positions
// nor dies of hostile input) and sets limits of its own: what has been parsed can be walked in bounded time and depth,
// aliases and merge keys included. It imports only source.
package yamltree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/corslint/corslint/internal/source"
	"go.yaml.in/yaml/v4"
)

// The limits of a file. The library needs about 3 µs and 250 bytes a node; the largest document in the wild that is
// worth reading, GitHub's OpenAPI description, has 13 MB and nests 40 deep.
const (
	maxSize  = 16 << 20  // bytes
	maxDepth = 200       // of nesting, through aliases
	maxNodes = 1_000_000 // with each alias counted as what it stands for
)

// Error is what is wrong with a file.
type Error struct {
	Span source.Span
	Text string
	// Limit reports that the file may well be right, and is not read for its size.
	Limit bool
}

func (e *Error) Error() string {
	p := e.Span.Position()
	return fmt.Sprintf("%s:%d:%d: %s", e.Span.Path(), p.Line, p.Column, e.Text)
}

// Stream is what a file holds.
type Stream struct {
	Documents []Node
	// Repeated are the mapping keys that have stood in their mapping before, in order. The last one counts, as it does
	// in JSON.
	Repeated []Node
}

// Parse reads a file. With an [*Error] it returns the documents before the one that is wrong.
func Parse(f *source.File) (*Stream, error) {
	if len(f.Data) <= maxSize && isJSON(f.Data) {
		return (&document{file: f}).parseJSON()
	}
	return parseYAML(f)
}

func parseYAML(f *source.File) (*Stream, error) {
	s := &Stream{}
	if err := check(f); err != nil {
		return s, err
	}
	d := &document{file: f, places: newPlaces(f.Data)}
	loader, err := yaml.NewLoader(bytes.NewReader(f.Data))
	if err != nil {
		return s, d.failure(err)
	}
	c := checker{document: d, sizes: map[*yaml.Node]extent{}}
	for {
		raw := &yaml.Node{}
		switch err := load(loader, raw); {
		case errors.Is(err, io.EOF):
			return s, nil
		case err != nil:
			return s, d.failure(err)
		}
		if _, err := c.check(raw, 0); err != nil {
			return s, err
		}
		if len(raw.Content) == 1 {
			s.Documents = append(s.Documents, Node{d, raw.Content[0]})
		}
		s.Repeated, c.repeated = append(s.Repeated, c.repeated...), nil
	}
}

// load keeps a bug of the library, which reads what strangers wrote, from ending the run.
func load(loader *yaml.Loader, into *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not readable: %v", p)
		}
	}()
	return loader.Load(into)
}

// check refuses UTF-16, in which the library reads other offsets than ours, and what would take too long, before the
// library sees it: every node but the first follows one of the counted bytes, in usual files every other one is followed
// by a node, and in prose they are rare.
func check(f *source.File) error {
	refuse := func(text string, limit bool) error {
		return &Error{Span: source.Span{File: f}, Text: text, Limit: limit}
	}
	switch {
	case bytes.HasPrefix(f.Data, []byte("\xff\xfe")), bytes.HasPrefix(f.Data, []byte("\xfe\xff")):
		return refuse("encoded in UTF-16; save it as UTF-8", false)
	case len(f.Data) > maxSize:
		return refuse(fmt.Sprintf("larger than %d MB", maxSize>>20), true)
	}
	n := 0
	for _, mark := range []string{",", ":", "[", "{", "\n", "- ", "? "} {
		n += bytes.Count(f.Data, []byte(mark))
	}
	if n > 2*maxNodes {
		return refuse(fmt.Sprintf("more than %d values", maxNodes), true)
	}
	return nil
}

// document is what the nodes of a file share.
type document struct {
	file   *source.File
	places places
	// offsets: the nodes hold byte offsets, and not lines and columns (see json.go).
	offsets bool
}

// failure translates an error of the library.
func (d *document) failure(err error) error {
	e := &Error{Text: "not YAML", Span: source.Span{File: d.file}}
	if le, ok := errors.AsType[*yaml.LoadError](err); ok {
		e.Text = le.Message
		if le.ContextMsg != "" {
			e.Text += " " + le.ContextMsg
		}
		if at := le.Mark; at.Line > 0 {
			e.Span.Start = d.places.offset(at.Line, at.Column)
		} else if le.Stage == yaml.ReaderStage {
			e.Span.Start = firstInvalid(d.file.Data)
		}
	}
	e.Span.End = min(e.Span.Start+1, len(d.file.Data))
	if e.Span.Text() == "\t" {
		e.Text = "a tab indents nothing in YAML; use spaces"
	}
	return e
}

// firstInvalid is the offset of the first byte that YAML allows nowhere: the library does not say where it is.
func firstInvalid(data []byte) int {
	for i, r := range string(data) {
		if r == '\uFFFD' && !bytes.HasPrefix(data[i:], []byte("\uFFFD")) || r < ' ' && !strings.ContainsRune("\t\n\r", r) || r == 0x7F {
			return i
		}
	}
	return 0
}

// checker makes sure that a document can be walked.
type checker struct {
	*document
	sizes    map[*yaml.Node]extent // of what has an anchor; zero while it is being looked at
	nodes    int                   // of the documents before and of this one, without aliases
	repeated []Node
}

// extent is the size of a tree with all aliases written out.
type extent struct{ nodes, depth int }

func (c *checker) check(n *yaml.Node, depth int) (extent, error) {
	if depth > maxDepth {
		return extent{}, c.limit(n, fmt.Sprintf("nested deeper than %d levels", maxDepth))
	}
	if n.Kind == yaml.AliasNode {
		return c.alias(n, depth)
	}
	if n.Anchor != "" {
		c.sizes[n] = extent{}
	}
	if c.nodes++; c.nodes > maxNodes {
		return extent{}, c.limit(n, fmt.Sprintf("more than %d values", maxNodes))
	}
	e := extent{nodes: 1}
	for _, child := range n.Content {
		inner, err := c.check(child, depth+1)
		if err != nil {
			return e, err
		}
		e.depth = max(e.depth, inner.depth+1)
		if e.nodes += inner.nodes; e.nodes > maxNodes {
			return e, c.limit(n, fmt.Sprintf("aliases stand for more than %d values", maxNodes))
		}
	}
	if n.Kind == yaml.MappingNode {
		c.repeated = append(c.repeated, repeatedKeys(c.document, n)...)
	}
	if n.Anchor != "" {
		c.sizes[n] = e
	}
	return e, nil
}

// alias returns the extent of what an alias stands for: it was looked at before, since an anchor comes before its
// aliases, or is being looked at, and then it would never end.
func (c *checker) alias(n *yaml.Node, depth int) (extent, error) {
	e := c.sizes[n.Alias]
	switch {
	case e.nodes == 0:
		return e, &Error{Span: Node{c.document, n}.Span(), Text: "the alias *" + n.Value + " stands inside what it stands for"}
	case depth+e.depth > maxDepth:
		return e, c.limit(n, fmt.Sprintf("nested deeper than %d levels through an alias", maxDepth))
	}
	return e, nil
}

// repeatedKeys returns the keys that a mapping has twice.
func repeatedKeys(d *document, n *yaml.Node) []Node {
	var repeated []Node
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := Node{d, n.Content[i]}
		if key.Kind() == Mapping || key.Kind() == Sequence || key.isMerge() {
			continue
		}
		if seen[key.Text()] {
			repeated = append(repeated, key)
		}
		seen[key.Text()] = true
	}
	return repeated
}

func (c *checker) limit(n *yaml.Node, text string) error {
	return &Error{Span: Node{c.document, n}.Span(), Text: text, Limit: true}
}
