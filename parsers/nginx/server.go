package nginx

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

// server lowers one server block to a program. The blocks of the program are nginx's phases: the server's rewrite
// phase, the choice of a location, and for each location its rewrite phase and what comes after it.
// https://nginx.org/en/docs/dev/development_guide.html#http_phases
type server struct {
	version Version
	level   *level
	first   *level // the default server of the port
	vars    *variables
	program *policy.Program
	layer   *policy.Layer

	locations []*location // in the order of the file, nested ones after the one they are in
	named     map[string]*location

	entry, find, fallback int // blocks: server rewrite, choice of the location, no location fits

	// Variables of the lowering itself.
	conf       int // which if of the location is in force: "" none, else its number
	uriChanged int // "1" after a rewrite that looks for a location again
	internal   int // "1" after an internal redirect
	errStatus  int // the status that error_page gives the answer
	errorTaken int // "1" after an error_page redirect
	handedOver int // "1" after a true if that hands requests on
	rewritten  int // "1" when the path is not the one that the client sent
	broken     int // "1" after "rewrite ... break": what the location matched is not replaced
	redirected int // what proxy_redirect makes of a Location

	errorPages, rewrites bool // anywhere in the server
}

func newServer(l, first *level, vars *variables, program *policy.Program, layer *policy.Layer, version Version) *server {
	s := &server{version: version, level: l, first: first, vars: vars, program: program, layer: layer, named: map[string]*location{}}
	s.conf, s.uriChanged, s.internal = vars.slot("(if)"), vars.slot("(uri changed)"), vars.slot("(internal)")
	s.errStatus, s.errorTaken = vars.slot("(error status)"), vars.slot("(error page)")
	s.handedOver, s.rewritten, s.broken = vars.slot("(handed over)"), vars.slot("(rewritten)"), vars.slot("(rewrite break)")
	s.redirected = vars.slot("(redirected)")
	for x := l; x != nil; x = x.outer {
		s.errorPages = s.errorPages || len(x.own["error_page"]) > 0
	}
	s.survey(l)
	return s
}

// survey notes which features the server uses at all, so that what it does not use does not appear in the program.
func (s *server) survey(l *level) {
	for _, d := range l.body {
		s.errorPages = s.errorPages || d.Name == "error_page"
		s.rewrites = s.rewrites || d.Name == "rewrite" || d.Name == "try_files" || d.Name == "error_page"
		s.vars.constant(d)
		switch d.Name {
		case "location", "if", "limit_except":
			s.survey(newLevel(l, d, d.Body))
		}
	}
}

// block adds a block to the program, to be filled later.
func (s *server) block(name string, span source.Span) int {
	s.program.Blocks = append(s.program.Blocks, policy.Block{Name: name, Span: span})
	return len(s.program.Blocks) - 1
}

// lower fills the program.
func (s *server) lower() {
	s.entry = s.block("server", s.layer.Span)
	s.find = s.block("choose location", s.layer.Span)
	s.fallback = s.block("no location", s.layer.Span)
	s.program.Entry = s.entry
	tree := s.collect(s.level)
	for _, loc := range s.locations {
		loc.rewrite = s.block(loc.name(), loc.level.node.Head)
	}

	response := s.response(s.level)
	s.program.BadRequest = s.block("bad request", s.layer.Span)
	// A request that cannot be read is answered before its host is known: by the default server.
	unread := &policy.Edit{Host: policy.Text(firstServerName(s.first)), NoHeaders: true}
	answer := s.fail(s.first, 400, source.Span{})
	if d, page := findErrorPage(s.first, 400); d != nil && strings.HasPrefix(page.uri.Value, "@") {
		answer = steps(&policy.Respond{Status: 500, Span: d.Head}) // ngx_http_named_location: there is no path yet
	}
	answer = append(steps(unread), answer...)
	if s.first != s.level {
		answer = append(steps(&policy.If{Cond: &policy.Equal{Of: policy.Scheme, Text: "https"}, Then: steps(&policy.Jump{Block: s.unreadOverTLS()})}), answer...)
	}
	s.fill(s.program.BadRequest, answer, s.response(s.first))
	s.fill(s.entry, slices.Concat(s.refuseMethods(), s.serverNames(), s.rewritePhase(s.level, nil, s.find), steps(&policy.Jump{Block: s.find})), response)
	s.fill(s.find, s.choose(tree), response)
	s.fill(s.fallback, s.content(s.level, nil), response)
	for _, loc := range s.locations {
		s.location(loc)
	}
}

