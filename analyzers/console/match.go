package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// event is a template that was found, and what fills its holes.
type event struct {
	*template
	start, end int // in the folded text
	holes      []string
}

// hole returns what fills a hole, as it is written; "" if there is none of that name.
func (e *event) hole(name string) string {
	for i, p := range e.pieces {
		if p.hole == name && i < len(e.holes) {
			return e.holes[i]
		}
	}
	return ""
}

func (e *event) has(name string) bool {
	return slices.ContainsFunc(e.pieces, func(p piece) bool { return p.hole == name })
}

// open reports whether the template ends in a URL of which nothing says where it ends: where the next event begins, or at
// the next space.
func (e *event) open() bool { return e.role == head && e.pieces[len(e.pieces)-1].hole == "url" }

// events returns what was found in a text, in order and without overlaps: of two that overlap the one that begins first, or
// else the longer one.
func events(s squeezed) []event {
	var all []event
	templates := compiled()
	for i := range templates {
		for from := 0; ; {
			e, ok := templates[i].find(&s, from)
			if !ok {
				break
			}
			all = append(all, e)
			from = e.end
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Or(a.start-b.start, b.end-a.end) })
	end := 0
	return slices.DeleteFunc(all, func(e event) bool {
		if e.start < end {
			return true
		}
		end = e.end
		return false
	})
}

// find returns the first event of the template that begins at from or later.
func (t *template) find(s *squeezed, from int) (event, bool) {
	first := t.pieces[0].literal
	for {
		i := strings.Index(s.folded[from:], first)
		if i < 0 {
			return event{}, false
		}
		if e, ok := t.at(s, from+i); ok {
			return e, true
		}
		from += i + len(first)
	}
}

// at returns the event of a template whose first literal stands at a place.
func (t *template) at(s *squeezed, start int) (event, bool) {
	e := event{template: t, start: start, end: start + len(t.pieces[0].literal)}
	for i, p := range t.pieces {
		switch {
		case p.hole == "":
			return e, true
		case i+1 == len(t.pieces):
			return e, e.last(s, p.hole)
		}
		next := t.pieces[i+1].literal
		most := min(len(s.folded), e.end+longest(p.hole)+len(next))
		n := strings.Index(s.folded[e.end:most], next)
		if n < 0 || !fits(p.hole, s.exactly(e.end, e.end+n)) {
			return e, false
		}
		text := s.exactly(e.end, e.end+n)
		if p.hole == "value" {
			text = s.between(e.end, e.end+n)
		}
		e.holes = append(e.holes, text)
		e.end += n + len(next)
	}
	return e, true
}

// longest is how many bytes fill a hole at most.
func longest(hole string) int {
	switch hole {
	case "url", "first", "page":
		return 8 << 10
	case "value":
		return 4 << 10
	case "method", "name":
		return 256
	case "resource":
		return 40
	}
	return 1 << 10
}

// fits reports whether a text can fill a hole.
func fits(hole, text string) bool {
	switch hole {
	case "url", "first", "page", "origin":
		return text != "" && !spaced(text)
	case "method", "name":
		return text != "" && !spaced(text) && !strings.ContainsFunc(unwrapped(text), func(r rune) bool {
			return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
		})
	}
	return true
}

// spaced reports whether a text has white space that is not the place where a line was wrapped.
func spaced(text string) bool {
	for {
		i := strings.IndexFunc(text, unicode.IsSpace)
		if i < 0 {
			return false
		}
		rest := strings.TrimLeftFunc(text[i:], unicode.IsSpace)
		if !strings.Contains(text[i:len(text)-len(rest)], "\n") {
			return true
		}
		text = rest
	}
}

// last fills the hole with which a template ends.
func (e *event) last(s *squeezed, hole string) bool {
	rest := s.clean[int(s.at[e.end-1])+1:]
	rest = rest[:min(len(rest), 4*longest(hole))]
	text := strings.TrimLeftFunc(rest, unicode.IsSpace)
	skipped := len(rest) - len(text)
	switch hole {
	case "url":
		if e.role == head { // where it ends is seen later
			i := strings.IndexByte(s.folded[e.end:], ':')
			return i > 0 && i < 20 && strings.HasPrefix(s.folded[e.end+i:], "://")
		}
		text = text[:len(text)-len(strings.TrimLeftFunc(text, func(r rune) bool { return !unicode.IsSpace(r) }))]
		text = trimURL(text)
	case "origin":
		if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
			text = text[:i]
		}
		text = strings.TrimRight(text, ".")
	case "status":
		digits := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 0 {
			digits = len(text)
		}
		text = text[:min(digits, 3)]
		if text == "" && !strings.HasPrefix(rest[skipped:], "(null)") {
			return false
		}
	case "line":
		text, _, _ = strings.Cut(text, "\n")
		if i := strings.LastIndexByte(text, '('); i >= 0 && strings.Contains(text[i:], ", line ") {
			text = text[:i] // where the page asks for it
		}
		text = strings.TrimSpace(text)
		text = text[:min(len(text), longest("value"))]
	default:
		var ok bool
		if text, ok = quotedValue(text); !ok {
			return false
		}
	}
	e.holes = append(e.holes, text)
	end := int(s.at[e.end-1]) + 1 + skipped + len(text)
	n, _ := slices.BinarySearch(s.at, int32(end))
	e.end = min(max(e.end, n), len(s.folded))
	return true
}

// quotedValue returns the value that a text begins with, with its quotes: up to the quote that ends the sentence, or without
// quotes up to the end of the line.
func quotedValue(text string) (string, bool) {
	first, _ := utf8.DecodeRuneInString(text)
	if !isQuote(first) {
		line, _, _ := strings.Cut(text, "\n")
		line = strings.TrimRight(strings.TrimSpace(line), ".")
		return line[:min(len(line), longest("value"))], line != ""
	}
	for i, r := range text {
		if after := text[i+utf8.RuneLen(r):]; i > 0 && isQuote(r) && (after == "" || strings.ContainsRune(".)\n", rune(after[0]))) {
			return text[:len(text)-len(after)], true
		}
	}
	return "", false
}

// number reads a status; 0 for none.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > 999 {
		return 0
	}
	return n
}

// trimURL cuts off what a sentence adds to a URL.
func trimURL(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return isQuote(r) || strings.ContainsRune(".:,;()<>[]", r) })
}
