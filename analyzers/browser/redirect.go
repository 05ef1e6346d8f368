package browser

import "slices"

// maxRedirects is how many redirects a browser follows. https://fetch.spec.whatwg.org/#concept-http-redirect-fetch step 7
const maxRedirects = 20

// redirectTarget returns the Location of an answer that the engine treats as a redirect. An answer of such a status without a
// Location is an ordinary one. The Location is empty where it is unknown.
func (p profile) redirectTarget(r Response) (string, bool) {
	switch r.Status {
	case 301, 302, 303, 307, 308:
	default:
		return "", false
	}
	f := p.lookup(r, "Location")
	if i := slices.IndexFunc(f.lines, func(v string) bool { return v != "" }); i >= 0 {
		return f.lines[i], true
	}
	return "", f.more
}

// refusedEarly says what is wrong with a redirect before the engine looks at its CORS headers; empty if nothing is.
func (f *fetch) refusedEarly(r Response, target location, parsed bool) string {
	switch f.p.engine {
	case Chromium:
		if lines := slices.Compact(f.p.lookup(r, "Location").lines); len(lines) > 1 {
			return "net::ERR_RESPONSE_HEADERS_MULTIPLE_LOCATION" // net/http/http_stream_parser.cc
		}
		if !parsed {
			return "net::ERR_INVALID_REDIRECT" // net/url_request/url_request_job.cc, CanFollowRedirect
		}
	case Firefox:
		if f.request.Redirect != RedirectFollow {
			return "" // the redirect is an answer like any other
		}
		if !parsed || slices.Contains([]string{"javascript", "data", "file"}, target.scheme) {
			return "NS_ERROR_DOM_BAD_URI" // nsContentSecurityManager::AsyncOnChannelRedirect
		}
	case WebKit, Spec:
	}
	return ""
}

// refusedLate returns the failure of a redirect that passed the CORS check, if it is not to be followed.
// https://fetch.spec.whatwg.org/#concept-http-redirect-fetch
func (f *fetch) refusedLate(target location, parsed bool) (Failure, bool) {
	network := func(text string) (Failure, bool) { return Failure{NetworkError: text}, true }
	http := target.scheme == "http" || target.scheme == "https"
	crossOrigin := f.crossOrigin || f.tainted || !SameOrigin(f.request.PageOrigin, target.origin())
	withCredentials := f.request.Mode == ModeCORS && target.userinfo != "" && crossOrigin
	disabledScheme := Failure{Reason: CorsDisabledScheme, URL: target.String()}
	withUserinfo := Failure{Reason: RedirectContainsCredentials, Header: "Location", Value: target.String()}

	switch {
	case !parsed:
		return network(f.p.networkError("INVALID_REDIRECT"))
	case f.redirects >= maxRedirects:
		return network(f.p.networkError("TOO_MANY_REDIRECTS"))
	}
	switch f.p.engine {
	case Chromium:
		switch {
		case withCredentials:
			return withUserinfo, true
		case slices.Contains([]string{"about", "blob", "data", "file", "filesystem"}, target.scheme):
			return network("net::ERR_UNSAFE_REDIRECT") // content::IsSafeRedirectTarget
		case f.request.Redirect == RedirectError:
			return network("net::ERR_FAILED")
		case target.userinfo != "":
			// Subresources with credentials in their URL are blocked, if not by the rule above then by this one.
			return network("net::ERR_ABORTED")
		case !http && f.request.Mode == ModeNoCORS:
			return network("net::ERR_UNKNOWN_URL_SCHEME")
		case !http:
			return disabledScheme, true
		}
	default:
		switch {
		case f.request.Redirect == RedirectError:
			return network(f.p.networkError("FAILED"))
		case !http && f.p.engine == Spec:
			return network(f.p.networkError("UNSAFE_REDIRECT"))
		case !http:
			return disabledScheme, true
		case withCredentials:
			return withUserinfo, true
		}
	}
	return Failure{}, false
}

// follow makes the request that a redirect asks for.
func (f *fetch) follow(status int, target location) {
	f.redirects++
	// https://fetch.spec.whatwg.org/#concept-request-tainted-origin
	newOrigin := target.origin() != f.url.origin()
	if newOrigin && !SameOrigin(f.request.PageOrigin, f.url.origin()) {
		f.tainted = true
	}
	dropped := []string{}
	if (status == 301 || status == 302) && f.method == "POST" || status == 303 && f.method != "GET" && f.method != "HEAD" {
		f.method, f.body = "GET", false
		// https://fetch.spec.whatwg.org/#request-body-header-name
		dropped = append(dropped, "content-encoding", "content-language", "content-length", "content-location", "content-type")
	}
	if newOrigin {
		dropped = append(dropped, "authorization")
	}
	if f.p.dropsHints && target.origin() != f.request.PageOrigin {
		dropped = append(dropped, "device-memory", "downlink", "dpr", "ect", "rtt", "viewport-width", "width")
	}
	f.headers = without(f.headers, dropped...)
	f.droppedHere = dropped
	f.url = target
}
