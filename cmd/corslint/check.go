package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

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
	jobs         int
	color        string
}

func newCheck() *cobra.Command {
	c := &checkCommand{}
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Report what goes wrong (the default command)",
		Long:  "check reports what goes wrong in the named files and folders. What they belong to is read, wherever it is.",
		RunE:  c.run,
	}
	c.flags(cmd.Flags())
	return cmd
}

func (c *checkCommand) flags(f *pflag.FlagSet) {
	var names []string
	for _, format := range report.Formats() {
		names = append(names, format.Name)
	}
	f.StringArrayVar(&c.formats, "format", nil, "`FORMAT` of the report, or FORMAT=FILE; repeatable: "+strings.Join(names, ", ")+" (default text)")
	f.StringVar(&c.failOn, "fail-on", "", "the least `SEVERITY` that makes the exit status 1: error, warning or note (default error)")
	f.BoolVar(&c.exitZero, "exit-zero", false, "exit with 0 also when there are findings")
	f.BoolVar(&c.pedantic, "pedantic", false, "show notes and findings of low confidence too")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "show the whole exchange, curl lines and every browser's message")
	f.BoolVar(&c.forceExclude, "force-exclude", false, "excludes hold for named files too")
	f.BoolVar(&c.noConfig, "no-config", false, "read no configuration file")
	f.IntVar(&c.jobs, "jobs", 0, "how many files are worked on at the same time (default: as many as there are processors)")
	f.StringVar(&c.color, "color", "auto", "auto, always or never")
}

// output is one report to write.
type output struct {
	format report.Format
	file   string // "" is standard output
}

func (c *checkCommand) outputs() ([]output, error) {
	if len(c.formats) == 0 {
		c.formats = []string{"text"}
	}
	var out []output
	for _, text := range c.formats {
		name, file, _ := strings.Cut(text, "=")
		format, ok := report.LookupFormat(name)
		if !ok {
			return nil, fmt.Errorf("--format %q: there is no such format", name)
		}
		out = append(out, output{format, file})
	}
	return out, nil
}

// wants reports whether a format is asked for.
func (c *checkCommand) wants(format string) bool {
	return slices.ContainsFunc(c.formats, func(f string) bool { return f == format || strings.HasPrefix(f, format+"=") })
}

func (c *checkCommand) run(cmd *cobra.Command, paths []string) error {
	started := time.Now()
	outputs, err := c.outputs()
	if err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	projects, err := discovery.Find(here, paths)
	if err != nil {
		return err
	}
	fail := false
	for i := range projects {
		p, err := openProject(&projects[i], c)
		if err != nil {
			return err
		}
		r := p.check(cmd.Context(), c, progress(cmd.ErrOrStderr()))
		r.Elapsed = time.Since(started)
		fail = fail || p.fails(r)
		if err := c.write(cmd, p, r, outputs, here); err != nil {
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

// write writes the reports of a project.
func (c *checkCommand) write(cmd *cobra.Command, p *project, r *report.Report, outputs []output, here string) error {
	summary, err := stepSummary()
	if err != nil {
		return err
	}
	if summary != nil {
		defer summary.Close()
	}
	for _, o := range outputs {
		options := report.Options{Verbose: c.verbose, CI: os.Getenv("CI") != "", Hook: os.Getenv("PRE_COMMIT") != "",
			GitHubActions: os.Getenv("GITHUB_ACTIONS") == "true", Base: p.base(here)}
		if summary != nil {
			options.Summary = summary
		}
		if o.file == "" {
			terminal(cmd.OutOrStdout(), c.color, &options)
			if err := o.format.Write(cmd.OutOrStdout(), r, options); err != nil {
				return err
			}
			continue
		}
		var b bytes.Buffer
		options.GitHubActions = false
		if err := o.format.Write(&b, r, options); err != nil {
			return err
		}
		if err := os.WriteFile(o.file, b.Bytes(), 0o666); err != nil {
			return err
		}
	}
	if text := report.NothingToCheck(r); text != "" && isTerminal(cmd.ErrOrStderr()) {
		fmt.Fprintln(cmd.ErrOrStderr(), text)
	}
	return nil
}

// stepSummary opens the file in which GitHub Actions wants the summary of a step; nil outside of it.
func stepSummary() (*os.File, error) {
	name := os.Getenv("GITHUB_STEP_SUMMARY")
	if name == "" || os.Getenv("GITHUB_ACTIONS") != "true" {
		return nil, nil
	}
	return os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminal sets the options that depend on where a report is read.
func terminal(w io.Writer, color string, o *report.Options) {
	tty := isTerminal(w)
	if tty {
		if width, _, err := term.GetSize(int(w.(*os.File).Fd())); err == nil {
			o.Width = width
		}
		locale := os.Getenv("LC_ALL") + os.Getenv("LC_CTYPE") + os.Getenv("LANG")
		o.Unicode = strings.Contains(strings.ToUpper(strings.ReplaceAll(locale, "-", "")), "UTF8")
		o.Links = true
	}
	switch color {
	case "always":
		o.Color = true
	case "never":
	default:
		o.Color = tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
}

// progress returns what shows, on a terminal, how far a run is that takes more than a second; nil elsewhere.
func progress(w io.Writer) func(done, total int) {
	if !isTerminal(w) {
		return nil
	}
	started := time.Now()
	return func(done, total int) {
		if time.Since(started) < time.Second {
			return
		}
		switch {
		case done == total:
			fmt.Fprint(w, "\r\x1b[K")
		case done%256 == 0:
			fmt.Fprintf(w, "\r%d of %d files", done, total)
		}
	}
}

// toReport makes the report of a run.
func toReport(result *engine.Result, shown []*finding.Finding, hidden map[finding.Severity]int, suppressed int) *report.Report {
	r := &report.Report{
		Tool: report.Tool{Name: "corslint"}, Rules: ruleDocuments(), Findings: shown, Hidden: hidden, Suppressed: suppressed,
		Unknown: result.Unknown, Analyzed: result.Analyzed, Skipped: result.Skipped, Layers: result.Layers, LayerCount: result.LayerAll,
		NoCORS: len(result.Layers) == 0, Endpoints: result.Endpoints,
	}
	r.Tool.Version, _, _ = buildVersion()
	for _, g := range result.Gaps {
		r.Gaps = append(r.Gaps, report.Gap{Span: g.Span, Why: g.Why})
	}
	return r
}

// ruleDocuments returns the catalogue as reports describe it.
func ruleDocuments() []report.Rule {
	var out []report.Rule
	for _, r := range rules.All() {
		out = append(out, report.Rule{Name: r.Name, Title: r.Title, Category: r.Category, Severity: r.Severity, Since: r.Since,
			Doc: r.Doc, Refs: r.Refs, CWE: r.CWE, HelpURL: "https://github.com/corslint/corslint/blob/main/docs/rules/" + r.Name + ".md"})
	}
	return out
}
