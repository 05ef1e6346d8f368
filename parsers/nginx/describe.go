package nginx

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

// describe states what the model wants to know of a server beside its answers: endpoints, mentions of origins, facts.
func (s *server) describe() {
	covered := false
	for _, loc := range s.locations {
		e := policy.Endpoint{Pattern: loc.display(), Example: loc.example(), Span: loc.level.node.Head,
			Asset: loc.isAsset(), Internal: loc.modifier == "@" || len(loc.level.own["internal"]) > 0}
		e.Static = !s.proxied(loc) && !s.returns(loc.level)
		covered = covered || loc.match == "/" && loc.modifier == ""
		s.layer.Endpoints = append(s.layer.Endpoints, e)
		s.facts(loc.level, e.Pattern)
	}
	if !covered {
		s.layer.Endpoints = append(s.layer.Endpoints, policy.Endpoint{Pattern: "/", Example: "/", Span: s.layer.Span, Static: !s.returns(s.level)})
	}
}

// returns reports whether a level answers every request that comes to it without a handler.
func (s *server) returns(l *level) bool { return len(l.own["return"]) > 0 }

func (l *location) display() string {
	switch l.modifier {
	case "", "@":
		return l.modifier + l.match
	}
	return l.modifier + " " + l.match
}

// example returns a path that the location is for, "" when none could be made.
func (l *location) example() string {
	switch {
	case l.unread || l.modifier == "@":
		return ""
	case l.isPattern():
		return examplePath(l.pattern)
	}
	return l.match
}

// examplePath makes a path that a pattern matches.
func examplePath(p *policy.Pattern) string {
	tree, err := syntax.Parse(p.Text, syntax.Perl)
	if err != nil {
		return ""
	}
	text := exampleOf(tree.Simplify())
	for _, path := range [...]string{text, "/" + text, "/a" + text, "/a" + text + "a"} {
		if !strings.HasPrefix(path, "/") {
			continue
		}
		if m, err := p.Match(path); err == nil && m != nil {
			return path
		}
	}
	return ""
}

// exampleOf returns a text that an expression matches, as short as it is easily found.
func exampleOf(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for _, preferred := range "a1A/" {
			for i := 0; i < len(re.Rune); i += 2 {
				if re.Rune[i] <= preferred && preferred <= re.Rune[i+1] {
					return string(preferred)
				}
			}
		}
		if len(re.Rune) > 0 {
			return string(re.Rune[0])
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpCapture, syntax.OpPlus:
		return exampleOf(re.Sub[0])
	case syntax.OpRepeat:
		return strings.Repeat(exampleOf(re.Sub[0]), min(re.Min, 64))
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(exampleOf(sub))
		}
		return b.String()
	case syntax.OpAlternate:
		return exampleOf(re.Sub[0])
	case syntax.OpStar, syntax.OpQuest, syntax.OpNoMatch, syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine,
		syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
	}
	return ""
}

var assetExtensions = []string{
	"eot", "otf", "ttf", "ttc", "woff", "woff2", "svg", "svgz", "css", "js", "mjs", "map", "png", "jpg", "jpeg", "jpe", "gif", "webp",
	"avif", "ico", "bmp", "tif", "tiff", "cur", "mp4", "webm", "ogg", "mp3", "wasm", "font", "fonts",
}

// isAsset reports whether only fonts, images, styles or scripts are served here, as far as the path says.
func (l *location) isAsset() bool {
	if l.isPattern() {
		if l.pattern == nil {
			return false
		}
		words := strings.FieldsFunc(strings.NewReplacer("jpe?g", "jpeg", "woff2?", "woff", "svgz?", "svg", "tiff?", "tiff").Replace(l.match), func(r rune) bool {
			return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z')
		})
		words = slices.DeleteFunc(words, func(w string) bool { return len(w) < 2 })
		return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool {
			return !slices.Contains(assetExtensions, strings.ToLower(w)) && !slices.Contains(assetDirectories, strings.ToLower(w))
		})
	}
	for segment := range strings.SplitSeq(strings.ToLower(l.match), "/") {
		if slices.Contains(assetDirectories, segment) {
			return true
		}
	}
	dot := strings.LastIndexByte(l.match, '.')
	return dot >= 0 && slices.Contains(assetExtensions, strings.ToLower(l.match[dot+1:]))
}

var assetDirectories = []string{"fonts", "font", "assets", "static", "images", "img", "css", "js", "styles", "scripts", "webfonts", "icons", "media"}

