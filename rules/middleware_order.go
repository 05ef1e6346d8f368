package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// This file holds what the rules share about middleware that comes too late: the response was sent before it had its turn.

// tooLate returns the header that failing answers would have had from middleware that was not reached, and who answered
// before it.
func tooLate(f *probe.Failure) (policy.Lost, bool) {
	if f.Answer == nil {
		return policy.Lost{}, false
	}
	for _, name := range [...]string{allowOrigin, f.Header} { // that of another origin would not even be lost
		if l, ok := f.Lost(name); ok && l.Why == policy.NotReached && !l.By.IsZero() {
			return l, true
		}
	}
	return policy.Lost{}, false
}

// refusedBefore reports whether somebody asked for credentials before the middleware had its turn.
func refusedBefore(f *probe.Failure) bool {
	_, ok := tooLate(f)
	return ok && (f.Answer.Status == 401 || f.Answer.Status == 403)
}

// calls is the beginning of a call.
var calls = regexp.MustCompile(`^[\w$.]+\(`)

// nameOf is what a place calls what it registers: the word, when it is one, or the call without what it is given.
func nameOf(s source.Span) string {
	text := s.Text()
	if call := calls.FindString(text); call != "" && text != call+")" {
		text = call + "…)"
	}
	if len(text) > 40 || strings.ContainsAny(text, " \n{=>") {
		return "this middleware"
	}
	return text
}

// answeredBefore are the places that answer before the middleware has its turn, in their order, and the report's related places.
func answeredBefore(failures []*probe.Failure) (spans []source.Span, related []finding.Related) {
	for _, f := range failures {
		if l, ok := tooLate(f); ok && !contains(spans, l.By) {
			spans = append(spans, l.By)
		}
	}
	slices.SortFunc(spans, source.Compare)
	for _, s := range spans {
		related = append(related, finding.Related{Span: s, Text: "answers before it"})
	}
	return spans, related
}

// lateLines are the places of the middleware that comes too late, and the report's related places.
func lateLines(failures []*probe.Failure) (spans []source.Span, related []finding.Related) {
	for _, f := range failures {
		if l, ok := tooLate(f); ok && !contains(spans, l.At) {
			spans = append(spans, l.At)
			related = append(related, finding.Related{Span: l.At, Text: "comes too late"})
		}
	}
	return spans, related
}
