package client

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/source"
)

// This file makes needs of requests. What cannot be known is left out: an address that nobody knows is no need.

// target is one address that a request may go to.
type target struct {
	server   contract.Server
	known    bool // of the server: it is that, or the page's own
	relative bool
	built    bool // the environment says it when the code is built
	empty    bool // a part of the path is empty, as a variable is before it has a value
	path     string
}

// needs returns the needs that a request states.
func (e *evaluator) needs(r *request, at source.Span) []contract.Need {
	var targets []target
	for i := range r.url {
		if t, ok := e.target(&r.url[i]); ok && !slices.ContainsFunc(targets, func(u target) bool {
			return u.path == t.path && sameServer(u.server, t.server) && u.relative == t.relative
		}) {
			targets = append(targets, t)
		}
	}
	if full := func(t target) bool { return !t.empty }; slices.ContainsFunc(targets, full) {
		targets = slices.DeleteFunc(targets, func(t target) bool { return !full(t) })
	}
	if r.site.scope.module.injected != nil {
		e.reader.index(e.app)
	}
	var out []contract.Need
	for _, group := range grouped(targets) {
		for i := range r.method {
			method, ok := r.method[i].known()
			if !ok || !isToken(method) {
				continue
			}
			n := contract.Need{Kind: contract.Called, Method: method, Path: group[0].path, Example: example(group[0].path), Open: r.open, Span: at, Credentials: contract.Withheld}
			for _, t := range group {
				switch {
				case t.relative && r.site.scope.module.injected != nil && e.app.intercepts: // which may well have a server's address
					continue
				case t.known || t.relative:
					n.Servers = append(n.Servers, t.server)
				}
				if t.relative && n.Proxied == nil {
					n.Proxied = e.reader.proxied(e.app, t.server.Path+t.path)
				}
			}
			e.headersOf(r, &n, at)
			switch r.credentials {
			case withCookies:
				n.Credentials = contract.Sent
				way := contract.Auth{Cookies: true, Span: r.credentialsAt.span()}
				if way.Span.IsZero() {
					way.Span = at
				}
				n.Auth = []contract.Auth{way}
			case someCookies:
				n.Credentials = contract.Unstated
			case withoutCookies:
			}
			out = append(out, n)
		}
	}
	return out
}

func sameServer(a, b contract.Server) bool {
	return a.Scheme == b.Scheme && a.Host == b.Host && a.Port == b.Port && a.Path == b.Path
}

// headersOf adds the headers that a page can set.
func (e *evaluator) headersOf(r *request, n *contract.Need, at source.Span) {
	for _, p := range r.headers {
		if !isToken(p.name) {
			continue
		}
		all := p.value.get()
		if r.drops && len(all) == 1 && all[0].kind == missing {
			continue
		}
		value, missingToo := "", false
		for i := range all {
			if s, ok := all[i].known(); ok && value == "" {
				value = s
			}
			missingToo = missingToo || all[i].kind == missing
		}
		if value == "" {
			value = exampleHeader(p.name)
		}
		h := contract.Header{Name: p.name, Value: value, Span: p.at.span()}
		if h.Span.IsZero() {
			h.Span = at
		}
		if isOfAnswers(p.name) {
			n.Misplaced = append(n.Misplaced, h)
		} else if p.maybe || missingToo && r.drops {
			n.Optional = append(n.Optional, h)
		} else {
			n.Headers = append(n.Headers, h)
		}
	}
}

// isOfAnswers reports whether a header is one of the answers that CORS knows.
func isOfAnswers(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "access-control-allow-") || lower == "access-control-expose-headers" || lower == "access-control-max-age"
}

// exampleHeader returns a value for a header whose value is not known: one that needs no permission where it may be such.
func exampleHeader(name string) string {
	switch strings.ToLower(name) {
	case "authorization":
		return "Bearer token"
	case "content-type":
		return "text/plain"
	case "accept", "accept-language", "content-language":
		return "en"
	}
	return "1"
}

func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7F || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// target reads an address.
func (e *evaluator) target(v *value) (target, bool) {
	if v.kind != text || len(v.pieces) == 0 {
		return target{}, false
	}
	raw, at, ok := address(v.pieces)
	if !ok {
		return target{}, false
	}
	first := v.pieces[0]
	switch {
	case first.hole != "" && !first.own: // a base that nobody knows
		rest, found := strings.CutPrefix(raw, "{"+first.hole+"}")
		if !found || !strings.HasPrefix(rest, "/") {
			return target{}, false
		}
		if host, ok := strings.CutPrefix(rest, "//"); ok { // the hole is the scheme
			_, path, found := strings.Cut(host, "/")
			if !found {
				return target{}, false
			}
			rest = "/" + path
		}
		return target{path: tidyPath(rest), empty: strings.Contains(rest, "//")}, plainPath(rest) && !strings.HasPrefix(tidyPath(rest), "/{")
	case first.own:
		raw = strings.TrimPrefix(raw, "{"+first.hole+"}")
		if !strings.HasPrefix(raw, "/") {
			return target{}, false
		}
	}
	scheme, _, hasScheme := strings.Cut(raw, ":")
	if hasScheme && !strings.ContainsAny(scheme, "/?#{") && !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return target{}, false // data:, blob:, ws:
	}
	if !strings.Contains(raw, "://") && !strings.HasPrefix(raw, "//") {
		if !strings.HasPrefix(raw, "/") {
			raw = "/" + strings.TrimPrefix(raw, "./")
		}
		if strings.HasPrefix(raw, "/..") || strings.HasPrefix(tidyPath(raw), "/{") || !plainPath(raw) { // what begins with a hole may be anything
			return target{}, false
		}
		return target{relative: true, built: !v.pieces[0].at.direct.IsZero(), path: tidyPath(raw), empty: strings.Contains(raw, "//"), server: contract.Server{Span: at}}, true
	}
	slashes := strings.Index(raw, "//") + 2
	host, rest, hasPath := strings.Cut(raw[slashes:], "/")
	if !hasPath {
		host, _, _ = strings.Cut(host, "?")
	}
	server, ok := contract.ParseServer(raw[:slashes]+host, at)
	if !ok {
		return target{}, false
	}
	rest = "/" + rest
	if !plainPath(rest) {
		return target{}, false
	}
	server.Path = ""
	return target{server: server, known: server.Host != "", path: tidyPath(rest), empty: strings.Contains(rest, "//")}, true
}

