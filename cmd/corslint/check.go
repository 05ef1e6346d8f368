package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/report"
	"github.com/corslint/corslint/rules"
)

// checkCommand is the check command's flags.
type checkCommand struct {
	formats      []string
	failOn       string
	exitZero     bool
	pedantic     bool
	verbose      bool
	forceExclude bool
	noConfig     bool
	noBaseline   bool
	since        string
	staged       bool
	stats        bool
	watching     bool
	fixing       bool
	unsafe       bool
	diffing      bool
	jobs         int
	color        string

	agreed   func(engine.Agreed)   // told what became of the contract's needs
	surveyed func(engine.Surveyed) // told what probing found out about each layer
	memory   *engine.Memory        // of earlier runs; nil for none
}

func newCheck() *cobra.Command {
	c := &checkCommand{}
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Report what goes wrong (the default command)",
		Long:  "check reports what goes wrong in the named files and folders. What they belong to is read, wherever it is.",
		RunE:  c.run,
	}
	c.flags(cmd)
	return cmd
}

func (c *checkCommand) flags(cmd *cobra.Command) {
	var names, described []string
	for _, format := range report.Formats() {
		names = append(names, format.Name)
		described = append(described, cobra.CompletionWithDesc(format.Name, format.Help))
	}
	f := cmd.Flags()
	f.StringArrayVar(&c.formats, "format", nil, "`FORMAT` of the report, or FORMAT=FILE; repeatable: "+strings.Join(names, ", ")+" (default text); help describes them")
	f.StringVar(&c.failOn, "fail-on", "", "the least `SEVERITY` that makes the exit status 1: error, warning or note (default error)")
	f.BoolVar(&c.exitZero, "exit-zero", false, "exit with 0 also when there are findings")
	f.BoolVar(&c.pedantic, "pedantic", false, "show notes and findings of low confidence too")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "show the whole exchange, curl lines and every browser's message")
	f.BoolVar(&c.watching, "watch", false, "check again whenever a file changes")
	f.BoolVar(&c.fixing, "fix", false, "repair what can be repaired safely")
	f.BoolVar(&c.unsafe, "unsafe-fixes", false, "with --fix or --diff: also repair what changes behaviour that somebody may rely on")
	f.BoolVar(&c.diffing, "diff", false, "print the repairs as a patch, and write nothing")
	f.BoolVar(&c.stats, "stats", false, "print where findings, gaps and time are, on standard error")
	f.BoolVar(&c.forceExclude, "force-exclude", false, "excludes hold for named files too")
	f.BoolVar(&c.noConfig, "no-config", false, "read no configuration file")
	f.StringVar(&c.since, "since", "", "report only what is new since the branch left `REVISION`")
	f.BoolVar(&c.staged, "staged", false, "look at what is staged, and report only what is new to HEAD")
	f.BoolVar(&c.noBaseline, "no-baseline", false, "report what the baseline accepts too")
	f.IntVar(&c.jobs, "jobs", 0, "how many files are worked on at the same time (default: as many as there are processors)")
	f.StringVar(&c.color, "color", "auto", "auto, always or never")
	completes(cmd, "format", described...)
	completes(cmd, "fail-on", severityNames()...)
	completes(cmd, "color", "auto", "always", "never")
}

// severityNames returns the names of the severities, the gravest first.
func severityNames() []string {
	var names []string
	for _, s := range finding.Severities {
		names = append(names, s.String())
	}
	return names
}

// completes tells the shell which values a flag takes.
func completes(cmd *cobra.Command, flag string, values ...string) {
	// The error is that there is no such flag, or that this was said before.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

func (c *checkCommand) run(cmd *cobra.Command, paths []string) error {
	if c.wants("help") {
		return listFormats(cmd.OutOrStdout())
	}
	if err := c.checkFixing(); err != nil {
		return err
	}
	outputs, err := c.outputs()
	if err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	if c.watching {
		return c.watch(cmd, paths, outputs, here)
	}
	return c.once(cmd, paths, outputs, here)
}

// noCommand says of a word that names no file that it is no command either: "corslint fix" is not meant to be a path.
func noCommand(err error) error {
	var missing *discovery.PathError
	if errors.As(err, &missing) && errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(missing.Path, `./\`) {
		return fmt.Errorf("%w, nor is %s a command; corslint --help lists them", err, missing.Path)
	}
	return err
}

// once checks what was named and writes the reports.
func (c *checkCommand) once(cmd *cobra.Command, paths []string, outputs []output, here string) error {
	started := time.Now()
	projects, err := discovery.Find(here, paths)
	if err != nil {
		return noCommand(err)
	}
	fail := false
	for i := range projects {
		p, err := c.open(cmd.Context(), &projects[i])
		if err != nil {
			return err
		}
		if c.fixing || c.diffing {
			if p, err = c.repair(cmd, p, here); err != nil {
				return err
			}
		}
		r, stats := p.check(cmd.Context(), c, progress(cmd.ErrOrStderr()))
		r.Elapsed = time.Since(started)
		fail = fail || p.fails(r)
		if c.diffing {
			outputs = toFiles(outputs)
		}
		if err := c.write(cmd, p, r, outputs, here); err != nil {
			return err
		}
		if err := c.writeStats(cmd.ErrOrStderr(), p, r, stats, here); err != nil {
			return err
		}
		if err := p.close(); err != nil {
			return err
		}
	}
	if fail && !c.exitZero {
		return errFindings
	}
	return nil
}

// toReport makes the report of a run.
func toReport(result *engine.Result, shown []*finding.Finding, hidden map[finding.Severity]int, suppressed int) *report.Report {
	r := &report.Report{
		Tool: report.Tool{Name: "corslint"}, Rules: ruleDocuments(), Findings: shown, Hidden: hidden, Suppressed: suppressed,
		Unknown: result.Unknown, Analyzed: result.Analyzed, Skipped: result.Skipped, Layers: result.Layers, LayerCount: result.LayerAll,
		NoCORS: len(result.Layers) == 0, Endpoints: result.Endpoints,
	}
	r.Tool.Version = thisBuild().Version
	for _, g := range result.Gaps {
		r.Gaps = append(r.Gaps, report.Gap{Span: g.Span, Why: g.Why})
	}
	return r
}

// ruleURL is the address of a rule's page.
func ruleURL(name string) string {
	return "https://github.com/corslint/corslint/blob/main/docs/rules/" + name + ".md"
}

// ruleDocuments returns the catalogue as reports describe it.
func ruleDocuments() []report.Rule {
	var out []report.Rule
	for _, r := range rules.All() {
		out = append(out, report.Rule{Name: r.Name, Title: r.Title, Category: r.Category, Severity: r.Severity, Since: r.Since,
			Doc: r.Doc, Refs: r.Refs, CWE: r.CWE, HelpURL: ruleURL(r.Name)})
	}
	return out
}
