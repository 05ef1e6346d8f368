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

// Hop is what a chain answered at one URL: nil where nothing was asked. An answer to a request that the browser would not
// send (see [browser.Outgoing]) is among them.
type Hop struct {
	URL       string
	Preflight *policy.Outcome
	Actual    *policy.Outcome
	// From is the cache that Actual comes from.
	From CacheKind
}

// Answer returns the answer to one of a hop's requests, nil when it was not asked.
func (o *Outcome) Answer(hop int, phase browser.Phase) *policy.Outcome {
	if phase == browser.PhasePreflight {
		return o.hop(hop).Preflight
	}
	return o.hop(hop).Actual
}

func (o *Outcome) hop(i int) Hop {
	if i < 0 || i >= len(o.Hops) {
		return Hop{}
	}
	return o.Hops[i]
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
	exchanges, err := SimulateSequence(ctx, engine, chain, []Fetch{f}, o, Cache{})
	if err != nil {
		return Exchange{Fetch: f, Engine: engine}, err
	}
	return exchanges[0], nil
}

// SimulateSequence predicts how fetches go that follow one another while a cache holds what it keeps. The exchanges are
// parallel to the fetches, and their outcomes to each other: those of one index belong together, so that an unknown has
// one truth value in all of them.
func SimulateSequence(ctx context.Context, engine browser.Engine, chain Chain, fetches []Fetch, o Options, cache Cache) ([]Exchange, error) {
	s := simulation{ctx: ctx, engine: engine, chain: chain, fetches: fetches, options: o, cache: cache, silent: true}
	exchanges := make([]Exchange, len(fetches))
	for i, f := range fetches {
		s.fetch = f
		if _, err := s.network(f.URL); err != nil {
			return nil, err
		}
		exchanges[i] = Exchange{Fetch: f, Engine: engine}
	}
	paths, open := s.all()
	if open && !o.AssumeSilent {
		s.silent = false
		rest, _ := s.all()
		if slices.ContainsFunc(rest, path.doubtful) {
			paths = append(paths, unsettled(rest, paths)...)
		} else { // nothing had to be assumed
			paths = rest
		}
	}
	for _, path := range paths {
		for i := range exchanges {
			exchanges[i].Outcomes = append(exchanges[i].Outcomes, path[i])
		}
	}
	return exchanges, nil
}

// path is one way in which all fetches can go: an outcome for each.
type path []Outcome

// doubtful reports whether something that the browser does depends on what is not known.
func (p path) doubtful() bool {
	return slices.ContainsFunc(p, func(o Outcome) bool { return o.Result.Verdict == browser.Unknown || o.Result.Guessed })
}

// unsettled returns the paths that were followed without assumptions about unknown upstreams, unless they say what is
// known already.
func unsettled(rest, known []path) []path {
	return slices.DeleteFunc(rest, func(r path) bool {
		return !slices.ContainsFunc(r, func(o Outcome) bool { return o.Result.Verdict == browser.Unknown }) &&
			slices.ContainsFunc(known, func(k path) bool {
				return slices.EqualFunc(r, k, func(a, b Outcome) bool { return a.Result.Verdict == b.Result.Verdict })
			})
	})
}

// simulation follows fetches along every path of choices. A path is replayed from the start, as [policy.Program] does.
type simulation struct {
	ctx     context.Context
	engine  browser.Engine
	chain   Chain
	fetches []Fetch
	options Options
	cache   Cache
	// silent: unknown upstreams are taken to send no CORS headers of their own.
	silent bool

	taken []choice
	pos   int
	open  bool // an answer was open, and silence had to be assumed

	// The path in progress.
	store    store
	assuming []policy.Assumption
	fetch    Fetch
	answers  []answer // to the requests of the fetch, in order
}

type choice struct{ way, ways int }

// answer is what a request of a browser was answered, and by which cache.
type answer struct {
	*policy.Outcome
	from CacheKind
}

// all follows every path, and reports whether silence of an unknown upstream had to be assumed on one.
func (s *simulation) all() (paths []path, open bool) {
	s.taken, s.open = nil, false
	for {
		paths = append(paths, s.path())
		if !s.advance() {
			return paths, s.open
		}
		if len(paths) == maxOutcomes {
			for i := range paths[maxOutcomes-1] {
				last := &paths[maxOutcomes-1][i]
				last.Result.Verdict = browser.Unknown
				last.Assuming = append(last.Assuming, policy.Assumption{Unknown: policy.Unknown{Kind: policy.UnknownLimit}, Holds: true})
			}
			return paths, s.open
		}
	}
}

// path follows the fetches along the choices that are taken.
func (s *simulation) path() path {
	s.pos, s.assuming, s.store = 0, nil, store{Cache: s.cache}
	var p path
	for _, f := range s.fetches {
		s.fetch, s.answers = f, nil
		result := browser.Fetch(s.engine, f.request(), s.send)
		p = append(p, Outcome{Result: result, Hops: s.hops(&result), Assuming: slices.Clone(s.assuming)})
	}
	return p
}

