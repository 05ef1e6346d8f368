package client

import (
	"bytes"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// This file finds the calls of functions that send what they are given: of "api(path) { return fetch(BASE + path) }" each call
// with a path is a need, where it stands.

const (
	maxNeeds = 2_000 // that one file states
	maxDown  = 5     // functions in functions that are followed
)

// moduleNeeds returns the needs of the calls of a module.
func (e *evaluator) moduleNeeds(ctx context.Context, m *module) []contract.Need {
	var out []contract.Need
	reads := readsOf(m)
	for _, site := range m.calls {
		if ctx.Err() != nil {
			break
		}
		if e.total += e.steps; len(out) > maxNeeds || e.total > maxTotal {
			e.gaps = append(e.gaps, policy.Gap{Span: site.span(), Why: "too much depends on one another here; the requests from here on are not read"})
			break
		}
		if e.app.onServerSide(site.scope.fn) {
			continue
		}
		e.steps = 0
		needs, sends := e.stated(site, nil, site.span)
		if !sends {
			needs = e.follow(site, nil, 0)
		}
		for i := range needs {
			needs[i].Reads = headersRead(reads[site], strings.HasSuffix(needs[i].Span.Text(), "fetch"))
		}
		out = append(out, needs...)
	}
	return out
}

// stated returns the needs of a call that itself sends a request; it reports whether it is one.
func (e *evaluator) stated(site *callSite, f *frame, at func() source.Span) (needs []contract.Need, sends bool) {
	r := e.request(site, f)
	if r == nil {
		return nil, false
	}
	return e.needs(r, at()), true
}

// follow returns the needs of a call of a function of the project: of the requests in it that are known only by what it is given.
func (e *evaluator) follow(site *callSite, f *frame, depth int) []contract.Need {
	if depth >= maxDown || e.steps > maxSteps {
		return nil
	}
	if _, construction := site.node.(*ast.NewExpression); construction || !e.maySend(site) {
		return nil
	}
	var out []contract.Need
	for _, v := range e.eval(site.callee, site.scope, f) {
		if v.kind != callable || f.of(v.fn) != nil || !e.forwards(v.fn, 0) {
			continue
		}
		args, open := e.arguments(site.args, site.scope, f)
		call := &frame{fn: v.fn, args: args, spread: open, this: v.this, parent: f}
		for _, inner := range v.fn.calls {
			if len(out) > maxNeeds {
				break
			}
			if e.standsAlone(inner, 0) {
				continue // stated where it stands
			}
			needs, sends := e.stated(inner, call, inner.span)
			if !sends {
				needs = e.follow(inner, call, depth+1)
			}
			for i := range needs {
				needs[i].Span = site.span()
			}
			out = append(out, needs...)
		}
	}
	return out
}

// maySend reports whether what is called has a name that the project gave: others are not followed.
func (e *evaluator) maySend(site *callSite) bool {
	root, keys := members(site.callee)
	switch root := root.(type) {
	case *ast.Identifier:
		return site.scope.lookup(root.Name.String()) != nil && len(keys) < 5
	case *ast.ThisExpression:
		return len(keys) < 4
	}
	return false
}

// standsAlone reports whether a call states needs without anybody telling what the parameters around it are.
func (e *evaluator) standsAlone(site *callSite, depth int) bool {
	if known, ok := e.alone[site]; ok {
		return known
	}
	e.alone[site] = false
	needs, sends := e.stated(site, nil, site.span)
	if !sends && depth < maxDown {
		needs = e.follow(site, nil, depth+1)
	}
	e.alone[site] = len(needs) > 0
	return len(needs) > 0
}

// forwards reports whether a function sends a request that depends on what it is given.
func (e *evaluator) forwards(fn *function, depth int) bool {
	if known, ok := e.forwarding[fn]; ok || depth > maxDown {
		return known
	}
	e.forwarding[fn] = false
	for _, site := range fn.calls {
		if e.steps > maxSteps {
			break
		}
		if r := e.request(site, nil); r != nil {
			if len(e.needs(r, source.Span{})) == 0 {
				e.forwarding[fn] = true
				return true
			}
			continue
		}
		if !e.maySend(site) {
			continue
		}
		for _, v := range e.eval(site.callee, site.scope, nil) {
			if v.kind == callable && v.fn != fn && e.forwards(v.fn, depth+1) {
				e.forwarding[fn] = true
				return true
			}
		}
	}
	return false
}

// gives reports whether a module exports what others send requests by. It is found out once, by an evaluator of its own, so that
// it does not depend on who asks first.
func (r *reader) gives(name string) bool {
	r.mu.Lock()
	known, ok := r.giving[name]
	r.mu.Unlock()
	if ok {
		return known
	}
	e := r.evaluator(name)
	m := e.module(name)
	known = m != nil && e.gives(m)
	r.mu.Lock()
	r.giving[name] = known
	r.mu.Unlock()
	return known
}

func (e *evaluator) gives(m *module) bool {
	var given []assignment
	for _, name := range slices.Sorted(maps.Keys(m.exports)) {
		given = append(given, m.exports[name])
	}
	if m.whole != nil {
		given = append(given, assignment{value: m.whole, scope: m.top})
	}
	for _, a := range given[:min(len(given), 200)] {
		for _, v := range e.eval(a.value, a.scope, nil) {
			if e.givesValue(&v, 0) {
				return true
			}
		}
	}
	return len(m.stars) > 0
}

func (e *evaluator) givesValue(v *value, depth int) bool {
	switch v.kind { //nolint:exhaustive // nothing else says anything
	case library:
		return true
	case callable:
		return e.forwards(v.fn, 0)
	case object:
		return depth < 2 && slices.ContainsFunc(v.props, func(p property) bool {
			return slices.ContainsFunc(p.value.get(), func(w value) bool { return e.givesValue(&w, depth+1) })
		})
	case instance, class:
		for _, fn := range v.mod.methods[v.class] {
			if e.forwards(fn, 0) {
				return true
			}
		}
	}
	return false
}

// specifiers are the modules that a file names.
var specifiers = regexp.MustCompile(`(?:\bfrom|\bimport|require\(|import\()\s*["']([^"'\n]{1,300})["']`)

const maxImports = 300 // of a file

// index finds out who imports whom in an application, by text alone.
func (r *reader) index(a *application) {
	a.once.Do(func() {
		a.imports, a.importers, a.speaks = map[string][]string{}, map[string][]string{}, map[string]bool{}
		for _, name := range r.files.Paths(a.dir) {
			if !candidate(name) || r.application(name) != a {
				continue
			}
			f, err := r.files.Open(name)
			if err != nil || len(f.Data) > maxSource || isBundle(f.Data) {
				continue
			}
			a.speaks[name] = r.states(f)
			if bytes.Contains(f.Data, []byte("axios.defaults")) || bytes.Contains(f.Data, []byte("axios.interceptors")) {
				a.setters = append(a.setters, name)
			}
			a.intercepts = a.intercepts || bytes.Contains(f.Data, []byte("HttpInterceptor")) || bytes.Contains(f.Data, []byte("withInterceptors"))
			for _, found := range specifiers.FindAllSubmatch(f.Data, maxImports) {
				if local := r.resolve(name, string(found[1])); local != "" && !slices.Contains(a.imports[name], local) {
					a.imports[name] = append(a.imports[name], local)
					a.importers[local] = append(a.importers[local], name)
				}
			}
		}
		for _, list := range a.imports {
			slices.Sort(list)
		}
	})
}

// setters returns the files of an application that set something for all requests of axios.
func (r *reader) setters(a *application) []string {
	r.index(a)
	return a.setters[:min(len(a.setters), 10)]
}

// callers returns the files that send requests only by what a file exports: they have no word of it themselves. Of several such
// files one speaks for a caller: the nearest, and of these the first by name.
func (r *reader) callers(a *application, name string) []string {
	r.index(a)
	a.speakersOnce.Do(func() { a.speakers = r.speakers(a) })
	return a.speakers[name]
}

// speakers returns for each file those that it speaks for.
func (r *reader) speakers(a *application) map[string][]string {
	speaker := map[string]string{}
	var level []string
	for _, name := range slices.Sorted(maps.Keys(a.speaks)) {
		if a.speaks[name] {
			speaker[name] = name
			level = append(level, name)
		}
	}
	out := map[string][]string{}
	for range maxDown {
		found := map[string]string{}
		for _, name := range level {
			silent := slices.DeleteFunc(slices.Clone(a.importers[name]), func(caller string) bool { return speaker[caller] != "" })
			if len(silent) == 0 || !r.gives(name) {
				continue
			}
			for _, caller := range silent {
				if first := found[caller]; first == "" || speaker[name] < first {
					found[caller] = speaker[name]
				}
			}
		}
		level = slices.Sorted(maps.Keys(found))
		for _, caller := range level {
			speaker[caller] = found[caller]
			out[found[caller]] = append(out[found[caller]], caller)
		}
	}
	return out
}

// readsOf finds the requests whose answers have their headers read.
func readsOf(m *module) map[*callSite][]read {
	handled := map[ast.Node]*callSite{}
	for _, site := range m.calls {
		for _, h := range site.handlers {
			if id, ok := h.(*ast.Identifier); ok {
				if b := site.scope.lookup(id.Name.String()); b != nil && b.function != nil {
					handled[b.function.node] = site
				}
				continue
			}
			handled[h] = site
		}
	}
	out := map[*callSite][]read{}
	for _, r := range m.reads {
		if site := answering(m, &r, handled); site != nil {
			out[site] = append(out[site], r)
		}
	}
	return out
}

// answering returns the call whose answer has a header read; nil where the object is none.
func answering(m *module, r *read, handled map[ast.Node]*callSite) *callSite {
	object := r.object
	want := 0 // of the path to the headers
	if dot, ok := object.(*ast.DotExpression); ok && dot.Identifier.Name == "headers" {
		object = unwrap(dot.Left)
	} else if id, ok := object.(*ast.Identifier); ok && id.Name != "headers" {
		return nil // an XMLHttpRequest: see [headersRead]
	} else {
		want = 1
	}
	if want == 0 {
		if site := m.sites[awaited(object)]; site != nil {
			return site
		}
	}
	id, ok := object.(*ast.Identifier)
	if !ok {
		return nil
	}
	b := r.scope.lookup(id.Name.String())
	if b == nil || len(b.path) != want || want == 1 && b.path[0].name != "headers" {
		return nil
	}
	if b.parameter {
		if b.index == 0 {
			return handled[b.of.node]
		}
		return nil
	}
	if b.value != nil {
		if site := m.sites[awaited(b.value)]; site != nil {
			return site
		}
	}
	for _, a := range b.assigned {
		if a.value != nil {
			if site := m.sites[awaited(a.value)]; site != nil {
				return site
			}
		}
	}
	return nil
}

// headersRead returns the headers of reads. The answer of a fetch has them behind a method only. Nobody reads Set-Cookie.
func headersRead(reads []read, fetch bool) []contract.Header {
	var out []contract.Header
	for _, r := range reads {
		lower := strings.ToLower(r.header)
		if fetch && !r.method || !isToken(r.header) || lower == "set-cookie" || lower == "set-cookie2" {
			continue
		}
		if !slices.ContainsFunc(out, func(h contract.Header) bool { return strings.EqualFold(h.Name, r.header) }) {
			out = append(out, contract.Header{Name: r.header, Span: r.scope.place(r.node).span()})
		}
	}
	return out
}
