package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
)

// maxOutcomes bounds how many ways a fetch is followed; see [policy.UnknownLimit].
const maxOutcomes = 64

// Fetch is what a page asks its browser to do.
type Fetch struct {
	URL, Method   string
	Origin        string // of the page
	PageURL       string // "": the root of Origin
	Headers       []browser.Header
	Credentials   browser.Credentials
	Mode          browser.Mode
	Redirect      browser.Redirect
	HasBody       bool
	Initiator     browser.Initiator
	Circumstances []policy.Circumstance
}

// Key identifies the fetch.
func (f Fetch) Key() string {
	return fmt.Sprint(f.Method, " ", f.URL, " ", f.Origin, " ", f.Credentials, " ", f.Headers, " ", f.Circumstances, " ", f.Redirect, f.Mode)
}

// request returns the fetch as the browser takes it.
func (f Fetch) request() browser.Request {
	return browser.Request{
		PageOrigin: f.Origin, PageURL: f.PageURL, URL: f.URL, Method: f.Method, Headers: f.Headers, Credentials: f.Credentials,
		Mode: f.Mode, Redirect: f.Redirect, HasBody: f.HasBody, Initiator: f.Initiator,
	}
}

// Options say how a fetch is simulated.
type Options struct {
	// Entry answers in place of the layer that the URL picks, for every URL of the same origin.
	Entry *policy.Layer
	// AssumeSilent follows only the case in which unknown upstreams send no CORS headers of their own and answer 200.
	// Otherwise that case comes first, and the rest as one unknown outcome.
	AssumeSilent bool
}

// Exchange is a simulated fetch.
type Exchange struct {
	Fetch    Fetch
	Engine   browser.Engine
	Outcomes []Outcome
}

// Outcome is one way in which a fetch can go.
type Outcome struct {
	Result browser.Result
	// Hops are the answers, parallel to Result.Hops.
	Hops     []Hop
	Assuming []policy.Assumption
}

// Hop is what a chain answered at one URL: nil where nothing was asked.
type Hop struct {
	URL       string
	Preflight *policy.Outcome
	Actual    *policy.Outcome
}

// Answer returns the answer to one of a hop's requests, nil when it was not asked.
func (o *Outcome) Answer(hop int, phase browser.Phase) *policy.Outcome {
	if hop < 0 || hop >= len(o.Hops) {
		return nil
	}
	if phase == browser.PhasePreflight {
		return o.Hops[hop].Preflight
	}
	return o.Hops[hop].Actual
}

// Verdict is that of all outcomes where they agree, else unknown.
func (x *Exchange) Verdict() browser.Verdict {
	if len(x.Outcomes) == 0 {
		return browser.Unknown
	}
	verdict := x.Outcomes[0].Result.Verdict
	for i := range x.Outcomes {
		if x.Outcomes[i].Result.Verdict != verdict {
			return browser.Unknown
		}
	}
	return verdict
}

// Simulate predicts how a browser's fetch through a chain goes. Where the chain's answer depends on something unknown the
// fetch is followed each way; within one outcome the same unknown has one truth value.
func Simulate(ctx context.Context, engine browser.Engine, chain Chain, f Fetch, o Options) (Exchange, error) {
	x := Exchange{Fetch: f, Engine: engine}
	s := simulation{ctx: ctx, engine: engine, chain: chain, fetch: f, options: o, silent: true}
	if _, err := s.network(f.URL); err != nil {
		return x, err
	}
	outcomes, open := s.all()
	x.Outcomes = outcomes
	if open && !o.AssumeSilent {
		s.silent = false
		rest, _ := s.all()
		x.Outcomes = append(x.Outcomes, unsettled(rest, outcomes)...)
	}
	return x, nil
}

// unsettled returns the outcomes of a fetch that was judged without assumptions about unknown upstreams, unless they say
// what is known already.
func unsettled(rest, known []Outcome) []Outcome {
	var out []Outcome
	for _, r := range rest {
		if r.Result.Verdict == browser.Unknown || !slices.ContainsFunc(known, func(k Outcome) bool { return k.Result.Verdict == r.Result.Verdict }) {
			out = append(out, r)
		}
	}
	return out
}

// simulation follows one fetch along every path of choices. A path is replayed from the start, as [policy.Program] does.
type simulation struct {
	ctx     context.Context
	engine  browser.Engine
	chain   Chain
	fetch   Fetch
	options Options
	// silent: unknown upstreams are taken to send no CORS headers of their own.
	silent bool

	taken []choice
	pos   int
	open  bool // an answer was open, and silence had to be assumed
	out   Outcome
}

type choice struct{ way, ways int }

// all follows every path, and reports whether silence of an unknown upstream had to be assumed on one.
func (s *simulation) all() (outcomes []Outcome, open bool) {
	s.taken, s.open = nil, false
	for {
		s.pos, s.out = 0, Outcome{}
		s.out.Result = browser.Fetch(s.engine, s.fetch.request(), s.send)
		s.align()
		outcomes = append(outcomes, s.out)
		if !s.advance() {
			return outcomes, s.open
		}
		if len(outcomes) == maxOutcomes {
			last := &outcomes[maxOutcomes-1]
			last.Result.Verdict = browser.Unknown
			last.Assuming = append(last.Assuming, policy.Assumption{Unknown: policy.Unknown{Kind: policy.UnknownLimit}, Holds: true})
			return outcomes, s.open
		}
	}
}

