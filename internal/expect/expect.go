// Package expect holds a project's layers against what its configuration expects of them: requests of pages, each with
// the verdict that it must have. It imports config, finding, reach, source, and the analyzers policy, browser and exchange.
package expect

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/reach"
	"github.com/corslint/corslint/internal/source"
)

// Rule is the name of the rule that reports an expectation.
const Rule = "expectation-failed"

// Check simulates what is expected, in Chromium, and returns a finding for each expectation that does not hold. Where the verdict
// depends on what an unknown upstream sends, an expectation holds if it does for one that sends no CORS headers of its own; else
// it fails for certain only if somebody is let in.
func Check(ctx context.Context, list []config.Expectation, project *reach.Project) []*finding.Finding {
	var out []*finding.Finding
	for i := range list {
		if f := check(ctx, &list[i], project); f != nil {
			out = append(out, f)
		}
	}
	finding.Sort(out)
	return out
}

func check(ctx context.Context, e *config.Expectation, project *reach.Project) *finding.Finding {
	layers, why := answering(e, project)
	if why != "" {
		f := report(e, finding.Error, "nobody is known to answer "+request(e), why)
		f.Change = "name the files whose layer answers, as in: deploy/**; or change the URL"
		return f
	}
	for _, environments := range layers {
		var first *finding.Finding
		for i := range environments {
			f := hold(ctx, e, &environments[i])
			if f == nil {
				first = nil
				break
			}
			first = cmp.Or(first, f)
		}
		if first != nil {
			return first
		}
	}
	return nil
}

// hold returns what there is to report about one layer, nil where the expectation holds.
func hold(ctx context.Context, e *config.Expectation, by *reach.Candidate) *finding.Finding {
	x, err := exchange.Simulate(ctx, browser.Chromium, by.Chain, fetch(e), exchange.Options{Entry: by.Layer})
	if err != nil {
		return report(e, finding.Error, "it is not known whether the browser allows "+request(e), err.Error())
	}
	if x.Verdict() == browser.Unknown {
		silent, err := exchange.Simulate(ctx, browser.Chromium, by.Chain, fetch(e), exchange.Options{Entry: by.Layer, AssumeSilent: true})
		switch {
		case err != nil || silent.Verdict() == browser.Unknown:
		case string(silent.Verdict()) == e.Verdict:
			return nil
		case silent.Verdict() == browser.Allowed: // by headers that the layers write, which upstreams do not send again
			return allowed(e, &silent, by)
		}
		return unknown(e, &x, by)
	}
	switch {
	case string(x.Verdict()) == e.Verdict:
		return nil
	case x.Verdict() == browser.Allowed:
		return allowed(e, &x, by)
	}
	return blocked(e, &x, by)
}

// answering returns the layers that may answer, each in the environments in which its program runs: which of them the URL is
// that of nobody says, and an expectation holds for the layer if it does in one. Where it is left open who answers, it says why.
func answering(e *config.Expectation, project *reach.Project) (layers [][]reach.Candidate, why string) {
	found := project.Candidates(e.URL, func(l *policy.Layer) bool { return e.Within(l.Span.Path()) })
	direct := func(c reach.Candidate) bool { return c.Direct }
	if !slices.ContainsFunc(found, direct) || slices.IndexFunc(found, direct) > 0 { // what browsers meet comes first
		found = slices.DeleteFunc(found, direct)
	}
	for _, c := range found {
		same := func(other []reach.Candidate) bool { return source.Compare(other[0].Layer.Span, c.Layer.Span) == 0 }
		if i := slices.IndexFunc(layers, same); i >= 0 {
			layers[i] = append(layers[i], c)
		} else {
			layers = append(layers, []reach.Candidate{c})
		}
	}
	switch addresses := project.Addresses(); {
	case len(layers) > 1 && !found[0].Named:
		return nil, fmt.Sprintf("%d layers answer for any host", len(layers))
	case len(layers) > 0:
		return layers, ""
	case len(addresses) == 0:
		return nil, "nothing in the project answers HTTP requests"
	default:
		slices.Sort(addresses)
		return nil, "there are " + strings.Join(addresses[:min(len(addresses), 5)], ", ")
	}
}

func fetch(e *config.Expectation) exchange.Fetch {
	f := exchange.Fetch{URL: e.URL, Method: cmp.Or(e.Method, "GET"), Origin: e.From, Credentials: browser.Credentials(e.Credentials)}
	for _, h := range e.Headers {
		f.Headers = append(f.Headers, browser.Header{Name: h[0], Value: h[1]})
	}
	return f
}

// request says in a few words what is asked: "PUT /orders/7 from https://app.shop.example".
func request(e *config.Expectation) string {
	what := e.URL
	if u, err := url.Parse(e.URL); err == nil {
		what = cmp.Or(u.Path, "/")
	}
	return shorten(cmp.Or(e.Method, "GET")+" "+what, 27) + " from " + shorten(e.From, 33)
}

