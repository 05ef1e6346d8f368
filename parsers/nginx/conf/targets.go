package conf

import (
	"path"
	"slices"
)

// Targets returns the paths of the files that a file includes itself, without opening them.
func (in *Includes) Targets(f *File) []string {
	r := resolver{Includes: in, home: path.Dir(f.Path)}
	var targets []string
	for d := range Walk(f.Body) {
		if d.Kind == Statement && d.Name == "include" && len(d.Args) == 1 && d.Args[0].Known() {
			paths, _ := r.find(d.Args[0].Value, f.Path)
			targets = append(targets, paths...)
		}
	}
	slices.Sort(targets)
	return slices.Compact(targets)
}
