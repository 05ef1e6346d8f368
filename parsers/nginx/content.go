package nginx

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

// passDirectives hand a request on to another server.
var passDirectives = [...]string{"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"}

// handlers are content handlers that are not modelled.
var handlers = [...]string{
	"content_by_lua", "content_by_lua_block", "content_by_lua_file", "js_content", "perl", "echo", "stub_status", "mp4", "flv",
	"empty_gif", "dav_methods", "vod", "hls", "push_stream_publisher", "push_stream_subscriber", "nchan_publisher",
	"nchan_subscriber", "nchan_pubsub", "passenger_enabled", "rtmp_stat", "vhost_traffic_status_display", "api", "status",
	"check_status", "image_filter", "brotli_static", "slice", "drizzle_pass", "postgres_pass", "redis_pass", "redis2_pass", "srcache_fetch",
}

// contents makes what follows the rewrite phase of a location, a switch where its ifs differ.
func (s *server) contents(loc *location) []policy.Step {
	return s.perIf(loc, func(l *level) []policy.Step { return s.content(l, loc) })
}

// content makes the steps from the access phase to the answer for one level. loc is nil for a server in which no
// location fits.
func (s *server) content(l *level, loc *location) []policy.Step {
	out := s.access(l)
	for _, name := range [...]string{"access_by_lua", "access_by_lua_block", "access_by_lua_file", "js_access", "modsecurity"} {
		if d := l.directive(name); d != nil {
			s.gap(d.Head, name+" is not modelled")
		}
	}
	if own := l.own["try_files"]; len(own) > 0 { // nothing inherits it
		return append(out, s.tryFiles(l, loc, own[0])...)
	}
	return append(out, s.handler(l, loc)...)
}

func (l *level) isIf() bool { return l.node != nil && l.node.Name == "if" }

// handler makes the steps that answer: another server's answer, or a file.
func (s *server) handler(l *level, loc *location) []policy.Step {
	for x := l; x != nil && (x == l || x.node != nil && x.node.Name == "location" && (l.isIf() || l.node.Name == "limit_except")); x = x.outer {
		for _, name := range passDirectives {
			if own := x.own[name]; len(own) > 0 {
				return s.pass(l, loc, own[len(own)-1])
			}
		}
		for _, name := range handlers {
			if own := x.own[name]; len(own) > 0 {
				s.gap(own[0].Head, name+" is not modelled")
				return nil // the block ends without an answer: it is open
			}
		}
	}
	if l.unknownHandler() {
		return nil
	}
	if l.isIf() && s.passesInIf(loc) {
		return append(steps(&policy.If{Cond: &policy.Equal{Of: policy.Variable(s.handedOver), Text: "1"}, Then: s.fail(l, 500, l.node.Head)}), s.file(l)...)
	}
	return s.file(l)
}

// passesInIf reports whether an if of a location hands requests on. When another if is true after it, nginx keeps the handler
// and has no upstream for it: it answers 500 (ngx_http_update_location_config never takes a content handler back).
func (s *server) passesInIf(loc *location) bool {
	return loc != nil && slices.ContainsFunc(loc.ifs, passes)
}

// passes reports whether a level has a directive of its own that hands requests on.
func passes(l *level) bool {
	return slices.ContainsFunc(passDirectives[:], func(name string) bool { return len(l.own[name]) > 0 })
}

// unknownHandler reports whether the level's handler may stand where nobody can see it: around a fragment, or in a part
// of a template.
func (l *level) unknownHandler() bool {
	for ; l != nil; l = l.outer {
		if l.template != nil && l.node != nil && l.node.Name == "location" || l.fragment {
			return true
		}
	}
	return false
}

