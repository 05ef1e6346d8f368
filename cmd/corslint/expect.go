package main

import (
	"context"
	"slices"

	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/expect"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/parsers"
)

// expectations returns what does not hold of what the configuration expects, as far as it is wanted. All layers of the
// project are read for it, whatever was named: who answers a URL is known only then.
func (p *project) expectations(ctx context.Context, c *checkCommand, files parsers.Files) []*finding.Finding {
	if len(p.config.Expect) == 0 {
		return nil
	}
	hosts := engine.Run(ctx, engine.Options{Files: files, Dialects: dialects(p.options), Workers: c.jobs}).Hosts
	return slices.DeleteFunc(expect.Check(ctx, p.config.Expect, hosts), func(f *finding.Finding) bool {
		return !p.Contains(f.Place.Path()) && !slices.ContainsFunc(f.Related, func(r finding.Related) bool { return p.Contains(r.Span.Path()) })
	})
}
