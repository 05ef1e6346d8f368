// Package openapi reads API descriptions: Swagger 2.0 and OpenAPI 3, in YAML and JSON. What a document says about its
// operations becomes needs, since that is what clients will ask for; a document that also describes answers to preflights
// and Access-Control-* headers becomes a layer that answers as it says.
//
// The tree of nodes is read first, and all places are its. kin-openapi is what knows the format: it is given a copy without
// what has nothing to do with requests and headers, above all schemas and examples, and what it refuses becomes a gap.
package openapi

import (
	"bytes"
	"context"
	"errors"
	"path"
	"regexp"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers"
)

// Dialect is the dialect of OpenAPI documents.
type Dialect struct{}

var _ parsers.Dialect = Dialect{}

// Name returns "openapi".
func (Dialect) Name() string { return "openapi" }

// Candidate reports whether a path is that of a YAML or JSON file.
func (Dialect) Candidate(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".yml", ".yaml", ".json":
		base := path.Base(file)
		return base != ".corslint.yml" && base != "package.json" && base != "package-lock.json"
	}
	return false
}

// Reader returns a reader for the files of one tree.
func (Dialect) Reader(files parsers.Files) parsers.Reader { return reader{files} }

type reader struct{ files parsers.Files }

// version is a line that says which version of the format a document is written in, or in JSON what looks like one.
var version = regexp.MustCompile(`(?m)(^["']?|")(openapi|swagger)["']?[ \t]*:[ \t\r\n]*["']?[23]`)

// Scan recognises a file by its version.
func (reader) Scan(f *source.File) (parsers.Unit, bool) {
	if !bytes.Contains(f.Data, []byte("openapi")) && !bytes.Contains(f.Data, []byte("swagger")) {
		return parsers.Unit{}, false
	}
	return parsers.Unit{Path: f.Path}, version.Match(bytes.TrimPrefix(f.Data, []byte("\uFEFF")))
}

// Load reads a document.
func (r reader) Load(_ context.Context, u parsers.Unit) parsers.Result {
	f, err := r.files.Open(u.Path)
	if err != nil {
		return parsers.Result{}
	}
	stream, err := yamltree.Parse(f)
	if err != nil && len(stream.Documents) == 0 {
		return parsers.Result{Files: []*source.File{f}, Problems: []parsers.Problem{unreadable(f, err)}}
	}
	if len(stream.Documents) == 0 {
		return parsers.Result{}
	}
	d := newDocument(r.files, f, stream.Documents[0])
	if d.generation == 0 {
		return parsers.Result{}
	}
	for _, key := range stream.Repeated {
		d.gap(key.Span(), "%q stands here a second time; the last one counts", key.Text())
	}
	result := d.read()
	if err != nil {
		result.Problems = append(result.Problems, unreadable(f, err))
	}
	return result
}

// unreadable says what is wrong with a file.
func unreadable(f *source.File, err error) parsers.Problem {
	p := parsers.Problem{Kind: parsers.Unreadable, Span: source.Span{File: f}, Text: err.Error()}
	if at, ok := errors.AsType[*yamltree.Error](err); ok {
		p.Span, p.Text = at.Span, at.Text
		if at.Limit {
			p.Kind = parsers.Skipped
		}
	}
	return p
}

// read makes needs and answers of a document.
func (d *document) read() parsers.Result {
	var result parsers.Result
	api, err := d.load()
	if err != nil {
		d.gap(d.version.Span(), "%v; only the paths and methods of this document are read", err)
		result.Needs = d.plain()
	} else {
		result.Needs = d.needs(api)
		if host := d.host(api); host != nil {
			result.Hosts = []*policy.Host{host}
		}
	}
	result.Gaps = d.gaps
	for _, f := range d.files {
		if f != nil && f.file != nil {
			result.Files = append(result.Files, f.file)
		}
	}
	return result
}
