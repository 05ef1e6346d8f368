package console

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds how much of a text is looked at.
const maxText = 1 << 20

// squeezed is a text without everything that copying may change: white space, quotes, and the case of letters.
type squeezed struct {
	clean string // the text without control characters and terminal escapes
	// folded is clean without white space and quotes, in lower case; at holds for each of its bytes the offset in clean, and
	// one more for its end.
	folded string
	at     []int32
}

// squeeze prepares a text for being read.
func squeeze(text string) squeezed {
	s := squeezed{clean: clean(text[:min(len(text), maxText)])}
	var b strings.Builder
	b.Grow(len(s.clean))
	s.at = make([]int32, 0, len(s.clean)+1)
	for i, r := range s.clean {
		if unicode.IsSpace(r) || isQuote(r) {
			continue
		}
		size := utf8.RuneLen(r)
		for j := range size {
			s.at = append(s.at, int32(i+j))
		}
		if r < utf8.RuneSelf {
			b.WriteByte(lower(byte(r)))
		} else {
			b.WriteRune(r)
		}
	}
	s.folded = b.String()
	s.at = append(s.at, int32(len(s.clean)))
	return s
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// fold squeezes a short text, such as a part of a template.
func fold(text string) string { return squeeze(text).folded }

// between returns the text that the bytes from start to end of folded were made of, with what was dropped around them.
func (s *squeezed) between(start, end int) string {
	from := 0
	if start > 0 {
		from = int(s.at[start-1]) + 1
	}
	return s.clean[from:s.at[end]]
}

// exactly returns the text that the bytes from start to end of folded were made of.
func (s *squeezed) exactly(start, end int) string {
	if start >= end {
		return ""
	}
	return s.clean[s.at[start] : s.at[end-1]+1]
}

// isQuote reports whether a rune is one of the quotes that editors, chats and blogs make of each other.
func isQuote(r rune) bool { return strings.ContainsRune("'\"`´‘’‚‛“”„‟′″", r) }

// clean drops what a terminal would obey, invalid UTF-8 and invisible characters. Line ends stay, every other white space is
// a plain one.
func clean(text string) string {
	plain := func(r rune) bool {
		return r == '\n' || r == ' ' || r != utf8.RuneError && !unicode.IsSpace(r) && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r)
	}
	if !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		if n := escape(text); n > 0 {
			text = text[n:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case plain(r):
			b.WriteRune(r)
		case unicode.IsSpace(r) && r != '\r':
			b.WriteByte(' ')
		}
		text = text[size:]
	}
	return b.String()
}

// escape returns the length of the terminal escape that a text begins with, 0 if it does not: ECMA-48, a control sequence
// with its parameters or a string such as a hyperlink's, up to its terminator.
func escape(text string) int {
	const esc, bel = 0x1B, 0x07
	if len(text) < 2 || text[0] != esc {
		return 0
	}
	switch text[1] {
	case '[':
		for i := 2; i < min(len(text), 64); i++ {
			if text[i] >= 0x40 && text[i] <= 0x7E {
				return i + 1
			}
		}
	case ']':
		for i := 2; i < min(len(text), 4096); i++ {
			if text[i] == bel {
				return i + 1
			}
			if text[i] == esc {
				return min(i+2, len(text))
			}
		}
	}
	return 1
}

// oneLine returns a text without line ends.
func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}

// joined returns a value without the places where its line was wrapped, in the middle of a word or after a comma.
func joined(text string) string {
	first, rest, wrapped := strings.Cut(text, "\n")
	if !wrapped {
		return text
	}
	if strings.HasSuffix(first, ",") {
		first += " "
	}
	return first + joined(strings.TrimLeftFunc(rest, unicode.IsSpace))
}

// unwrapped returns a text that holds no white space, from one that was wrapped.
func unwrapped(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// unquoted returns a text without the white space and the one pair of quotes around it.
func unquoted(text string) string {
	text = strings.TrimSpace(text)
	first, size := utf8.DecodeRuneInString(text)
	if !isQuote(first) {
		return text
	}
	text = text[size:]
	if last, size := utf8.DecodeLastRuneInString(text); isQuote(last) {
		text = text[:len(text)-size]
	}
	return text
}
