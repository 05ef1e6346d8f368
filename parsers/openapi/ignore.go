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
//	x-corslint-ignore:
//	  - {rule: allow-methods-missing, reason: only the console deletes, until: 2027-03-01}

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
		if key.Text() == ignoreKey {
			to = ignore(to, value, n)
			continue
		}
		to = ignores(to, value)
	}
	for item := range n.Items() {
		to = ignores(to, item)
	}
	return to
}

// ignore adds what an extension says of an object: "RULE -- REASON", a mapping with rule, reason and until, or a list of
// those.
func ignore(to []parsers.Comment, said, of yamltree.Node) []parsers.Comment {
	if said.Kind() == yamltree.Sequence {
		for item := range said.Items() {
			if item.Kind() != yamltree.Sequence {
				to = ignore(to, item, of)
			}
		}
		return to
	}
	names, reason, _ := strings.Cut(said.Text(), "--")
	if said.Kind() == yamltree.Mapping {
		names, reason = said.Get("rule").Text(), said.Get("reason").Text()
		if until := said.Get("until").Text(); until != "" {
			reason += " until " + until
		}
	}
	text := "corslint: ignore[" + strings.Trim(names, " []") + "]"
	if reason = strings.TrimSpace(reason); reason != "" {
		text += " -- " + reason
	}
	return append(to, parsers.Comment{Span: said.Span(), Governs: of.Span(), Text: text})
}