func (s *simulation) advance() bool {
	for n := len(s.taken); n > 0; n-- {
		if last := &s.taken[n-1]; last.way+1 < last.ways {
			last.way++
			s.taken = s.taken[:n]
			return true
		}
	}
	return false
}

func (s *simulation) choose(ways int) int {
	if s.pos == len(s.taken) {
		s.taken = append(s.taken, choice{ways: ways})
	}
	s.pos++
	return s.taken[s.pos-1].way
}

// network asks what answers a URL: a typed error where nobody does.
func (s *simulation) network(url string) (*policy.Layer, error) {
	if s.options.Entry != nil && sameHost(url, s.fetch.URL) {
		return s.options.Entry, nil
	}
	at, err := parse(url)
	if err != nil {
		return nil, err
	}
	if len(s.chain) == 0 {
		return nil, &NoLayerError{URL: url}
	}
	_, err = s.chain.pick(url, at, nil)
	return nil, err
}

func sameHost(a, b string) bool {
	x, errX := parse(a)
	y, errY := parse(b)
	return errX == nil && errY == nil && x.host == y.host && x.port == y.port
}

// send answers one request of the browser.
func (s *simulation) send(out browser.Outgoing) browser.Response {
	answer := s.ask(out)
	s.record(out, answer)
	s.out.Assuming = append(s.out.Assuming, newAssumptions(s.out.Assuming, answer.Assuming)...)
	return s.response(out, answer)
}

// ask returns the chain's answer on this path.
func (s *simulation) ask(out browser.Outgoing) *policy.Outcome {
	layer, err := s.network(out.URL)
	if err != nil { // a redirect led to a host that nobody here answers for
		return &policy.Outcome{Open: &policy.Unknown{Kind: policy.UnknownUpstream, Subject: out.URL}}
	}
	outcomes, err := s.chain.Answer(s.ctx, Query{
		URL: out.URL, Method: out.Method, Headers: out.Headers, Circumstances: s.circumstances(out), Assume: s.out.Assuming,
	}, layer)
	if err != nil || len(outcomes) == 0 {
		return &policy.Outcome{Open: &policy.Unknown{Kind: policy.UnknownUpstream, Subject: out.URL}}
	}
	if len(outcomes) == 1 {
		return &outcomes[0]
	}
	return &outcomes[s.choose(len(outcomes))]
}

// circumstances befall the request itself, not its preflight.
func (s *simulation) circumstances(out browser.Outgoing) []policy.Circumstance {
	if out.Preflight {
		return nil
	}
	return s.fetch.Circumstances
}

// newAssumptions returns those of more that are not in known.
func newAssumptions(known, more []policy.Assumption) []policy.Assumption {
	var out []policy.Assumption
	for _, a := range more {
		if !slices.ContainsFunc(known, func(k policy.Assumption) bool { return k.Same(a.Unknown) }) &&
			!slices.ContainsFunc(out, func(k policy.Assumption) bool { return k.Same(a.Unknown) }) {
			out = append(out, a)
		}
	}
	return out
}

// record notes an answer beside the hop it belongs to.
func (s *simulation) record(out browser.Outgoing, answer *policy.Outcome) {
	last := len(s.out.Hops) - 1
	if last < 0 || s.out.Hops[last].URL != out.URL || s.out.Hops[last].Actual != nil {
		s.out.Hops = append(s.out.Hops, Hop{URL: out.URL})
		last++
	}
	if out.Preflight {
		s.out.Hops[last].Preflight = answer
	} else {
		s.out.Hops[last].Actual = answer
	}
}

// align brings the hops in step with the browser's, which may have more: a URL that was never asked.
func (s *simulation) align() {
	for i, hop := range s.out.Result.Hops {
		if i >= len(s.out.Hops) {
			s.out.Hops = append(s.out.Hops, Hop{URL: hop.URL})
		}
	}
}

// response shows an answer to the browser. An open one is closed where silence is assumed.
func (s *simulation) response(out browser.Outgoing, answer *policy.Outcome) browser.Response {
	r := browser.Response{Status: answer.Status, Headers: make([]browser.Header, len(answer.Headers))}
	for i, h := range answer.Headers {
		text, known := h.Value.Known()
		r.Headers[i] = browser.Header{Name: h.Name, Value: text, Unknown: !known}
	}
	if answer.Open == nil {
		return r
	}
	if s.silent && answer.Open.Kind == policy.UnknownUpstream {
		s.open = true
		s.assume(policy.Unknown{Kind: policy.UnknownSilent, Subject: answer.Open.Subject, Span: answer.Open.Span})
		if r.Status == 0 {
			r.Status = 200
			if out.Preflight {
				s.assume(policy.Unknown{Kind: policy.UnknownOptions, Subject: answer.Open.Subject, Span: answer.Open.Span})
			}
		}
		return r
	}
	r.Open = true
	r.Fixed = make(map[string]bool, len(answer.Fixed))
	for _, name := range answer.Fixed {
		r.Fixed[strings.ToLower(name)] = true
	}
	return r
}

func (s *simulation) assume(u policy.Unknown) {
	s.out.Assuming = append(s.out.Assuming, newAssumptions(s.out.Assuming, []policy.Assumption{{Unknown: u, Holds: true}})...)
}

// IsNoLayer reports whether an error says that nobody answers for a URL.
func IsNoLayer(err error) bool {
	var none *NoLayerError
	return errors.As(err, &none)
}
