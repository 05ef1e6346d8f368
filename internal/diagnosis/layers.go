package diagnosis

import (
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
	var named, others, unaddressed []candidate
	public := false
	for _, h := range all {
		public = public || slices.ContainsFunc(h.Layers, hasPublicName)
		chain := append(exchange.Chain{h}, slices.DeleteFunc(slices.Clone(behind), func(b *policy.Host) bool { return b == h })...)
		picked, ok := h.Pick(u.Scheme, u.Hostname(), port(u))
		if !ok {
			for _, layer := range h.Layers {
				if len(layer.Listeners) == 0 { // nobody says where it is reached
					unaddressed = append(unaddressed, candidate{h, layer, chain})
				}
			}
			continue
		}
		to := &others
		if slices.ContainsFunc(picked.Layer.Listeners, func(l policy.Listener) bool { return l.Names(u.Hostname()) }) {
			to = &named
		}
		for _, layer := range running(h, picked.Layer) {
			*to = append(*to, candidate{h, layer, chain})
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

// maxKnown is how many names of a dialect are listed at most.
const maxKnown = 8

// Listeners are the names for which the layers of a dialect answer.
type Listeners struct {
	Dialect string
	Names   []string // "api.shop.example:8081", "any host"
	More    int      // that are not listed
}

// known lists who is there.
func (p *Project) known() []Listeners {
	hosts := slices.Concat(p.Seats, p.Hosts)
	if len(p.Chain) > 0 {
		hosts = p.Chain[:1]
	}
	var out []Listeners
	for _, h := range hosts {
		if h.Serves != nil {
			continue
		}
		i := slices.IndexFunc(out, func(l Listeners) bool { return l.Dialect == h.Dialect })
		if i < 0 {
			i = len(out)
			out = append(out, Listeners{Dialect: h.Dialect})
		}
		for _, address := range h.Addresses() {
			scheme, name, _ := strings.Cut(address, "://")
			name = strings.TrimSuffix(name, map[string]string{"http": ":80", "https": ":443"}[scheme])
			switch l := &out[i]; {
			case slices.Contains(l.Names, name):
			case len(l.Names) == maxKnown:
				l.More++
			default:
				l.Names = append(l.Names, name)
			}
		}
	}
	return out
}

// Addresses lists where the project's layers listen.
func (p *Project) Addresses() []string {
	var out []string
	for _, h := range slices.Concat(p.Seats, p.Hosts) {
		for _, address := range h.Addresses() {
			if !slices.Contains(out, address) {
				out = append(out, address)
			}
		}
	}
	return out
}
