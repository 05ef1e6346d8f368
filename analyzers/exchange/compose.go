package exchange

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
)

// This file makes one host of a chain: what a browser meets at the first host's addresses. Whoever looks at it sees the
// endpoints of the layers behind at the paths at which they are reached from outside, and answers that went through all.

// Compose returns the first host of the chain with what is behind it: each host may hand on to all that come later. Of each
// host behind only the first layer that is asked counts. Assuming is what the chain itself takes for granted; every answer
// that went beyond the first host says so.
func (c Chain) Compose(ctx context.Context, assuming ...policy.Assumption) *policy.Host {
	behind := Chain{}
	for i, host := range slices.Backward(c) {
		if i == 0 {
			return Compose(ctx, host, behind, assuming...)
		}
		behind = append(Chain{Compose(ctx, host, behind)}, behind...)
	}
	return nil
}

// Compose returns a host with the hosts to which it hands on.
func Compose(ctx context.Context, front *policy.Host, behind Chain, assuming ...policy.Assumption) *policy.Host {
	if len(behind) == 0 {
		return front
	}
	out := *front
	out.Layers = nil
	for _, layer := range front.Layers {
		out.Layers = append(out.Layers, compose(ctx, layer, behind, assuming))
	}
	for _, h := range behind {
		for _, gap := range h.Gaps {
			if !slices.Contains(out.Gaps, gap) { // what is behind both of two is met twice
				out.Gaps = append(slices.Clone(out.Gaps), gap)
			}
		}
	}
	return &out
}

// Route returns the upstreams that a request for a path meets on its way through the hosts of a chain: those of the first, then
// those of the second. A host takes whatever the one before it hands on.
func (c Chain) Route(ctx context.Context, r *policy.Request) [][]policy.Upstream {
	out := make([][]policy.Upstream, len(c))
	left := maxForwards
	var ask func(i int, layer *policy.Layer, r *policy.Request) []policy.Outcome
	ask = func(i int, layer *policy.Layer, r *policy.Request) []policy.Outcome {
		return layer.Answerer.Answer(ctx, r, func(_ context.Context, to policy.Upstream, r *policy.Request) ([]policy.Outcome, bool) {
			if !slices.ContainsFunc(out[i], func(u policy.Upstream) bool { return u.Name == to.Name }) {
				out[i] = append(out[i], to)
			}
			if left--; left < 0 || i+1 == len(c) || len(c[i+1].Layers) == 0 {
				return nil, false
			}
			return ask(i+1, c[i+1].Layers[0], r), true
		})
	}
	if len(c) > 0 {
		if picked, ok := c[0].Pick(r.Scheme, r.Host, r.Port); ok {
			ask(0, picked.Layer, r)
		}
	}
	return out
}

// compose returns a layer with what is behind it.
func compose(ctx context.Context, front *policy.Layer, behind Chain, assuming []policy.Assumption) *policy.Layer {
	out := *front
	out.Endpoints, out.Facts = nil, slices.Clone(front.Facts)
	out.Answerer = &composed{front: front, behind: behind, assuming: assuming}
	var reached []*policy.Layer
	for _, e := range front.Endpoints {
		at, ok := reach(ctx, front, behind, e, e.Example)
		if !ok || len(at.layer.Endpoints) == 0 {
			out.Endpoints = append(out.Endpoints, e)
			continue
		}
		if !slices.Contains(reached, at.layer) {
			reached = append(reached, at.layer)
			out.Environment = cmp.Or(out.Environment, at.layer.Environment)
			out.Mentions = append(slices.Clone(out.Mentions), at.mentions()...)
			out.Gaps = append(slices.Clone(out.Gaps), at.layer.Gaps...)
			for _, f := range at.layer.Facts {
				if f.Endpoint == "" {
					out.Facts = append(out.Facts, at.signed(f))
				}
			}
		}
		told := false // the layer behind tells paths of the endpoint apart
		for _, inner := range at.layer.Endpoints {
			mapped, ok := mapped(ctx, front, behind, e, at, inner)
			told = told || ok
			if ok && !listed(out.Endpoints, mapped) {
				out.Endpoints = append(out.Endpoints, mapped)
				out.Facts = append(out.Facts, factsOf(front, e.Pattern, mapped.Pattern)...)
				if at.guarded {
					out.Facts = append(out.Facts, guard(front, e, mapped.Pattern))
				}
				for _, f := range factsOf(at.layer, inner.Pattern, mapped.Pattern) {
					out.Facts = append(out.Facts, at.signed(f))
				}
			}
		}
		if !told {
			out.Endpoints = append(out.Endpoints, e)
		}
	}
	return &out
}

