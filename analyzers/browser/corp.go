package browser

import "golang.org/x/net/publicsuffix"

// refusedByResourcePolicy returns the error of an opaque answer that Cross-Origin-Resource-Policy keeps from the page, ""
// when it does not. https://fetch.spec.whatwg.org/#cross-origin-resource-policy-internal-check
func (f *fetch) refusedByResourcePolicy(r Response) string {
	if f.request.Mode != ModeNoCORS || SameOrigin(f.request.PageOrigin, f.url.origin()) {
		return ""
	}
	policy, _ := values(r.Headers, "Cross-Origin-Resource-Policy")
	switch trimHTTP(policy) {
	case "same-origin":
		return f.p.networkError("BLOCKED_BY_RESPONSE.NotSameOrigin")
	case "same-site":
		if !f.sameSite() {
			return f.p.networkError("BLOCKED_BY_RESPONSE.NotSameSite")
		}
	}
	return ""
}

// sameSite reports whether page and URL are of one site. What is sent over TLS is not for a page that was not.
func (f *fetch) sameSite() bool {
	page, err := ParseOrigin(f.request.PageOrigin)
	if err != nil || page.Scheme != "https" && f.url.scheme == "https" {
		return false
	}
	if page.Host == f.url.host {
		return true
	}
	a, errA := publicsuffix.EffectiveTLDPlusOne(page.Host)
	b, errB := publicsuffix.EffectiveTLDPlusOne(f.url.host)
	return errA == nil && errB == nil && a == b
}
