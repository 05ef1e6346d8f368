// Package reach finds out who of a project answers a URL. It imports the analyzers policy and exchange.
package reach

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
)

// Project is what is known of who answers.
type Project struct {
	// Seats are the hosts as browsers meet them, Hosts those that files describe: some stand behind others and are reached
	// directly on a developer's machine only.
	Seats, Hosts []*policy.Host
	// Chain, when given, answers every URL that one of its layers listens for, and nobody else does.
	Chain exchange.Chain
}

// Candidate is a layer that may be who answers.
type Candidate struct {
	Host  *policy.Host
	Layer *policy.Layer
	Chain exchange.Chain // the host, and what is declared to stand behind it
	// Named: the layer names the URL's host. Others answer for any, or nobody says where they are reached.
	Named bool
	// Direct: the host is asked as its file describes it, past whoever stands in front of it.
	Direct bool
}

// Candidates returns the layers that may answer a URL, the likeliest first: those that name its host, as browsers meet them, or
// directly. Only where no layer of the project has a name that means something everywhere, or where the URL has none either,
// one that answers for any host counts. Layers that are not wanted are left out; nil: all are.
func (p *Project) Candidates(raw string, wanted func(*policy.Layer) bool) []Candidate {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil
	}
	if wanted == nil {
		wanted = func(*policy.Layer) bool { return true }
	}
	if len(p.Chain) > 0 {
		if picked, ok := p.Chain[0].Pick(u.Scheme, u.Hostname(), port(u)); ok && wanted(picked.Layer) {
			return []Candidate{{Host: p.Chain[0], Layer: picked.Layer, Chain: p.Chain, Named: names(picked.Layer, u.Hostname())}}
		}
		return nil
	}
	var behind exchange.Chain // declared by hand, for whatever is forwarded to them
	for _, h := range p.Seats {
		if h.Serves != nil {
			behind = append(behind, h)
		}
	}
	var named, others, unaddressed []Candidate
	public := false
	for i, h := range slices.Concat(p.Seats, p.Hosts) {
		public = public || slices.ContainsFunc(h.Layers, func(l *policy.Layer) bool { return wanted(l) && hasPublicName(l) })
		found := Candidate{Host: h, Direct: i >= len(p.Seats)}
		found.Chain = append(exchange.Chain{h}, slices.DeleteFunc(slices.Clone(behind), func(b *policy.Host) bool { return b == h })...)
		picked, ok := h.Pick(u.Scheme, u.Hostname(), port(u))
		if !ok {
			for _, layer := range h.Layers {
				if found.Layer = layer; len(layer.Listeners) == 0 && wanted(layer) { // nobody says where it is reached
					unaddressed = append(unaddressed, found)
				}
			}
			continue
		}
		found.Named = names(picked.Layer, u.Hostname())
		for _, layer := range running(h, picked.Layer) {
			found.Layer = layer
			switch {
			case !wanted(layer):
			case found.Named:
				named = append(named, found)
			default:
				others = append(others, found)
			}
		}
	}
	if len(named) > 0 || public && isPublic(u.Hostname()) {
		return named
	}
	if len(others) == 0 {
		return unaddressed
	}
	return others
}

// Answering returns the chain that answers a URL and its layer that the browser meets. It reports false where nobody does.
func (p *Project) Answering(url string) (exchange.Chain, *policy.Layer, bool) {
	found := p.Candidates(url, nil)
	if len(found) == 0 {
		return nil, nil, false
	}
	return found[0].Chain, found[0].Layer, true
}

// names reports whether a layer names a host, rather than answering for any.
func names(l *policy.Layer, host string) bool {
	return slices.ContainsFunc(l.Listeners, func(at policy.Listener) bool { return at.Names(host) })
}

// running returns a layer in each of the environments that its project gives it; as it is without any comes last.
func running(h *policy.Host, layer *policy.Layer) []*policy.Layer {
	var out []*policy.Layer
	for _, l := range h.Layers {
		if l.Environment != "" && l.Span == layer.Span {
			out = append(out, l)
		}
	}
	if layer.Environment == "" {
		out = append(out, layer)
	}
	return out
}

func port(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}

func hasPublicName(l *policy.Layer) bool {
	return slices.ContainsFunc(l.Listeners, func(at policy.Listener) bool {
		return slices.ContainsFunc(at.Hosts, func(h policy.HostPattern) bool { return isPublic(strings.Trim(h.Text, ".")) })
	})
}

// isPublic reports whether a host has a name that means the same everywhere.
func isPublic(host string) bool {
	return strings.Contains(host, ".") && net.ParseIP(strings.Trim(host, "[]")) == nil && !strings.HasSuffix(host, ".localhost") && !strings.HasSuffix(host, ".local")
}
