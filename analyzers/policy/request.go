package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// Request is an HTTP request as a layer receives it.
type Request struct {
	Method string
	Scheme string // "http" or "https"
	Host   string // without port
	Port   int
	Path   string // as sent, percent-encoded, without query
	Query  string // as sent, without "?"
	// EmptyQuery: there is a "?" and nothing after it.
	EmptyQuery bool
	// Headers in wire order.
	Headers       []Field
	Circumstances []Circumstance
	// Assume holds what earlier answers of the same exchange took for granted about unknowns.
	Assume []Assumption
}

// Field is a request header line.
type Field struct{ Name, Value string }

// Header returns the value of the first header line of that name, in any case, and whether there is one.
func (r *Request) Header(name string) (string, bool) {
	for i := range r.Headers {
		if strings.EqualFold(r.Headers[i].Name, name) {
			return r.Headers[i].Value, true
		}
	}
	return "", false
}

// Circumstance is something that may befall a request. An ordinary request has none.
type Circumstance struct {
	Kind   CircumstanceKind
	Status int // of UpstreamStatus
}

// CircumstanceKind names a [Circumstance].
type CircumstanceKind string

// The circumstances.
const (
	CredentialsRejected CircumstanceKind = "credentials-rejected" // whoever checks credentials refuses the request's
	UpstreamDown        CircumstanceKind = "upstream-down"        // nobody answers where the request is forwarded to
	UpstreamStatus      CircumstanceKind = "upstream-status"      // the unknown upstream answers with this status
	BodyTooLarge        CircumstanceKind = "body-too-large"
	Throttled           CircumstanceKind = "throttled"
	HandlerThrows       CircumstanceKind = "handler-throws"
	CallFails           CircumstanceKind = "call-fails" // what the program itself waits for fails: a database, a service
	FileMissing         CircumstanceKind = "file-missing"
)

func (c Circumstance) String() string {
	if c.Kind == UpstreamStatus {
		return fmt.Sprintf("%s %d", c.Kind, c.Status)
	}
	return string(c.Kind)
}

// ParseCircumstance reads what [Circumstance.String] writes.
func ParseCircumstance(text string) (Circumstance, error) {
	kind, arg, _ := strings.Cut(text, " ")
	switch k := CircumstanceKind(kind); k {
	case UpstreamStatus:
		status, err := strconv.Atoi(arg)
		if err != nil || status < 100 || status > 599 {
			return Circumstance{}, fmt.Errorf("circumstance %q: want %q and a status from 100 to 599", text, kind+" N")
		}
		return Circumstance{Kind: k, Status: status}, nil
	case CredentialsRejected, UpstreamDown, BodyTooLarge, Throttled, HandlerThrows, CallFails, FileMissing:
		if arg == "" {
			return Circumstance{Kind: k}, nil
		}
	}
	return Circumstance{}, fmt.Errorf("unknown circumstance %q", text)
}

// Has reports whether the request meets that circumstance, and its status.
func (r *Request) Has(kind CircumstanceKind) (Circumstance, bool) {
	for _, c := range r.Circumstances {
		if c.Kind == kind {
			return c, true
		}
	}
	return Circumstance{}, false
}

// Outcome is one possible answer to one request.
type Outcome struct {
	// Status is 0 when the connection was closed without an answer, or, with Open set, when it is not known.
	Status  int
	Headers []Header // in wire order, duplicates included
	// Open is set when further headers may be there that nobody here knows: an unknown upstream answered, or part of the
	// configuration is a template's. It says who decides.
	Open *Unknown
	// Fixed names, in lower case, the headers of an open outcome that are exactly those in Headers: a step removed
	// whatever the upstream may have sent under that name. A "*" at the end stands for every ending.
	Fixed []string
	// Upstream says who was asked, when the layer did not answer itself.
	Upstream *Upstream
	// By names the layer that gave the answer where another one of the chain did, as [Header.By] does.
	By       string
	Lost     []Lost
	Assuming []Assumption
	// Trail holds the places that decided about the answer, in order: the branch taken, the entry chosen, the answer itself.
	Trail []source.Span
}

// Header is a response header line.
type Header struct {
	Name  string
	Value Value
	// Sources are the places that had a part in it: the directive first, then where its value came from.
	Sources []source.Span
	// Upstream is set on headers that came from the answer of an upstream.
	Upstream bool
	// By names the layer that wrote it where another one of the chain did: "express orders/server.js".
	By string
}

// Get returns the first header line of that name, in any case.
func (o *Outcome) Get(name string) (Header, bool) {
	for _, h := range o.Headers {
		if strings.EqualFold(h.Name, name) {
			return h, true
		}
	}
	return Header{}, false
}

// MayHave reports whether the outcome has, or may have, a header of that name.
func (o *Outcome) MayHave(name string) bool {
	if _, ok := o.Get(name); ok {
		return true
	}
	return o.Open != nil && !o.Fixes(name)
}

// Fixes reports whether Headers says all about the headers of that name.
func (o *Outcome) Fixes(name string) bool {
	name = strings.ToLower(name)
	return o.Open == nil || slices.ContainsFunc(o.Fixed, func(fixed string) bool {
		prefix, wild := strings.CutSuffix(fixed, "*")
		return fixed == name || wild && strings.HasPrefix(name, prefix)
	})
}

// Lost is a header that the configuration wrote for this very response and that is not sent.
type Lost struct {
	Header string
	Value  Value
	At     source.Span // where it is written
	By     source.Span // what takes it away
	Why    LostWhy
	// FromBranch: it is written in a branch that was taken too, before the one that took the response over.
	FromBranch bool
}

// LostWhy says how a header was lost.
type LostWhy string

// The ways in which a header gets lost.
const (
	Shadowed   LostWhy = "shadowed"    // an inner level has headers of its own, which replace the outer ones
	IfSwitched LostWhy = "if-switched" // a true if took the response over
	NotAlways  LostWhy = "not-always"  // not added to responses of this status
	HandedOff  LostWhy = "handed-off"  // an internal redirect went on in another place, whose headers are used
	Hidden     LostWhy = "hidden"      // the proxy removes it from the upstream's answer
	Cleared    LostWhy = "cleared"     // removed by name
	Overridden LostWhy = "overridden"  // replaced by another value
	Unmapped   LostWhy = "unmapped"    // declared for the response, and given no value
	NotReached LostWhy = "not-reached" // the response was sent before the code that writes it, registered at At, had its turn
	Failed     LostWhy = "failed"      // what was to send it fails
)
