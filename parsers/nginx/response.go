package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

// safeStatuses are the statuses that add_header without "always", and expires, apply to.
// https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header
var safeStatuses = []int{200, 201, 204, 206, 301, 302, 303, 304, 307, 308}

// fail answers with an error that nginx makes itself, or goes where error_page sends it.
// ngx_http_special_response_handler in src/http/ngx_http_special_response.c
func (s *server) fail(l *level, status int, span source.Span, headers ...policy.Line) []policy.Step {
	respond := &policy.Respond{Status: status, Headers: append(headers, htmlType), Span: span}
	if !s.errorPages {
		return steps(respond)
	}
	out := s.errorPage(l, status)
	return append(out, &policy.Set{Var: s.errStatus, Value: policy.Text("")}, respond)
}

var htmlType = policy.Line{Name: "Content-Type", Value: policy.Text("text/html")}

// redirect answers with a redirect of nginx's own. An address that begins with a slash is made absolute.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#absolute_redirect
func (s *server) redirect(l *level, status int, target policy.Expr, span source.Span) []policy.Step {
	if l.argument("absolute_redirect", "on") != "off" {
		target = s.absolute(l, target)
	}
	return s.fail(l, status, span, policy.Line{Name: "Location", Value: target, Span: span})
}

// absolute puts scheme, host and port before an address that begins with a slash.
func (s *server) absolute(l *level, target policy.Expr) policy.Expr {
	host := policy.Expr(policy.HostName)
	if l.is("server_name_in_redirect") && s.vars.serverName != "" {
		host = policy.Text(s.vars.serverName)
	}
	prefix := policy.Concat{policy.Scheme, policy.Text("://"), host}
	if l.argument("port_in_redirect", "on") != "off" {
		prefix = append(prefix, policy.PortSuffix)
	}
	return &policy.Lookup{Key: target, Table: &policy.Table{
		Name:     "absolute redirect",
		Prefixes: []policy.TextEntry{{Text: "/", Entry: policy.Entry{Value: append(prefix, target)}}},
		Default:  &policy.Entry{Value: target},
	}}
}

// errorPage goes where error_page sends a status; it makes no steps for a status without a page.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page
func (s *server) errorPage(l *level, status int) []policy.Step {
	d, page := findErrorPage(l, status)
	if d == nil {
		return nil
	}
	answer := strconv.Itoa(status)
	if page.replace {
		answer = page.status
	}
	then := steps(&policy.Set{Var: s.errStatus, Value: policy.Text(answer)}, &policy.Set{Var: s.errorTaken, Value: policy.Text("1")})
	uri := page.uri
	switch {
	case strings.HasPrefix(uri.Value, "@"):
		then = append(then, s.handOff(l, d.Head)...)
		then = append(then, s.jumpNamed(uri.Value, d.Head)...)
	case strings.HasPrefix(uri.Value, "/") || strings.HasPrefix(uri.Value, "$"):
		then = append(then, s.handOff(l, d.Head)...)
		then = append(then, &policy.If{Cond: &policy.Equal{Of: policy.Method, Text: "HEAD"}, Else: steps(&policy.Edit{Method: policy.Text("GET")})})
		then = append(then, s.jumpTo(uri, d.Head)...)
	default:
		code := 302
		if n, err := strconv.Atoi(page.status); err == nil && isRedirect(n) {
			code = n
		}
		then = steps(&policy.Set{Var: s.errStatus, Value: policy.Text("")},
			&policy.Respond{Status: code, Headers: []policy.Line{{Name: "Location", Value: s.vars.expr(uri), Span: d.Head}, htmlType}, Span: d.Head})
	}
	if l.is("recursive_error_pages") {
		return then
	}
	return steps(&policy.If{Cond: &policy.Equal{Of: policy.Variable(s.errorTaken), Text: "1"}, Else: then})
}

// errorPageTarget is where an error_page directive sends a status.
type errorPageTarget struct {
	uri     conf.Word
	replace bool   // "=" or "=200" was given
	status  string // "" for "=": the target's own
}

func findErrorPage(l *level, status int) (*conf.Directive, errorPageTarget) {
	for _, d := range l.directives("error_page") {
		n := len(d.Args)
		if n < 2 {
			continue
		}
		t := errorPageTarget{uri: d.Args[n-1]}
		statuses := d.Args[:n-1]
		if last := statuses[len(statuses)-1].Value; strings.HasPrefix(last, "=") {
			t.replace, t.status = true, last[1:]
			statuses = statuses[:len(statuses)-1]
		}
		if slices.ContainsFunc(statuses, func(w conf.Word) bool { return w.Value == strconv.Itoa(status) }) {
			return d, t
		}
	}
	return nil, errorPageTarget{}
}

// handOff records what the level would have sent: the place that an internal redirect leads to has headers of its own.
func (s *server) handOff(l *level, by source.Span) []policy.Step {
	return s.lose(l.addHeaders(s.version.HasHeaderInherit()).sent, by, policy.HandedOff)
}

