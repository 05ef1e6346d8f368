package yamltree

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// places turns the library's lines and columns into byte offsets. Its columns count runes, a byte order mark is none of
// them, and its lines end where those of YAML 1.1 do: also at a lone CR, NEL, LS and PS (yaml.org/spec/1.1, 4.1.4).
// source.File counts otherwise; nobody else does it this way.
type places struct {
	data  []byte
	marks []mark // of each line's start and, in long lines, every so often; sorted
}

// mark is a known place.
type mark struct{ line, column, offset int }

// farApart is how many bytes may lie between two marks: minified JSON is one line of megabytes.
const farApart = 1024

func newPlaces(data []byte) places {
	p := places{data: data}
	at := mark{line: 1, column: 1, offset: len(data) - len(bytes.TrimPrefix(data, []byte("\uFEFF")))}
	p.marks = append(p.marks, at)
	for at.offset < len(data) {
		if size := lineBreak(data[at.offset:]); size > 0 {
			at = mark{at.line + 1, 1, at.offset + size}
			p.marks = append(p.marks, at)
			continue
		}
		_, size := utf8.DecodeRune(data[at.offset:])
		at.offset += size
		at.column++
		if last := p.marks[len(p.marks)-1]; at.offset-last.offset >= farApart {
			p.marks = append(p.marks, at)
		}
	}
	return p
}

// lineBreak returns the length of the line break that text starts with, 0 for none.
func lineBreak(text []byte) int {
	switch text[0] {
	case '\n':
		return 1
	case '\r':
		if len(text) > 1 && text[1] == '\n' {
			return 2
		}
		return 1
	case 0xC2:
		if bytes.HasPrefix(text, []byte("\u0085")) {
			return 2
		}
	case 0xE2:
		if bytes.HasPrefix(text, []byte("\u2028")) || bytes.HasPrefix(text, []byte("\u2029")) {
			return 3
		}
	}
	return 0
}

// offset returns the byte offset of a line and column; the nearest one there is if they are out of range.
func (p places) offset(line, column int) int {
	i := sort.Search(len(p.marks), func(i int) bool {
		m := p.marks[i]
		return m.line > line || m.line == line && m.column > column
	}) - 1
	if i < 0 {
		return p.marks[0].offset
	}
	m := p.marks[i]
	if m.line < line {
		return len(p.data) // behind the last line
	}
	for ; m.column < column && m.offset < len(p.data) && lineBreak(p.data[m.offset:]) == 0; m.column++ {
		_, size := utf8.DecodeRune(p.data[m.offset:])
		m.offset += size
	}
	return m.offset
}
