package main

import (
	"context"
	"fmt"
	"os"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/layerfile"
	"github.com/corslint/corslint/parsers/nginx"
)

// dialects returns the parsers, set up for a project.
func dialects(options nginx.Options) []parsers.Dialect {
	return []parsers.Dialect{nginx.Dialect{Options: options}, express.Dialect{Options: sandbox()}, apigateway.Dialect{}, layerfile.Dialect{}}
}

// sandbox says how the code of applications is run: in a child process of this very program.
func sandbox() express.Options {
	executable, err := os.Executable()
	if err != nil {
		return express.Options{ReadOnly: true}
	}
	return express.Options{Executable: executable}
}

// readChain reads the hosts that paths name, outermost first.
func readChain(ctx context.Context, paths []string, options nginx.Options) (exchange.Chain, error) {
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
			tree := root.Walk(discovery.Options{Named: p.Named})
			result := engine.Run(ctx, engine.Options{Files: tree, Dialects: dialects(options), Named: p.Contains})
			chain = append(chain, together(result.Hosts)...)
		}
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("nothing that answers HTTP requests in %v", paths)
	}
	return chain, nil
}

// together makes one host of the hosts of one dialect that one path holds: the files of a folder are one server's.
// Declared layers stay apart, each stands for an upstream of its own.
func together(hosts []*policy.Host) exchange.Chain {
	var chain exchange.Chain
	at := map[string]*policy.Host{}
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
