package exchange

import (
	"context"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
)

// Cache is a store of answers on the way, which answers a later request with what it kept of an earlier one. The zero
// Cache is none. Caches keep answers to GET and give them to GET and HEAD; preflights they never see: a method that is
// not safe is not cached (https://www.rfc-editor.org/rfc/rfc9110#section-9.2.3).
type Cache struct {
	Kind CacheKind
	// KeyUsesOrigin: the key holds the Origin request header beside the URL. IgnoresVary: the Vary of a copy counts for
	// nothing. Both are settings of caches on servers.
	KeyUsesOrigin, IgnoresVary bool
}

// CacheKind says where a cache stands, and with that what it keeps.
type CacheKind uint8

// The kinds of cache.
const (
	// BrowserCache is the browser's own. It keeps whatever the chain answers, apart for each site
	// (https://fetch.spec.whatwg.org/#http-cache-partitions).
	BrowserCache CacheKind = iota + 1
	// SharedCache stands in front of the chain, such as a content delivery network. It keeps what the chain answers.
	SharedCache
	// LayerCache is the one in the chain's first layer. It keeps what comes from behind the layer, which adds its own
	// headers to every answer anew.
	LayerCache
)

// String names the cache in a transcript.
func (k CacheKind) String() string {
	switch k {
	case BrowserCache:
		return "browser's cache"
	case SharedCache:
		return "shared cache"
	case LayerCache:
		return "its cache"
	}
	return "no cache"
}

// CacheOf returns the cache that a layer says it has for an endpoint; the zero Cache when there is none.
func CacheOf(layer *policy.Layer, endpoint string) Cache {
	var c Cache
	for _, f := range layer.Facts {
		if f.Endpoint != "" && f.Endpoint != endpoint {
			continue
		}
		switch f.Kind {
		case policy.FactCache:
			c.Kind = LayerCache
			c.KeyUsesOrigin = strings.Contains(strings.ToLower(f.Subject), "origin") // $http_origin
		case policy.FactCacheIgnoresVary:
			c.IgnoresVary = true
		case policy.FactNeedsAuthorization, policy.FactRequiresHeader, policy.FactOwnErrors, policy.FactDuplicateContentType,
			policy.FactOptionUnknown, policy.FactSessionCookie, policy.FactServesPages, policy.FactReadsBody,
			policy.FactMappingUnquoted, policy.FactMappingIgnored, policy.FactMockTakesBinary, policy.FactAddsBeside,
			policy.FactGuardsPreflight, policy.FactHidesRoutes, policy.FactUnverified:
		}
	}
	if c.Kind == 0 {
		return Cache{}
	}
	return c
}

// kept is an answer in a cache.
type kept struct {
	key     string
	page    string           // the origin of the page whose request it answered
	request []browser.Header // of that request
	answer  *policy.Outcome
	doubt   bool // it is not certain that it is kept
}

// store is a cache and what is in it.
type store struct {
	Cache
	copies []kept
}

// keep stores an answer, in place of an older one to the same request, when the cache does that. After a request that may
// have changed what is at the URL its copies are gone. https://www.rfc-editor.org/rfc/rfc9111#section-4.4
func (s *store) keep(key, page string, out browser.Outgoing, answer *policy.Outcome) {
	if !slices.Contains([]string{"GET", "HEAD", "OPTIONS", "TRACE"}, out.Method) {
		if answer.Status >= 200 && answer.Status < 400 {
			s.copies = slices.DeleteFunc(s.copies, func(k kept) bool { return k.key == key })
		}
		return
	}
	certain := s.keeps(out, answer)
	if out.Method != http.MethodGet || !cacheable(out) || certain == no {
		return
	}
	s.copies = slices.DeleteFunc(s.copies, func(k kept) bool { return s.selects(&k, key, page, out) == yes })
	s.copies = append(s.copies, kept{key: key, page: page, request: out.Headers, answer: answer, doubt: certain == perhaps})
}

// find returns the copy that answers a request, the latest first; nil when there is none. doubt says that another answer
// is possible.
func (s *store) find(key, page string, out browser.Outgoing) (answer *policy.Outcome, doubt bool) {
	for i := len(s.copies) - 1; i >= 0; i-- {
		k := &s.copies[i]
		if certain := s.selects(k, key, page, out); certain != no {
			return k.answer, k.doubt || certain == perhaps
		}
	}
	return nil, false
}

