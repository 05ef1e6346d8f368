package policy

import "strings"

// Read turns a request's path into the one that the layer compares, or reports false when the layer refuses it.
func (rules PathRules) Read(raw string) (string, bool) {
	if !rules.Decode && !rules.MergeSlashes {
		return raw, true
	}
	if raw == "" || raw[0] != '/' {
		return raw, false
	}
	if plain(raw) {
		return raw, true
	}
	path := raw
	if rules.Decode {
		decoded, ok := percentDecode(raw)
		if !ok {
			return raw, false
		}
		path = decoded
	}
	if rules.MergeSlashes {
		path = mergeSlashes(path)
	}
	if rules.Decode {
		return resolveDots(path)
	}
	return path, true
}

// plain reports whether there is nothing in the path that reading it could change.
func plain(path string) bool {
	return !strings.Contains(path, "%") && !strings.Contains(path, "//") && !strings.Contains(path, "/.") && !strings.Contains(path, "#")
}

// percentDecode decodes every escape; a broken escape and a NUL are refused.
func percentDecode(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '#': // a fragment is no part of a request; nginx drops it
			return b.String(), true
		case s[i] != '%':
			b.WriteByte(s[i])
		default:
			if i+2 >= len(s) {
				return "", false
			}
			high, ok1 := unhex(s[i+1])
			low, ok2 := unhex(s[i+2])
			if !ok1 || !ok2 || high<<4|low == 0 {
				return "", false
			}
			b.WriteByte(high<<4 | low)
			i += 2
		}
	}
	return b.String(), true
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// escapePath writes a path as nginx sends it when it is not the one that the client sent (ngx_escape_uri in
// src/core/ngx_string.c, NGX_ESCAPE_URI, since 1.21.1).
func escapePath(path, keep string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"#%<>?\\^`{|}", c) >= 0 && strings.IndexByte(keep, c) < 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func mergeSlashes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] != '/' || i == 0 || s[i-1] != '/' {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// resolveDots resolves "." and ".." segments; a path that leaves the root is refused.
func resolveDots(path string) (string, bool) {
	var kept []string
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".":
			if last {
				kept = append(kept, "")
			}
		case "..":
			if len(kept) == 0 {
				return "", false
			}
			kept = kept[:len(kept)-1]
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, segment)
		}
	}
	return "/" + strings.Join(kept, "/"), true
}
