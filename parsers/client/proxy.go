package client

import (
	"path"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

// This file reads the rules by which development servers forward requests:
//
//	Vite     server.proxy              https://vite.dev/config/server-options#server-proxy
//	webpack  devServer.proxy           https://webpack.js.org/configuration/dev-server/#devserverproxy
//	CRA      "proxy", setupProxy.js    https://create-react-app.dev/docs/proxying-api-requests-in-development
//	Angular  proxy.conf.json           https://angular.dev/tools/cli/serve#proxying-to-a-backend-server
//	Next.js  rewrites                  https://nextjs.org/docs/app/api-reference/config/next-config-js/rewrites

const maxProxies = 100 // of one application

// proxied returns the rule that forwards a path; nil where none does.
func (r *reader) proxied(a *application, name string) *contract.Proxy {
	a.proxiesOnce.Do(func() { a.proxies = r.proxies(a) })
	var best *contract.Proxy
	for i := range a.proxies {
		p := &a.proxies[i]
		if strings.HasPrefix(name, p.Prefix) && (best == nil || len(p.Prefix) > len(best.Prefix)) {
			best = p
		}
	}
	return best
}

// proxies reads the rules of an application.
func (r *reader) proxies(a *application) []contract.Proxy {
	var out []contract.Proxy
	for _, name := range r.files.Paths(a.dir) {
		if len(out) >= maxProxies {
			break
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(name, a.dir), "/")
		if strings.Count(rel, "/") > 2 || strings.Contains(rel, "node_modules/") {
			continue
		}
		switch base := strings.ToLower(path.Base(name)); {
		case rel == "package.json":
			out = append(out, r.manifestProxy(name)...)
		case base == "proxy.conf.json" || base == "proxy.config.json" || base == "proxy-conf.json" || base == "proxy.json":
			out = append(out, r.jsonProxies(name)...)
		case isConfiguration(base):
			out = append(out, r.scriptProxies(name, base)...)
		}
	}
	return slices.DeleteFunc(out, func(p contract.Proxy) bool { return p.Prefix == "" })
}

// isConfiguration reports whether a script may configure a development server.
func isConfiguration(base string) bool {
	switch ext := path.Ext(base); ext {
	case ".js", ".ts", ".mjs", ".cjs", ".mts":
		stem := strings.TrimSuffix(base, ext)
		for _, prefix := range []string{"vite.config", "vue.config", "webpack", "rsbuild.config", "rspack.config", "next.config", "nuxt.config", "craco.config", "config-overrides", "setupproxy", "proxy.conf", ".umirc"} {
			if strings.HasPrefix(stem, prefix) {
				return true
			}
		}
	}
	return false
}

// manifestProxy reads "proxy" of a package.json: what the page asks for and is no file goes there.
func (r *reader) manifestProxy(name string) []contract.Proxy {
	root := r.document(name)
	_, value := root.Field("proxy")
	switch value.Kind() { //nolint:exhaustive // nothing else says anything
	case yamltree.String:
		if p, ok := forwarding("/", value.Text(), value.Span()); ok {
			return []contract.Proxy{p}
		}
	case yamltree.Mapping: // of old versions
		return mappedProxies(value)
	}
	return nil
}

func (r *reader) document(name string) yamltree.Node {
	f, err := r.files.Open(name)
	if err != nil || len(f.Data) > maxSource {
		return yamltree.Node{}
	}
	stream, err := yamltree.Parse(f)
	if err != nil || len(stream.Documents) == 0 {
		return yamltree.Node{}
	}
	return stream.Documents[0]
}

// jsonProxies reads a proxy.conf.json: prefixes with their targets, or a list of rules.
func (r *reader) jsonProxies(name string) []contract.Proxy {
	root := r.document(name)
	switch root.Kind() { //nolint:exhaustive // nothing else says anything
	case yamltree.Mapping:
		return mappedProxies(root)
	case yamltree.Sequence:
		var out []contract.Proxy
		for item := range root.Items() {
			_, target := item.Field("target")
			_, contexts := item.Field("context")
			for prefix := range contexts.Items() {
				if p, ok := forwarding(prefix.Text(), target.Text(), prefix.Span()); ok {
					p.Strip = stripped(item)
					out = append(out, p)
				}
			}
		}
		return out
	}
	return nil
}

func mappedProxies(root yamltree.Node) []contract.Proxy {
	var out []contract.Proxy
	for key, value := range root.Fields() {
		target := value.Text()
		if value.Kind() == yamltree.Mapping {
			target = value.Get("target").Text()
		}
		if p, ok := forwarding(key.Text(), target, key.Span()); ok {
			p.Strip = stripped(value)
			out = append(out, p)
		}
	}
	return out
}

// stripped returns what "pathRewrite": {"^/api": ""} takes from the front of a path.
func stripped(n yamltree.Node) string {
	if n.Kind() != yamltree.Mapping {
		return ""
	}
	for from, to := range n.Get("pathRewrite").Fields() {
		if prefix, ok := strings.CutPrefix(from.Text(), "^"); ok && strings.Trim(to.Text(), "/") == "" {
			return strings.TrimSuffix(prefix, "/")
		}
	}
	return ""
}

// forwarding makes a rule of a prefix and an address. A prefix may be a simple pattern: "^/api", "/api/**".
func forwarding(prefix, target string, at source.Span) (contract.Proxy, bool) {
	prefix = strings.TrimPrefix(prefix, "^")
	for _, end := range []string{"/.*", "/**", "/*", ".*", "*", "/:path", "/(.*)", "(.*)"} {
		prefix, _ = strings.CutSuffix(prefix, end)
	}
	if prefix == "" {
		prefix = "/"
	}
	if !strings.HasPrefix(prefix, "/") || strings.ContainsAny(prefix, `()[]|\*+?`) || at.IsZero() {
		return contract.Proxy{}, false
	}
	p := contract.Proxy{Prefix: prefix, Span: at}
	if server, ok := contract.ParseServer(target, at); ok && target != "" {
		p.Target = server
	}
	return p, true
}

// scriptProxies reads the rules that a script configures.
func (r *reader) scriptProxies(name, base string) []contract.Proxy {
	e := r.evaluator(name)
	m := e.module(name)
	if m == nil {
		return nil
	}
	var out []contract.Proxy
	switch {
	case strings.HasPrefix(base, "next.config"):
		for _, a := range m.rewrites {
			out = append(out, e.rewrite(a)...)
		}
		return out
	case strings.HasPrefix(base, "setupproxy"):
		return e.middleware(m)
	case strings.HasPrefix(base, "proxy.conf"):
		if m.whole != nil {
			return e.rules(e.eval(m.whole, m.top, nil))
		}
		if a, ok := m.exports["default"]; ok {
			return e.rules(e.eval(a.value, a.scope, nil))
		}
	}
	for _, a := range m.proxies {
		at := a.scope.place(a.value)
		for _, v := range e.eval(a.value, a.scope, nil) {
			if target, ok := v.known(); ok && strings.HasPrefix(base, "vue.config") {
				if p, ok := forwarding("/", target, at.span()); ok {
					out = append(out, p)
				}
				continue
			}
			out = append(out, e.rules(values{v})...)
		}
	}
	return out
}

// rules reads an object of prefixes, or a list of objects with a context.
func (e *evaluator) rules(all values) []contract.Proxy {
	var out []contract.Proxy
	for i := range all {
		switch v := &all[i]; v.kind { //nolint:exhaustive // nothing else says anything
		case object:
			if contexts := option(values{*v}, "context", ""); len(contexts) > 0 && contexts[0].kind != missing {
				out = append(out, e.contexts(v, contexts)...)
				continue
			}
			for _, p := range v.props {
				for _, w := range p.value.get() {
					if rule, ok := e.rule(p.name, &w, p.at); ok {
						out = append(out, rule)
						break
					}
				}
			}
		case list:
			for _, item := range v.items {
				out = append(out, e.rules(item.get())...)
			}
		}
	}
	return out
}

func (e *evaluator) contexts(v *value, contexts values) []contract.Proxy {
	var out []contract.Proxy
	for i := range contexts {
		list := []*later{now(contexts[i])}
		if len(contexts[i].items) > 0 {
			list = contexts[i].items
		}
		for _, item := range list {
			for _, context := range item.get() {
				if prefix, ok := context.known(); ok {
					if rule, ok := e.rule(prefix, v, context.at); ok {
						out = append(out, rule)
					}
				}
			}
		}
	}
	return out
}

// rule makes a rule of a prefix and what stands behind it: an address, or options.
func (e *evaluator) rule(prefix string, v *value, at place) (contract.Proxy, bool) {
	target := ""
	switch v.kind {
	case text:
		target, _ = v.known()
	case object:
		all := option(values{*v}, "target", "")
		if len(all) == 1 && all[0].kind == missing {
			return contract.Proxy{}, false // a handler of its own
		}
		for i := range all {
			if s, ok := all[i].known(); ok && target == "" {
				target = s
			}
		}
	default:
		return contract.Proxy{}, false
	}
	rule, ok := forwarding(prefix, target, at.span())
	if ok && v.kind == object {
		rule.Strip = e.strip(v)
	}
	return rule, ok
}

// strip returns what "pathRewrite: {'^/api': ”}" or "rewrite: (path) => path.replace(/^\/api/, ”)" takes from a path.
func (e *evaluator) strip(v *value) string {
	for _, rewrite := range option(values{*v}, "pathRewrite", "") {
		for _, p := range rewrite.props {
			prefix, ok := strings.CutPrefix(p.name, "^")
			for _, to := range p.value.get() {
				if s, known := to.known(); ok && known && strings.Trim(s, "/") == "" {
					return strings.TrimSuffix(prefix, "/")
				}
			}
		}
	}
	for _, rewrite := range option(values{*v}, "rewrite", "") {
		if rewrite.kind != callable || len(rewrite.fn.returns) != 1 {
			continue
		}
		call, ok := rewrite.fn.returns[0].value.(*ast.CallExpression)
		if !ok || len(call.ArgumentList) != 2 {
			continue
		}
		from, isPattern := call.ArgumentList[0].(*ast.RegExpLiteral)
		to, isText := call.ArgumentList[1].(*ast.StringLiteral)
		if isPattern && isText && strings.Trim(to.Value.String(), "/") == "" {
			return strings.TrimSuffix(strings.ReplaceAll(strings.TrimPrefix(from.Pattern, "^"), `\/`, "/"), "/")
		}
	}
	return ""
}

// rewrite reads a rewrite of Next.js. Its server does it wherever it runs.
func (e *evaluator) rewrite(a assignment) []contract.Proxy {
	var out []contract.Proxy
	for _, v := range e.eval(a.value, a.scope, nil) {
		from, ok := v.get("source")
		to, found := v.get("destination")
		sources := from.value.get()
		if !ok || !found || len(sources) == 0 {
			continue
		}
		prefix, known := sources[0].known()
		prefix, _, _ = strings.Cut(prefix, "/:")
		for _, destination := range to.value.get() {
			raw := destination.template()
			if !known || destination.kind != text || strings.HasPrefix(raw, "/") {
				continue
			}
			target, _, _ := strings.Cut(raw, "/:")
			rule, ok := forwarding(prefix, target, sources[0].at.span())
			if !ok {
				continue
			}
			rule.Deployed, rule.Strip = true, rule.Prefix
			out = append(out, rule)
			break
		}
	}
	return out
}

// middleware reads "app.use('/api', createProxyMiddleware({ target }))".
func (e *evaluator) middleware(m *module) []contract.Proxy {
	var out []contract.Proxy
	mounted := map[ast.Node]*callSite{}
	for _, site := range m.calls {
		for _, a := range site.args {
			mounted[a] = site
		}
	}
	for _, site := range m.calls {
		callee := e.eval(site.callee, site.scope, nil)
		if len(callee) != 1 || callee[0].kind != external || !strings.HasPrefix(callee[0].name, "package http-proxy-middleware") || len(site.args) == 0 {
			continue
		}
		options := e.argument(site, len(site.args)-1, nil)
		prefixes := values{}
		if len(site.args) == 2 {
			prefixes = e.argument(site, 0, nil)
		} else if use := mounted[site.node]; use != nil && len(use.args) > 1 {
			prefixes = e.argument(use, 0, nil)
		} else if filter := option(options, "pathFilter", ""); len(filter) > 0 && filter[0].kind != missing {
			prefixes = filter
		} else if len(options) > 0 {
			prefixes = values{literal("/", options[0].at)}
		}
		for i := range options {
			if options[i].kind == object {
				out = append(out, e.contexts(&options[i], prefixes)...)
				break
			}
		}
	}
	return out
}
