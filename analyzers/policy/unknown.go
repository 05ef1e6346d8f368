package policy

import (
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// Unknown is a question whose answer the configuration does not hold. Kind and Subject are its identity: within an
// exchange the same question has one answer.
type Unknown struct {
	Kind    UnknownKind
	Subject string // its input: a path, a variable's name, an upstream
	Span    source.Span
}

// UnknownKind is the question an [Unknown] asks.
type UnknownKind string

// The questions.
const (
	UnknownFile        UnknownKind = "file-exists"       // does the file Subject exist
	UnknownDirectory   UnknownKind = "directory-exists"  // does the directory Subject exist
	UnknownUpstream    UnknownKind = "upstream"          // what does the upstream Subject send
	UnknownVariable    UnknownKind = "variable"          // what is the value of the variable Subject
	UnknownPlaceholder UnknownKind = "placeholder"       // what does the template put in place of Subject
	UnknownCondition   UnknownKind = "condition"         // does the condition Subject hold
	UnknownModule      UnknownKind = "module"            // what does the module behind the directive Subject do
	UnknownClient      UnknownKind = "client"            // is the client one that Subject names (an address, a certificate)
	UnknownSilent      UnknownKind = "upstream-silent"   // does the upstream Subject send no CORS headers of its own
	UnknownOptions     UnknownKind = "upstream-options"  // does the upstream Subject answer OPTIONS with 200
	UnknownHeader      UnknownKind = "upstream-header"   // Subject is an upstream and a header name: does the one send the other
	UnknownTLS         UnknownKind = "tls-in-front"      // does something in front of Subject terminate TLS
	UnknownCached      UnknownKind = "cached"            // does a cache hand out a copy of the answer at the URL Subject
	UnknownIdentity    UnknownKind = "identity"          // "A is B": is who answers at the address A the layer B
	UnknownEnvironment UnknownKind = "environment"       // is the environment of the process the one that Subject names
	UnknownPasses      UnknownKind = "passes"            // does the middleware Subject hand the request on and set no CORS header
	UnknownLimit       UnknownKind = "too-many-outcomes" // the answer depends on more than corslint follows
)

// Same reports whether both are the same question.
func (u Unknown) Same(v Unknown) bool { return u.Kind == v.Kind && u.Subject == v.Subject }

// String states the question's positive answer.
func (u Unknown) String() string { return u.sentence(true) }

func (u Unknown) sentence(holds bool) string {
	pick := func(yes, no string) string {
		if holds {
			return yes
		}
		return no
	}
	switch u.Kind {
	case UnknownFile:
		return "the file " + u.Subject + pick(" exists", " does not exist")
	case UnknownDirectory:
		return u.Subject + pick(" is a directory", " is not a directory")
	case UnknownUpstream:
		return pick("what ", "not what ") + u.Subject + " sends"
	case UnknownVariable, UnknownPlaceholder:
		return pick("the value of ", "another value of ") + u.Subject
	case UnknownCondition:
		return u.Subject + pick(" holds", " does not hold")
	case UnknownIdentity:
		return pick("", "not: ") + u.Subject
	case UnknownModule:
		return pick("what ", "not what ") + u.Subject + " does"
	case UnknownClient:
		return "the client " + pick("is ", "is not ") + u.Subject
	case UnknownSilent:
		return u.Subject + pick(" sends no CORS headers of its own", " sends CORS headers of its own")
	case UnknownOptions:
		return u.Subject + pick(" answers OPTIONS with 200", " does not answer OPTIONS with 200")
	case UnknownHeader:
		upstream, header, _ := strings.Cut(u.Subject, " ")
		return upstream + pick(" sends ", " does not send ") + header
	case UnknownTLS:
		return pick("TLS in front of ", "no TLS in front of ") + u.Subject
	case UnknownCached:
		return pick("a cache hands out a copy of ", "no cache hands out a copy of ") + u.Subject
	case UnknownEnvironment:
		name := u.Subject
		if name == "" {
			name = "no environment variable is set"
		}
		return pick(name, "not: "+name)
	case UnknownPasses:
		return u.Subject + pick(" hands the request on", " does not hand the request on")
	case UnknownLimit:
		return "the answer depends on more than corslint follows"
	}
	return u.Subject
}

// Assumption is an unknown with an answer that an outcome takes for granted.
type Assumption struct {
	Unknown
	Holds bool
}

func (a Assumption) String() string { return a.sentence(a.Holds) }

// Value is the value of a header or variable: text, with unknown parts in it where something decides that corslint
// cannot know. The zero Value is the empty text.
type Value struct {
	text  string
	parts []Part // nil: text is all of it
}

// Part is a piece of a [Value]: literal text, or an unknown.
type Part struct {
	Text    string
	Unknown *Unknown
}

// Literal returns a value that is known.
func Literal(text string) Value { return Value{text: text} }

// UnknownValue returns a value of which nothing is known.
func UnknownValue(u Unknown) Value { return Value{parts: []Part{{Unknown: &u}}} }

// Known returns the text of a value that has no unknown part.
func (v Value) Known() (string, bool) { return v.text, v.parts == nil }

// Parts returns the value's parts in order.
func (v Value) Parts() []Part {
	if v.parts != nil {
		return v.parts
	}
	if v.text == "" {
		return nil
	}
	return []Part{{Text: v.text}}
}

// size is about how many bytes the value takes.
func (v Value) size() int {
	n := len(v.text)
	for _, p := range v.parts {
		n += len(p.Text) + 16
	}
	return n
}

// Unknown returns the first unknown of the value, nil when it is known.
func (v Value) Unknown() *Unknown {
	for _, p := range v.parts {
		if p.Unknown != nil {
			return p.Unknown
		}
	}
	return nil
}

// Join returns the values one after another.
func Join(values ...Value) Value {
	known := true
	for _, v := range values {
		known = known && v.parts == nil
	}
	if known {
		var b strings.Builder
		for _, v := range values {
			b.WriteString(v.text)
		}
		return Literal(b.String())
	}
	var parts []Part
	for _, v := range values {
		for _, p := range v.Parts() {
			if last := len(parts) - 1; p.Unknown == nil && last >= 0 && parts[last].Unknown == nil {
				parts[last].Text += p.Text
			} else {
				parts = append(parts, p)
			}
		}
	}
	return Value{parts: parts}
}

// String shows the value to people, an unknown part as ‹its subject›.
func (v Value) String() string {
	if v.parts == nil {
		return v.text
	}
	var b strings.Builder
	for _, p := range v.parts {
		if p.Unknown != nil {
			b.WriteString("‹" + p.Unknown.Subject + "›")
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}