// unreadOverTLS makes a block for a request that cannot be read on a connection that named the server when it began.
// https://nginx.org/en/docs/http/server_names.html#virtual_server_selection
func (s *server) unreadOverTLS() int {
	block := s.block("bad request over TLS", s.layer.Span)
	unread := &policy.Edit{Host: policy.Text(firstServerName(s.level)), NoHeaders: true}
	s.fill(block, append(steps(unread), s.fail(s.level, 400, source.Span{})...), s.response(s.level))
	return block
}

func (s *server) fill(block int, request, response []policy.Step) {
	s.program.Blocks[block].Request, s.program.Blocks[block].Response = request, response
}

func steps(list ...policy.Step) []policy.Step { return list }

// refuseMethods answers what nginx refuses before it looks at the configuration: lower-case letters in the method are
// a bad request; CONNECT (since 1.21.1) and TRACE are not allowed.
func (s *server) refuseMethods() []policy.Step {
	lower, _ := policy.CompilePattern("[^A-Z_-]", policy.PCRE, false)
	return steps(
		&policy.If{Cond: &policy.Matches{Of: policy.Method, Pattern: lower, Keeps: true}, Then: steps(&policy.Jump{Block: s.program.BadRequest})},
		&policy.If{Cond: &policy.OneOf{Of: policy.Method, Texts: []string{"TRACE", "CONNECT"}}, Then: s.fail(s.level, 405, source.Span{})},
	)
}

// serverNames binds the named captures of server names that are expressions.
func (s *server) serverNames() []policy.Step {
	var out []policy.Step
	for _, l := range s.layer.Listeners[:min(1, len(s.layer.Listeners))] {
		for _, h := range l.Hosts {
			if h.Kind == policy.HostRegexp {
				out = append(out, &policy.If{Cond: &policy.Matches{Of: policy.HostName, Pattern: h.Pattern, Named: s.vars.namedCaptures(h.Pattern), Keeps: true}})
			}
		}
	}
	return out
}

// location is a location block.
type location struct {
	level    *level
	modifier string // "", "=", "^~", "~", "~*", "@"
	match    string
	pattern  *policy.Pattern // of ~ and ~*
	unread   bool            // the match is a template's, or an expression that cannot be read
	nested   []*location
	rewrite  int // its block
	ifs      []*level
	id       string
}

func (l *location) name() string {
	if l.modifier == "" || l.modifier == "@" {
		return "location " + l.modifier + l.match
	}
	return "location " + l.modifier + " " + l.match
}

// isPattern reports whether the location is chosen by a regular expression.
func (l *location) isPattern() bool { return l.modifier == "~" || l.modifier == "~*" }

// collect reads the locations of a level and those nested in them.
func (s *server) collect(l *level) []*location {
	var found []*location
	for _, d := range l.own["location"] {
		loc := s.readLocation(l, d)
		if loc == nil {
			continue
		}
		loc.id = strconv.Itoa(len(s.locations) + 1)
		s.locations = append(s.locations, loc)
		if loc.modifier == "@" {
			s.named["@"+loc.match] = loc
		} else {
			found = append(found, loc)
		}
		loc.nested = s.collect(loc.level)
	}
	return found
}

