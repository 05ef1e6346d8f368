package client

import (
	"slices"
	"strings"

	"github.com/dop251/goja/ast"

	"github.com/corslint/corslint/internal/source"
)

// request is what one call sends, as far as it is known.
type request struct {
	site    *callSite
	method  values
	url     values
	headers []property
	// open: there may be more headers than are known.
	open          bool
	drops         bool // a header that is undefined is not sent
	credentials   credentials
	credentialsAt place
}

// credentials says whether a request carries cookies across origins.
type credentials uint8

const (
	withoutCookies credentials = iota // the default of all that is modelled here
	withCookies
	someCookies // nobody knows
)

// methods are those by whose name a library sends a request.
var methods = map[string]string{"get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE", "del": "DELETE", "head": "HEAD", "options": "OPTIONS",
	"postForm": "POST", "putForm": "PUT", "patchForm": "PATCH"}

// interesting are the names of what may send a request.
func interesting(name string) bool {
	switch name {
	case "fetch", "request", "open", "axios", "ky", "default", "EventSource", "superagent", "$fetch":
		return true
	}
	return methods[name] != ""
}

// request returns what a call sends; nil when it sends nothing.
func (e *evaluator) request(site *callSite, f *frame) *request {
	if construction, ok := site.node.(*ast.NewExpression); ok {
		return e.eventSource(construction, site, f)
	}
	s := site.scope
	switch callee := site.callee.(type) {
	case *ast.Identifier:
		if callee.Name == "fetch" && e.isFetch(s.lookup("fetch"), f) {
			return e.fetched(site, f)
		}
		return e.called(e.eval(callee, s, f), site, f)
	case *ast.DotExpression:
		name := callee.Identifier.Name.String()
		if !interesting(name) {
			return nil
		}
		if name == "open" {
			return e.opened(callee, site, f)
		}
		if methods[name] != "" || name == "request" {
			if _, keys := members(callee.Left); s.module.injected[lastName(callee.Left, keys)] {
				return e.angular(name, site, f)
			}
			left := e.eval(callee.Left, s, f)
			for i := range left {
				if sends := e.senderOf(&left[i]); sends != nil {
					return e.sent(sends, name, site, f)
				}
			}
			return nil
		}
		return e.called(e.eval(callee, s, f), site, f)
	}
	return nil
}

func lastName(x ast.Expression, keys []ast.Expression) string {
	if len(keys) > 0 {
		return keyName(keys[len(keys)-1], true)
	}
	if id, ok := unwrap(x).(*ast.Identifier); ok {
		return id.Name.String()
	}
	return ""
}

// isFetch reports whether a name "fetch" is the browser's, or one that a framework hands on in its place.
func (e *evaluator) isFetch(b *binding, f *frame) bool {
	if b == nil || b.parameter && f.of(b.of) == nil {
		return true
	}
	return slices.ContainsFunc(e.binding(b, f, place{}), func(v value) bool { return isFetchName(&v) })
}

// isFetchName reports whether a value is the browser's fetch, or a package that stands for it.
func isFetchName(v *value) bool {
	if v.kind != external {
		return false
	}
	switch plainName(v.name) {
	case "fetch", "window.fetch", "globalThis.fetch", "self.fetch", "package cross-fetch", "package isomorphic-fetch", "package unfetch", "package isomorphic-unfetch", "package whatwg-fetch.fetch", "package cross-fetch.fetch":
		return true
	}
	return false
}

// plainName returns the name of what a package exports, however it is imported.
func plainName(name string) string { return strings.ReplaceAll(name, ".default", "") }

// called returns what a call of a function sends that is no method: "axios(config)".
func (e *evaluator) called(callee values, site *callSite, f *frame) *request {
	for i := range callee {
		if isFetchName(&callee[i]) {
			return e.fetched(site, f)
		}
		if sends := e.senderOf(&callee[i]); sends != nil {
			return e.sent(sends, "", site, f)
		}
	}
	return nil
}

// senderOf returns what a value sends requests by; nil if it sends none.
func (e *evaluator) senderOf(v *value) *sender {
	if v.kind == library {
		return v.sends
	}
	if v.kind != external {
		return nil
	}
	switch plainName(v.name) {
	case "package axios", "window.axios", "axios":
		return e.axios()
	case "package vue.axios": // what vue-axios installs
		return e.axios()
	case "this.$axios", "this.$http", "$axios", "this.axios":
		return &sender{library: "axios", open: true}
	case "package ky", "package ky-universal":
		return &sender{library: "ky"}
	case "package superagent", "package superagent-promise()":
		return &sender{library: "superagent"}
	}
	return nil
}

