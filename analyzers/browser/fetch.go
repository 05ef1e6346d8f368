package browser

import (
	"cmp"
	"slices"
	"strings"
)

// fetch is one call of [Fetch] in progress.
type fetch struct {
	p       profile
	request Request // normalised
	network Network
	page    *location // of the page; nil if it is not known
	first   string    // the URL that the page asked for
	result  Result

	// What the next request will be.
	url     location
	method  string
	headers []Header
	body    bool

	redirects int
	// crossOrigin is sticky: a request that has once left its page's origin never again counts as same-origin.
	crossOrigin bool
	// tainted: the Origin is null from here on.
	tainted bool
	// hypothetical: a check has failed, and what follows only shows what would fail next.
	hypothetical bool

	// Firefox decides about later preflights by what the request was at first. preflighted: there was one before.
	// droppedHere are the headers that the latest redirect removed.
	preflighted bool
	initial     []string
	droppedHere []string
}

// Fetch predicts what an engine does with a request, asking n for the answers. It sends at most 21 requests and as many
// preflights, and always the same ones for the same answers.
func Fetch(e Engine, r Request, n Network) Result {
	f := fetch{p: profileOf(e), network: n}
	request, exception := r.normalize()
	f.request = request
	f.method, f.headers, f.body = request.Method, request.Headers, request.HasBody
	f.page = request.page()

	var ok bool
	f.url, ok = parseLocation(request.URL, f.page)
	switch {
	case exception != "":
	case !ok:
		exception = "Failed to parse URL from " + request.URL
	case request.Initiator == InitiatorFetch && f.url.userinfo != "":
		exception = "Request cannot be constructed from a URL that includes credentials: " + request.URL
	}
	f.first = f.url.String()
	if exception != "" {
		f.fail(Failure{NetworkError: "TypeError: " + exception, Phase: PhaseActual, notCrossOrigin: true})
		return f.finish()
	}
	f.initial = f.p.unsafeNames(f.headers)
	for f.hop() {
	}
	return f.finish()
}

// hop asks one URL. It reports whether there is a redirect to follow.
func (f *fetch) hop() bool {
	f.result.Hops = append(f.result.Hops, Hop{URL: f.url.String()})
	if !SameOrigin(f.request.PageOrigin, f.url.origin()) {
		f.crossOrigin = f.request.Mode != ModeNoCORS
	}
	if failure, refused := f.refusedUnsent(); refused {
		f.fail(failure)
		return false
	}
	if f.crossOrigin {
		f.preflight()
	}
	response := f.send(f.actual())
	if response.Status == 0 && !response.Open {
		f.fail(f.about(response, PhaseActual, Failure{NetworkError: f.p.networkError("EMPTY_RESPONSE")}))
		return false
	}
	if response.Status == 407 && f.p.rejects407 {
		f.fail(f.about(response, PhaseActual, Failure{NetworkError: "net::ERR_UNEXPECTED_PROXY_AUTH"}))
		return false
	}
	if text := f.refusedByResourcePolicy(response); text != "" {
		f.fail(f.about(response, PhaseActual, Failure{NetworkError: text, Header: "Cross-Origin-Resource-Policy"}))
		return false
	}
	if raw, redirected := f.p.redirectTarget(response); redirected {
		return f.redirected(response, raw)
	}
	f.checkAccess(response, false)
	f.answer(response)
	return false
}

