package probe

import "strings"

// protocolHeaders are the response headers of the CORS protocol, and those that were part of it.
var protocolHeaders = [...]string{
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
	"Access-Control-Expose-Headers", "Access-Control-Max-Age", "Access-Control-Allow-Private-Network",
}

// ProtocolHeader returns the response header of the CORS protocol that a name is, or was meant to be: it may have one wrong
// stretch of up to 3 letters ("Acess-Control-…"), a letter s too many or too few, a word left out ("Access-Control-Methods"),
// or a whole header line in it. It is "" for any other name.
func ProtocolHeader(name string) string {
	const prefix = "access-control-"
	name = strings.ToLower(name)
	name, _, _ = strings.Cut(name, ":")
	name = strings.TrimSpace(name)
	if len(name) < len(prefix)+len("age") || strings.HasPrefix(name, "x-") || strings.HasPrefix(name, prefix+"request-") {
		return ""
	}
	best, most := "", 0
	for _, header := range protocolHeaders {
		meant := strings.ToLower(header)
		if name == meant {
			return header
		}
		name, meant := strings.TrimSuffix(name, "s"), strings.TrimSuffix(meant, "s")
		same := sameEnds(name, meant)
		leftOut := same == len(name) && strings.HasPrefix(name, prefix)
		if (leftOut || max(len(name), len(meant))-same <= 3) && same > most {
			best, most = header, same
		}
	}
	return best
}

// sameEnds counts the bytes that two texts have in common at their starts and, beyond these, at their ends.
func sameEnds(a, b string) int {
	start, shorter := 0, min(len(a), len(b))
	for start < shorter && a[start] == b[start] {
		start++
	}
	end := 0
	for end < shorter-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	return start + end
}
