package rules

import (
	"slices"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
)

// Options say what a check is for.
type Options struct {
	Environment Environment
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
			r.Check(&Pass{Survey: survey, Environment: o.Environment, rule: r, reports: &reports, documents: o.Documents})
		}
	}
	reports = claim(reports)
	findings := make([]*finding.Finding, 0, len(reports))
	for _, r := range reports {
		r.documents = o.Documents
		r.finish()
		found := r.Finding // a copy: a finding outlives the exchanges that the report points to
		findings = append(findings, &found)
	}
	return findings
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
			if i == j || gone[j] || gone[i] || !slices.Contains(cause.rule.Explains, symptom.rule.Name) || len(keys[j]) == 0 {
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