// pass hands the request on.
func (s *server) pass(l *level, loc *location, d *conf.Directive) []policy.Step {
	if len(d.Args) == 0 {
		return nil
	}
	prefix, _, _ := strings.Cut(d.Name, "_")
	name := d.Args[0].Value
	if _, known := literal(d.Args[0]); !known {
		if address, _, ok := s.address(d); ok {
			name = address
		}
	}
	forward := &policy.Forward{
		To:          policy.Upstream{Name: name, Servers: s.upstream(name), Span: d.Args[0].Span},
		Headers:     s.upstreamHeaders(l, d, prefix),
		Unreachable: 502,
	}
	forward.Path, forward.Query = s.upstreamPath(loc, d)
	var hidden []policy.Step
	for _, h := range l.directives(prefix + "_hide_header") {
		for _, w := range h.Args {
			hidden = append(hidden, &policy.EditHeader{Op: policy.Remove, Name: w.Value, Span: h.Head, Why: policy.Hidden})
		}
	}
	hidden = append(hidden, s.proxyRedirect(l, loc, d)...)
	if l.is(prefix + "_intercept_errors") {
		hidden = append(hidden, s.intercept(l)...)
	}
	forward.Receive = steps(&policy.If{Cond: policy.FromUpstream{}, Then: hidden, Else: s.fail(l, 502, d.Head)})
	out := []policy.Step{}
	if l.argument("client_max_body_size", "1m") != "0" {
		out = append(out, &policy.If{Cond: policy.Meets{Kind: policy.BodyTooLarge}, Then: s.fail(l, 413, d.Head)})
	}
	return append(out, forward)
}

// intercept sends errors of the upstream through error_page.
func (s *server) intercept(l *level) []policy.Step {
	var out []policy.Step
	seen := map[string]bool{}
	for _, d := range l.directives("error_page") {
		for _, w := range d.Args[:max(len(d.Args)-1, 0)] {
			status, err := strconv.Atoi(w.Value)
			if err != nil || seen[w.Value] {
				continue
			}
			seen[w.Value] = true
			out = append(out, &policy.If{Cond: &policy.StatusIn{Statuses: []int{status}}, Then: s.fail(l, status, d.Head)})
		}
	}
	return out
}

// upstream returns the servers of an upstream group.
func (s *server) upstream(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	for x := s.level; x != nil; x = x.outer {
		for _, d := range x.own["upstream"] {
			if len(d.Args) == 0 || !strings.EqualFold(d.Args[0].Value, u.Host) {
				continue
			}
			var servers []string
			for _, m := range newLevel(nil, d, d.Body).own["server"] {
				if len(m.Args) > 0 {
					servers = append(servers, m.Args[0].Value)
				}
			}
			return servers
		}
	}
	return nil
}

// upstreamPath returns path and query that are handed on, nil for what the client sent: the part that the location matched is
// replaced by the path in proxy_pass, when that has one. https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass
// and ngx_http_proxy_create_request
func (s *server) upstreamPath(loc *location, d *conf.Directive) (path, query policy.Expr) {
	_, rest, ok := s.address(d)
	changed := &policy.Escaped{Of: policy.Path}
	if !ok || rest.Value == "" {
		if s.rewrites {
			path = s.ifSet(s.rewritten, changed, policy.SentPath)
		}
		return path, nil
	}
	if _, known := literal(d.Args[0]); !known || loc == nil || loc.isPattern() {
		return s.vars.expr(rest), policy.Text("")
	}
	path = policy.Concat{policy.Text(rest.Value), &policy.Escaped{Of: &policy.Trim{Of: policy.Path, N: len(loc.match)}}}
	if s.rewrites {
		path = s.ifSet(s.broken, changed, path)
	}
	return path, nil
}

