package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Options say what a check is for.
type Options struct {
	Environment Environment
	// Public: the layer is declared to have an address that browsers of visitors reach, wherever it listens.
	Public bool
	// Documents: findings carry the JSON documents of their proofs, which are large.
	Documents bool
}

// Check runs rules over a layer and returns their findings: each failing exchange claimed once, one finding for one
// cause, each with its witness.
func Check(rules []*Rule, survey *probe.Survey, o Options) []*finding.Finding {
	if len(survey.Endpoints) == 0 && len(survey.Stated) == 0 {
		return nil
	}
	var reports []*Report
	for _, r := range rules {
		if r.Check != nil {
			r.Check(&Pass{Survey: survey, Environment: o.Environment, Public: o.Public, rule: r, reports: &reports, documents: o.Documents})
		}
	}
	reports = gather(claim(reports))
	findings := make([]*finding.Finding, 0, len(reports))
	for _, r := range reports {
		r.documents = o.Documents
		r.finish()
		r.temper()
		found := r.Finding // a copy: a finding outlives the exchanges that the report points to
		findings = append(findings, &found)
	}
	return findings
}

// explains reports whether failures that another rule reports may be symptoms of the report's cause.
func (r *Report) explains(rule string) bool {
	return slices.Contains(r.rule.Explains, rule) || slices.Contains(r.Explains, rule)
}

// claim takes from symptom rules the failing exchanges that a cause explains. A report that has nothing left goes, and
// its rule's name is listed with the cause.
func claim(reports []*Report) []*Report {
	keys := make([][]string, len(reports))
	for i, r := range reports {
		keys[i] = append(slices.Clone(r.Claims), r.keys()...)
	}
	gone := make([]bool, len(reports))
	for i, cause := range reports {
		for j, symptom := range reports {
			if i == j || gone[j] || gone[i] || !cause.explains(symptom.rule.Name) || len(keys[j]) == 0 {
				continue
			}
			left := slices.DeleteFunc(slices.Clone(keys[j]), func(key string) bool { return slices.Contains(keys[i], key) })
			if len(left) == len(keys[j]) {
				continue
			}
			if keys[j] = left; len(left) > 0 {
				symptom.keep(left)
				continue
			}
			gone[j] = true
			cause.Also = append(cause.Also, symptom.Rule)
			cause.Also = append(cause.Also, symptom.Also...)
		}
	}
	var out []*Report
	for i, r := range reports {
		if !gone[i] {
			slices.Sort(r.Also)
			r.Also = slices.Compact(r.Also)
			out = append(out, r)
		}
	}
	return out
}

// manyAlike is how many reports that say the same of one generated file are too many to read.
const manyAlike = 4

// gather makes one report of those that a rule has about the same text at many places of a JSON file. Such a file is generated:
// what it repeats is written once, elsewhere.
func gather(reports []*Report) []*Report {
	type key struct{ rule, path, text, change string }
	alike := map[key][]*Report{}
	keyOf := func(r *Report) key { return key{r.Rule, r.Place.Path(), r.Place.Text(), r.Change} }
	for _, r := range reports {
		if strings.EqualFold(path.Ext(r.Place.Path()), ".json") {
			alike[keyOf(r)] = append(alike[keyOf(r)], r)
		}
	}
	return slices.DeleteFunc(reports, func(r *Report) bool {
		same := alike[keyOf(r)]
		if len(same) < manyAlike {
			return false
		}
		first := same[0]
		if r != first {
			return true
		}
		first.Because += fmt.Sprintf("; %d other places are alike", len(same)-1)
		first.Related = nil // of each place other lines, and too many
		for _, other := range same[1:] {
			first.Severity, first.Confidence = max(first.Severity, other.Severity), max(first.Confidence, other.Confidence)
			first.Failures = append(first.Failures, other.Failures...)
			first.Endpoints = append(first.Endpoints, other.Endpoints...)
			first.Also = append(first.Also, other.Also...)
			if len(first.Related) < maxShown {
				first.Related = append(first.Related, finding.Related{Span: other.Place, Text: "and here"})
			}
		}
		slices.Sort(first.Also)
		first.Also = slices.Compact(first.Also)
		return false
	})
}

