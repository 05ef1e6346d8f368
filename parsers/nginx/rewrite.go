package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

// hasRewrites reports whether a level has directives of the rewrite phase.
func (s *server) hasRewrites(l *level) bool {
	for _, d := range l.body {
		switch d.Name {
		case "set", "if", "return", "rewrite", "break":
			return true
		}
	}
	return false
}

// rewritePhase lowers the directives of ngx_http_rewrite_module at one level, in order. loc is the location, nil in a
// server; after is the block that comes after the phase.
// https://nginx.org/en/docs/http/ngx_http_rewrite_module.html
func (s *server) rewritePhase(l *level, loc *location, after int) []policy.Step {
	return s.rewriteSteps(l.body, l, loc, after, 0)
}

func (s *server) rewriteSteps(body []*conf.Directive, l *level, loc *location, after, depth int) []policy.Step {
	var out []policy.Step
	ifs := 0
	for _, d := range body {
		switch d.Name {
		case "set":
			if len(d.Args) == 2 {
				out = append(out, &policy.Set{Var: s.vars.slot(variableName(d.Args[0])), Value: s.vars.expr(d.Args[1]), Span: d.Head})
			}
		case "break":
			if s.rewrites {
				out = append(out, &policy.Set{Var: s.uriChanged, Value: policy.Text("")})
			}
			return append(out, &policy.Jump{Block: after})
		case "return":
			return append(out, s.returned(d, l, loc)...)
		case "rewrite":
			out = append(out, s.rewrite(d, l, loc, after)...)
		case "if":
			if depth > 0 {
				continue // nginx does not allow an if in an if
			}
			inner := newLevel(l, d, d.Body)
			then := s.rewriteSteps(inner.body, inner, loc, after, depth+1)
			if s.switches(loc) {
				then = append(s.switchTo(loc, ifs), then...)
			}
			out = append(out, &policy.If{Cond: s.condition(d), Then: then, Span: conditionSpan(d)})
			ifs++
		case "rewrite_by_lua", "rewrite_by_lua_block", "rewrite_by_lua_file", "set_by_lua", "set_by_lua_block", "js_set":
			s.gap(d.Head, d.Name+" is not modelled")
		}
	}
	return out
}

// switchTo notes that an if of the location is in force now. What an earlier true if would have sent is lost, and so is
// what the location sends where the if has headers of its own.
func (s *server) switchTo(loc *location, i int) []policy.Step {
	var out []policy.Step
	by := conditionSpan(loc.ifs[i].node)
	for j := range i {
		earlier := loc.ifs[j].ownHeaders()
		if len(earlier) > 0 {
			lost := s.lose(earlier, by, policy.IfSwitched)
			for _, step := range lost {
				if lose, ok := step.(*policy.Lose); ok {
					lose.FromBranch = true
				}
			}
			out = append(out, &policy.If{Cond: &policy.Equal{Of: policy.Variable(s.conf), Text: ifName(j)}, Then: lost})
		}
	}
	if passes(loc.ifs[i]) {
		out = append(out, &policy.Set{Var: s.handedOver, Value: policy.Text("1")})
	}
	return append(out, &policy.Set{Var: s.conf, Value: policy.Text(ifName(i))})
}

// lose records the headers that matter to browsers among those that are not sent.
func (s *server) lose(lost []header, by source.Span, why policy.LostWhy) []policy.Step {
	var out []policy.Step
	for _, h := range lost {
		if wantedByBrowsers(h.name.Value) {
			out = append(out, &policy.Lose{Name: h.name.Value, Value: s.vars.expr(h.value), At: h.span, By: by, Why: why})
		}
	}
	return out
}

// conditionSpan returns the words of an if's condition.
func conditionSpan(d *conf.Directive) source.Span { return d.Head }