// certainty answers a question about what is only partly known.
type certainty uint8

const (
	no certainty = iota
	perhaps
	yes
)

// selects says whether a copy answers a request. https://www.rfc-editor.org/rfc/rfc9111#section-4
func (s *store) selects(k *kept, key, page string, out browser.Outgoing) certainty {
	if k.key != key || s.KeyUsesOrigin && field(k.request, "origin") != field(out.Headers, "origin") {
		return no
	}
	certain := yes
	if s.Kind == BrowserCache {
		certain = sameSite(k.page, page)
	}
	if s.IgnoresVary {
		return certain
	}
	// https://www.rfc-editor.org/rfc/rfc9111#section-4.1
	vary, known := header(k.answer, "Vary")
	for name := range strings.SplitSeq(vary, ",") {
		if name = strings.TrimSpace(name); name == "*" || field(k.request, name) != field(out.Headers, name) {
			return no
		}
	}
	if !known {
		return min(certain, perhaps)
	}
	return certain
}

// conditional are the request headers with which a request goes past the caches on its way, or asks them in another way
// than modelled here. https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
var conditional = []string{
	"if-modified-since", "if-none-match", "if-unmodified-since", "if-match", "if-range", "range", "cache-control", "pragma",
}

// cacheable reports whether caches have a say in a request.
func cacheable(out browser.Outgoing) bool {
	return (out.Method == http.MethodGet || out.Method == http.MethodHead) &&
		!slices.ContainsFunc(out.Headers, func(h browser.Header) bool { return slices.Contains(conditional, strings.ToLower(h.Name)) })
}

// Statuses that are kept without being told to (https://www.rfc-editor.org/rfc/rfc9110#section-15.1, partial content left
// out), and those of them that Chromium takes for good (net/http/http_response_headers.cc, GetFreshnessLifetimes).
var (
	cacheableByDefault = []int{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}
	permanent          = []int{300, 301, 308, 410}
)

// thisYear is when this was written: a date in an earlier year is past. No clock is read, so that the same files give
// the same findings on every day.
const thisYear = 2026

// keeps says whether the cache stores an answer and hands it out without asking again: it is allowed to store it
// (https://www.rfc-editor.org/rfc/rfc9111#section-3), and it is fresh (section 4.2).
func (c Cache) keeps(out browser.Outgoing, answer *policy.Outcome) certainty {
	if answer.Status == 0 && answer.Open == nil || answer.Status == http.StatusPartialContent || answer.Status == http.StatusNotModified {
		return no
	}
	text, known := header(answer, "Cache-Control")
	control := directives(text)
	has := func(name string) bool { _, found := control[name]; return found }
	shared := c.Kind != BrowserCache
	switch {
	case has("no-store"), has("no-cache"), shared && has("private"):
		return no
	case c.Kind == SharedCache && field(out.Headers, "authorization") != "" && !has("public") && !has("s-maxage") && !has("must-revalidate"):
		return no // https://www.rfc-editor.org/rfc/rfc9111#section-3.5
	case c.Kind == LayerCache && answer.MayHave("Set-Cookie"):
		// https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid
		if _, sent := answer.Get("Set-Cookie"); sent {
			return no
		}
		known = false
	}
	age, explicit := control["max-age"]
	if shared && has("s-maxage") {
		age, explicit = control["s-maxage"], true
	}
	fresh := perhaps
	if explicit {
		if seconds, err := strconv.ParseUint(age, 10, 64); err == nil {
			fresh = yes
			if seconds == 0 {
				return no
			}
		}
	} else {
		fresh = c.freshUntold(answer, has("must-revalidate"))
	}
	if !known { // there may be more in it
		return perhaps
	}
	return fresh
}

