package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/rules"
)

// This file finds out who answers the requests that descriptions in the tree say are needed: a layer that shows that it means
// to be asked by pages. It is checked once more, with the needs.

// candidate is a layer with CORS intent that may be who answers for a description.
type candidate struct {
	unit        *unitResult
	host, layer int // which of the unit's layers
	listeners   []policy.Listener
	pages       bool // it serves files at its root
}

// layerKey names a layer of a unit.
type layerKey struct{ host, layer int }

// answerNeeds analyses the configurations again that answer what is needed, and replaces their results.
func (r *runner) answerNeeds(ctx context.Context, slots []*unitResult) {
	var candidates []candidate
	for _, s := range slots {
		candidates = append(candidates, s.candidates...)
	}
	found := map[*unitResult]map[layerKey][]contract.Need{}
	var units []*unitResult
	for _, s := range slots {
		var c *candidate
		var unanswered []contract.Need
		for i, n := range s.Needs {
			if n.Kind == contract.Called {
				c, n.Servers = called(&n, candidates)
			} else if i == 0 || !slices.Equal(n.Servers, s.Needs[i-1].Servers) {
				c = answers(n.Servers, candidates)
			}
			if c == nil {
				unanswered = append(unanswered, n)
				continue
			}
			if found[c.unit] == nil {
				found[c.unit] = map[layerKey][]contract.Need{}
				units = append(units, c.unit)
			}
			key := layerKey{c.host, c.layer}
			found[c.unit][key] = append(found[c.unit][key], n)
			s.used = true
		}
		s.findings = append(s.findings, rules.OfNeeds(r.Rules, unanswered)...)
	}
	r.each(ctx, len(units), func(i int) {
		r.check(ctx, units[i], found[units[i]])
	})
}

// answers returns the layer that is one of some servers: the only one that names its host, or where the hosts say nothing the
// only one at all. It is nil where there are several or none.
func answers(servers []contract.Server, candidates []candidate) *candidate {
	public := false
	var named []*candidate
	for i := range candidates {
		c := &candidates[i]
		if slices.ContainsFunc(servers, func(s contract.Server) bool { return c.names(s.Host) }) {
			named = append(named, c)
		}
	}
	for _, s := range servers {
		public = public || s.Public()
	}
	switch {
	case len(named) == 1:
		return named[0]
	case len(named) > 1 || len(candidates) != 1 || public && candidates[0].hasName():
		return nil
	}
	return &candidates[0]
}

// called returns the layer that a call of client code goes to, and the servers of the call with that one first: the only layer
// that has a server's name, or that opens its port on this machine; and where the page asks its own origin only while it is
// developed, the one that the development server forwards to. An address of the page's own origin, one that nobody knows and
// the host of somebody else select no layer.
func called(n *contract.Need, candidates []candidate) (*candidate, []contract.Server) {
	for i, s := range n.Servers {
		if c := reached(s, candidates); c != nil {
			return c, slices.Insert(slices.Delete(slices.Clone(n.Servers), i, i+1), 0, s)
		}
	}
	if _, elsewhere := n.Elsewhere(); !elsewhere || n.Proxied == nil || n.Proxied.Deployed {
		return nil, n.Servers
	}
	for _, s := range n.Servers {
		if s.Host != "" {
			continue
		}
		target := n.Proxied.Target
		target.Path += strings.TrimPrefix(s.Path, n.Proxied.Strip)
		if c := reached(target, candidates); c != nil {
			return c, slices.Insert(slices.Clone(n.Servers), 0, target)
		}
	}
	return nil, n.Servers
}

// reached returns the only layer that a call to a server reaches; nil where there is none, or several.
func reached(s contract.Server, candidates []candidate) *candidate {
	var found *candidate
	for i := range candidates {
		if c := &candidates[i]; s.Host != "" && c.isCalled(s) {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// isCalled reports whether a call to a server reaches the layer. A page that the layer itself serves under a name of its own
// asks nobody for permission.
func (c *candidate) isCalled(s contract.Server) bool {
	if s.Loopback() {
		return slices.ContainsFunc(c.listeners, func(l policy.Listener) bool { return l.Opened == s.Port || l.Port == s.Port })
	}
	return c.names(s.Host) && !c.pages
}

// names reports whether the layer answers for a host by name.
func (c *candidate) names(host string) bool {
	return host != "" && slices.ContainsFunc(c.listeners, func(l policy.Listener) bool { return l.Names(host) })
}

// hasName reports whether the layer answers for a host that is one everywhere: it is not another one, then.
func (c *candidate) hasName() bool {
	return slices.ContainsFunc(c.listeners, func(l policy.Listener) bool {
		return slices.ContainsFunc(l.Hosts, func(h policy.HostPattern) bool { return strings.Contains(strings.Trim(h.Text, "."), ".") })
	})
}