// readLocation reads the words of a location: a modifier and a match, which may be written as one word.
func (s *server) readLocation(outer *level, d *conf.Directive) *location {
	if len(d.Args) == 0 {
		return nil
	}
	loc := &location{level: newLevel(outer, d, d.Body), unread: !d.Known()}
	first := d.Args[0].Value
	switch {
	case len(d.Args) > 1:
		loc.modifier, loc.match = first, d.Args[1].Value
	case strings.HasPrefix(first, "@"):
		loc.modifier, loc.match = "@", first[1:]
	default:
		for _, modifier := range [...]string{"=", "^~", "~*", "~"} {
			if rest, ok := strings.CutPrefix(first, modifier); ok {
				loc.modifier, first = modifier, rest
				break
			}
		}
		loc.match = first
	}
	if loc.isPattern() && !loc.unread {
		compiled, err := policy.CompilePattern(loc.match, policy.PCRE, loc.modifier == "~*")
		if err != nil {
			s.gap(d.Head, "an expression that corslint cannot read: "+err.Error())
			loc.unread = true
		}
		loc.pattern = compiled
	}
	if loc.unread {
		s.gap(d.Head, "which paths this location is for is not known")
	}
	return loc
}

func (s *server) gap(span source.Span, why string) {
	s.layer.Gaps = append(s.layer.Gaps, policy.Gap{Span: span, Why: why})
}

// choose lowers nginx's choice of a location: an exact one, else the longest prefix, unless an expression fits and that
// prefix does not forbid it. ngx_http_core_find_location in src/http/ngx_http_core_module.c is its source.
func (s *server) choose(tree []*location) []policy.Step {
	out := s.search(tree, 0)
	out = append(out, s.settle(tree, 0)...)
	return append(out, &policy.Jump{Block: s.fallback})
}

// search looks for an exact location or an expression at one level of locations, and leaves the longest prefix in the
// level's variable.
func (s *server) search(tree []*location, depth int) []policy.Step {
	var out []policy.Step
	found := s.foundAt(depth)
	if table := s.prefixes(tree); table != nil {
		out = append(out, &policy.Set{Var: found, Value: &policy.Lookup{Table: table, Key: policy.Path}})
		out = append(out, s.exact(tree, found)...)
	}
	var deaf []string // prefixes after which no expression of this level is tried
	for _, loc := range tree {
		if loc.isPattern() || loc.unread || loc.modifier == "=" {
			continue
		}
		if loc.modifier == "^~" {
			deaf = append(deaf, loc.id)
		}
		if inner := s.search(loc.nested, depth+1); len(inner) > 0 {
			out = append(out, &policy.If{Cond: &policy.Equal{Of: policy.Variable(found), Text: loc.id}, Then: inner})
		}
	}
	var patterns []policy.Step
	for _, loc := range tree {
		if loc.isPattern() && loc.pattern != nil && !loc.unread {
			named := s.vars.namedCaptures(loc.pattern)
			patterns = append(patterns, &policy.If{Cond: &policy.Matches{Of: policy.Path, Pattern: loc.pattern, Named: named, Keeps: true}, Then: s.enterPattern(loc)})
		}
	}
	if len(patterns) > 0 && len(deaf) > 0 {
		return append(out, &policy.If{Cond: &policy.OneOf{Of: policy.Variable(found), Texts: deaf}, Else: patterns})
	}
	return append(out, patterns...)
}

// enterPattern goes to a location that an expression chose, or to one nested in it.
func (s *server) enterPattern(loc *location) []policy.Step {
	const depth = 100 // a search of its own: its variables are not those of the levels around it
	out := s.search(loc.nested, depth)
	out = append(out, s.settle(loc.nested, depth)...)
	return append(out, &policy.Jump{Block: loc.rewrite})
}

// settle goes to the longest prefix that the search left.
func (s *server) settle(tree []*location, depth int) []policy.Step {
	var out []policy.Step
	for _, loc := range tree {
		if loc.isPattern() || loc.unread || loc.modifier == "=" {
			continue
		}
		then := append(s.settle(loc.nested, depth+1), &policy.Jump{Block: loc.rewrite})
		out = append(out, &policy.If{Cond: &policy.Equal{Of: policy.Variable(s.foundAt(depth)), Text: loc.id}, Then: then})
	}
	return out
}

