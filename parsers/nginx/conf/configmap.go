package conf

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// This file finds nginx configurations in Kubernetes ConfigMaps. A block scalar holds a text as it is, but for the
// indentation, which means nothing to nginx: so it is read in its place, and every position is one of the YAML file. The YAML
// is looked at line by line and not parsed, since a Helm template is none before it is rendered.

// embedded is a text that a ConfigMap holds under a key. Its path is that of the YAML file, with the names of the ConfigMap
// and the key as if it were a folder.
type embedded struct {
	path   string
	span   source.Span
	quoted bool // it is no block, and is not read
}

var (
	documentStart = regexp.MustCompile(`(?m)^---`)
	isConfigMap   = regexp.MustCompile(`(?m)^[ \t]*(?:- )?kind:[ \t]*["']?ConfigMap\b`)
	mapName       = regexp.MustCompile(`(?m)(?:^|\{)[ \t]*name:[ \t]*["']?([^\s"'},]+)`)
	// https://yaml.org/spec/1.2.2/#8-block-style-productions
	blockStart = regexp.MustCompile(`^( *(?:- +)*)["']?([A-Za-z0-9._-]+)["']?:[ \t]+[|>][-+0-9]*[ \t]*(?:#.*)?$`)
	quotedText = regexp.MustCompile(`^ *["']?([A-Za-z0-9._-]+)["']?:[ \t]+".*\\n`)
	// control is a line of a Helm template that renders to nothing, wherever it is indented.
	control = regexp.MustCompile(`^[ \t]*\{\{.*\}\}[ \t]*$`)
)

// ConfigMaps returns the nginx configurations that the ConfigMaps of a YAML file hold, those without the ones that another
// includes. A configuration in a quoted text is a problem of the first, or stands alone without any directive.
func ConfigMaps(f *source.File) []Recognition {
	if !bytes.Contains(f.Data, []byte("ConfigMap")) {
		return nil
	}
	var found []Recognition
	var problems []Problem
	texts := texts{}
	for _, e := range embeddedTexts(f) {
		switch {
		case e.quoted && directiveInText.MatchString(e.span.Text()):
			problems = append(problems, Problem{Kind: Gap, Span: e.span, Text: fmt.Sprintf(
				"the nginx configuration %s is a quoted text, which is not read: write it as a block, with |", path.Base(e.path))})
		case !e.quoted:
			r := recognise(e.path, e.span)
			if r.File != nil {
				found = append(found, r)
			}
			if r.File == nil || r.Context != Main {
				texts[e.path] = e.span
			}
		}
	}
	in := NewIncludes(texts)
	in.mounted = true
	included := map[string]bool{}
	for i := range found {
		r := &found[i]
		r.Whole = true
		in.Resolve(r.File)
		for file := range r.File.All() {
			if file != r.File {
				included[file.Path] = true
			}
		}
	}
	found = slices.DeleteFunc(found, func(r Recognition) bool { return included[r.File.Path] })
	if len(problems) > 0 && len(found) == 0 {
		found = append(found, Recognition{File: &File{Path: f.Path, Span: source.Span{File: f}}, Context: Main, Whole: true})
	}
	if len(problems) > 0 {
		found[0].File.Problems = append(found[0].File.Problems, problems...)
	}
	return found
}

// directiveInText finds in a quoted text what makes it nginx's.
var directiveInText = regexp.MustCompile(`\b(?:add_header|proxy_pass|location)[ \t]+\S`)

// texts opens the texts of ConfigMaps.
type texts map[string]source.Span

func (t texts) Files() []string {
	files := make([]string, 0, len(t))
	for name := range t {
		files = append(files, name)
	}
	return files
}

func (t texts) Open(name string) (source.Span, error) {
	span, ok := t[name]
	if !ok {
		return source.Span{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return span, nil
}

// embeddedTexts returns the texts of all ConfigMaps of a file.
func embeddedTexts(f *source.File) []embedded {
	var out []embedded
	start := 0
	names := map[string]bool{}
	for n, mark := range append(documentStart.FindAllIndex(f.Data, maxFiles), []int{len(f.Data), len(f.Data)}) {
		document := source.Span{File: f, Start: start, End: mark[0]}
		start = mark[0]
		text := document.Text()
		if !isConfigMap.MatchString(text) {
			continue
		}
		name := fmt.Sprintf("document %d", n+1)
		if m := mapName.FindStringSubmatch(text); m != nil && !names[m[1]] {
			name, names[m[1]] = path.Base(m[1]), true
		}
		out = append(out, textsOf(document, path.Join(f.Path, name))...)
	}
	return out[:min(len(out), maxFiles)]
}

// textsOf returns the texts of one document.
func textsOf(document source.Span, folder string) []embedded {
	var out []embedded
	var block *embedded // the one that lines are added to
	indent := 0
	at := document.Start
	for line := range strings.Lines(document.Text()) {
		from := at
		at += len(line)
		line = strings.TrimRight(line, "\r\n")
		if block != nil {
			switch blank := strings.TrimSpace(line) == ""; {
			case !blank && indentation(line) > indent:
				block.span.End = at
				continue
			case blank || control.MatchString(line): // of the block, if more of it follows
				continue
			}
			block = nil
		}
		if m := blockStart.FindStringSubmatch(line); m != nil {
			out = append(out, embedded{path: path.Join(folder, m[2]), span: source.Span{File: document.File, Start: at, End: at}})
			block, indent = &out[len(out)-1], len(m[1])
		} else if m := quotedText.FindStringSubmatch(line); m != nil {
			from += indentation(line)
			out = append(out, embedded{path: path.Join(folder, m[1]), span: source.Span{File: document.File, Start: from, End: at}, quoted: true})
		}
	}
	return out
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
