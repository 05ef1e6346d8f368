// Package parsers is the contract between the engine and the dialects: text in, hosts of the policy model out. Each
// dialect is one folder below this one; a parser knows no rule, and imports only policy and contract, the machinery under
// internal and this package.
package parsers

import (
	"context"
	"errors"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

// Dialect reads one kind of configuration.
type Dialect interface {
	// Name is the dialect's name in reports and in the configuration: "nginx".
	Name() string
	// Candidate reports from its path alone whether a file may be of this dialect. It is asked for every path of a tree.
	Candidate(path string) bool
	// Reader returns a reader for the files of one tree.
	Reader(files Files) Reader
}

// Reader reads the files of one tree. Its methods are safe for concurrent use.
type Reader interface {
	// Scan looks at one file and says whether it is of the dialect and which other files it includes. It reads no
	// other file.
	Scan(f *source.File) (Unit, bool)
	// Load reads a unit that nothing else includes, with all that it includes, and lowers it.
	Load(ctx context.Context, u Unit) Result
}

// Editor is what a [Dialect] implements whose files can be repaired.
type Editor interface {
	// Edit returns the edits that do a step of a repair in the file that its place is in. They keep comments, quotes,
	// indentation and line ends as they are there. It reports false for a file that is not the dialect's, for one that is
	// not itself what runs (a template, say), and for a step that cannot be done there.
	Edit(s repair.Step) (source.Edits, bool)
}

// Files is what a parser may read: the regular files below the root, and nothing else.
type Files interface {
	// Open returns a file by its slash-separated path relative to the root. The error says in a few words why it
	// cannot be read.
	Open(path string) (*source.File, error)
	// Has reports whether the root holds a regular file of that path.
	Has(path string) bool
	// Paths returns all paths below a directory ("" for the root), sorted; the caller must not change it.
	Paths(dir string) []string
	// WithSuffix returns the paths that end with the given path, at a separator, sorted.
	WithSuffix(path string) []string
}

// Disk is what a [Files] implements whose root lies on this machine's disk: it says what is at an absolute path, when
// that is below the root.
type Disk interface {
	Exists(abs string) (file, directory, known bool)
}

// Function is code that a template deploys to answer requests.
type Function struct {
	Name     string // in the template
	Template string // path of the template, whose environment the function has
	// Module is the path of the module below the root, without an extension; Export the function that it exports.
	Module, Export string
	// Payload is the version of the events that it is called with: "1.0" or "2.0".
	Payload string
	Span    source.Span // where the template names the code
}

// Functions reads the code of functions. It is safe for concurrent use.
type Functions interface {
	// Function returns a host with one layer, which answers as the function does; one without layers where there is only a
	// gap to state, and none where the code is not here.
	Function(ctx context.Context, f Function) Result
}

// Unit is a file that a dialect recognised. It does not hold the file: a tree has many.
type Unit struct {
	Path     string
	Includes []string // paths of the files it includes, as far as they exist
	// Describes: it says what others are to answer.
	Describes bool
}

// Result is what a parser made of a unit.
type Result struct {
	Hosts    []*policy.Host
	Needs    []contract.Need // what clients of the described servers must be able to do
	Gaps     []policy.Gap    // that are no host's
	Problems []Problem
	Comments []Comment      // of all files that were read, where suppressions may stand
	Files    []*source.File // all files that were read, the unit's own first
	// Entries are the files among them that are programs of their own, which stand behind this unit: no dialect that comes
	// later reads them on their own.
	Entries []string
	// Done, where there is one, gives back what answering for the hosts keeps, such as a process. They can be asked later, too,
	// and take longer then.
	Done func()
}

// Release says that nobody is going to ask the hosts soon.
func (r *Result) Release() {
	if r.Done != nil {
		r.Done()
	}
}

// Problem is something wrong with a file itself.
type Problem struct {
	Kind ProblemKind
	Span source.Span
	Text string
	// Refuser is who refuses what is Rejected when it is deployed; "" is the server itself, when it starts.
	Refuser string
}

// ProblemKind says what is wrong.
type ProblemKind uint8

// ErrUnreadable is what the error of opening a file is, by [errors.Is], where the file says something about CORS in a way in
// which no server reads it either: whoever hears nothing would take that for a good sign.
var ErrUnreadable = errors.New("unreadable")

// The kinds of problem.
const (
	Unreadable  ProblemKind = iota + 1 // the file cannot be read; what could be read still is
	Rejected                           // readable, but the server itself would refuse it
	Skipped                            // over a limit
	BadContract                        // what a contract declares is not there
	BadRoute                           // a path pattern that the framework refuses: the application does not start
)

// Comment is a comment of a file.
type Comment struct {
	Span source.Span
	Text string // without the marks that make it a comment
	// Governs is the statement that a comment on a line of its own stands before, or the block around a comment at its
	// start; zero when it stands behind something on its line.
	Governs source.Span
}