// foundAt returns the variable for the longest prefix found at a depth of nesting.
func (s *server) foundAt(depth int) int {
	return s.vars.slot("(location" + strings.Repeat("'", depth%100) + strings.Repeat("~", depth/100) + ")")
}

const (
	exactMark    = "=" // before the id of an exact location
	redirectMark = "/" // before the id of a location whose name the path lacks only the slash of
)

// prefixes makes the table from paths to prefix locations; nil when there are none.
func (s *server) prefixes(tree []*location) *policy.Table {
	t := &policy.Table{Name: "locations", Exact: map[string]*policy.Entry{}}
	for _, loc := range tree {
		if loc.isPattern() || loc.unread {
			continue
		}
		if loc.modifier == "=" {
			t.Exact[loc.match] = &policy.Entry{Value: policy.Text(exactMark + loc.id)}
			continue
		}
		t.Prefixes = append(t.Prefixes, policy.TextEntry{Text: loc.match, Entry: policy.Entry{Value: policy.Text(loc.id)}})
	}
	for _, loc := range tree {
		short, slash := strings.CutSuffix(loc.match, "/")
		if loc.isPattern() || loc.unread || !slash || short == "" || !s.proxied(loc) {
			continue
		}
		if _, taken := t.Exact[short]; !taken && !slices.ContainsFunc(t.Prefixes, func(p policy.TextEntry) bool { return p.Text == short }) {
			t.Exact[short] = &policy.Entry{Value: policy.Text(redirectMark + loc.id)}
		}
	}
	if len(t.Exact)+len(t.Prefixes) == 0 {
		return nil
	}
	sortLongestFirst(t.Prefixes)
	return t
}

func sortLongestFirst(rows []policy.TextEntry) {
	slices.SortStableFunc(rows, func(a, b policy.TextEntry) int { return cmp.Compare(len(b.Text), len(a.Text)) })
}

// proxied reports whether the location has a handler that hands requests on: then nginx redirects the path without the
// slash to the one with it. https://nginx.org/en/docs/http/ngx_http_core_module.html#location
func (s *server) proxied(loc *location) bool {
	return passes(loc.level)
}

// exact goes to the exact locations and answers the redirects to the slash.
func (s *server) exact(tree []*location, found int) []policy.Step {
	var exact, redirects []policy.Step
	for _, loc := range tree {
		if loc.isPattern() || loc.unread {
			continue
		}
		if loc.modifier == "=" {
			exact = append(exact, &policy.If{Cond: &policy.Equal{Of: policy.Variable(found), Text: exactMark + loc.id}, Then: steps(&policy.Jump{Block: loc.rewrite})})
		}
		if strings.HasSuffix(loc.match, "/") && loc.match != "/" && s.proxied(loc) {
			block := s.block("slash redirect to "+loc.match, loc.level.node.Head)
			target := policy.Concat{policy.Path, policy.Text("/"), s.vars.isArgs(), policy.Query}
			s.fill(block, s.redirect(loc.level, 301, target, loc.level.node.Head), s.response(loc.level))
			redirects = append(redirects, &policy.If{Cond: &policy.Equal{Of: policy.Variable(found), Text: redirectMark + loc.id}, Then: steps(&policy.Jump{Block: block})})
		}
	}
	return append(marked(exactMark, found, exact), marked(redirectMark, found, redirects)...)
}

// marked makes one step of those for the locations of a mark: most requests are for none of them.
func marked(mark string, found int, steps []policy.Step) []policy.Step {
	if len(steps) < 2 {
		return steps
	}
	return []policy.Step{&policy.If{Cond: &policy.HasPrefix{Of: policy.Variable(found), Text: mark}, Then: steps}}
}

