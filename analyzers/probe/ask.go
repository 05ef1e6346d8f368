package probe

import (
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// want asks a fetch that the intent implies.
func (p *Prober) want(e *Endpoint, purpose Purpose, origin, method string, headers []browser.Header, c policy.Circumstance, need string, at source.Span) {
	f := p.fetch(e.Endpoint, method, origin)
	f.Headers = headers
	if required, evidence := p.required(e.Endpoint, method); evidence != nil {
		f.Headers = withHeaders(headers, required)
		if purpose == Simple { // no longer
			purpose, need, at = Preflighted, evidence.Text, evidence.Span
		}
	}
	f.HasBody = method == "POST" || method == "PUT" || method == "PATCH"
	f.Credentials = browser.CredentialsSameOrigin
	if len(e.Intent.Credentials) > 0 {
		f.Credentials = browser.CredentialsInclude
	}
	if c.Kind != "" {
		f.Circumstances = []policy.Circumstance{c}
	}
	x := p.simulate(f)
	if e.URL == "" {
		e.URL = f.URL
	}
	e.Wanted = append(e.Wanted, &Probe{Purpose: purpose, Exchange: x, Need: need, NeedAt: at})
}

// withHeaders returns headers with those added that are not among them.
func withHeaders(headers, more []browser.Header) []browser.Header {
	out := slices.Clone(headers)
	for _, h := range more {
		if !slices.ContainsFunc(out, func(x browser.Header) bool { return strings.EqualFold(x.Name, h.Name) }) {
			out = append(out, h)
		}
	}
	return out
}

// simulate asks the layer, whatever other layers the host has. It fails for no URL: the layer is given.
func (p *Prober) simulate(f exchange.Fetch) exchange.Exchange {
	x, err := exchange.Simulate(p.ctx, browser.Chromium, p.chain, f, exchange.Options{Entry: p.layer, AssumeSilent: true})
	if err != nil {
		return exchange.Exchange{Fetch: f, Engine: browser.Chromium}
	}
	return x
}

// strangers asks for the origins that the policy does not mean, with credentials where it allows them.
func (p *Prober) strangers(e *Endpoint) {
	method := readMethod(e)
	for i := range p.candidates[:min(len(p.candidates), maxCandidates)] {
		e.Strangers = append(e.Strangers, p.visit(e, method, nil, &p.candidates[i]))
	}
}

// visit asks for an endpoint from the page of a candidate, with credentials where the endpoint allows them, else without.
func (p *Prober) visit(e *Endpoint, method string, headers []browser.Header, c *Candidate) *Probe {
	f := p.fetch(e.Endpoint, method, c.Origin)
	f.Headers = headers
	if c.Bypass == BypassHTTP { // whoever speaks for an http page is after what is sent over TLS
		f.URL = p.fetch(e.Endpoint, method, "").URL
	}
	f.Credentials = browser.CredentialsSameOrigin
	if e.WithCredentials() {
		f.Credentials = browser.CredentialsInclude
	}
	x := p.simulate(f)
	if allowed, _ := e.LetsIn(&x); !allowed && e.WithCredentials() {
		f.Credentials = browser.CredentialsSameOrigin
		x = p.simulate(f)
	}
	return &Probe{Purpose: Stranger, Exchange: x, Candidate: c}
}

// readMethod returns the method, of those that need no preflight, that an endpoint lets pages of other origins read.
func readMethod(e *Endpoint) string {
	for i := range e.Answers {
		a := &e.Answers[i]
		if _, ok := a.Outcome.Get("Access-Control-Allow-Origin"); ok && (a.Method == http.MethodGet || a.Method == http.MethodPost) {
			return a.Method
		}
	}
	return anyMethod(e.Endpoint)
}

// LetsIn reports whether a fetch from a page succeeds in every outcome, and whether that is certain. It is not where
// somebody unknown answers and a header that the layer writes itself could be there once more: whoever writes it does so
// because nobody else does.
func (e *Endpoint) LetsIn(x *exchange.Exchange) (allowed, certain bool) {
	certain = true
	for i := range x.Outcomes {
		r := &x.Outcomes[i].Result
		if r.Verdict == browser.Allowed {
			continue
		}
		certain = false
		for _, f := range r.Failures {
			if !f.Unknown || f.Header == "" || !e.Owns(f.Header) {
				return false, false
			}
		}
	}
	return len(x.Outcomes) > 0, certain
}

// AllowOrigin returns the Allow-Origin that answered the fetch.
func (p *Probe) AllowOrigin() (policy.Header, bool) {
	for i := range p.Exchange.Outcomes {
		o := &p.Exchange.Outcomes[i]
		if answer := o.Answer(len(o.Hops)-1, browser.PhaseActual); answer != nil {
			if h, ok := answer.Get("Access-Control-Allow-Origin"); ok {
				return h, true
			}
		}
	}
	return policy.Header{}, false
}

// WithCredentials reports whether credentials are meant anywhere at the endpoint.
func (e *Endpoint) WithCredentials() bool { return len(e.Intent.Credentials) > 0 }

// Owns reports whether the layer writes a header of the CORS protocol for the answers of an unknown upstream, sent or lost,
// be it misspelt: then the upstream does not send it, or the browser would see it twice.
func (e *Endpoint) Owns(header string) bool {
	for name, lines := range e.Intent.Written {
		if ProtocolHeader(name) == header && slices.ContainsFunc(lines, func(w Written) bool { return w.OnUpstream }) {
			return true
		}
	}
	return false
}

// Unknown lists what the answers to the wanted fetches depend on, each as a phrase: "what http://orders:3000 sends".
func (s *Survey) Unknown() []string {
	var out []string
	for _, e := range s.Endpoints {
		for _, w := range e.Wanted {
			for i := range w.Exchange.Outcomes {
				for _, a := range w.Exchange.Outcomes[i].Assuming {
					if text := Phrase(a); text != "" {
						out = append(out, text)
					}
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Phrase names the question of an assumption: "what http://orders:3000 sends"; "" for what nobody needs to be told.
func Phrase(a policy.Assumption) string {
	switch a.Kind {
	case policy.UnknownSilent, policy.UnknownUpstream, policy.UnknownOptions:
		return "what " + a.Subject + " sends"
	case policy.UnknownTLS, policy.UnknownFile, policy.UnknownDirectory:
		return ""
	case policy.UnknownCondition, policy.UnknownIdentity:
		return "whether " + a.Subject
	case policy.UnknownEnvironment:
		if a.Subject == "" { // all the others are said
			return ""
		}
		return "whether " + a.Subject
	case policy.UnknownPasses:
		return "whether " + a.Unknown.String()
	case policy.UnknownVariable, policy.UnknownPlaceholder, policy.UnknownModule, policy.UnknownClient, policy.UnknownHeader, policy.UnknownCached,
		policy.UnknownLimit:
	}
	return a.Unknown.String()
}
