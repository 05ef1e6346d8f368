package report

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/source"
)

// excerptReach is how many bytes of a line are looked at on each side of a place: minified files have lines of megabytes.
const excerptReach = 4 * maxLine

// excerpt is a line of a file, cleaned and cut to a width, with the columns of the terminal that a place takes up.
type excerpt struct {
	text   string
	indent int // columns before the place
	width  int // columns of the place, at least 1
}

// cell is what one rune is printed as and how many columns that takes.
type cell struct {
	text  string
	width int
}

// excerptOf returns the line on which a place starts, cut around the place to at most width columns. Of a place of several
// lines the first is marked.
func excerptOf(place source.Span, width int) excerpt {
	data := place.File.Data
	start := min(max(place.Start, 0), len(data))
	end := min(max(place.End, start), len(data))

	from := max(0, start-excerptReach)
	cutLeft := from > 0
	if i := bytes.LastIndexByte(data[from:start], '\n'); i >= 0 {
		from, cutLeft = from+i+1, false
	}
	to := min(len(data), start+excerptReach)
	cutRight := to < len(data)
	if i := bytes.IndexByte(data[start:to], '\n'); i >= 0 {
		to, cutRight = start+i, false
	}
	if to > start && data[to-1] == '\r' {
		to--
	}
	end = min(end, to)
	for cutLeft && from < start && !utf8.RuneStart(data[from]) {
		from++
	}
	for cutRight && to > end && !utf8.RuneStart(data[to]) {
		to--
	}

	before, marked, after := cells(data[from:start]), cells(data[start:end]), cells(data[end:to])
	const dots = 3
	if !cutLeft && !cutRight && columns(before)+columns(marked)+columns(after) <= width {
		return excerpt{join(before) + join(marked) + join(after), columns(before), max(1, columns(marked))}
	}
	// The place keeps at most half of the width. What is before it gets half of what is left, and what is after it the rest.
	marked, cutMarked := head(marked, width/2)
	room := max(0, width-columns(marked)-2*dots)
	if cutMarked {
		after = nil
	}
	before, cut := tail(before, max(room/2, room-columns(after)))
	cutLeft = cutLeft || cut
	after, cut = head(after, room-columns(before))
	cutRight = cutRight || cut || cutMarked

	x := excerpt{join(before) + join(marked) + join(after), columns(before), max(1, columns(marked))}
	if cutLeft {
		x.text, x.indent = "..."+x.text, x.indent+dots
	}
	if cutRight {
		x.text += "..."
	}
	return x
}

// cells returns the cells of a text. A tab takes four columns wherever it stands, so that what is under the line lines up.
func cells(text []byte) []cell {
	var list []cell
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		raw := string(text[:size])
		text = text[size:]
		switch shown := cleanRune(r, raw); {
		case r == '\t':
			list = append(list, cell{"    ", 4})
		case shown != raw:
			list = append(list, cell{shown, len(shown)})
		default:
			list = append(list, cell{raw, runeWidth(r)})
		}
	}
	return list
}

// head returns the first cells that fit into a width and whether that cut any off.
func head(list []cell, width int) ([]cell, bool) {
	for i, c := range list {
		if width -= c.width; width < 0 {
			return list[:i], true
		}
	}
	return list, false
}

// tail is head from the other end.
func tail(list []cell, width int) ([]cell, bool) {
	for i := len(list) - 1; i >= 0; i-- {
		if width -= list[i].width; width < 0 {
			return list[i+1:], true
		}
	}
	return list, false
}

func columns(list []cell) int {
	n := 0
	for _, c := range list {
		n += c.width
	}
	return n
}

func join(list []cell) string {
	var text []byte
	for _, c := range list {
		text = append(text, c.text...)
	}
	return string(text)
}

// textWidth returns how many columns a cleaned text takes.
func textWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// runeWidth returns how many columns a terminal gives a rune: none to marks and joiners, two to East Asian wide ones and
// emoji, else one. The ranges are those of Unicode's EastAsianWidth.txt, W and F, in coarse blocks: terminals differ in
// the details.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide is a table, never written to.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115F, 1}, // Hangul initial consonants
		{0x231A, 0x231B, 1}, {0x23E9, 0x23EC, 1}, {0x25FD, 0x25FE, 1}, {0x2614, 0x2615, 1},
		{0x2648, 0x2653, 1}, {0x26AA, 0x26AB, 1}, {0x26BD, 0x26BE, 1}, {0x26C4, 0x26C5, 1},
		{0x2705, 0x2705, 1}, {0x270A, 0x270B, 1}, {0x2728, 0x2728, 1}, {0x274C, 0x274C, 1},
		{0x2753, 0x2755, 1}, {0x2757, 0x2757, 1}, {0x2795, 0x2797, 1}, {0x2B50, 0x2B50, 1},
		{0x2E80, 0x303E, 1},                      // radicals, CJK punctuation
		{0x3041, 0xA4CF, 1},                      // kana, CJK ideographs, Yi
		{0xA960, 0xA97F, 1}, {0xAC00, 0xD7A3, 1}, // Hangul
		{0xF900, 0xFAFF, 1}, {0xFE30, 0xFE6F, 1}, {0xFF00, 0xFF60, 1}, {0xFFE0, 0xFFE6, 1}, // compatibility and full-width forms
	},
	R32: []unicode.Range32{
		{0x16FE0, 0x18DFF, 1}, {0x1B000, 0x1B2FF, 1}, // Tangut, Khitan, kana supplement
		{0x1F18E, 0x1F18E, 1}, {0x1F191, 0x1F19A, 1}, {0x1F200, 0x1F265, 1},
		{0x1F300, 0x1F64F, 1}, {0x1F680, 0x1F6FF, 1}, {0x1F7E0, 0x1F7EB, 1}, {0x1F900, 0x1FAFF, 1}, // emoji
		{0x20000, 0x3FFFD, 1}, // CJK extensions
	},
}
