package rules

import (
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// This file holds what the rules about caches share: which answers of an endpoint a cache may confuse, and the proof that a
// browser refuses the wrong one.

// confusion is an answer that a cache stores for one page and hands to another, whose browser refuses it.
type confusion struct {
	endpoint *probe.Endpoint
	stored   *probe.Answer
	fresh    *probe.Answer // what the victim is sent when no cache stands in between
	victim   string        // the origin of the page that is refused
	sequence []finding.Witness
	failure  browser.Failure
}

// confusionOf returns the clearest confusion of an endpoint that is of the wanted kind: with a copy for another page that
// is let in, for a request without Origin, or for a page that is not let in. There is none where the allowed origin
// depends on nothing.
func confusionOf(p *Pass, e *probe.Endpoint, want func(stored, fresh *policy.Outcome) bool) (confusion, bool) {
	readers := readers(e)
	var copies []*probe.Answer
	for i := range e.Answers {
		if a := &e.Answers[i]; a.Method == http.MethodGet && storable(&a.Outcome) {
			copies = append(copies, a)
		}
	}
	slices.SortStableFunc(copies, func(a, b *probe.Answer) int {
		rank := func(a *probe.Answer) int {
			switch {
			case slices.Contains(readers, a):
				return 0
			case a.Origin == "":
				return 1
			}
			return 2
		}
		return rank(a) - rank(b)
	})
	for _, fresh := range readers {
		for _, stored := range copies {
			allowed := allowOriginOf(&stored.Outcome)
			if !together(&stored.Outcome, &fresh.Outcome) {
				continue // two answers to what is not known: no server gives both
			}
			if stored.Origin == fresh.Origin || allowed == fresh.Origin || allowed == "*" || !want(&stored.Outcome, &fresh.Outcome) {
				continue
			}
			c := confusion{endpoint: e, stored: stored, fresh: fresh, victim: fresh.Origin}
			if c.prove(p) {
				return c, true
			}
		}
	}
	return confusion{}, false
}

// together reports whether two answers can be those of one server: they assume the same of what is not known.
func together(a, b *policy.Outcome) bool {
	for _, x := range a.Assuming {
		for _, y := range b.Assuming {
			if x.Same(y.Unknown) && x.Holds != y.Holds {
				return false
			}
		}
	}
	return true
}

// readers returns the answers that a page reads because they name it.
func readers(e *probe.Endpoint) []*probe.Answer {
	var out []*probe.Answer
	for i := range e.Answers {
		a := &e.Answers[i]
		h, ok := a.Outcome.Get("Access-Control-Allow-Origin")
		text, known := h.Value.Known()
		if ok && known && a.Method == http.MethodGet && a.Origin != "" && text == a.Origin && storable(&a.Outcome) {
			out = append(out, a)
		}
	}
	return out
}

func allowOriginOf(o *policy.Outcome) string {
	h, _ := o.Get("Access-Control-Allow-Origin")
	return h.Value.String()
}

// storable reports whether a cache may store an answer and serve it without asking again: its status is one that is
// cacheable by default, and nothing forbids it. https://www.rfc-editor.org/rfc/rfc9110#section-15.1
func storable(o *policy.Outcome) bool {
	if o.Status != 0 && !slices.Contains([]int{200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501}, o.Status) || o.Status == 0 && o.Open == nil {
		return false
	}
	for _, h := range o.Headers {
		if strings.EqualFold(h.Name, "Cache-Control") {
			value := strings.ToLower(h.Value.String())
			if strings.Contains(value, "no-store") || strings.Contains(value, "no-cache") {
				return false
			}
		}
	}
	return true
}

// saysItVaries reports whether an answer says that it depends on Origin.
func saysItVaries(o *policy.Outcome) bool {
	for _, h := range o.Headers {
		if !strings.EqualFold(h.Name, "Vary") {
			continue
		}
		text, known := h.Value.Known()
		if !known { // it may
			return true
		}
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Origin") {
				return true
			}
		}
	}
	return false
}

