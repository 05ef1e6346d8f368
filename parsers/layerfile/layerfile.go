// Package layerfile reads layers that are declared by hand: a YAML file that says what a server answers which corslint
// cannot read. It is a dialect like any other; docs/schema/layer.schema.json describes it.
//
//	corslint: layer/v1
//	name: billing
//	serves: [billing, "10.0.0.7:8080"]   # left out: whatever is forwarded to it
//	answers:                             # the first that matches answers
//	  - when: { methods: [OPTIONS], path: /api/ }
//	    status: 204
//	    headers: { Access-Control-Allow-Origin: "${origin}", Vary: Origin }
//	  - status: 200
package layerfile

import (
	"bytes"
	"context"
	"path"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// mark is what the file's first key says, and what makes it a layer file.
const mark = "layer/v1"

// Dialect is the dialect of declared layers.
type Dialect struct{}

var _ parsers.Dialect = Dialect{}

// Name returns "layer".
func (Dialect) Name() string { return "layer" }

// Candidate reports whether a path is that of a YAML file.
func (Dialect) Candidate(file string) bool {
	switch strings.ToLower(path.Ext(file)) {
	case ".yml", ".yaml":
		return path.Base(file) != ".corslint.yml"
	}
	return false
}

// Reader returns a reader for the files of one tree.
func (Dialect) Reader(files parsers.Files) parsers.Reader { return reader{files} }

type reader struct{ files parsers.Files }

// Scan recognises a file by its first key.
func (reader) Scan(f *source.File) (parsers.Unit, bool) {
	for line := range bytes.Lines(f.Data[:min(len(f.Data), 4096)]) {
		key, value, ok := strings.Cut(string(line), ":")
		if ok && strings.Trim(key, "\ufeff \"'{") == "corslint" {
			value, _, _ = strings.Cut(value, "#")
			return parsers.Unit{Path: f.Path}, strings.HasPrefix(strings.Trim(value, " \t\r\n\"'"), "layer/")
		}
	}
	return parsers.Unit{}, false
}

// Load reads a layer file.
func (r reader) Load(_ context.Context, u parsers.Unit) parsers.Result {
	f, err := r.files.Open(u.Path)
	if err != nil {
		return parsers.Result{}
	}
	result := parsers.Result{Files: []*source.File{f}}
	l := lowering{file: f}
	host := l.read()
	result.Problems = l.problems
	if host != nil {
		result.Hosts = []*policy.Host{host}
	}
	return result
}
