// Package who says who may read each endpoint of a layer, and with what: the pages that are named, the strangers that get in, and
// those that were tried and refused. It imports the analyzers and internal/source.
package who

import (
	"context"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/source"
)

// Anybody stands for the pages of an endpoint that lets in all.
const Anybody = "anybody"

// Layer is who may read the endpoints of one layer.
type Layer struct {
	Name      string
	Place     source.Span
	Endpoints []Endpoint
	Silent    int           // endpoints without a word of CORS: no page of another origin reads them
	Cookies   []policy.Fact // in which it keeps sessions
	Unknown   []string      // what that depends on
}

// Endpoint is who may read one endpoint.
type Endpoint struct {
	Path    string // its pattern
	URL     string
	Method  string
	Readers []Reader
	Unknown []string // pages of whom it is not known
	Refused []Refused
}

// Reader is pages that read an endpoint because one place lets them in.
type Reader struct {
	// Pages are origins, of strangers with the part that is up to them: "https://app.shop.example.<any domain>".
	Pages       []string
	Credentials bool
	Bypass      probe.Bypass // how a stranger gets in; "" for pages that are meant
	Stranger    bool         // somebody whom the policy does not name
	Witness     string       // an origin that was tried
	At          source.Span
}

// Refused is strangers of one kind who were tried, none of whom reads.
type Refused struct {
	Bypass  probe.Bypass
	Origins []string
}

// Tried is how many strangers were refused.
func (e *Endpoint) Tried() (n int) {
	for _, r := range e.Refused {
		n += len(r.Origins)
	}
	return n
}

// Of asks who may read the endpoints of a layer of a chain.
func Of(ctx context.Context, chain exchange.Chain, layer *policy.Layer) Layer {
	prober := probe.NewProber(ctx, chain, layer)
	survey := prober.Survey()
	out := Layer{Name: chain[0].Name + " " + layer.Name, Place: layer.Span, Silent: survey.Total - len(survey.Endpoints), Unknown: survey.Unknown()}
	if strings.Contains(layer.Name, chain[0].Name) {
		out.Name = layer.Name
	}
	if in := layer.Environment; in != "" && !strings.Contains(layer.Name, " with ") {
		out.Name += " with " + in
	}
	for _, f := range layer.Facts {
		if f.Kind == policy.FactSessionCookie {
			out.Cookies = append(out.Cookies, f)
		}
	}
	for _, e := range survey.Endpoints {
		out.Endpoints = append(out.Endpoints, endpoint(survey, e, prober.Readers(e)))
	}
	return out
}

// endpoint sorts the pages that were tried.
func endpoint(s *probe.Survey, e *probe.Endpoint, asked []*probe.Probe) Endpoint {
	out := Endpoint{Path: e.Pattern, URL: e.URL}
	var in []*probe.Probe
	for _, p := range asked {
		out.Method, out.URL = p.Exchange.Fetch.Method, p.Exchange.Fetch.URL
		switch allowed, _ := e.LetsIn(&p.Exchange); {
		case allowed:
			in = append(in, p)
		case p.Exchange.Verdict() == browser.Unknown:
			out.Unknown = append(out.Unknown, p.Candidate.Origin)
		case p.Candidate.Bypass != "":
			out.refuse(p.Candidate)
		}
	}
	everybody := anybody(asked, in)
	if everybody != nil {
		out.Readers = append(out.Readers, Reader{Pages: []string{Anybody}, Credentials: credentials(everybody), Bypass: probe.BypassAny, Stranger: true,
			Witness: everybody.Candidate.Origin, At: s.DecidedBy(everybody)})
	}
	for _, p := range in {
		if everybody == nil || credentials(p) && !credentials(everybody) {
			out.read(s, p, in)
		}
	}
	out.Refused = slices.DeleteFunc(out.Refused, func(r Refused) bool { return out.readBy(r.Bypass) })
	return out
}

// anybody returns the fetch of a stranger where all that are nobody's in particular read.
func anybody(asked, in []*probe.Probe) (first *probe.Probe) {
	for _, p := range asked {
		if p.Candidate.Bypass != probe.BypassAny {
			continue
		}
		if !slices.Contains(in, p) {
			return nil
		}
		if first == nil {
			first = p
		}
	}
	return first
}

func credentials(p *probe.Probe) bool {
	return p.Exchange.Fetch.Credentials == browser.CredentialsInclude
}

// read adds a page that reads.
func (e *Endpoint) read(s *probe.Survey, p *probe.Probe, in []*probe.Probe) {
	c := p.Candidate
	r := Reader{Pages: []string{c.Shape()}, Credentials: credentials(p), Bypass: c.Bypass, Witness: c.Origin, At: s.DecidedBy(p)}
	r.Stranger = c.Bypass != "" && (c.Foreign || c.Bypass == probe.BypassNull || c.Bypass == probe.BypassHTTP)
	if c.Bypass == "" && standsForAny(s, p, in, r.At) {
		return // the pattern is shown with what is up to others, and not its example
	}
	for i := range e.Readers {
		same := &e.Readers[i]
		switch {
		case same.At != r.At || same.Credentials != r.Credentials || same.Bypass != r.Bypass:
		case slices.Contains(same.Pages, r.Pages[0]):
			return
		case r.Bypass == "":
			same.Pages = append(same.Pages, r.Pages[0])
			return
		case same.Stranger == r.Stranger: // one of a kind is enough
			return
		}
	}
	e.Readers = append(e.Readers, r)
}

// standsForAny reports whether an origin is only an example of what a place lets in: any name, in the place of one of its own.
func standsForAny(s *probe.Survey, p *probe.Probe, in []*probe.Probe, at source.Span) bool {
	origin := p.Candidate.Origin
	written := func(m probe.Meaning) bool {
		return m.Origin == origin && m.Of.Span == at && m.Of.Kind == policy.MentionLiteral
	}
	if slices.ContainsFunc(s.Meanings, written) {
		return false
	}
	return slices.ContainsFunc(in, func(x *probe.Probe) bool {
		covers := false
		switch c := x.Candidate; c.Bypass {
		case probe.BypassSubdomain:
			_, domain, _ := strings.Cut(c.Shape(), "<any name>")
			covers = strings.HasSuffix(origin, domain)
		case probe.BypassPublicSuffix:
			covers = c.Meant == origin
		default:
		}
		return covers && s.DecidedBy(x) == at
	})
}

func (e *Endpoint) refuse(c *probe.Candidate) {
	i := slices.IndexFunc(e.Refused, func(r Refused) bool { return r.Bypass == c.Bypass })
	if i < 0 {
		i = len(e.Refused)
		e.Refused = append(e.Refused, Refused{Bypass: c.Bypass})
	}
	e.Refused[i].Origins = append(e.Refused[i].Origins, c.Origin)
}

// readBy reports whether a stranger of a kind reads.
func (e *Endpoint) readBy(kind probe.Bypass) bool {
	return slices.ContainsFunc(e.Readers, func(r Reader) bool { return r.Bypass == kind })
}
