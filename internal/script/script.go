// Package script reads JavaScript and TypeScript so that it can be run: esbuild makes CommonJS of it, goja's parser a tree,
// and the tree is instrumented before it is compiled, so that whoever runs it learns where a call stands in the original
// source and is asked whenever the program decides on a value that may be unknown.
//
// It imports only internal/source and knows nothing of HTTP.
package script

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/corslint/corslint/internal/source"
)

const (
	maxSize  = 4 << 20 // bytes of a file: a bundle beyond it is no source that somebody edits
	maxDepth = 500     // of brackets: the parsers recurse
)

// Script is one file, ready to run.
type Script struct {
	File *source.File
	// Program is a function expression of the parameters (exports, require, module, __filename, __dirname, the path again).
	Program *goja.Program
	// Async: the function is async, because the file awaits at its top level.
	Async bool
	Sites []Site
	// Literals are the object and array literals, whose parts are found again by the number that they are tagged with.
	Literals []Literal

	generated string
	mappings  string
	shift     int // lines in front of the code that the mappings speak of
	segments  func() []segment
	lines     func() []int // where those of the generated code begin
}

// Site is a call in the program.
type Site struct {
	Name string // of the function or method
	Call Range  // from the name to the closing parenthesis
	Args []Range
}

// Literal is an object or array literal.
type Literal struct {
	All   Range
	Keys  []string // of an object
	Parts []Part   // of the keys, or of an array's elements
}

// Part is a property or an element.
type Part struct{ Key, Value Range }

// Range is a range of the generated code.
type Range struct{ start, end int }

// IsZero reports whether there is no range.
func (r Range) IsZero() bool { return r.end == 0 }

// Error is a mistake in a file, with its place.
type Error struct {
	Span source.Span
	Text string
}

func (e *Error) Error() string {
	p := e.Span.Position()
	return fmt.Sprintf("%s:%d:%d: %s", e.Span.Path(), p.Line, p.Column, e.Text)
}

// Is reports whether a path is that of a file which this package reads.
func Is(name string) bool {
	switch path.Ext(name) {
	case ".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx":
		return !strings.HasSuffix(name, ".d.ts") && !strings.HasSuffix(name, ".min.js")
	}
	return false
}

// unsupported is what goja does not run and esbuild rewrites.
var unsupported = map[string]bool{"dynamic-import": false, "import-meta": false, "for-await": false, "async-generator": false}

// Read reads a file. The script's numbers of sites and literals begin at base, so that those of several scripts differ.
// The error is an [*Error] where the file is at fault.
func Read(f *source.File, base int) (*Script, error) {
	if len(f.Data) > maxSize {
		return nil, &Error{Span: source.Span{File: f}, Text: fmt.Sprintf("larger than %d MB, not read", maxSize>>20)}
	}
	if at, deep := tooDeep(f.Data); deep {
		return nil, &Error{Span: source.Span{File: f, Start: at, End: at + 1}, Text: fmt.Sprintf("brackets nested deeper than %d, not read", maxDepth)}
	}
	if path.Ext(f.Path) == ".json" {
		return nil, errors.New("JSON is not a script")
	}
	s := &Script{File: f}
	code, err := s.transform(string(f.Data), path.Ext(f.Path))
	if err != nil {
		return nil, err
	}
	// A function of the file's own variables, as Node makes it.
	head, tail := "(function ("+parameters(code)+") {\n", "\n})"
	if s.Async {
		// __toESM is what requires writes, and the hook takes its place.
		head = "(async function (" + parameters(code) + ") { var __toESM = 0; Object.defineProperty(arguments[0], '__esModule', { value: true });\n"
	}
	tree, err := s.parse(head, code, tail)
	if err != nil {
		return nil, err
	}
	instrument(s, tree, base)
	if s.Program, err = goja.CompileAST(tree, false); err != nil {
		return nil, &Error{Span: source.Span{File: f}, Text: err.Error()}
	}
	return s, nil
}

// Tree reads a file to be looked at, not to be run: the program is a function expression whose body the file is, as esbuild
// writes it in CommonJS. The text is that of the file, or where only parts of the file are code what [Blank] made of it; the
// language is told by an extension, ".ts".
func Tree(f *source.File, text, language string) (*Script, *ast.Program, error) {
	if len(text) > maxSize {
		return nil, nil, &Error{Span: source.Span{File: f}, Text: fmt.Sprintf("larger than %d MB, not read", maxSize>>20)}
	}
	if at, deep := tooDeep([]byte(text)); deep {
		return nil, nil, &Error{Span: source.Span{File: f, Start: at, End: at + 1}, Text: fmt.Sprintf("brackets nested deeper than %d, not read", maxDepth)}
	}
	s := &Script{File: f}
	code, err := s.transform(text, language)
	if err != nil {
		return nil, nil, err
	}
	tree, err := s.parse("(async function () {\n", code, "\n})")
	if err != nil {
		return nil, nil, err
	}
	return s, tree, nil
}

// parse parses the generated code, which a line precedes.
func (s *Script) parse(head, code, tail string) (*ast.Program, error) {
	s.generated, s.shift = head+code+tail, s.shift+1
	tree, err := parser.ParseFile(nil, s.File.Path, s.generated, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, s.mistake(err)
	}
	s.segments = sync.OnceValue(s.decode)
	s.lines = sync.OnceValue(func() []int { return linesOf(s.generated) })
	return tree, nil
}

