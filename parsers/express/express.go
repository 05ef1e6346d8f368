// Package express reads Node applications: it finds the files that make an Express application, runs them in a sandbox and
// states what they answer as hosts of the policy model.
//
// The folder script reads JavaScript and TypeScript, the folder machine runs it against models of express and its packages.
// A machine runs in a child process (process.go), or where there are none in this one.
package express

import (
	"bytes"
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/environment"
	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express/machine"
)

// Options say how applications are run.
type Options struct {
	// Executable is the program that serves as a child process when it is called with [ChildArgument]. "": machines run in
	// this process, which untrusted code can then fill up.
	Executable string
	// ReadOnly: nothing is run. Applications are recognised, and a gap says so.
	ReadOnly bool
}

// Dialect is the dialect of Express applications.
type Dialect struct{ Options Options }

var _ parsers.Dialect = Dialect{}

// Name returns "express".
func (Dialect) Name() string { return "express" }

// Candidate reports whether a path is that of JavaScript or TypeScript which is part of an application: tests, bundles and
// declarations are not.
func (Dialect) Candidate(name string) bool {
	if !script.Is(name) {
		return false
	}
	base := path.Base(name)
	if strings.Contains(base, ".test.") || strings.Contains(base, ".spec.") || strings.Contains(base, ".stories.") || strings.Contains(base, ".config.") && !strings.HasPrefix(base, nextConfig) {
		return false
	}
	for dir := range strings.SplitSeq(path.Dir(name), "/") {
		switch dir {
		case "__tests__", "__mocks__", "test", "tests", "spec", "e2e", "cypress", ".next", ".nuxt", "coverage", "jspm_packages":
			return false
		}
	}
	return true
}

// Reader returns a reader for the files of one tree.
func (d Dialect) Reader(files parsers.Files) parsers.Reader { return d.reader(files) }

// Functions returns what runs the functions that templates of one tree name.
func (d Dialect) Functions(files parsers.Files) parsers.Functions { return d.reader(files) }

func (d Dialect) reader(files parsers.Files) *reader {
	return &reader{files: files, options: d.Options, sessions: newSessions(files, d.Options), environment: environment.NewReader(files)}
}

type reader struct {
	files    parsers.Files
	options  Options
	sessions *sessions

	environment *environment.Reader
}

// frameworks are the packages whose applications are looked for.
var frameworks = regexp.MustCompile(`(?:require\(|from|import\()\s*["'](express|express4|express5|koa|fastify|hono|@hono/[\w-]+|@nestjs/core)["'/]`)

// specifiers are the local modules that a file names.
var specifiers = regexp.MustCompile(`(?:require\(|from|import\(|import)\s*["'](\.{1,2}/?[^"'\n]*)["']`)

// maxSource is the size of a file in bytes beyond which it is nothing that somebody writes.
const maxSource = 4 << 20

// listens is what a file does that starts an application of another file.
var listens = regexp.MustCompile(`\.listen\(|createServer\(`)

// Scan recognises a file that uses express, or starts an application that another file makes, without reading it as a
// program.
func (r *reader) Scan(f *source.File) (parsers.Unit, bool) {
	if len(f.Data) > maxSource || isBundle(f.Data) {
		return parsers.Unit{}, false
	}
	if strings.HasPrefix(path.Base(f.Path), nextConfig) {
		return parsers.Unit{Path: f.Path, Includes: r.includes(f)}, bytes.Contains(f.Data, []byte("headers")) && bytes.Contains(bytes.ToLower(f.Data), []byte("access-control-"))
	}
	uses := usesFramework(f.Data)
	if !uses && !listens.Match(f.Data) {
		return parsers.Unit{}, false
	}
	u := parsers.Unit{Path: f.Path, Includes: r.includes(f)}
	return u, uses || len(u.Includes) > 0 || servesPlainly(f.Data) && writesHeaders(f.Data)
}

// plainly is how a server is made without a framework.
var plainly = regexp.MustCompile(`["'](?:node:)?(?:http|https|http2)["']`)

func servesPlainly(data []byte) bool {
	return bytes.Contains(data, []byte("reateS")) && listens.Match(data) && plainly.Match(data)
}

// writesHeaders reports whether a file names a header of CORS. A server without a framework is of interest only then.
func writesHeaders(data []byte) bool {
	return bytes.Contains(bytes.ToLower(data), []byte("access-control-allow-"))
}

// nextConfig is how the name of the file begins in which Next.js is told which headers to send.
const nextConfig = "next.config."

// marks are the words that a file has in which frameworks can match: they are cheaper to look for.
var marks = [][]byte{[]byte("express"), []byte("koa"), []byte("fastify"), []byte("hono"), []byte("@nestjs/core")}

