package rules

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

// This file holds what the rules about origins share: strangers who are let in, and origins that are written as no browser
// sends them.

// letIn is a fetch of a stranger that succeeds.
type letIn struct {
	*probe.Probe
	of          *policy.Mention // the test that it passed; nil when there is none, or it was not made for one
	endpoint    *probe.Endpoint
	credentials bool
	certain     bool
	allowOrigin policy.Header
}

// lets yields the fetches by which strangers of some kinds are taken for somebody whom the policy means. A policy that
// lets in everybody takes nobody for another: it is yielded for [probe.BypassAny] only.
func (p *Pass) lets(kinds ...probe.Bypass) iter.Seq[letIn] {
	return func(yield func(letIn) bool) {
		for _, e := range p.Endpoints {
			anybody := letsAnybody(e)
			for _, s := range e.Strangers {
				if !slices.Contains(kinds, s.Candidate.Bypass) || anybody != (s.Candidate.Bypass == probe.BypassAny) {
					continue
				}
				if l, ok := allowed(e, s); ok && l.because() && !yield(l) {
					return
				}
			}
		}
	}
}

// letsAnybody reports whether an endpoint sends back whatever origin it is sent.
func letsAnybody(e *probe.Endpoint) bool {
	some := false
	for _, s := range e.Strangers {
		if s.Candidate.Bypass == probe.BypassAny {
			if _, ok := allowed(e, s); !ok {
				return false
			}
			some = true
		}
	}
	return some
}

// allowed reports whether a stranger reads the answer because the layer itself names its origin. An answer that refuses the
// request, whatever its headers, has nothing to read.
func allowed(e *probe.Endpoint, s *probe.Probe) (letIn, bool) {
	ok, certain := e.LetsIn(&s.Exchange)
	for i := range s.Exchange.Outcomes {
		o := &s.Exchange.Outcomes[i]
		if answer := o.Answer(len(o.Hops)-1, browser.PhaseActual); answer == nil || answer.Status >= http.StatusBadRequest {
			ok = false
		}
	}
	if !ok {
		return letIn{}, false
	}
	h, _ := s.AllowOrigin()
	text, known := h.Value.Known()
	if !known || text != s.Candidate.Origin || h.Upstream || len(h.Sources) == 0 {
		return letIn{}, false
	}
	return letIn{Probe: s, of: s.Candidate.Of, endpoint: e, certain: certain,
		credentials: s.Exchange.Fetch.Credentials == browser.CredentialsInclude, allowOrigin: h}, true
}

// because reports whether the test that the stranger was made for is the one that let it in: no other test that accepts it
// had a part in the answer instead.
func (l letIn) because() bool {
	if l.of == nil || l.Decided(l.of.Span) {
		return true
	}
	for _, s := range l.endpoint.Strangers {
		if other := s.Candidate.Of; other != nil && other != l.of && l.Decided(other.Span) && probe.Accepts(other, l.Candidate.Origin) {
			return false
		}
	}
	return true
}

// acceptedBy returns the test that a stranger passed who was not made for one; nil when none had a part in the answer.
func (p *Pass) acceptedBy(l letIn) *policy.Mention {
	for i := range p.Mentions {
		if m := &p.Mentions[i]; m.Kind != policy.MentionReflected && l.Decided(m.Span) && probe.Accepts(m, l.Candidate.Origin) {
			return m
		}
	}
	return nil
}

// place returns what lets the stranger in: the test that it passes, or the value that is sent.
func (l letIn) place() source.Span {
	if l.of != nil {
		return l.of.Span
	}
	return valueIn(l.allowOrigin.Sources[0], l.allowOrigin.Name)
}

// strangerGroup is the strangers that one place lets in, the most dangerous first.
type strangerGroup struct {
	place source.Span
	lets  []letIn
}

func (g strangerGroup) first() letIn      { return g.lets[0] }
func (g strangerGroup) origin() string    { return g.lets[0].Candidate.Origin }
func (g strangerGroup) credentials() bool { return g.lets[0].credentials }

