package apigateway

import (
	"bytes"
	"path"
	"strings"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway/template"
)

// This file finds what is said to corslint itself: comments in YAML and Terraform, and where there are none, as in JSON and
// in what tools write, x-corslint-ignore in a document and Metadata: {corslint: {ignore: [...]}} on a resource.

// mark is what a comment for corslint begins with; other comments concern nobody here.
const mark = "corslint"

// remarks returns a file's comments for corslint. One on a line of its own governs what follows and is indented deeper.
func remarks(f *source.File) []parsers.Comment {
	if !bytes.Contains(f.Data, []byte(mark)) || strings.EqualFold(path.Ext(f.Path), ".json") {
		return nil
	}
	var out []parsers.Comment
	offset := 0
	for line := range bytes.Lines(f.Data) {
		from := offset
		offset += len(line)
		before, text, ok := cutComment(strings.TrimRight(string(line), "\r\n"), strings.EqualFold(path.Ext(f.Path), ".tf"))
		if !ok || !strings.HasPrefix(text, mark) {
			continue
		}
		end := from + len(bytes.TrimRight(line, "\r\n"))
		c := parsers.Comment{Text: text, Span: source.Span{File: f, Start: from + len(before), End: end}}
		if strings.TrimSpace(before) == "" {
			c.Governs = following(f, offset)
		}
		out = append(out, c)
	}
	return out
}

// cutComment splits a line at its comment, and returns that without the signs and blanks before it.
func cutComment(line string, slashes bool) (before, text string, ok bool) {
	for _, sign := range [...]string{"#", "//", "/*"} {
		at := strings.Index(line, sign)
		if at < 0 || sign != "#" && !slashes || at > 0 && line[at-1] != ' ' && line[at-1] != '\t' {
			continue
		}
		text = strings.TrimLeft(line[at:], "#/* \t")
		if sign == "/*" { // one that goes on is read as far as its first line
			text, _, _ = strings.Cut(text, "*/")
		}
		return line[:at], strings.TrimRight(text, " \t"), true
	}
	return line, "", false
}

// following returns the statement that begins on the next line that has one, with all that is indented deeper.
func following(f *source.File, offset int) source.Span {
	span := source.Span{File: f, Start: offset, End: offset}
	indent := -1
	for line := range bytes.Lines(f.Data[offset:]) {
		content := bytes.TrimLeft(line, " \t")
		depth := len(line) - len(content)
		content = bytes.TrimRight(content, " \t\r\n")
		switch {
		case len(content) == 0 || content[0] == '#':
		case indent < 0:
			indent = depth
			span.Start, span.End = offset+depth, offset+depth+len(content)
		case depth > indent || depth == indent && (content[0] == '}' || content[0] == ']'):
			span.End = offset + depth + len(content)
		default:
			return span
		}
		offset += len(line)
	}
	if indent < 0 {
		return source.Span{}
	}
	return span
}

// ignore reads a list of what is not to be reported within a span: "rule -- reason", or a mapping with rule, reason and
// until.
func (r *reading) ignore(list value, governs source.Span) {
	for _, item := range list.Each() {
		if item.Kind == template.Unknown { // where what it would be in is not known either
			continue
		}
		names, reason, _ := strings.Cut(item.Word(), "--")
		if rule := item.Get("rule"); rule.Given() {
			names, reason = rule.Word(), item.Get("reason").Word()
			if until := item.Get("until").Word(); until != "" {
				reason += " until " + until
			}
		}
		text := mark + ": ignore[" + strings.TrimSpace(names) + "]"
		if reason = strings.TrimSpace(reason); reason != "" {
			text += " -- " + reason
		}
		r.comments = append(r.comments, parsers.Comment{Span: item.Span, Text: text, Governs: governs})
	}
}
