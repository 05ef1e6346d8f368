package script

import (
	"bytes"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// Comment is a comment of a file that speaks to corslint.
type Comment struct {
	Span source.Span
	Text string // without the marks that make it a comment
	// Governs is the statement that a comment on a line of its own stands before; zero when it stands behind something.
	Governs source.Span
}

// Comments returns the comments of a file that speak to corslint. It looks for them as text: what stands in a string and
// looks like one is no comment anybody would write there.
func Comments(f *source.File) []Comment {
	var out []Comment
	for at := 0; at < len(f.Data); {
		found := bytes.Index(f.Data[at:], []byte("corslint:"))
		if found < 0 {
			break
		}
		at += found
		line := bytes.LastIndexByte(f.Data[:at], '\n') + 1
		if c, ok := comment(f, line, at); ok {
			out = append(out, c)
		}
		at += len("corslint:")
	}
	return out
}

// comment returns the comment that begins on a line before an offset.
func comment(f *source.File, line, at int) (Comment, bool) {
	before := f.Data[line:at]
	start := bytes.LastIndex(before, []byte("//"))
	open := bytes.LastIndex(before, []byte("/*"))
	end := len(f.Data)
	if next := bytes.IndexByte(f.Data[at:], '\n'); next >= 0 {
		end = at + next
	}
	switch {
	case start >= 0 && start > open && strings.TrimSpace(string(before[start+2:])) == "":
	case open >= 0 && strings.Trim(string(before[open+2:]), " \t*") == "":
		start = open
		if closed := bytes.Index(f.Data[at:], []byte("*/")); closed >= 0 {
			end = at + closed
		}
	default:
		return Comment{}, false
	}
	c := Comment{Span: source.Span{File: f, Start: line + start, End: end}, Text: strings.TrimSpace(strings.TrimRight(string(f.Data[at:end]), "\r"))}
	if len(bytes.TrimSpace(f.Data[line:line+start])) == 0 { // on a line of its own
		c.Governs = statement(f, end)
	}
	return c, true
}

// statement returns the statement after an offset: to the end of the line on which its brackets are closed.
func statement(f *source.File, at int) source.Span {
	for at < len(f.Data) { // past blank lines and further comments
		next := bytes.IndexByte(f.Data[at:], '\n')
		if next < 0 {
			return source.Span{}
		}
		at += next + 1
		rest := bytes.TrimLeft(f.Data[at:], " \t\r")
		if len(rest) > 0 && rest[0] != '\n' && !bytes.HasPrefix(rest, []byte("//")) {
			at = len(f.Data) - len(rest)
			break
		}
	}
	depth, quote := 0, byte(0)
	for i := at; i < len(f.Data); i++ {
		switch c := f.Data[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote || c == '\n' && quote != '`' {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		}
		if depth <= 0 && quote == 0 && (f.Data[i] == '\n' || f.Data[i] == ';') {
			return source.Span{File: f, Start: at, End: i}
		}
	}
	return source.Span{File: f, Start: min(at, len(f.Data)), End: len(f.Data)}
}
