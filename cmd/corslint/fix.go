package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/internal/baseline"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/fix"
)

// checkFixing refuses flags that do not go with repairing.
func (c *checkCommand) checkFixing() error {
	switch {
	case c.unsafe && !c.fixing && !c.diffing:
		return errors.New("--unsafe-fixes: say --fix to repair the files, or --diff to see the patch")
	case c.watching && (c.fixing || c.diffing):
		return errors.New("--watch: does not go with --fix or --diff")
	case c.staged && c.fixing && !c.diffing:
		return errors.New("--staged: --fix writes files, and not what is staged; --diff prints a patch for git apply --cached")
	}
	return nil
}

// toFiles leaves out the reports on standard output, where a patch is printed.
func toFiles(outputs []output) []output {
	return slices.DeleteFunc(slices.Clone(outputs), func(o output) bool { return o.file == "" })
}

// repair repairs what can be repaired, or prints the patch, and returns the project as it is then.
func (c *checkCommand) repair(cmd *cobra.Command, p *project, here string) (*project, error) {
	fixer := c.fixer(p)
	result := fixer.Fix(cmd.Context())
	defer fixer.Memory.Forget() // what runs applications
	if c.diffing {
		if err := result.WritePatch(cmd.OutOrStdout()); err != nil {
			return nil, errors.Join(err, p.close())
		}
		c.explainFixes(cmd.ErrOrStderr(), result, func(path string) string { return p.shown(here, path) })
		return p, nil
	}
	written, err := result.Write(p.Root)
	for _, path := range written {
		fmt.Fprintln(cmd.ErrOrStderr(), "repaired", p.shown(here, path))
	}
	if err = errors.Join(err, p.close()); err != nil {
		return nil, err
	}
	c.explainFixes(cmd.ErrOrStderr(), result, func(path string) string { return p.shown(here, path) })
	return c.open(cmd.Context(), p.Project)
}

// foresees reports whether a report says in a line which flag repairs a finding.
func (c *checkCommand) foresees() bool {
	return len(c.formats) == 0 || c.wants("text") || c.wants("github")
}

// proposes reports whether a report has the edits of fixes, or room for what they come to.
func (c *checkCommand) proposes() bool { return c.verbose || c.wants("json") || c.wants("sarif") }

// manyFiles is how many files a project may have for a check to say, unasked, which findings --fix repairs: for that all that was read
// and answered is kept.
const manyFiles = 5000

// repairs reports whether a report of a project says how its findings can be repaired.
func (c *checkCommand) repairs(files int) bool {
	return c.proposes() || c.foresees() && files <= manyFiles
}

// proposed returns how many of some findings get the edits that repair them in a report: each proof is a run of its own that takes the
// longer the more findings there are, so that of more than a thousand the first ones do. --fix repairs them all.
func proposed(findings int) int {
	const all, some = 1000, 50
	return min(findings, max(some, all*all/max(findings, 1)))
}

// propose says of findings how they can be repaired, with the edits where the report has them: those are proved by a run of their
// own each, which takes longer than the check itself.
func (c *checkCommand) propose(ctx context.Context, f *fix.Fixer, shown []*finding.Finding) {
	if c.foresees() {
		f.Foresee(ctx, shown)
	}
	if c.proposes() {
		f.Propose(ctx, shown[:proposed(len(shown))])
	}
}

// fixer returns what repairs a project.
func (c *checkCommand) fixer(p *project) *fix.Fixer {
	return &fix.Fixer{
		Files: p.files, Editors: fix.Editors(dialects(p.options)), Writable: p.wanted(), Unsafe: c.unsafe,
		Run: func(ctx context.Context, run engine.Options) fix.Findings {
			o := p.engineOptions(c)
			o.Files, o.Surveyed, o.Memory, o.OnlyChanged, o.Agreed, o.Documents = run.Files, run.Surveyed, run.Memory, run.OnlyChanged, nil, false
			if run.Named != nil {
				o.Named = run.Named
			}
			ran := p.run(ctx, c, o)
			accepted := baseline.Match(p.accepted(), ran.left.Findings, p.tree.Has)
			older := baseline.Match(p.earlier, accepted.New, p.tree.Has)
			wanted, _ := p.sift(c, older.New)
			return fix.Findings{All: ran.all(), Wanted: wanted}
		},
	}
}

// all returns what was found, suppressed or not. Findings about suppressions are not the engine's.
func (o *outcome) all() []*finding.Finding {
	all := slices.Clone(o.Findings)
	engines := make(map[*finding.Finding]bool, len(all))
	for _, f := range all {
		engines[f] = true
	}
	for _, f := range o.left.Findings {
		if !engines[f] {
			all = append(all, f)
		}
	}
	return all
}

// explainFixes says what the repairs do, and which were left out.
func (c *checkCommand) explainFixes(w io.Writer, r *fix.Result, shown func(path string) string) {
	if n := len(r.Repaired); n > 0 {
		fmt.Fprintf(w, "%s, each simulated: %s, none gets worse, %d unchanged.%s\n", count(n, "fix", "fixes"), became(r.Exchanges), r.Exchanges.Unchanged, c.nothingWritten())
	} else {
		fmt.Fprintf(w, "nothing to repair.%s\n", c.nothingWritten())
	}
	if n := len(r.HeldBack); n > 0 {
		var places []string
		for _, f := range r.HeldBack {
			places = append(places, fmt.Sprintf("%s:%d %s", shown(f.Place.Path()), f.Place.Position().Line, f.Rule))
		}
		fmt.Fprintf(w, "%s behaviour, left out here (--unsafe-fixes): %s\n", count(n, "fix changes", "fixes change"), strings.Join(places, ", "))
	}
}

func (c *checkCommand) nothingWritten() string {
	if c.diffing {
		return " Nothing written (--diff)."
	}
	return ""
}

// became says what became of exchanges.
func became(e fix.Exchanges) string {
	var parts []string
	if e.Allowed > 0 {
		parts = append(parts, count(e.Allowed, "blocked exchange becomes", "blocked exchanges become")+" allowed")
	}
	if e.Refused > 0 {
		parts = append(parts, count(e.Refused, "stranger is", "strangers are")+" refused")
	}
	if len(parts) == 0 {
		return "no verdict changes"
	}
	return strings.Join(parts, ", ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
