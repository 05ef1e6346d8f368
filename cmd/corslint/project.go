package main

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/report"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/rules"
)

// project is a project that a run is about, opened.
type project struct {
	*discovery.Project
	root   *discovery.Root
	tree   *discovery.Tree
	failOn finding.Severity
}

func openProject(found *discovery.Project, c *checkCommand) (*project, error) {
	p := &project{Project: found, failOn: finding.Error}
	if s, ok := finding.ParseSeverity(c.failOn); ok {
		p.failOn = s
	}
	root, err := discovery.NewRoot(found.Root)
	if err != nil {
		return nil, err
	}
	p.root = root
	p.tree = root.Walk(discovery.Options{Named: found.Named, ForceExclude: c.forceExclude})
	return p, nil
}

func (p *project) close() error { return p.root.Close() }

// base returns the working directory relative to the project's root, from which text reports print paths.
func (p *project) base(here string) string {
	rel, err := filepath.Rel(p.Root, here)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// check runs the analysis and makes the report.
func (p *project) check(ctx context.Context, c *checkCommand, progress func(done, total int)) *report.Report {
	o := engine.Options{Files: p.tree, Dialects: dialects(nginx.Options{}), Rules: rules.All(), Workers: c.jobs, Progress: progress}
	if !p.Whole() {
		o.Named = p.Contains
	}
	result := engine.Run(ctx, o)
	shown, hidden := []*finding.Finding{}, map[finding.Severity]int{}
	for _, f := range result.Findings {
		if c.pedantic || f.Shown() {
			shown = append(shown, f)
		} else {
			hidden[f.Severity]++
		}
	}
	r := toReport(result, shown, hidden, 0)
	return r
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

var _ = strings.TrimSpace