func (g strangerGroup) has(kind probe.Bypass) bool {
	return slices.ContainsFunc(g.lets, func(l letIn) bool { return l.Candidate.Bypass == kind })
}

// groupStrangers groups strangers by the place that lets them in, in the order of the places.
func groupStrangers(strangers iter.Seq[letIn]) []strangerGroup {
	var groups []strangerGroup
	for l := range strangers {
		place := l.place()
		i := slices.IndexFunc(groups, func(g strangerGroup) bool { return g.place == place })
		if i < 0 {
			i = len(groups)
			groups = append(groups, strangerGroup{place: place})
		}
		groups[i].lets = append(groups[i].lets, l)
	}
	danger := func(l letIn) (rank int) {
		if !l.credentials {
			rank += 2
		}
		if !l.Candidate.Foreign {
			rank++
		}
		return rank
	}
	for _, g := range groups {
		slices.SortStableFunc(g.lets, func(a, b letIn) int { return danger(a) - danger(b) })
	}
	slices.SortStableFunc(groups, func(a, b strangerGroup) int { return source.Compare(a.place, b.place) })
	return groups
}

// severity is that of a stranger who passes a faulty test: an error when a foreign site reads with credentials, a warning
// when only the owner of a trusted domain can set one up, a note without credentials.
func (g strangerGroup) severity() finding.Severity {
	switch l := g.first(); {
	case !l.credentials:
		return finding.Note
	case l.Candidate.Foreign:
		return finding.Error
	}
	return finding.Warning
}

// reads is the message about a stranger who passes a test.
func (g strangerGroup) reads() string {
	tail := " passes the origin check and reads the responses"
	if g.credentials() {
		tail = " passes the origin check and reads with the visitor's cookies"
	}
	return short(g.origin(), maxMessage-len(tail)) + tail
}

// report fills in what every report about a stranger has. Because is the mechanism; the line that allows credentials is
// added to it.
func (g strangerGroup) report(p *Pass, f finding.Finding) {
	l := g.first()
	f.Place = g.place
	if !l.certain {
		f.Confidence = finding.Medium
	}
	if at := l.source("Access-Control-Allow-Credentials"); l.credentials && !at.IsZero() {
		f.Because += ", and " + line(at, g.place) + " allows credentials"
		f.Related = append(f.Related, finding.Related{Span: at, Text: "allows credentials"})
	}
	if at := l.allowOrigin.Sources[0]; !contains([]source.Span{at}, g.place) && (at.File != g.place.File || at.End <= g.place.Start || g.place.End <= at.Start) {
		f.Related = append(f.Related, finding.Related{Span: at, Text: "sends the origin back"})
	}
	for _, other := range g.lets {
		if !slices.Contains(f.Endpoints, other.endpoint.Name) {
			f.Endpoints = append(f.Endpoints, other.endpoint.Name)
		}
	}
	p.Report(Report{Finding: f, Proof: l.Probe, Claims: []string{placeKey(g.place)}})
}

// bound returns an expression for origins with its dots escaped and bound at both ends, "" where that would shut out the
// origin that is meant.
func bound(m *policy.Mention, meant string) string {
	repaired := escaped(m)
	if !strings.HasPrefix(repaired.Text, "^") {
		repaired.Text = "^" + repaired.Text
	}
	if !strings.HasSuffix(repaired.Text, "$") {
		repaired.Text += "$"
	}
	if !probe.Accepts(&repaired, meant) {
		return ""
	}
	return repaired.Text
}

// escaped returns an expression for origins in which a dot stands for a dot, but where it is repeated.
func escaped(m *policy.Mention) policy.Mention {
	var b strings.Builder
	class := false
	for i := 0; i < len(m.Text); i++ {
		switch c := m.Text[i]; {
		case c == '\\' && i+1 < len(m.Text):
			b.WriteByte(c)
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '.' && !class && (i+1 == len(m.Text) || !strings.ContainsRune("*+?{", rune(m.Text[i+1]))):
			b.WriteByte('\\')
		}
		b.WriteByte(m.Text[i])
	}
	return policy.Mention{Kind: m.Kind, Text: b.String(), Dialect: m.Dialect, FoldCase: m.FoldCase}
}

