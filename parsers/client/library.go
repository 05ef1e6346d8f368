package client

import (
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
)

// This file knows the libraries that send requests: axios, ky, superagent, and Angular's HttpClient.

// sent returns what a library sends. Without a method it is called itself.
func (e *evaluator) sent(s *sender, method string, site *callSite, f *frame) *request {
	switch s.library {
	case "axios":
		return e.axiosRequest(s, method, site, f)
	case "ky":
		return e.kyRequest(s, method, site, f)
	case "superagent":
		return e.superagentRequest(method, site, f)
	}
	return nil
}

// axiosRequest returns what axios sends.
// https://axios-http.com/docs/req_config
func (e *evaluator) axiosRequest(s *sender, method string, site *callSite, f *frame) *request {
	r := &request{site: site, method: values{literal("GET", place{})}, open: s.open, drops: true}
	if s.open {
		r.credentials = someCookies
	}
	first := e.argument(site, 0, f)
	var config, data values
	switch verb := methods[method]; {
	case method == "" || method == "request":
		config = first
		if len(first) > 0 && first[0].kind != object && method == "" {
			r.url, config = first, e.argument(site, 1, f)
		} else {
			r.url = option(first, "url", "")
		}
		r.method = upper(option(config, "method", "GET"))
		for i := range r.method { // axios writes all methods in capitals
			if m, ok := r.method[i].known(); ok {
				r.method[i] = literal(strings.ToUpper(m), r.method[i].at)
			}
		}
		data = option(config, "data", "")
	case verb == "POST" || verb == "PUT" || verb == "PATCH":
		r.method[0] = literal(verb, place{})
		r.url, data, config = first, e.argument(site, 1, f), e.argument(site, 2, f)
	default:
		r.method[0] = literal(verb, place{})
		r.url, config = first, e.argument(site, 1, f)
		data = option(config, "data", "")
	}
	r.url = e.based(s, option(config, "baseURL", ""), r.url)
	e.sentHeaders(r, s.config)
	for _, p := range s.headers {
		r.headers = setHeader(r.headers, p)
	}
	e.sentHeaders(r, config)
	r.cookies(s.config)
	if s.credentials {
		r.credentials = withCookies
	}
	if all := option(config, "withCredentials", ""); len(all) != 1 || all[0].kind != missing {
		r.credentials = withoutCookies
		r.cookies(config)
	}
	if strings.HasSuffix(method, "Form") {
		return r
	}
	r.body(data)
	return r
}

// sentHeaders adds the headers of some options.
func (e *evaluator) sentHeaders(r *request, config values) {
	for i := range config {
		switch config[i].kind {
		case object:
			r.open = r.open || config[i].open
		case missing:
		default:
			r.open = true
		}
	}
	headers := option(config, "headers", "")
	for i := range headers { // of axios' defaults: "headers.common['X']", "headers.post['X']"
		for _, group := range []string{"common", "get", "post", "put", "patch", "delete"} {
			p, found := headers[i].get(group)
			if !found || headers[i].kind != object || len(p.value.get()) == 0 || p.value.get()[0].kind != object {
				continue
			}
			headers[i].props = slices.DeleteFunc(slices.Clone(headers[i].props), func(p property) bool { return p.name == group })
			if method, _ := r.method[0].known(); group == "common" || strings.EqualFold(group, method) {
				headers[i] = spread(headers[i], p.value.get())
			}
		}
	}
	r.addHeaders(headers)
}

// body adds the Content-Type that a library sends with a body: JSON for objects, none that needs permission for forms and text.
func (r *request) body(data values) {
	if slices.ContainsFunc(r.headers, func(p property) bool { return strings.EqualFold(p.name, "content-type") }) {
		return
	}
	json, other := place{}, false
	for i := range data {
		switch data[i].kind {
		case object, list:
			json = data[i].at
		case missing, text, formData:
			other = true
		default:
			r.open, other = true, true
		}
	}
	if json != (place{}) {
		p := property{name: "Content-Type", value: now(literal("application/json", json)), at: place{module: r.site.scope.module, node: nil, direct: r.site.span()}, maybe: other}
		r.headers = append(r.headers, p)
	}
}

