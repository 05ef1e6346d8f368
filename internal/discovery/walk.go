package discovery

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"sync"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sync/errgroup"
)

const (
	maxFiles = 1_000_000 // of a tree
	maxDepth = 100       // of its directories: the way to each is opened step by step, so that depth costs
	walkers  = 4         // directories read at the same time; more do not help on a warm cache
)

var (
	errDeep = fmt.Errorf("nested deeper than %d directories; what is below was not read", maxDepth)
	errMany = fmt.Errorf("more than %d files; the rest was not read", maxFiles)
)

// walk collects the paths below a root.
type walk struct {
	root  *Root
	group errgroup.Group

	mu       sync.Mutex
	files    []string
	dirs     map[string]bool
	links    map[string]string // symbolic links and what they say
	problems []Problem
}

// walkRoot reads the root, and then what was named and shut out.
func walkRoot(root *Root, o Options) *walk {
	w := &walk{root: root, dirs: map[string]bool{}, links: map[string]string{}}
	w.group.SetLimit(walkers)
	w.start("", o.Exclude)
	for _, name := range o.Named {
		exclude := without(o.Exclude, name)
		if o.ForceExclude && len(exclude) < len(o.Exclude) || w.dirs[name] { // forbidden, or read already
			continue
		}
		switch info, err := root.dir.Lstat(filepath.FromSlash(orDot(name))); {
		case err != nil:
			w.problem(name, reason(err))
		case info.IsDir():
			w.start(name, exclude)
		case info.Mode().IsRegular():
			w.files = append(w.files, name)
		}
	}
	return w
}

// without returns the patterns that match neither a path nor a directory above it.
func without(patterns []string, name string) []string {
	var rest []string
	for _, pattern := range patterns {
		matches := false
		for dir := name; dir != "" && !matches; dir = parent(dir) {
			matches = doublestar.MatchUnvalidated(pattern, dir)
		}
		if !matches {
			rest = append(rest, pattern)
		}
	}
	return rest
}

// start reads a directory with all below it.
func (w *walk) start(dir string, exclude []string) {
	w.dirs[dir] = true
	w.directory(dir, exclude, 0)
	_ = w.group.Wait() // what goes wrong is in problems
}

func (w *walk) directory(dir string, exclude []string, depth int) {
	entries, err := w.entries(dir, depth)
	if err != nil {
		w.problem(dir, err)
	}
	var files, dirs []string
	links := map[string]string{}
	for _, entry := range entries {
		name := join(dir, entry.Name())
		switch {
		case entry.IsDir() && skipped(entry.Name()), matchesAny(exclude, name):
		case entry.IsDir():
			dirs = append(dirs, name)
		case entry.Type().IsRegular():
			files = append(files, name)
		case entry.Type()&fs.ModeSymlink != 0:
			if target, err := w.root.dir.Readlink(filepath.FromSlash(name)); err == nil {
				links[name] = filepath.ToSlash(target)
			}
		}
	}
	if !w.add(files, dirs, links) {
		return
	}
	for _, sub := range dirs {
		if !w.group.TryGo(func() error { w.directory(sub, exclude, depth+1); return nil }) {
			w.directory(sub, exclude, depth+1)
		}
	}
}

// skipped reports whether a directory of that name holds nothing that anyone wrote here: what version control and
// package managers keep.
func skipped(name string) bool {
	switch name {
	case ".git", ".hg", ".svn", "node_modules", "bower_components", "vendor":
		return true
	}
	return false
}

func matchesAny(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if doublestar.MatchUnvalidated(pattern, name) {
			return true
		}
	}
	return false
}

// entries returns what a directory holds, in no order; with an error, what could be read of it.
func (w *walk) entries(dir string, depth int) ([]fs.DirEntry, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	f, err := w.root.dir.OpenFile(filepath.FromSlash(orDot(dir)), noWait, 0)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a file that vanished meanwhile is none
		return entries, reason(err)
	}
	return entries, nil
}

// add takes over what a directory holds and reports whether there is room for more.
func (w *walk) add(files, dirs []string, links map[string]string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case len(w.files) > maxFiles:
		return false
	case len(w.files)+len(files)+len(links) > maxFiles:
		w.files = append(w.files, files[:max(0, min(len(files), maxFiles+1-len(w.files)))]...)
		w.problems = append(w.problems, Problem{Err: errMany})
		return false
	}
	w.files = append(w.files, files...)
	for _, dir := range dirs {
		w.dirs[dir] = true
	}
	for name, target := range links {
		w.links[name] = target
	}
	return true
}

func (w *walk) problem(name string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, Problem{Path: name, Err: err})
}

// join, parent and orDot turn around the root's name, which is "".
func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func parent(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}
