package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/internal/baseline"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/finding"
)

// baselineCommand is the baseline command's flags.
type baselineCommand struct {
	checkCommand
	prune, excludeSecurity bool
}

func newBaseline() *cobra.Command {
	c := &baselineCommand{}
	cmd := &cobra.Command{
		Use:   "baseline [DIRECTORY...]",
		Short: "Accept what is reported today, so that only what is new is reported",
		Long: `baseline writes the findings of today to ` + baseline.Name + ` in the directory (the working directory without one); check
no longer reports them. A finding is known again after its file was edited, formatted, moved or renamed. Several baselines are
allowed: the nearest one above a file counts, and is the one that is written.

With --prune it removes what has been repaired, and adds nothing.`,
		RunE: c.run,
	}
	f := cmd.Flags()
	f.BoolVar(&c.prune, "prune", false, "only remove what has been repaired")
	f.BoolVar(&c.excludeSecurity, "exclude-security", false, "accept no errors and warnings about security")
	f.BoolVar(&c.pedantic, "pedantic", false, "accept notes and findings of low confidence too")
	f.BoolVar(&c.noConfig, "no-config", false, "read no configuration file")
	return cmd
}

func (c *baselineCommand) run(cmd *cobra.Command, paths []string) error {
	here, projects, err := findProjects(paths)
	if err != nil {
		return err
	}
	for i := range projects {
		p, err := openProject(&projects[i], &c.checkCommand)
		if err != nil {
			return err
		}
		files, err := p.baselinesOf()
		if err != nil {
			return err
		}
		o := p.analyze(cmd.Context(), &c.checkCommand, progress(cmd.ErrOrStderr()))
		if c.prune {
			err = p.prune(cmd.OutOrStdout(), here, o, files)
		} else {
			err = c.accept(cmd.OutOrStdout(), p, here, o, files)
		}
		if err != nil {
			return err
		}
		if err := p.close(); err != nil {
			return err
		}
	}
	return nil
}

// readBaselines reads all baselines of a tree; nil if there are none.
func readBaselines(tree *discovery.Tree) ([]*baseline.File, error) {
	var files []*baseline.File
	for _, name := range tree.WithSuffix(baseline.Name) {
		f, err := tree.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		parsed, err := baseline.Parse(f)
		if err != nil {
			return nil, err
		}
		files = append(files, parsed)
	}
	return files, nil
}

// accepted returns what the baselines accept in what was named, and in files that are gone: one of those may be a file
// that was named, renamed.
func (p *project) accepted() []baseline.Entry {
	return slices.DeleteFunc(baseline.Accepted(p.baselines, ruleNames()), func(e baseline.Entry) bool {
		return !p.Contains(e.File) && p.tree.Has(e.File)
	})
}

// baselinesOf returns the baselines of the directories that were named: those that lie there, and for a directory without
// one of its own a new one.
func (p *project) baselinesOf() ([]*baseline.File, error) {
	files := slices.DeleteFunc(slices.Clone(p.baselines), func(f *baseline.File) bool { return !p.Contains(f.Dir()) })
	for _, name := range p.Named {
		if p.tree.Has(name) {
			return nil, fmt.Errorf("%s: a baseline is for a directory", name)
		}
		if !slices.ContainsFunc(files, func(f *baseline.File) bool { return f.Dir() == name }) {
			files = append(files, baseline.New(name))
		}
	}
	return files, nil
}

// accept writes what is shown today to the baselines.
func (c *baselineCommand) accept(out io.Writer, p *project, here string, o *outcome, files []*baseline.File) error {
	findings := map[*baseline.File][]*finding.Finding{}
	for _, f := range o.left.Findings {
		home := baseline.Home(files, f.Place.Path())
		if home == nil || p.config.Rules[f.Rule].Off || !c.pedantic && !f.Shown() || c.excludeSecurity && aboutSecurity(f) {
			continue
		}
		findings[home] = append(findings[home], f)
	}
	for _, file := range files {
		existed := p.tree.Has(file.Path)
		file.Entries = nil
		for _, f := range findings[file] {
			file.Entries = append(file.Entries, baseline.Of(f))
		}
		if len(file.Entries) == 0 && !existed {
			fmt.Fprintf(out, "nothing to accept in %s\n", p.shown(here, file.Dir()))
			continue
		}
		if err := p.write(file); err != nil {
			return err
		}
		printAccepted(out, p, here, file, findings[file])
		if !existed && !p.merges() {
			fmt.Fprintf(out, "So that git merges what two branches accept, add to .gitattributes: %s merge=union\n", baseline.Name)
		}
	}
	return nil
}

