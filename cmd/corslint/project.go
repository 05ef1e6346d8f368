package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/corslint/corslint/internal/baseline"
	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/fix"
	"github.com/corslint/corslint/internal/git"
	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/report"
	"github.com/corslint/corslint/internal/suppress"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/nginx/conf"
	"github.com/corslint/corslint/rules"
)

// project is a project that a run is about, opened.
type project struct {
	*discovery.Project
	root    *discovery.Root
	tree    *discovery.Tree
	files   parsers.Files // of the tree; an editor's where it has some that are not saved
	config  *config.Config
	options options
	failOn  finding.Severity

	baselines []*baseline.File // nil where the project has none, or they are not asked for

	since   string           // the revision that is compared with; "" for none
	earlier []baseline.Entry // the findings there
	unread  []string         // files that could not be read there
	state   *git.State       // what the files are read from; nil for the disk

	walking, comparing time.Duration
}

// ruleNames returns the rules by name, for what checks names only.
func ruleNames() *names.Set {
	var all []string
	aliases := map[string]string{}
	for _, r := range rules.All() {
		all = append(all, r.Name)
		for _, a := range r.Aliases {
			aliases[a] = r.Name
		}
	}
	return names.New(all, aliases)
}

// findProjects returns the projects of some paths, and the directory that the paths start from: the working directory.
func findProjects(paths []string) (here string, projects []discovery.Project, err error) {
	if here, err = os.Getwd(); err != nil {
		return "", nil, err
	}
	projects, err = discovery.Find(here, paths)
	return here, projects, err
}

// openProject opens a project and reads its configuration. A broken configuration is a *config.Error.
func openProject(found *discovery.Project, c *checkCommand) (*project, error) {
	root, err := discovery.NewRoot(found.Root)
	if err != nil {
		return nil, err
	}
	return openRoot(found, c, root)
}

