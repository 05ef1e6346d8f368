package diagnosis

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
)

// This file guesses the request that a message is about. What the message does not say is tried, the likeliest first, until
// the answer makes the browser print that message.

// attempt is a request that was tried and what came of it.
type attempt struct {
	by       *candidate
	exchange exchange.Exchange
	outcome  *exchange.Outcome
	failure  browser.Failure // that the browser would print
	guessed  []string
	before   string // the page to whose request a cache keeps the answer
}

// maxAttempts bounds how many requests are tried of one layer.
const maxAttempts = 200

// try asks a layer for the requests that a message can be about. It returns the first that makes the browser print the
// message, nil if none does, and the first of all.
func (c *candidate) try(ctx context.Context, m *console.Message, known *exchange.Fetch) (found, first *attempt) {
	left := maxAttempts
	var close *attempt // but for the status or the value
	for _, g := range c.guesses(ctx, m, known) {
		if left--; left < 0 || ctx.Err() != nil {
			break
		}
		if close != nil && m.Status == 0 && len(g.fetch.Circumstances) > 0 {
			break // it happens without anything befalling the request
		}
		x, err := exchange.Simulate(ctx, engineOf(m), c.Chain, g.fetch, exchange.Options{Entry: c.Layer, AssumeSilent: true})
		if err != nil || len(x.Outcomes) == 0 {
			continue
		}
		if first == nil {
			first = &attempt{by: c, exchange: x, outcome: &x.Outcomes[0], guessed: g.said}
		}
		for i := range x.Outcomes {
			f, ok := printed(&x.Outcomes[i])
			if !ok || !says(m, &f) {
				continue
			}
			a := &attempt{by: c, exchange: x, outcome: &x.Outcomes[i], failure: f, guessed: g.said}
			if exactly(m, &f) {
				return c.likewise(ctx, m, a, g), first
			}
			if close == nil {
				close = a
			}
		}
	}
	return close, first
}

// cached asks a layer for the same through a cache that has answered another page before. It returns nil unless that makes the
// browser print the message.
func (c *candidate) cached(ctx context.Context, m *console.Message) *attempt {
	if !slices.Contains(m.Reasons, browser.AllowOriginMismatch) && !slices.Contains(m.Reasons, browser.MissingAllowOriginHeader) {
		return nil
	}
	for _, page := range c.pages(ctx, m) {
		mine := exchange.Fetch{URL: startURL(m), Method: "GET", Origin: page.origin, Credentials: browser.CredentialsSameOrigin, Initiator: initiator(m)}
		for _, before := range c.before(ctx, m) {
			other := mine
			other.Origin = before
			for _, kind := range []exchange.CacheKind{exchange.BrowserCache, exchange.SharedCache} {
				both, err := exchange.SimulateSequence(ctx, engineOf(m), c.Chain, []exchange.Fetch{other, mine},
					exchange.Options{Entry: c.Layer, AssumeSilent: true}, exchange.Cache{Kind: kind})
				if err != nil || len(both[1].Outcomes) == 0 {
					continue
				}
				if f, ok := printed(&both[1].Outcomes[0]); ok && says(m, &f) && exactly(m, &f) {
					return &attempt{by: c, exchange: both[1], outcome: &both[1].Outcomes[0], failure: f, guessed: page.said, before: before}
				}
			}
		}
	}
	return nil
}

// before returns the pages that can have asked before: the one that the message names, else a page of the API's own origin,
// which sends no Origin, another one that is meant, or one that is not.
func (c *candidate) before(ctx context.Context, m *console.Message) []string {
	if m.HasValue {
		if originOf(m.Value) != m.Value {
			return nil
		}
		return []string{m.Value}
	}
	return append(append([]string{originOf(startURL(m))}, c.meant(ctx)...), nobody)
}

// engineOf returns the engine that the message is of.
func engineOf(m *console.Message) browser.Engine {
	if m.Engine == "" {
		return browser.Chromium
	}
	return m.Engine
}