// usesFramework reports whether a file makes an application or a router: many only name a framework's types.
func usesFramework(data []byte) bool {
	if !slices.ContainsFunc(marks, func(mark []byte) bool { return bytes.Contains(data, mark) }) {
		return false
	}
	m := frameworks.FindSubmatch(data)
	return m != nil && (!bytes.HasPrefix(m[1], []byte("express")) || makes.Match(data))
}

var makes = regexp.MustCompile(`\bexpress(\d|\.default)?\s*\(\s*\)|\bRouter\s*\(|require\(['"]express['"]\)\s*\(|_default\s*\(\s*\)|\bdefault\)\(\)|\b[eE]xpress\w*\(\)|\buse\(`)

// includes returns the local modules that a file names.
func (r *reader) includes(f *source.File) []string {
	var out []string
	for _, m := range specifiers.FindAllSubmatch(f.Data, 500) {
		if local := r.local(path.Join(path.Dir(f.Path), string(m[1]))); local != "" && !slices.Contains(out, local) {
			out = append(out, local)
		}
	}
	return out
}

// maxClosure bounds how many files are looked at to find out whether a file that starts something starts an application.
const maxClosure = 300

// reaches reports whether a file uses a framework, or makes a server without one that writes headers of CORS, by itself or
// through the local modules that it names.
func (r *reader) reaches(f *source.File) bool {
	seen := map[string]bool{f.Path: true}
	plain := servesPlainly(f.Data)
	for queue := []*source.File{f}; len(queue) > 0; queue = queue[1:] {
		if usesFramework(queue[0].Data) || plain && writesHeaders(queue[0].Data) {
			return true
		}
		for _, name := range r.includes(queue[0]) {
			if seen[name] || len(seen) >= maxClosure {
				continue
			}
			seen[name] = true
			if next, err := r.files.Open(name); err == nil {
				queue = append(queue, next)
			}
		}
	}
	return false
}

// isBundle reports whether a file is what a bundler made: nobody mends that.
func isBundle(data []byte) bool {
	head := data[:min(len(data), 4096)]
	return bytes.Contains(head, []byte("__webpack_require__")) || bytes.Contains(head, []byte("webpackBootstrap")) || len(data) > 1<<16 && !bytes.Contains(data[:1<<15], []byte("\n"))
}

// local returns the file that a relative module name means.
func (r *reader) local(name string) string {
	for _, ext := range []string{"", ".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx", ".mts", ".cts", "/index.js", "/index.ts", "/index.mjs"} {
		if r.files.Has(name + ext) {
			return name + ext
		}
	}
	if base, ok := strings.CutSuffix(name, ".js"); ok && r.files.Has(base+".ts") {
		return base + ".ts"
	}
	return ""
}

// Load runs an application, once for each environment that it may find, and lowers what it registered.
func (r *reader) Load(ctx context.Context, u parsers.Unit) parsers.Result {
	f, err := r.files.Open(u.Path)
	if err != nil {
		return parsers.Result{}
	}
	if !r.reaches(f) && !strings.HasPrefix(path.Base(f.Path), nextConfig) {
		return parsers.Result{Files: []*source.File{f}}
	}
	l := lowering{reader: r, unit: u, entry: f, files: map[string]*source.File{u.Path: f}}
	return l.load(ctx)
}

// Function runs a function that a template deploys. A module that is not here, or not of JavaScript or TypeScript, is none of
// this dialect.
func (r *reader) Function(ctx context.Context, f parsers.Function) parsers.Result {
	entry := r.local(f.Module)
	if entry == "" || !script.Is(entry) {
		return parsers.Result{}
	}
	file, err := r.files.Open(entry)
	if err != nil {
		return parsers.Result{}
	}
	if isBundle(file.Data) {
		why := "the code of " + f.Name + " is a bundle, which is not run"
		return parsers.Result{Hosts: []*policy.Host{{Name: f.Name, Dialect: "express", Gaps: []policy.Gap{{Span: f.Span, Why: why}}}}}
	}
	l := lowering{reader: r, unit: parsers.Unit{Path: entry}, entry: file, files: map[string]*source.File{entry: file}, function: &f}
	result := l.load(ctx)
	result.Entries = []string{entry}
	return result
}

// application describes the project around an entry.
func (r *reader) application(entry string) machine.Application {
	p := r.project(path.Dir(entry))
	return machine.Application{Entry: entry, Major: p.major, BodyParser: p.parser, Majors: p.majors, Aliases: p.aliases, Environment: map[string]string{}}
}
