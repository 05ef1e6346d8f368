package probe

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// This file asks who reads an endpoint. Other than for a finding, who is refused is worth as much as who is let in: strangers are
// tried in every way, whether a test looks as if it let them pass or not.

const (
	maxNamed      = 256 // of the origins that a layer names, those that are asked for
	maxResembled  = 12  // of these, those whose lookalikes are
	maxLookalikes = 128 // of an endpoint
)

// Readers asks whether pages read an endpoint: those of every origin that the layer names, whose Bypass is "", and those of strangers.
func (p *Prober) Readers(e *Endpoint) []*Probe {
	var asked []*Probe
	seen := map[string]bool{}
	method := readMethod(e)
	headers, _ := p.required(e.Endpoint, method)
	add := func(c Candidate) {
		if !seen[c.Origin] {
			seen[c.Origin] = true
			asked = append(asked, p.visit(e, method, headers, &c))
		}
	}
	named := e.Intent.Origins
	if e.Intent.Anybody {
		named = slices.DeleteFunc(slices.Clone(named), func(o string) bool { return o == somebody })
	}
	for _, m := range p.meanings {
		if !slices.Contains(named, m.Origin) {
			named = append(slices.Clip(named), m.Origin)
		}
	}
	named = named[:min(len(named), maxNamed)]
	for _, origin := range named {
		add(Candidate{Origin: origin, Meant: origin})
	}
	for _, c := range p.candidates {
		add(c)
	}
	owners := map[string]bool{}
	for _, origin := range named {
		owners[owner(origin)] = true
	}
	for _, origin := range named[:min(len(named), maxResembled)] {
		for _, c := range lookalikes(origin) {
			if len(asked) < len(named)+maxLookalikes && canExist(c.Origin, origin) {
				c.Foreign = !owners[owner(c.Origin)]
				add(c)
			}
		}
	}
	return asked
}

// lookalikes returns the origins that a careless test takes for another one.
func lookalikes(meant string) []Candidate {
	o, err := browser.ParseOrigin(meant)
	if err != nil || IsLoopback(meant) || isAddress(o.Host) {
		return nil
	}
	scheme, host, port := o.Scheme+"://", o.Host, ""
	if o.Port != "" {
		port = ":" + o.Port
	}
	var out []Candidate
	add := func(bypass Bypass, origin string) {
		if isOrigin(origin) && origin != meant {
			out = append(out, Candidate{Origin: origin, Bypass: bypass, Meant: meant})
		}
	}
	add(BypassHTTP, "http://"+host+port)
	add(BypassSuffix, scheme+host+"."+attacker+port)
	if domain := registrable(host); domain != "" {
		add(BypassPrefix, scheme+"attacker"+domain+port)
		add(BypassSubdomain, scheme+"other."+domain+port)
	}
	add(BypassSubdomain, scheme+"other."+host+port)
	for i := range len(host) {
		if host[i] == '.' {
			add(BypassDot, scheme+host[:i]+"x"+host[i+1:]+port)
		}
	}
	add(BypassPort, scheme+host+":8443")
	return out
}

// DecidedBy returns the place that let a page in: the test of the layer that it passed, else what sends the header.
func (s *Survey) DecidedBy(p *Probe) source.Span {
	for i := range s.Mentions {
		if m := &s.Mentions[i]; m.Kind != policy.MentionReflected && !m.ShutsOut && p.Decided(m.Span) && Accepts(m, p.Exchange.Fetch.Origin) {
			return m.Span
		}
	}
	if h, ok := p.AllowOrigin(); ok && len(h.Sources) > 0 {
		return h.Sources[0]
	}
	return source.Span{}
}

// Decided reports whether a place had a part in the answer that the page reads.
func (p *Probe) Decided(place source.Span) bool {
	within := func(s source.Span) bool { return s.File == place.File && s.Start <= place.Start && place.End <= s.End }
	if h, ok := p.AllowOrigin(); ok && slices.ContainsFunc(h.Sources, within) {
		return true
	}
	if len(p.Exchange.Outcomes) == 0 {
		return false
	}
	o := &p.Exchange.Outcomes[0]
	answer := o.Answer(len(o.Hops)-1, browser.PhaseActual)
	return answer != nil && slices.ContainsFunc(answer.Trail, within)
}

// Shape writes a stranger's origin as what it stands for: "https://app.shop.com.<any domain>".
func (c *Candidate) Shape() string {
	switch c.Bypass {
	case BypassSuffix:
		return strings.Replace(c.Origin, "."+attacker, ".<any domain>", 1)
	case BypassPrefix:
		return strings.NewReplacer("attacker-", "<any name>-", "other.attacker", "<any name>", "attacker", "<any name>").Replace(c.Origin)
	case BypassPublicSuffix:
		return strings.Replace(c.Origin, "attacker", "<any name>", 1)
	case BypassSubdomain:
		return strings.NewReplacer("other.", "<any name>.", "attacker", "<any name>").Replace(c.Origin)
	case BypassPort:
		return strings.TrimSuffix(c.Origin, ":8443") + ":<any port>"
	case BypassDot:
		for i := range min(len(c.Origin), len(c.Meant)) {
			if c.Origin[i] != c.Meant[i] {
				return c.Origin[:i] + "<any letter>" + c.Origin[i+1:]
			}
		}
	case BypassAny, BypassNull, BypassHTTP, BypassLoopback:
	}
	return c.Origin
}