// jumpNamed goes to a named location.
func (s *server) jumpNamed(name string, span source.Span) []policy.Step {
	loc := s.named[name]
	if loc == nil {
		return steps(&policy.Respond{Status: 500, Span: span})
	}
	return steps(&policy.Set{Var: s.internal, Value: policy.Text("1")}, &policy.Jump{Block: loc.rewrite, Internal: true, Span: span})
}

// jumpTo redirects internally to a path, which may bring a query.
func (s *server) jumpTo(uri conf.Word, span source.Span) []policy.Step {
	path, query := uri, conf.Word{}
	if at := strings.IndexByte(uri.Value, '?'); at >= 0 && uri.Known() {
		path, query = uri.Slice(0, at), uri.Slice(at+1, len(uri.Value))
	}
	return append(steps(&policy.Edit{Path: s.vars.expr(path), Query: s.vars.expr(query)}), s.restart(span)...)
}

// restart goes through the server again, with the path as it was edited.
func (s *server) restart(span source.Span) []policy.Step {
	out := steps(&policy.Set{Var: s.internal, Value: policy.Text("1")})
	if s.rewrites {
		out = append(out, &policy.Set{Var: s.rewritten, Value: policy.Text("1")}, &policy.Set{Var: s.broken, Value: policy.Text("")})
	}
	return append(out, &policy.Jump{Block: s.entry, Internal: true, Span: span})
}

// responses makes the response part of a location, a switch where its ifs answer with other headers.
func (s *server) responses(loc *location) []policy.Step {
	return s.perIf(loc, s.response)
}

// response makes the response part of a level: nginx's header filters in the order in which they run.
func (s *server) response(l *level) []policy.Step {
	var out []policy.Step
	if s.errorPages {
		out = append(out, &policy.If{Cond: &policy.Equal{Of: policy.Variable(s.errStatus), Text: ""}, Else: steps(&policy.SetStatus{Value: policy.Variable(s.errStatus)})})
	}
	out = append(out, s.moreHeaders(l)...)
	out = append(out, s.expires(l)...)
	out = append(out, s.addHeaders(l)...)
	out = append(out, s.vary(l)...)
	if by := l.openBy("add_header"); by != nil {
		out = append(out, &policy.OpenHeaders{Unknown: *by})
	}
	for _, name := range [...]string{"header_filter_by_lua", "header_filter_by_lua_block", "header_filter_by_lua_file", "js_header_filter"} {
		if d := l.directive(name); d != nil {
			s.gap(d.Head, name+" is not modelled")
			out = append(out, &policy.OpenHeaders{Unknown: policy.Unknown{Kind: policy.UnknownModule, Subject: name, Span: d.Head}})
		}
	}
	return out
}

// vary adds the line of gzip_vary: the last filter writes it, before the list of headers, so nothing replaces it. Whether a response is long enough, and of a type that is compressed, is known for
// nginx's own error pages only.
// https://nginx.org/en/docs/http/ngx_http_gzip_module.html#gzip_vary
func (s *server) vary(l *level) []policy.Step {
	if !l.is("gzip") || !l.is("gzip_vary") {
		return nil
	}
	d := l.directive("gzip_vary")
	add := &policy.EditHeader{Op: policy.First, Name: "Vary", Value: policy.Text("Accept-Encoding"), Span: d.Head}
	return steps(&policy.If{
		Cond: policy.All{
			&policy.StatusIn{Statuses: []int{200, 403, 404}},
			&policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownCondition, Subject: "the response is one that gzip compresses", Span: d.Head}},
		},
		Then: steps(add),
	})
}

// expires lowers the directive of that name, as far as it decides about caching.
// https://nginx.org/en/docs/http/ngx_http_headers_module.html#expires
func (s *server) expires(l *level) []policy.Step {
	d := l.directive("expires")
	if d == nil || len(d.Args) == 0 || d.Args[0].Value == "off" {
		return nil
	}
	value := policy.Expr(policy.Text(cacheControl(d.Args[len(d.Args)-1].Value)))
	if _, ok := literal(d.Args[len(d.Args)-1]); !ok {
		value = unknownVariable(d.Args[len(d.Args)-1].Value, d.Head)
	}
	return steps(&policy.If{Cond: &policy.StatusIn{Statuses: safeStatuses}, Then: steps(
		&policy.EditHeader{Op: policy.Replace, Name: "Cache-Control", Value: value, Span: d.Head, Why: policy.Overridden})})
}

// cacheControl returns the Cache-Control of an expires time.
func cacheControl(time string) string {
	switch {
	case time == "epoch" || strings.HasPrefix(time, "-"):
		return "no-cache"
	case time == "max":
		return "max-age=315360000"
	case strings.HasPrefix(time, "@"):
		return "max-age=0"
	}
	return "max-age=" + strconv.Itoa(seconds(time))
}