// prove lets the victim's browser judge the stored answer: a sequence of the request that fills the cache and the one that
// is answered from it.
func (c *confusion) prove(p *Pass) bool {
	first := c.fetch(c.stored)
	second := c.fetch(c.fresh)
	replay := exchange.Exchange{Fetch: second, Engine: browser.Chromium, Outcomes: []exchange.Outcome{{
		Result: browser.Fetch(browser.Chromium, browser.Request{
			PageOrigin: second.Origin, URL: second.URL, Method: second.Method, Credentials: second.Credentials,
		}, func(browser.Outgoing) browser.Response { return received(&c.stored.Outcome) }),
		Hops:     []exchange.Hop{{URL: second.URL, Actual: &c.stored.Outcome}},
		Assuming: c.stored.Outcome.Assuming,
	}}}
	o := &replay.Outcomes[0]
	if o.Result.Verdict != browser.Blocked || len(o.Result.Failures) == 0 {
		return false
	}
	c.failure = o.Result.Failures[0]
	fill := replay
	fill.Fetch = first
	mode := browser.ModeCORS
	if first.Origin == "" { // an image, a script tag or a visit
		mode = browser.ModeNoCORS
	}
	fill.Outcomes = []exchange.Outcome{{
		Result: browser.Fetch(browser.Chromium, browser.Request{
			PageOrigin: first.Origin, URL: first.URL, Method: first.Method, Credentials: first.Credentials, Mode: mode,
		}, func(browser.Outgoing) browser.Response { return received(&c.stored.Outcome) }),
		Hops: []exchange.Hop{{URL: first.URL, Actual: &c.stored.Outcome}},
	}}
	c.sequence = []finding.Witness{fill.Witness(&fill.Outcomes[0], p.Host.Name), replay.Witness(o, "cache")}
	if p.documents {
		c.sequence[0].Exchange, c.sequence[1].Exchange = fill.Evidence(&fill.Outcomes[0]), replay.Evidence(o)
	}
	return true
}

// fetch is the request that an answer answered.
func (c *confusion) fetch(a *probe.Answer) exchange.Fetch {
	f := exchange.Fetch{URL: c.endpoint.URL, Method: a.Method, Origin: a.Origin, Credentials: browser.CredentialsSameOrigin}
	if c.endpoint.WithCredentials() {
		f.Credentials = browser.CredentialsInclude
	}
	return f
}

// received is an answer as a browser receives it, from an upstream that sends no CORS headers of its own.
func received(o *policy.Outcome) browser.Response {
	r := browser.Response{Status: o.Status}
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	for _, h := range o.Headers {
		text, known := h.Value.Known()
		r.Headers = append(r.Headers, browser.Header{Name: h.Name, Value: text, Unknown: !known})
	}
	return r
}

// reportConfusions reports an endpoint's confusions, one finding for each place; words fills in what they mean.
func reportConfusions(p *Pass, want func(stored, fresh *policy.Outcome) bool, words func(c confusion) finding.Finding) {
	type found struct {
		finding.Finding
		confusion
	}
	var all []found
	for _, e := range p.Endpoints {
		c, ok := confusionOf(p, e, want)
		if !ok {
			continue
		}
		f := words(c)
		i := slices.IndexFunc(all, func(x found) bool { return x.Place == f.Place })
		if i < 0 {
			i = len(all)
			all = append(all, found{f, c})
		}
		all[i].Endpoints = append(all[i].Endpoints, e.Name)
	}
	slices.SortStableFunc(all, func(a, b found) int { return source.Compare(a.Place, b.Place) })
	for _, f := range all {
		if f.fresh.Outcome.Open != nil {
			f.Confidence = finding.Medium
			f.Assuming = append(f.Assuming, policy.Assumption{Unknown: policy.Unknown{Kind: policy.UnknownSilent, Subject: f.fresh.Outcome.Open.Subject}, Holds: true}.String())
		}
		f.Browser = exchange.Messages(f.failure)
		p.Report(Report{Finding: f.Finding, Sequence: f.sequence, Claims: []string{placeKey(f.Place)}})
	}
}

// copyOf says for whom a stored answer was made.
func (c confusion) copyOf() string {
	if c.stored.Origin == "" {
		return "a copy stored for an image or a visit"
	}
	return "the copy stored for " + short(c.stored.Origin, 34)
}

// allowOriginPlace is the value that depends on Origin.
func (c confusion) allowOriginPlace() source.Span {
	h, _ := c.fresh.Outcome.Get("Access-Control-Allow-Origin")
	if len(h.Sources) == 0 {
		return source.Span{}
	}
	return valueIn(h.Sources[0], h.Name)
}
