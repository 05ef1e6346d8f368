package browser

import (
	"cmp"
	"slices"
	"strings"
)

// NormalizeMethod returns a method as a browser sends it: the six that the standard lists become upper-case, every other one
// keeps its letters, patch among them. https://fetch.spec.whatwg.org/#concept-method-normalize
func NormalizeMethod(method string) string {
	switch upper := upperASCII(method); upper {
	case "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT":
		return upper
	default:
		return method
	}
}

// IsForbiddenMethod reports whether JavaScript must not send a method. https://fetch.spec.whatwg.org/#forbidden-method
func IsForbiddenMethod(method string) bool {
	return slices.Contains([]string{"CONNECT", "TRACE", "TRACK"}, upperASCII(method))
}

// IsSafelistedMethod reports whether a method, once normalised, needs neither a preflight nor Access-Control-Allow-Methods.
// https://fetch.spec.whatwg.org/#cors-safelisted-method
func IsSafelistedMethod(method string) bool {
	return method == "GET" || method == "HEAD" || method == "POST"
}

// IsForbiddenRequestHeader reports whether a browser drops a header that JavaScript sets, without a word.
// https://fetch.spec.whatwg.org/#forbidden-request-header
func IsForbiddenRequestHeader(name, value string) bool {
	switch name := lowerASCII(name); name {
	case "accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method", "connection",
		"content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin", "referer", "set-cookie",
		"te", "trailer", "transfer-encoding", "upgrade", "via":
		return true
	case "x-http-method", "x-http-method-override", "x-method-override":
		for method := range strings.SplitSeq(value, ",") {
			if IsForbiddenMethod(trimHTTP(method)) {
				return true
			}
		}
		return false
	default:
		return strings.HasPrefix(name, "proxy-") || strings.HasPrefix(name, "sec-")
	}
}

// page returns the address of the page, nil where it is not known and relative URLs cannot be resolved.
func (r Request) page() *location {
	if l, ok := parseLocation(cmp.Or(r.PageURL, r.PageOrigin), nil); ok {
		return &l
	}
	return nil
}

// normalize returns the request with its defaults filled in, its method and header values normalised and the headers dropped
// that JavaScript cannot set. The string is the exception that the browser throws instead of sending anything.
func (r Request) normalize() (Request, string) {
	if r.Method == "" && !r.NoMethod {
		r.Method = "GET"
	}
	r.Credentials = cmp.Or(r.Credentials, CredentialsSameOrigin)
	r.Mode = cmp.Or(r.Mode, ModeCORS)
	r.Redirect = cmp.Or(r.Redirect, RedirectFollow)
	r.Initiator = cmp.Or(r.Initiator, InitiatorFetch)

	switch {
	case !isToken(r.Method):
		return r, "'" + r.Method + "' is not a valid HTTP method."
	case IsForbiddenMethod(r.Method):
		return r, "'" + r.Method + "' HTTP method is unsupported."
	}
	r.Method = NormalizeMethod(r.Method)

	var headers []Header
	for _, h := range r.Headers {
		h.Value = trimHTTP(h.Value)
		switch {
		case !isToken(h.Name):
			return r, "Invalid name"
		case strings.ContainsAny(h.Value, "\x00\r\n"):
			return r, "Invalid value"
		case !IsForbiddenRequestHeader(h.Name, h.Value):
			headers = append(headers, h)
		}
	}
	r.Headers = headers

	fetch := r.Initiator == InitiatorFetch
	switch {
	case fetch && r.HasBody && (r.Method == "GET" || r.Method == "HEAD"):
		return r, "Request with GET/HEAD method cannot have body."
	case r.Mode == ModeNoCORS && !IsSafelistedMethod(r.Method):
		return r, "'" + r.Method + "' is unsupported in no-cors mode."
	}
	if r.Mode == ModeNoCORS {
		// https://fetch.spec.whatwg.org/#concept-headers-append, guard request-no-cors
		r.Headers = slices.DeleteFunc(r.Headers, func(h Header) bool {
			return equalFold(h.Name, "range") || !profileOf(Spec).safelisted(h.Name, h.Value)
		})
	}
	return r, ""
}
