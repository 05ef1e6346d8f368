package devtools

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of a pasted text.
const (
	maxText  = 4 << 20
	maxDepth = 64
)

var (
	errTooLong = fmt.Errorf("longer than %d MB", maxText>>20)
	errTooDeep = errors.New("nested too deeply")
)

// object is an object literal: its values by key.
type object map[string]any

// code is an expression that is no literal: what it gives is not known.
type code struct{}

// scanner reads JavaScript literals, as developer tools write them and people change them: comments, single quotes, template
// strings, keys without quotes. It evaluates nothing.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) error(want string) error {
	line := 1 + strings.Count(s.text[:min(s.pos, len(s.text))], "\n")
	return fmt.Errorf("line %d: want %s", line, want)
}

// space skips white space and comments.
func (s *scanner) space() {
	for s.pos < len(s.text) {
		rest := s.text[s.pos:]
		switch {
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			s.pos += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				n = len(rest) - 4
			}
			s.pos += n + 4
		default:
			r, size := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(r) && r != '\uFEFF' {
				return
			}
			s.pos += size
		}
	}
}

// take skips space and then a text, if it is there.
func (s *scanner) take(text string) bool {
	s.space()
	if !strings.HasPrefix(s.text[min(s.pos, len(s.text)):], text) {
		return false
	}
	s.pos += len(text)
	return true
}

// word returns the identifier at the scanner's place, "" if there is none.
func (s *scanner) word() string {
	s.space()
	rest := s.text[min(s.pos, len(s.text)):]
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(rest)
	}
	s.pos += end
	return rest[:end]
}

// value reads a literal: a string, an object, a list (as nil), a number or a word; whatever else there is is [code].
func (s *scanner) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	s.space()
	if s.pos >= len(s.text) {
		return nil, s.error("a value")
	}
	var v any
	var err error
	start := s.pos
	switch c := s.text[s.pos]; {
	case c == '"' || c == '\'' || c == '`':
		v, err = s.quoted()
	case c == '{':
		v, err = s.object(depth)
	default:
		switch s.word() {
		case "null", "undefined":
		case "true":
			v = true
		case "false":
			v = false
		default:
			v = code{}
			s.pos = start
		}
	}
	if err != nil {
		return nil, err
	}
	if s.space(); s.pos < len(s.text) && !strings.ContainsRune(",})];", rune(s.text[s.pos])) {
		v = code{} // more than a literal
	}
	if _, ok := v.(code); ok {
		return v, s.skip(depth)
	}
	return v, nil
}

// skip goes to the end of an expression.
func (s *scanner) skip(depth int) error {
	open := 0
	for s.space(); s.pos < len(s.text); s.space() {
		switch c := s.text[s.pos]; c {
		case '"', '\'', '`':
			if _, err := s.quoted(); err != nil {
				return err
			}
			continue
		case '(', '[', '{':
			if open++; open+depth > maxDepth {
				return errTooDeep
			}
		case ')', ']', '}':
			if open == 0 {
				return nil
			}
			open--
		case ',', ';':
			if open == 0 {
				return nil
			}
		}
		s.pos++
	}
	return nil
}

// object reads an object literal.
func (s *scanner) object(depth int) (any, error) {
	s.pos++ // {
	out := object{}
	for {
		switch {
		case s.take("}"):
			return out, nil
		case s.take("..."):
			if err := s.skip(depth); err != nil {
				return nil, err
			}
			s.take(",")
			continue
		}
		key, err := s.key()
		if err != nil {
			return nil, err
		}
		if !s.take(":") { // a shorthand: {body}
			out[key] = code{}
			if err := s.skip(depth); err != nil {
				return nil, err
			}
		} else if out[key], err = s.value(depth + 1); err != nil {
			return nil, err
		}
		if !s.take(",") {
			if !s.take("}") {
				return nil, s.error(`"," or "}"`)
			}
			return out, nil
		}
	}
}

func (s *scanner) key() (string, error) {
	s.space()
	if s.pos < len(s.text) && strings.ContainsRune("\"'", rune(s.text[s.pos])) {
		v, err := s.quoted()
		text, _ := v.(string)
		return text, err
	}
	if word := s.word(); word != "" {
		return word, nil
	}
	return "", s.error("a key")
}

// quoted reads a string. A template with an expression in it is [code].
func (s *scanner) quoted() (any, error) {
	quote := s.text[s.pos]
	var b strings.Builder
	computed := false
	for i := s.pos + 1; i < len(s.text); {
		switch c := s.text[i]; {
		case c == quote:
			s.pos = i + 1
			if computed {
				return code{}, nil
			}
			return b.String(), nil
		case c == '\\':
			text, size := unescape(s.text[i:])
			b.WriteString(text)
			i += size
		case c == '\n' && quote != '`':
			return nil, s.error("the end of a string")
		default:
			computed = computed || quote == '`' && strings.HasPrefix(s.text[i:], "${")
			b.WriteByte(c)
			i++
		}
	}
	return nil, s.error("the end of a string")
}

// unescape returns what an escape stands for, and its length. https://tc39.es/ecma262/#prod-EscapeSequence
func unescape(text string) (string, int) {
	if len(text) < 2 {
		return "", len(text)
	}
	hex := func(from, to int) (string, int) {
		if to <= len(text) {
			if n, err := strconv.ParseUint(text[from:to], 16, 32); err == nil {
				return string(rune(n)), to
			}
		}
		return text[1:2], 2
	}
	switch c := text[1]; c {
	case 'b':
		return "\b", 2
	case 'f':
		return "\f", 2
	case 'n':
		return "\n", 2
	case 'r':
		return "\r", 2
	case 't':
		return "\t", 2
	case 'v':
		return "\v", 2
	case '0':
		return "\x00", 2
	case '\n':
		return "", 2 // the string goes on in the next line
	case 'x':
		return hex(2, 4)
	case 'u':
		if end := strings.IndexByte(text, '}'); strings.HasPrefix(text[2:], "{") && end > 0 && end < 12 {
			s, size := hex(3, end)
			if size == end {
				size++
			}
			return s, size
		}
		return hex(2, 6)
	}
	r, size := utf8.DecodeRuneInString(text[1:])
	return string(r), 1 + size
}
