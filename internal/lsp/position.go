package lsp

import (
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/source"
)

// Positions of the protocol count UTF-16 code units within a line, those of corslint bytes of the file. Bytes that are no UTF-8
// are one unit each, as the replacement character is that an editor shows for them.

// lines are the offsets at which the lines of a text start. A line ends with \n, \r\n or \r.
func lines(text []byte) []int {
	starts := []int{0}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\n', text[i] == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			starts = append(starts, i+1)
		}
	}
	return starts
}

// toPosition returns the position of a byte offset.
func toPosition(text []byte, starts []int, offset int) position {
	offset = min(max(offset, 0), len(text))
	line := len(starts) - 1
	for low, high := 0, len(starts)-1; low <= high; { // the last start that is not behind the offset
		if mid := (low + high) / 2; starts[mid] <= offset {
			line, low = mid, mid+1
		} else {
			high = mid - 1
		}
	}
	return position{Line: line, Character: source.UTF16Len(text[starts[line]:offset])}
}

// toOffset returns the byte offset of a position. One behind the end of its line is the line's end, as the protocol has it.
func toOffset(text []byte, starts []int, p position) int {
	if p.Line < 0 {
		return 0
	}
	if p.Line >= len(starts) {
		return len(text)
	}
	at, end := starts[p.Line], len(text)
	if p.Line+1 < len(starts) {
		end = starts[p.Line+1]
		for end > at && (text[end-1] == '\n' || text[end-1] == '\r') {
			end--
		}
	}
	for n := 0; at < end && n < p.Character; {
		r, size := utf8.DecodeRune(text[at:])
		if n++; r > 0xFFFF {
			if n++; n > p.Character {
				break // in the middle of a pair
			}
		}
		at += size
	}
	return at
}

// places turns spans into ranges. The lines of a file are counted once.
type places map[*source.File][]int

func (p places) lines(f *source.File) []int {
	starts, ok := p[f]
	if !ok {
		starts = lines(f.Data)
		p[f] = starts
	}
	return starts
}

// of returns the range of a span in the text of its file.
func (p places) of(s source.Span) textRange {
	starts := p.lines(s.File)
	return textRange{toPosition(s.File.Data, starts, s.Start), toPosition(s.File.Data, starts, s.End)}
}

// endOfLine returns the end of the line on which a span starts.
func (p places) endOfLine(s source.Span) position {
	text, starts := s.File.Data, p.lines(s.File)
	at := toPosition(text, starts, s.Start)
	return toPosition(text, starts, toOffset(text, starts, position{at.Line, 1 << 30}))
}

// toPath returns the path of a file: URI, "" for another one.
func toPath(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" || strings.ContainsRune(u.Path, 0) {
		return ""
	}
	name := u.Path
	switch remote := u.Host != "" && u.Host != "localhost"; {
	case runtime.GOOS != "windows" && remote:
		return ""
	case remote: // file://server/share/x
		name = "//" + u.Host + name
	case runtime.GOOS == "windows": // file:///c:/x
		name = strings.TrimPrefix(name, "/")
	}
	return resolve(filepath.Clean(filepath.FromSlash(name)))
}

// resolve returns a path without symbolic links, as the root of a project has none. What is not there yet stays as it is.
func resolve(name string) string {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real
	}
	dir := filepath.Dir(name)
	if dir == name {
		return name
	}
	return filepath.Join(resolve(dir), filepath.Base(name))
}

// toURI returns the file: URI of an absolute path.
func toURI(name string) string {
	name = filepath.ToSlash(name)
	host := ""
	if share, ok := strings.CutPrefix(name, "//"); ok {
		host, name, _ = strings.Cut(share, "/")
	}
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	return (&url.URL{Scheme: "file", Host: host, Path: name}).String()
}
