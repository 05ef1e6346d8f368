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

const allowOrigin = "Access-Control-Allow-Origin"

// This file holds what the rules about mechanisms share: headers that get lost, preflights that nobody answers, errors that
// nobody can read.

// lostTexts are the words of a rule about lost headers. In because, %s is the lines that are lost and the verb that goes
// with them, in change it is what stands there.
type lostTexts struct{ because, related, change string }

// reportLost reports the failures whose answer lost the very header that the check misses, in the way that the rule is
// about.
func reportLost(p *Pass, way func(policy.Lost) bool, texts lostTexts) {
	for _, g := range ByPlace(p.Failures(), lostBy(way)) {
		spans, headers := lostLines(g.Failures)
		report := Report{Failures: g.Failures, Finding: finding.Finding{
			Place:   g.Place,
			Message: lacks(g.Failures, g.Failures[0], headers),
			Because: fmt.Sprintf(texts.because, areNotSent(spans, g.Place)),
			Change:  fmt.Sprintf(texts.change, written(spans)),
		}}
		for _, s := range spans {
			report.Related = append(report.Related, finding.Related{Span: s, Text: texts.related})
		}
		report.Repairs = repairLost(g.Failures)
		if !slices.ContainsFunc(g.Failures, certain) {
			report.Confidence = finding.Medium // the upstream could send what is lost here
		}
		p.Report(report)
	}
}

// lost returns how the header that a failing check misses got lost: a line of the layer before one of an upstream, since it
// would have made up for that.
func lost(f *probe.Failure) (policy.Lost, bool) {
	if f.Answer != nil {
		for _, l := range f.Answer.Lost {
			if strings.EqualFold(l.Header, f.Header) && !l.At.IsZero() {
				return l, true
			}
		}
	}
	return f.Lost(f.Header)
}

// lostBy returns the place that took away the header that a failing check misses, for [ByPlace].
func lostBy(way func(policy.Lost) bool) func(*probe.Failure) source.Span {
	return func(f *probe.Failure) source.Span {
		if l, ok := lost(f); ok && way(l) {
			return firstWord(l.By)
		}
		return source.Span{}
	}
}

// lostLines returns the lines that failures miss, in the order of the file, and the headers they write.
func lostLines(failures []*probe.Failure) (spans []source.Span, headers []string) {
	for _, f := range failures {
		if l, ok := lost(f); ok && !slices.Contains(spans, l.At) {
			spans = append(spans, l.At)
			headers = append(headers, l.Header)
		}
	}
	slices.SortFunc(spans, source.Compare)
	return spans, headers
}

// certain reports whether a failing answer is all the layer's own: nobody unknown can add to it.
func certain(f *probe.Failure) bool { return f.Answer != nil && f.Answer.Open == nil }

// areNotSent says of lines that they are not sent: "line 17 is not sent".
func areNotSent(spans []source.Span, finding source.Span) string {
	text := lines(spans, finding)
	if strings.HasPrefix(text, "lines ") {
		return text + " are not sent"
	}
	return text + " is not sent"
}

// preflightFault is what is wrong with the answer to a preflight as a whole. A fault stands for every check that the answer
// fails: whoever repairs it writes the headers as well.
type preflightFault uint8

const (
	answered   preflightFault = iota // somebody means to answer it; a single header can be wrong
	redirected                       // with a redirect, which browsers do not follow
	guarded                          // with a question for credentials, which it never has
	refused                          // with a status that no preflight passes
	unhandled                        // with what the server says to any method it does not know, or without a word of CORS
)

// faultOf judges the answer to a preflight. https://fetch.spec.whatwg.org/#cors-preflight-fetch
func faultOf(f *probe.Failure) preflightFault {
	if f.Phase != browser.PhasePreflight || f.Answer == nil {
		return answered
	}
	if f.Reason == browser.PreflightDisallowedRedirect {
		return redirected
	}
	switch status := f.Answer.Status; {
	case status == 401:
		return guarded
	case status == 403:
		if _, challenged := f.Answer.Get("WWW-Authenticate"); challenged || f.Endpoint.Guarded {
			return guarded
		}
		return unhandled
	case status == 404 || status == 405 || status == 501:
		return unhandled
	case status >= 300:
		return refused
	}
	_, sent := f.Answer.Get(allowOrigin)
	if _, lost := f.Lost(allowOrigin); sent || lost {
		return answered
	}
	return unhandled
}

// preflightTexts are the words of a rule about preflights; message goes on after "PUT is never sent: its ".
type preflightTexts struct{ message, because, change string }

// reportPreflights reports preflights with a fault, at the place that answered them.
func reportPreflights(p *Pass, fault preflightFault, texts func(*probe.Failure) preflightTexts) {
	place := func(f *probe.Failure) source.Span {
		if faultOf(f) != fault || fault == redirected && isUpgrade(f, p.Layer) {
			return source.Span{}
		}
		return answeredAt(f)
	}
	for _, g := range sameWant(ByPlace(p.Failures(), place)) {
		t := texts(g.Failures[0])
		p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
			Place: g.Place, Message: neverSent(g.Failures, t.message), Because: t.because, Change: t.change, Related: otherRoutes(g),
			Repairs: repairPreflights(fault, g.Failures),
		}})
	}
}

