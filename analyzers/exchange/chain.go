// Package exchange says how a chain of hosts answers a browser: which layer answers a request and what it forwards, how a
// fetch goes through preflight, redirects and answers, what caches in between hand out, and how all that is shown.
//
// It imports policy, browser and internal/finding, and knows no dialect and no rule.
package exchange

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
)

// Chain is hosts from the browser inwards: each answers itself or forwards to the next.
type Chain []*policy.Host

// NoLayerError says that no layer of the first host answers for a URL.
type NoLayerError struct {
	URL       string
	Listeners []string // what is there: "http://api.example:80"
}

func (e *NoLayerError) Error() string {
	if len(e.Listeners) == 0 {
		return fmt.Sprintf("no layer answers %s: there is none", e.URL)
	}
	return fmt.Sprintf("no layer answers %s; there are %s", e.URL, strings.Join(e.Listeners, ", "))
}

// address is a URL as a layer sees it.
type address struct {
	scheme, host string
	port         int
	path, query  string
	emptyQuery   bool
}

// parse reads an http or https URL. Path and query stay as they are written, however wrong: what a server makes of them is
// the server's.
func parse(raw string) (address, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	a := address{scheme: strings.ToLower(scheme), path: "/"}
	if !ok || a.scheme != "http" && a.scheme != "https" {
		return address{}, fmt.Errorf("%q is not an http or https URL", raw)
	}
	rest, _, _ = strings.Cut(rest, "#")
	authority := rest
	if at := strings.IndexAny(rest, "/?"); at >= 0 {
		authority, rest = rest[:at], rest[at:]
		path, query, found := strings.Cut(rest, "?")
		a.query, a.emptyQuery = query, found && query == ""
		if path != "" {
			a.path = path
		}
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	a.port = 80
	if a.scheme == "https" {
		a.port = 443
	}
	return a.at(authority)
}

// at returns the address with the host and port of an authority, or of a Host header.
func (a address) at(authority string) (address, error) {
	host, port := authority, ""
	if colon := strings.LastIndexByte(authority, ':'); colon > strings.LastIndexByte(authority, ']') {
		host, port = authority[:colon], authority[colon+1:]
	}
	if host == "" {
		return address{}, fmt.Errorf("%q names no host", authority)
	}
	a.host = strings.ToLower(host)
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return address{}, fmt.Errorf("%q has no valid port", authority)
		}
		a.port = int(n)
	}
	return a, nil
}

// hostHeader returns the Host header of the URL.
func (a address) hostHeader() string {
	if a.scheme == "https" && a.port == 443 || a.scheme == "http" && a.port == 80 {
		return a.host
	}
	return fmt.Sprintf("%s:%d", a.host, a.port)
}

// Query is a request to a chain.
type Query struct {
	URL           string
	Method        string
	Headers       []browser.Header
	Circumstances []policy.Circumstance
	Assume        []policy.Assumption
}

// Answer returns what the chain answers to a request. Layer, when given, answers in place of the one that the URL picks.
// The error is a *NoLayerError when no layer answers for the URL.
func (c Chain) Answer(ctx context.Context, q Query, layer *policy.Layer) ([]policy.Outcome, error) {
	return c.answer(ctx, q, layer, func(next policy.Next) policy.Next { return next })
}

// answer is Answer with something between the first layer and what is behind it.
func (c Chain) answer(ctx context.Context, q Query, layer *policy.Layer, between func(policy.Next) policy.Next) ([]policy.Outcome, error) {
	at, err := parse(q.URL)
	if err != nil {
		return nil, err
	}
	if len(c) == 0 {
		return nil, &NoLayerError{URL: q.URL}
	}
	for _, h := range q.Headers {
		if named, err := at.at(h.Value); err == nil && strings.EqualFold(h.Name, "host") {
			at.host = named.host // the connection's port stays
		}
	}
	picked, err := c.pick(q.URL, at, layer)
	if err != nil {
		return nil, err
	}
	r := &policy.Request{
		Method: q.Method, Scheme: at.scheme, Host: at.host, Port: at.port, Path: at.path, Query: at.query, EmptyQuery: at.emptyQuery,
		Circumstances: q.Circumstances, Assume: append(slices.Clone(picked.Assuming), q.Assume...),
	}
	host := false
	for _, h := range q.Headers {
		host = host || strings.EqualFold(h.Name, "host")
		r.Headers = append(r.Headers, policy.Field{Name: h.Name, Value: h.Value})
	}
	if !host {
		r.Headers = append(r.Headers, policy.Field{Name: "Host", Value: at.hostHeader()})
	}
	if len(picked.Assuming) > 0 { // the layer sees the connection from what stands in front of it
		r.Scheme, r.Port = picked.Listener.Scheme, picked.Listener.Port
		if _, given := r.Header("X-Forwarded-Proto"); !given { // which says how the client came
			r.Headers = append(r.Headers, policy.Field{Name: "X-Forwarded-Proto", Value: at.scheme})
		}
	}
	var next policy.Next
	if len(c) > 1 {
		forwards := maxForwards
		next = between(c[1:].next(&forwards))
	}
	outcomes := picked.Layer.Answerer.Answer(ctx, r, next)
	for i := range outcomes {
		outcomes[i].Assuming = append(slices.Clone(picked.Assuming), outcomes[i].Assuming...)
	}
	return outcomes, nil
}