// factsOf returns what is stated of an endpoint, for the pattern at which it is reached from outside.
func factsOf(layer *policy.Layer, pattern, outside string) (out []policy.Fact) {
	for _, f := range layer.Facts {
		if f.Endpoint == pattern && pattern != outside {
			f.Endpoint = outside
			out = append(out, f)
		} else if f.Endpoint == pattern && f.Endpoint != "" {
			out = append(out, f)
		}
	}
	return out
}

func listed(endpoints []policy.Endpoint, e policy.Endpoint) bool {
	return slices.ContainsFunc(endpoints, func(x policy.Endpoint) bool { return x.Example == e.Example })
}

// mapped returns an endpoint of an inner layer as it is reached from outside through an endpoint of the front, if it is.
func mapped(ctx context.Context, front *policy.Layer, behind Chain, through policy.Endpoint, at arrival, inner policy.Endpoint) (policy.Endpoint, bool) {
	if inner.Example == "" || inner.Internal {
		return policy.Endpoint{}, false
	}
	out := inner
	// What the front makes of its own example is what it puts in the place of its prefix: /api/ becomes /, or stays.
	if rest, ok := strings.CutPrefix(inner.Example, at.path); ok && at.path != through.Example {
		out.Example = through.Example + rest
		if rest, ok := strings.CutPrefix(inner.Pattern, at.path); ok {
			out.Pattern = through.Example + rest
		}
	}
	arrived, ok := reach(ctx, front, behind, inner, out.Example)
	return out, ok && arrived.layer == at.layer && arrived.path == inner.Example
}

// arrival is where a request arrives that a front hands on.
type arrival struct {
	host  *policy.Host
	layer *policy.Layer
	path  string
	// guarded: not without an Authorization header.
	guarded bool
}

// mentions returns the tests of the layer, signed like the headers that it writes.
func (a arrival) mentions() []policy.Mention {
	out := slices.Clone(a.layer.Mentions)
	for i := range out {
		if out[i].By == "" {
			out[i].By = layerName(a.host, a.layer)
		}
	}
	return out
}

// guard states that the front refuses what has no credentials, whoever stands behind it.
func guard(front *policy.Layer, e policy.Endpoint, pattern string) policy.Fact {
	out := policy.Fact{Kind: policy.FactRequiresHeader, Endpoint: pattern, Subject: "Authorization", Text: front.Name + " asks for it", Span: e.Span}
	for _, f := range front.Facts {
		if f.Kind == policy.FactNeedsAuthorization && f.Endpoint == e.Pattern {
			out.Text, out.Span = f.Text, f.Span
			break
		}
	}
	return out
}

// signed says of a fact which layer of the chain it is about.
func (a arrival) signed(f policy.Fact) policy.Fact {
	f.By = cmp.Or(f.By, layerName(a.host, a.layer))
	return f
}

// reach returns where a request for a path arrives behind the front: one without credentials, else one with.
func reach(ctx context.Context, front *policy.Layer, behind Chain, e policy.Endpoint, path string) (at arrival, ok bool) {
	arrive := func(with ...policy.Field) bool {
		for to := range forwarded(ctx, front, e, path, with...) {
			for _, host := range behind {
				if layer, serves := serves(host, to.upstream, to.request); serves {
					at = arrival{host: host, layer: layer, path: to.request.Path, guarded: len(with) > 0}
					return true
				}
			}
		}
		return false
	}
	return at, slices.ContainsFunc(credentials(), func(with []policy.Field) bool { return arrive(with...) })
}

// credentials are what a request is handed on with: nothing, else one of the schemes that a front asks for.
func credentials() [][]policy.Field {
	return [][]policy.Field{nil, {{Name: "Authorization", Value: "Bearer token"}}, {{Name: "Authorization", Value: "Basic dXNlcjpwYXNz"}}}
}

// handed is a request that a layer hands on.
type handed struct {
	upstream policy.Upstream
	request  *policy.Request
}

