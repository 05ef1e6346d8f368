package main

import (
	"context"
	"slices"

	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/expect"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/reach"
	"github.com/corslint/corslint/parsers"
)

// expectations returns what does not hold of what the configuration expects, as far as it is wanted. All layers of the
// project are read for it, whatever was named: who answers a URL is known only then.
func (p *project) expectations(ctx context.Context, c *checkCommand, files parsers.Files) []*finding.Finding {
	if len(p.config.Expect) == 0 {
		return nil
	}
	result := engine.Run(ctx, engine.Options{Files: files, Dialects: dialects(p.options), Workers: c.jobs, Link: true})
	return slices.DeleteFunc(expect.Check(ctx, p.config.Expect, &reach.Project{Seats: result.Seats, Hosts: result.Hosts}), func(f *finding.Finding) bool {
		return !p.Contains(f.Place.Path()) && !slices.ContainsFunc(f.Related, func(r finding.Related) bool { return p.Contains(r.Span.Path()) })
	})
}
