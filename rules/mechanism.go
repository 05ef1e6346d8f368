package rules

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// This file holds what the rules about mechanisms share: headers that get lost, preflights that nobody answers.

// lostTexts are the words of a rule about lost headers; %s in because is the line that is lost, in change what is written
// there.
type lostTexts struct{ because, related, change string }

// reportLost reports the failures whose answer lost the very header that the check misses, in the way that the rule is
// about.
func reportLost(p *Pass, way func(policy.Lost) bool, texts lostTexts) {
	lost := func(f *probe.Failure) (policy.Lost, bool) {
		l, ok := f.Lost(f.Header)
		return l, ok && way(l)
	}
	place := func(f *probe.Failure) source.Span {
		if l, ok := lost(f); ok {
			return firstWord(l.By)
		}
		return source.Span{}
	}
	for _, g := range ByPlace(p.Failures(), place) {
		var related []finding.Related
		var headers []string
		var spans []source.Span
		for _, f := range g.Failures {
			if l, _ := lost(f); !slices.Contains(spans, l.At) {
				spans = append(spans, l.At)
				headers = append(headers, l.Header)
				related = append(related, finding.Related{Span: l.At, Text: texts.related})
			}
		}
		p.Report(Report{
			Finding: finding.Finding{
				Place:   g.Place,
				Message: lacks(g.Failures, g.Failures[0], headers),
				Because: fmt.Sprintf(texts.because, lines(spans, g.Place)),
				Change:  fmt.Sprintf(texts.change, written(spans)),
				Related: related,
			},
			Failures: g.Failures,
		})
	}
}

// preflightTexts are the words of a rule about preflights; message goes on after "PUT is never sent: ".
type preflightTexts struct{ message, because, change string }

// reportPreflights reports preflights that fail in a way, at the place that answered them.
func reportPreflights(p *Pass, way func(*probe.Failure) bool, texts func(*probe.Failure) preflightTexts) {
	place := func(f *probe.Failure) source.Span {
		if f.Phase != browser.PhasePreflight || f.Answer == nil || !way(f) || len(f.Answer.Trail) == 0 {
			return source.Span{}
		}
		return firstWord(f.Answer.Trail[len(f.Answer.Trail)-1])
	}
	for _, g := range ByPlace(p.Failures(), place) {
		t := texts(g.Failures[0])
		p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
			Place: g.Place, Message: neverSent(g.Failures, t.message),
			Because: t.because, Change: t.change,
		}})
	}
}

// neverSent says which requests a failing preflight stops: "PUT and DELETE are never sent: their preflight is answered 401".
func neverSent(failures []*probe.Failure, why string) string {
	text := requests(failures)
	verb, their := " is never sent: ", "its "
	if strings.Contains(text, " and ") {
		verb, their = " are never sent: ", "their "
	}
	if message := text + verb + their + why; len(message) <= maxMessage {
		return message
	}
	return short(requests(failures[:1])+" is never sent: its "+why, maxMessage)
}

// refused reports whether a preflight fails for its status.
func refused(f *probe.Failure) bool { return f.Reason == browser.PreflightInvalidStatus }

// unanswered reports whether a status says that nobody handles OPTIONS.
func unanswered(status int) bool { return slices.Contains([]int{403, 404, 405, 501}, status) }

// asksForCredentials reports whether a preflight fails because somebody wants to know who asks.
func asksForCredentials(f *probe.Failure) bool {
	if f.Phase != browser.PhasePreflight || f.Answer == nil || f.Answer.Status != 401 && f.Answer.Status != 403 {
		return false
	}
	if f.Answer.Status == 401 {
		return true
	}
	_, challenged := f.Answer.Get("WWW-Authenticate")
	return challenged
}

// unreadable says which error responses a page cannot read.
func unreadable(failures []*probe.Failure) string {
	var statuses []string
	for _, f := range failures {
		if status := f.Answer.Status; status != 0 && !slices.Contains(statuses, fmt.Sprint(status)) {
			statuses = append(statuses, fmt.Sprint(status))
		}
	}
	slices.Sort(statuses)
	text := listed(statuses, 6)
	if i := strings.LastIndex(text, " and "); i >= 0 {
		text = text[:i] + " or " + text[i+len(" and "):]
	}
	return short("the page cannot read "+text+": error responses lack Access-Control-Allow-Origin", maxMessage)
}

