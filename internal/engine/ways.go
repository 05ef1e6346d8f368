package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// This file makes hosts of the chains that a contract declares. APIs whose chains begin with the same layer share it: the nginx
// in front of three services is one nginx with three services behind it.

// way is the chain of an API in one environment, the browser's side first, and what is asked through it.
type way struct {
	api         *contract.API
	environment string
	urls        []contract.Place
	needs       []contract.Need
	steps       []step
}

// step is one layer of a chain.
type step struct {
	path  string // as the contract names it, relative to the root
	host  *policy.Host
	files []*source.File
}

// key tells steps apart: the same path is something else with the variables of another environment.
func (s *step) key() string {
	key := s.path
	for _, l := range s.host.Layers {
		key += "\x00" + l.Environment
	}
	return key
}

// fronts groups chains by the layer that they begin with.
func fronts(ways []*way) [][]*way {
	var out [][]*way
	for _, w := range ways {
		i := slices.IndexFunc(out, func(same []*way) bool { return same[0].steps[0].path == w.steps[0].path })
		if i < 0 {
			i = len(out)
			out = append(out, nil)
		}
		out[i] = append(out[i], w)
	}
	return out
}

// keyOf tells groups of chains apart.
func keyOf(ways []*way) string {
	var b strings.Builder
	for _, w := range ways {
		for i := range w.steps {
			b.WriteString(w.steps[i].key() + "\x01")
		}
		b.WriteString("\x02")
	}
	return b.String()
}

// files returns the files that chains are made of, each once.
func files(ways []*way) []*source.File {
	var out []*source.File
	for _, w := range ways {
		for _, s := range w.steps {
			for _, f := range s.files {
				if !slices.Contains(out, f) {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// branch is a layer with those that stand behind it in the chains of several APIs.
type branch struct {
	step   *step
	serves []string // the upstreams of the layer before it that it stands for, as far as requests show
	behind []*branch
	last   bool // nobody is named behind it for some API
}

// together makes one host of chains that begin with the same layer. What stands behind a layer alone, for every API, takes
// whatever that hands on; else each takes what requests for its API are handed on to.
func together(ctx context.Context, ways []*way) *policy.Host {
	root := &branch{step: &ways[0].steps[0]}
	for _, w := range ways {
		upstreams := w.route(ctx, len(ways) > 1)
		at := root
		for i := 1; i < len(w.steps); i++ {
			s := &w.steps[i]
			j := slices.IndexFunc(at.behind, func(b *branch) bool { return b.step.path == s.path })
			if j < 0 {
				j = len(at.behind)
				at.behind = append(at.behind, &branch{step: s})
			}
			at = at.behind[j]
			at.serves = append(at.serves, upstreams[i-1]...)
		}
		at.last = true
	}
	return root.compose(ctx)
}

func (b *branch) compose(ctx context.Context) *policy.Host {
	var named, rest exchange.Chain
	for _, in := range b.behind {
		host := *in.compose(ctx)
		switch {
		case len(host.Serves) > 0: // it says itself what it stands for
			named = append(named, &host)
		case (len(b.behind) > 1 || b.last) && len(in.serves) > 0:
			host.Serves = in.serves
			named = append(named, &host)
		default:
			host.Serves = []string{} // everything, whatever it is called
			rest = append(rest, &host)
		}
	}
	return exchange.Compose(ctx, b.step.host, append(named, rest...))
}

// maxRoutes bounds how many paths of an API are followed to see where they are handed on to.
const maxRoutes = 32

// route returns the upstreams to which the layers of a chain hand on what its API is asked for.
func (w *way) route(ctx context.Context, asked bool) [][]string {
	out := make([][]string, len(w.steps))
	if !asked {
		return out
	}
	chain := exchange.Chain{}
	for i := range w.steps {
		chain = append(chain, w.steps[i].host)
	}
	var paths []string
	for i := range w.needs {
		n := &w.needs[i]
		server := n.Servers[0]
		path := server.Path + n.Example
		if slices.Contains(paths, path) || len(paths) == maxRoutes {
			continue
		}
		paths = append(paths, path)
		r := &policy.Request{Method: n.Method, Scheme: server.Scheme, Host: server.Host, Port: server.Port, Path: path,
			Headers: []policy.Field{{Name: "Host", Value: server.Authority()}, {Name: "Origin", Value: n.Origin}}}
		for j, upstreams := range chain.Route(ctx, r) {
			for _, u := range upstreams {
				if !slices.Contains(out[j], u.Name) {
					out[j] = append(out[j], u.Name)
				}
			}
		}
	}
	return out
}
