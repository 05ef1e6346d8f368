// Package diagnosis finds out why a browser printed what it printed: it asks the layers of a project for the request that a
// console line is about, and when their answer makes the browser print that line, it has the cause, the change and what is in
// the way after it. Where it does not, it says what that means.
//
// It imports the analyzers, the rules, finding and source; who reads a project and who prints a diagnosis is not its business.
package diagnosis

import (
	"context"
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Project is what is known of who answers.
type Project struct {
	// Seats are the hosts as browsers meet them, Hosts those that files describe: some stand behind others and are reached
	// directly on a developer's machine only.
	Seats, Hosts []*policy.Host
	// Chain, when given, answers every URL that one of its layers listens for, and nobody else does.
	Chain exchange.Chain
}

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

	Known []string // of NoLayer: who is there

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
}

// Diagnose finds out about a message.
func (p *Project) Diagnose(ctx context.Context, m console.Message) *Diagnosis {
	d := &Diagnosis{Kind: General, Message: m}
	d.Rule, d.Meaning, d.Hints = meaning(&m)
	if m.URL == "" && m.First != "" {
		m.URL = m.First
	}
	if m.Kind != console.Refused && m.Kind != console.Mixed || m.URL == "" {
		return d
	}
	candidates := p.answering(startURL(&m))
	if len(candidates) == 0 {
		d.Kind, d.Known = NoLayer, p.known()
		return d
	}
	var first *attempt
	for i := range candidates {
		found, other := candidates[i].try(ctx, &m)
		if found != nil {
			d.caused(ctx, &candidates[i], found)
			return d
		}
		if first == nil {
			first = other
		}
	}
	if first == nil { // it could not even be asked
		return d
	}
	d.Kind = Otherwise
	d.Layer, d.Host, d.Exchange, d.Outcome = first.by.layer, first.by.host, first.exchange, first.outcome
	d.Guessed = first.guessed
	return d
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
	d.Layer, d.Host, d.Exchange, d.Outcome = by.layer, by.host, a.exchange, a.outcome
	d.Failure, d.Guessed = a.failure, a.guessed
	d.Answer = a.outcome.Answer(a.failure.Hop, a.failure.Phase)
	d.What = what(&d.Failure, d.Answer, a.exchange.Fetch.Origin)
	d.explain(ctx, by, a)
	for _, f := range a.outcome.Result.Failures {
		if !f.Unknown && !sameCheck(f, d.Failure) && !d.repairs(f) {
			d.After = append(d.After, Wall{Text: f.Text, Place: placeOf(&f, a.outcome.Answer(f.Hop, f.Phase))})
		}
	}
	if m := &d.Message; m.HasValue && m.Value != d.Failure.Value && d.Failure.Header == m.Header && d.Failure.Reason != browser.RedirectContainsCredentials {
		d.Differs = "the message has the value '" + m.Value + "', these files give '" + d.Failure.Value + "': another state of them answered"
	}
}

func sameCheck(a, b browser.Failure) bool {
	return a.Reason == b.Reason && a.Phase == b.Phase && a.Hop == b.Hop && slices.Equal(a.Names, b.Names)
}