// address writes the pieces of an address with holes in braces, up to its query, and the place of its first piece. It is not ok
// where a hole may be more than a part of the path: "/items" + rest.
func address(pieces []piece) (raw string, at source.Span, ok bool) {
	var b strings.Builder
	for i, p := range pieces {
		if p.hole == "" {
			path, _, query := strings.Cut(p.text, "?")
			path, _, fragment := strings.Cut(path, "#")
			b.WriteString(path)
			if query || fragment {
				break
			}
			continue
		}
		soFar := b.String()
		last := i == len(pieces)-1
		switch {
		case i == 0:
		case isQuery(p.hole) && last && !strings.HasSuffix(soFar, "/"):
			return soFar, pieces[0].at.span(), true
		case glued(soFar):
			return "", source.Span{}, false
		}
		b.WriteString("{" + strings.Trim(p.hole, "{}/?#") + "}")
	}
	return b.String(), pieces[0].at.span(), true
}

// glued reports whether what follows a text would be a part of its last word: of "/items" + x nobody knows where the word ends.
func glued(soFar string) bool {
	if !strings.Contains(strings.TrimPrefix(soFar[strings.Index(soFar, ":")+1:], "//"), "/") {
		return false // in the host
	}
	segment := soFar[strings.LastIndexByte(soFar, '/')+1:]
	return segment != "" && segment != "v" && (isWord(segment[len(segment)-1]) && segment[len(segment)-1] != '_' || strings.HasSuffix(segment, "}"))
}

// isQuery reports whether a name is one that people give to a query string.
func isQuery(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"query", "qs", "param", "search", "filter", "args"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "q"
}

// plainPath reports whether a path can be asked for: no part of it is more than a name.
func plainPath(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.Contains(segment, " ") || strings.Count(segment, "{") != strings.Count(segment, "}") {
			return false
		}
		if name, ok := strings.CutPrefix(segment, "{"); ok && isRoute(strings.TrimSuffix(name, "}")) {
			return false
		}
	}
	return len(path) < 2000
}

// isRoute reports whether a name is one that people give to a whole path.
func isRoute(name string) bool {
	switch strings.ToLower(name) {
	case "path", "endpoint", "url", "uri", "route", "resource", "pathname", "api", "value", "suffix", "service", "action", "method", "href", "link", "src", "file", "request", "input":
		return true
	}
	lower := strings.ToLower(name)
	for _, end := range []string{"path", "endpoint", "url", "uri", "route"} {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	return false
}

// tidyPath drops the slashes that putting addresses together leaves.
func tidyPath(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// example fills the holes of a path.
func example(path string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(path, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		_, after, _ := strings.Cut(rest, "}")
		b.WriteString("1")
		path = after
	}
}

// grouped puts the addresses together that are one request to one of several servers: each server once, and the end of their
// paths the same. That end is the path of all, and what is in front of it belongs to the servers.
func grouped(targets []target) [][]target {
	if len(targets) == 0 {
		return nil
	}
	var groups [][]target
	for _, t := range targets {
		added := false
		for i, g := range groups {
			common := commonEnd(g[0].path, t.path)
			if common == "" || slices.ContainsFunc(g, func(u target) bool { return u.sameHost(t) && !(u.built && t.built) }) {
				continue
			}
			for j := range g {
				g[j] = g[j].shortened(common)
			}
			groups[i] = append(g, t.shortened(common))
			added = true
			break
		}
		if !added {
			groups = append(groups, []target{t})
		}
	}
	return groups
}

func (t target) sameHost(u target) bool {
	return u.relative == t.relative && u.known == t.known && u.server.Host == t.server.Host && u.server.Port == t.server.Port
}

func (t target) shortened(path string) target {
	t.server.Path += strings.TrimSuffix(t.path, path)
	t.path = path
	return t
}

// commonEnd returns the segments at the end that two paths have in common.
func commonEnd(a, b string) string {
	x, y := strings.Split(a, "/")[1:], strings.Split(b, "/")[1:]
	n := 0
	for n < len(x) && n < len(y) && x[len(x)-1-n] == y[len(y)-1-n] {
		n++
	}
	if n == 0 {
		return ""
	}
	return "/" + strings.Join(x[len(x)-n:], "/")
}