// Blank returns the text of a file with blanks in place of all but some parts of it, which are in order: whatever is kept
// stays at its line and column.
func Blank(data []byte, keep []source.Span) string {
	var b strings.Builder
	at := 0
	blank := func(end int) {
		for at < end {
			r, size := utf8.DecodeRune(data[at:])
			switch {
			case r == '\n':
				b.WriteByte('\n')
			case r > 0xFFFF: // two units of a column
				b.WriteString("  ")
			default:
				b.WriteByte(' ')
			}
			at += size
		}
	}
	for _, part := range keep {
		blank(part.Start)
		b.Write(data[at:part.End])
		at = part.End
	}
	blank(len(data))
	return b.String()
}

// RangeOf returns the range of a node of the tree.
func RangeOf(n ast.Node) Range { return rangeOf(n) }

// Where a module imports others: as it is written, and as it is generated.
var (
	imports  = regexp.MustCompile(`(?m)^\s*(?:import|export)\b[^;]*?["']`)
	required = regexp.MustCompile(`\brequire\("((?:[^"\\]|\\.)*)"\)`)
)

// Imports returns the specifiers of what the file imports as an ES module, in order; nil for one that is none.
func (s *Script) Imports() []string {
	if !imports.Match(s.File.Data) {
		return nil
	}
	var out []string
	for _, m := range required.FindAllStringSubmatch(s.generated, -1) {
		out = append(out, m[1])
	}
	return out
}

// own are parameters that a program declares itself, as ES modules do with __filename.
var own = regexp.MustCompile(`\b(?:const|let|class)\s+(exports|require|module|__filename|__dirname)\b`)

// parameters returns those of the function that a file becomes. What the file declares itself is none of them.
func parameters(code string) string {
	names := []string{"exports", "require", "module", "__filename", "__dirname", fileParameter}
	for _, m := range own.FindAllStringSubmatch(code, 10) {
		for i := range names {
			if names[i] == m[1] {
				names[i] += "_"
			}
		}
	}
	return strings.Join(names, ", ")
}

// fileParameter is the path of the file, for [HookMeta].
const fileParameter = "__corslint_file"

// transform makes CommonJS of the text of the file.
func (s *Script) transform(text, language string) (string, error) {
	if strings.HasPrefix(text, "#!") { // the line stays, as a comment of the same length
		text = "//" + text[2:]
	}
	options := api.TransformOptions{
		Loader: loader(language), Format: api.FormatCommonJS, Target: api.ES2022, Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude,
		Sourcefile: s.File.Path, LogLevel: api.LogLevelSilent, Supported: unsupported, LegalComments: api.LegalCommentsNone,
		TsconfigRaw: `{"compilerOptions":{"experimentalDecorators":true,"verbatimModuleSyntax":false}}`,
	}
	out := api.Transform(text, options)
	if awaitsAtTop(out.Errors) {
		options.Format = api.FormatESModule
		out = api.Transform(text, options)
		if len(out.Errors) == 0 {
			s.Async, s.mappings = true, mappingsOf(out.Map)
			return requires(string(out.Code)), nil
		}
	}
	if len(out.Errors) > 0 && options.Loader == api.LoaderJSX { // types of Flow are read as those of TypeScript
		options.Loader = api.LoaderTSX
		if again := api.Transform(text, options); len(again.Errors) == 0 {
			out = again
		}
	}
	if len(out.Errors) > 0 {
		return "", s.atMessage(out.Errors[0])
	}
	s.mappings = mappingsOf(out.Map)
	return string(out.Code), nil
}

func loader(language string) api.Loader {
	switch language {
	case ".ts", ".cts", ".mts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	}
	return api.LoaderJSX // a superset of JavaScript
}

func awaitsAtTop(errs []api.Message) bool {
	return len(errs) > 0 && strings.HasPrefix(errs[0].Text, "Top-level await")
}

// atMessage makes an error of esbuild's, whose columns count bytes.
func (s *Script) atMessage(m api.Message) error {
	at := source.Span{File: s.File}
	if m.Location != nil {
		at.Start = min(lineStart(s.File.Data, m.Location.Line-1)+m.Location.Column, len(s.File.Data))
		at.End = min(at.Start+m.Location.Length, len(s.File.Data))
	}
	return &Error{Span: at, Text: strings.TrimSuffix(m.Text, ".")}
}

// mistake makes an error of the parser's of the generated code: something that esbuild reads and goja does not.
func (s *Script) mistake(err error) error {
	text := err.Error()
	if list, ok := errors.AsType[parser.ErrorList](err); ok && len(list) > 0 {
		text = list[0].Message
	}
	return &Error{Span: source.Span{File: s.File}, Text: "not read by the JavaScript engine: " + text}
}

func lineStart(data []byte, line int) int {
	at := 0
	for range line {
		next := bytes.IndexByte(data[at:], '\n')
		if next < 0 {
			return len(data)
		}
		at += next + 1
	}
	return at
}

// tooDeep reports whether brackets are nested deeper than the parsers are let go. It does not tell code from strings: what
// opens in a string mostly closes there.
func tooDeep(data []byte) (int, bool) {
	depth := 0
	for i, c := range data {
		switch c {
		case '(', '[', '{':
			if depth++; depth > maxDepth {
				return i, true
			}
		case ')', ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return 0, false
}

// Model reads a program of ours, which needs neither esbuild nor places. It is a function expression of parameters. One that
// never decides on what a program gave it can do without hooks, and is faster then.
func Model(name, text, parameters string, hooks bool) (*goja.Program, error) {
	tree, err := parser.ParseFile(nil, name, "(function ("+parameters+") {"+text+"\n})", 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	if hooks {
		w := rewriter{script: &Script{}, model: true}
		w.statements(tree.Body)
	}
	return goja.CompileAST(tree, true)
}