// address splits what a directive hands requests on to into scheme and authority, and what follows; it reports false where
// there is no telling them apart.
func (s *server) address(d *conf.Directive) (to string, rest conf.Word, ok bool) {
	w := s.vars.expanded(d.Args[0])
	at := strings.Index(w.Value, "://")
	if at < 0 || strings.Contains(w.Value[:at], "$") {
		return "", conf.Word{}, false
	}
	at += len("://")
	end := len(w.Value)
	if begins := pathBegins.FindStringIndex(w.Value[at:]); begins != nil {
		end = at + begins[0]
	}
	if w.Value != d.Args[0].Value { // its bytes are not those of the file
		return w.Value[:end], conf.Word{Value: w.Value[end:], Span: w.Span}, true
	}
	return w.Value[:end], w.Slice(end, len(w.Value)), true
}

// pathBegins is where an address goes on after its authority: with a slash, or with a variable that begins with one.
var pathBegins = regexp.MustCompile(`[/?]|\$\{?(?:request_uri|uri|document_uri)\b`)

// ifSet is one value where a variable is "1", and another where it is not.
func (s *server) ifSet(variable int, then, otherwise policy.Expr) policy.Expr {
	return &policy.Lookup{Key: policy.Variable(variable), Table: &policy.Table{Name: "path handed on",
		Exact: map[string]*policy.Entry{"1": {Value: then}}, Default: &policy.Entry{Value: otherwise}}}
}

// upstreamHeaders returns the request headers that nginx sets for the upstream.
func (s *server) upstreamHeaders(l *level, d *conf.Directive, prefix string) []policy.Line {
	to, _, known := s.address(d)
	_, s.vars.proxyHost, _ = strings.Cut(to, "://")
	var lines []policy.Line
	host := false
	for _, h := range l.directives(prefix + "_set_header") {
		if len(h.Args) == 2 {
			lines = append(lines, policy.Line{Name: h.Args[0].Value, Value: s.vars.expr(h.Args[1]), Span: h.Head})
			host = host || strings.EqualFold(h.Args[0].Value, "host")
		}
	}
	if known && !host && prefix == "proxy" && !strings.Contains(to, "$") {
		lines = append(lines, policy.Line{Name: "Host", Value: policy.Text(s.vars.proxyHost), Span: d.Head})
	}
	return lines
}

// proxyRedirect makes a Location that names the upstream name the client's side again.
// https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_redirect
func (s *server) proxyRedirect(l *level, loc *location, d *conf.Directive) []policy.Step {
	if d.Name != "proxy_pass" {
		return nil
	}
	// The implied rule is that of the outermost level that hands requests on: inner ones inherit it.
	match := ""
	for x := l; x != nil; x = x.outer {
		if own := x.own["proxy_pass"]; len(own) > 0 && len(own[0].Args) > 0 {
			d = own[len(own)-1]
			if outer := s.locationOf(x); outer != nil {
				loc, match = outer, outer.match
			}
		}
	}
	location := &policy.ResponseHeader{Name: "Location"}
	var out []policy.Step // the first rule that fits gives the variable its value
	rule := func(from, to policy.Expr) {
		set := &policy.Set{Var: s.redirected, Value: &policy.Swap{Of: location, From: from, To: to}}
		if len(out) == 0 {
			out = steps(set)
			return
		}
		out = append(out, &policy.If{Cond: s.isEmpty(s.redirected), Then: steps(set)})
	}
	implied := func() {
		from, known := literal(d.Args[0])
		if !known || loc == nil || loc.isPattern() {
			return
		}
		if _, rest, _ := strings.Cut(from, "://"); !strings.Contains(rest, "/") {
			from, match = from+"/", "/"
		}
		rule(policy.Text(from), policy.Text(match))
	}
	rules := l.directives("proxy_redirect")
	if len(rules) == 0 {
		implied()
	}
	for _, r := range rules {
		switch {
		case len(r.Args) == 1 && r.Args[0].Value == "default":
			implied()
		case len(r.Args) == 2 && strings.HasPrefix(r.Args[0].Value, "~"):
			if pattern := s.redirectPattern(r.Args[0]); pattern != nil {
				if len(out) == 0 {
					out = steps(&policy.Set{Var: s.redirected, Value: policy.Text("")})
				}
				out = append(out, &policy.If{Cond: policy.All{s.isEmpty(s.redirected), &policy.Matches{Of: location, Pattern: pattern, Named: s.vars.namedCaptures(pattern)}},
					Then: steps(&policy.Set{Var: s.redirected, Value: s.vars.expr(r.Args[1])})})
			}
		case len(r.Args) == 2:
			rule(s.vars.expr(r.Args[0]), s.vars.expr(r.Args[1]))
		}
	}
	if len(out) == 0 {
		return nil
	}
	rewritten := steps(&policy.If{Cond: s.isEmpty(s.redirected), Else: steps(&policy.EditHeader{Op: policy.Rewrite, Name: "Location", Value: policy.Variable(s.redirected), Span: d.Head})})
	if l.argument("absolute_redirect", "on") != "off" {
		// ngx_http_header_filter makes it absolute, and writes it before all others.
		rewritten = steps(&policy.If{Cond: &policy.HasPrefix{Of: policy.Variable(s.redirected), Text: "/"}, Else: rewritten, Then: steps(
			&policy.EditHeader{Op: policy.Remove, Name: "Location", Span: d.Head, Why: policy.Overridden},
			&policy.EditHeader{Op: policy.First, Name: "Location", Value: s.absolute(l, policy.Variable(s.redirected)), Span: d.Head})})
	}
	return steps(&policy.If{Cond: &policy.HasHeader{Name: "Location", OnlyKnown: true}, Then: append(out, rewritten...)})
}

