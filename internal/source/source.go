// Package source holds the bytes of the files that corslint reads and the places in them.
//
// Inside corslint a place is a [Span] of byte offsets. Lines and columns exist only at the edge, where a report or an
// editor asks for them, and are computed in one place, [File.Position]. The package imports nothing of corslint.
package source

import (
	"cmp"
	"sort"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// File is a file's contents under the name that reports print: a slash-separated path relative to the root of the run.
// A File is immutable and safe for concurrent use; it must be used through a pointer.
type File struct {
	Path string
	Data []byte

	once  sync.Once
	lines []int // byte offset of each line's first byte
}

// NewFile returns a file with the given contents. The caller must not change data afterwards.
func NewFile(path string, data []byte) *File { return &File{Path: path, Data: data} }

// Position is a place as people and editors count: from 1, in lines that end with LF.
type Position struct {
	Line   int
	Column int // in runes; an invalid byte counts as one
	UTF16  int // the same column in UTF-16 code units, for SARIF and the Language Server Protocol
}

// Position returns the position of a byte offset; offsets outside the file are moved to its nearest end.
func (f *File) Position(offset int) Position {
	offset = min(max(offset, 0), len(f.Data))
	f.index()
	line := sort.SearchInts(f.lines, offset+1) - 1
	text := f.Data[f.lines[line]:offset]
	return Position{Line: line + 1, Column: utf8.RuneCount(text) + 1, UTF16: UTF16Len(text) + 1}
}

// UTF16Len returns how many UTF-16 code units a text has. Bytes that are no UTF-8 are one unit each, as the replacement character
// is that an editor shows for them.
func UTF16Len(text []byte) int {
	n := 0
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		n += utf16.RuneLen(r)
		text = text[size:]
	}
	return n
}

// Line returns the text of a line, counted from 1, without its line ending; "" for a line the file does not have.
func (f *File) Line(n int) string {
	f.index()
	if n < 1 || n > len(f.lines) {
		return ""
	}
	start, end := f.lines[n-1], len(f.Data)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	return strings.TrimSuffix(string(f.Data[start:end]), "\r")
}

// Lines returns the number of lines; the text after the last LF counts as one, also when it is empty.
func (f *File) Lines() int {
	f.index()
	return len(f.lines)
}

func (f *File) index() {
	f.once.Do(func() {
		f.lines = append(f.lines, 0)
		for i, b := range f.Data {
			if b == '\n' {
				f.lines = append(f.lines, i+1)
			}
		}
	})
}

// Span is a half-open range of bytes of one file. The zero Span is "no place".
type Span struct {
	File       *File
	Start, End int
}

// IsZero reports whether the span names no place.
func (s Span) IsZero() bool { return s.File == nil }

// Text returns the bytes that the span covers.
func (s Span) Text() string {
	if s.File == nil {
		return ""
	}
	start := min(max(s.Start, 0), len(s.File.Data))
	return string(s.File.Data[start:min(max(s.End, start), len(s.File.Data))])
}

// Path returns the file's path, "" for the zero Span.
func (s Span) Path() string {
	if s.File == nil {
		return ""
	}
	return s.File.Path
}

// Position returns where the span starts; the zero Position for the zero Span.
func (s Span) Position() Position {
	if s.File == nil {
		return Position{}
	}
	return s.File.Position(s.Start)
}

// EndPosition returns the position after the span's last byte.
func (s Span) EndPosition() Position {
	if s.File == nil {
		return Position{}
	}
	return s.File.Position(s.End)
}

// Join returns the smallest span that covers both; of two files, or with a zero Span, the one that is a place.
func Join(a, b Span) Span {
	switch {
	case a.IsZero():
		return b
	case b.IsZero() || a.File != b.File:
		return a
	}
	return Span{File: a.File, Start: min(a.Start, b.Start), End: max(a.End, b.End)}
}

// Compare orders spans by path, then by start, then by end.
func Compare(a, b Span) int {
	return cmp.Or(cmp.Compare(a.Path(), b.Path()), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
}