// location fills the blocks of a location: one for its rewrite phase, and where that has anything to do another one for
// what follows.
func (s *server) location(loc *location) {
	for _, d := range loc.level.own["if"] {
		loc.ifs = append(loc.ifs, newLevel(loc.level, d, d.Body))
	}
	var request []policy.Step
	if len(loc.level.own["internal"]) > 0 {
		request = append(request, &policy.If{Cond: &policy.Not{Cond: &policy.Equal{Of: policy.Variable(s.internal), Text: "1"}},
			Then: s.fail(loc.level, 404, loc.level.own["internal"][0].Head)})
	}
	request = append(request, s.limitExcept(loc)...)
	name, span := loc.name(), loc.level.node.Head
	response := s.responses(loc)
	if !s.hasRewrites(loc.level) {
		s.fill(loc.rewrite, append(request, s.contents(loc)...), response)
		return
	}
	after := s.block(name+" after rewrite", span)
	if s.switches(loc) {
		request = append(request, &policy.Set{Var: s.conf, Value: policy.Text("")})
	}
	request = append(request, s.rewritePhase(loc.level, loc, after)...)
	if s.returns(loc.level) && !jumpsTo(request, after) { // nothing comes after the phase
		s.program.Blocks = s.program.Blocks[:after]
		s.fill(loc.rewrite, request, response)
		return
	}
	s.fill(loc.rewrite, append(request, &policy.Jump{Block: after}), response)
	s.fill(after, append(s.searchAgain(), s.contents(loc)...), response)
}

// jumpsTo reports whether steps go to a block.
func jumpsTo(list []policy.Step, block int) bool {
	return slices.ContainsFunc(list, func(step policy.Step) bool {
		switch step := step.(type) {
		case *policy.Jump:
			return step.Block == block
		case *policy.If:
			return jumpsTo(step.Then, block) || jumpsTo(step.Else, block)
		}
		return false
	})
}

// searchAgain goes back to the choice of a location when the rewrite phase changed the path.
func (s *server) searchAgain() []policy.Step {
	if !s.rewrites {
		return nil
	}
	return steps(&policy.If{Cond: &policy.Equal{Of: policy.Variable(s.uriChanged), Text: "1"}, Then: steps(
		&policy.Set{Var: s.uriChanged, Value: policy.Text("")},
		&policy.Jump{Block: s.find, Internal: true},
	)})
}

// limitExcept hands methods that limit_except does not list to the configuration in its block: the rewrite phase of the
// location does not run for them.
func (s *server) limitExcept(loc *location) []policy.Step {
	d := loc.level.directive("limit_except")
	if d == nil || len(loc.level.own["limit_except"]) == 0 {
		return nil
	}
	var methods []string
	for _, w := range d.Args {
		methods = append(methods, strings.ToUpper(w.Value))
		if strings.EqualFold(w.Value, "GET") {
			methods = append(methods, "HEAD")
		}
	}
	inner := newLevel(loc.level, d, d.Body)
	block := s.block(loc.name()+" limit_except", d.Head)
	s.fill(block, s.content(inner, loc), s.response(inner))
	return steps(&policy.If{Cond: &policy.OneOf{Of: policy.Method, Texts: methods}, Else: steps(&policy.Jump{Block: block, Span: d.Head})})
}

// switches reports whether it matters for the answer in which if of a location the request goes on.
func (s *server) switches(loc *location) bool {
	if loc == nil || len(loc.ifs) == 0 {
		return false
	}
	if len(loc.level.own["try_files"]) > 0 {
		return true // an if does not inherit it
	}
	return slices.ContainsFunc(loc.ifs, (*level).hasOwnConfiguration)
}

// perIf makes steps for whichever if is in force, in a switch where they differ.
func (s *server) perIf(loc *location, make func(*level) []policy.Step) []policy.Step {
	out := make(loc.level)
	if !s.switches(loc) {
		return out
	}
	for i := len(loc.ifs) - 1; i >= 0; i-- {
		if !loc.ifs[i].hasOwnConfiguration() && len(loc.level.own["try_files"]) == 0 && !s.passesInIf(loc) {
			continue // as the location itself
		}
		out = steps(&policy.If{Cond: &policy.Equal{Of: policy.Variable(s.conf), Text: ifName(i)}, Then: make(loc.ifs[i]), Else: out})
	}
	return out
}

// ifName is the value of the variable that says that the i-th if of a location is in force.
func ifName(i int) string { return strconv.Itoa(i + 1) }
