package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway"
	"github.com/corslint/corslint/parsers/client"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/layerfile"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/openapi"
)

// options say how the files of a project are read.
type options struct {
	nginx nginx.Options
	// readOnly: the code of applications is not run.
	readOnly bool
}

// dialects returns the parsers, set up for a project.
func dialects(o options) []parsers.Dialect {
	node := express.Dialect{Options: sandbox(o.readOnly)}
	return []parsers.Dialect{ // gateways come before the functions behind them
		nginx.Dialect{Options: o.nginx}, apigateway.Dialect{Functions: node.Functions}, node, openapi.Dialect{}, client.Dialect{}, layerfile.Dialect{},
	}
}

// sandbox says how the code of applications is run: in a child process of this very program.
func sandbox(readOnly bool) express.Options {
	executable, err := os.Executable()
	if err != nil || readOnly {
		return express.Options{ReadOnly: true}
	}
	return express.Options{Executable: executable}
}

// readChain reads the hosts that paths name, outermost first.
func readChain(ctx context.Context, paths []string, o options) (exchange.Chain, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var chain exchange.Chain
	for _, path := range paths {
		projects, err := discovery.Find(here, []string{path})
		if err != nil {
			return nil, err
		}
		for i := range projects {
			p := &projects[i]
			root, err := discovery.NewRoot(p.Root) // stays open: answers look up whether files exist
			if err != nil {
				return nil, err
			}
			chosen := o
			if p.Config != "" {
				if c, err := config.Load(root, p.Config, ruleNames()); err == nil { // a mistake in it is for check to say
					chosen.readOnly = c.ReadOnly
				}
			}
			tree := root.Walk(discovery.Options{Named: p.Named})
			result := engine.Run(ctx, engine.Options{Files: tree, Dialects: dialects(chosen), Named: p.Contains})
			chain = append(chain, together(result.Hosts)...)
		}
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("nothing that answers HTTP requests in %v", paths)
	}
	return chain, nil
}

// readProject reads the hosts that a path, or the whole project, holds, as browsers meet them: each with who stands behind it. Base is
// the working directory below the project's root.
func readProject(ctx context.Context, paths []string, o options) (seats []*policy.Host, base string, err error) {
	here, projects, err := findProjects(paths)
	if err != nil {
		return nil, "", err
	}
	p, err := openProject(&projects[0], &checkCommand{noBaseline: true}) // stays open: answers look up whether files exist
	if err != nil {
		return nil, "", err
	}
	if o.nginx.Version != (nginx.Version{}) {
		p.options.nginx.Version = o.nginx.Version
	}
	result := engine.Run(ctx, engine.Options{Files: p.tree, Dialects: dialects(p.options), Contract: p.config.Contract, Link: true, Named: p.wanted()})
	seats = result.Seats
	if slices.ContainsFunc(seats, func(h *policy.Host) bool { return !described(h) }) {
		seats = slices.DeleteFunc(seats, described) // they describe what the others do
	}
	if len(seats) == 0 {
		return nil, "", fmt.Errorf("nothing that answers HTTP requests in %s", cmp.Or(strings.Join(paths, " "), "this project"))
	}
	return seats, p.base(here), nil
}

// described reports whether a host is an API as its description has it, and not who answers.
func described(h *policy.Host) bool { return h.Dialect == openapi.Dialect{}.Name() }

// together makes one host of the hosts of one dialect that one path holds: the files of a folder are one server's.
// Declared layers stay apart, each stands for an upstream of its own.
func together(hosts []*policy.Host) exchange.Chain {
	var chain exchange.Chain
	at := map[string]*policy.Host{}
	if slices.ContainsFunc(hosts, func(h *policy.Host) bool { return !described(h) }) {
		hosts = slices.DeleteFunc(slices.Clone(hosts), described) // they describe what the others do
	}
	for _, h := range hosts {
		first := at[h.Dialect]
		if first == nil || h.Serves != nil {
			at[h.Dialect] = h
			chain = append(chain, h)
			continue
		}
		first.Layers = append(first.Layers, h.Layers...)
		first.Gaps = append(first.Gaps, h.Gaps...)
	}
	return chain
}
