package browser

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// location is a parsed URL, as far as CORS cares: net/url is laxer than browsers in some places and stricter in others, and
// whether a Location or an Access-Control-Allow-Origin parses decides which error is shown.
// https://url.spec.whatwg.org/#concept-basic-url-parser
type location struct {
	scheme   string // lower-case
	userinfo string // without the @
	host     string // lower-case, an IPv6 address in brackets
	port     string // empty for the scheme's own
	path     string // path and query; for a URL without authority everything after the colon
	fragment string // with its #
	opaque   bool   // there is no authority
}

// parseLocation parses a URL, relative to base if there is one. The bool says whether a browser can parse it.
func parseLocation(raw string, base *location) (location, bool) {
	s := strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	s = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, escapeHigh(s))

	scheme, rest, ok := cutScheme(s)
	switch {
	case ok && !special(scheme):
		return parseGeneric(scheme, rest)
	case ok && (base == nil || base.scheme != scheme || startsWithSlashes(rest)):
		if scheme == "file" {
			body, fragment := cutFragment(slashes(strings.TrimLeft(rest, `/\`)))
			return location{scheme: scheme, path: "/" + body, fragment: fragment}, true
		}
		return parseAuthority(scheme, strings.TrimLeft(rest, `/\`))
	case ok: // "http:path" is relative to a base of the same scheme
		return base.resolve(rest)
	case base == nil || base.opaque:
		return location{}, false
	default:
		return base.resolve(s)
	}
}

// escapeHigh keeps bytes that are not UTF-8 apart from those that are: strings.Map would make them U+FFFD.
func escapeHigh(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] < utf8.RuneSelf {
			b.WriteByte(s[i])
		} else {
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(s[i]), 16)))
		}
	}
	return b.String()
}

func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(s, ":")
	if !ok || scheme == "" || !asciiAlpha(scheme[0]) {
		return "", "", false
	}
	for i := range len(scheme) {
		if c := scheme[i]; !asciiAlpha(c) && !asciiDigit(c) && c != '+' && c != '-' && c != '.' {
			return "", "", false
		}
	}
	return strings.ToLower(scheme), rest, true
}

// special reports whether a scheme is one of those whose URLs have a host. https://url.spec.whatwg.org/#special-scheme
func special(scheme string) bool {
	return scheme == "file" || defaultPort(scheme) != ""
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	case "ftp":
		return "21"
	default:
		return ""
	}
}

func startsWithSlashes(s string) bool {
	return len(s) >= 2 && slashes(s[:2]) == "//"
}

// slashes turns backslashes into slashes, as browsers do in special URLs.
func slashes(s string) string { return strings.ReplaceAll(s, `\`, "/") }

// parseGeneric parses a URL whose scheme is none of the web's. With a host it has an origin all the same: that is what
// extensions (chrome-extension://id) and applications (capacitor://localhost) send.
func parseGeneric(scheme, rest string) (location, bool) {
	if authority, ok := strings.CutPrefix(rest, "//"); ok && authority != "" && !strings.ContainsRune(`/?#`, rune(authority[0])) {
		return parseAuthority(scheme, authority)
	}
	body, fragment := cutFragment(rest)
	return location{scheme: scheme, path: body, fragment: fragment, opaque: true}, true
}

func cutFragment(s string) (body, fragment string) {
	if i := strings.IndexByte(s, '#'); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// parseAuthority parses what follows "http://".
func parseAuthority(scheme, s string) (location, bool) {
	l := location{scheme: scheme}
	end := strings.IndexAny(s, `/\?#`)
	if end < 0 {
		end = len(s)
	}
	authority, tail := s[:end], s[end:]
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		l.userinfo, authority = strings.TrimSuffix(authority[:at], ":"), authority[at+1:]
	}
	host, port := authority, ""
	if colon := strings.LastIndexByte(authority, ':'); colon > strings.LastIndexByte(authority, ']') {
		host, port = authority[:colon], authority[colon+1:]
	}
	var ok bool
	if l.host, ok = parseHost(host); !ok {
		return location{}, false
	}
	if l.port, ok = parsePort(scheme, port); !ok {
		return location{}, false
	}
	l.setPath(tail)
	return l, true
}

func parsePort(scheme, s string) (string, bool) {
	if s == "" {
		return "", true
	}
	for i := range len(s) {
		if !asciiDigit(s[i]) {
			return "", false
		}
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return "", false
	}
	if port := strconv.FormatUint(n, 10); port != defaultPort(scheme) {
		return port, true
	}
	return "", true
}

// parseHost returns a host in its canonical spelling. Names outside ASCII are kept as they are: mapping them to punycode
// takes tables that no server's CORS configuration is worth.
func parseHost(s string) (string, bool) {
	if strings.HasPrefix(s, "[") {
		addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
		if err != nil || !addr.Is6() || addr.Zone() != "" || !strings.HasSuffix(s, "]") {
			return "", false
		}
		return "[" + addr.String() + "]", true
	}
	host, ok := percentDecode(s)
	if !ok || host == "" || !utf8.ValidString(host) {
		return "", false
	}
	host = strings.ToLower(host)
	// https://url.spec.whatwg.org/#forbidden-domain-code-point
	if strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7F || strings.ContainsRune(`#/:<>?@[\]^|%`, r) }) {
		return "", false
	}
	return parseIPv4(host)
}

// parseIPv4 returns host unless its last label is a number: then all of it must be an address, which may be written in fewer
// parts and in octal or hexadecimal. https://url.spec.whatwg.org/#concept-ipv4-parser
func parseIPv4(host string) (string, bool) {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := parts[len(parts)-1]
	if last == "" || !asciiDigit(last[0]) {
		return host, true
	}
	if _, err := strconv.ParseUint(last, 0, 64); err != nil && strings.Trim(last, "0123456789") != "" {
		return host, true // a label that only starts with a digit
	}
	if len(parts) > 4 {
		return "", false
	}
	var address uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(octal(part), 0, 64)
		limit, shift := uint64(256), 8*(3-i)
		if i == len(parts)-1 {
			limit, shift = 1<<(8*(4-i)), 0
		}
		if err != nil || n >= limit {
			return "", false
		}
		address |= n << shift
	}
	return netip.AddrFrom4([4]byte{byte(address >> 24), byte(address >> 16), byte(address >> 8), byte(address)}).String(), true
}