// hops gives the browser's hops their answers, which are there in the order in which they were asked for.
func (s *simulation) hops(result *browser.Result) []Hop {
	var hops []Hop
	take := func(asked *browser.Exchange) (a answer) {
		if asked != nil {
			a, s.answers = s.answers[0], s.answers[1:]
		}
		return a
	}
	for _, h := range result.Hops {
		preflight, actual := take(h.Preflight), take(h.Actual)
		hops = append(hops, Hop{URL: h.URL, Preflight: preflight.Outcome, Actual: actual.Outcome, From: actual.from})
	}
	return hops
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

// choose returns the way to take where there are several. A replay finds as many as the first time, unless the time ran
// out in between.
func (s *simulation) choose(ways int) int {
	if s.pos == len(s.taken) {
		s.taken = append(s.taken, choice{ways: ways})
	}
	s.pos++
	return min(s.taken[s.pos-1].way, ways-1)
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
	a := s.answer(out)
	s.answers = append(s.answers, a)
	s.assume(a.Assuming...)
	return s.response(out, a.Outcome)
}

// answer returns the answer to a request on this path: a copy from the cache, or the chain's, which the cache may keep.
func (s *simulation) answer(out browser.Outgoing) answer {
	switch {
	case s.cache.Kind == 0 || out.Preflight || out.Hypothetical:
		return answer{s.ask(out, nil), 0}
	case s.cache.Kind == LayerCache:
		return s.behindLayer(out)
	}
	if cacheable(out) {
		if copied, doubt := s.store.find(out.URL, s.fetch.Origin, out); copied != nil {
			s.doubt(doubt, out)
			return answer{copied, s.cache.Kind}
		}
	}
	fresh := s.ask(out, nil)
	s.store.keep(out.URL, s.fetch.Origin, out, fresh)
	return answer{fresh, 0}
}

func (s *simulation) behindLayer(out browser.Outgoing) answer {
	if !cacheable(out) {
		return answer{s.ask(out, nil), 0}
	}
	b := &behind{store: &s.store, page: s.fetch.Origin, out: out}
	fresh := s.ask(out, b)
	b.keep(fresh)
	if !b.found || b.missed || fresh.Upstream == nil {
		return answer{fresh, 0}
	}
	s.doubt(b.doubt, out)
	return answer{fresh, s.cache.Kind}
}

// doubt takes for granted that a cache hands out a copy, where that is not certain.
func (s *simulation) doubt(doubt bool, out browser.Outgoing) {
	if doubt {
		s.assume(policy.Assumption{Unknown: policy.Unknown{Kind: policy.UnknownCached, Subject: out.URL}, Holds: true})
	}
}

// ask returns the chain's answer on this path; b, when given, stands behind its first layer.
func (s *simulation) ask(out browser.Outgoing, b *behind) *policy.Outcome {
	unknown := &policy.Outcome{Open: &policy.Unknown{Kind: policy.UnknownUpstream, Subject: out.URL}}
	layer, err := s.network(out.URL)
	if err != nil { // a redirect led to a host that nobody here answers for
		return unknown
	}
	q := Query{URL: out.URL, Method: out.Method, Headers: out.Headers, Circumstances: s.circumstances(out), Assume: s.assuming}
	outcomes, err := s.chain.answer(s.ctx, q, layer, func(next policy.Next) policy.Next {
		if b == nil {
			return next
		}
		b.next = next
		return b.ask
	})
	if s.silent {
		outcomes = slices.DeleteFunc(outcomes, contradicted)
	}
	switch {
	case err != nil || len(outcomes) == 0:
		return unknown
	case len(outcomes) == 1:
		return &outcomes[0]
	}
	return &outcomes[s.choose(len(outcomes))]
}

// contradicted reports whether an answer of an unknown upstream assumes that it does send a CORS header.
func contradicted(o policy.Outcome) bool {
	return o.Open != nil && slices.ContainsFunc(o.Assuming, func(a policy.Assumption) bool {
		return a.Kind == policy.UnknownHeader && a.Holds && strings.HasPrefix(strings.ToLower(a.Subject), strings.ToLower(o.Open.Subject)+" access-control-")
	})
}

// circumstances befall the request itself, not its preflight.
func (s *simulation) circumstances(out browser.Outgoing) []policy.Circumstance {
	if out.Preflight {
		return nil
	}
	return s.fetch.Circumstances
}

// assume takes unknowns for granted.
func (s *simulation) assume(list ...policy.Assumption) {
	for _, a := range list {
		if !slices.ContainsFunc(s.assuming, func(known policy.Assumption) bool { return known.Same(a.Unknown) }) {
			s.assuming = append(s.assuming, a)
		}
	}
}

// decisive are the headers of a response that a browser acts on.
var decisive = []string{
	"access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods", "access-control-allow-headers",
	"access-control-expose-headers", "access-control-max-age", "location",
}

// response shows an answer to the browser. That of an unknown upstream is closed where its silence is assumed; of a host
// that only a redirect names nothing is assumed.
func (s *simulation) response(out browser.Outgoing, answer *policy.Outcome) browser.Response {
	r := browser.Response{Status: answer.Status, Headers: make([]browser.Header, len(answer.Headers))}
	for i, h := range answer.Headers {
		text, known := h.Value.Known()
		r.Headers[i] = browser.Header{Name: h.Name, Value: text, Unknown: !known}
	}
	if answer.Open == nil {
		return r
	}
	if s.silent && answer.Open.Kind == policy.UnknownUpstream && answer.Upstream != nil {
		s.open = true
		s.assume(holds(policy.UnknownSilent, answer.Open))
		if r.Status == 0 {
			r.Status = 200
			if out.Preflight {
				s.assume(holds(policy.UnknownOptions, answer.Open))
			}
		}
		return r
	}
	r.Open = true
	r.Fixed = make(map[string]bool)
	for _, name := range decisive {
		r.Fixed[name] = answer.Fixes(name)
	}
	return r
}

// holds takes something for granted about the upstream that an open answer comes from.
func holds(kind policy.UnknownKind, open *policy.Unknown) policy.Assumption {
	return policy.Assumption{Unknown: policy.Unknown{Kind: kind, Subject: open.Subject, Span: open.Span}, Holds: true}
}

// IsNoLayer reports whether an error says that nobody answers for a URL.
func IsNoLayer(err error) bool {
	var none *NoLayerError
	return errors.As(err, &none)
}
