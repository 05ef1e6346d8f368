// Package client reads the code of pages: JavaScript and TypeScript, and the scripts of Vue and Svelte components. Each call that
// sends a request (fetch, axios, XMLHttpRequest, ky, superagent, EventSource, Angular's HttpClient) is a need. Nothing is run:
// an address is followed as far as the text of the project says what it is, and a call whose address is not known states none.
//
// It imports only contract, policy (for gaps), the parsers' contract, internal/script, internal/environment, internal/yamltree and internal/source.
package client

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/environment"
	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// Dialect is the dialect of client code.
type Dialect struct{}

var _ parsers.Dialect = Dialect{}

// Name returns "client".
func (Dialect) Name() string { return "client" }

// Candidate reports whether a path may be that of a file that runs in a page: tests, configuration, what a build made and what
// lies in folders of servers is none.
func (Dialect) Candidate(name string) bool { return candidate(name) }

// Reader returns a reader for the files of one tree.
func (Dialect) Reader(files parsers.Files) parsers.Reader {
	return &reader{files: files, environment: environment.NewReader(files), modules: map[string]*module{}, packages: map[string]*application{}, applications: map[string]*application{}, giving: map[string]bool{},
		stating: map[string]bool{}, resolved: map[[2]string]string{}}
}

type reader struct {
	files       parsers.Files
	environment *environment.Reader

	mu           sync.Mutex
	modules      map[string]*module
	packages     map[string]*application // by folder; nil: no package.json
	applications map[string]*application // by folder of a file

	giving   map[string]bool      // see [reader.gives]
	stating  map[string]bool      // see [reader.states]
	resolved map[[2]string]string // by folder and name of an import

	pages   sync.Once
	pagesIn map[string][]string // HTML files by folder
}

// maxSource is the size of a file in bytes beyond which it is nothing that somebody writes.
const maxSource = 1 << 20

// marks are what a file has that sends requests. They are looked for in every file, so that only few are read as programs.
var marks = [][]byte{[]byte("axios"), []byte("XMLHttpRequest"), []byte("superagent"), []byte("EventSource("), []byte("'ky'"), []byte(`"ky"`), []byte("$http"), []byte("HttpClient")}

// sends reports whether a file may send requests.
func sends(data []byte) bool {
	for rest := data; ; {
		at := bytes.Index(rest, []byte("fetch("))
		if at < 0 {
			break
		}
		if at == 0 || !isWord(rest[at-1]) { // not "prefetch("
			return true
		}
		rest = rest[at+6:]
	}
	return slices.ContainsFunc(marks, func(mark []byte) bool { return bytes.Contains(data, mark) })
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// isBundle reports whether a file is what a tool made: nobody mends that.
func isBundle(data []byte) bool {
	head := data[:min(len(data), 4096)]
	if bytes.Contains(head, []byte("__webpack_require__")) || bytes.Contains(head, []byte("webpackBootstrap")) || bytes.Contains(head, []byte("@license")) && len(data) > 1<<16 {
		return true
	}
	return len(data) > 1<<14 && len(data)/(1+bytes.Count(data, []byte("\n"))) > 300
}

// states reports whether a file is one whose requests count.
func (r *reader) states(f *source.File) bool {
	r.mu.Lock()
	known, ok := r.stating[f.Path]
	r.mu.Unlock()
	if !ok {
		known = len(f.Data) <= maxSource && sends(f.Data) && !isBundle(f.Data) && r.runsInPage(f)
		r.mu.Lock()
		r.stating[f.Path] = known
		r.mu.Unlock()
	}
	return known
}

// Scan recognises a file of a page that may send requests.
func (r *reader) Scan(f *source.File) (parsers.Unit, bool) {
	return parsers.Unit{Path: f.Path, Describes: true}, r.states(f)
}

// Load reads the requests of a file.
func (r *reader) Load(ctx context.Context, u parsers.Unit) parsers.Result {
	f, err := r.files.Open(u.Path)
	if err != nil {
		return parsers.Result{}
	}
	result := parsers.Result{Files: []*source.File{f}}
	e := r.evaluator(u.Path)
	m := e.module(u.Path)
	if m == nil {
		return result
	}
	result.Needs = e.moduleNeeds(ctx, m)
	for _, name := range r.callers(e.app, u.Path) {
		if other := e.module(name); other != nil && r.runsInPage(other.file) {
			result.Needs = append(result.Needs, e.moduleNeeds(ctx, other)...)
			result.Files = append(result.Files, other.file)
		}
	}
	result.Gaps = e.gaps
	for _, f := range result.Files {
		for _, c := range script.Comments(f) {
			result.Comments = append(result.Comments, parsers.Comment(c))
		}
	}
	slices.SortStableFunc(result.Needs, func(a, b contract.Need) int { return source.Compare(a.Span, b.Span) })
	return result
}

func (r *reader) evaluator(name string) *evaluator {
	app := r.application(name)
	return &evaluator{reader: r, modules: map[string]*module{}, busy: map[any]bool{}, itself: map[*binding]bool{}, env: map[string]values{}, app: app,
		alone: map[*callSite]bool{}, forwarding: map[*function]bool{}}
}

func sorted(names map[string]*binding) []*binding {
	var out []*binding
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out = append(out, names[name])
	}
	return out
}
