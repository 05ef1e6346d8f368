package discovery

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/corslint/corslint/internal/source"
)

// Options say which files of a root belong to a tree.
type Options struct {
	// Exclude are doublestar patterns of paths relative to the root. A directory that matches is not entered.
	Exclude []string
	// Named are the paths that the user named. They are read even where Exclude, or the name of a directory that holds
	// what nobody wrote here, would shut them out.
	Named []string
	// ForceExclude makes Exclude hold for named paths too: what a hook needs, which names every changed file.
	ForceExclude bool
}

// Problem is a path that could not be looked at.
type Problem struct {
	Path string // "" for the root
	Err  error
}

// Text says in a few words what is wrong with the path.
func (p Problem) Text() string { return text(p.Err) }

// Tree is the list of a root's regular files. A symbolic link to one of them, or to a directory of them, is a second
// path to the same file; one that leads out of the root, or nowhere, is not in the tree. A Tree is immutable and safe
// for concurrent use.
type Tree struct {
	root     *Root
	paths    []string          // sorted
	real     map[string]string // second paths: the first
	problems []Problem

	once   sync.Once
	byName map[string][]string // paths by their last element, each list sorted
}

// Walk lists the files of the root. Whatever cannot be read on the way is a problem of the tree, and hinders nothing.
func (r *Root) Walk(o Options) *Tree {
	t := &Tree{root: r, real: map[string]string{}}
	if r.dir != nil {
		w := walkRoot(r, o)
		t.paths, t.problems = w.files, w.problems
		l := linker{walk: w, abs: r.slashAbs(), files: set(w.files)}
		t.real = l.all()
	}
	if r.snapshot != nil {
		w := walkSnapshot(r, o)
		t.paths = w.files
		l := linker{walk: w, abs: r.slashAbs(), files: set(w.files)}
		t.real = l.all()
	}
	for name := range t.real {
		t.paths = append(t.paths, name)
	}
	for name := range r.overlay {
		if o.admits(name) {
			t.paths = append(t.paths, name)
		}
	}
	slices.Sort(t.paths)
	t.paths = slices.Compact(t.paths)
	slices.SortFunc(t.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text(), b.Text()))
	})
	return t
}

// walkSnapshot lists what a walk of the directory would have met.
func walkSnapshot(r *Root, o Options) *walk {
	w := &walk{root: r, dirs: map[string]bool{"": true}, links: map[string]string{}}
	for _, name := range r.snapshot.Files {
		if o.admits(name) {
			w.files = append(w.files, name)
			for dir := parent(name); !w.dirs[dir]; dir = parent(dir) {
				w.dirs[dir] = true
			}
		}
	}
	for name, target := range r.snapshot.Links {
		if o.admits(name) {
			w.links[name] = target
		}
	}
	return w
}

// admits reports whether a path in memory is let in as it would be from disk: from the root or from a named path.
func (o Options) admits(name string) bool {
	if reaches("", name, o.Exclude) {
		return true
	}
	for _, named := range o.Named {
		exclude := without(o.Exclude, named)
		forced := o.ForceExclude && len(exclude) < len(o.Exclude)
		if !forced && named != "" && Within(name, named) && reaches(named, name, exclude) {
			return true
		}
	}
	return false
}

// reaches reports whether a walk from a path meets a file at or below it.
func reaches(from, name string, exclude []string) bool {
	for at := name; at != from; at = parent(at) {
		if matchesAny(exclude, at) || at != name && skipped(path.Base(at)) {
			return false
		}
	}
	return true
}

func set(names []string) map[string]bool {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s
}

// Open returns a file of the tree. A second path opens the file under its first one, so that what is found in it is
// reported once and where it lies.
func (t *Tree) Open(name string) (*source.File, error) { return t.root.Open(t.Real(name)) }

// Real returns the path that the file has without symbolic links; any other path is returned as it is.
func (t *Tree) Real(name string) string {
	if first, ok := t.real[name]; ok {
		return first
	}
	return name
}

// Exists reports whether an absolute path of this machine is a file or a directory. It is known only below a directory of
// the root that exists itself: nothing outside the root is looked at, and what is still to be built is not missing.
func (t *Tree) Exists(abs string) (file, directory, known bool) {
	if t.root.dir == nil {
		return false, false, false
	}
	name, ok := strings.CutPrefix(path.Clean(abs), strings.TrimSuffix(t.root.slashAbs(), "/")+"/")
	if !ok {
		return false, false, false
	}
	top, _, _ := strings.Cut(name, "/")
	if info, err := t.root.dir.Stat(top); err != nil || !info.IsDir() {
		return false, false, false
	}
	info, err := t.root.dir.Stat(name)
	if err != nil {
		return false, false, true
	}
	return info.Mode().IsRegular(), info.IsDir(), true
}

// Has reports whether the tree holds a file of that path.
func (t *Tree) Has(name string) bool {
	_, found := slices.BinarySearch(t.paths, name)
	return found
}

// Paths returns the paths below a directory, "" for the root, sorted. The caller must not change them.
func (t *Tree) Paths(dir string) []string {
	if dir == "" {
		return slices.Clip(t.paths)
	}
	// In the order of bytes all paths that start with "dir/" stand together, before "dir0".
	from, _ := slices.BinarySearch(t.paths, dir+"/")
	to, _ := slices.BinarySearch(t.paths, dir+string(rune('/'+1)))
	return slices.Clip(t.paths[from:to])
}

// WithSuffix returns the paths that are the given one or end with it behind a slash, sorted.
func (t *Tree) WithSuffix(suffix string) []string {
	t.once.Do(t.index)
	var found []string
	for _, name := range t.byName[path.Base(suffix)] {
		if rest, ok := strings.CutSuffix(name, suffix); ok && (rest == "" || strings.HasSuffix(rest, "/")) {
			found = append(found, name)
		}
	}
	return found
}

func (t *Tree) index() {
	t.byName = map[string][]string{}
	for _, name := range t.paths {
		t.byName[path.Base(name)] = append(t.byName[path.Base(name)], name)
	}
}

// Problems returns what could not be looked at, sorted by path.
func (t *Tree) Problems() []Problem { return t.problems }

// Within reports whether a path is a directory or lies below it; everything is within "", the root.
func Within(name, dir string) bool {
	rest, ok := strings.CutPrefix(name, dir)
	return ok && (dir == "" || rest == "" || rest[0] == '/')
}