// refusedUnsent returns the failure of a request that the browser does not even send.
func (f *fetch) refusedUnsent() (Failure, bool) {
	failure := Failure{Phase: PhaseActual, Hop: len(f.result.Hops) - 1, URL: f.url.String(), notCrossOrigin: !f.crossOrigin}
	switch {
	case f.url.scheme != "http" && f.url.scheme != "https":
		failure.NetworkError = "TypeError: URL scheme \"" + f.url.scheme + "\" is not supported."
	case f.page != nil && f.page.scheme == "https" && f.url.scheme == "http" && !f.url.loopback():
		// https://w3c.github.io/webappsec-mixed-content/#should-block-fetch
		failure.plain = "Mixed Content: The page at '" + f.page.String() + "' was loaded over HTTPS, but requested an insecure resource '" +
			f.url.String() + "'. This request has been blocked; the content must be served over HTTPS."
	case f.request.Mode == ModeNoCORS && f.request.Redirect != RedirectFollow:
		failure.Reason = NoCorsRedirectModeNotFollow
		failure.plain = "Fetch API cannot load " + f.url.String() + `. Request mode is "no-cors" but the redirect mode is not "follow".`
	case f.request.Mode == ModeSameOrigin && f.crossOrigin && f.redirects == 0:
		failure.NetworkError = "TypeError: Failed to fetch"
		failure.notCrossOrigin = true // it has not been asked yet
		failure.plain = "Fetch API cannot load " + f.url.String() +
			`. Request mode is "same-origin" but the URL's origin is not same as the request origin ` + f.request.PageOrigin + "."
	case f.request.Mode == ModeSameOrigin && f.crossOrigin:
		failure.Reason = DisallowedByMode
	default:
		return Failure{}, false
	}
	return failure, true
}

// origin returns the Origin of the requests from here on.
func (f *fetch) origin() string {
	if f.tainted {
		return opaqueOrigin
	}
	return f.request.PageOrigin
}

// preflight asks leave for the next request, if it needs it.
func (f *fetch) preflight() {
	q := question{
		method: f.method, names: f.preflightNames(), origin: f.origin(), credentials: f.request.Credentials,
		redirect: f.request.Redirect, ownOrigin: SameOrigin(f.request.PageOrigin, f.url.origin()),
	}
	forced := f.request.UploadListener && f.request.Initiator == InitiatorXHR ||
		f.p.keepsPreflight && (f.preflighted || len(f.initial) > 0)
	if IsSafelistedMethod(f.method) && len(q.names) == 0 && !forced {
		return
	}
	f.preflighted = true
	if f.p.namesOrigin {
		q.origin = f.request.PageOrigin
	}
	out := Outgoing{Method: "OPTIONS", URL: f.url.String(), Preflight: true, Headers: []Header{
		{Name: "Accept", Value: "*/*"},
		{Name: "Access-Control-Request-Method", Value: f.method},
	}}
	if len(q.names) > 0 {
		out.Headers = append(out.Headers, Header{Name: "Access-Control-Request-Headers", Value: strings.Join(q.names, ",")})
	}
	out.Headers = append(out.Headers, Header{Name: "Origin", Value: q.origin})

	response := f.send(out)
	var failures []Failure
	switch {
	case response.Status == 0 && !response.Open:
		failures = []Failure{{NetworkError: f.p.networkError("EMPTY_RESPONSE")}}
	case response.Status == 407 && f.p.rejects407:
		failures = []Failure{{NetworkError: "net::ERR_UNEXPECTED_PROXY_AUTH"}}
	default:
		failures = f.p.checkPreflight(response, q)
		if len(failures) == 0 {
			f.warnOfWildcard(response, q)
		}
	}
	for _, failure := range failures {
		f.fail(f.about(response, PhasePreflight, failure))
	}
}

// preflightNames returns the header names that a preflight asks leave for.
func (f *fetch) preflightNames() []string {
	if !f.p.keepsPreflight {
		return f.p.unsafeNames(f.headers)
	}
	// Firefox remembers the names of the original request, and forgets those that the latest redirect removed for this hop only.
	return slices.DeleteFunc(slices.Clone(f.initial), func(name string) bool { return slices.Contains(f.droppedHere, name) })
}

// warnOfWildcard notes that an answer lets Authorization through by an asterisk, of which Firefox warns.
func (f *fetch) warnOfWildcard(r Response, q question) {
	if f.hypothetical {
		return
	}
	for range f.p.coveredByWildcard(r, q) {
		f.result.AuthorizationByWildcard = true
		if f.p.engine == Firefox {
			f.result.IDs = append(f.result.IDs, "CORSAllowHeaderFromPreflightDeprecation")
		}
	}
}

