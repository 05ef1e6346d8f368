package browser

import "fmt"

// opaqueOrigin is how an opaque origin is serialised. Two opaque origins are never the same.
const opaqueOrigin = "null"

// Origin is a tuple origin: scheme, host and port. https://html.spec.whatwg.org/#concept-origin-tuple
type Origin struct {
	Scheme string // lower-case
	Host   string // lower-case; an IPv6 address keeps its brackets
	Port   string // empty for the scheme's default
}

// String returns the origin as a browser sends it.
func (o Origin) String() string {
	return location{scheme: o.Scheme, host: o.Host, port: o.Port}.origin()
}

// OriginError says why a text is not an origin as a browser sends it. No browser ever sends Value as an Origin header, so a
// comparison with it never matches.
type OriginError struct {
	Value  string
	Reason string
	// Meant is the origin that Value was probably meant to be; empty if there is none.
	Meant string
}

// Error returns value and reason.
func (e *OriginError) Error() string {
	return fmt.Sprintf("%q is no serialised origin: %s", e.Value, e.Reason)
}

// ParseOrigin parses a serialised tuple origin, and nothing else: lower-case scheme and host, no default port, no slash. The
// error is an *OriginError. "null" is an error too: it is what every opaque origin sends.
func ParseOrigin(s string) (Origin, error) {
	l, ok := parseLocation(s, nil)
	switch {
	case s == opaqueOrigin:
		return Origin{}, &OriginError{Value: s, Reason: "every opaque origin is serialised like this"}
	case !ok:
		return Origin{}, &OriginError{Value: s, Reason: "not an absolute URL"}
	case l.opaque:
		return Origin{}, &OriginError{Value: s, Reason: "no // and host after the scheme"}
	case l.scheme == "file":
		return Origin{}, &OriginError{Value: s, Reason: "pages from files have an opaque origin, sent as null"}
	}
	meant := l.origin()
	fail := func(reason string) (Origin, error) {
		return Origin{}, &OriginError{Value: s, Reason: reason, Meant: meant}
	}
	switch {
	case s == meant:
		return Origin{Scheme: l.scheme, Host: l.host, Port: l.port}, nil
	case l.userinfo != "":
		return fail("user information")
	case s == meant+"/":
		return fail("a slash at the end")
	case l.path != "/" || l.fragment != "":
		return fail("more than scheme, host and port")
	case equalFold(s, meant):
		return fail("upper-case letters")
	case equalFold(s, meant+":"+defaultPort(l.scheme)):
		return fail("the scheme's default port")
	default:
		return fail("not in canonical form")
	}
}

// OriginOf returns the serialised origin of a URL, "null" where it is opaque. The bool says whether the URL can be parsed.
func OriginOf(rawURL string) (string, bool) {
	l, ok := parseLocation(rawURL, nil)
	if !ok {
		return "", false
	}
	return l.origin(), true
}

// SameOrigin reports whether two serialised origins are the same; "null" is never the same as anything.
func SameOrigin(a, b string) bool { return a == b && a != opaqueOrigin }