func (c Chain) pick(raw string, at address, layer *policy.Layer) (policy.Picked, error) {
	host := c[0]
	if layer != nil {
		host = &policy.Host{Layers: []*policy.Layer{layer}}
	}
	if picked, ok := host.Pick(at.scheme, at.host, at.port); ok {
		return picked, nil
	}
	if layer != nil {
		return policy.Picked{Layer: layer}, nil
	}
	return policy.Picked{}, &NoLayerError{URL: raw, Listeners: host.Addresses()}
}

// maxForwards bounds how many forwarded requests are answered for one request. A layer forwards once for each of its
// outcomes, of which there are up to 64, and so does the next.
const maxForwards = 100

// next answers what a layer forwards, left times: the first later host that stands for the upstream does, in turn with
// the hosts behind it.
func (c Chain) next(left *int) policy.Next {
	if len(c) == 0 {
		return nil
	}
	return func(ctx context.Context, to policy.Upstream, r *policy.Request) ([]policy.Outcome, bool) {
		for i, host := range c {
			layer, ok := serves(host, to, r)
			if !ok {
				continue
			}
			if *left--; *left < 0 {
				return []policy.Outcome{{Open: &policy.Unknown{Kind: policy.UnknownLimit}}}, true
			}
			return signed(layer.Answerer.Answer(ctx, received(to, r), c[i+1:].next(left)), host, layer), true
		}
		return nil, false
	}
}

// received returns a forwarded request as who gets it sees it: scheme and port are those of its own connection. How the client
// came it learns from headers, if they say so.
func received(to policy.Upstream, r *policy.Request) *policy.Request {
	out := *r
	if scheme, _, ok := strings.Cut(strings.ToLower(to.Name), "://"); ok && (scheme == "http" || scheme == "https") {
		out.Scheme = scheme
	}
	server := authority(to.Name)
	if len(to.Servers) > 0 {
		server = to.Servers[0]
	}
	at, err := parse(out.Scheme + "://" + server)
	if err != nil {
		return &out
	}
	out.Port = at.port
	if host, ok := r.Header("Host"); ok {
		if named, err := at.at(host); err == nil {
			out.Host = named.host
		}
	}
	return &out
}

// signed says which layer of the chain answered, and which wrote the headers.
func signed(outcomes []policy.Outcome, host *policy.Host, layer *policy.Layer) []policy.Outcome {
	for i := range outcomes {
		headers := slices.Clone(outcomes[i].Headers) // an answerer may remember its own
		for j := range headers {
			if headers[j].By == "" && !headers[j].Upstream {
				headers[j].By = layerName(host, layer)
			}
		}
		outcomes[i].Headers = headers
		if outcomes[i].By == "" {
			outcomes[i].By = layerName(host, layer)
		}
	}
	return outcomes
}

// layerName names a layer for people: "nginx api.example", "orders/server.js".
func layerName(host *policy.Host, layer *policy.Layer) string {
	if strings.Contains(layer.Name, host.Name) {
		return layer.Name
	}
	return host.Name + " " + layer.Name
}

// serves returns the layer of a host that stands for an upstream. A host that names what it stands for stands for nothing
// else; another one stands for the upstreams that name a host and port on which it listens.
func serves(host *policy.Host, to policy.Upstream, r *policy.Request) (*policy.Layer, bool) {
	if len(host.Layers) == 0 {
		return nil, false
	}
	names := append([]string{authority(to.Name)}, to.Servers...)
	if host.Serves != nil {
		if len(host.Serves) == 0 || slices.ContainsFunc(names, func(n string) bool {
			return slices.ContainsFunc(host.Serves, func(s string) bool { return strings.EqualFold(authority(s), n) })
		}) {
			return host.Layers[0], true
		}
		return nil, false
	}
	requested, _ := r.Header("Host")
	for _, name := range names {
		at, err := parse("http://" + name)
		if err != nil {
			continue
		}
		for _, candidate := range [...]string{requested, at.host} {
			named, err := at.at(candidate)
			if err != nil {
				continue
			}
			if picked, ok := host.Pick("http", named.host, at.port); ok && len(picked.Assuming) == 0 {
				return picked.Layer, true
			}
		}
	}
	return nil, false
}

// authority returns host and port of an upstream as it is written: "orders:3000" of "http://orders:3000/v1".
func authority(upstream string) string {
	if _, rest, ok := strings.Cut(upstream, "://"); ok {
		upstream = rest
	}
	upstream, _, _ = strings.Cut(upstream, "/")
	return strings.ToLower(upstream)
}
