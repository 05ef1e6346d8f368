package discovery

import (
	"cmp"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// linker follows symbolic links in the list of what a walk has met, without touching the disk again: a link to anything
// that is not in the list, be it outside the root, excluded, special or gone, leads nowhere.
type linker struct {
	*walk
	abs   string // the root's own path, which an absolute link into it starts with
	files map[string]bool
}

// slashAbs is the root's directory as links write it.
func (r *Root) slashAbs() string { return filepath.ToSlash(r.abs) }

// all returns for each path that leads through a link the file's own path. Below a linked directory links to files are
// followed and links to directories are not: that is enough for sites-enabled and keeps the number of paths small.
func (l *linker) all() map[string]string {
	second := map[string]string{}
	var dirs [][2]string // links to directories, and the directories
	for _, link := range slices.Sorted(maps.Keys(l.links)) {
		switch target, ok := l.resolve(link); {
		case !ok:
		case l.files[target]:
			second[link] = target
		case l.dirs[target] && !Within(link, target): // else a loop
			dirs = append(dirs, [2]string{link, target})
		}
	}
	if len(dirs) == 0 {
		return second
	}
	below := slices.AppendSeq(slices.Collect(maps.Keys(l.files)), maps.Keys(second))
	slices.Sort(below)
	for _, d := range dirs {
		link, dir := d[0], d[1]
		from, _ := slices.BinarySearch(below, dir+"/")
		for _, name := range below[from:] {
			if !strings.HasPrefix(name, dir+"/") {
				break
			}
			if len(second) >= maxFiles {
				l.problems = append(l.problems, Problem{Err: errMany})
				return second
			}
			second[link+strings.TrimPrefix(name, dir)] = cmp.Or(second[name], name)
		}
	}
	return second
}

// resolve follows all links in a path and reports whether it stays below the root. A loop leads nowhere: Linux, too,
// gives up after 40 links (path_resolution(7)).
func (l *linker) resolve(name string) (string, bool) {
	done, todo := "", name
	for followed := 0; todo != ""; {
		element, rest, _ := strings.Cut(todo, "/")
		todo = rest
		switch element {
		case "", ".":
			continue
		case "..":
			if done == "" {
				return "", false
			}
			done = parent(done)
			continue
		}
		next := join(done, element)
		target, isLink := l.links[next]
		if !isLink {
			done = next
			continue
		}
		if followed++; followed > 40 {
			return "", false
		}
		if path.IsAbs(target) || filepath.IsAbs(target) {
			if !Within(target, l.abs) {
				return "", false
			}
			target, done = strings.TrimPrefix(target, l.abs), ""
		}
		todo = target + "/" + todo
	}
	return done, true
}
