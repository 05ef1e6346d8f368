package policy

import (
	"sync"

	"github.com/corslint/corslint/internal/source"
)

// Program says as data what a layer answers: a request part that ends in an answer or hands the request on, and a
// response part that edits the headers of whatever answer came. Dialects are lowered to it by their parsers; [Program.Answer]
// evaluates it and [Program.String] prints it.
type Program struct {
	Blocks []Block
	// Entry is the block that a request enters first, BadRequest the one for a path that cannot be read (-1: none).
	Entry, BadRequest int
	Vars              []Var
	Paths             PathRules
	// Exists answers UnknownFile and UnknownDirectory where the files are known; nil: they are not.
	Exists func(kind UnknownKind, path string) (exists, known bool)

	pool sync.Pool // of *run
}

// Block is a place that can answer: its Request steps run until one answers or jumps; its Response steps run on an
// answer that was given while the request was in the block.
type Block struct {
	Name     string
	Span     source.Span
	Request  []Step
	Response []Step
}

// Var is a variable. One with a definition is computed when it is first read and keeps its value; another one starts
// with Initial.
type Var struct {
	Name    string
	Define  Expr // nil: only [Set] and captures give it a value
	Initial Value
}

// PathRules says how a layer reads the path of a request before it looks at it.
type PathRules struct {
	Decode       bool // percent-decoding, and "." and ".." resolved
	MergeSlashes bool // "//" is "/"
}

// Step is one instruction of a [Program]. The request part knows If, Set, Edit, Respond, Forward, Jump, Lose and OpenHeaders; the
// response part all but Respond, Forward and Edit.
type Step interface{ step() }

type (
	// If runs Then or Else. A condition that is not known forks the answer.
	If struct {
		Cond Cond
		Then []Step
		Else []Step
		Span source.Span
	}
	// Set gives a variable a value.
	Set struct {
		Var   int
		Value Expr
		Span  source.Span
	}
	// Edit changes the request as the following steps and the next layer see it; a nil part stays.
	Edit struct {
		Method, Path, Query Expr
		Host                Expr
		NoHeaders           bool // the request's headers were not read
	}
	// Respond answers. Close closes the connection without an answer.
	Respond struct {
		Status  int
		Headers []Line
		Close   bool
		Span    source.Span
	}
	// Forward hands the request on and goes on with the answer: Receive edits it before anything else sees it.
	Forward struct {
		To      Upstream
		Path    Expr // nil: as the client sent it; what stands after a "?" in it is the query
		Query   Expr // nil: the request's; of no account where Path has one
		Headers []Line
		Receive []Step
		// Unreachable is the status when nobody answers there.
		Unreachable int
	}
	// Subrequest asks the program itself, with GET and the path, and puts the status into a variable: "" when it is not known.
	Subrequest struct {
		Path Expr
		Var  int
		Flag int // a variable that is "1" in the subrequest
	}
	// Jump continues in another block. Internal redirects are counted: after ten the layer answers 500.
	Jump struct {
		Block    int
		Internal bool
		Span     source.Span
	}
	// EditHeader changes the headers of the answer.
	EditHeader struct {
		Op    HeaderOp
		Name  string // lower-case letters mean nothing here; names compare without case. Remove takes a trailing "*"
		Value Expr   // nil for Remove
		Span  source.Span
		// UpstreamOnly: concerns only headers that the upstream sent.
		UpstreamOnly bool
		// Why and By: how a header that is removed here got lost, and what did it (By zero: Span).
		Why LostWhy
		By  source.Span
	}
	// SetStatus replaces the status of the answer.
	SetStatus struct{ Value Expr }
	// Lose records a header that the configuration wrote and that this answer does not carry.
	Lose struct {
		Name   string
		Value  Expr
		At, By source.Span
		Why    LostWhy
		// FromBranch is that of the [Lost].
		FromBranch bool
	}
	// OpenHeaders says that the answer may carry headers that nobody here knows.
	OpenHeaders struct{ Unknown Unknown }
)

func (If) step()          {}
func (Set) step()         {}
func (Edit) step()        {}
func (Respond) step()     {}
func (Forward) step()     {}
func (Subrequest) step()  {}
func (Jump) step()        {}
func (EditHeader) step()  {}
func (SetStatus) step()   {}
func (Lose) step()        {}
func (OpenHeaders) step() {}

// Line is a header line to be sent; an empty value sends nothing.
type Line struct {
	Name  string
	Value Expr
	Span  source.Span
}

// HeaderOp is what an [EditHeader] does. With an empty value Add and Default do nothing, and Replace removes.
type HeaderOp uint8

// The header operations.
const (
	Add     HeaderOp = iota + 1 // one more line
	First                       // one more line, before all others
	Replace                     // the only line of that name
	Default                     // a line unless there is one
	Merge                       // a value appended to the list in the line, unless it is in it
	Rewrite                     // the value of the first line of that name; nothing when there is none
	Remove
)

// Cond is a condition.
type Cond interface{ cond() }

