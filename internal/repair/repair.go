// Package repair holds the words in which rules and dialects speak about repairing a configuration. A rule knows what has to
// change and nothing of a dialect's syntax: it states steps. A dialect turns a step into edits of its files, and knows nothing
// of rules. The package imports only source.
package repair

import "github.com/corslint/corslint/internal/source"

// Repair is one way to repair what a rule found.
type Repair struct {
	Title string // imperative, as a button says it: "send it with errors too"
	// Unsafe says why somebody has to look at it, whatever a simulation says: "it changes the order of middleware". It is "" for
	// what lets in nobody who was not, and changes nothing that somebody may rely on.
	Unsafe string
	// GivesUp: what the finding proves to fail is not to go well, but no longer to be meant.
	GivesUp bool
	Steps   []Step
}

// Step is one change. A place of a step is a span that a dialect gave: where a directive, a header line or a value stands.
type Step interface {
	// Place is where the step changes something; the file it is in is the only one that it changes.
	Place() source.Span
}

type (
	// Replace puts another text in the place of one inside a literal.
	Replace struct {
		At   source.Span
		Text string
	}
	// AddToList adds names to the list that a literal holds.
	AddToList struct {
		At    source.Span
		Names []string
	}
	// Rewrite changes a regular expression: New is Old with characters put in between.
	Rewrite struct {
		At       source.Span
		Old, New string
	}
	// SendAlways sends the header that At writes with every status.
	SendAlways struct{ At source.Span }
	// Repeat writes the headers of Lines once more, beside the header that Beside writes or for what it answers; Always: with
	// every status.
	Repeat struct {
		Beside source.Span
		Lines  []source.Span
		Always bool
	}
	// Inherit makes the level that At stands in send the headers of the levels around it, too.
	Inherit struct{ At source.Span }
	// SetValue gives the header that At writes a value, whatever it was made of.
	SetValue struct {
		At    source.Span
		Value string
	}
	// SetHeader writes a header beside the one that Beside writes, for the same responses; Outside: for those, too, that the
	// condition around it does not hold for.
	SetHeader struct {
		Beside      source.Span
		Name, Value string
		Outside     bool
	}
	// Remove takes out the directive, statement or list element that At starts.
	Remove struct{ At source.Span }
	// HideUpstream keeps a header of the upstream from the answers to which At adds one of its own.
	HideUpstream struct {
		At     source.Span
		Header string
	}
	// AnswerPreflight answers preflights where At stands, with the headers of Lines and further ones.
	AnswerPreflight struct {
		At      source.Span
		Lines   []source.Span
		Headers [][2]string
	}
	// ChooseOrigin makes the header that At writes name the one of some origins that asks, and answers differ by Origin.
	ChooseOrigin struct {
		At      source.Span
		Origins []string
	}
	// FreePreflight lets preflights pass where At says that requests have to authenticate.
	FreePreflight struct{ At source.Span }
	// ReadAsText has what answers preflights where At stands read their body as text.
	ReadAsText struct{ At source.Span }
	// SetOwnErrors gives the errors that a gateway answers itself headers, beside its policy for the others, in which At stands.
	SetOwnErrors struct {
		At      source.Span
		Headers [][2]string
	}
	// Refuse has the callback that At calls say no, where it throws now.
	Refuse struct{ At source.Span }
	// MoveBefore moves the statement that At starts before the one that Before starts.
	MoveBefore struct{ At, Before source.Span }
)

// Place returns the text.
func (s Replace) Place() source.Span { return s.At }

// Place returns the list.
func (s AddToList) Place() source.Span { return s.At }

// Place returns the expression.
func (s Rewrite) Place() source.Span { return s.At }

// Place returns the header.
func (s SendAlways) Place() source.Span { return s.At }

// Place returns what others are repeated beside.
func (s Repeat) Place() source.Span { return s.Beside }

// Place returns what stands in the level.
func (s Inherit) Place() source.Span { return s.At }

// Place returns the header.
func (s SetValue) Place() source.Span { return s.At }

// Place returns the header beside which another one is written.
func (s SetHeader) Place() source.Span { return s.Beside }

// Place returns what is taken out.
func (s Remove) Place() source.Span { return s.At }

// Place returns the header that is added.
func (s HideUpstream) Place() source.Span { return s.At }

// Place returns what answers preflights now.
func (s AnswerPreflight) Place() source.Span { return s.At }

// Place returns the header.
func (s ChooseOrigin) Place() source.Span { return s.At }

// Place returns what asks for credentials.
func (s FreePreflight) Place() source.Span { return s.At }

// Place returns what answers preflights.
func (s ReadAsText) Place() source.Span { return s.At }

// Place returns what stands in the gateway's policy.
func (s SetOwnErrors) Place() source.Span { return s.At }

// Place returns the call.
func (s Refuse) Place() source.Span { return s.At }

// Place returns what is moved.
func (s MoveBefore) Place() source.Span { return s.At }