// sameWant makes one group of the routes of a program that all want the same: somebody who answers OPTIONS.
func sameWant(groups []Group) []Group {
	var out []Group
	first := -1
	for _, g := range groups {
		switch {
		case !unregistered(g.Failures[0]):
			out = append(out, g)
		case first < 0:
			first = len(out)
			out = append(out, g)
		default:
			out[first].Failures = append(out[first].Failures, g.Failures...)
		}
	}
	return out
}

// otherRoutes are the other places that answered the preflights of a group.
func otherRoutes(g Group) (related []finding.Related) {
	seen := []source.Span{g.Place}
	for _, f := range g.Failures {
		if at := answeredAt(f); !contains(seen, at) {
			seen = append(seen, at)
			related = append(related, finding.Related{Span: at, Text: "this one too"})
		}
	}
	return related
}

// answeredWith says with which status a preflight is answered.
func answeredWith(f *probe.Failure) string {
	return fmt.Sprintf("preflight is answered %d", f.Answer.Status)
}

// neverSent says which requests a failing preflight stops: "PUT and DELETE are never sent: their preflight is answered 401".
func neverSent(failures []*probe.Failure, why string) string {
	return fitting(failures, func(requests string) string {
		if strings.Contains(requests, " and ") {
			return requests + " are never sent: their " + why
		}
		return requests + " is never sent: its " + why
	})
}

// fitting returns a message that names as many requests as it has room for, at least the first.
func fitting(failures []*probe.Failure, message func(requests string) string) string {
	for limit := 4; limit > 1; limit-- {
		if text := message(someRequests(failures, limit)); len([]rune(text)) <= maxMessage {
			return text
		}
	}
	return short(message(requests(failures[:1])), maxMessage)
}

// lacksHeader reports whether the response to the request itself fails for a header that nobody wrote for it.
func lacksHeader(f *probe.Failure) bool {
	if _, lost := f.Lost(f.Header); lost || f.Phase != browser.PhaseActual || f.Value != "" {
		return false
	}
	return f.Reason == browser.MissingAllowOriginHeader || f.Reason == browser.InvalidAllowCredentials
}

// isUpgrade reports whether a redirect only leads from http to the same address under https, where no page is meant to come:
// to a server that does nothing else and whose CORS headers are those written for the servers beside it. Where TLS was
// assumed to end in front of the server, the redirect leads to the very address that was asked, which no server means: it
// asks a header of what stands in front whether that was https.
func isUpgrade(f *probe.Failure, layer *policy.Layer) bool {
	h, _ := f.Answer.Get("Location")
	target, _ := h.Value.Known()
	asked := f.Outcome.Hops[f.Hop].URL
	if plain, ok := strings.CutPrefix(asked, "http://"); !ok || target != "https://"+plain {
		return target == asked
	}
	for _, lines := range f.Endpoint.Intent.Written {
		for _, w := range lines {
			if w.At.File == layer.Span.File && w.At.Start > layer.Span.Start {
				return false
			}
		}
	}
	return true
}

// unreadable says which error responses a page cannot read, and for want of which header.
func unreadable(failures []*probe.Failure) string {
	header := failures[0].Header
	var statuses []string
	for _, f := range failures {
		if status := fmt.Sprint(f.Answer.Status); f.Answer.Status >= 400 && !slices.Contains(statuses, status) {
			statuses = append(statuses, status)
		}
		if f.Header == allowOrigin {
			header = allowOrigin // what browsers look at first
		}
	}
	slices.Sort(statuses)
	text := listed(statuses, 6)
	if i := strings.LastIndex(text, " and "); i >= 0 {
		text = text[:i] + " or " + text[i+len(" and "):]
	}
	return short("the page cannot read "+text+": error responses lack "+header, maxMessage)
}

// isError reports whether a failure is about the answer to the request itself, and that is an error.
func isError(f *probe.Failure) bool {
	return f.Phase == browser.PhaseActual && f.Answer != nil && f.Answer.Status >= 400
}

// errorSeverity is a note where only such errors are affected as the server makes itself and no page can do much about: 5xx,
// and 413, whoever refuses a body that is too large. Of a gateway whose errors have headers of their own that goes for 429 as
// well, which its account's quota gives; a limit that an application has is meant to be met. It does not for what an authorizer
// refuses, since a page that cannot read 401 asks nobody to log in, nor for what the code says that a gateway runs.
func errorSeverity(failures []*probe.Failure, gateway bool) finding.Severity {
	harmless := func(f *probe.Failure) bool {
		if !certain(f) || f.Answer.By != "" {
			return false
		}
		status := f.Answer.Status
		return status >= 500 || f.Answer.Upstream == nil && (status == 413 || status == 429 && gateway)
	}
	if slices.ContainsFunc(failures, func(f *probe.Failure) bool { return !harmless(f) }) {
		return finding.Warning
	}
	return finding.Note
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