// printed returns the failure that a browser prints.
func printed(o *exchange.Outcome) (browser.Failure, bool) {
	i := slices.IndexFunc(o.Result.Failures, func(f browser.Failure) bool { return !f.Unknown })
	if i < 0 || o.Result.Verdict != browser.Blocked {
		return browser.Failure{}, false
	}
	return o.Result.Failures[i], true
}

// says reports whether a message is what a browser prints about a failure.
func says(m *console.Message, f *browser.Failure) bool {
	switch {
	case len(m.Reasons) == 0:
		return f.Reason != ""
	case !slices.Contains(m.Reasons, f.Reason):
		return false
	}
	return m.Name == "" || len(f.Names) == 0 || slices.ContainsFunc(f.Names, func(n string) bool { return strings.EqualFold(n, m.Name) })
}

// exactly reports whether a failure also has the values that the message has. Where that has no status, a guess that there is
// no such route is not the best one.
func exactly(m *console.Message, f *browser.Failure) bool {
	if m.Status == 0 && f.Phase == browser.PhaseActual && (f.Status == 404 || f.Status == 405) {
		return false
	}
	return (m.Status == 0 || m.Status == f.Status) && (!m.HasValue || m.Value == f.Value)
}

// guess is a request that a message can be about, and what of it the message does not say.
type guess struct {
	fetch exchange.Fetch
	said  []string
	// method and header are guessed.
	guessed bool
}

// guesses returns the requests that a message can be about. Of one that is known only what befell it is open, and whether it had
// credentials where nothing says why it failed: no log says which mode a page chose.
func (c *candidate) guesses(ctx context.Context, m *console.Message, known *exchange.Fetch) []guess {
	var out []guess
	if known != nil {
		modes := []browser.Credentials{known.Credentials}
		if len(m.Reasons) == 0 && known.Credentials == browser.CredentialsSameOrigin {
			modes = append(modes, browser.CredentialsInclude)
		}
		for _, befalls := range circumstances(m, requestGuess{method: "GET"}) {
			for _, mode := range modes {
				g := guess{fetch: *known}
				if g.fetch.Credentials = mode; mode != known.Credentials {
					g.said = append(g.said, withCredentials)
				}
				if befalls.Kind != "" {
					g.fetch.Circumstances = []policy.Circumstance{befalls}
					g.said = append(g.said, "It happens when "+befallen(befalls))
				}
				out = append(out, g)
			}
		}
		return out
	}
	for _, page := range c.pages(ctx, m) {
		for _, credentials := range credentialsOf(m) {
			for _, r := range requests(m) {
				for _, befalls := range circumstances(m, r) {
					g := guess{fetch: exchange.Fetch{
						URL: startURL(m), Method: r.method, Origin: page.origin, PageURL: m.Page, Headers: r.headers, Credentials: credentials,
						HasBody: r.method == "POST" || r.method == "PUT" || r.method == "PATCH", Initiator: initiator(m),
					}, guessed: r.guessed}
					g.said = append(g.said, page.said...)
					if r.guessed {
						g.said = append(g.said, "The message does not say the method. Assumed: "+r.String())
					}
					if befalls.Kind != "" {
						g.fetch.Circumstances = []policy.Circumstance{befalls}
						g.said = append(g.said, "It happens when "+befallen(befalls))
					}
					if credentials == browser.CredentialsInclude && len(credentialsOf(m)) > 1 {
						g.said = append(g.said, withCredentials)
					}
					out = append(out, g)
				}
			}
		}
	}
	// What befalls a request is the last resort, whatever else is left open.
	slices.SortStableFunc(out, func(a, b guess) int { return len(a.fetch.Circumstances) - len(b.fetch.Circumstances) })
	return out
}

// withCredentials is said where only a request with credentials fails, and nothing says that it had some.
const withCredentials = `It happens with credentials: "include", and not without`

func initiator(m *console.Message) browser.Initiator {
	if m.Resource == "XMLHttpRequest" {
		return browser.InitiatorXHR
	}
	return browser.InitiatorFetch
}

