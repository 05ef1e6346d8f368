package reach

import (
	"slices"
	"strings"
)

// maxKnown is how many names of a dialect are listed at most.
const maxKnown = 8

// Listeners are the names for which the layers of a dialect answer.
type Listeners struct {
	Dialect string
	Names   []string // "api.shop.example:8081", "any host"
	More    int      // that are not listed
}

// Listeners lists who is there.
func (p *Project) Listeners() []Listeners {
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
