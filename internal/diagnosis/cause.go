package diagnosis

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/rules"
)

// This file finds the cause of a failure that the project's answer makes a browser print.

// explain fills in the cause, and what is in the way after it: that the page is not one of those that the layer lets in, else
// what a rule says about the very exchange, else the place that answered.
func (d *Diagnosis) explain(ctx context.Context, by *candidate, a *attempt) {
	d.Place = Place(&d.Failure, d.Answer)
	d.Change = change(&d.Failure, a.exchange.Fetch.Origin)
	page := a.exchange.Fetch.Origin
	if d.Failure.Header == allowOrigin {
		if in := by.letIn(ctx, a); len(in.origins) > 0 {
			d.notMeant(in, page)
			return
		} else if in.other != nil { // a page that is meant fares no better
			if f, _ := ruleFinding(ctx, by, in.other); f != nil {
				d.because(f)
				d.After = []Wall{{Text: page + " is not among the origins that this layer names: " + listed(in.named), Place: in.place}}
				return
			}
		}
	}
	f, others := ruleFinding(ctx, by, a)
	if f == nil {
		for _, x := range a.outcome.Result.Failures {
			if !x.Unknown && !sameCheck(x, d.Failure) && !d.repairs(x) {
				d.After = append(d.After, Wall{Text: x.Text, Place: Place(&x, a.outcome.Answer(x.Hop, x.Phase))})
			}
		}
		return
	}
	d.because(f)
	for _, other := range others {
		d.After = append(d.After, Wall{Text: tail(other.Browser.Chromium), Place: other.Place, Change: other.Change})
	}
}

func sameCheck(a, b browser.Failure) bool {
	return a.Reason == b.Reason && a.Phase == b.Phase && a.Hop == b.Hop && slices.Equal(a.Names, b.Names)
}

// because takes over what a rule says.
func (d *Diagnosis) because(f *finding.Finding) {
	d.Finding, d.Place = f, f.Place
	d.Rule, d.Because, d.Change = f.Rule, f.Because, f.Change
	if strings.Contains(d.Because, said) { // which has been said already
		d.Because = ""
	}
}

// tail returns a console line from where it says what is wrong.
func tail(line string) string {
	_, text, ok := strings.Cut(line, "blocked by CORS policy: ")
	if !ok {
		return line
	}
	return text
}

// letIn says which of the origins that a layer names pass the check that a page failed.
type letIn struct {
	origins []string
	after   []Wall   // that such a page meets
	named   []string // all that it names, unless the page is one of them
	place   source.Span
	other   *attempt // that of a named origin which fails in the same way
}

// letIn makes the same request from the pages that the layer names.
func (c *candidate) letIn(ctx context.Context, a *attempt) letIn {
	var in letIn
	page := a.exchange.Fetch.Origin
	meanings := probe.NewProber(ctx, c.Chain, c.Layer).Stated(nil).Meanings
	if slices.ContainsFunc(meanings, func(m probe.Meaning) bool { return m.Origin == page }) {
		return in
	}
	for _, m := range meanings {
		if slices.Contains(in.named, m.Origin) || len(in.named) >= maxMeant {
			continue
		}
		in.named = append(in.named, m.Origin)
		f := a.exchange.Fetch
		f.Origin, f.PageURL = m.Origin, ""
		x, err := exchange.Simulate(ctx, a.exchange.Engine, c.Chain, f, exchange.Options{Entry: c.Layer, AssumeSilent: true})
		if err != nil || len(x.Outcomes) == 0 {
			continue
		}
		o := &x.Outcomes[0]
		if len(in.named) == 1 || near(m.Origin, page) {
			in.place = m.Of.Span
		}
		if failure, ok := printed(o); ok && failure.Header == allowOrigin && failure.Phase == a.failure.Phase {
			if in.other == nil {
				in.other = &attempt{by: c, exchange: x, outcome: o, failure: failure}
			}
			continue
		}
		if len(in.origins) == 0 {
			in.place = m.Of.Span
			for _, failure := range o.Result.Failures {
				if !failure.Unknown {
					in.after = append(in.after, Wall{Text: failure.Text, Place: Place(&failure, o.Answer(failure.Hop, failure.Phase))})
				}
			}
		}
		in.origins = append(in.origins, m.Origin)
	}
	return in
}

