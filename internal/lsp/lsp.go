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
	// Open opens the project that a directory belongs to. Where nothing on the disk says which that is, it is all of the folder
	// that the editor has open; "" where the directory lies in none.
	Open func(dir, folder string) (Project, error)
	// Rule returns the documentation of a rule in Markdown, and its address.
	Rule func(name string) (doc, href string)
}

// Project is what is asked about files.
type Project interface {
	// Root is the absolute path of the project's root, without symbolic links.
	Root() string
	// Check analyses the project, in which unsaved files, by their paths, stand for those on the disk. The result of a run that
	// is cancelled is of no interest.
	Check(ctx context.Context, unsaved map[string]*source.File) *Result
	// Changed says that files on the disk are others than before. The error is for the user; the project stays as it was.
	Changed() error
	Close() error
}

// Result is what there is to say about a project.
type Result struct {
	Findings []*finding.Finding
	Verdicts []Verdict
	// Fixes returns the fixes of each of some findings, which may take a while. It is safe for concurrent use.
	Fixes func(ctx context.Context, of []*finding.Finding) [][]finding.Fix
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