// based returns addresses behind what they are relative to.
func (e *evaluator) based(s *sender, own, urls values) values {
	bases := own
	if len(own) == 1 && own[0].kind == missing {
		bases = option(s.config, "baseURL", "")
		if len(s.base) > 0 {
			bases = s.base
		}
		if s.open && len(s.base) == 0 && len(s.config) == 0 {
			bases = values{hole("baseURL", place{})}
		}
		if len(bases) == 0 {
			return urls
		}
	}
	return combined(bases, urls)
}

// combined puts bases and addresses together as axios does: with one slash between, and without the base where an address has
// a host of its own.
func combined(bases, urls values) values {
	var out values
	for i := range urls {
		u := urls[i]
		if u.kind == missing {
			u = literal("", u.at)
		}
		if len(u.pieces) > 0 && (strings.Contains(u.pieces[0].text, "://") || strings.HasPrefix(u.pieces[0].text, "//")) {
			out = append(out, u)
			continue
		}
		if u.kind != text && len(bases) > 0 { // "url": anything
			out = append(out, u)
			continue
		}
		for j := range bases {
			b := bases[j]
			if b.kind == missing {
				out = append(out, u)
				continue
			}
			pieces := slices.Clone(b.asText("baseURL", b.at))
			rest := slices.Clone(u.asText("url", u.at))
			if len(pieces) > 0 && len(rest) > 0 && (rest[0].hole != "" || rest[0].text != "") {
				last := &pieces[len(pieces)-1]
				if last.hole == "" {
					last.text = strings.TrimRight(last.text, "/")
				}
				if rest[0].hole == "" {
					rest[0].text = strings.TrimLeft(rest[0].text, "/")
				}
				// What a parameter is may well begin with the slash: then there is one too many, which [split] drops.
				pieces = append(pieces, piece{text: "/", at: b.at})
			}
			out = append(out, value{kind: text, at: u.at, pieces: append(pieces, rest...)})
		}
	}
	return limit(out)
}

// kyRequest returns what ky sends.
// https://github.com/sindresorhus/ky#options
func (e *evaluator) kyRequest(s *sender, method string, site *callSite, f *frame) *request {
	r := &request{site: site, url: e.argument(site, 0, f), open: s.open}
	config := e.argument(site, 1, f)
	if !e.options(r, config) {
		return nil
	}
	base := option(config, "prefixUrl", "")
	if len(base) == 1 && base[0].kind == missing {
		base = option(s.config, "prefixUrl", "")
	}
	if len(base) > 0 {
		r.url = combined(base, r.url)
	}
	if verb := methods[method]; verb != "" {
		r.method = values{literal(verb, place{})}
	}
	own := r.headers
	r.headers = nil
	if len(s.config) > 0 {
		r.addHeaders(option(s.config, "headers", ""))
		for i := range s.config {
			r.open = r.open || s.config[i].kind == object && (s.config[i].open || hasOption(&s.config[i], "hooks"))
		}
		if r.credentials == withoutCookies && slices.ContainsFunc(option(s.config, "credentials", ""), func(v value) bool { return isText(&v, "include") }) {
			r.credentials, r.credentialsAt = withCookies, optionAt(s.config, "credentials")
		}
	}
	for _, p := range own {
		r.headers = setHeader(r.headers, p)
	}
	if json := option(config, "json", ""); len(json) > 0 && json[0].kind != missing {
		p := property{name: "Content-Type", value: now(literal("application/json", place{})), at: optionAt(config, "json")}
		r.headers = setHeader(r.headers, p)
	}
	return r
}

func hasOption(v *value, name string) bool {
	_, found := v.get(name)
	return found
}

