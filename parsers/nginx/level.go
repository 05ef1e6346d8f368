package nginx

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

// level is one level of an nginx configuration: http, a server, a location, an if or limit_except in a location. A
// directive that a level does not have is that of the level around it.
type level struct {
	outer *level
	node  *conf.Directive // nil for a level that stands around a fragment
	// body holds the level's own directives in order, included files in their place.
	body []*conf.Directive
	own  map[string][]*conf.Directive
	// template is set when control tags of a template stand in the level: the directives between them may not be there.
	template *policy.Unknown
	// fragment: the level stands around a fragment, and may have directives that nobody can see.
	fragment bool
}

// newLevel makes a level of a block's body.
func newLevel(outer *level, node *conf.Directive, body []*conf.Directive) *level {
	l := &level{outer: outer, node: node, own: map[string][]*conf.Directive{}}
	l.add(body)
	return l
}

func (l *level) add(body []*conf.Directive) {
	first, last := -1, -1
	for i, d := range body {
		if d.Kind == conf.Control || d.Kind == conf.Substituted {
			if first < 0 {
				first = i
			}
			last = i
			l.template = &policy.Unknown{Kind: policy.UnknownPlaceholder, Subject: d.Span.Text(), Span: d.Span}
		}
	}
	for i, d := range body {
		if d.Kind != conf.Statement || i > first && i < last {
			continue
		}
		if d.Name == "include" {
			for _, f := range d.Included {
				l.add(f.Body)
			}
			continue
		}
		l.body = append(l.body, d)
		l.own[d.Name] = append(l.own[d.Name], d)
	}
}

// directives returns a directive as it is in force: the level's own, else those of the nearest level that has any.
func (l *level) directives(name string) []*conf.Directive {
	at := l.holder(name)
	if at == nil {
		return nil
	}
	return at.own[name]
}

// holder returns the nearest level that has a directive of its own, nil if none has.
func (l *level) holder(name string) *level {
	for ; l != nil; l = l.outer {
		if len(l.own[name]) > 0 {
			return l
		}
	}
	return nil
}

// directive returns the last of the directives in force, nil if there is none.
func (l *level) directive(name string) *conf.Directive {
	all := l.directives(name)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// argument returns the first argument of a directive in force, or a default.
func (l *level) argument(name, otherwise string) string {
	if d := l.directive(name); d != nil && len(d.Args) > 0 {
		return d.Args[0].Value
	}
	return otherwise
}

// is reports whether a flag is on.
func (l *level) is(name string) bool { return l.argument(name, "off") == "on" }

// openBy returns what makes it unknown which directives of a kind are in force: a template's tags in the nearest level
// that has any, or in a level that could have some.
func (l *level) openBy(name string) *policy.Unknown {
	for ; l != nil; l = l.outer {
		if l.template != nil {
			return l.template
		}
		if len(l.own[name]) > 0 {
			return nil
		}
		if l.fragment {
			return &policy.Unknown{Kind: policy.UnknownModule, Subject: "what includes this file"}
		}
	}
	return nil
}

// header is a response header that an add_header writes.
type header struct {
	name   conf.Word
	value  conf.Word
	always bool
	span   source.Span
	from   *level
}

// headers are the headers of a level: those in force, and those written at outer levels that the level's own replace.
type headers struct {
	sent   []header
	lost   []header
	lostBy source.Span // the first of the level's own
}

// addHeaders returns the headers of a level. A level with add_header of its own has none of the outer levels', unless
// add_header_inherit says otherwise.
// https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header
func (l *level) addHeaders(inherit bool) headers {
	var out headers
	mode := "on"
	if inherit {
		mode = l.argument("add_header_inherit", "on")
	}
	var outer headers
	if l.outer != nil {
		outer = l.outer.addHeaders(inherit)
	}
	own := l.ownHeaders()
	switch {
	case mode == "merge":
		out.sent = append(slices.Clone(outer.sent), own...)
		out.lost, out.lostBy = outer.lost, outer.lostBy
	case mode == "off" && l.holder("add_header_inherit") == l:
		out.sent, out.lost, out.lostBy = own, outer.sent, l.directive("add_header_inherit").Head
	case len(own) > 0:
		out.sent, out.lost, out.lostBy = own, outer.sent, own[0].span
	default:
		return outer
	}
	return out
}

func (l *level) ownHeaders() []header {
	var own []header
	for _, d := range l.own["add_header"] {
		if len(d.Args) < 2 {
			continue
		}
		own = append(own, header{
			name: d.Args[0], value: d.Args[1], span: d.Head, from: l,
			always: len(d.Args) > 2 && d.Args[2].Value == "always",
		})
	}
	return own
}

// hasOwnConfiguration reports whether an if block holds anything but rewrite directives: then it matters for the answer
// that the request goes on in it.
func (l *level) hasOwnConfiguration() bool {
	for _, d := range l.body {
		switch d.Name {
		case "set", "return", "rewrite", "break", "rewrite_log":
		default:
			return true
		}
	}
	return l.template != nil
}

// wantedByBrowsers reports whether a header takes part in the CORS protocol or in caching what it decides.
func wantedByBrowsers(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "access-control-") || name == "vary"
}