// redirectPattern reads the expression of proxy_redirect; nil when it cannot be read.
func (s *server) redirectPattern(w conf.Word) *policy.Pattern {
	text, fold := strings.CutPrefix(w.Value, "~*")
	pattern, err := policy.CompilePattern(strings.TrimPrefix(text, "~"), policy.PCRE, fold)
	if err != nil || !w.Known() {
		s.gap(w.Span, "an expression that corslint cannot read")
		return nil
	}
	return pattern
}

func (s *server) isEmpty(variable int) policy.Cond {
	return &policy.Equal{Of: policy.Variable(variable), Text: ""}
}

// locationOf returns the location of a level, nil for a level that is none.
func (s *server) locationOf(l *level) *location {
	for _, loc := range s.locations {
		if loc.level.node == l.node {
			return loc
		}
	}
	return nil
}

// file answers with a file, as the index, autoindex and static handlers do together.
// https://nginx.org/en/docs/http/ngx_http_index_module.html
func (s *server) file(l *level) []policy.Step {
	span := s.layer.Span
	if l.node != nil {
		span = l.node.Head
	}
	head := s.fail(l, 405, span)
	directory := s.index(l, span)
	ok := &policy.Respond{Status: 200, Span: span, Headers: []policy.Line{{Name: "Last-Modified", Value: unknownVariable("the file's time", span), Span: span}}}
	found := steps(&policy.If{Cond: &policy.Equal{Of: policy.Method, Text: "POST"}, Then: s.fail(l, 405, span)}, ok)
	file := steps(&policy.If{
		Cond: s.exists(policy.UnknownFile, l, policy.Path, span),
		Then: found,
		Else: steps(&policy.If{
			Cond: s.exists(policy.UnknownDirectory, l, policy.Path, span),
			Then: s.redirect(l, 301, policy.Concat{policy.Path, policy.Text("/"), s.vars.isArgs(), policy.Query}, span),
			Else: s.fail(l, 404, span),
		}),
	})
	return steps(&policy.If{
		Cond: &policy.OneOf{Of: policy.Method, Texts: []string{"GET", "HEAD", "POST"}},
		Then: steps(&policy.If{Cond: &policy.HasSuffix{Of: policy.Path, Text: "/"}, Then: directory, Else: file}),
		Else: head,
	})
}