// condition lowers the words of an if.
func (s *server) condition(d *conf.Directive) policy.Cond {
	words, bad := conf.Condition(d.Args)
	unknown := &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownCondition, Subject: d.Head.Text(), Span: d.Head}}
	if bad != nil || len(words) == 0 {
		return unknown
	}
	if test := words[0].Value; len(words) == 2 && (strings.HasPrefix(test, "-") || strings.HasPrefix(test, "!-")) {
		return s.fileTest(test, words[1])
	}
	of := s.vars.expr(words[0])
	if len(words) == 1 {
		return &policy.Not{Cond: &policy.OneOf{Of: of, Texts: []string{"", "0"}}} // nginx: "" and "0" are false
	}
	if len(words) != 3 {
		return unknown
	}
	switch op := words[1].Value; op {
	case "=", "!=":
		cond := s.equal(of, words[2])
		if op == "!=" {
			return &policy.Not{Cond: cond}
		}
		return cond
	case "~", "~*", "!~", "!~*":
		if !words[2].Known() {
			return unknown
		}
		pattern, err := policy.CompilePattern(words[2].Value, policy.PCRE, strings.HasSuffix(op, "*"))
		if err != nil {
			s.gap(words[2].Span, "an expression that corslint cannot read: "+err.Error())
			return unknown
		}
		s.mention(words[0], policy.Mention{Kind: policy.MentionPattern, Text: words[2].Value, Dialect: policy.PCRE,
			FoldCase: strings.HasSuffix(op, "*"), ShutsOut: op[0] == '!', Span: words[2].Span})
		cond := &policy.Matches{Of: of, Pattern: pattern, Named: s.vars.namedCaptures(pattern)}
		if op[0] == '!' {
			return &policy.Not{Cond: cond}
		}
		return cond
	}
	return unknown
}

func (s *server) equal(of policy.Expr, w conf.Word) policy.Cond {
	if text, ok := literal(w); ok {
		return &policy.Equal{Of: of, Text: text}
	}
	return &policy.Same{A: of, B: s.vars.expr(w)}
}

// fileTest lowers -f, -d, -e and -x and their negations.
func (s *server) fileTest(test string, path conf.Word) policy.Cond {
	kind := policy.UnknownFile
	if strings.HasSuffix(test, "d") {
		kind = policy.UnknownDirectory
	}
	cond := policy.Cond(&policy.Ask{Unknown: policy.Unknown{Kind: kind, Span: path.Span}, Subject: s.vars.expr(path)})
	if kind == policy.UnknownFile {
		cond = policy.All{&policy.Not{Cond: policy.Meets{Kind: policy.FileMissing}}, cond}
	}
	if test[0] == '!' {
		return &policy.Not{Cond: cond}
	}
	return cond
}

// returned lowers return: a status, a status with a text or address, or an address.
// ngx_http_script_return_code: an error without a text goes through error_page.
func (s *server) returned(d *conf.Directive, l *level, loc *location) []policy.Step {
	if len(d.Args) == 0 {
		return nil
	}
	status, err := strconv.Atoi(d.Args[0].Value)
	switch {
	case err != nil && len(d.Args) == 1: // an address alone
		return s.inForce(l, loc, func(l *level) []policy.Step { return s.redirect(l, 302, s.vars.expr(d.Args[0]), d.Head) })
	case err != nil:
		return steps(&policy.Respond{Status: 500, Span: d.Head})
	case status == 444:
		return steps(&policy.Respond{Close: true, Span: d.Head})
	case isRedirect(status):
		var target policy.Expr = policy.Text("")
		if len(d.Args) > 1 {
			target = s.vars.expr(d.Args[1])
		}
		return s.inForce(l, loc, func(l *level) []policy.Step { return s.redirect(l, status, target, d.Head) })
	case status >= 400 && len(d.Args) == 1:
		return s.inForce(l, loc, func(l *level) []policy.Step { return s.fail(l, status, d.Head) })
	}
	var headers []policy.Line
	if status != 204 {
		headers = s.contentType(l)
	}
	return steps(&policy.Respond{Status: status, Headers: headers, Span: d.Head})
}

// inForce makes steps for the level in force where a directive of the rewrite phase runs: an if's own, or in a location
// whichever if was true before.
func (s *server) inForce(l *level, loc *location, make func(*level) []policy.Step) []policy.Step {
	if loc == nil || l != loc.level {
		return make(l)
	}
	return s.perIf(loc, make)
}

