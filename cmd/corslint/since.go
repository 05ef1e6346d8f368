package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/corslint/corslint/internal/baseline"
	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/git"
)

// open opens a project for the check command: its files on disk, or with --staged those that are staged; with --since
// and --staged what was found before is in earlier.
func (c *checkCommand) open(ctx context.Context, found *discovery.Project) (*project, error) {
	if c.since == "" && !c.staged {
		return openProject(found, c)
	}
	repository, err := git.Open(ctx, found.Root)
	if err != nil {
		return nil, err
	}
	name, commit := "HEAD", repository.Head()
	if c.since != "" {
		if name = c.since; commit == "" {
			return nil, errors.New("--since: there is no commit yet")
		}
		if commit, err = repository.Base(c.since); err != nil {
			return nil, err
		}
	}
	p, err := c.now(found, repository)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	if p.earlier, err = c.before(ctx, p, repository, commit); err != nil {
		return nil, err
	}
	p.since, p.comparing = name, time.Since(started)
	return p, nil
}

// now opens the state that findings are reported of.
func (c *checkCommand) now(found *discovery.Project, repository *git.Repository) (*project, error) {
	if !c.staged {
		return openProject(found, c)
	}
	staged, err := repository.Index()
	if err != nil {
		return nil, err
	}
	if found.Config != "" && !staged.Has(found.Config) {
		found.Config = ""
	}
	p, err := openRoot(found, c, staged.Root())
	if err != nil {
		return nil, errors.Join(err, staged.Close())
	}
	p.state = staged
	return p, nil
}

// before returns the findings of an earlier commit, all of them: a file may have had another name then. They are those of
// the configuration of then, so that a suppression that was taken away counts as a change; one that cannot be read now
// gives way to that of today.
func (c *checkCommand) before(ctx context.Context, today *project, repository *git.Repository, commit string) (entries []baseline.Entry, err error) {
	tree, err := repository.Tree(commit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tree.Close()) }()
	found := &discovery.Project{Root: today.Root, Named: []string{""}}
	if tree.Has(today.Config) {
		found.Config = today.Config
	}
	quiet := *c
	quiet.noBaseline = true
	p, err := openRoot(found, &quiet, tree.Root())
	if _, broken := errors.AsType[*config.Error](err); broken {
		quiet.noConfig = true
		if p, err = openRoot(found, &quiet, tree.Root()); err == nil {
			p.config, p.options = today.config, today.options
		}
	}
	if err != nil {
		return nil, err
	}
	for _, f := range p.analyze(ctx, &quiet, nil).left.Findings {
		if !p.config.Rules[f.Rule].Off {
			entries = append(entries, baseline.Of(f))
		}
		if f.Rule == "parse-error" && !slices.Contains(today.unread, f.Place.Path()) {
			today.unread = append(today.unread, f.Place.Path())
		}
	}
	return entries, nil
}

// doubts says which files could not be read in the state that is compared with: what is new may have been there already.
func (p *project) doubts(fresh []*finding.Finding) []string {
	var phrases []string
	for _, name := range p.unread {
		if len(fresh) > 0 {
			phrases = append(phrases, fmt.Sprintf("what %s had in %s, which cannot be read there: its findings count as new", p.since, name))
		}
	}
	return phrases
}
