package conf

import (
	"errors"
	"fmt"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// Word is a directive's name or one of its arguments.
type Word struct {
	Span  source.Span // with its quotes
	Quote byte        // '"', '\'' or 0
	Value string      // without quotes and escapes; the text of a placeholder stands for itself

	// Placeholders are the template tags in the word, in order; the value is not known where they stand.
	Placeholders []Placeholder
}

// Placeholder is a template tag that becomes text when the template is rendered.
type Placeholder struct {
	Span source.Span
	Expr string // what stands between the tag's delimiters

	start, end int // in the word's Value
}

// Known reports whether the word's value holds no placeholder.
func (w Word) Known() bool { return len(w.Placeholders) == 0 }

// Slice returns bytes of the word's value as a word of its own, with the place where they stand.
func (w Word) Slice(from, to int) Word {
	places, span := w.places(), w.inside()
	at := func(i int) int {
		if places == nil {
			return i
		}
		return places[i]
	}
	part := Word{Value: w.Value[from:to], Span: span}
	part.Span.Start, part.Span.End = span.Start+at(from), span.Start+at(to)
	for _, t := range w.Placeholders {
		if from <= t.start && t.end <= to {
			t.start, t.end = t.start-from, t.end-from
			part.Placeholders = append(part.Placeholders, t)
		}
	}
	return part
}

// inside returns the word's span without its quotes.
func (w Word) inside() source.Span {
	s := w.Span
	if w.Quote != 0 {
		s.Start++
		s.End--
	}
	return s
}

// PartKind is what a part of a word is.
type PartKind int

// The kinds of part.
const (
	Literal  PartKind = iota
	Variable          // $name or ${name}; Text is the name in lower case, for nginx looks variables up regardless of case
	Capture           // $1 to $9; Text is the digit
	Unknown           // a template's placeholder; Text is its expression
)

// Part is a piece of a word as nginx expands it at run time.
type Part struct {
	Kind PartKind
	Text string
	Span source.Span
}

// Parts splits the word at its variables, as ngx_http_script_compile does for the directives that expand them; whether
// a directive does is for the caller to know. An error has nginx's words, and the parts before it are returned with it.
func (w Word) Parts() ([]Part, error) {
	if !strings.Contains(w.Value, "$") && w.Known() {
		if w.Value == "" {
			return nil, nil
		}
		return []Part{{Kind: Literal, Text: w.Value, Span: w.inside()}}, nil
	}
	s := splitter{value: w.Value, places: w.places(), word: w.inside(), tags: w.Placeholders}
	for s.at < len(s.value) {
		limit := s.limit()
		switch {
		case s.at == limit:
			s.placeholder()
		case s.value[s.at] == '$':
			if err := s.variable(limit); err != nil {
				return s.parts, err
			}
		default:
			end := limit
			if i := strings.IndexByte(s.value[s.at:limit], '$'); i >= 0 {
				end = s.at + i
			}
			s.add(Literal, s.value[s.at:end], end)
		}
	}
	return s.parts, nil
}

// splitter collects the parts of one value.
type splitter struct {
	value  string
	places []int // see Word.places
	word   source.Span
	tags   []Placeholder // those not yet passed
	at     int
	parts  []Part
}

func (s *splitter) add(kind PartKind, text string, end int) {
	span := s.word
	span.Start, span.End = s.word.Start+s.place(s.at), s.word.Start+s.place(end)
	s.parts = append(s.parts, Part{Kind: kind, Text: text, Span: span})
	s.at = end
}

// limit returns where the next placeholder starts, or the value ends.
func (s *splitter) limit() int {
	if len(s.tags) > 0 {
		return s.tags[0].start
	}
	return len(s.value)
}

// placeholder adds all up to the end of the next placeholder as unknown.
func (s *splitter) placeholder() {
	tag := s.tags[0]
	s.tags = s.tags[1:]
	s.add(Unknown, tag.Expr, tag.end)
}

func (s *splitter) place(i int) int {
	if s.places == nil {
		return i
	}
	return s.places[i]
}

// variable reads the variable that starts at s.at. If the next placeholder, at limit, touches its name, nobody knows
// which variable it is.
func (s *splitter) variable(limit int) error {
	name := s.at + 1
	if name < limit && '1' <= s.value[name] && s.value[name] <= '9' {
		s.add(Capture, s.value[name:name+1], name+1)
		return nil
	}
	braced := name < limit && s.value[name] == '{'
	if braced {
		name++
	}
	end := name
	for end < limit && isNameByte(s.value[end]) {
		end++
	}
	if end == limit && len(s.tags) > 0 {
		s.placeholder()
		return nil
	}
	closed := end < limit && s.value[end] == '}'
	if braced && !closed && name < len(s.value) { // nginx: a lone ${ at the end is an invalid name
		return fmt.Errorf(`the closing bracket in "%s" variable is missing`, s.value[name:end])
	}
	if end == name {
		return errors.New("invalid variable name")
	}
	after := end
	if braced {
		after++
	}
	s.add(Variable, strings.ToLower(s.value[name:end]), after)
	return nil
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// places maps offsets of the value to offsets of the text between the quotes; nil where they are the same.
func (w Word) places() []int {
	raw := w.inside().Text()
	if len(raw) == len(w.Value) {
		return nil
	}
	tags := w.Placeholders
	places := make([]int, 0, len(w.Value)+1)
	for i := 0; i < len(raw); {
		if len(tags) > 0 && len(places) == tags[0].start {
			for range tags[0].end - tags[0].start {
				places = append(places, i)
				i++
			}
			tags = tags[1:]
			continue
		}
		places = append(places, i)
		_, size := unescape(raw[i:])
		i += size
	}
	return append(places, len(raw))
}

// unescape returns the first byte that nginx makes of raw, which is not empty, and how many bytes of raw it stands for.
// nginx knows \" \' \\ \t \r \n; any other backslash stays, with what follows it.
func unescape(raw string) (byte, int) {
	if raw[0] != '\\' || len(raw) == 1 {
		return raw[0], 1
	}
	switch raw[1] {
	case '"', '\'', '\\':
		return raw[1], 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'n':
		return '\n', 2
	}
	return raw[0], 1
}

// decode returns what nginx makes of the text of a word without its quotes.
func decode(raw string) string {
	i := strings.IndexByte(raw, '\\')
	if i < 0 {
		return raw
	}
	value := make([]byte, 0, len(raw))
	value = append(value, raw[:i]...)
	for i < len(raw) {
		c, size := unescape(raw[i:])
		value = append(value, c)
		i += size
	}
	return string(value)
}