// openRoot opens a project whose files a root holds: those on disk, or an earlier state of them.
func openRoot(found *discovery.Project, c *checkCommand, root *discovery.Root) (*project, error) {
	p := &project{Project: found, config: config.Default(), root: root}
	var err error
	if found.Config != "" && !c.noConfig {
		if p.config, err = config.Load(root, found.Config, ruleNames()); err != nil {
			return nil, err
		}
	}
	p.options.readOnly = p.config.ReadOnly
	if p.options.nginx, err = nginxOptions(p.config); err != nil {
		return nil, err
	}
	p.failOn = p.config.FailOn
	if c.failOn != "" {
		severity, ok := finding.ParseSeverity(c.failOn)
		if !ok {
			return nil, fmt.Errorf("--fail-on %q: want error, warning or note", c.failOn)
		}
		p.failOn = severity
	}
	started := time.Now()
	p.tree = root.Walk(discovery.Options{Named: found.Named, Exclude: p.config.Exclude, ForceExclude: c.forceExclude})
	p.files, p.walking = p.tree, time.Since(started)
	if !c.noBaseline {
		if p.baselines, err = readBaselines(p.tree); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func nginxOptions(c *config.Config) (nginx.Options, error) {
	var o nginx.Options
	for _, prefix := range c.Nginx.Prefixes {
		o.Prefixes = append(o.Prefixes, conf.Prefix{From: prefix.From, To: prefix.To})
	}
	if c.Nginx.Version != "" {
		version, ok := nginx.ParseVersion(c.Nginx.Version)
		if !ok {
			return o, fmt.Errorf("nginx version %q: want a version like 1.29.3", c.Nginx.Version)
		}
		o.Version = version
	}
	return o, nil
}

func (p *project) close() error {
	if p.state != nil {
		return errors.Join(p.root.Close(), p.state.Close())
	}
	return p.root.Close()
}

// base returns the working directory relative to the project's root, from which text reports print paths.
func (p *project) base(here string) string {
	if real, err := filepath.EvalSymlinks(here); err == nil { // the root has none either
		here = real
	}
	rel, err := filepath.Rel(p.Root, here)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// wanted returns what tells the paths that findings are wanted for; nil for all.
func (p *project) wanted() func(string) bool {
	if p.Whole() {
		return nil
	}
	return p.Contains
}

// outcome is what a run gave.
type outcome struct {
	*engine.Result
	left suppress.Result // what the project does not suppress, in the severities it wants
}

// analyze runs the analysis and takes out what is suppressed.
func (p *project) analyze(ctx context.Context, c *checkCommand, progress func(done, total int)) *outcome {
	o := p.engineOptions(c)
	o.Progress = progress
	return p.run(ctx, c, o)
}

// engineOptions are the options of a run over the project as it stands.
func (p *project) engineOptions(c *checkCommand) engine.Options {
	// Rules that are off are asked too: a cause that nobody wants to hear of is still the cause, and not its symptom.
	return engine.Options{
		Files: p.files, Dialects: dialects(p.options), Rules: rules.All(), Workers: c.jobs, Documents: c.wants("json"), Named: p.wanted(),
		Contract: p.config.Contract, Agreed: c.agreed, Surveyed: c.surveyed, Memory: c.memory,
		Environment: func(path string) rules.Environment { return rules.Environment(p.config.Environment(path)) },
	}
}

// run runs the analysis and takes out what is suppressed.
func (p *project) run(ctx context.Context, c *checkCommand, o engine.Options) *outcome {
	result := engine.Run(ctx, o)
	result.Findings = append(result.Findings, p.expectations(ctx, c, o.Files)...)
	return &outcome{result, suppress.Apply(suppress.Input{
		Findings: p.level(result.Findings), Comments: result.Comments, Ignores: p.config.Ignore, Rules: ruleNames(), Today: time.Now(),
		Wanted: o.Named, Whole: p.Whole(), Ran: func(rule string) bool { return !p.config.Rules[rule].Off },
	})}
}

// check runs the analysis and makes the report: what the rules say, without what the project accepts, and of that what
// is shown.
func (p *project) check(ctx context.Context, c *checkCommand, progress func(done, total int)) (*report.Report, report.Stats) {
	run := p.engineOptions(c)
	run.Progress = progress
	var survey fix.Survey
	repairs := c.repairs(len(p.tree.Paths("")))
	if repairs { // what the proofs of repairs are held against
		run.Memory, run.OnlyChanged = engine.NewMemory(), true
		defer run.Memory.Forget() // what runs applications
		run.Surveyed = func(s engine.Surveyed) {
			survey.Note(s)
			if c.surveyed != nil {
				c.surveyed(s)
			}
		}
	}
	o := p.run(ctx, c, run)
	accepted := baseline.Match(p.accepted(), o.left.Findings, p.tree.Has)
	older := baseline.Match(p.earlier, accepted.New, p.tree.Has)
	shown, hidden := p.sift(c, older.New)
	if repairs {
		fixer := c.fixer(p)
		fixer.Know(&survey, run.Memory, fix.Findings{All: o.all(), Wanted: shown})
		c.propose(ctx, fixer, shown)
	}
	r := toReport(o.Result, shown, hidden, o.left.Suppressed)
	if p.baselines != nil {
		r.Baseline = &report.Baseline{Accepted: len(accepted.Known)}
		if p.Whole() {
			r.Baseline.Repaired = len(accepted.Repaired)
		}
	}
	if p.since != "" {
		r.Since = &report.Since{Revision: p.since, Older: len(older.Known)}
		r.Unknown = append(r.Unknown, p.doubts(older.New)...)
	}
	for _, problem := range p.tree.Problems() {
		r.Unknown = append(r.Unknown, fmt.Sprintf("%s (%s)", problem.Path, problem.Text()))
	}
	if files := p.namedFiles(); files != nil {
		r.Named = &report.Named{Files: files, Context: o.Context}
	}
	return r, p.statistics(o.Result)
}

// sift returns those of some findings that are shown, and counts the others that are not off.
func (p *project) sift(c *checkCommand, all []*finding.Finding) (shown []*finding.Finding, hidden map[finding.Severity]int) {
	shown, hidden = []*finding.Finding{}, map[finding.Severity]int{}
	for _, f := range all {
		switch {
		case p.config.Rules[f.Rule].Off:
		case c.pedantic || f.Shown():
			shown = append(shown, f)
		default:
			hidden[f.Severity]++
		}
	}
	return shown, hidden
}

// namedFiles returns the files that were named one by one, as a hook names them; nil when folders were named.
func (p *project) namedFiles() []string {
	for _, name := range p.Named {
		if !p.tree.Has(name) {
			return nil
		}
	}
	return p.Named
}

// level gives findings the severity that the project wants them to have.
func (p *project) level(findings []*finding.Finding) []*finding.Finding {
	for _, f := range findings {
		if level := p.config.Rules[f.Rule]; level.Severity != 0 && level.Severity != f.Severity { // else it may be one that others read
			f.Severity = level.Severity
		}
	}
	return findings
}

// fails reports whether a report has a finding that makes the run fail.
func (p *project) fails(r *report.Report) bool {
	for _, f := range r.Findings {
		if f.Severity >= p.failOn {
			return true
		}
	}
	return false
}
