package engine

import (
	"context"
	"net"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
)

// This file finds out who stands behind whom in a tree, where nobody says it: a layer forwards to an address at which exactly
// one other is reached. Whoever stands behind another one is looked at through it, as browsers meet it.

// inner is a layer that may stand behind another one.
type inner struct {
	unit  *unitResult
	host  *policy.Host
	layer *policy.Layer // nil for a host that is declared to stand for something: all of it
}

// link puts the layers of a tree behind those that forward to them.
func (r *runner) link(ctx context.Context, slots []*unitResult) {
	var inners []inner
	for _, u := range slots {
		for _, h := range u.Hosts {
			if len(h.Serves) > 0 {
				inners = append(inners, inner{unit: u, host: h})
				continue
			}
			for _, l := range h.Layers {
				if len(l.Reached) > 0 {
					inners = append(inners, inner{u, h, l})
				}
			}
		}
	}
	if len(inners) == 0 {
		return
	}
	linked := make([][]inner, len(slots))
	r.each(ctx, len(slots), func(i int) {
		// To find out whom a layer forwards to takes requests: where nobody else is there, nobody stands behind it.
		if slices.ContainsFunc(inners, func(in inner) bool { return in.unit != slots[i] }) {
			linked[i] = r.seat(ctx, slots[i], inners)
		}
	})
	for i, list := range linked {
		for _, in := range list { // it is looked at through who stands in front
			slots[i].behind = append(slots[i].behind, in.unit)
			in.unit.seats = slices.DeleteFunc(slices.Clone(in.unit.seats), func(h *policy.Host) bool { return h == in.host })
		}
	}
}

// seat makes chains of the hosts of a configuration and those behind them, and returns the latter.
func (r *runner) seat(ctx context.Context, u *unitResult, inners []inner) (used []inner) {
	u.seats = nil
	for _, host := range u.Hosts {
		behind := map[*policy.Host][]policy.Upstream{} // by who stands there: the upstreams it stands for
		var order []inner
		for _, layer := range host.Layers {
			for _, to := range exchange.Upstreams(ctx, layer) {
				for _, in := range standing(u, to, inners) {
					if behind[in.host] == nil {
						order = append(order, in)
					}
					behind[in.host] = append(behind[in.host], to)
				}
			}
		}
		used = append(used, order...)
		u.seats = append(u.seats, chains(ctx, host, order, behind)...)
	}
	return used
}

// standing returns who stands for an upstream: the only host that is reached at its address.
func standing(front *unitResult, to policy.Upstream, inners []inner) []inner {
	var found []inner
	for _, in := range inners {
		if in.unit == front || !in.reached(to) {
			continue
		}
		if len(found) > 0 && found[0].host != in.host {
			return nil // which of them it is, nobody says
		}
		found = append(found, in)
	}
	return found[:min(len(found), 1)]
}

// reached reports whether a layer is reached at one of the addresses of an upstream.
func (in inner) reached(to policy.Upstream) bool {
	for _, address := range exchange.Authorities(to) {
		if in.layer == nil {
			if slices.ContainsFunc(in.host.Serves, func(s string) bool {
				return s == to.Name || exchange.Authorities(policy.Upstream{Name: s})[0] == address
			}) {
				return true
			}
			continue
		}
		name, port, err := net.SplitHostPort(address)
		if err != nil {
			continue
		}
		for _, at := range in.layer.Reached {
			reached, on, ok := strings.Cut(at, ":")
			switch {
			case !ok && strings.EqualFold(reached, name), ok && reached == "" && on == port && thisMachine(name):
				return true
			}
		}
	}
	return false
}

// thisMachine reports whether a name is one of the machine itself.
func thisMachine(name string) bool {
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback() || name == "localhost" || name == "host.docker.internal"
}

// maxVariants bounds how many environments of one host behind are looked at in a chain.
const maxVariants = 4

// chains makes a host with what is behind it: one for each environment in which a host behind is known to run, else one.
func chains(ctx context.Context, front *policy.Host, order []inner, behind map[*policy.Host][]policy.Upstream) []*policy.Host {
	if len(order) == 0 {
		return []*policy.Host{front}
	}
	variants := 1
	for _, in := range order {
		variants = max(variants, min(len(in.variants()), maxVariants))
	}
	var out []*policy.Host
	for i := range variants {
		chain := exchange.Chain{front}
		var assuming []policy.Assumption
		for _, in := range order {
			host := *in.host
			if own := in.variants(); len(own) > 0 {
				host.Layers = []*policy.Layer{own[min(i, len(own)-1)]}
			}
			if host.Serves == nil {
				for _, to := range behind[in.host] {
					host.Serves = append(host.Serves, append([]string{to.Name}, to.Servers...)...)
					u := policy.Unknown{Kind: policy.UnknownIdentity, Subject: to.Name + " is " + host.Layers[0].Name, Span: to.Span}
					assuming = append(assuming, policy.Assumption{Unknown: u, Holds: true})
				}
			}
			chain = append(chain, &host)
		}
		out = append(out, chain.Compose(ctx, assuming...))
	}
	return out
}

// variants are the layers of a host of which one is asked: it is the same program in several environments.
func (in inner) variants() []*policy.Layer {
	if in.layer == nil {
		return nil
	}
	return in.host.Layers
}