// placeKey is the claim to everything that comes of one test or value.
func placeKey(place source.Span) string {
	return fmt.Sprintf("origin|%s:%d", place.Path(), place.Start)
}

// source returns the place that wrote a header of the answer that the stranger reads.
func (l letIn) source(name string) source.Span {
	o := outcome(l.Probe)
	if answer := o.Answer(len(o.Hops)-1, browser.PhaseActual); answer != nil {
		if h, ok := answer.Get(name); ok && len(h.Sources) > 0 {
			return h.Sources[0]
		}
	}
	return source.Span{}
}

// valueIn returns the place of the value in a directive that writes a header: the word after the header's name, or the argument
// of a call; the whole directive where that is not found.
func valueIn(directive source.Span, header string) source.Span {
	text := directive.Text()
	at := strings.Index(strings.ToLower(text), strings.ToLower(header))
	if at < 0 {
		return directive
	}
	at += len(header)
	if call := strings.TrimLeft(text[at:], "'\"` \t"); strings.HasSuffix(call, ")") && (call[0] == ',' || call[0] == '(') { // set('Vary', value), vary(value)
		value := strings.TrimSpace(call[1 : len(call)-1])
		start := directive.Start + strings.LastIndex(text, value)
		return source.Span{File: directive.File, Start: start, End: start + len(value)}
	}
	rest := strings.TrimLeft(text[at:], "'\": \t\r\n")
	start := len(text) - len(rest)
	end := start + len(rest)
	if i := strings.IndexAny(rest, " \t\r\n;'\""); i >= 0 {
		end = start + i
	}
	if start == end {
		return directive
	}
	return source.Span{File: directive.File, Start: directive.Start + start, End: directive.Start + end}
}

// textIn returns the place of a text among places, the last of them first: where a value came from stands last.
func textIn(places []source.Span, text string) source.Span {
	for _, s := range slices.Backward(places) {
		if at := strings.Index(s.Text(), text); at >= 0 {
			return source.Span{File: s.File, Start: s.Start + at, End: s.Start + at + len(text)}
		}
	}
	if len(places) == 0 {
		return source.Span{}
	}
	return places[0]
}

// spelling says in which way a text is not an origin that a browser sends.
type spelling uint8

const (
	spelledRight     spelling = iota // or not an origin at all: another rule speaks of lists
	spelledAsPattern                 // with an asterisk, or as an expression
	spelledBare                      // without a scheme
	spelledWithPath                  // with a slash, path or query
	spelledInQuotes                  // of the value's own
	spelledOtherwise                 // in upper case, with the default port, and the like
)

// spell classifies an origin as it is written.
func spell(text string) spelling {
	var not *browser.OriginError
	switch _, err := browser.ParseOrigin(text); {
	case text == "null" || strings.ContainsAny(text, " \t,") || probe.MeantBy(text) == "":
		return spelledRight
	case strings.ContainsAny(text, "'\""):
		return spelledInQuotes
	case probe.IsGlob(text):
		return spelledAsPattern
	case !errors.As(err, &not):
		return spelledRight
	}
	_, rest, ok := strings.Cut(text, "://")
	switch {
	case !ok:
		return spelledBare
	case strings.ContainsAny(rest, "/?#"):
		return spelledWithPath
	}
	return spelledOtherwise
}

// misspelt is an origin that is let in only when it is written as no browser writes it, and the checks that fail for it.
type misspelt struct {
	place    source.Span
	text     string
	origin   string          // as a browser sends it
	of       policy.Dialect  // in which it is compared; 0 where it is only sent
	test     *policy.Mention // that has it; nil where it is only sent
	failures []*probe.Failure
}

