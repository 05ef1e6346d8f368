// Package apigateway reads how AWS services answer cross-origin requests: API Gateway's REST and HTTP APIs, function URLs,
// buckets, distributions and load balancers, as they are written in OpenAPI exports, CloudFormation, SAM, Serverless and
// Terraform files, and lowers them to the policy model.
//
// It has three layers: the package template below this one resolves the expressions of a file; a file for each format
// fills one model of the services (model.go); a file for each service lowers that to a program. docs/formats/apigateway.md
// says what is read and where each behaviour comes from.
package apigateway

import (
	"context"
	"errors"
	"path"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// Dialect is the dialect of AWS templates and API Gateway's exports.
type Dialect struct {
	// Functions returns what reads the code of functions in a tree; nil: what they answer is not known.
	Functions func(parsers.Files) parsers.Functions
}

var _ parsers.Dialect = Dialect{}

// Name returns "apigateway".
func (Dialect) Name() string { return "apigateway" }

// Candidate reports whether a path is that of a YAML, JSON or Terraform file.
func (Dialect) Candidate(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".yml", ".yaml", ".json", ".template", ".tf":
		return true
	}
	return false
}

// Reader returns a reader for the files of one tree.
func (d Dialect) Reader(files parsers.Files) parsers.Reader { return reader{files, d} }

type reader struct {
	files   parsers.Files
	dialect Dialect
}

// Scan recognises a file by its own marks, without parsing it. The .tf files of a folder are one module: the first that
// is recognised stands for all that follow it.
func (l reader) Scan(f *source.File) (parsers.Unit, bool) {
	u := parsers.Unit{Path: f.Path}
	as := recognise(f)
	if as == terraformModule {
		dir := strings.TrimPrefix(path.Dir(f.Path), ".")
		for _, name := range l.files.Paths(dir) {
			if path.Ext(name) == ".tf" && path.Dir(name) == path.Dir(f.Path) && name > f.Path {
				u.Includes = append(u.Includes, name)
			}
		}
	}
	return u, as != notOurs
}

// Load reads a template or document.
func (l reader) Load(ctx context.Context, u parsers.Unit) parsers.Result {
	f, err := l.files.Open(u.Path)
	if err != nil {
		return parsers.Result{}
	}
	r := &reading{files: l.files, file: f, opened: []*source.File{f}}
	r.functions = functions{byName: map[string]parsers.Function{}, read: l.dialect.reads(ctx, l.files), code: map[string]parsers.Result{}}
	r.read(recognise(f))
	host := &policy.Host{Name: "AWS", Dialect: "apigateway", Span: source.Span{File: f}}
	host.Layers = r.lower()
	host.Gaps = r.gaps
	for _, opened := range r.opened {
		r.comments = append(r.comments, remarks(opened)...)
	}
	result := parsers.Result{Problems: r.problems, Files: r.opened, Comments: r.comments}
	r.functions.result(&result)
	if len(host.Layers) > 0 || len(host.Gaps) > 0 {
		result.Hosts = []*policy.Host{host}
	}
	return result
}

// read reads the unit in the format that it was recognised as.
func (r *reading) read(as format) {
	switch as {
	case notOurs:
	case terraformModule:
		r.terraform()
	case anotherGateway:
		r.otherGateways()
	case cloudFormationTemplate:
		r.documents(r.cloudFormation)
	case serverlessService:
		r.documents(r.serverlessFramework)
	case openAPIDocument:
		r.documents(r.openAPI)
	}
}

// documents reads each document of the unit.
func (r *reading) documents(read func(root yamltree.Node)) {
	stream, err := yamltree.Parse(r.file)
	if err != nil {
		r.unreadable(err)
	}
	for _, root := range stream.Documents {
		read(root)
	}
}

// unreadable notes why a file cannot be read, be it in part.
func (r *reading) unreadable(err error) {
	p := parsers.Problem{Kind: parsers.Unreadable, Span: source.Span{File: r.file}, Text: err.Error()}
	if at, ok := errors.AsType[*yamltree.Error](err); ok {
		p.Span, p.Text = at.Span, at.Text
		if at.Limit {
			p.Kind = parsers.Skipped
		}
	}
	r.problems = append(r.problems, p)
}

// openAPI reads a document that stands on its own.
func (r *reading) openAPI(root yamltree.Node) {
	v := template.NewCloudFormation(root).Root() // documents that templates include have intrinsic functions in them
	d := r.document(v)
	key, title := root.Field("openapi")
	if key.IsZero() {
		key, title = root.Field("swagger")
	}
	if key.IsZero() {
		return
	}
	name := v.Get("info", "title").Word()
	if name == "" {
		name = title.Text()
	}
	if d.isHTTP() {
		api := &httpAPI{name: name, span: key.Span()}
		d.http(api)
		r.out.http = append(r.out.http, api)
		return
	}
	api := &restAPI{name: name, span: key.Span(), imported: true}
	d.rest(api)
	r.out.rest = append(r.out.rest, api)
}

// cleanPath resolves "." and ".." in a path.
func cleanPath(name string) string { return path.Clean(name) }
