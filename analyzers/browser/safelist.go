package browser

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxSafelisted is the length above which a header's value is never safelisted, and maxSafelistedSum that of all safelisted
// values together. https://fetch.spec.whatwg.org/#cors-unsafe-request-header-names
const (
	maxSafelisted    = 128
	maxSafelistedSum = 1024
)

// unsafeNames returns the lower-case names of the headers that need a preflight, sorted; a name is there twice where the engine
// lists it twice.
func (p profile) unsafeNames(headers []Header) []string {
	if !p.judgesLines {
		headers = combine(headers)
	}
	var unsafe, safe []string
	sum := 0
	for _, h := range headers {
		name := lowerASCII(h.Name)
		switch {
		case p.userAgentSafe && name == "user-agent":
		case h.Unknown || !p.safelisted(name, h.Value):
			unsafe = append(unsafe, name)
		default:
			safe = append(safe, name)
			sum += len(h.Value)
		}
	}
	switch {
	case p.judgesLines:
		// Firefox knows no sum, but looks at the combined Content-Type once more.
		if value, ok := values(headers, "content-type"); ok && !slices.Contains(unsafe, "content-type") && !p.safeContentType(value) {
			unsafe = append(unsafe, "content-type")
		}
	case sum > maxSafelistedSum:
		unsafe = append(unsafe, safe...)
	}
	slices.Sort(unsafe)
	return unsafe
}

// combine joins the headers of one name, as a Headers object does.
func combine(headers []Header) []Header {
	var out []Header
	index := map[string]int{}
	for _, h := range headers {
		name := lowerASCII(h.Name)
		if i, seen := index[name]; seen {
			out[i].Value += ", " + h.Value
			out[i].Unknown = out[i].Unknown || h.Unknown
			continue
		}
		index[name] = len(out)
		out = append(out, h)
	}
	return out
}

// IsSafelistedRequestHeader reports whether an engine sends a header across origins without a preflight.
// https://fetch.spec.whatwg.org/#cors-safelisted-request-header
func IsSafelistedRequestHeader(e Engine, name, value string) bool {
	p := profileOf(e)
	name = lowerASCII(name)
	return p.userAgentSafe && name == "user-agent" || p.safelisted(name, trimHTTP(value))
}

func (p profile) safelisted(name, value string) bool {
	if len(value) > maxSafelisted {
		return false
	}
	switch name := lowerASCII(name); name {
	case "accept":
		return p.safeBytes(value)
	case "accept-language", "content-language":
		return !strings.ContainsFunc(value, func(r rune) bool {
			return r > 0x7F || !asciiAlpha(byte(r)) && !asciiDigit(byte(r)) && !strings.ContainsRune(" *,-.;=", r)
		})
	case "content-type":
		return p.safeContentType(value)
	case "range":
		return p.safeRange(value)
	default:
		return p.clientHints && safeClientHint(name, value)
	}
}

// safeBytes reports whether a value is free of the bytes that old servers might trip over.
// https://fetch.spec.whatwg.org/#cors-unsafe-request-header-byte
func (p profile) safeBytes(value string) bool {
	for i := range len(value) {
		c := value[i]
		if c < ' ' && c != '\t' || c == 0x7F || strings.IndexByte(`"():<>?@[\]{}`, c) >= 0 || c > 0x7F && p.highBytesUnsafe {
			return false
		}
	}
	return true
}

func (p profile) safeContentType(value string) bool {
	if !p.safeBytes(value) {
		return false
	}
	essence, parameters, _ := strings.Cut(value, ";")
	if p.lastSemicolonUnsafe && strings.HasSuffix(parameters, ";") {
		return false
	}
	switch lowerASCII(trimHTTP(essence)) {
	case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
		return true
	default:
		return false
	}
}

// safeRange allows one range that has a start. https://fetch.spec.whatwg.org/#simple-range-header-value
func (p profile) safeRange(value string) bool {
	value, ok := strings.CutPrefix(value, "bytes=")
	first, last, dash := strings.Cut(value, "-")
	if !ok || !dash || !digits(first) || last != "" && !digits(last) {
		return false
	}
	if p.rangeInt64 && !(fitsInt64(first) && fitsInt64(last)) {
		return false
	}
	return last == "" || compareNumbers(first, last) <= 0
}

func fitsInt64(number string) bool {
	return compareNumbers(number, strconv.FormatInt(math.MaxInt64, 10)) <= 0
}

// compareNumbers compares strings of digits of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// safeClientHint knows the headers that Chromium may add itself and therefore lets a page set.
func safeClientHint(name, value string) bool {
	switch name {
	case "intervention":
		return true
	case "device-memory", "dpr", "downlink":
		whole, fraction, point := strings.Cut(value, ".")
		return digits(whole) && (!point || digits(fraction))
	case "width", "viewport-width", "rtt":
		return digits(value)
	case "save-data":
		return lowerASCII(value) == "on"
	case "ect":
		return slices.Contains([]string{"slow-2g", "2g", "3g", "4g"}, value)
	default:
		return false
	}
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// PreflightReason says why a request needs a preflight. The zero value says that it needs none.
type PreflightReason struct {
	Method         string   // the method, if it is one that needs a preflight
	Headers        []string // the lower-case names of the headers that do, sorted
	UploadListener bool
}

// NeedsPreflight reports whether an engine asks with a preflight before it sends a request, and why. It looks at the request
// alone: a redirect may lead to another answer.
func NeedsPreflight(e Engine, r Request) (PreflightReason, bool) {
	r, exception := r.normalize()
	to, ok := parseLocation(r.URL, r.page())
	if exception != "" || !ok || r.Mode != ModeCORS || SameOrigin(r.PageOrigin, to.origin()) {
		return PreflightReason{}, false
	}
	reason := PreflightReason{
		Headers:        slices.Compact(profileOf(e).unsafeNames(r.Headers)),
		UploadListener: r.UploadListener && r.Initiator == InitiatorXHR,
	}
	if !IsSafelistedMethod(r.Method) {
		reason.Method = r.Method
	}
	return reason, reason.Method != "" || len(reason.Headers) > 0 || reason.UploadListener
}
