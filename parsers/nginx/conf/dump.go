package conf

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// dumpMark is how `nginx -T` starts each file (ngx_dump_config in src/core/nginx.c); the path and a colon follow.
const dumpMark = "# configuration file "

// Section is one file in the output of `nginx -T`.
type Section struct {
	Path string
	Span source.Span
}

// Sections returns the files in an `nginx -T` dump, the main file first; nil if the text is none. Lines before the
// first file are nginx's messages.
func Sections(f *source.File) []Section {
	text := string(f.Data[:min(len(f.Data), maxFileSize)])
	var sections []Section
	for at := 0; at < len(text) && len(sections) < maxFiles; {
		i := strings.Index(text[at:], dumpMark)
		if i < 0 {
			break
		}
		start := at + i
		line, _, more := strings.Cut(text[start:], "\n")
		at = start + len(line)
		if more {
			at++
		}
		name, ok := strings.CutSuffix(strings.TrimSuffix(line[len(dumpMark):], "\r"), ":")
		if !ok || start > 0 && text[start-1] != '\n' || !strings.HasPrefix(name, "/") {
			continue
		}
		if len(sections) == 0 && !preamble(text[:start]) {
			return nil
		}
		if n := len(sections); n > 0 {
			sections[n-1].Span.End = start
		}
		sections = append(sections, Section{Path: name, Span: source.Span{File: f, Start: at, End: len(text)}})
	}
	return sections
}

// preamble reports whether a text is nothing but what nginx prints before the first file.
func preamble(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "nginx: ") && !strings.Contains(line, "[warn]") {
			return false
		}
	}
	return true
}

// ReadDump reads an `nginx -T` dump into the tree that nginx had: the first section with the others included where it
// includes them. It returns nil if there are no sections.
func ReadDump(sections []Section) *File {
	if len(sections) == 0 {
		return nil
	}
	opener := make(dumpOpener, len(sections))
	for _, s := range sections {
		if _, ok := opener[strings.TrimPrefix(s.Path, "/")]; !ok {
			opener[strings.TrimPrefix(s.Path, "/")] = s.Span
		}
	}
	main := ReadSpan(strings.TrimPrefix(sections[0].Path, "/"), sections[0].Span)
	in := NewIncludes(opener, Prefix{From: "/", To: "."})
	in.complete = true
	in.Resolve(main)
	return main
}

// dumpOpener opens the sections of a dump, whose root is the machine's.
type dumpOpener map[string]source.Span

func (o dumpOpener) Files() []string {
	files := make([]string, 0, len(o))
	for name := range o {
		files = append(files, name)
	}
	return files
}

func (o dumpOpener) Open(name string) (source.Span, error) {
	span, ok := o[name]
	if !ok {
		return source.Span{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return span, nil
}
