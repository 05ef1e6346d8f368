package openapi

import (
	"bytes"
	"strings"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers"
)

// This file finds what is said to corslint in a document: comments, and where there are none an extension of the object that
// it is about:
//
//	x-corslint-ignore: allow-methods-missing -- only the console deletes, from its own origin

const ignoreKey = "x-corslint-ignore"

// comments returns what a file says to corslint.
func comments(f *source.File, root yamltree.Node) []parsers.Comment {
	var out []parsers.Comment
	for _, c := range yamltree.Comments(f, "corslint") {
		out = append(out, parsers.Comment{Span: c.Span, Governs: c.Governs, Text: strings.TrimLeft(c.Span.Text(), "#")})
	}
	if bytes.Contains(f.Data, []byte(ignoreKey)) {
		out = ignores(out, root)
	}
	return out
}

// ignores adds the extensions of an object and those in it. One that is met twice, through an alias, counts once.
func ignores(to []parsers.Comment, n yamltree.Node) []parsers.Comment {
	for key, value := range n.Fields() {
		if key.Text() == ignoreKey && isScalar(value) {
			names, reason, _ := strings.Cut(value.Text(), "--")
			text := "corslint: ignore[" + strings.Trim(names, " []") + "]"
			if reason != "" {
				text += " --" + reason
			}
			to = append(to, parsers.Comment{Span: value.Span(), Governs: n.Span(), Text: text})
			continue
		}
		to = ignores(to, value)
	}
	for item := range n.Items() {
		to = ignores(to, item)
	}
	return to
}
