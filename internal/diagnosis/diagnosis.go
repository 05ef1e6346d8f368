// Package diagnosis finds out why a browser printed what it printed: it asks the layers of a project for the request that a
// console line is about, and when their answer makes the browser print that line, it has the cause, the change and what is in
// the way after it. Where it does not, it says what that means.
//
// It imports the analyzers, the rules, finding, reach and source; who reads a project and who prints a diagnosis is not its business.
package diagnosis

import (
	"context"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/reach"
	"github.com/corslint/corslint/internal/source"
)

// Kind says how a diagnosis ends.
type Kind uint8

// The kinds.
const (
	// Caused: the project's answer makes the browser print the message.
	Caused Kind = iota + 1
	// Otherwise: the project's answer makes it print something else, or nothing.
	Otherwise
	// NoLayer: nobody in the project answers there.
	NoLayer
	// General: the message does not say enough to ask anybody, or is not about an answer.
	General
)

// Diagnosis is what is found out about a message.
type Diagnosis struct {
	Kind    Kind
	Message console.Message

	// Of Caused and Otherwise: who answers, the exchange, and which of its outcomes counts.
	Layer    *policy.Layer
	Host     *policy.Host
	Exchange exchange.Exchange
	Outcome  *exchange.Outcome

	// Of Caused.
	Failure browser.Failure
	Answer  *policy.Outcome // that fails
	Place   source.Span     // of the cause
	Finding *finding.Finding
	// What, Because and Change are sentences without a full stop.
	What, Because, Change string
	// After are the checks that fail once this one is repaired, each with its place.
	After []Wall
	// Guessed says what of the request the message does not say: "PUT or DELETE (both fail the same way)".
	Guessed []string
	// Differs says where the message has another value than the prediction.
	Differs string

	Known []reach.Listeners // of NoLayer: who is there

	// Rule is the rule whose document is about the message; "" where there is none.
	Rule string
	// Meaning says what such a message means in general, a paragraph; Hints what to do about it, one line each.
	Meaning string
	Hints   []string
}

// Wall is a check that fails.
type Wall struct {
	Text  string
	Place source.Span
	// Change says what to do about it; "" where the text says that.
	Change string
}

// Diagnose finds out about a message. The project may be nil for one about which nobody is asked: see [Asks].
func Diagnose(ctx context.Context, p *reach.Project, m console.Message) *Diagnosis {
	return diagnose(ctx, p, m, nil)
}

// DiagnoseRequest finds out about a message about a request that is known.
func DiagnoseRequest(ctx context.Context, p *reach.Project, m console.Message, f exchange.Fetch) *Diagnosis {
	return diagnose(ctx, p, m, &f)
}

// varies reports whether the last answer of an exchange says that it depends on Origin.
func varies(x *exchange.Exchange) bool {
	if len(x.Outcomes) == 0 {
		return false
	}
	answer := x.Outcomes[0].Answer(len(x.Outcomes[0].Hops)-1, browser.PhaseActual)
	if answer == nil {
		return false
	}
	return slices.ContainsFunc(answer.Headers, func(h policy.Header) bool {
		return strings.EqualFold(h.Name, "vary") && strings.Contains(strings.ToLower(h.Value.String()), "origin")
	})
}

// Asks reports whether somebody in a project is asked about a message: those that say nothing of a request, or are not about
// an answer, mean the same everywhere.
func Asks(m *console.Message) bool {
	return m.Kind == console.Refused && (m.URL != "" || m.First != "")
}

func diagnose(ctx context.Context, p *reach.Project, m console.Message, known *exchange.Fetch) *Diagnosis {
	d := &Diagnosis{Kind: General, Message: m}
	d.Rule, d.Meaning, d.Hints = meaning(&m)
	if !Asks(&m) {
		return d
	}
	if m.URL == "" {
		m.URL = m.First
	}
	candidates := answering(p, startURL(&m))
	if len(candidates) == 0 && m.First != "" { // somebody else redirects to here
		if originOf(m.First) != originOf(m.URL) {
			m.Origin = "null" // https://fetch.spec.whatwg.org/#concept-request-tainted-origin
		}
		m.First = ""
		candidates = answering(p, m.URL)
	}
	if len(candidates) == 0 {
		d.Kind, d.Known = NoLayer, p.Listeners()
		return d
	}
	var first *attempt
	for i := range candidates {
		found, other := candidates[i].try(ctx, &m, known)
		if found != nil {
			d.caused(ctx, &candidates[i], found)
			return d
		}
		if first == nil {
			first = other
		}
	}
	for i := range candidates {
		if found := candidates[i].cached(ctx, &m); found != nil {
			d.fromCache(ctx, &candidates[i], found)
			return d
		}
	}
	if first == nil { // it could not even be asked
		return d
	}
	d.Kind = Otherwise
	d.Layer, d.Host, d.Exchange, d.Outcome = first.by.Layer, first.by.Host, first.exchange, first.outcome
	d.Guessed = first.guessed
	return d
}

// candidate is a layer that may be who answered.
type candidate struct{ reach.Candidate }

func answering(p *reach.Project, url string) []candidate {
	var out []candidate
	for _, c := range p.Candidates(url, nil) {
		out = append(out, candidate{c})
	}
	return out
}

// startURL is where the request was sent to at first.
func startURL(m *console.Message) string {
	if m.First != "" {
		return m.First
	}
	return m.URL
}

// caused fills in what is known when the project's own answer is the cause.
func (d *Diagnosis) caused(ctx context.Context, by *candidate, a *attempt) {
	d.Kind = Caused
	d.Layer, d.Host, d.Exchange, d.Outcome = by.Layer, by.Host, a.exchange, a.outcome
	d.Failure, d.Guessed = a.failure, a.guessed
	d.Answer = a.outcome.Answer(a.failure.Hop, a.failure.Phase)
	d.What = what(&d.Failure, d.Answer, a.exchange.Fetch.Origin)
	d.explain(ctx, by, a)
	if m := &d.Message; m.HasValue && m.Value != d.Failure.Value && d.Failure.Header == m.Header && d.Failure.Reason != browser.RedirectContainsCredentials {
		d.Differs = "the message has the value '" + m.Value + "', these files give '" + d.Failure.Value + "': another state of them answered"
	}
}

// fromCache fills in what is known when a copy in a cache is the cause.
func (d *Diagnosis) fromCache(ctx context.Context, by *candidate, a *attempt) {
	d.Kind, d.Rule = Caused, "vary-origin-missing"
	d.Layer, d.Host, d.Exchange, d.Outcome = by.Layer, by.Host, a.exchange, a.outcome
	d.Failure, d.Guessed = a.failure, a.guessed
	d.Answer = a.outcome.Answer(a.failure.Hop, a.failure.Phase)
	d.Place = Place(&d.Failure, d.Answer)
	d.What = what(&d.Failure, d.Answer, a.exchange.Fetch.Origin)
	d.Because = "a cache hands out the copy that it keeps of the answer to " + a.before + ": the response depends on Origin and does not say so"
	d.Change = "send Vary: Origin with every response of this path, whatever the origin is"
	if fresh, err := exchange.Simulate(ctx, a.exchange.Engine, by.Chain, a.exchange.Fetch, exchange.Options{Entry: by.Layer, AssumeSilent: true}); err == nil && varies(&fresh) {
		d.Rule = "vary-origin-conditional"
		d.Because = strings.TrimSuffix(d.Because, "the response depends on Origin and does not say so") + "that one does not say that it depends on Origin, others do"
	}
}
