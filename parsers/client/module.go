package client

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dop251/goja/ast"

	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
)

// module is one file that was read. It does not change afterwards.
type module struct {
	file   *source.File
	script *script.Script
	top    *scope

	functions map[ast.Node]*function
	classes   map[*ast.ClassLiteral]*scope
	fields    map[*ast.ClassLiteral]map[string][]assignment
	methods   map[*ast.ClassLiteral]map[string]*function
	sites     map[ast.Node]*callSite
	calls     []*callSite
	reads     []read

	exports map[string]assignment
	whole   ast.Expression // what is assigned to module.exports
	stars   []string       // modules all of whose exports are exported, too
	// proxies are the values of properties of that name, rewrites the objects that have a destination: see [reader.proxies].
	proxies, rewrites []assignment
	// injected are the properties of classes that are Angular's HttpClient.
	injected map[string]bool

	once sync.Once
}

// maxKept bounds how many modules are kept for those that import them.
const maxKept = 300

// module reads a file, once; nil if it cannot be read.
func (r *reader) module(name string) *module {
	r.mu.Lock()
	m, known := r.modules[name]
	if !known {
		if len(r.modules) >= maxKept {
			r.modules = map[string]*module{}
		}
		m = &module{}
		r.modules[name] = m
	}
	r.mu.Unlock()
	m.once.Do(func() { r.read(m, name) })
	if m.top == nil {
		return nil
	}
	return m
}

// read fills a module. What cannot be read states nothing: whether it can be built is for others to say.
func (r *reader) read(m *module, name string) {
	f, err := r.files.Open(name)
	if err != nil || len(f.Data) > maxSource {
		return
	}
	text, language := code(f)
	if strings.TrimSpace(text) == "" {
		return
	}
	parsed, tree, err := script.Tree(f, text, language)
	if err != nil {
		return
	}
	m.file, m.script = f, parsed
	m.exports = map[string]assignment{}
	m.injected = injected(f.Data)
	statement, ok := tree.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return
	}
	fn, ok := statement.Expression.(*ast.FunctionLiteral)
	if !ok {
		return
	}
	collect(m, fn.Body.List)
	m.calls = slices.DeleteFunc(m.calls, (*callSite).isHelper)
	for _, st := range fn.Body.List {
		m.exporting(st)
	}
}

var (
	scriptOpen  = regexp.MustCompile(`(?i)<script\b([^>]*)>`)
	scriptClose = regexp.MustCompile(`(?i)</script\s*>`)
	language    = regexp.MustCompile(`\blang\s*=\s*["']?(tsx?|typescript|jsx)\b`)
)

// code returns what of a file is JavaScript or TypeScript, with the extension that tells which. In a component of Vue or Svelte
// these are the blocks of script.
func code(f *source.File) (text, extension string) {
	extension = path.Ext(f.Path)
	if extension != ".vue" && extension != ".svelte" {
		return string(f.Data), extension
	}
	extension = ".js"
	var keep []source.Span
	for at := 0; at < len(f.Data) && len(keep) < 8; {
		open := scriptOpen.FindSubmatchIndex(f.Data[at:])
		if open == nil {
			break
		}
		if m := language.FindSubmatch(f.Data[at+open[2] : at+open[3]]); m != nil {
			extension = map[string]string{"ts": ".ts", "typescript": ".ts", "tsx": ".tsx", "jsx": ".jsx"}[string(m[1])]
		}
		start := at + open[1]
		end := len(f.Data)
		if closing := scriptClose.FindIndex(f.Data[start:]); closing != nil {
			end = start + closing[0]
		}
		keep = append(keep, source.Span{File: f, Start: start, End: end})
		at = end + 1
	}
	return script.Blank(f.Data, keep), extension
}

// httpClient is how a class of Angular's is given the HttpClient, whose type esbuild drops.
var httpClient = regexp.MustCompile(`#?([\w$]+)\s*[?!]?\s*(?::\s*HttpClient\b|=\s*inject\(\s*HttpClient\s*\))`)

func injected(data []byte) map[string]bool {
	if !bytes.Contains(data, []byte("HttpClient")) || !bytes.Contains(data, []byte("@angular/")) {
		return nil
	}
	out := map[string]bool{}
	for _, m := range httpClient.FindAllSubmatch(data, 50) {
		out[string(m[1])] = true
	}
	return out
}