func (r *Report) keys() []string {
	keys := make([]string, len(r.Failures))
	for i, f := range r.Failures {
		keys[i] = f.Key()
	}
	return keys
}

// keep drops the failures that another report claimed.
func (r *Report) keep(keys []string) {
	r.Failures = slices.DeleteFunc(r.Failures, func(f *probe.Failure) bool { return !slices.Contains(keys, f.Key()) })
	r.Endpoints = nil
}

// finish fills what follows from a report's failures or proof.
func (r *Report) finish() {
	if len(r.Endpoints) == 0 {
		r.Endpoints = Group{Failures: r.Failures}.Endpoints()
	}
	for _, f := range r.Failures {
		if n := f.Probe.Stated; n != nil && n.Cell != nil && !slices.Contains(r.Needs, n.Key()) {
			r.Needs = append(r.Needs, n.Key())
		}
	}
	switch {
	case len(r.Failures) > 0:
		f := r.Failures[0]
		r.witness(f.Probe, f)
		if r.Evidence == "" {
			r.Evidence = f.Probe.Evidence()
		}
	case r.Proof != nil:
		r.witness(r.Proof, nil)
	}
	r.Witness = append(r.Witness, r.Sequence...)
	switch {
	case r.Subject != "":
	case r.Place.Path() != r.layer.Span.Path():
		r.Subject = "included" // the text is the same thing whoever includes it
	case len(r.Endpoints) > 0:
		r.Subject = r.Endpoints[0]
	default:
		r.Subject = r.layer.Name
	}
	slices.SortStableFunc(r.Related, func(a, b finding.Related) int { return a.Span.Start - b.Span.Start })
}

// temper makes no error of a report that rests on what a service is only reported to do.
func (r *Report) temper() {
	for _, fact := range r.layer.Facts {
		if fact.Kind == policy.FactUnverified && r.restsOn(fact) {
			r.Severity, r.Confidence = min(r.Severity, finding.Warning), min(r.Confidence, finding.Medium)
			r.Because += "; " + fact.Text
			return
		}
	}
}

// restsOn reports whether the answers that a report is about have the header, or were given at the place, that a fact is about.
func (r *Report) restsOn(fact policy.Fact) bool {
	if r.Proof != nil && len(r.Failures) == 0 {
		o := outcome(r.Proof)
		return o != nil && gives(o.Answer(len(o.Hops)-1, browser.PhaseActual), fact)
	}
	return slices.ContainsFunc(r.Failures, func(f *probe.Failure) bool {
		return (fact.Subject == "" || strings.EqualFold(fact.Subject, f.Header)) && gives(f.Answer, fact)
	})
}

// gives reports whether an answer is the one that a fact is about.
func gives(answer *policy.Outcome, fact policy.Fact) bool {
	if answer == nil {
		return false
	}
	if fact.Subject == "" {
		return len(answer.Trail) > 0 && answer.Trail[len(answer.Trail)-1] == fact.Span
	}
	return slices.ContainsFunc(answer.Headers, func(h policy.Header) bool {
		at := source.Span{}
		if len(h.Sources) > 0 {
			at = h.Sources[0]
		}
		return strings.EqualFold(h.Name, fact.Subject) && !h.Upstream && at == fact.Span
	})
}

// witness adds the exchange of a probe, with what each browser says about a failure in it.
func (r *Report) witness(p *probe.Probe, f *probe.Failure) {
	o := outcome(p)
	if f != nil {
		o = f.Outcome
	}
	if o == nil {
		return
	}
	w := p.Exchange.Witness(o, r.server)
	w.Fetch = p.Exchange.Fetch.Key()
	if r.documents {
		w.Exchange = p.Exchange.Evidence(o)
	}
	r.Witness = append(r.Witness, w)
	r.Curl = append(r.Curl, p.Exchange.Curl(o)...)
	for _, a := range o.Assuming {
		r.Assuming = append(r.Assuming, a.String())
	}
	if f != nil {
		r.Browser = exchange.Messages(f.Failure)
	}
}