// merges reports whether git is told how to merge baselines, or there is no git to tell. Two branches that each accept
// something at the same place of the file are a conflict otherwise; the order of its lines means nothing.
func (p *project) merges() bool {
	if _, err := os.Stat(filepath.Join(p.Root, ".git")); err != nil {
		return true
	}
	attributes, err := os.ReadFile(filepath.Join(p.Root, ".gitattributes"))
	return err == nil && bytes.Contains(attributes, []byte(baseline.Name))
}

// aboutSecurity reports whether a finding says that strangers get in.
func aboutSecurity(f *finding.Finding) bool {
	return f.Category == finding.Security && f.Severity >= finding.Warning
}

// printAccepted says what was accepted, and aloud what of it is about security.
func printAccepted(out io.Writer, p *project, here string, file *baseline.File, accepted []*finding.Finding) {
	paths, severities := map[string]bool{}, map[finding.Severity]int{}
	var security []*finding.Finding
	for _, f := range accepted {
		paths[f.Place.Path()] = true
		severities[f.Severity]++
		if aboutSecurity(f) {
			security = append(security, f)
		}
	}
	counts := ""
	for _, s := range finding.Severities {
		if n := severities[s]; n > 0 {
			counts += ", " + plural(n, s.String())
		}
	}
	if counts != "" {
		counts = " (" + counts[2:] + ")"
	}
	fmt.Fprintf(out, "wrote %s: %s in %s%s. They are no longer reported.\n", p.shown(here, file.Path),
		plural(len(accepted), "finding"), plural(len(paths), "file"), counts)
	fmt.Fprint(out, "New ones are. See them all with --no-baseline.")
	if len(security) > 0 {
		fmt.Fprintf(out, " Security findings accepted: %d (listed below; --exclude-security to keep them loud)", len(security))
	}
	fmt.Fprintln(out)
	for _, f := range security {
		fmt.Fprintf(out, "  %s:%d  %s\n", p.shown(here, f.Place.Path()), f.Place.Position().Line, f.Rule)
	}
}

// prune removes from the baselines what no finding matches.
func (p *project) prune(out io.Writer, here string, o *outcome, files []*baseline.File) error {
	repaired := map[baseline.Entry]int{}
	for _, e := range baseline.Match(p.accepted(), o.left.Findings, p.tree.Has).Repaired {
		repaired[e]++
	}
	for _, file := range files {
		if !p.tree.Has(file.Path) {
			continue
		}
		before := len(file.Entries)
		file.Entries = slices.DeleteFunc(baseline.Accepted(p.baselines, ruleNames()), func(e baseline.Entry) bool {
			if baseline.Home(p.baselines, e.File) != file {
				return true
			}
			repaired[e]--
			return repaired[e] >= 0
		})
		if len(file.Entries) == before {
			fmt.Fprintf(out, "nothing to remove from %s\n", p.shown(here, file.Path))
			continue
		}
		if err := p.write(file); err != nil {
			return err
		}
		fmt.Fprintf(out, "removed %d of %d entries from %s\n", before-len(file.Entries), before, p.shown(here, file.Path))
	}
	return nil
}

// write writes a baseline below the project's root: a link that leads elsewhere is not followed.
func (p *project) write(file *baseline.File) error {
	root, err := os.OpenRoot(p.Root)
	if err != nil {
		return err
	}
	return errors.Join(root.WriteFile(filepath.FromSlash(file.Path), file.Format(), 0o666), root.Close())
}

// shown returns a path of the project as it is printed: as seen from the working directory, "." for itself.
func (p *project) shown(here, name string) string {
	rel, err := filepath.Rel(filepath.FromSlash(p.base(here)), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return printable(filepath.ToSlash(rel))
}

// plural returns "1 finding", "2 findings".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
