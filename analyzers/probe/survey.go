// Package probe decides which requests are worth asking, and asks them: what a layer itself shows it wants to allow (its
// intent), what somebody states to need, the same in circumstances that befall requests, and what strangers would try.
//
// It imports policy, exchange, browser and contract. Rules look at what it found and ask nothing themselves.
package probe

import (
	"context"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// Survey is what probing found out about a layer.
type Survey struct {
	Host  *policy.Host
	Layer *policy.Layer
	// Endpoints are those with CORS intent; the others have nothing to do with CORS.
	Endpoints []*Endpoint
	// Stated are the paths with CORS intent that somebody states to need, each with the fetches that were stated.
	Stated []*Endpoint
	Total  int // endpoints of the layer
	// Mentions are the tests that the layer applies to Origin: those that its parser states, and the further ones that its
	// program shows.
	Mentions []policy.Mention
	// Meanings are the origins that the layer's tests mean to let in.
	Meanings []Meaning
}

// Endpoint is an endpoint with CORS intent and what was asked of it.
type Endpoint struct {
	policy.Endpoint
	Name   string // "api.example.com/v1/"
	URL    string // an address that reaches it
	Intent Intent
	// Wanted are the fetches that the intent implies, in the order: GET, preflighted methods, headers, circumstances.
	Wanted []*Probe
	// Strangers are the fetches of origins that the policy does not mean to let in.
	Strangers []*Probe
	// Answers are the layer's direct answers that the intent was read from.
	Answers []Answer
	// Guarded: a preflight is refused because it lacks a header, which none can have.
	Guarded bool
	// OwnPage is the fetch of a page that the layer itself serves, whose origin is the layer's own; nil where it is answered as
	// it is without an Origin header. Browsers send Origin with every request that is no GET or HEAD.
	OwnPage *Probe
	// EchoesHost is set where the allowed origin is made of the host that the request was sent to.
	EchoesHost bool
}

// Purpose says why a fetch is asked.
type Purpose uint8

// The purposes.
const (
	Simple       Purpose = iota + 1 // a GET that needs no preflight
	Preflighted                     // a method or header that needs one
	Circumstance                    // a GET, or POST, that something befalls
	Stranger                        // from an origin that is not meant
	SameOrigin                      // from a page of the layer itself
	Unencrypted                     // from an https page to a server that is stated to be http
	Misplaced                       // with headers that only answers have
)

// Probe is one fetch and what came of it.
type Probe struct {
	Purpose   Purpose
	Exchange  exchange.Exchange
	Candidate *Candidate // of a Stranger
	// Need says in words why the fetch is one that somebody needs, with the place that shows it.
	Need   string
	NeedAt source.Span
	// Stated is the need that the fetch is of, when somebody states it; Optional: with headers that only some requests have.
	Stated   *contract.Need
	Optional bool
	Server   string // of an Unencrypted one, as it is stated
	// Guess: nothing shows that pages send this very request. It stands for whatever else needs a preflight.
	Guess bool
}

// Failure is a check that fails in every outcome of a wanted fetch.
type Failure struct {
	browser.Failure
	Endpoint *Endpoint
	Probe    *Probe
	Outcome  *exchange.Outcome
	// Answer is the layer's answer that fails the check.
	Answer *policy.Outcome
}

// Key identifies the failure within a layer.
func (f *Failure) Key() string {
	return strings.Join([]string{f.Endpoint.Name, f.Probe.Exchange.Fetch.Key(), string(f.Phase), string(f.Reason), f.Header, strings.Join(f.Names, ",")}, "|")
}

// Lost returns the header of that name that the failing answer lost, if it did.
func (f *Failure) Lost(name string) (policy.Lost, bool) {
	if f.Answer == nil {
		return policy.Lost{}, false
	}
	for _, l := range f.Answer.Lost {
		if strings.EqualFold(l.Header, name) {
			return l, true
		}
	}
	return policy.Lost{}, false
}

// Failures returns the checks that fail in every outcome of the probe, those of its first outcome.
func (p *Probe) Failures(e *Endpoint) []*Failure {
	var out []*Failure
	for i := range p.Exchange.Outcomes {
		if p.Exchange.Outcomes[i].Result.Verdict != browser.Blocked {
			return nil
		}
	}
	if len(p.Exchange.Outcomes) == 0 {
		return nil
	}
	first := &p.Exchange.Outcomes[0]
	for _, f := range first.Result.Failures {
		if f.Unknown || !failsEverywhere(p.Exchange.Outcomes, f) {
			continue
		}
		if len(out) > 0 && f.Hop > out[0].Hop {
			break // the browser never follows the redirect
		}
		out = append(out, &Failure{Failure: f, Endpoint: e, Probe: p, Outcome: first, Answer: first.Answer(f.Hop, f.Phase)})
	}
	return out
}

func failsEverywhere(outcomes []exchange.Outcome, f browser.Failure) bool {
	for i := range outcomes {
		if !slices.ContainsFunc(outcomes[i].Result.Failures, func(g browser.Failure) bool {
			return !g.Unknown && g.Reason == f.Reason && g.Phase == f.Phase && g.Header == f.Header
		}) {
			return false
		}
	}
	return true
}

// AskedHeaders are the request headers that a direct question asks for in the name of a preflight. No list has the last one:
// an answer with it sends the question back.
const AskedHeaders = "authorization,content-type,x-unheard-of"

// Answer is a direct answer of the layer.
type Answer struct {
	Method, Origin string // without an Origin header where Origin is ""
	Circumstance   policy.Circumstance
	Outcome        policy.Outcome
}

// Run surveys a layer of a host that stands at the head of a chain, of which needs are stated.
func Run(ctx context.Context, chain exchange.Chain, layer *policy.Layer, needs []contract.Need) *Survey {
	p := NewProber(ctx, chain, layer)
	s := p.Survey()
	s.Stated = p.stated(needs)
	return s
}

// NewProber returns a prober of a layer of a host that stands at the head of a chain.
func NewProber(ctx context.Context, chain exchange.Chain, layer *policy.Layer) *Prober {
	p := &Prober{ctx: ctx, chain: chain, layer: layer, paths: map[string]*Endpoint{}}
	p.mentions = append(slices.Clone(layer.Mentions), comparisons(layer)...)
	for i := range p.mentions {
		p.meanings = append(p.meanings, meanings(&p.mentions[i])...)
	}
	p.candidates = strangers(p.meanings)
	for _, m := range p.meanings {
		if !slices.Contains(p.named, m.Origin) {
			p.named = append(p.named, m.Origin)
		}
	}
	p.upgrades = p.redirectsToTLS()
	return p
}

// Survey surveys the endpoints of the layer.
func (p *Prober) Survey() *Survey {
	s := p.survey()
	for _, e := range p.layer.Endpoints {
		if e.Example == "" || e.Internal || unused(e) {
			continue
		}
		if endpoint := p.endpoint(e); endpoint != nil {
			s.Endpoints = append(s.Endpoints, endpoint)
		}
	}
	return s
}

// Stated surveys nothing but what is stated to be needed.
func (p *Prober) Stated(needs []contract.Need) *Survey {
	s := p.survey()
	s.Stated = p.stated(needs)
	return s
}

func (p *Prober) survey() *Survey {
	return &Survey{Host: p.chain[0], Layer: p.layer, Total: len(p.layer.Endpoints), Mentions: p.mentions, Meanings: p.meanings}
}

// unused reports whether no page has anything to ask an endpoint for: it has methods, and none but that of preflights.
func unused(e policy.Endpoint) bool {
	return len(e.Methods) > 0 && !slices.ContainsFunc(e.Methods, func(m string) bool { return m != "OPTIONS" })
}

// method returns the first of the methods that an endpoint takes, "" when it takes none of them.
func method(e policy.Endpoint, methods ...string) string {
	for _, m := range methods {
		if len(e.Methods) == 0 || slices.Contains(e.Methods, m) {
			return m
		}
	}
	return ""
}

// anyMethod returns the method by which an endpoint is asked when it does not matter which: one that needs no preflight
// if it takes such a one.
func anyMethod(e policy.Endpoint) string {
	return method(e, "GET", "POST", "HEAD", "PUT", "PATCH", "DELETE")
}

// Prober asks a layer. It is not safe for concurrent use.
type Prober struct {
	ctx        context.Context
	chain      exchange.Chain
	layer      *policy.Layer
	mentions   []policy.Mention
	paths      map[string]*Endpoint // what is known of the paths of needs
	meanings   []Meaning
	named      []string // their origins, each once
	candidates []Candidate
	upgrades   bool // what is asked without TLS is sent to the same address with it
	// unencryptedAt are the servers that were asked without TLS.
	unencryptedAt []source.Span
}

// somebody is the page that a policy for everybody is asked from.
const somebody = "https://app.example"

// endpoint surveys an endpoint; nil when it has no CORS intent.
func (p *Prober) endpoint(e policy.Endpoint) *Endpoint {
	out := &Endpoint{Endpoint: e, Name: p.name(e)}
	out.Answers = p.answers(e)
	out.Intent = p.intent(out)
	if !out.Intent.Any {
		return nil
	}
	p.wanted(out)
	if out.refusesAll() {
		return nil
	}
	p.strangers(out)
	out.EchoesHost = p.echoesHost(out)
	guard, _ := p.required(e, "OPTIONS")
	out.Guarded = len(guard) > 0
	out.OwnPage = p.ownPage(out)
	return out
}

// ownPage asks for a page of the layer itself, where the answer differs from that to a request without Origin.
func (p *Prober) ownPage(e *Endpoint) *Probe {
	send := method(e.Endpoint, "POST", "PUT", "PATCH", "DELETE")
	if send == "" {
		return nil
	}
	f := p.fetch(e.Endpoint, send, "https://"+p.host())
	f.Credentials, f.HasBody = browser.CredentialsSameOrigin, true
	f.Headers, _ = p.required(e.Endpoint, send)
	plain, err := p.chain.Answer(p.ctx, exchange.Query{URL: f.URL, Method: send, Headers: f.Headers}, p.layer)
	if err != nil || len(plain) != 1 || plain[0].Open != nil {
		return nil
	}
	x := p.simulate(f)
	if len(x.Outcomes) != 1 {
		return nil
	}
	if answer := x.Outcomes[0].Answer(0, browser.PhaseActual); answer == nil || answer.Open != nil || answer.Status == plain[0].Status {
		return nil
	}
	return &Probe{Purpose: SameOrigin, Exchange: x}
}

// name names an endpoint for people.
func (p *Prober) name(e policy.Endpoint) string {
	named := slices.ContainsFunc(p.layer.Listeners, func(l policy.Listener) bool { return len(l.Hosts) > 0 })
	if e.Pattern != e.Example || !named { // "api.example.com/v1/" reads as an address, "server.js/v1/" as a file
		return p.layer.Name + " " + e.Pattern
	}
	return p.layer.Name + e.Example
}

// refusesAll reports whether whatever was asked is answered with an error, as deny all does: then nobody needs the headers
// that such an endpoint inherits. A 401 is none, since it asks for credentials that a page can have.
func (e *Endpoint) refusesAll() bool {
	refuses := func(o *policy.Outcome) bool { return o != nil && o.Open == nil && o.Status >= 400 && o.Status != 401 }
	for i := range e.Answers {
		if !refuses(&e.Answers[i].Outcome) {
			return false
		}
	}
	for _, w := range e.Wanted {
		for i := range w.Exchange.Outcomes {
			if w.Purpose != Circumstance && !refuses(w.Exchange.Outcomes[i].Answer(0, browser.PhaseActual)) {
				return false
			}
		}
	}
	return true
}

// host returns a host name for which the layer answers.
func (p *Prober) host() string {
	for _, l := range p.layer.Listeners {
		for _, h := range l.Hosts {
			switch h.Kind {
			case policy.HostExact:
				return h.Text
			case policy.HostSuffix:
				return "www" + h.Text
			case policy.HostPrefix:
				return h.Text + "example"
			case policy.HostRegexp:
			}
		}
	}
	return "api.example"
}

// answers asks the layer itself, without a browser.
func (p *Prober) answers(e policy.Endpoint) []Answer {
	origins := append([]string{somebody}, p.named[:min(len(p.named), maxOrigins)]...)
	var out []Answer
	ask := func(method, origin string, headers []browser.Header) {
		f := p.fetch(e, method, origin)
		headers = slices.Clone(headers)
		if origin != "" {
			headers = append(headers, browser.Header{Name: "Origin", Value: origin})
		}
		if method == "OPTIONS" { // a preflight for the method and headers that most policies speak of
			headers = append(headers, browser.Header{Name: "Access-Control-Request-Method", Value: "PUT"},
				browser.Header{Name: "Access-Control-Request-Headers", Value: AskedHeaders})
		}
		outcomes, err := p.chain.Answer(p.ctx, exchange.Query{URL: f.URL, Method: method, Headers: headers}, p.layer)
		if err != nil {
			return
		}
		for _, o := range outcomes {
			out = append(out, Answer{Method: method, Origin: origin, Outcome: o})
		}
	}
	read, send := anyMethod(e), method(e, "POST", "PUT", "PATCH", "DELETE")
	required, _ := p.required(e, read)
	for i, origin := range origins {
		ask(read, origin, required)
		if i == 0 && len(required) > 0 { // how it refuses shows what it means, too
			ask(read, origin, nil)
		}
		ask("OPTIONS", origin, nil)
		if guarded, _ := p.required(e, "OPTIONS"); len(guarded) > 0 { // no preflight has these, but what is behind them is meant for one
			ask("OPTIONS", origin, guarded)
		}
		if send != "" && send != read {
			headers, _ := p.required(e, send)
			ask(send, origin, headers)
		}
	}
	ask(read, "", required) // as an image or a navigation asks
	return out
}

const (
	maxOrigins    = 4  // of the origins that a layer names, those that are probed
	maxMisspelt   = 16 // of the origins that are not written as browsers send them, those that are asked about
	maxCandidates = 64 // strangers asked of an endpoint
)

// fetch asks for an endpoint over TLS. Only what answers without it alone is asked so, by a page that came so too: others
// would refuse that as mixed content.
func (p *Prober) fetch(e policy.Endpoint, method, origin string) exchange.Fetch {
	scheme := "https"
	tls := slices.ContainsFunc(p.layer.Listeners, func(l policy.Listener) bool { return l.Scheme == "https" })
	if rest, ok := strings.CutPrefix(origin, "http://"); ok && rest != "" && !tls && !p.upgrades {
		scheme = "http"
	}
	return exchange.Fetch{URL: scheme + "://" + p.host() + escapePath(e.Example), Method: method, Origin: origin}
}

// redirectsToTLS reports whether a layer that names no address of its own says that it is asked over TLS: something in front of
// it ends that, and no page has a reason to ask otherwise.
func (p *Prober) redirectsToTLS() bool {
	i := slices.IndexFunc(p.layer.Endpoints, func(e policy.Endpoint) bool { return e.Example != "" && !e.Internal && !unused(e) })
	if i < 0 || slices.ContainsFunc(p.layer.Listeners, func(l policy.Listener) bool { return l.Port != 0 }) {
		return false
	}
	secure := p.fetch(p.layer.Endpoints[i], anyMethod(p.layer.Endpoints[i]), "")
	outcomes, err := p.chain.Answer(p.ctx, exchange.Query{URL: strings.Replace(secure.URL, "https:", "http:", 1), Method: secure.Method}, p.layer)
	return err == nil && len(outcomes) > 0 && !slices.ContainsFunc(outcomes, func(o policy.Outcome) bool {
		h, ok := o.Get("Location")
		target, known := h.Value.Known()
		return !ok || !known || o.Status < 300 || o.Status > 399 || target != secure.URL
	})
}

// pathEscapes are the bytes of a path that would mean something else in a URL.
var pathEscapes = strings.NewReplacer("%", "%25", " ", "%20", "?", "%3F", "#", "%23", "\\", "%5C", "|", "%7C", "^", "%5E", "\"", "%22",
	"<", "%3C", ">", "%3E", "`", "%60", "{", "%7B", "}", "%7D")

// escapePath writes a path so that it can stand in a URL.
func escapePath(path string) string { return pathEscapes.Replace(path) }
