package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/report"
)

// slow is how long a run may take before it says, unasked, where the time went.
const slow = 2 * time.Second

// writeStats writes the statistics of a run: all with --stats, the time of a slow run to people and to a hook's log.
func (c *checkCommand) writeStats(w io.Writer, p *project, r *report.Report, s report.Stats, here string) error {
	switch {
	case c.stats:
		return report.WriteStats(w, r, s, report.Options{Base: p.base(here), GitHubActions: os.Getenv("GITHUB_ACTIONS") == "true"})
	case r.Elapsed > slow && (isTerminal(w) || os.Getenv("PRE_COMMIT") != ""):
		fmt.Fprintf(w, "corslint took %s; --stats says more\n", report.Times(r, s))
	}
	return nil
}

// statistics returns what a run did.
func (p *project) statistics(result *engine.Result) report.Stats {
	s := report.Stats{Files: len(p.tree.Paths("")), Walking: p.walking, Earlier: p.comparing}
	for _, w := range result.Dialects {
		s.Dialects = append(s.Dialects, report.DialectStats{Name: w.Dialect, Candidates: w.Candidates, Recognised: w.Recognised,
			Loaded: w.Loaded, Layers: w.Layers, Scanning: w.Scanning, Loading: w.Loading, Checking: w.Checking})
	}
	return s
}