func isRedirect(status int) bool {
	return slices.Contains([]int{301, 302, 303, 307, 308}, status)
}

// rewrite lowers a rewrite directive.
func (s *server) rewrite(d *conf.Directive, l *level, loc *location, after int) []policy.Step {
	if len(d.Args) < 2 || !d.Args[0].Known() {
		s.gap(d.Head, "a rewrite whose expression is not known")
		return nil
	}
	pattern, err := policy.CompilePattern(d.Args[0].Value, policy.PCRE, false)
	if err != nil {
		s.gap(d.Args[0].Span, "an expression that corslint cannot read: "+err.Error())
		return nil
	}
	flag := ""
	if len(d.Args) > 2 {
		flag = d.Args[2].Value
	}
	matches := &policy.Matches{Of: policy.Path, Pattern: pattern, Named: s.vars.namedCaptures(pattern)}
	to := d.Args[1]
	keepArgs := true
	if strings.HasSuffix(to.Value, "?") && to.Known() {
		to = to.Slice(0, len(to.Value)-1)
		keepArgs = false
	}
	target := s.vars.expr(to)
	external := strings.HasPrefix(to.Value, "http://") || strings.HasPrefix(to.Value, "https://") || strings.HasPrefix(to.Value, "$scheme")
	status := map[string]int{"permanent": 301, "redirect": 302}[flag]
	if status == 0 && external {
		status = 302
	}
	if status != 0 {
		target = escapedCaptures(target)
		if keepArgs {
			target = policy.Concat{target, s.argsAfter(to), policy.Query}
		}
		return steps(&policy.If{Cond: matches, Span: d.Head, Then: s.inForce(l, loc, func(l *level) []policy.Step {
			return s.redirect(l, status, target, d.Head)
		})})
	}
	return steps(&policy.If{Cond: matches, Then: s.changePath(to, keepArgs, flag, after), Span: d.Head})
}

// escapedCaptures is what a redirect makes of captures of the path, which it was decoded for
// (ngx_http_script_copy_capture_code; of its escapes ngx_unescape_uri takes some back).
func escapedCaptures(e policy.Expr) policy.Expr {
	switch e := e.(type) {
	case policy.Capture:
		return &policy.Escaped{Of: e, Keep: "<>?\\^`{|}"}
	case policy.Concat:
		out := make(policy.Concat, len(e))
		for i, part := range e {
			out[i] = escapedCaptures(part)
		}
		return out
	}
	return e
}

// argsAfter is what stands between a rewritten address and the query that is kept: nothing when there is no query.
func (s *server) argsAfter(to conf.Word) policy.Expr {
	if strings.Contains(to.Value, "?") {
		return &policy.Lookup{Key: policy.Query, Table: &policy.Table{Name: "&",
			Exact: map[string]*policy.Entry{"": {Value: policy.Text("")}}, Default: &policy.Entry{Value: policy.Text("&")}}}
	}
	return s.vars.isArgs()
}

// changePath gives the request another path.
func (s *server) changePath(to conf.Word, keepArgs bool, flag string, after int) []policy.Step {
	edit := &policy.Edit{}
	path := to
	if at := strings.IndexByte(to.Value, '?'); at >= 0 && to.Known() {
		query := to.Slice(at+1, len(to.Value))
		path = to.Slice(0, at)
		edit.Query = s.vars.expr(query)
		if keepArgs {
			edit.Query = policy.Concat{s.vars.expr(query), s.argsAfter(to), policy.Query}
		}
	} else if !keepArgs {
		edit.Query = policy.Text("")
	}
	edit.Path = s.vars.expr(path)
	changed := "1"
	if flag == "break" {
		changed = ""
	}
	out := steps(edit, &policy.Set{Var: s.uriChanged, Value: policy.Text(changed)},
		&policy.Set{Var: s.rewritten, Value: policy.Text("1")}, &policy.Set{Var: s.internal, Value: policy.Text("1")})
	if flag == "break" {
		out = append(out, &policy.Set{Var: s.broken, Value: policy.Text("1")})
	}
	if flag == "last" || flag == "break" {
		out = append(out, &policy.Jump{Block: after})
	}
	return out
}