// shorten keeps a message within its 110 characters.
func shorten(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

func report(e *config.Expectation, severity finding.Severity, message, because string) *finding.Finding {
	return &finding.Finding{
		Rule: Rule, Category: finding.Contract, Severity: severity, Confidence: finding.High,
		Message: message, Because: because, Change: "repair the layer, or change the expectation",
		Evidence: "the configuration expects it", Place: e.Span,
		Subject: strings.Join([]string{cmp.Or(e.Method, "GET"), e.URL, "from", e.From, e.Credentials, e.In}, " "),
	}
}

// unknown reports an expectation that rests on something that is not known.
func unknown(e *config.Expectation, x *exchange.Exchange, by *reach.Candidate) *finding.Finding {
	f := report(e, finding.Warning, "it is not known whether the browser allows "+request(e), "")
	var on []string
	for i := range x.Outcomes {
		for _, a := range x.Outcomes[i].Assuming {
			if text := a.String(); !slices.Contains(on, text) && len(on) < 3 {
				on = append(on, text)
			}
		}
	}
	f.Because = "it depends on whether " + strings.Join(on, ", ")
	f.Change = "declare what is not known, in a layer file"
	prove(f, x, &x.Outcomes[0], by)
	return f
}

// allowed reports that somebody is let in.
func allowed(e *config.Expectation, x *exchange.Exchange, by *reach.Candidate) *finding.Finding {
	f := report(e, finding.Error, "the browser allows "+request(e)+", expected to be blocked", "every check passes")
	o := &x.Outcomes[0]
	for i := range o.Hops {
		for _, h := range headers(o.Hops[i].Preflight, o.Hops[i].Actual) {
			relate(f, h, sends(h))
			if strings.EqualFold(h.Name, "Access-Control-Allow-Origin") {
				f.Because = "every check passes: the answer " + sends(h)
			}
		}
	}
	prove(f, x, o, by)
	return f
}

// blocked reports that a request which has to work does not.
func blocked(e *config.Expectation, x *exchange.Exchange, by *reach.Candidate) *finding.Finding {
	f := report(e, finding.Error, "the browser refuses "+request(e)+", expected to be allowed", "")
	o := &x.Outcomes[0]
	defer prove(f, x, o, by)
	if len(o.Result.Failures) == 0 {
		return f
	}
	first := o.Result.Failures[0]
	f.Because = strings.TrimSuffix(first.Text, ".")
	f.Browser = exchange.Messages(first)
	answer := o.Answer(first.Hop, first.Phase)
	for _, h := range headers(answer) {
		relate(f, h, sends(h))
	}
	if answer != nil {
		for _, l := range answer.Lost {
			if !l.At.IsZero() && strings.HasPrefix(strings.ToLower(l.Header), "access-control-") {
				f.Related = append(f.Related, finding.Related{Span: l.At, Text: "writes " + l.Header + ", which is not sent"})
			}
		}
	}
	return f
}

// headers returns the headers of answers that a browser's decision rests on.
func headers(answers ...*policy.Outcome) []policy.Header {
	var out []policy.Header
	for _, o := range answers {
		if o == nil {
			continue
		}
		for _, h := range o.Headers {
			if strings.HasPrefix(strings.ToLower(h.Name), "access-control-allow-") {
				out = append(out, h)
			}
		}
	}
	return out
}

func sends(h policy.Header) string { return "sends " + h.Name + ": " + shorten(h.Value.String(), 60) }

// relate adds the place that wrote a header, each once.
func relate(f *finding.Finding, h policy.Header, text string) {
	for _, at := range h.Sources {
		if !at.IsZero() && !slices.ContainsFunc(f.Related, func(r finding.Related) bool { return source.Compare(r.Span, at) == 0 }) {
			f.Related = append(f.Related, finding.Related{Span: at, Text: text})
			return
		}
	}
}

// prove adds the exchange, and the layer that answers, so that a run over that layer's file reports the finding.
func prove(f *finding.Finding, x *exchange.Exchange, o *exchange.Outcome, by *reach.Candidate) {
	w := x.Witness(o, by.Host.Name)
	w.Exchange = x.Evidence(o)
	f.Witness = []finding.Witness{w}
	f.Curl = x.Curl(o)
	for _, a := range o.Assuming {
		f.Assuming = append(f.Assuming, a.String())
	}
	if u, err := url.Parse(x.Fetch.URL); err == nil {
		f.Endpoints = []string{by.Layer.Name + u.Path}
	}
	f.Related = append(f.Related, finding.Related{Span: by.Layer.Span, Text: "answers"})
}