// made returns what a function of a library makes: an instance of it.
func (e *evaluator) made(v *value, x *ast.CallExpression, s *scope, f *frame) (values, bool) {
	if v.kind != external {
		return nil, false
	}
	if name := plainName(v.name); name == "package superagent-promise" {
		return values{{kind: external, name: name + "()", at: s.place(x)}}, true
	}
	parts := strings.Split(v.name, ".")
	last := parts[len(parts)-1]
	if last != "create" && last != "extend" {
		return nil, false
	}
	parent := value{kind: external, name: strings.TrimSuffix(v.name, "."+last)}
	base := e.senderOf(&parent)
	if base == nil {
		return nil, false
	}
	made := &sender{library: base.library}
	if len(x.ArgumentList) > 0 {
		made.config = e.eval(x.ArgumentList[0], s, f)
	}
	return values{{kind: library, sends: made, at: s.place(x)}}, true
}

// argument returns an argument of a call; missing when it has none.
func (e *evaluator) argument(site *callSite, i int, f *frame) values {
	for j, a := range site.args {
		if _, spread := a.(*ast.SpreadElement); spread {
			return values{hole("value", place{})}
		}
		if i == j {
			return e.eval(a, site.scope, f)
		}
	}
	return values{{kind: missing}}
}

// fetched returns what "fetch(url, init)" sends.
// https://fetch.spec.whatwg.org/#fetch-method
func (e *evaluator) fetched(site *callSite, f *frame) *request {
	if len(site.args) == 0 {
		return nil
	}
	r := &request{site: site, url: e.argument(site, 0, f)}
	init := e.argument(site, 1, f)
	if len(r.url) == 1 && r.url[0].kind == object && r.url[0].name == "Request" {
		if init[0].kind == missing {
			init = r.url
		}
		if p, ok := r.url[0].get(requestURL); ok {
			r.url = p.value.get()
		}
	}
	if !e.options(r, init) {
		return nil
	}
	return r
}

// options applies the options of a fetch. It reports false where the request is none that CORS has a say in.
func (e *evaluator) options(r *request, init values) bool {
	if mode, ok := only(init, "mode"); ok && (mode == "no-cors" || mode == "same-origin" || mode == "navigate") {
		return false
	}
	r.method = upper(option(init, "method", "GET"))
	r.addHeaders(option(init, "headers", ""))
	for i := range init {
		switch init[i].kind {
		case object:
			r.open = r.open || init[i].open
		case missing, truth:
		default:
			r.open = true
		}
	}
	switch all := option(init, "credentials", ""); {
	case len(all) == 1 && isText(&all[0], "include"):
		r.credentials, r.credentialsAt = withCookies, optionAt(init, "credentials")
	case len(all) == 1 && (all[0].kind == missing || isText(&all[0], "same-origin", "omit")):
	default:
		r.credentials = someCookies
	}
	return true
}

func isText(v *value, any ...string) bool {
	s, ok := v.known()
	return ok && slices.Contains(any, s)
}

// upper writes methods as browsers do: those that are normalised in upper case, and others as they are.
// https://fetch.spec.whatwg.org/#concept-method-normalize
func upper(all values) values {
	out := slices.Clone(all)
	for i := range out {
		if s, ok := out[i].known(); ok {
			switch u := strings.ToUpper(s); u {
			case "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT":
				out[i] = literal(u, out[i].at)
			}
		}
	}
	return limit(out)
}

// option returns what a property of some options may be. Without it, it is a text; "" stands for missing.
func option(all values, name, without string) values {
	none := value{kind: missing}
	if without != "" {
		none = literal(without, place{})
	}
	var out values
	for i := range all {
		switch v := &all[i]; v.kind {
		case object:
			p, found := v.get(name)
			switch {
			case found:
				for _, x := range p.value.get() {
					if x.kind == missing && without != "" {
						x = none
					}
					out = append(out, x)
				}
				if p.maybe {
					out = append(out, none)
				}
			case v.open:
				h := hole(name, v.at)
				if len(v.pieces) == 1 {
					h.pieces[0].parameter = v.pieces[0].parameter
				}
				out = append(out, h)
			default:
				out = append(out, none)
			}
		case missing, truth:
			out = append(out, none)
		default:
			h := hole(name, v.at)
			if len(v.pieces) == 1 {
				h.pieces[0].parameter = v.pieces[0].parameter
			}
			out = append(out, h)
		}
	}
	return limit(out)
}

// only returns the one known text of a property.
func only(all values, name string) (string, bool) {
	found := option(all, name, "")
	if len(found) != 1 {
		return "", false
	}
	return found[0].known()
}

// optionAt returns the place of a property.
func optionAt(all values, name string) place {
	for i := range all {
		if p, found := all[i].get(name); found && all[i].kind == object {
			return p.at
		}
	}
	return place{}
}

