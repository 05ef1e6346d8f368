package browser

import "slices"

// IsSafelistedResponseHeader reports whether a page can read a header of a cross-origin answer that does not expose it.
// https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
func IsSafelistedResponseHeader(name string) bool {
	switch lowerASCII(name) {
	case "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma":
		return true
	default:
		return false
	}
}

// IsForbiddenResponseHeader reports whether no page can ever read a header.
// https://fetch.spec.whatwg.org/#forbidden-response-header-name
func IsForbiddenResponseHeader(name string) bool {
	name = lowerASCII(name)
	return name == "set-cookie" || name == "set-cookie2"
}

// readable returns the names of the headers that a page can read of its final response, lower-case and sorted.
func (p profile) readable(r Response, crossOrigin bool, credentials Credentials) []string {
	exposed, bad := p.lookup(r, "Access-Control-Expose-Headers").tokens()
	if bad != "" {
		exposed = nil // one element that is no token voids the list
	}
	all := !crossOrigin || credentials != CredentialsInclude && slices.Contains(exposed, "*")
	listed := nameSet(exposed)
	names := []string{}
	for _, h := range r.Headers {
		if IsForbiddenResponseHeader(h.Name) {
			continue
		}
		if name := lowerASCII(h.Name); all || listed[name] || IsSafelistedResponseHeader(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// CanRead reports whether a page of another origin can read a header of an answer that has it.
func CanRead(r Response, name string, credentials Credentials) bool {
	r.Headers = append(slices.Clip(r.Headers), Header{Name: name})
	return slices.Contains(profileOf(Spec).readable(r, true, credentials), lowerASCII(name))
}
