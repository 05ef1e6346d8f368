package script

import (
	"encoding/json"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/source"
)

// segment says that the generated code from an offset on comes from an offset of the original.
type segment struct{ generated, original int }

func mappingsOf(sourceMap []byte) string {
	var m struct{ Mappings string }
	_ = json.Unmarshal(sourceMap, &m) // esbuild's own
	return m.Mappings
}

// Span returns where a range of the generated code comes from. What esbuild added comes from nowhere; the end is that of the
// last token, so that a range is small rather than too large.
func (s *Script) Span(r Range) source.Span {
	if rest, ok := strings.CutPrefix(s.generated[r.start:r.end], "0, "); ok { // "(0, import_cors.default)(…)" is what is imported
		r.start = r.end - len(rest)
	}
	start, ok := s.original(r.start, false)
	if !ok {
		return source.Span{}
	}
	end := start
	// The last segment inside the range begins the last token of it, or near it.
	if last, ok := s.original(r.end-1, true); ok && last >= start {
		end = tokenEnd(s.File.Data, last)
	}
	if open := s.generated[r.start]; open == '{' || open == '[' || s.generated[r.end-1] == ')' {
		if closed := closing(s.File.Data, start, s.generated[r.end-1]); closed > end {
			end = closed
		}
	}
	return source.Span{File: s.File, Start: start, End: max(end, tokenEnd(s.File.Data, start))}
}

// original maps an offset of the generated code. Between two segments it is the first's, and inside says that this is enough;
// else the offset must be a segment's own.
func (s *Script) original(offset int, inside bool) (int, bool) {
	list := s.segments()
	i := sort.Search(len(list), func(i int) bool { return list[i].generated > offset }) - 1
	if i < 0 {
		return 0, false
	}
	if gap := offset - list[i].generated; !inside && gap > 0 {
		if strings.TrimLeft(s.generated[list[i].generated:offset], "(! ") != "" { // esbuild maps "(a)" at its parenthesis at times
			return list[i].original, gap < 200
		}
	}
	return list[i].original, true
}

// decode reads the source map's mappings: base64 VLQ, columns in UTF-16 code units.
// https://tc39.es/ecma426/#sec-mappings
func (s *Script) decode() []segment {
	generated, original := &ruler{text: s.generated, lines: s.lines()}, newRuler(string(s.File.Data))
	var out []segment
	line, sourceLine, sourceColumn := s.shift, 0, 0
	for text := range strings.SplitSeq(s.mappings, ";") {
		column := 0
		for field := range strings.SplitSeq(text, ",") {
			var values [5]int
			n := vlq(field, &values)
			if n < 1 {
				continue
			}
			column += values[0]
			if n >= 4 {
				sourceLine, sourceColumn = sourceLine+values[2], sourceColumn+values[3]
				out = append(out, segment{generated.offset(line, column), original.offset(sourceLine, sourceColumn)})
			}
		}
		line++
	}
	return out
}

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// vlq decodes a field of a mapping and returns how many values it has.
func vlq(field string, values *[5]int) int {
	n, value, shift := 0, 0, 0
	for i := range len(field) {
		digit := strings.IndexByte(base64, field[i])
		if digit < 0 || n == len(values) || shift > 30 {
			return 0
		}
		value |= (digit & 31) << shift
		if digit&32 != 0 {
			shift += 5
			continue
		}
		if values[n] = value >> 1; value&1 != 0 {
			values[n] = -values[n]
		}
		n, value, shift = n+1, 0, 0
	}
	return n
}

// ruler finds the offset of a line and column. It goes on from where it was asked last: a line may be long.
type ruler struct {
	text             string
	lines            []int
	line, column, at int
}

func newRuler(text string) *ruler { return &ruler{text: text, lines: linesOf(text)} }

// linesOf returns where the lines of a text begin.
func linesOf(text string) []int {
	lines := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// offset returns the byte at a line and a column in UTF-16 code units, both from 0.
func (r *ruler) offset(line, column int) int {
	if line >= len(r.lines) {
		return len(r.text)
	}
	if line != r.line || column < r.column || r.at < r.lines[line] {
		r.line, r.column, r.at = line, 0, r.lines[line]
	}
	for r.column < column && r.at < len(r.text) && r.text[r.at] != '\n' {
		c, size := utf8.DecodeRuneInString(r.text[r.at:])
		r.at += size
		if r.column++; c > 0xFFFF {
			r.column++
		}
	}
	return r.at
}

// tokenEnd returns the end of the token that begins at an offset of the original.
func tokenEnd(data []byte, at int) int {
	if at >= len(data) {
		return at
	}
	switch c := data[at]; {
	case c == '"' || c == '\'' || c == '`':
		for i := at + 1; i < len(data); i++ {
			switch data[i] {
			case '\\':
				i++
			case c:
				return i + 1
			case '\n':
				if c != '`' {
					return i
				}
			}
		}
		return len(data)
	case c == '/' && at+1 < len(data) && data[at+1] != '/' && data[at+1] != '*': // a regular expression
		class := false
		for i := at + 1; i < len(data) && data[i] != '\n'; i++ {
			switch data[i] {
			case '\\':
				i++
			case '[':
				class = true
			case ']':
				class = false
			case '/':
				if class {
					continue
				}
				for i++; i < len(data) && isName(data[i]); i++ {
				}
				return i
			}
		}
		return at + 1
	case isName(c):
		for at < len(data) && isName(data[at]) {
			at++
		}
		return at
	}
	return at + 1
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// closing returns the offset behind the bracket that closes what opens at or after an offset, 0 when none does.
func closing(data []byte, at int, close byte) int {
	depth := 0
	for at < len(data) {
		switch c := data[at]; {
		case c == '/' && at+1 < len(data) && data[at+1] == '/':
			for at < len(data) && data[at] != '\n' {
				at++
			}
			continue
		case c == '/' && at+1 < len(data) && data[at+1] == '*':
			end := strings.Index(string(data[at+2:]), "*/")
			if end < 0 {
				return 0
			}
			at += end + 4
			continue
		case c == '"' || c == '\'' || c == '`':
			at = tokenEnd(data, at)
			continue
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			if depth--; depth == 0 && c == close {
				return at + 1
			}
			if depth < 0 {
				return 0
			}
		}
		at++
	}
	return 0
}

// Offset returns the offset in the generated code of a line and column, both from 1, as goja counts them.
func (s *Script) Offset(line, column int) int {
	return (&ruler{text: s.generated, lines: s.lines()}).offset(line-1, column-1)
}

// At returns the token of the original that an offset of the generated code comes from.
func (s *Script) At(offset int) source.Span {
	at, ok := s.original(min(offset, len(s.generated)), true)
	if !ok {
		return source.Span{}
	}
	return source.Span{File: s.File, Start: at, End: tokenEnd(s.File.Data, at)}
}

// Property returns the span of a property, from its key to the end of its value.
func (s *Script) Property(p Part) source.Span {
	key, value := s.Span(p.Key), s.Span(p.Value)
	switch {
	case key.IsZero():
		return value
	case value.IsZero() || value.End < key.End:
		return key
	}
	return source.Join(key, value)
}
