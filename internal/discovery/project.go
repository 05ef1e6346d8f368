package discovery

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ConfigName is the name of the project's configuration file.
const ConfigName = ".corslint.yml"

// Project is what one run is about: where it takes place and what of it is reported.
type Project struct {
	Root   string   // absolute path of the directory, without symbolic links
	Config string   // the nearest configuration file, relative to Root; "" without one
	Named  []string // what was named, relative to Root and sorted; "" is the whole project
}

// Contains reports whether findings at a path, relative to the root and without symbolic links, are wanted.
func (p *Project) Contains(name string) bool {
	return slices.ContainsFunc(p.Named, func(dir string) bool { return Within(name, dir) })
}

// Whole reports whether the whole project was asked for.
func (p *Project) Whole() bool { return p.Contains("") }

// Find sorts the paths that a user named into projects, in the order of their roots; no path stands for the working
// directory. What is named chooses what is reported, not what is read: a run takes place at the root of the repository
// (the nearest directory upward with .git), without one at the highest directory with a configuration file, without one
// at the directory itself. Paths with different nearest configuration files are different projects.
//
// A path that does not exist or cannot be read is a [PathError].
func Find(workingDir string, paths []string) ([]Project, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	f := finder{homes: map[string]home{}}
	var projects []Project
	for _, named := range paths {
		name, dir, err := examine(workingDir, named)
		if err != nil {
			return nil, &PathError{Path: named, Err: reason(err)}
		}
		h := f.home(dir)
		i := slices.IndexFunc(projects, func(p Project) bool { return p.Root == h.root && p.Config == h.config })
		if i < 0 {
			i = len(projects)
			projects = append(projects, Project{Root: h.root, Config: h.config})
		}
		projects[i].Named = append(projects[i].Named, relative(h.root, name))
	}
	for i := range projects {
		slices.Sort(projects[i].Named)
		projects[i].Named = slices.Compact(projects[i].Named)
	}
	slices.SortFunc(projects, func(a, b Project) int { return cmp.Or(cmp.Compare(a.Root, b.Root), cmp.Compare(a.Config, b.Config)) })
	return projects, nil
}

// examine returns a named path and the directory it is in or is itself, both absolute and without symbolic links.
func examine(workingDir, named string) (name, dir string, err error) {
	if strings.ContainsRune(named, 0) {
		return "", "", errors.New("no path")
	}
	if name = named; !filepath.IsAbs(name) {
		name = filepath.Join(workingDir, name)
	}
	if name, err = filepath.EvalSymlinks(name); err != nil {
		return "", "", err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|noWait, 0)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", "", err
	case info.IsDir():
		return name, name, nil
	case info.Mode().IsRegular():
		return name, filepath.Dir(name), nil
	}
	return "", "", errNotRegular
}

// home is where the runs over a directory take place.
type home struct{ root, config string }

// finder remembers what lies above the directories it was asked for: a hook names thousands of files.
type finder struct{ homes map[string]home }

func (f *finder) home(dir string) home {
	if h, ok := f.homes[dir]; ok {
		return h
	}
	var nearest, highest, repository string
	for at := dir; ; at = filepath.Dir(at) {
		if isFile(filepath.Join(at, ConfigName)) {
			nearest, highest = cmp.Or(nearest, at), at
		}
		if exists(filepath.Join(at, ".git")) { // a file in a worktree or a submodule
			repository = at
			break
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	h := home{root: cmp.Or(repository, highest, dir)}
	if nearest != "" {
		h.config = join(relative(h.root, nearest), ConfigName)
	}
	f.homes[dir] = h
	return h
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// isFile reports whether a configuration file lies there, also one that cannot be read: that is an error later on, and
// not the same as none.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// relative returns the path of something below a root.
func relative(root, name string) string {
	rel, err := filepath.Rel(root, name)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}