// actual returns the next request.
func (f *fetch) actual() Outgoing {
	out := Outgoing{Method: f.method, URL: f.url.String(), Headers: slices.Clone(f.headers)}
	if _, ok := values(f.headers, "Accept"); !ok {
		out.Headers = append(out.Headers, Header{Name: "Accept", Value: "*/*"})
	}
	if _, ok := values(f.headers, "Content-Type"); !ok && f.body {
		out.Headers = append(out.Headers, Header{Name: "Content-Type", Value: "text/plain;charset=UTF-8"})
	}
	// https://fetch.spec.whatwg.org/#append-a-request-origin-header
	if f.crossOrigin || f.method != "GET" && f.method != "HEAD" {
		out.Headers = append(out.Headers, Header{Name: "Origin", Value: f.origin()})
	}
	return out
}

func (f *fetch) send(out Outgoing) Response {
	out.Hypothetical = f.hypothetical
	response := f.network(out)
	hop := &f.result.Hops[len(f.result.Hops)-1]
	exchange := &Exchange{Request: out, Response: response}
	if out.Preflight {
		hop.Preflight = exchange
		f.result.PreflightSent = f.result.PreflightSent || !f.hypothetical
	} else {
		hop.Actual = exchange
		f.result.ActualSent = f.result.ActualSent || !f.hypothetical
	}
	return response
}

func (f *fetch) checkAccess(r Response, redirected bool) {
	if !f.crossOrigin {
		return
	}
	for _, failure := range f.p.checkAccess(r, f.origin(), f.request.Credentials) {
		failure.redirected = redirected
		f.fail(f.about(r, PhaseActual, failure))
	}
}

// redirected judges a redirect and prepares the next hop. It reports whether there is one.
func (f *fetch) redirected(r Response, raw string) bool {
	if raw == "" {
		f.fail(f.about(r, PhaseActual, Failure{NetworkError: f.p.networkError("FAILED"), Header: "Location", Unknown: true}))
		return false
	}
	target, parsed := parseLocation(raw, &f.url)
	if text := f.refusedEarly(r, target, parsed); text != "" {
		f.fail(f.about(r, PhaseActual, Failure{NetworkError: text, Header: "Location", Value: raw, redirected: true}))
		return false
	}
	f.checkAccess(r, f.request.Redirect == RedirectFollow)
	if f.request.Redirect == RedirectManual {
		f.result.Readable = []string{}
		return false
	}
	if failure, refused := f.refusedLate(target, parsed); refused {
		failure.redirected = true
		f.fail(f.about(r, PhaseActual, failure))
		return false
	}
	f.follow(r.Status, target)
	return true
}

// answer hands the page its final response.
func (f *fetch) answer(r Response) {
	if f.request.Mode == ModeNoCORS && !SameOrigin(f.request.PageOrigin, f.url.origin()) {
		f.result.Readable = []string{} // an opaque response
		return
	}
	f.result.Status = r.Status
	f.result.Readable = f.p.readable(r, f.crossOrigin, f.request.Credentials)
}

// about completes a failure with what it is about.
func (f *fetch) about(r Response, phase Phase, failure Failure) Failure {
	failure.Phase = phase
	failure.Hop = len(f.result.Hops) - 1
	failure.Status = r.Status
	failure.URL = cmp.Or(failure.URL, f.url.String())
	failure.notCrossOrigin = !f.crossOrigin
	return failure
}

// fail notes a failure.
func (f *fetch) fail(failure Failure) {
	failure.request, failure.first = f.request, f.first
	console := failure.Render(f.p.engine)
	failure.Text, failure.Message, failure.MessageAnyOf = console.Text, console.Message, console.AnyOf
	if !failure.Unknown && !f.hypothetical {
		f.hypothetical = true
		f.result.IDs = append(f.result.IDs, console.IDs...)
	}
	f.result.Failures = append(f.result.Failures, failure)
}

// finish draws the conclusion from the failures.
func (f *fetch) finish() Result {
	r := &f.result
	i := slices.IndexFunc(r.Failures, func(failure Failure) bool { return !failure.Unknown })
	switch {
	case i >= 0:
		failure := r.Failures[i]
		r.Verdict, r.Guessed = Blocked, i > 0
		r.Reason, r.NetworkError = failure.Reason, failure.NetworkError
		r.Message, r.MessageAnyOf = failure.Message, failure.MessageAnyOf
		r.Readable, r.Status = nil, 0
	case len(r.Failures) > 0:
		r.Verdict = Unknown
	default:
		r.Verdict = Allowed
	}
	return *r
}
