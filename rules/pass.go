package rules

import (
	"iter"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Environment is what a file is declared to be bound to.
type Environment string

// The environments.
const (
	Production  Environment = "production"
	Development Environment = "development"
)

// Pass is what a rule sees: one layer and what probing found out about it.
type Pass struct {
	*probe.Survey
	Environment Environment // "" where nothing is declared
	Public      bool        // the layer is declared to have an address that browsers of visitors reach

	rule      *Rule
	reports   *[]*Report
	documents bool
}

// Report is what a rule has to say. Severity and Confidence are the rule's and high when they are left out.
type Report struct {
	finding.Finding
	// Failures are the failed checks that the report is about; the clearest is the first and becomes the witness.
	Failures []*probe.Failure
	// Proof is a fetch that proves the report where no check failed: a stranger was let in.
	Proof *probe.Probe
	// Sequence proves what a cache does.
	Sequence []finding.Witness
	// Claims are further keys for what the report speaks for, beside those of its failures; see [Rule.Explains].
	Claims []string
	// Explains are further rules whose failures the report claims, beside those of its rule.
	Explains []string

	rule   *Rule
	layer  *policy.Layer
	server string // who answers, in a transcript

	documents bool
}

// Report adds a report of the rule.
func (p *Pass) Report(r Report) {
	if r.Place.IsZero() {
		return
	}
	r.rule, r.layer, r.server = p.rule, p.Layer, p.Host.Name
	r.Rule, r.Category = p.rule.Name, p.rule.Category
	if r.Severity == 0 {
		r.Severity = p.rule.Severity
	}
	if r.Confidence == 0 {
		r.Confidence = finding.High
	}
	*p.reports = append(*p.reports, &r)
}

// Failures yields the failed checks of all wanted fetches that nothing befell: someone needs them. Those that rest on
// something unknown are left out.
func (p *Pass) Failures() iter.Seq[*probe.Failure] { return p.failures(false) }

// CircumstanceFailures yields the failed checks of wanted fetches that something befell.
func (p *Pass) CircumstanceFailures() iter.Seq[*probe.Failure] { return p.failures(true) }

func (p *Pass) failures(circumstance bool) iter.Seq[*probe.Failure] {
	return func(yield func(*probe.Failure) bool) {
		for _, e := range slices.Concat(p.Endpoints, p.Stated) {
			for _, w := range e.Wanted {
				if (w.Purpose == probe.Circumstance) != circumstance || w.Purpose == probe.Unencrypted || w.Purpose == probe.Misplaced {
					continue
				}
				for _, f := range w.Failures(e) {
					if known(f) && !yield(f) {
						return
					}
				}
			}
		}
	}
}

// known reports whether a failure does not rest on what an unknown upstream may send: a header that the layer writes
// itself at this endpoint is one that the upstream does not send, or the browser would see it twice.
func known(f *probe.Failure) bool {
	if f.Answer == nil || f.Answer.Open == nil {
		return true
	}
	if f.Header == "" || f.Reason == browser.PreflightInvalidStatus {
		return false
	}
	return f.Endpoint.Owns(f.Header) || f.Answer.Fixes(f.Header) && !assumesSilence(f)
}

// assumesSilence reports whether the upstream was taken to send no CORS headers when it was asked: what is then fixed about
// its answer is fixed by that alone, unless a step removed the header by its name.
func assumesSilence(f *probe.Failure) bool {
	return !slices.Contains(f.Answer.Fixed, strings.ToLower(f.Header)) &&
		slices.ContainsFunc(f.Outcome.Assuming, func(a policy.Assumption) bool {
			return a.Kind == policy.UnknownSilent && a.Holds && a.Subject == f.Answer.Open.Subject
		})
}

// Group is failures with one cause.
type Group struct {
	Place    source.Span
	Failures []*probe.Failure
}

// ByPlace groups failures by the place that causes them, in the order of the places; a failure without one is left out.
func ByPlace(failures iter.Seq[*probe.Failure], place func(*probe.Failure) source.Span) []Group {
	var groups []Group
	for f := range failures {
		at := place(f)
		if at.IsZero() {
			continue
		}
		i := slices.IndexFunc(groups, func(g Group) bool { return g.Place == at })
		if i < 0 {
			i = len(groups)
			groups = append(groups, Group{Place: at})
		}
		groups[i].Failures = append(groups[i].Failures, f)
	}
	slices.SortStableFunc(groups, func(a, b Group) int { return source.Compare(a.Place, b.Place) })
	return groups
}

// Endpoints returns the names of the endpoints of failures, each once.
func (g Group) Endpoints() []string {
	var names []string
	for _, f := range g.Failures {
		if !slices.Contains(names, f.Endpoint.Name) {
			names = append(names, f.Endpoint.Name)
		}
	}
	return names
}

// Has returns a predicate for failures of some reasons.
func Has(failures iter.Seq[*probe.Failure], reasons ...browser.Reason) iter.Seq[*probe.Failure] {
	return func(yield func(*probe.Failure) bool) {
		for f := range failures {
			if slices.Contains(reasons, f.Reason) && !yield(f) {
				return
			}
		}
	}
}

// Outcome returns the first outcome of a probe.
func outcome(p *probe.Probe) *exchange.Outcome {
	if len(p.Exchange.Outcomes) == 0 {
		return nil
	}
	return &p.Exchange.Outcomes[0]
}

// requests says in a few words which requests failures are about: "credentialed PUT and DELETE".
func requests(failures []*probe.Failure) string { return someRequests(failures, 4) }

// someRequests names as many requests as a message has room for, and counts the others.
func someRequests(failures []*probe.Failure, limit int) string {
	var methods []string
	credentialed := false
	shown := func(f *probe.Failure) bool { return !f.Probe.Guess }
	for _, f := range failures {
		if f.Probe.Guess && slices.ContainsFunc(failures, shown) {
			continue // what somebody shows to send says more
		}
		fetch := f.Probe.Exchange.Fetch
		what := request(f)
		credentialed = credentialed || fetch.Credentials == browser.CredentialsInclude
		if !slices.Contains(methods, what) {
			methods = append(methods, what)
		}
	}
	text := listed(methods, limit)
	if credentialed {
		return "credentialed " + text
	}
	return text
}

// request says in a few words which request a failure is about: "JSON POST", "GET with Authorization". Of several headers
// those count that are refused.
func request(f *probe.Failure) string {
	fetch := f.Probe.Exchange.Fetch
	what, with := fetch.Method, ""
	for _, h := range fetch.Headers {
		if strings.EqualFold(h.Name, "content-type") {
			if strings.Contains(h.Value, "json") {
				what = "JSON " + fetch.Method
			}
		} else if len(fetch.Headers) == 1 || slices.Contains(f.Names, strings.ToLower(h.Name)) {
			with = " with " + h.Name
		}
	}
	return what + with
}

// listed joins words as a sentence does, and counts those beyond a limit.
func listed(words []string, limit int) string {
	if len(words) > limit {
		rest := len(words) - limit + 1
		words = append(slices.Clone(words[:limit-1]), plural(rest, "other"))
	}
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