// forwarded returns what a layer hands on when it is asked for a path, by the methods that tell answers apart, with further headers.
func forwarded(ctx context.Context, front *policy.Layer, e policy.Endpoint, path string, with ...policy.Field) iter.Seq[handed] {
	return func(yield func(handed) bool) {
		if path == "" || e.Internal {
			return
		}
		methods := []string{"GET", "POST", "OPTIONS"}
		if len(e.Methods) > 0 {
			methods = append(slices.Clone(e.Methods[:min(len(e.Methods), 3)]), "OPTIONS")
		}
		for _, method := range methods {
			var found []handed
			r := &policy.Request{Method: method, Scheme: "https", Host: nameOf(front), Port: 443, Path: path,
				Headers: append([]policy.Field{{Name: "Host", Value: nameOf(front)}, {Name: "Origin", Value: "https://app.example"}}, with...)}
			front.Answerer.Answer(ctx, r, func(_ context.Context, to policy.Upstream, r *policy.Request) ([]policy.Outcome, bool) {
				asked := *r
				found = append(found, handed{to, &asked})
				return nil, false
			})
			for _, h := range found {
				if !yield(h) {
					return
				}
			}
		}
	}
}

// nameOf returns a host for which a layer answers.
func nameOf(l *policy.Layer) string {
	for _, at := range l.Listeners {
		for _, h := range at.Hosts {
			if h.Kind == policy.HostExact {
				return h.Text
			}
		}
	}
	return "api.example"
}

// Upstreams returns whom a layer forwards to, each once, in the order of its endpoints.
func Upstreams(ctx context.Context, layer *policy.Layer) []policy.Upstream {
	var out []policy.Upstream
	for _, e := range layer.Endpoints {
		for _, with := range credentials() {
			for h := range forwarded(ctx, layer, e, e.Example, with...) {
				if h.upstream.Name != "" && !slices.ContainsFunc(out, func(u policy.Upstream) bool { return u.Name == h.upstream.Name }) {
					out = append(out, h.upstream)
				}
			}
		}
	}
	return out
}

// Authorities returns the host:port of an upstream as they are written, in lower case; the port is 80 where none is.
func Authorities(u policy.Upstream) []string {
	names := u.Servers
	if len(names) == 0 {
		names = []string{u.Name}
	}
	var out []string
	for _, name := range names {
		if at := authority(name); at != "" && !strings.Contains(at[strings.LastIndexByte(at, ']')+1:], ":") {
			out = append(out, at+":80")
		} else if at != "" {
			out = append(out, at)
		}
	}
	return out
}

// composed answers for a front and what is behind it.
type composed struct {
	front    *policy.Layer
	behind   Chain
	assuming []policy.Assumption
}

// Answer asks the front. A header that a known layer behind it wrote is the chain's own, and no unknown upstream's.
func (c *composed) Answer(ctx context.Context, r *policy.Request, next policy.Next) []policy.Outcome {
	left := maxForwards
	answered := map[string]bool{}
	inner := c.behind.next(&left)
	ask := func(ctx context.Context, to policy.Upstream, r *policy.Request) ([]policy.Outcome, bool) {
		if outcomes, ok := inner(ctx, to, r); ok {
			answered[to.Name] = true
			return outcomes, true
		}
		if next == nil {
			return nil, false
		}
		return next(ctx, to, r)
	}
	outcomes := c.front.Answerer.Answer(ctx, r, ask)
	for i := range outcomes {
		o := &outcomes[i]
		if o.Upstream == nil || !answered[o.Upstream.Name] {
			continue
		}
		for j := range o.Headers {
			o.Headers[j].Upstream = o.Headers[j].Upstream && o.Headers[j].By == ""
		}
		o.Assuming = append(slices.Clone(c.assuming), o.Assuming...)
		switch {
		case o.Open == nil:
			o.Upstream = nil
		default: // the last one in the chain is not known
			o.Upstream = &policy.Upstream{Name: o.Open.Subject, Span: o.Open.Span}
		}
	}
	return outcomes
}

// String shows the program of the front.
func (c *composed) String() string {
	if s, ok := c.front.Answerer.(interface{ String() string }); ok {
		return s.String()
	}
	return c.front.Name
}
