package browser

import (
	"slices"
	"strings"
)

// field is what is known about one header of a response. Further lines never repair a header that fails a check by what is
// known of it, but may break one that passes.
type field struct {
	lines []string // the known values, trimmed, in wire order
	// exact counts the lines whose name is spelled in the canonical way.
	exact int
	// more: there may be further lines, with values that nobody knows.
	more bool
}

// lookup finds a header by its canonical name.
func (p profile) lookup(r Response, name string) field {
	f := field{more: r.Open && !r.Fixed[strings.ToLower(name)]}
	empty := false
	for _, h := range r.Headers {
		if !equalFold(h.Name, name) {
			continue
		}
		if h.Unknown {
			f.more = true
			continue
		}
		if h.Name == name {
			f.exact++
		}
		value := trimHTTP(h.Value)
		if value == "" && p.dropsEmpty {
			empty = true
			continue
		}
		f.lines = append(f.lines, value)
	}
	if empty && f.missing() && (name == allowOrigin || name == "Location") {
		f.lines = []string{""}
	}
	return f
}

// missing reports whether no line is known.
func (f field) missing() bool { return len(f.lines) == 0 }

// value returns the combined value. https://fetch.spec.whatwg.org/#concept-header-list-get
func (f field) value() string { return strings.Join(f.lines, ", ") }

// tokens splits a list-valued header into its elements; empty ones do not count. The string is the first element that is no
// token, which makes browsers refuse the whole header.
func (f field) tokens() (list []string, bad string) {
	for element := range strings.SplitSeq(f.value(), ",") {
		element = strings.Trim(element, " \t\r\n\f\v")
		switch {
		case element == "":
		case isToken(element):
			list = append(list, element)
		case bad == "":
			bad = element
		}
	}
	return list, bad
}

// nameSet returns a list of header names, which have no case, as a set of lower-case ones.
func nameSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, name := range list {
		set[lowerASCII(name)] = true
	}
	return set
}

// values returns the values of a request's headers of that name, combined.
func values(headers []Header, name string) (string, bool) {
	var lines []string
	for _, h := range headers {
		if equalFold(h.Name, name) {
			lines = append(lines, h.Value)
		}
	}
	return strings.Join(lines, ", "), lines != nil
}

func without(headers []Header, names ...string) []Header {
	return slices.DeleteFunc(slices.Clone(headers), func(h Header) bool {
		return slices.Contains(names, strings.ToLower(h.Name))
	})
}

// trimHTTP removes the white space that HTTP ignores around a value. https://fetch.spec.whatwg.org/#concept-header-value-normalize
func trimHTTP(s string) string { return strings.Trim(s, " \t\r\n") }

// isToken reports whether s is an HTTP token, which methods and header names must be. RFC 9110, section 5.6.2
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !asciiAlpha(c) && !asciiDigit(c) && !strings.Contains("!#$%&'*+-.^_`|~", string(rune(c))) {
			return false
		}
	}
	return s != ""
}

// equalFold compares without regard to ASCII case; strings.EqualFold would also equate letters outside ASCII.
func equalFold(a, b string) bool { return len(a) == len(b) && lowerASCII(a) == lowerASCII(b) }

func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return mapASCII(s, 'A', 'Z')
		}
	}
	return s
}

func upperASCII(s string) string { return mapASCII(s, 'a', 'z') }

// mapASCII flips the case of the letters between from and to, byte by byte.
func mapASCII(s string, from, to byte) string {
	b := []byte(s)
	for i, c := range b {
		if from <= c && c <= to {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}