// octal keeps strconv from reading more into a number than a browser does: underscores, and the prefixes 0b and 0o.
func octal(s string) string {
	if strings.ContainsAny(s, "_+-oO") || strings.HasPrefix(s, "0b") {
		return "x"
	}
	return s
}

func percentDecode(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(n))
		i += 2
	}
	return b.String(), true
}

// resolve returns the URL that a reference without scheme means, with l as base.
func (l location) resolve(ref string) (location, bool) {
	if startsWithSlashes(ref) {
		return parseAuthority(l.scheme, strings.TrimLeft(ref, `/\`))
	}
	to := l
	to.fragment = ""
	body, fragment := cutFragment(ref)
	path, _, _ := strings.Cut(l.path, "?")
	switch {
	case body == "":
		to.path = l.path
		to.fragment = fragment
		return to, true
	case body[0] == '/' || body[0] == '\\':
		to.setPath(ref)
	case body[0] == '?':
		to.setPath(path + ref)
	default:
		to.setPath(path[:strings.LastIndexByte(path, '/')+1] + ref)
	}
	return to, true
}

// setPath takes path, query and fragment from what follows the authority.
func (l *location) setPath(s string) {
	s, l.fragment = cutFragment(s)
	path, query, hasQuery := strings.Cut(s, "?")
	l.path = escape(removeDots(slashes(path)))
	if hasQuery {
		l.path += "?" + escape(query)
	}
}

// removeDots resolves "." and ".." and makes a path begin with a slash.
func removeDots(path string) string {
	var out []string
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch dots := strings.ReplaceAll(strings.ToLower(segment), "%2e", "."); dots {
		case "..":
			out = out[:max(len(out)-1, 0)]
			if last {
				out = append(out, "")
			}
		case ".":
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, segment)
		}
	}
	return "/" + strings.Join(out, "/")
}

// escape percent-encodes what a browser does not leave alone in a path or query.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7F || slices.Contains([]byte("\"<>`"), c) {
			b.WriteString("%" + strings.ToUpper(string("0123456789abcdef"[c>>4])+string("0123456789abcdef"[c&15])))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// String returns the URL as a browser prints it, without fragment.
func (l location) String() string {
	if l.opaque {
		return l.scheme + ":" + l.path
	}
	s := l.scheme + "://"
	if l.userinfo != "" {
		s += l.userinfo + "@"
	}
	return s + l.authority() + l.path
}

func (l location) authority() string {
	if l.port != "" {
		return l.host + ":" + l.port
	}
	return l.host
}

// origin returns the serialised origin, "null" if it is opaque.
func (l location) origin() string {
	if l.opaque || l.scheme == "file" {
		return opaqueOrigin
	}
	return l.scheme + "://" + l.authority()
}

// loopback reports whether the URL's host is this machine, which secure pages may ask without encryption.
// https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy
func (l location) loopback() bool {
	host := strings.TrimSuffix(l.host, ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}

func asciiAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func asciiDigit(c byte) bool { return '0' <= c && c <= '9' }