// addHeaders adds the headers of what may be several objects: a header that not all have is only sent at times.
func (r *request) addHeaders(all values) {
	for i := range all {
		switch v := &all[i]; v.kind {
		case object:
			r.open = r.open || v.open
			for _, p := range v.props {
				if len(all) > 1 && !everywhere(all, p.name) || slices.ContainsFunc(p.value.get(), func(v value) bool { return v.kind == missing }) {
					p.maybe = true
				}
				r.headers = setHeader(r.headers, p)
			}
		case list:
			for _, item := range v.items {
				if p, ok := pair(item.get()); ok {
					p.maybe = len(all) > 1
					r.headers = setHeader(r.headers, p)
					continue
				}
				r.open = true
			}
		case missing, truth:
		default:
			r.open = true
		}
	}
}

// pair reads "[name, value]".
func pair(all values) (property, bool) {
	if len(all) != 1 || all[0].kind != list || len(all[0].items) != 2 {
		return property{}, false
	}
	name := all[0].items[0].get()
	if len(name) != 1 {
		return property{}, false
	}
	text, ok := name[0].known()
	return property{name: text, value: all[0].items[1], at: name[0].at}, ok
}

// setHeader adds a header; the same name, in any case, is replaced.
func setHeader(list []property, p property) []property {
	for i := range list {
		if strings.EqualFold(list[i].name, p.name) {
			p.name = list[i].name
		}
	}
	return set(list, p)
}

// eventSource returns what "new EventSource(url)" sends.
func (e *evaluator) eventSource(x *ast.NewExpression, site *callSite, f *frame) *request {
	id, ok := bare(x.Callee).(*ast.Identifier)
	if !ok || id.Name != "EventSource" || site.scope.lookup("EventSource") != nil || len(site.args) == 0 {
		return nil
	}
	r := &request{site: site, url: e.argument(site, 0, f), method: values{literal("GET", place{})}}
	r.cookies(e.argument(site, 1, f))
	return r
}

// cookies reads the option withCredentials, which is true or false.
func (r *request) cookies(options values) {
	const name = "withCredentials"
	for _, v := range option(options, name, "") {
		switch {
		case v.kind == truth && v.truth && len(option(options, name, "")) == 1:
			r.credentials, r.credentialsAt = withCookies, optionAt(options, name)
		case v.kind == missing || v.kind == truth && !v.truth:
		default:
			r.credentials = someCookies
		}
	}
}

// opened returns what an XMLHttpRequest sends that "open" is called of.
// https://xhr.spec.whatwg.org/#the-open()-method
func (e *evaluator) opened(callee *ast.DotExpression, site *callSite, f *frame) *request {
	if len(site.args) < 2 {
		return nil
	}
	left := e.eval(callee.Left, site.scope, f)
	if !slices.ContainsFunc(left, func(v value) bool {
		return v.kind == external && (v.name == "new XMLHttpRequest" || v.name == "new window.XMLHttpRequest")
	}) {
		return nil
	}
	r := &request{site: site, method: upper(e.argument(site, 0, f)), url: e.argument(site, 1, f)}
	id, ok := unwrap(callee.Left).(*ast.Identifier)
	if !ok {
		r.open, r.credentials = true, someCookies
		return r
	}
	b := site.scope.lookup(id.Name.String())
	if b == nil {
		return r
	}
	for i := range b.changes {
		c := &b.changes[i]
		if len(c.keys) != 1 {
			continue
		}
		name, known := e.known(c.keys[0], c.scope, f)
		switch {
		case !known:
			r.open = true
		case name == "withCredentials":
			if v := e.eval(c.value, c.scope, f); len(v) == 1 && v[0].kind == truth {
				if v[0].truth && !c.sometimes {
					r.credentials, r.credentialsAt = withCookies, site.scope.place(c.keys[0])
				} else if v[0].truth {
					r.credentials = someCookies
				}
			} else {
				r.credentials = someCookies
			}
		case strings.HasPrefix(name, "on") || name == "responseType" || name == "timeout":
		default:
			p := property{name: name, at: site.scope.place(c.keys[0]), maybe: c.sometimes, value: e.later(c.value, c.scope, f)}
			r.headers = setHeader(r.headers, p)
		}
	}
	return r
}

// span is the place of a call: what is called, on one line.
func (site *callSite) span() source.Span {
	sc := site.scope.module.script
	from := site.callee.Idx0()
	name := from
	if dot, ok := site.callee.(*ast.DotExpression); ok {
		name = dot.Identifier.Idx
	}
	start, end := sc.At(int(from)-1), sc.At(int(name)-1)
	if start.IsZero() || end.IsZero() {
		return start
	}
	if start.End <= end.End && start.Position().Line == end.Position().Line && end.End-start.Start < 100 {
		return source.Span{File: start.File, Start: start.Start, End: end.End}
	}
	return end
}
