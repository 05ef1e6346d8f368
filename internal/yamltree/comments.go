package yamltree

import (
	"bytes"

	"github.com/corslint/corslint/internal/source"
)

// Comment is a comment of a YAML file, with the sign that begins it.
type Comment struct {
	Span source.Span
	// Governs is what a comment on a line of its own stands before: the next line with those that are indented deeper.
	Governs source.Span
}

// Comments returns the comments of a YAML file that hold a word, by its lines alone: what looks like one inside a block of
// text is one, too. There are none in JSON.
func Comments(f *source.File, word string) []Comment {
	if !bytes.Contains(f.Data, []byte(word)) || isJSON(f.Data) {
		return nil
	}
	var out []Comment
	at := 0
	for line := range bytes.Lines(f.Data) {
		if i := commentStart(line); i >= 0 && bytes.Contains(line[i:], []byte(word)) {
			end := at + len(bytes.TrimRight(line, " \t\r\n"))
			c := Comment{Span: source.Span{File: f, Start: at + i, End: end}}
			if len(bytes.TrimSpace(line[:i])) == 0 {
				c.Governs = statement(f, at+len(line))
			}
			out = append(out, c)
		}
		at += len(line)
	}
	return out
}

// commentStart is the offset of the sign that begins a line's comment, -1 when there is none.
func commentStart(line []byte) int {
	for i, c := range line {
		if c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return i
		}
	}
	return -1
}

// statement is the first line from an offset on that is neither blank nor a comment, with those below it that are indented
// deeper.
func statement(f *source.File, at int) source.Span {
	s := source.Span{File: f}
	found, indent := false, 0
	for line := range bytes.Lines(f.Data[min(at, len(f.Data)):]) {
		text := bytes.TrimSpace(line)
		depth := len(line) - len(bytes.TrimLeft(line, " "))
		blank := len(text) == 0 || text[0] == '#'
		switch {
		case blank:
		case !found:
			found, indent = true, depth
			s.Start, s.End = at+depth, at+depth+len(text)
		case depth <= indent:
			return s
		default:
			s.End = at + depth + len(text)
		}
		at += len(line)
	}
	if !found {
		return source.Span{}
	}
	return s
}
