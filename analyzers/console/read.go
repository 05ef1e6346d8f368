package console

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/corslint/corslint/analyzers/browser"
)

// reader puts together what was found: what was requested, what is wrong with the answer, and what is said besides.
type reader struct {
	s     squeezed
	found []Message

	pending   *event // a head that waits for its body
	preflight *event // a prefix that waits for its body
	last      *event // the event before
	message   *Message
	since     int // where the message began
}

// take adds an event.
func (r *reader) take(e event) {
	if r.pending != nil && r.pending.open() && len(r.pending.holes) < len(r.pending.pieces) {
		r.pending.holes = append(r.pending.holes, r.url(r.pending.end, e.start))
	}
	switch e.role {
	case prefix:
		r.preflight = &e
	case head:
		r.flush()
		r.pending = &e
	case body:
		if e.reasons != nil && e.reasons[0] == invalidResponse && r.pending == nil {
			break // a sentence that anybody can say
		}
		r.start(&e)
	case whole:
		r.flush()
		r.start(&e)
	case tail:
		r.more(&e)
	}
	r.last = &e
}

// start begins a message with a body and the head before it.
func (r *reader) start(e *event) {
	h := r.pending
	r.pending = nil
	r.flush()
	m := Message{Kind: e.kind, Engine: e.engine, Reasons: e.reasons, Outdated: e.outdated, Header: e.header, Code: e.code, Name: unwrapped(e.hole("name") + e.hole("method"))}
	r.since = e.start
	if r.preflight != nil && r.adjacent(r.preflight.end, e.start) {
		m.Reasons = asPreflight(m.Reasons)
		r.since = r.preflight.start
	}
	r.preflight = nil
	if e.header == allowHeaders {
		m.Name = strings.ToLower(m.Name)
	}
	if m.HasValue = e.has("value") || e.has("line"); m.HasValue {
		m.Value = bytesOf(joined(unquoted(e.hole("value"))) + e.hole("line"))
	}
	r.message = &m
	if h != nil {
		r.since = h.start
		m.Outdated = m.Outdated || h.outdated
		r.name(h)
	}
	r.name(e)
	m.Text = oneLine(r.s.exactly(r.since, e.end))
	r.message = &m
}

// name takes over who asked for what.
func (r *reader) name(e *event) {
	m := r.message
	for _, set := range []struct {
		hole string
		to   *string
	}{{"url", &m.URL}, {"first", &m.First}, {"origin", &m.Origin}, {"page", &m.Page}} {
		if text := unwrapped(e.hole(set.hole)); text != "" {
			*set.to = trimURL(text)
		}
	}
	if resource := oneLine(e.hole("resource")); resource != "" {
		m.Resource = resource
	}
	if status := number(e.hole("status")); status != 0 {
		m.Status = status
	}
}

// more adds what follows a body.
func (r *reader) more(e *event) {
	if r.pending != nil && e.engine != browser.WebKit {
		return
	}
	switch {
	case e.has("url") && (r.message == nil || r.message.Engine != browser.WebKit || r.message.URL != ""):
		r.flush() // WebKit names the URL in a line of its own
		r.message = &Message{Kind: Refused, Engine: browser.WebKit}
		r.since = e.start
	case r.message == nil || e.has("status") && !r.adjacent(r.last.end, e.start):
		return
	}
	r.name(e)
	r.message.Outdated = r.message.Outdated || e.outdated
	r.message.Text = oneLine(r.s.exactly(r.since, e.end))
}

// adjacent reports whether nothing but punctuation stands between two places.
func (r *reader) adjacent(end, start int) bool {
	return start >= end && start-end <= 4 && strings.Trim(r.s.folded[end:start], ".,:;()") == ""
}

// url returns the URL that stands between two places, of which it fills the beginning.
func (r *reader) url(start, end int) string {
	text := strings.TrimLeftFunc(r.s.between(start, end), unicode.IsSpace)
	for i, c := range text {
		if unicode.IsSpace(c) && spaced("x"+text[i:]+"x") {
			rest := strings.TrimLeftFunc(text[i:], unicode.IsSpace)
			if !strings.Contains(text[i:len(text)-len(rest)], "\n") {
				return text[:i]
			}
		}
	}
	return text
}

// flush ends the message in progress. A head without a body is one of which the reason is not known.
func (r *reader) flush() {
	if h := r.pending; h != nil {
		r.pending = nil
		if h.open() && len(h.holes) < len(h.pieces) {
			h.holes = append(h.holes, r.url(h.end, len(r.s.folded)))
		}
		if !h.open() { // those say nothing of CORS
			r.flush()
			r.message = &Message{Kind: Refused, Engine: h.engine, Outdated: h.outdated, Text: oneLine(r.s.exactly(h.start, h.end))}
			r.name(h)
		}
	}
	m := r.message
	r.message = nil
	if m == nil || len(r.found) >= MaxMessages {
		return
	}
	if m.First == m.URL {
		m.First = ""
	}
	if m.Code == didNotSucceed {
		if slices.ContainsFunc(r.found, func(other Message) bool { return other.Engine == browser.Firefox && other.URL == m.URL }) {
			return // the line that follows the one which says why
		}
		if m.Status != 0 { // there was an answer
			m.Kind, m.Code, m.Header = Refused, "", "Location"
			m.Reasons = reasons(browser.RedirectContainsCredentials, browser.CorsDisabledScheme)
		}
	}
	if !slices.ContainsFunc(r.found, m.repeats) {
		r.found = append(r.found, *m)
	}
}

// repeats reports whether a message says no more than another one.
func (m *Message) repeats(other Message) bool {
	same := func(a, b string) bool { return a == "" || a == b }
	return m.Kind == other.Kind && slices.Equal(m.Reasons, other.Reasons) && same(m.URL, other.URL) && same(m.Origin, other.Origin) &&
		m.First == other.First && m.Name == other.Name && m.Value == other.Value && m.Code == other.Code
}

// asPreflight returns the failures as those of a preflight's answer.
func asPreflight(list []browser.Reason) []browser.Reason {
	var out []browser.Reason
	for _, r := range list {
		switch r {
		case browser.MissingAllowOriginHeader, browser.WildcardOriginNotAllowed, browser.MultipleAllowOriginValues,
			browser.InvalidAllowOriginValue, browser.AllowOriginMismatch, browser.InvalidAllowCredentials:
			r = inPreflight(r)
		default: // of a preflight anyway, or of neither
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// bytesOf returns the bytes of a header value that is printed: Chromium prints those beyond ASCII as \u00E4, the others as
// the characters of the same number.
func bytesOf(text string) string {
	var b []byte
	for i := 0; i < len(text); {
		if c, ok := escaped(text[i:]); ok {
			b = append(b, c)
			i += len(`\u0000`)
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r > 0xFF {
			b = append(b, text[i:i+size]...)
		} else {
			b = append(b, byte(r))
		}
		i += size
	}
	return string(b)
}

func escaped(text string) (byte, bool) {
	if len(text) < 6 || !strings.HasPrefix(text, `\u00`) {
		return 0, false
	}
	high, low := strings.IndexByte("0123456789ABCDEF", text[4]), strings.IndexByte("0123456789ABCDEF", text[5])
	return byte(high<<4 | low), high >= 0 && low >= 0
}
