package policy

import (
	"fmt"
	"slices"
	"strings"
)

// HostPattern is a host that a listener answers for.
type HostPattern struct {
	Kind    HostKind
	Text    string   // lower-case; without the "*" of a wildcard
	Pattern *Pattern // of HostRegexp
}

// HostKind says how a [HostPattern] is compared with a request's host.
type HostKind uint8

// The kinds of host pattern.
const (
	HostExact  HostKind = iota + 1
	HostSuffix          // "*.example.com": Text is ".example.com"
	HostPrefix          // "www.*": Text is "www."
	HostRegexp
)

// Matches reports whether the pattern is for a host, in lower case.
func (p HostPattern) Matches(host string) bool { return p.rank(host) > 0 }

// rank returns how well the pattern fits: 0 not at all, a higher rank is a better one. Exact names come before suffix
// wildcards, those before prefix wildcards, the longest first, and expressions last.
// https://nginx.org/en/docs/http/server_names.html
func (p HostPattern) rank(host string) int {
	const step = 1 << 12 // more than a host name has bytes
	switch p.Kind {
	case HostExact:
		if p.Text == host {
			return 4 * step
		}
	case HostSuffix:
		if len(host) > len(p.Text) && strings.HasSuffix(host, p.Text) {
			return 3*step + len(p.Text)
		}
	case HostPrefix:
		if len(host) > len(p.Text) && strings.HasPrefix(host, p.Text) {
			return 2*step + len(p.Text)
		}
	case HostRegexp:
		if m, err := p.Pattern.Match(host); err == nil && m != nil {
			return step
		}
	}
	return 0
}

// Names reports whether the listener answers for a host by a name of its own, and not because it answers for any.
func (l Listener) Names(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return slices.ContainsFunc(l.Hosts, func(p HostPattern) bool { return p.rank(host) > 0 })
}

// Picked is the layer that answers a request, and the listener through which it is reached: with assumptions, the
// listener's scheme and port are what the layer sees, not the URL's.
type Picked struct {
	Layer    *Layer
	Listener Listener
	Assuming []Assumption
}

// Pick returns the layer that answers a request: the port decides first, then the host, then who is the default of the
// port. When nobody listens on the port, the layers that name the host are asked as if something in front mapped the
// port; the assumptions say so. It reports false when no layer answers.
func (h *Host) Pick(scheme, host string, port int) (Picked, bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if l, at := h.best(host, func(l Listener) bool { return l.Port == 0 || l.Port == port }, true); l != nil {
		return Picked{Layer: l, Listener: at}, true
	}
	l, at := h.best(host, func(Listener) bool { return true }, false)
	if l == nil {
		return Picked{}, false
	}
	u := Unknown{Kind: UnknownCondition, Subject: fmt.Sprintf("port %d is reached as port %d", at.Port, port), Span: at.Span}
	if scheme == "https" && at.Scheme == "http" {
		u = Unknown{Kind: UnknownTLS, Subject: fmt.Sprintf("port %d", at.Port), Span: at.Span}
	}
	return Picked{Layer: l, Listener: at, Assuming: []Assumption{{Unknown: u, Holds: true}}}, true
}

// best returns the layer and listener that fit a host best. anyHost: the default of a port answers for every host;
// otherwise only one that names no host at all does.
func (h *Host) best(host string, on func(Listener) bool, anyHost bool) (*Layer, Listener) {
	var found *Layer
	var at Listener
	best := 0
	for _, layer := range h.Layers {
		for _, l := range layer.Listeners {
			if !on(l) {
				continue
			}
			rank := 0
			for _, p := range l.Hosts {
				rank = max(rank, p.rank(host))
			}
			if rank == 0 && (anyHost || len(l.Hosts) == 0) {
				rank = 1
				if l.Default {
					rank = 2
				}
			}
			if rank > best {
				found, at, best = layer, l, rank
			}
		}
	}
	return found, at
}

// Addresses lists where the host's layers listen, for people: "http://api.example:8080".
func (h *Host) Addresses() []string {
	var out []string
	for _, layer := range h.Layers {
		for _, l := range layer.Listeners {
			host := "any host"
			if len(l.Hosts) > 0 {
				host = l.Hosts[0].Text
			}
			text := l.Scheme + "://" + host
			if l.Port != 0 {
				text += fmt.Sprintf(":%d", l.Port)
			}
			if !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}