// misspelt collects the origins that are misspelt in one way.
func (p *Pass) misspelt(way spelling) []misspelt {
	var out []misspelt
	add := func(place source.Span, text string, of policy.Dialect, test *policy.Mention, f *probe.Failure) {
		i := slices.IndexFunc(out, func(m misspelt) bool { return m.place == place })
		if i < 0 {
			i = len(out)
			out = append(out, misspelt{place: place, text: text, origin: f.Probe.Exchange.Fetch.Origin, of: of, test: test})
		}
		out[i].failures = append(out[i].failures, f)
	}
	for _, failures := range [...]iter.Seq[*probe.Failure]{p.Failures(), p.CircumstanceFailures()} {
		for f := range Has(failures, originReasons[:]...) {
			origin := f.Probe.Exchange.Fetch.Origin
			if spell(f.Value) == way && probe.MeantBy(f.Value) == origin && f.Answer != nil {
				if h, ok := f.Answer.Get("Access-Control-Allow-Origin"); ok && !h.Upstream {
					add(textIn(h.Sources, f.Value), f.Value, 0, nil, f)
				}
				continue
			}
			for _, m := range f.Endpoint.Intent.Misspelt {
				if m.Origin == origin && spell(m.Text) == way {
					add(textIn([]source.Span{m.Of.Span}, m.Text), m.Text, m.Of.Dialect, m.Of, f)
					break
				}
			}
		}
	}
	for i := range out {
		out[i].failures = p.withOthers(out[i].failures)
	}
	// A place at which nothing but circumstances fails is about those, not about the spelling.
	out = slices.DeleteFunc(out, func(m misspelt) bool { return m.failures[0].Probe.Purpose == probe.Circumstance })
	slices.SortStableFunc(out, func(a, b misspelt) int { return source.Compare(a.place, b.place) })
	return out
}

// withOthers adds to failures whatever else fails of the same preflights, and of the same answers that are errors: one that lets
// the page in could have the rest as well.
func (p *Pass) withOthers(failures []*probe.Failure) []*probe.Failure {
	out := failures
	for f := range p.Failures() {
		same := func(x *probe.Failure) bool { return x.Probe == f.Probe && x.Phase == f.Phase }
		if (f.Phase == browser.PhasePreflight || isError(f)) && slices.ContainsFunc(failures, same) &&
			!slices.ContainsFunc(out, func(x *probe.Failure) bool { return x.Key() == f.Key() }) {
			out = append(out, f)
		}
	}
	return out
}

// originReasons are the checks that fail when an origin is not the allowed one.
var originReasons = [...]browser.Reason{
	browser.MissingAllowOriginHeader, browser.InvalidAllowOriginValue, browser.AllowOriginMismatch,
	browser.PreflightMissingAllowOriginHeader, browser.PreflightInvalidAllowOriginValue, browser.PreflightAllowOriginMismatch,
}

// originExplains are the symptoms of an origin that is misspelt.
var originExplains = []string{
	"origin-not-allowed", "allow-origin-missing", "allow-origin-missing-on-error", "preflight-unhandled", "preflight-status-not-ok", "preflight-actual-mismatch",
}

// refusedExplains are further ones where an origin that is not let in gets an error: what that lacks, another answer may have.
var refusedExplains = []string{"allow-credentials-missing", "allow-methods-missing", "allow-headers-missing"}

// report reports misspelt origins; message is what follows "the browser refuses https://app.example: ".
func (m misspelt) report(p *Pass, message, because, change string, repairs []repair.Repair) {
	room := maxMessage - len("the browser refuses : ") - len(message)
	report := Report{
		Finding: finding.Finding{Place: m.place, Message: "the browser refuses " + short(m.origin, room) + ": " + message, Because: because, Change: change,
			Repairs: repairs},
		Failures: m.failures,
	}
	if !slices.ContainsFunc(m.failures, func(f *probe.Failure) bool { return f.Answer == nil || f.Answer.Status < 400 }) {
		report.Explains = refusedExplains
	}
	p.Report(report)
}
