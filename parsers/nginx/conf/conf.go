// Package conf reads nginx configuration files: bytes to a tree of directives in which every word has its exact place.
//
// What a word is, and whether a file is lexically valid, is decided by a port of nginx's own token reader
// (ngx_conf_read_token in src/core/ngx_conf_file.c), because it is nginx's answer that corslint predicts. The tree is
// made of gonginx's config types: a [Directive] embeds config.Directive and adds the spans that gonginx does not have,
// so gonginx's search works on it. gonginx's lexer is never used: it drops the rest of a file after a stray brace,
// misreads escaped backslashes before a closing quote, and overflows the stack on deep nesting.
//
// Reading has steps, each a function, each total and bounded:
//
//	Recognise  is this nginx at all, and which context does a fragment belong to
//	Read       bytes → tree, lexical errors, template tags
//	Resolve    include directives → trees of the included files
//	Check      context and arity, as nginx -t would refuse them
//
// The package imports internal/source and gonginx's config, and knows nothing of CORS.
package conf

import (
	"github.com/corslint/corslint/internal/source"
)

// Limits of one tree. nginx has none of them but the word length; they keep hostile input cheap.
const (
	maxFileSize     = 16 << 20 // bytes of one file, and of all the files of one tree
	maxDepth        = 1000     // nested blocks of one file
	maxIncludeDepth = 32       // files between the main file and an included one
	maxFiles        = 2000     // files of one tree, one for each include that reaches them
	maxProblems     = 1000     // problems kept of one file
)

// ProblemKind says who would complain of a problem.
type ProblemKind int

// The kinds of problem.
const (
	ParseError  ProblemKind = iota + 1 // nginx cannot split the file into directives; what follows was not read
	Rejected                           // nginx reads the directive and refuses to start with it
	Suspicious                         // nginx accepts it with another meaning than it seems to have
	Gap                                // something that this package could not read or find, and nginx perhaps can
	LimitPassed                        // a limit of this package was reached; what follows was not read
)

func (k ProblemKind) String() string {
	switch k {
	case ParseError:
		return "parse error"
	case Rejected:
		return "rejected"
	case Suspicious:
		return "suspicious"
	case Gap:
		return "gap"
	case LimitPassed:
		return "limit"
	}
	return "unknown"
}

// Problem is something wrong at one place of a file.
type Problem struct {
	Kind ProblemKind
	Span source.Span
	Text string // for ParseError and Rejected nginx's own words, without its file and line

	// Hint says what is probably meant, "" if nothing is known; HintSpan is the place to look at for it.
	Hint     string
	HintSpan source.Span
}

// Comment is a comment of a file, from its # to the end of its line.
type Comment struct {
	Span source.Span
	Text string // without the # and the space around
}