// notMeant fills in that the page is not one of those that are let in.
func (d *Diagnosis) notMeant(in letIn, page string) {
	if h, ok := d.Answer.Get(allowOrigin); !ok || len(h.Sources) == 0 { // else that is the line that names another one
		d.Place = in.place
	}
	d.After = in.after
	if page == "null" {
		d.Because = "the request comes with Origin: null, as from a file, a sandboxed frame, or after a redirect from one foreign host to another; the layer lets in " + listed(in.origins)
		d.Change = "ask where no redirect is needed, from a page with an address; whoever allows null allows every sandboxed page"
		return
	}
	d.Because = page + " is not an origin that this layer lets in: it lets in " + listed(in.origins)
	if i := slices.IndexFunc(in.origins, func(o string) bool { return near(o, page) }); i >= 0 {
		d.Because += "; " + difference(in.origins[i], page)
	}
	d.Change = "add " + page + " to the origins that are let in, if it is meant"
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

// ruleFinding asks the rules about the exchange of an attempt, as about a need that somebody states of the layer. It returns
// the finding that has the attempt's failure, nil if none does, and those that have others of the same exchange.
func ruleFinding(ctx context.Context, by *candidate, a *attempt) (found *finding.Finding, others []*finding.Finding) {
	survey := surveyOf(ctx, by, &a.exchange)
	if survey == nil {
		return nil, nil
	}
	var elsewhere []*finding.Finding // about the same path
	for _, f := range rules.Check(rules.All(), survey, rules.Options{}) {
		switch {
		case f.Browser.Chromium == "" || f.Place.Path() == said:
		case len(f.Needs) > 0: // it is about the need, among others
			others = append(others, f)
		case slices.Contains(f.Endpoints, survey.Stated[0].Name) && saysReason(f, a.failure.Reason):
			elsewhere = append(elsewhere, f)
		}
	}
	if len(others) == 0 { // a cause that was found with another request has claimed it
		others = elsewhere[:min(len(elsewhere), 1)]
	}
	words := exchange.Messages(a.failure)
	for _, is := range []func(*finding.Finding) bool{
		func(f *finding.Finding) bool { return f.Browser == words },
		func(f *finding.Finding) bool { return saysReason(f, a.failure.Reason) },
		func(f *finding.Finding) bool {
			return a.exchange.Engine == browser.WebKit && saysReason(f, browser.PreflightDisallowedRedirect)
		},
		func(f *finding.Finding) bool { return len(others) == 1 },
	} {
		if i := slices.IndexFunc(others, is); i >= 0 {
			return others[i], slices.Delete(slices.Clone(others), i, i+1)
		}
	}
	return nil, others
}

func saysReason(f *finding.Finding, r browser.Reason) bool {
	return slices.ContainsFunc(console.Read(f.Browser.Chromium), func(m console.Message) bool { return slices.Contains(m.Reasons, r) })
}

// said is the path of the file that a message stands for, where it states a need.
const said = "console"

// surveyOf makes a survey of one exchange; nil where the URL cannot be asked as a need.
func surveyOf(ctx context.Context, by *candidate, x *exchange.Exchange) *probe.Survey {
	f := &x.Fetch
	u, err := url.Parse(f.URL)
	if err != nil {
		return nil
	}
	at := source.Span{File: source.NewFile(said, []byte(f.Title())), End: len(f.Title())}
	server, ok := contract.ParseServer(u.Scheme+"://"+u.Host, at)
	if !ok {
		return nil
	}
	need := contract.Need{
		Method: f.Method, Path: u.Path, Example: u.Path, Origin: f.Origin, Span: at, Cell: &contract.Cell{},
		Servers: []contract.Server{server},
	}
	for _, h := range f.Headers {
		need.Headers = append(need.Headers, contract.Header{Name: h.Name, Value: h.Value, Span: at})
	}
	if f.Credentials == browser.CredentialsInclude {
		need.Auth = []contract.Auth{{Cookies: true, Span: at}}
	}
	prober := probe.NewProber(ctx, by.Chain, by.Layer)
	survey := prober.Survey()
	survey.Stated = prober.Stated([]contract.Need{need}).Stated
	if len(survey.Stated) == 0 {
		return nil
	}
	asked := *x
	if x.Engine != browser.Chromium { // of which the rules speak
		again, err := exchange.Simulate(ctx, browser.Chromium, by.Chain, *f, exchange.Options{Entry: by.Layer, AssumeSilent: true})
		if err != nil {
			return nil
		}
		asked = again
	}
	purpose := probe.Simple
	switch {
	case len(f.Circumstances) > 0:
		purpose = probe.Circumstance
	case !browser.IsSafelistedMethod(f.Method) || len(f.Headers) > 0:
		purpose = probe.Preflighted
	}
	survey.Stated[0].Wanted = []*probe.Probe{{Purpose: purpose, Exchange: asked, Need: "asks for it", NeedAt: at, Stated: &need}}
	return survey
}

// Place returns the place that decides about a failure: what lost the header, what wrote it, or else what answered.
func Place(f *browser.Failure, answer *policy.Outcome) source.Span {
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

// Concerns reports whether a finding is about what makes a browser print a message.
func Concerns(f *finding.Finding, m *console.Message) bool {
	return slices.ContainsFunc(console.Read(f.Browser.Chromium), func(printed console.Message) bool {
		return (m.Name == "" || strings.EqualFold(m.Name, printed.Name)) &&
			slices.ContainsFunc(printed.Reasons, func(r browser.Reason) bool { return slices.Contains(m.Reasons, r) })
	})
}