// superagentRequest returns what superagent sends: the calls behind the first one say what.
// https://ladjs.github.io/superagent/
func (e *evaluator) superagentRequest(method string, site *callSite, f *frame) *request {
	verb := methods[method]
	if verb == "" {
		return nil
	}
	r := &request{site: site, url: e.argument(site, 0, f), method: values{literal(verb, place{})}}
	if data := e.argument(site, 1, f); len(data) > 0 && verb != "GET" && verb != "HEAD" {
		r.body(data)
	}
	for next := site.next; next != nil; next = next.next {
		dot, ok := next.callee.(*ast.DotExpression)
		if !ok {
			break
		}
		switch dot.Identifier.Name {
		case "set":
			if len(next.args) == 2 {
				c := change{keys: next.args[:1], value: next.args[1], scope: next.scope, sometimes: false}
				r.addHeaders(values{e.change(value{kind: object}, &c, c.keys, f)})
			} else {
				r.addHeaders(e.argument(next, 0, f))
			}
		case "use": // a plugin
			r.open = true
		case "auth":
			r.headers = setHeader(r.headers, property{name: "Authorization", at: next.scope.place(&dot.Identifier)})
		case "withCredentials":
			r.credentials, r.credentialsAt = withCookies, next.scope.place(&dot.Identifier)
		case "send":
			r.body(e.argument(next, 0, f))
		}
	}
	return r
}

// angular returns what Angular's HttpClient sends. Interceptors can add anything.
// https://angular.dev/api/common/http/HttpClient
func (e *evaluator) angular(method string, site *callSite, f *frame) *request {
	r := &request{site: site, method: values{literal(methods[method], place{})}, open: true, drops: true}
	at := 0
	if method == "request" {
		r.method, at = upper(e.argument(site, 0, f)), 1
	}
	r.url = e.argument(site, at, f)
	config := e.argument(site, at+1, f)
	data := values{{kind: missing}}
	switch methods[method] {
	case "POST", "PUT", "PATCH":
		data, config = config, e.argument(site, at+2, f)
	default:
		if body := option(config, "body", ""); len(body) > 0 {
			data = body
		}
	}
	r.addHeaders(option(config, "headers", ""))
	r.cookies(config)
	r.body(data)
	return r
}

// axios returns the library itself, with what the application sets for all its requests.
func (e *evaluator) axios() *sender {
	if e.shared != nil {
		return e.shared
	}
	out := &sender{library: "axios"}
	e.shared = out // what asks for it meanwhile gets it without
	for _, name := range e.reader.setters(e.app) {
		m := e.module(name)
		if m == nil {
			continue
		}
		for _, b := range sorted(m.top.names) {
			if len(b.changes) == 0 && !usesInterceptors(m) || b.value == nil {
				continue
			}
			all := e.binding(b, nil, place{})
			if len(all) == 1 && all[0].kind == external && (plainName(all[0].name) == "package axios" || plainName(all[0].name) == "package vue") {
				*out = *e.configured(out, b, nil)
			}
		}
	}
	return out
}

func usesInterceptors(m *module) bool {
	return slices.ContainsFunc(m.calls, func(site *callSite) bool {
		_, keys := members(site.callee)
		return isInterceptor(keys)
	})
}

// isInterceptor reports whether a call is "….interceptors.request.use(…)".
func isInterceptor(keys []ast.Expression) bool {
	n := len(keys)
	return n >= 3 && keyName(keys[n-1], true) == "use" && keyName(keys[n-2], true) == "request" && keyName(keys[n-3], true) == "interceptors"
}