// exporting finds what a statement exports, as esbuild or somebody by hand writes it in CommonJS.
func (m *module) exporting(st ast.Statement) {
	statement, ok := st.(*ast.ExpressionStatement)
	if !ok {
		return
	}
	switch x := statement.Expression.(type) {
	case *ast.CallExpression: // "__export(all, { name: () => value })"
		callee, ok := x.Callee.(*ast.Identifier)
		if !ok || len(x.ArgumentList) < 2 {
			return
		}
		switch callee.Name {
		case "__export":
			if all, ok := x.ArgumentList[1].(*ast.ObjectLiteral); ok {
				for _, p := range all.Value {
					if p, ok := p.(*ast.PropertyKeyed); ok {
						if f := m.functions[p.Value]; f != nil && len(f.returns) == 1 {
							m.exports[keyName(p.Key, p.Computed)] = f.returns[0]
						}
					}
				}
			}
		case "__reExport":
			if call, ok := x.ArgumentList[1].(*ast.CallExpression); ok && len(call.ArgumentList) == 1 {
				if spec, ok := call.ArgumentList[0].(*ast.StringLiteral); ok {
					m.stars = append(m.stars, spec.Value.String())
				}
			}
		}
	case *ast.AssignExpression:
		root, keys := members(x.Left)
		id, ok := root.(*ast.Identifier)
		if !ok {
			return
		}
		names := make([]string, len(keys))
		for i, k := range keys {
			names[i] = keyName(k, true)
		}
		switch {
		case id.Name == "module" && len(names) == 1 && names[0] == "exports":
			if call, ok := x.Right.(*ast.CallExpression); ok {
				if callee, ok := call.Callee.(*ast.Identifier); ok && callee.Name == "__toCommonJS" {
					return
				}
			}
			m.whole = x.Right
		case id.Name == "exports" && len(names) == 1:
			m.exports[names[0]] = assignment{value: x.Right, scope: m.top}
		case id.Name == "module" && len(names) == 2 && names[0] == "exports":
			m.exports[names[1]] = assignment{value: x.Right, scope: m.top}
		}
	}
}

// extensions are those that a name of a module may leave out.
var extensions = []string{"", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".vue", ".svelte", "/index.ts", "/index.js", "/index.tsx", "/index.jsx", "/index.mjs"}

// local returns the file that a path without its extension means.
func (r *reader) local(name string) string {
	for _, ext := range extensions {
		if r.files.Has(name + ext) {
			return name + ext
		}
	}
	if base, ok := strings.CutSuffix(name, ".js"); ok {
		for _, ext := range []string{".ts", ".tsx"} {
			if r.files.Has(base + ext) {
				return base + ext
			}
		}
	}
	return ""
}

// resolve returns the file of the project that an import means, "" for a package. Beside relative names it knows the usual
// aliases: "@/api", "~/api" and "@api" from where the sources lie, and "src/api" or "api" from the folder of the package.
func (r *reader) resolve(from, spec string) string {
	key := [2]string{parent(from), spec}
	r.mu.Lock()
	found, known := r.resolved[key]
	r.mu.Unlock()
	if !known {
		found = r.lookUp(from, spec)
		r.mu.Lock()
		r.resolved[key] = found
		r.mu.Unlock()
	}
	return found
}

func (r *reader) lookUp(from, spec string) string {
	spec, _, _ = strings.Cut(spec, "?")
	switch {
	case spec == "" || len(spec) > 500:
		return ""
	case strings.HasPrefix(spec, "."):
		return r.local(path.Join(path.Dir(from), spec))
	case strings.HasPrefix(spec, "/"):
		return ""
	}
	rest := spec
	for _, prefix := range []string{"@/", "~/", "@@/", "$lib/", "#/", "~~/", "@app/", "@src/"} {
		if after, ok := strings.CutPrefix(spec, prefix); ok {
			rest = after
			if prefix == "$lib/" {
				rest = "lib/" + after
			}
		}
	}
	if rest == spec {
		rest = strings.TrimLeft(spec, "@~")
	}
	dir := r.application(from).dir
	for _, base := range []string{"src", "", "app", "src/app", "resources/js"} {
		if found := r.local(path.Join(dir, base, rest)); found != "" {
			return found
		}
	}
	return ""
}

// replacements returns the files that a build puts in place of another one: Angular's environments.
// https://angular.dev/tools/cli/environments
func (r *reader) replacements(name string) []string {
	base := path.Base(name)
	ext := path.Ext(base)
	if base != "environment"+ext {
		return nil
	}
	var out []string
	dir := path.Dir(name)
	for _, p := range r.files.Paths(dir) {
		if path.Dir(p) == dir && strings.HasPrefix(path.Base(p), "environment.") && path.Ext(p) == ext && p != name && len(out) < 6 {
			out = append(out, p)
		}
	}
	return out
}

// isHelper reports whether a call is one of esbuild's own, or in one of its functions.
func (site *callSite) isHelper() bool {
	if id, ok := site.callee.(*ast.Identifier); ok && strings.HasPrefix(id.Name.String(), "__") && site.scope.fn == nil {
		return true
	}
	for fn := site.scope.fn; fn != nil; fn = fn.parent {
		if fn.parent == nil {
			return fn.name == "__export" || fn.name == "__copyProps" || fn.name == "__toESM" || fn.name == "__reExport" || fn.name == "__toCommonJS"
		}
	}
	return false
}