// pageGuess is an origin of a page.
type pageGuess struct {
	origin string
	said   []string
}

// nobody is the origin of a page that no policy means.
const nobody = "https://page.example"

// pages returns the origins that the page can have: Firefox does not say it.
func (c *candidate) pages(ctx context.Context, m *console.Message) []pageGuess {
	if m.Origin != "" {
		return []pageGuess{{origin: m.Origin}}
	}
	if origin := originOf(m.Page); origin != "" {
		return []pageGuess{{origin: origin}}
	}
	var out []pageGuess
	const unsaid = "The message does not say the page's origin. Assumed: "
	for _, origin := range c.meant(ctx) {
		out = append(out, pageGuess{origin, []string{unsaid + origin}})
	}
	return append(out, pageGuess{nobody, []string{unsaid + "one that the project does not name"}})
}

// originOf returns the origin of a page's address, "" if it has none.
func originOf(page string) string {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// meant returns the origins that the layer means to let in: those that it names, and those that its answers show.
func (c *candidate) meant(ctx context.Context) []string {
	survey := probe.NewProber(ctx, c.Chain, c.Layer).Survey()
	var out []string
	add := func(origin string) {
		if !slices.Contains(out, origin) && len(out) < maxMeant {
			out = append(out, origin)
		}
	}
	for _, meaning := range survey.Meanings {
		add(meaning.Origin)
	}
	for _, e := range survey.Endpoints {
		for _, origin := range e.Intent.Origins {
			add(origin)
		}
	}
	return out
}

const maxMeant = 8

// credentialsOf returns the credentials modes that a request can have.
func credentialsOf(m *console.Message) []browser.Credentials {
	include := slices.ContainsFunc(m.Reasons, func(r browser.Reason) bool {
		return strings.HasSuffix(string(r), string(browser.WildcardOriginNotAllowed)) || strings.HasSuffix(string(r), string(browser.InvalidAllowCredentials))
	})
	if include {
		return []browser.Credentials{browser.CredentialsInclude}
	}
	return []browser.Credentials{browser.CredentialsSameOrigin, browser.CredentialsInclude}
}

// requestGuess is a method with headers.
type requestGuess struct {
	method  string
	headers []browser.Header
	guessed bool
}

func (r requestGuess) String() string {
	if len(r.headers) == 0 {
		return r.method
	}
	if strings.EqualFold(r.headers[0].Name, "content-type") {
		return "JSON " + r.method
	}
	return r.method + " with " + r.headers[0].Name
}

// requests returns the methods and headers that a request can have.
func requests(m *console.Message) []requestGuess {
	json := []browser.Header{{Name: "Content-Type", Value: "application/json"}}
	switch {
	case slices.Contains(m.Reasons, browser.HeaderDisallowedByPreflightResponse) && m.Name != "":
		value := "1"
		methods := []string{"GET", "POST", "PUT"}
		if strings.EqualFold(m.Name, "content-type") {
			value, methods = "application/json", []string{"POST", "PUT", "GET"}
		}
		var out []requestGuess
		for _, method := range methods {
			out = append(out, requestGuess{method: method, headers: []browser.Header{{Name: m.Name, Value: value}}})
		}
		return out
	case slices.Contains(m.Reasons, browser.MethodDisallowedByPreflightResponse) && m.Name != "":
		return []requestGuess{{method: m.Name}, {method: m.Name, headers: json}}
	}
	preflighted := []requestGuess{
		{"PUT", nil, true}, {"DELETE", nil, true}, {"POST", json, true}, {"PATCH", json, true},
		{"GET", []browser.Header{{Name: "Authorization", Value: "Bearer token"}}, true},
	}
	if len(m.Reasons) > 0 && !slices.ContainsFunc(m.Reasons, func(r browser.Reason) bool { return !aboutPreflight(r) }) {
		return preflighted
	}
	simple := []requestGuess{{method: "GET"}, {method: "POST"}}
	if m.Engine == browser.Chromium && len(m.Reasons) > 0 { // it would say that it is about a preflight
		return append(simple, preflighted...)
	}
	return slices.Concat(simple[:1], preflighted, simple[1:])
}

// aboutPreflight reports whether a reason is one of a preflight's answer.
func aboutPreflight(r browser.Reason) bool {
	return strings.HasPrefix(string(r), "Preflight") || strings.HasSuffix(string(r), "PreflightResponse")
}

// circumstances returns what may have befallen a request: nothing, or what makes servers answer in a way of its own.
func circumstances(m *console.Message, r requestGuess) []policy.Circumstance {
	out := []policy.Circumstance{{}}
	if len(m.Reasons) > 0 && !slices.ContainsFunc(m.Reasons, func(r browser.Reason) bool { return !aboutPreflight(r) }) || r.method != "GET" && r.method != "POST" {
		return out
	}
	add := func(kinds ...policy.CircumstanceKind) {
		for _, k := range kinds {
			out = append(out, policy.Circumstance{Kind: k})
		}
	}
	switch m.Status {
	case 0:
		for _, status := range []int{404, 500, 401} {
			out = append(out, policy.Circumstance{Kind: policy.UpstreamStatus, Status: status})
		}
		add(policy.CredentialsRejected, policy.UpstreamDown, policy.HandlerThrows, policy.CallFails, policy.BodyTooLarge, policy.Throttled, policy.FileMissing)
		return out
	case 401, 403:
		add(policy.CredentialsRejected)
	case 404:
		add(policy.FileMissing)
	case 413:
		add(policy.BodyTooLarge)
	case 429, 503:
		add(policy.Throttled, policy.UpstreamDown)
	case 500:
		add(policy.HandlerThrows, policy.CallFails)
	case 502, 504:
		add(policy.UpstreamDown)
	}
	if m.Status >= 400 {
		out = append(out, policy.Circumstance{Kind: policy.UpstreamStatus, Status: m.Status})
	}
	return out
}

// befallen says what befalls a request.
func befallen(c policy.Circumstance) string {
	switch c.Kind {
	case policy.CredentialsRejected:
		return "the request's credentials are refused"
	case policy.UpstreamDown:
		return "nobody answers where the request is forwarded to"
	case policy.UpstreamStatus:
		return fmt.Sprintf("the upstream answers %d", c.Status)
	case policy.BodyTooLarge:
		return "the request's body is too large"
	case policy.Throttled:
		return "there are too many requests"
	case policy.HandlerThrows:
		return "the handler throws"
	case policy.FileMissing:
		return "the file does not exist"
	case policy.CallFails:
		return "what the handler waits for fails, a database or another service"
	}
	return c.String()
}

// likewise looks which of the other guessed methods fail in the same way, and says so.
func (c *candidate) likewise(ctx context.Context, m *console.Message, a *attempt, g guess) *attempt {
	if !g.guessed {
		return a
	}
	var same []string
	for _, r := range requests(m) {
		if !r.guessed {
			continue
		}
		f := g.fetch
		f.Method, f.Headers = r.method, r.headers
		x, err := exchange.Simulate(ctx, engineOf(m), c.Chain, f, exchange.Options{Entry: c.Layer, AssumeSilent: true})
		if err != nil || len(x.Outcomes) == 0 {
			continue
		}
		if failure, ok := printed(&x.Outcomes[0]); ok && failure.Reason == a.failure.Reason && !slices.Contains(same, r.String()) {
			same = append(same, r.String())
		}
	}
	for i, text := range a.guessed {
		if head, _, ok := strings.Cut(text, " Assumed: "); ok && strings.Contains(text, "the method") && len(same) > 1 {
			how := "all of them fail"
			if len(same) == 2 {
				how = "both fail"
			}
			a.guessed = slices.Clone(a.guessed)
			a.guessed[i] = head + " Assumed: " + strings.Join(same[:len(same)-1], ", ") + " or " + same[len(same)-1] + " (" + how + " the same way)"
		}
	}
	return a
}