// configured adds to an instance what is set of it under a name: its defaults and interceptors.
func (e *evaluator) configured(s *sender, b *binding, f *frame) *sender {
	out := *s
	for i := range b.changes {
		c := &b.changes[i]
		keys := c.keys
		for len(keys) > 1 && (keyName(keys[0], true) == "default" || keyName(keys[0], true) == "axios") {
			keys = keys[1:]
		}
		if len(keys) < 2 || keyName(keys[0], true) != "defaults" {
			continue
		}
		e.setDefault(&out, c, keys[1:], f)
	}
	for _, site := range b.scope.module.calls {
		root, keys := members(site.callee)
		id, ok := root.(*ast.Identifier)
		if !ok || !isInterceptor(keys) || len(keys) > 5 || site.scope.lookup(id.Name.String()) != b {
			continue
		}
		e.intercepted(&out, site)
	}
	return &out
}

// configuredField does the same for an instance that a field of a class holds.
func (e *evaluator) configuredField(s *sender, v *value, field string) *sender {
	out := *s
	for _, site := range v.mod.calls {
		root, keys := members(site.callee)
		if _, this := root.(*ast.ThisExpression); !this || !isInterceptor(keys) || len(keys) != 4 || keyName(keys[0], true) != field {
			continue
		}
		e.intercepted(&out, site)
	}
	return &out
}

func (e *evaluator) setDefault(s *sender, c *change, keys []ast.Expression, f *frame) {
	switch keyName(keys[0], true) {
	case "baseURL":
		s.base = limit(append(slices.Clone(s.base), e.eval(c.value, c.scope, f)...))
	case "withCredentials":
		if v := e.eval(c.value, c.scope, f); len(v) == 1 && v[0].kind == truth && v[0].truth {
			s.credentials = true
		}
	case "headers":
		keys = keys[1:]
		if len(keys) > 1 {
			if keyName(keys[0], true) != "common" {
				return // of one method
			}
			keys = keys[1:]
		}
		if len(keys) != 1 {
			return
		}
		name, known := e.known(keys[0], c.scope, f)
		if !known {
			s.open = true
			return
		}
		p := property{name: name, at: c.scope.place(keys[0]), value: e.later(c.value, c.scope, f), maybe: c.sometimes || c.scope.fn != nil}
		s.headers = setHeader(s.headers, p)
	}
}

// intercepted adds what an interceptor does to a request: it is handed one and looked at what it returns.
func (e *evaluator) intercepted(s *sender, site *callSite) {
	for _, v := range e.argument(site, 0, nil) {
		if v.kind != callable || len(v.fn.returns) == 0 || e.busy[v.fn] {
			s.open = true
			continue
		}
		e.busy[v.fn] = true
		config := value{kind: object, props: []property{{name: "headers", value: now(value{kind: object})}}}
		call := &frame{fn: v.fn, args: []*later{now(config)}}
		for _, r := range v.fn.returns[:min(len(v.fn.returns), maxAlternatives)] {
			for _, returned := range e.eval(r.value, r.scope, call) {
				if returned.kind != object {
					s.open = s.open || returned.kind != missing
					continue
				}
				s.open = s.open || returned.open
				e.takeIntercepted(s, &returned, len(v.fn.returns) > 1)
			}
		}
		delete(e.busy, v.fn)
	}
}

func (e *evaluator) takeIntercepted(s *sender, returned *value, sometimes bool) {
	for _, headers := range option(values{*returned}, "headers", "") {
		if headers.kind != object {
			s.open = s.open || headers.kind != missing
			continue
		}
		s.open = s.open || headers.open
		for _, p := range headers.props {
			if p.name == "common" {
				continue
			}
			p.maybe = p.maybe || sometimes || slices.ContainsFunc(p.value.get(), func(v value) bool { return v.kind == missing })
			s.headers = setHeader(s.headers, p)
		}
	}
	if all := option(values{*returned}, "withCredentials", ""); len(all) == 1 && all[0].kind == truth && all[0].truth && !sometimes {
		s.credentials = true
	}
	if all := option(values{*returned}, "baseURL", ""); len(all) > 0 && all[0].kind != missing {
		s.base = limit(append(slices.Clone(s.base), all...))
	}
}