type (
	// Equal compares a value with a text.
	Equal struct {
		Of       Expr
		Text     string
		FoldCase bool
	}
	// OneOf compares a value with several texts, or the texts' prefixes.
	OneOf struct {
		Of    Expr
		Texts []string
	}
	// HasPrefix tests how a value begins.
	HasPrefix struct {
		Of   Expr
		Text string
	}
	// HasSuffix tests how a value ends.
	HasSuffix struct {
		Of   Expr
		Text string
	}
	// Matches searches a value for a pattern. A match binds the captures, and the variables that Named gives by capture
	// number; a failed one clears the numbered captures, unless Keeps is set.
	Matches struct {
		Of      Expr
		Pattern *Pattern
		Named   map[int]int
		Keeps   bool
	}
	// Same compares two values.
	Same struct{ A, B Expr }
	// StatusIn tests the answer's status.
	StatusIn struct{ Statuses []int }
	// FromUpstream holds when an upstream gave the answer.
	FromUpstream struct{}
	// HasHeader tests whether the answer has a header of that name.
	HasHeader struct {
		Name string
		// OnlyKnown: a header that an unknown upstream may have sent does not count.
		OnlyKnown bool
	}
	// Not negates.
	Not struct{ Cond Cond }
	// All holds when every condition does, and evaluates no further than needed.
	All []Cond
	// Meets holds when the request meets the circumstance; of UpstreamStatus, when Statuses are given, only with one of them.
	Meets struct {
		Kind     CircumstanceKind
		Statuses []int
	}
	// Ask is not known. Subject, when given, is appended to the unknown's own.
	Ask struct {
		Unknown Unknown
		Subject Expr
	}
)

func (Equal) cond()        {}
func (OneOf) cond()        {}
func (HasPrefix) cond()    {}
func (HasSuffix) cond()    {}
func (Matches) cond()      {}
func (Same) cond()         {}
func (StatusIn) cond()     {}
func (FromUpstream) cond() {}
func (HasHeader) cond()    {}
func (Not) cond()          {}
func (All) cond()          {}
func (Meets) cond()        {}
func (Ask) cond()          {}

// Expr is an expression over the request, the variables and the answer.
type Expr interface{ expr() }

type (
	// Text is a literal.
	Text string
	// RequestHeader is the value of a request header, "" when it is missing. Name is lower-case. With Join several lines
	// are one value, separated by commas; otherwise the first line counts.
	RequestHeader struct {
		Name string
		Join bool
	}
	// RequestPart is a part of the request line or of the connection.
	RequestPart uint8
	// Arg is a query parameter.
	Arg string
	// Cookie is a request cookie.
	Cookie string
	// Variable is an element of [Program.Vars].
	Variable int
	// Capture is a capture of the last match.
	Capture int
	// Concat joins its parts.
	Concat []Expr
	// Lookup is what a table gives for a key.
	Lookup struct {
		Table *Table
		Key   Expr
	}
	// Trim is the value without its first N bytes.
	Trim struct {
		Of Expr
		N  int
	}
	// Swap is the value with To in the place of From at its beginning; "" when it does not begin with From.
	Swap struct{ Of, From, To Expr }
	// Escaped is a path with percent-escapes for what may not stand in one, but for the bytes in Keep.
	Escaped struct {
		Of   Expr
		Keep string
	}
	// ResponseHeader is the value of a header of the answer; "" when it is missing.
	ResponseHeader struct{ Name string }
	// ResponseStatus is the answer's status.
	ResponseStatus struct{}
	// UnknownExpr is not known.
	UnknownExpr struct{ Unknown Unknown }
)

func (Text) expr()           {}
func (RequestHeader) expr()  {}
func (RequestPart) expr()    {}
func (Arg) expr()            {}
func (Cookie) expr()         {}
func (Variable) expr()       {}
func (Capture) expr()        {}
func (Concat) expr()         {}
func (Lookup) expr()         {}
func (Trim) expr()           {}
func (Swap) expr()           {}
func (Escaped) expr()        {}
func (ResponseHeader) expr() {}
func (ResponseStatus) expr() {}
func (UnknownExpr) expr()    {}

// Parts of the request.
const (
	Method     RequestPart = iota + 1
	Path                   // as the layer reads it (see PathRules), and as Edit left it
	Query                  // without "?"
	Target                 // path and query as the client sent them
	SentPath               // the path of them
	Scheme                 // "http" or "https"
	HostName               // without port, lower-case
	Port                   // of the connection
	PortSuffix             // ":" and the port, "" for the scheme's own
)

// Table gives a value for a key: exact keys first, then prefixes and suffixes, the longest first, then patterns in order.
type Table struct {
	Name string // for people: "map $cors"
	Span source.Span
	// Exact is keyed by the text, lower-case with FoldCase.
	Exact    map[string]*Entry
	FoldCase bool
	Prefixes []TextEntry // the longest first
	Suffixes []TextEntry // the longest first
	Patterns []PatternEntry
	// SkipEmpty: an empty key is compared with no pattern.
	SkipEmpty bool
	Default   *Entry // nil: ""
}

// Entry is a row of a [Table].
type Entry struct {
	Value Expr
	Span  source.Span
}

// TextEntry is a row that a prefix or suffix of the key selects.
type TextEntry struct {
	Text string
	Entry
}

// PatternEntry is a row that a pattern selects.
type PatternEntry struct {
	Pattern *Pattern
	Named   map[int]int // variables by capture number
	Entry
}
