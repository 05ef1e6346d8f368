package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/internal/baseline"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/parsers"
)

const (
	watchInterval = 300 * time.Millisecond // between two looks at the files, at least
	watchShare    = 20                     // looking takes at most this part of the time: a large tree is looked at less often
)

// watch checks, and checks again whenever a file has changed, until it is interrupted. It asks the file system and needs
// no notifications, which have limits of their own on every system. What is wrong with the configuration is printed and
// waited out: somebody is editing it.
func (c *checkCommand) watch(cmd *cobra.Command, paths []string, outputs []output, here string) error {
	if c.staged {
		return errors.New("--watch looks at the files on disk, --staged does not")
	}
	if _, err := discovery.Find(here, paths); err != nil {
		return err
	}
	out, log := cmd.OutOrStdout(), cmd.ErrOrStderr()
	for last := ""; ; {
		started := time.Now()
		now, files := c.look(paths, here)
		took := time.Since(started)
		if now != last {
			last = now
			if isTerminal(out) {
				fmt.Fprint(out, "\x1b[H\x1b[2J\x1b[3J")
			}
			if err := c.once(cmd, paths, outputs, here); err != nil && !errors.Is(err, errFindings) {
				fmt.Fprintf(log, "corslint: %v\n", err)
			}
			fmt.Fprintf(log, "watching %s\n", plural(files, "file"))
		}
		select {
		case <-cmd.Context().Done():
			return nil
		case <-time.After(max(watchInterval, watchShare*took)):
		}
	}
}

// look returns what changes when a file does that a run would read, and how many of those there are.
func (c *checkCommand) look(paths []string, here string) (stamp string, files int) {
	projects, err := discovery.Find(here, paths)
	if err != nil {
		return err.Error(), 0 // a named file that is being replaced
	}
	sum := fnv.New128a()
	for i := range projects {
		p, err := openProject(&projects[i], c)
		if err != nil {
			fmt.Fprintln(sum, err)
			continue
		}
		readers := dialects(p.options)
		for _, name := range p.tree.Paths("") {
			base := path.Base(name)
			if base != discovery.ConfigName && base != baseline.Name && !slices.ContainsFunc(readers, func(d parsers.Dialect) bool { return d.Candidate(name) }) {
				continue
			}
			files++
			if info, err := os.Stat(filepath.Join(p.Root, filepath.FromSlash(name))); err == nil {
				fmt.Fprintln(sum, name, info.Size(), info.ModTime().UnixNano())
			}
		}
		_ = p.close() // of files that were only read
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), files
}
