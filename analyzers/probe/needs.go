package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// This file asks for what somebody states to be needed. Where a layer shows no intent to let anybody in, or is not who answers
// there, a need says nothing about it.

// maxNeeds bounds how many needs are asked of a layer at once.
const maxNeeds = 5_000

// stated asks for needs, and returns the endpoints that these make of the layer: one for each path.
func (p *Prober) stated(needs []contract.Need) []*Endpoint {
	needs = needs[:min(len(needs), maxNeeds)]
	methods := map[string][]string{} // by path
	for i := range needs {
		at := p.server(&needs[i]).Path + needs[i].Example
		methods[at] = append(methods[at], needs[i].Method)
	}
	var out []*Endpoint
	asked := map[string]*Endpoint{} // by path
	for i := range needs {
		n := &needs[i]
		server := p.server(n)
		at := server.Path + n.Example
		if p.paths[at] == nil {
			p.paths[at] = p.statedEndpoint(policy.Endpoint{Pattern: server.Path + n.Path, Example: at, Methods: methods[at], Span: n.Span})
		}
		e := asked[at]
		if e == nil {
			fresh := *p.paths[at]
			fresh.Methods, fresh.Span = methods[at], n.Span
			e = &fresh
			asked[at] = e
			out = append(out, e)
		}
		means := e.Intent.Any && len(e.Intent.Origins) > 0
		if n.Cell != nil || means && p.answersNeed(e, n) {
			p.state(e, n, server)
		}
	}
	return slices.DeleteFunc(out, func(e *Endpoint) bool { return len(e.Wanted) == 0 })
}

// server returns the server of a need that the layer is: one whose host it names, else one without a host.
func (p *Prober) server(n *contract.Need) contract.Server {
	if n.Cell != nil || n.Kind == contract.Called && len(n.Servers) > 0 { // who pairs calls with layers puts the layer first
		return n.Servers[0]
	}
	for _, s := range n.Servers {
		if s.Host != "" && slices.ContainsFunc(p.layer.Listeners, func(l policy.Listener) bool { return l.Names(s.Host) }) {
			return s
		}
	}
	for _, s := range n.Servers {
		if s.Host == "" {
			return s
		}
	}
	if len(n.Servers) > 0 {
		return contract.Server{Path: n.Servers[0].Path, Span: n.Servers[0].Span}
	}
	return contract.Server{}
}

// statedEndpoint surveys what the layer means at a path.
func (p *Prober) statedEndpoint(e policy.Endpoint) *Endpoint {
	out := &Endpoint{Endpoint: e, Name: p.name(e)}
	out.Answers = p.answers(e)
	out.Intent = p.intent(out)
	return out
}

// answersNeed reports whether the layer, or who stands behind it, is there to answer a need: it is not who says that there is
// nothing, or not for that method, and it does not look for a file, which no API is.
func (p *Prober) answersNeed(e *Endpoint, n *contract.Need) bool {
	headers := append(fields(n.Headers), browser.Header{Name: "Origin", Value: e.Intent.Origins[0]})
	if len(n.Auth) > 0 {
		headers = withHeaders(headers, fields(n.Auth[0].Headers))
	}
	outcomes, err := p.chain.Answer(p.ctx, exchange.Query{URL: p.fetch(e.Endpoint, n.Method, "").URL, Method: n.Method, Headers: headers}, p.layer)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(outcomes, func(o policy.Outcome) bool {
		file := slices.ContainsFunc(o.Assuming, func(a policy.Assumption) bool {
			return a.Kind == policy.UnknownFile || a.Kind == policy.UnknownDirectory
		})
		if n.Open && o.Status == 401 { // it may well say who is asking
			return false
		}
		return !file && (o.Open != nil || o.Status != 0 && (o.Status < 400 || o.Status == 401))
	})
}

func fields(headers []contract.Header) []browser.Header {
	var out []browser.Header
	for _, h := range headers {
		out = append(out, browser.Header{Name: h.Name, Value: h.Value})
	}
	return out
}

// state asks for a need: in each way to prove who is asking, until one succeeds, then with the headers that only some send.
func (p *Prober) state(e *Endpoint, n *contract.Need, server contract.Server) {
	ways := n.Auth
	if len(ways) == 0 {
		ways = []contract.Auth{{}}
	}
	var best *Probe
	for _, way := range ways {
		if asked := p.ask(e, n, server, way, nil); best == nil || asked.Exchange.Verdict() != browser.Blocked {
			best = asked
		}
		if best.Exchange.Verdict() != browser.Blocked {
			if extra := p.ask(e, n, server, way, n.Optional); len(n.Optional) > 0 && extra.Exchange.Verdict() == browser.Blocked {
				extra.Optional = true
				e.Wanted = append(e.Wanted, extra)
			}
			break
		}
	}
	e.Wanted = append(e.Wanted, best)
	if e.URL == "" {
		e.URL = best.Exchange.Fetch.URL
	}
	if len(n.Misplaced) > 0 {
		with := *n
		with.Headers = slices.Concat(n.Headers, n.Misplaced)
		asked := p.ask(e, &with, server, ways[0], nil)
		asked.Purpose, asked.Stated, asked.NeedAt, asked.Need = Misplaced, n, n.Misplaced[0].Span, n.HeaderStatement(n.Misplaced[0].Name)
		e.Wanted = append(e.Wanted, asked)
	}
	p.unencrypted(e, n)
}