// exists asks whether there is a file or directory behind a path.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#root
func (s *server) exists(kind policy.UnknownKind, l *level, path policy.Expr, span source.Span) policy.Cond {
	file := policy.Expr(policy.Concat{policy.Text("html"), path})
	if d := l.directive("root"); d != nil && len(d.Args) > 0 {
		file = policy.Concat{s.vars.expr(d.Args[0]), path}
	}
	if at := l.holder("alias"); at != nil && at.node != nil && len(at.node.Args) > 0 && len(at.own["alias"][0].Args) > 0 {
		// alias stands in place of the location's own prefix
		prefix := at.node.Args[len(at.node.Args)-1].Value
		file = policy.Concat{s.vars.expr(at.own["alias"][0].Args[0]), &policy.Trim{Of: path, N: len(prefix)}}
	}
	ask := &policy.Ask{Unknown: policy.Unknown{Kind: kind, Span: span}, Subject: file}
	return policy.All{&policy.Not{Cond: policy.Meets{Kind: policy.FileMissing}}, ask}
}

// index answers for a path that ends with a slash.
func (s *server) index(l *level, span source.Span) []policy.Step {
	names := []conf.Word{{Value: "index.html"}}
	if d := l.directive("index"); d != nil && len(d.Args) > 0 {
		names = d.Args
	}
	var out []policy.Step
	for _, name := range names {
		if strings.HasPrefix(name.Value, "/") { // the last one may be a path of its own
			out = append(out, s.handOff(l, span)...)
			return append(out, s.jumpTo(name, span)...)
		}
		path := policy.Concat{policy.Path, s.vars.expr(name)}
		then := append(s.handOff(l, span), &policy.Edit{Path: path})
		then = append(then, s.restart(span)...)
		out = append(out, &policy.If{Cond: s.exists(policy.UnknownFile, l, path, span), Then: then})
	}
	forbidden := s.fail(l, 403, span)
	if l.is("autoindex") {
		forbidden = steps(&policy.If{Cond: &policy.Equal{Of: policy.Method, Text: "POST"}, Then: forbidden,
			Else: steps(&policy.Respond{Status: 200, Headers: []policy.Line{htmlType}, Span: span})})
	}
	return append(out, &policy.If{Cond: s.exists(policy.UnknownDirectory, l, policy.Path, span), Then: forbidden, Else: s.fail(l, 404, span)})
}

// tryFiles lowers try_files: the first file that exists is the path, without another choice of location; else an
// internal redirect to the last argument.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files
func (s *server) tryFiles(l *level, loc *location, d *conf.Directive) []policy.Step {
	if len(d.Args) < 2 {
		return nil
	}
	last := d.Args[len(d.Args)-1]
	var out []policy.Step
	for _, w := range d.Args[:len(d.Args)-1] {
		kind := policy.UnknownFile
		if strings.HasSuffix(w.Value, "/") {
			kind = policy.UnknownDirectory
			w = w.Slice(0, len(w.Value)-1)
		}
		path := s.vars.expr(w)
		exists := s.exists(kind, l, path, w.Span)
		if kind == policy.UnknownFile { // a path that ends with a slash is no file
			exists = policy.All{&policy.Not{Cond: &policy.HasSuffix{Of: path, Text: "/"}}, exists}
		}
		out = append(out, &policy.If{Cond: exists, Then: append(steps(&policy.Edit{Path: path}), s.handler(l, loc)...)})
	}
	switch {
	case strings.HasPrefix(last.Value, "="):
		return append(out, s.fail(l, atoi(last.Value[1:], 404), d.Head)...)
	case strings.HasPrefix(last.Value, "@"):
		out = append(out, s.handOff(l, d.Head)...)
		return append(out, s.jumpNamed(last.Value, d.Head)...)
	}
	out = append(out, s.handOff(l, d.Head)...)
	return append(out, s.jumpTo(last, d.Head)...)
}

func atoi(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}