// errorPlace returns the header that an error response misses: the one that was not sent with this status, else the one
// that the endpoint sends otherwise.
func errorPlace(f *probe.Failure) source.Span {
	if f.Phase != browser.PhaseActual || f.Answer == nil || f.Answer.Status < 400 {
		return source.Span{}
	}
	if l, ok := f.Lost(f.Header); ok {
		if l.Why != policy.NotAlways {
			return source.Span{} // another rule's
		}
		return firstWord(l.At)
	}
	for _, w := range f.Endpoint.Intent.Written["Access-Control-Allow-Origin"] {
		if !w.Lost && w.OnUpstream {
			return firstWord(w.At)
		}
	}
	return source.Span{}
}

// notAlways returns the lines that are not sent with the statuses of failures.
func notAlways(failures []*probe.Failure) []source.Span {
	var spans []source.Span
	for _, f := range failures {
		for _, l := range f.Answer.Lost {
			if l.Why == policy.NotAlways && !slices.Contains(spans, l.At) {
				spans = append(spans, l.At)
			}
		}
	}
	slices.SortFunc(spans, source.Compare)
	return spans
}

// both yields the failures of two sequences.
func both(a, b iter.Seq[*probe.Failure]) iter.Seq[*probe.Failure] {
	return func(yield func(*probe.Failure) bool) {
		for f := range a {
			if !yield(f) {
				return
			}
		}
		b(yield)
	}
}

// writtenLine is a header as it is written at one place.
type writtenLine struct {
	at        source.Span
	value     string
	endpoints []string
}

// writtenAt returns where the layer writes a header, each place once.
func writtenAt(p *Pass, name string) []writtenLine {
	var out []writtenLine
	for _, e := range p.Endpoints {
		for _, w := range e.Intent.Written[name] {
			i := slices.IndexFunc(out, func(x writtenLine) bool { return x.at == w.At })
			if i < 0 {
				i = len(out)
				out = append(out, writtenLine{at: w.At, value: w.Value.String()})
			}
			if !slices.Contains(out[i].endpoints, e.Name) {
				out[i].endpoints = append(out[i].endpoints, e.Name)
			}
		}
	}
	slices.SortFunc(out, func(a, b writtenLine) int { return source.Compare(a.at, b.at) })
	return out
}

// alwaysStar reports whether every Allow-Origin of an endpoint is "*".
func alwaysStar(e *probe.Endpoint) bool {
	lines := e.Intent.Written["Access-Control-Allow-Origin"]
	for _, w := range lines {
		if text, known := w.Value.Known(); !known || strings.TrimSpace(text) != "*" {
			return false
		}
	}
	return len(lines) > 0
}

// oddOne is an endpoint that writes a header otherwise than the rest of its layer.
type oddOne struct {
	endpoint *probe.Endpoint
	at       source.Span
}

// oddOnes returns the endpoints whose list in a header differs from one on which at least two others agree.
func oddOnes(p *Pass, header string) []oddOne {
	count := map[string]int{}
	lists := make([]string, len(p.Endpoints))
	for i, e := range p.Endpoints {
		if lines := e.Intent.Written[header]; len(lines) == 1 {
			lists[i] = sortedList(lines[0].Value.String())
			count[lists[i]]++
		}
	}
	common, most := "", 1
	for list, n := range count {
		if n > most {
			common, most = list, n
		}
	}
	var out []oddOne
	for i, e := range p.Endpoints {
		if lists[i] != "" && lists[i] != common && common != "" && count[lists[i]] == 1 {
			out = append(out, oddOne{e, e.Intent.Written[header][0].At})
		}
	}
	return out
}

// sortedList makes lists comparable whatever their order and case.
func sortedList(text string) string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		items = append(items, strings.ToLower(strings.TrimSpace(item)))
	}
	slices.Sort(items)
	return strings.Join(slices.Compact(items), ",")
}
