package browser

import (
	"strconv"
	"strings"
)

// MaxAge is how long an engine remembers the answer to a preflight.
type MaxAge struct {
	Seconds int // what the engine does: 0 means not at all
	// Asked is what the header asks for, where it can be parsed; it may be above what the engine grants, and is capped at
	// what an int64 holds.
	Asked int64
	// Default: the header is absent, or an engine that cannot parse it takes it for absent.
	Default bool
	// Unparsable: the header is there and is no number of seconds.
	Unparsable bool
	// Capped: the engine grants less than the header asks for.
	Capped bool
}

// ParseMaxAge returns what an engine makes of an Access-Control-Max-Age header; present says whether there is one.
func ParseMaxAge(e Engine, value string, present bool) MaxAge {
	p := profileOf(e)
	value = trimHTTP(value)
	if !present || p.dropsEmpty && value == "" {
		return MaxAge{Seconds: p.maxAgeDefault, Default: true}
	}
	number, negative := strings.CutPrefix(value, "-")
	if !digits(number) {
		m := MaxAge{Unparsable: true}
		if p.badMaxAgeIsDefault {
			m.Seconds, m.Default = p.maxAgeDefault, true
		}
		return m
	}
	// A number that does not fit is the greatest there is: ParseInt says both.
	asked, _ := strconv.ParseInt(value, 10, 64)
	m := MaxAge{Asked: asked}
	if negative {
		return m
	}
	seconds := asked
	if p.maxAgeCap > 0 && seconds > int64(p.maxAgeCap) {
		seconds, m.Capped = int64(p.maxAgeCap), true
	}
	const maxInt32 = 1<<31 - 1 // so that it fits an int everywhere
	m.Seconds = int(min(seconds, maxInt32))
	return m
}
