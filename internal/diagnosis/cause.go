package diagnosis

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/rules"
)

// This file finds the cause of a failure that the project's answer makes a browser print.

// explain fills in the cause: that the page is not one of those that the layer lets in, else what a rule says about the very
// exchange, else the place that answered.
func (d *Diagnosis) explain(ctx context.Context, by *candidate, a *attempt) {
	d.Place = placeOf(&d.Failure, d.Answer)
	d.Change = change(&d.Failure, a.exchange.Fetch.Origin)
	if d.notMeant(ctx, by, a) {
		return
	}
	if f := ruleFinding(ctx, by, a); f != nil {
		d.Finding, d.Place = f, f.Place
		d.Rule, d.Because, d.Change = f.Rule, f.Because, f.Change
	}
}

// notMeant looks whether the same request of another page, one that the layer means to let in, passes the check.
func (d *Diagnosis) notMeant(ctx context.Context, by *candidate, a *attempt) bool {
	if d.Failure.Header != allowOrigin {
		return false
	}
	prober := probe.NewProber(ctx, by.chain, by.layer)
	meanings := prober.Stated(nil).Meanings
	page := a.exchange.Fetch.Origin
	if slices.ContainsFunc(meanings, func(m probe.Meaning) bool { return m.Origin == page }) {
		return false
	}
	var in []string
	for _, m := range meanings {
		if slices.Contains(in, m.Origin) || len(in) >= maxMeant {
			continue
		}
		f := a.exchange.Fetch
		f.Origin, f.PageURL = m.Origin, ""
		x, err := exchange.Simulate(ctx, a.exchange.Engine, by.chain, f, exchange.Options{Entry: by.layer, AssumeSilent: true})
		if err != nil || len(x.Outcomes) == 0 || slices.ContainsFunc(x.Outcomes[0].Result.Failures, func(f browser.Failure) bool {
			return f.Header == allowOrigin && f.Phase == d.Failure.Phase
		}) {
			continue
		}
		if len(in) == 0 || near(m.Origin, page) && !near(in[0], page) {
			d.Place = m.Of.Span
		}
		in = append(in, m.Origin)
	}
	if len(in) == 0 {
		return false
	}
	d.Because = page + " is not an origin that this layer lets in: it lets in " + listed(in)
	if other := slices.IndexFunc(in, func(o string) bool { return near(o, page) }); other >= 0 {
		d.Because += "; " + difference(in[other], page)
	}
	d.Change = "add " + page + " to the origins that are let in, if it is meant"
	return true
}

// near reports whether two origins differ in one part only.
func near(a, b string) bool { return difference(a, b) != "" }

// difference says in which part two origins of one site differ; "" when it is not one part.
func difference(let, page string) string {
	x, errX := url.Parse(let)
	y, errY := url.Parse(page)
	if errX != nil || errY != nil {
		return ""
	}
	scheme, host, port := x.Scheme != y.Scheme, x.Hostname() != y.Hostname(), x.Port() != y.Port()
	switch {
	case scheme && !host && !port:
		return "the page came over " + y.Scheme
	case port && !host && !scheme:
		return "the port is another one"
	case host && !scheme && !port && (strings.HasSuffix(x.Hostname(), "."+strings.TrimPrefix(y.Hostname(), "www.")) || strings.HasSuffix(y.Hostname(), "."+strings.TrimPrefix(x.Hostname(), "www."))):
		return "the host is another one of the same site"
	}
	return ""
}

// ruleFinding asks the rules about the exchange of an attempt, as about a need that somebody states, and returns the finding
// that has the message; nil if there is none.
func ruleFinding(ctx context.Context, by *candidate, a *attempt) *finding.Finding {
	survey := surveyOf(ctx, by, &a.exchange)
	if survey == nil {
		return nil
	}
	findings := rules.Check(rules.All(), survey, rules.Options{})
	findings = slices.DeleteFunc(findings, func(f *finding.Finding) bool { return f.Category != finding.Blocked || f.Browser.Chromium == "" })
	words := exchange.Messages(a.failure)
	if i := slices.IndexFunc(findings, func(f *finding.Finding) bool { return f.Browser.Chromium == words.Chromium }); i >= 0 {
		return findings[i]
	}
	return nil
}

// surveyOf makes a survey of one exchange; nil where the URL cannot be asked as a need.
func surveyOf(ctx context.Context, by *candidate, x *exchange.Exchange) *probe.Survey {
	f := &x.Fetch
	u, err := url.Parse(f.URL)
	if err != nil {
		return nil
	}
	text := "console"
	said := source.Span{File: source.NewFile(text, []byte(f.Title())), End: len(f.Title())}
	need := contract.Need{
		Method: f.Method, Path: u.Path, Example: u.Path, Origin: f.Origin, Span: said, Cell: &contract.Cell{},
		Servers: []contract.Server{{Scheme: u.Scheme, Host: u.Hostname(), Port: port(u), Span: said}},
	}
	for _, h := range f.Headers {
		need.Headers = append(need.Headers, contract.Header{Name: h.Name, Value: h.Value, Span: said})
	}
	if f.Credentials == browser.CredentialsInclude {
		need.Auth = []contract.Auth{{Cookies: true, Span: said}}
	}
	survey := probe.NewProber(ctx, by.chain, by.layer).Stated([]contract.Need{need})
	if len(survey.Stated) == 0 {
		return nil
	}
	purpose := probe.Simple
	switch {
	case len(f.Circumstances) > 0:
		purpose = probe.Circumstance
	case !browser.IsSafelistedMethod(f.Method) || len(f.Headers) > 0:
		purpose = probe.Preflighted
	}
	survey.Stated[0].Wanted = []*probe.Probe{{Purpose: purpose, Exchange: *x, Need: "asks for it", NeedAt: said, Stated: &need}}
	return survey
}

// placeOf returns the place that decides about a failure: what lost the header, what wrote it, or else what answered.
func placeOf(f *browser.Failure, answer *policy.Outcome) source.Span {
	if answer == nil {
		return source.Span{}
	}
	if h, ok := answer.Get(f.Header); ok && len(h.Sources) > 0 {
		return h.Sources[0]
	}
	for _, l := range answer.Lost {
		if strings.EqualFold(l.Header, f.Header) && !l.By.IsZero() {
			return l.By
		}
	}
	return answeredAt(answer)
}

// answeredAt returns the place that gave an answer.
func answeredAt(answer *policy.Outcome) source.Span {
	if answer != nil && len(answer.Trail) > 0 {
		return answer.Trail[len(answer.Trail)-1]
	}
	return source.Span{}
}

// repairs reports whether whoever repairs the failure repairs another one with it: an answer without a single CORS header, or
// one that is no answer to a preflight at all, has to become another one.
func (d *Diagnosis) repairs(other browser.Failure) bool {
	if other.Phase != d.Failure.Phase || other.Hop != d.Failure.Hop || d.Answer == nil {
		return false
	}
	none := !slices.ContainsFunc(d.Answer.Headers, func(h policy.Header) bool {
		return strings.HasPrefix(strings.ToLower(h.Name), "access-control-")
	})
	return none && d.Failure.Phase == browser.PhasePreflight
}