// seconds reads a time such as 1h30m; a number without a unit is in seconds.
// https://nginx.org/en/docs/syntax.html
func seconds(text string) int {
	units := map[byte]int{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800, 'M': 2592000, 'y': 31536000}
	total, number := 0, 0
	for i := range len(text) {
		if c := text[i]; '0' <= c && c <= '9' {
			number = number*10 + int(c-'0')
		} else {
			total += number * units[c]
			number = 0
		}
	}
	return min(total+number, 1<<31-1)
}

// moreHeaders lowers the directives of the headers-more module. They add up over the levels, the outermost first; the
// module runs before add_header, so it neither replaces nor clears what that adds.
// https://github.com/openresty/headers-more-nginx-module
func (s *server) moreHeaders(l *level) []policy.Step {
	var levels []*level
	for x := l; x != nil; x = x.outer {
		levels = append(levels, x)
	}
	var out []policy.Step
	for _, x := range slices.Backward(levels) {
		for _, d := range x.body {
			if d.Name == "more_set_headers" || d.Name == "more_clear_headers" {
				out = append(out, s.moreHeader(d)...)
			}
		}
	}
	return out
}

func (s *server) moreHeader(d *conf.Directive) []policy.Step {
	var statuses []int
	var edits []policy.Step
	op := policy.Replace
	if d.Name == "more_clear_headers" {
		op = policy.Remove
	}
	for i := 0; i < len(d.Args); i++ {
		w := d.Args[i]
		switch {
		case w.Value == "-s" && i+1 < len(d.Args):
			i++
			for text := range strings.FieldsSeq(d.Args[i].Value) {
				status, _ := strconv.Atoi(text)
				statuses = append(statuses, status)
			}
		case w.Value == "-t" && i+1 < len(d.Args):
			i++ // content types are not followed
			s.gap(d.Args[i].Span, "the content types of "+d.Name+" are not modelled")
		case w.Value == "-a":
			op = policy.Add
		case strings.HasPrefix(w.Value, "-") && len(w.Value) == 2:
		default:
			edits = append(edits, s.moreEdit(d, w, op))
		}
	}
	if len(statuses) == 0 {
		return edits
	}
	return steps(&policy.If{Cond: &policy.StatusIn{Statuses: statuses}, Then: edits})
}

// moreEdit reads an argument: "Name: value" to set, a name to clear. An empty value clears.
func (s *server) moreEdit(d *conf.Directive, w conf.Word, op policy.HeaderOp) policy.Step {
	name, value, _ := strings.Cut(w.Value, ":")
	name = strings.TrimSpace(name)
	value = strings.TrimLeft(value, " \t")
	if op == policy.Remove {
		return &policy.EditHeader{Op: op, Name: name, Span: d.Head, Why: policy.Cleared}
	}
	v := w.Slice(len(w.Value)-len(value), len(w.Value))
	e := s.vars.expr(v)
	s.mentionHeader(name, v)
	return &policy.EditHeader{Op: op, Name: name, Value: e, Span: d.Head, Why: policy.Overridden}
}

// addHeaders adds the headers in force at a level, those without "always" to safe statuses only, and records what the
// level's own headers replaced.
func (s *server) addHeaders(l *level) []policy.Step {
	all := l.addHeaders(s.version.HasHeaderInherit())
	var out []policy.Step
	for i := 0; i < len(all.sent); {
		n := i
		for n < len(all.sent) && all.sent[n].always == all.sent[i].always {
			n++
		}
		run := all.sent[i:n]
		if run[0].always {
			out = append(out, s.adds(run)...)
		} else {
			out = append(out, &policy.If{Cond: &policy.StatusIn{Statuses: safeStatuses}, Then: s.adds(run), Else: s.notAlways(run)})
		}
		i = n
	}
	why := policy.Shadowed
	if l.node != nil && l.node.Name == "if" {
		why = policy.IfSwitched
	}
	return append(out, s.lose(all.lost, all.lostBy, why)...)
}

func (s *server) adds(list []header) []policy.Step {
	out := make([]policy.Step, len(list))
	for i, h := range list {
		s.mentionHeader(h.name.Value, h.value)
		out[i] = &policy.EditHeader{Op: policy.Add, Name: h.name.Value, Value: s.vars.expr(h.value), Span: h.span}
	}
	return out
}

func (s *server) notAlways(list []header) []policy.Step {
	var out []policy.Step
	for _, h := range list {
		out = append(out, s.lose([]header{h}, h.span, policy.NotAlways)...)
	}
	return out
}

// contentType returns the Content-Type of a response with a body that the configuration gives.
func (s *server) contentType(l *level) []policy.Line {
	return []policy.Line{{Name: "Content-Type", Value: policy.Text(l.argument("default_type", "text/plain"))}}
}
