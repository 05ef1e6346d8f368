package diagnosis

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
)

// candidate is a layer that may be who answered.
type candidate struct {
	host  *policy.Host
	layer *policy.Layer
	chain exchange.Chain
}

// answering returns the layers that may answer a URL, the likeliest first: those that name its host, as browsers meet them, or
// directly. Only where no layer of the project has a name that means something everywhere, or where the URL has none either,
// one that answers for any host counts.
func (p *Project) answering(raw string) []candidate {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return nil
	}
	if len(p.Chain) > 0 {
		if picked, ok := p.Chain[0].Pick(u.Scheme, u.Hostname(), port(u)); ok {
			return []candidate{{p.Chain[0], picked.Layer, p.Chain}}
		}
		return nil
	}
	all := slices.Concat(p.Seats, p.Hosts)
	var behind exchange.Chain // declared by hand, for whatever is forwarded to them
	for _, h := range p.Seats {
		if h.Serves != nil {
			behind = append(behind, h)
		}
	}
	var named, others []candidate
	public := false
	for _, h := range all {
		public = public || slices.ContainsFunc(h.Layers, hasPublicName)
		picked, ok := h.Pick(u.Scheme, u.Hostname(), port(u))
		if !ok {
			continue
		}
		c := candidate{h, picked.Layer, append(exchange.Chain{h}, slices.DeleteFunc(slices.Clone(behind), func(b *policy.Host) bool { return b == h })...)}
		if slices.ContainsFunc(picked.Layer.Listeners, func(l policy.Listener) bool { return l.Names(u.Hostname()) }) {
			named = append(named, c)
		} else {
			others = append(others, c)
		}
	}
	if len(named) > 0 || public && isPublic(u.Hostname()) {
		return named
	}
	return others
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

// maxKnown is how many names are listed at most.
const maxKnown = 8

// known lists who is there, for people: "api.shop.example (nginx)".
func (p *Project) known() []string {
	hosts := slices.Concat(p.Seats, p.Hosts)
	if len(p.Chain) > 0 {
		hosts = p.Chain[:1]
	}
	var out []string
	for _, h := range hosts {
		for _, address := range h.Addresses() {
			_, name, _ := strings.Cut(address, "://")
			text := fmt.Sprintf("%s (%s)", name, h.Name)
			if h.Serves == nil && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	if len(out) > maxKnown {
		out = append(out[:maxKnown:maxKnown], fmt.Sprintf("and %d more", len(out)-maxKnown))
	}
	return out
}
