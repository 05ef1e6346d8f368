package config

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

const (
	maxChain    = 10  // files that extend one another
	maxMistakes = 100 // that are reported
)

// Opener opens the files of a project by their slash-separated path relative to its root.
type Opener interface {
	Open(path string) (*source.File, error)
}

// Mistake is something wrong with a configuration file.
type Mistake struct {
	Span source.Span
	Text string
}

func (m Mistake) String() string {
	p := m.Span.Position()
	return fmt.Sprintf("%s:%d:%d: %s", m.Span.Path(), p.Line, p.Column, m.Text)
}

// Error is a configuration that corslint cannot work with.
type Error struct {
	Mistakes []Mistake // at least one; in the order of the files and of the text
}

func (e *Error) Error() string {
	lines := make([]string, len(e.Mistakes))
	for i, m := range e.Mistakes {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// Load reads a configuration file and those it extends. Whatever is wrong in them is an [*Error] that names all of it.
func Load(files Opener, name string, rules *names.Set) (*Config, error) {
	l := loader{files: files, rules: rules, config: Default()}
	if err := l.chain(name); err != nil {
		return nil, err
	}
	if len(l.mistakes) > 0 {
		return nil, &Error{l.mistakes}
	}
	return l.config, nil
}

// loader reads the files of one configuration, the nearest first: what is set already is not set again.
type loader struct {
	files    Opener
	rules    *names.Set
	schema   *validator
	config   *Config
	mistakes []Mistake
}

// chain reads a file, the one it extends, and so on. The error is not one of the files: the schema's own.
func (l *loader) chain(name string) error {
	from := source.Span{File: source.NewFile(name, nil)} // who asks for the file: for the first one, nobody
	for visited := []string{}; name != ""; {
		switch {
		case slices.Contains(visited, name):
			l.mistake(from, "%s extends itself, by way of %s", name, visited[len(visited)-1])
			return nil
		case len(visited) == maxChain:
			l.mistake(from, "more than %d files extend one another", maxChain)
			return nil
		}
		visited = append(visited, name)
		f, err := l.files.Open(name)
		if err != nil {
			l.mistake(from, "%s cannot be read: %v", name, err)
			return nil
		}
		extends, err := l.file(f)
		if err != nil {
			return err
		}
		from, name = extends.Span(), ""
		if extends.Kind() == yamltree.String {
			name, _ = l.rebase(extends, parent(f.Path))
		}
	}
	return nil
}

// file reads one file and returns the value of its extends.
func (l *loader) file(f *source.File) (extends yamltree.Node, err error) {
	first := len(l.mistakes)
	defer func() { l.tidy(first) }()
	stream, err := yamltree.Parse(f)
	if e, ok := errors.AsType[*yamltree.Error](err); ok {
		l.mistake(e.Span, "%s", e.Text)
		return yamltree.Node{}, nil
	} else if err != nil {
		return yamltree.Node{}, err
	}
	for _, key := range stream.Repeated {
		l.mistake(key.Span(), "%s stands here a second time", quote(key.Text()))
	}
	if len(stream.Documents) > 1 {
		l.mistake(stream.Documents[1].Span(), "a second document: a configuration file has one")
	}
	if len(stream.Documents) == 0 || stream.Documents[0].Kind() == yamltree.Null {
		return yamltree.Node{}, nil // an empty file says where the project is
	}
	root := stream.Documents[0]
	if l.schema == nil {
		if l.schema, err = newValidator(); err != nil {
			return yamltree.Node{}, err
		}
	}
	l.mistakes = append(l.mistakes, l.schema.mistakes(root)...)
	l.take(root, parent(f.Path))
	return root.Get("extends"), nil
}

// tidy puts the mistakes from an index on into the order of the text, one a place.
func (l *loader) tidy(first int) {
	slices.SortStableFunc(l.mistakes[first:], func(a, b Mistake) int { return source.Compare(a.Span, b.Span) })
	l.mistakes = slices.CompactFunc(l.mistakes, func(a, b Mistake) bool { return a.Span == b.Span })
	l.mistakes = l.mistakes[:min(len(l.mistakes), maxMistakes)]
}

func (l *loader) mistake(at source.Span, format string, args ...any) {
	l.mistakes = append(l.mistakes, Mistake{at, fmt.Sprintf(format, args...)})
}

// rebase makes a path that is relative to a directory relative to the root, which is "".
func (l *loader) rebase(n yamltree.Node, dir string) (string, bool) {
	name := path.Join(dir, n.Text())
	if path.IsAbs(n.Text()) || name == ".." || strings.HasPrefix(name, "../") {
		l.mistake(n.Span(), "%s leads out of the project", quote(n.Text()))
		return "", false
	}
	if name == "." {
		name = ""
	}
	return name, true
}

// parent is the directory of a file, "" for the root.
func parent(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

// quote makes a word of a file printable, whatever it holds and however long it is.
func quote(word string) string {
	const most = 60
	if runes := []rune(word[:min(len(word), 4*most)]); len(runes) > most || len(word) > 4*most {
		word = string(runes[:min(len(runes), most)]) + "…"
	}
	return strconv.Quote(word)
}

// meant is the question after a misspelt word, "" if nothing is like it.
func meant(nearest string) string {
	if nearest == "" {
		return ""
	}
	return "; did you mean " + nearest + "?"
}

// orRoot names the root in a message.
func orRoot(dir string) string { return cmp.Or(dir, "the project's root") }
