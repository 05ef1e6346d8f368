package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/corslint/corslint/internal/source"
)

// view shows the files of projects as seen from the working directory.
type view struct {
	here  string   // the working directory, without symbolic links as the roots are
	roots []string // of the projects
}

// viewOf returns the view of the projects in which paths lie; without any it is that of the working directory.
func viewOf(paths []string) (view, error) {
	here, projects, err := findProjects(paths)
	if err != nil {
		return view{}, err
	}
	v := view{here: here}
	if real, err := filepath.EvalSymlinks(here); err == nil {
		v.here = real
	}
	for i := range projects {
		v.roots = append(v.roots, projects[i].Root)
	}
	return v, nil
}

// path returns a path of a project as seen from the working directory.
func (v view) path(name string) string {
	for _, root := range v.roots {
		abs := filepath.Join(root, filepath.FromSlash(name))
		if _, err := os.Stat(abs); err != nil {
			continue
		}
		if rel, err := filepath.Rel(v.here, abs); err == nil {
			return filepath.ToSlash(rel)
		}
	}
	return name
}

// place returns the file and line of a span.
func (v view) place(s source.Span) string {
	return fmt.Sprintf("%s:%d", v.path(s.Path()), s.Position().Line)
}