// freshUntold says whether an answer without max-age is fresh: by Expires, or by the cache's own rule of thumb.
// https://www.rfc-editor.org/rfc/rfc9111#section-4.2.2
func (c Cache) freshUntold(answer *policy.Outcome, mustRevalidate bool) certainty {
	expires, known := header(answer, "Expires")
	switch {
	case expires != "":
		// A date that is none, "0" above all, is past. https://www.rfc-editor.org/rfc/rfc9111#section-5.3
		if date, err := http.ParseTime(expires); err != nil || date.Year() < thisYear {
			return no
		}
		return perhaps
	case !known:
		return perhaps
	case answer.Status != 0 && !slices.Contains(cacheableByDefault, answer.Status):
		return no
	case c.Kind != BrowserCache: // its operator sets for how long
		return perhaps
	case slices.Contains(permanent, answer.Status):
		return yes
	case mustRevalidate || answer.Status != 0 && answer.Status != 200 && answer.Status != 203:
		return no
	}
	// Browsers take an answer for fresh for a tenth of the time that has gone since Last-Modified.
	if _, sent := answer.Get("Last-Modified"); sent {
		return yes
	}
	if answer.MayHave("Last-Modified") {
		return perhaps
	}
	return no
}

// header returns the value of a response header, its lines joined, and whether that is all that is sent under the name.
func header(answer *policy.Outcome, name string) (value string, known bool) {
	known = answer.Fixes(name)
	var lines []string
	for _, h := range answer.Headers {
		if strings.EqualFold(h.Name, name) {
			text, certain := h.Value.Known()
			known = known && certain
			lines = append(lines, text)
		}
	}
	return strings.Join(lines, ","), known
}

// field returns the value of a request header, its lines joined.
func field(headers []browser.Header, name string) string {
	var lines []string
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			lines = append(lines, strings.TrimSpace(h.Value))
		}
	}
	return strings.Join(lines, ",")
}

// directives reads a Cache-Control header, of a repeated directive the first.
// https://www.rfc-editor.org/rfc/rfc9111#section-5.2
func directives(value string) map[string]string {
	out := make(map[string]string)
	for part := range strings.SplitSeq(value, ",") {
		name, arg, _ := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, found := out[name]; !found {
			out[name] = strings.Trim(arg, " \t\"")
		}
	}
	return out
}

// sameSite says whether pages share their part of a browser's cache: their sites are the same, scheme included
// (https://html.spec.whatwg.org/#same-site). Of two hosts that end in the same two labels only the public suffix list
// knows; others have no registrable domain in common.
func sameSite(a, b string) certainty {
	x, errX := browser.ParseOrigin(a)
	y, errY := browser.ParseOrigin(b)
	switch {
	case errX != nil || errY != nil || x.Scheme != y.Scheme: // every opaque origin is a site of its own
		return no
	case x.Host == y.Host:
		return yes
	case isAddress(x.Host) || isAddress(y.Host) || lastLabels(x.Host) != lastLabels(y.Host):
		return no
	}
	return perhaps
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// lastLabels returns the last two labels of a host.
func lastLabels(host string) string {
	if last := strings.LastIndexByte(host, '.'); last >= 0 {
		return host[strings.LastIndexByte(host[:last], '.')+1:]
	}
	return host
}

// behind is a LayerCache at work while its layer answers one request: it stands between the layer and what is behind it.
type behind struct {
	store *store
	page  string
	out   browser.Outgoing
	next  policy.Next

	// The layer is evaluated once for each of its own outcomes and asks anew each time. found: there was a copy, with doubt
	// perhaps wrongly; missed: there was none.
	found, doubt, missed bool
	// What was answered when there was none. unclear says that the answers differ, so that it is not known which one is
	// behind which outcome.
	key     string
	answer  *policy.Outcome
	unclear bool
}

// ask is a [policy.Next].
func (b *behind) ask(ctx context.Context, to policy.Upstream, r *policy.Request) ([]policy.Outcome, bool) {
	key := to.Name + " " + r.Path + "?" + r.Query // nginx: $scheme$proxy_host$request_uri; the method is no part of it
	if answer, doubt := b.store.find(key, b.page, b.out); answer != nil {
		b.found, b.doubt = true, b.doubt || doubt
		return []policy.Outcome{*answer}, true
	}
	b.missed = true
	answers, ok := b.next(ctx, to, r)
	switch {
	case !ok:
	case len(answers) != 1 || b.answer != nil && (b.key != key || !reflect.DeepEqual(*b.answer, answers[0])):
		b.unclear = true
	default:
		b.key, b.answer = key, &answers[0]
	}
	return answers, ok
}

// keep stores what is behind the answer that the layer gave in the end.
func (b *behind) keep(answer *policy.Outcome) {
	if answer.Upstream != nil && b.answer != nil && !b.unclear {
		b.store.keep(b.key, b.page, b.out, b.answer)
	}
}