// facts states what a level shows about its needs and caches.
func (s *server) facts(l *level, endpoint string) {
	state := func(kind policy.FactKind, d *conf.Directive, subject, text string) {
		s.layer.Facts = append(s.layer.Facts, policy.Fact{Kind: kind, Endpoint: endpoint, Subject: subject, Text: text, Span: d.Head})
	}
	for _, by := range [...]struct{ name, scheme string }{{"auth_basic", "Basic"}, {"auth_jwt", "Bearer"}, {"auth_request", ""}} {
		if d := l.directive(by.name); d != nil && len(d.Args) > 0 && d.Args[0].Value != "off" {
			state(policy.FactNeedsAuthorization, d, by.scheme, by.name+" asks for it")
		}
	}
	for _, d := range l.directives("proxy_set_header") {
		if len(d.Args) == 2 && strings.EqualFold(d.Args[0].Value, "authorization") && strings.Contains(d.Args[1].Value, "$http_authorization") {
			state(policy.FactNeedsAuthorization, d, "", "proxy_set_header hands it on")
		}
	}
	if d := l.directive("proxy_cache"); d != nil && len(d.Args) > 0 && d.Args[0].Value != "off" {
		state(policy.FactCache, d, l.argument("proxy_cache_key", "$scheme$proxy_host$request_uri"), "proxy_cache stores responses")
		if ignored := l.directive("proxy_ignore_headers"); ignored != nil {
			for _, w := range ignored.Args {
				if strings.EqualFold(w.Value, "vary") {
					state(policy.FactCacheIgnoresVary, ignored, "", "proxy_ignore_headers Vary")
				}
			}
		}
	}
	for _, h := range l.addHeaders(s.version.HasHeaderInherit()).sent {
		if name := strings.ToLower(h.name.Value); (name == "content-type" || name == "content-length") && h.from == l {
			s.layer.Facts = append(s.layer.Facts, policy.Fact{Kind: policy.FactDuplicateContentType, Endpoint: endpoint, Subject: h.name.Value,
				Text: "add_header adds a second " + h.name.Value, Span: h.span})
		}
	}
}

// mention notes a test that is applied to the Origin request header.
func (s *server) mention(of conf.Word, m policy.Mention) {
	if strings.ToLower(of.Value) == "$http_origin" {
		s.addMention(m)
	}
}

func (s *server) addMention(m policy.Mention) {
	if !slices.Contains(s.layer.Mentions, m) {
		s.layer.Mentions = append(s.layer.Mentions, m)
	}
}

// mentionHeader notes the origins that the value of an Access-Control-Allow-Origin names: a literal, the origin itself,
// or the rows of a map of it.
func (s *server) mentionHeader(name string, value conf.Word) {
	if !strings.EqualFold(name, "Access-Control-Allow-Origin") {
		return
	}
	text, known := literal(value)
	switch {
	case known && text != "" && text != "*":
		s.addMention(policy.Mention{Kind: policy.MentionLiteral, Text: text, Span: value.Span})
	case strings.ToLower(value.Value) == "$http_origin":
		s.addMention(policy.Mention{Kind: policy.MentionReflected, Span: value.Span})
	}
}

// mentionMaps notes the rows of the maps of Origin that the program uses.
func (s *server) mentionMaps() {
	for name, d := range s.vars.maps {
		if _, used := s.vars.index[name]; !used || d.Name != "map" || len(d.Args) != 2 || !strings.Contains(strings.ToLower(d.Args[0].Value), "$http_origin") {
			continue
		}
		rows, _ := mapRows(d)
		for _, row := range rows {
			if row.Kind != conf.Statement || len(row.Args) != 1 || row.Word.Value == "default" {
				continue
			}
			m := policy.Mention{Kind: policy.MentionLiteral, Text: row.Word.Value, Span: row.Word.Span, FoldCase: true}
			if pattern, ok := strings.CutPrefix(row.Word.Value, "~"); ok {
				rest, fold := strings.CutPrefix(pattern, "*")
				m = policy.Mention{Kind: policy.MentionPattern, Text: rest, FoldCase: fold, Dialect: policy.PCRE, Span: row.Word.Span}
			}
			if v, known := literal(row.Args[0]); known && (v == "" || v == "0") {
				m.ShutsOut = true
			}
			s.addMention(m)
		}
	}
	slices.SortFunc(s.layer.Mentions, func(a, b policy.Mention) int { return source.Compare(a.Span, b.Span) })
}