// ask asks for a need in one way.
func (p *Prober) ask(e *Endpoint, n *contract.Need, server contract.Server, way contract.Auth, optional []contract.Header) *Probe {
	origin := n.Origin
	if origin == "" {
		origin = e.Intent.Origins[0]
	}
	f := p.fetch(e.Endpoint, n.Method, origin)
	switch {
	case n.Cell != nil: // it says where exactly
		f.URL = server.Scheme + "://" + server.Authority() + escapePath(e.Example)
	case n.Kind == contract.Called && server.Loopback(): // whose port is the layer's own
		f.URL = "http://" + server.Authority() + escapePath(e.Example)
	case server.Host != "":
		f.URL = strings.Replace(f.URL, "://"+p.host(), "://"+server.Host, 1)
	}
	for _, list := range [...][]contract.Header{way.Headers, n.Headers, optional} {
		f.Headers = withHeaders(f.Headers, fields(list))
	}
	f.HasBody = n.Method == "POST" || n.Method == "PUT" || n.Method == "PATCH"
	f.Credentials = browser.CredentialsSameOrigin
	switch {
	case n.Credentials == contract.Withheld:
	case n.Credentials == contract.Sent, way.Cookies && !e.Intent.Anybody, len(e.Intent.Credentials) > 0: // who lets everybody in means requests without
		f.Credentials = browser.CredentialsInclude
	}
	purpose := Simple
	if n.Cell != nil && server.Scheme == "http" && strings.HasPrefix(origin, "https://") && !IsLoopback("http://"+server.Authority()) {
		base := "http://" + server.Authority() + server.Path
		return &Probe{Purpose: Unencrypted, Exchange: p.simulate(f), Need: "names the server", NeedAt: server.Span, Stated: n, Server: base}
	}
	if !browser.IsSafelistedMethod(n.Method) || len(f.Headers) > 0 {
		purpose = Preflighted
	}
	return &Probe{Purpose: purpose, Exchange: p.simulate(f), Need: n.Statement(), NeedAt: n.Span, Stated: n}
}

// unencrypted asks for a need at the address that its servers give, where all of these are http and the layer names an https
// page: once for each server, since the browser never gets as far as the operation.
func (p *Prober) unencrypted(e *Endpoint, n *contract.Need) {
	if n.Cell != nil {
		return // it is asked there already
	}
	page := slices.IndexFunc(e.Intent.Origins, func(o string) bool { return strings.HasPrefix(o, "https://") && o != somebody })
	if page < 0 || slices.ContainsFunc(n.Servers, func(s contract.Server) bool { return s.Scheme != "http" || !s.Public() }) {
		return
	}
	for _, s := range n.Servers {
		if slices.Contains(p.unencryptedAt, s.Span) {
			continue
		}
		p.unencryptedAt = append(p.unencryptedAt, s.Span)
		base := "http://" + s.Authority() + s.Path
		f := exchange.Fetch{URL: base + escapePath(n.Example), Method: n.Method, Origin: e.Intent.Origins[page]}
		e.Wanted = append(e.Wanted, &Probe{Purpose: Unencrypted, Exchange: p.simulate(f), Need: "names the server", NeedAt: s.Span, Stated: n, Server: base})
	}
}

// Evidence says in words why the fetch is one that somebody needs: "openapi.yaml:31 declares PUT /items/{id}".
func (p *Probe) Evidence() string {
	switch {
	case p.Need == "" || p.NeedAt.IsZero():
		return p.Need
	case p.Stated != nil:
		return fmt.Sprintf("%s:%d %s", p.NeedAt.Path(), p.NeedAt.Position().Line, p.Need)
	}
	return fmt.Sprintf("%s (%s:%d)", p.Need, p.NeedAt.Path(), p.NeedAt.Position().Line)
}

// Statement is a place that shows a need, and what it declares: "declares PUT /items/{id}"; "" where nobody declares anything.
type Statement struct {
	Span source.Span
	Text string
}

// Evidence returns the places that show why a failing request is meant: where headers are refused, those that ask for them.
func (f *Failure) Evidence() []Statement {
	n := f.Probe.Stated
	if n == nil {
		return []Statement{{Span: f.Probe.NeedAt}}
	}
	var out []Statement
	if f.Reason == browser.HeaderDisallowedByPreflightResponse {
		for _, h := range n.RequestHeaders() {
			asked := slices.ContainsFunc(f.Names, func(name string) bool { return strings.EqualFold(name, h.Name) })
			if asked && !slices.ContainsFunc(out, func(s Statement) bool { return s.Span == h.Span }) {
				out = append(out, Statement{h.Span, n.HeaderStatement(h.Name)})
			}
		}
	}
	if len(out) == 0 {
		out = append(out, Statement{n.Span, n.Statement()})
	}
	return out
}
