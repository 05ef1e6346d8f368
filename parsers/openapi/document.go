package openapi

import (
	"fmt"
	"path"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers"
)

// The limits of what a document refers to.
const (
	maxReferences = 20  // that lead from one to the next, or stand in each other
	maxFiles      = 200 // that are read for a document
	maxGaps       = 100
)

// document is an OpenAPI document with the files that it refers to.
type document struct {
	open       parsers.Files
	main       *file
	files      []*file // in the order in which they were met; the document's own is the first
	generation int     // 2 for Swagger 2.0, 3 for OpenAPI 3, 0 for what is neither
	version    yamltree.Node
	gateway    bool // it holds the extensions of API Gateway, whose dialect knows what it answers
	marks      []place
	gaps       []policy.Gap
}

// file is a file of a document.
type file struct {
	path string
	file *source.File // nil: it cannot be read
	root yamltree.Node
}

// place is a value with the key that leads to it, and the file whose references it follows. The key of an item is zero.
type place struct {
	in         *file
	key, value yamltree.Node
}

// span is a small span that names the place: its key, or the URL of a server, which has none.
func (p place) span() source.Span {
	if !p.key.IsZero() {
		return p.key.Span()
	}
	if n := p.value.Get("url"); !n.IsZero() {
		return n.Span()
	}
	return p.value.Span()
}

// get returns a field.
func (p place) get(name string) place {
	key, value := p.value.Field(name)
	return place{p.in, key, value}
}

// known reports whether there is a value.
func (p place) known() bool { return !p.value.IsZero() }

func newDocument(open parsers.Files, f *source.File, root yamltree.Node) *document {
	d := &document{open: open, main: &file{path: f.Path, file: f, root: root}}
	d.files = []*file{d.main}
	for key, value := range root.Fields() {
		name := key.Text()
		switch {
		case name == "swagger" && strings.HasPrefix(value.Text(), "2"):
			d.generation, d.version = 2, value
		case name == "openapi" && strings.HasPrefix(value.Text(), "3"):
			d.generation, d.version = 3, value
		}
		d.gateway = d.gateway || strings.HasPrefix(name, gatewayExtension)
	}
	return d
}

// gatewayExtension is what the names of API Gateway's extensions begin with.
const gatewayExtension = "x-amazon-apigateway-"

func (d *document) gap(at source.Span, format string, args ...any) {
	if len(d.gaps) < maxGaps {
		d.gaps = append(d.gaps, policy.Gap{Span: at, Why: fmt.Sprintf(format, args...)})
	}
}

// follow returns what a value refers to, at the end of all references; it is the value itself when it refers to nothing, and
// unknown when a reference leads nowhere.
func (d *document) follow(p place) place {
	for range maxReferences {
		ref := p.value.Get("$ref")
		if ref.Kind() != yamltree.String {
			return p
		}
		target, err := d.target(p.in, ref.Text())
		if err != nil {
			d.gap(ref.Span(), "%v", err)
			return place{}
		}
		target.key = firstKey(target.key, p.key)
		p = target
	}
	d.gap(p.value.Get("$ref").Span(), "more than %d references lead from one to the next", maxReferences)
	return place{}
}

// firstKey is the first of two keys that is there.
func firstKey(a, b yamltree.Node) yamltree.Node {
	if a.IsZero() {
		return b
	}
	return a
}

// target returns what a reference in a file names.
func (d *document) target(from *file, ref string) (place, error) {
	name, fragment, _ := strings.Cut(ref, "#")
	in := from
	if name != "" {
		var err error
		if in, err = d.file(from, name); err != nil {
			return place{}, err
		}
	}
	p := place{in: in, value: in.root}
	if fragment != "" {
		p.key, p.value = in.root.Lookup(unescape(fragment))
	}
	if !p.known() {
		return place{}, fmt.Errorf("the reference %s leads nowhere", ref)
	}
	return p, nil
}

// unescape undoes the percent-encoding of a fragment (RFC 6901, section 6); what is no encoding stays.
func unescape(fragment string) string {
	return strings.NewReplacer("%7B", "{", "%7b", "{", "%7D", "}", "%7d", "}", "%20", " ", "%24", "$", "%25", "%").Replace(fragment)
}

// file returns a file that another one names, relative to itself and below the root of the project.
func (d *document) file(from *file, name string) (*file, error) {
	if strings.Contains(name, "://") || strings.HasPrefix(name, "//") {
		return nil, fmt.Errorf("the reference to %s leads to the network, and is not followed", name)
	}
	to := path.Join(path.Dir(from.path), unescape(name))
	if path.IsAbs(name) || to == ".." || strings.HasPrefix(to, "../") {
		return nil, fmt.Errorf("the reference to %s leads out of the project, and is not followed", name)
	}
	for _, f := range d.files {
		if f.path == to {
			return f, f.problem()
		}
	}
	if len(d.files) == maxFiles {
		return nil, fmt.Errorf("the document refers to more than %d files; %s is not read", maxFiles, to)
	}
	f := &file{path: to}
	d.files = append(d.files, f)
	if text, err := d.open.Open(to); err == nil {
		if stream, err := yamltree.Parse(text); err == nil && len(stream.Documents) > 0 {
			f.file, f.root = text, stream.Documents[0]
		}
	}
	return f, f.problem()
}

func (f *file) problem() error {
	if f.file == nil {
		return fmt.Errorf("%s cannot be read", f.path)
	}
	return nil
}
