// Package lsp is a language server: it shows in an editor what corslint has to say about the files of a project, unsaved ones
// included. What is said comes from a [Project], which the server asks after every pause in typing. It imports finding and
// source.
package lsp

import (
	"context"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Options say what a server serves.
type Options struct {
	Version string
	// Open opens the project that a directory belongs to.
	Open func(dir string) (Project, error)
	// Rule returns the documentation of a rule in Markdown, and its address.
	Rule func(name string) (doc, href string)
}

// Project is what is asked about files.
type Project interface {
	// Root is the absolute path of the project's root.
	Root() string
	// Check analyses the project, in which unsaved files, by their paths, stand for those on the disk.
	Check(ctx context.Context, unsaved map[string]*source.File) *Result
	// Changed says that files on the disk are others than before.
	Changed()
	Close() error
}

// Result is what there is to say about a project.
type Result struct {
	Findings []*finding.Finding
	Verdicts []Verdict
	// Comment returns how a comment is written in a file: what stands before its text and what behind; false where the file has
	// none.
	Comment func(path string) (before, after string, ok bool)
}

// Verdict is what the layers make of an endpoint, shown beside the place that declares it.
type Verdict struct {
	Span  source.Span
	Label string // a few words
	Text  string // Markdown: the effective policy
}
