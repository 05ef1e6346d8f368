package conf

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// Opener is the only way to the files of the root. Paths are relative to it and slash-separated.
type Opener interface {
	// Files returns the paths of all regular files that may be opened.
	Files() []string
	// Open returns the contents of one of them, as the part of a file that holds them.
	Open(path string) (source.Span, error)
}

// Prefix says that a directory of the machine that nginx runs on is a directory of the root:
// {From: "/etc/nginx", To: "deploy/nginx"}.
type Prefix struct {
	From, To string
}

// Includes resolves the include directives of any number of main files below one root. Only files that the opener
// lists are ever opened, so no path leads out of the root. It is safe for concurrent use if the opener is.
type Includes struct {
	opener   Opener
	prefixes []Prefix
	mounted  bool                // the files are keys of ConfigMaps: in which directories they are is not known
	complete bool                // the files are all there are: a pattern that matches none is no gap
	exists   map[string]bool     // files
	byDir    map[string][]string // files of a directory, sorted
	byName   map[string][]string // files by the last element of their path
	dirs     []string            // directories that hold files, sorted
}

// NewIncludes lists the opener's files.
func NewIncludes(opener Opener, prefixes ...Prefix) *Includes {
	in := &Includes{opener: opener, prefixes: prefixes,
		exists: map[string]bool{}, byDir: map[string][]string{}, byName: map[string][]string{}}
	for _, file := range slices.Sorted(slices.Values(opener.Files())) {
		in.exists[file] = true
		dir, name := path.Split(file)
		dir = path.Clean(dir)
		in.byDir[dir] = append(in.byDir[dir], file)
		in.byName[name] = append(in.byName[name], file)
	}
	for dir := range in.byDir {
		in.dirs = append(in.dirs, dir)
	}
	slices.Sort(in.dirs)
	return in
}

// Resolve reads the files that the include directives of a main file stand for, and theirs, and hangs them into the
// tree. What cannot be found, or not be read within the limits, is a problem of the including file.
func (in *Includes) Resolve(main *File) {
	r := resolver{Includes: in, home: path.Dir(main.Path), size: main.Span.End - main.Span.Start, files: 1}
	r.file(main, []string{main.Path})
}

// resolver resolves one tree.
type resolver struct {
	*Includes
	home  string // the main file's directory: nginx's configuration prefix
	files int    // read
	size  int    // of the files read
	full  bool   // a limit was passed and reported
}

// file resolves the includes of a file, which was reached through the files of chain, itself the last.
func (r *resolver) file(f *File, chain []string) {
	for d := range Walk(f.Body) {
		if d.Kind != Statement || d.Name != "include" || len(d.Args) != 1 || d.HasBlock || r.full {
			continue
		}
		r.include(f, d, chain)
	}
}

func (r *resolver) include(f *File, d *Directive, chain []string) {
	w := d.Args[0]
	report := func(kind ProblemKind, format string, args ...any) {
		f.report(Problem{Kind: kind, Span: w.Span, Text: fmt.Sprintf(format, args...)})
	}
	if !w.Known() {
		report(Gap, "unresolved include: the template decides the file")
		return
	}
	paths, found := r.find(w.Value, f.Path)
	if !found && !harmless(w.Value) {
		report(Gap, "unresolved include: no file of the project is %s", w.Value)
	}
	for _, p := range paths {
		switch {
		case slices.Contains(chain, p):
			report(Rejected, "%s includes itself", p)
			continue
		case len(chain) > maxIncludeDepth:
			report(LimitPassed, "includes are nested more than %d deep; %s was not read", maxIncludeDepth, p)
			continue
		case r.files >= maxFiles:
			r.full = true
			report(LimitPassed, "more than %d files are included; %s and what follows was not read", maxFiles, p)
			return
		}
		span, err := r.opener.Open(p)
		if err != nil {
			report(Gap, "unresolved include: %v", err)
			continue
		}
		r.files++
		if r.size += span.End - span.Start; r.size > maxFileSize {
			r.full = true
			report(LimitPassed, "the included files are larger than %d MB; %s and what follows was not read", maxFileSize>>20, p)
			return
		}
		included := ReadSpan(p, span)
		d.Included = append(d.Included, included)
		r.file(included, append(slices.Clip(chain), p))
	}
}

// find returns the files that an include's argument, in the file from, means, sorted as nginx sorts them, and whether
// it could be placed: a pattern in a directory that exists may match nothing.
//
// nginx knows only one place for a relative path: the directory of its main file. But a repository holds several mains
// and files that are moved by a Dockerfile, so it is then looked for beside the including file, and in the directories
// above both.
func (r *resolver) find(arg, from string) (files []string, found bool) {
	if arg == "" || len(arg) > bufferSize {
		return nil, false
	}
	if r.mounted {
		files = r.key(path.Base(arg), from)
		return files, len(files) > 0
	}
	pattern := strings.ContainsAny(arg, "*?[")
	if strings.HasPrefix(arg, "/") {
		return r.findAbsolute(path.Clean(arg), from, pattern)
	}
	for _, base := range r.bases(from) {
		p := path.Join(base, arg)
		if strings.HasPrefix(p, "../") {
			continue
		}
		if files, found = r.match(p, pattern); found {
			return files, true
		}
	}
	return nil, r.complete && pattern
}

// key returns the texts whose key has the name, or fits the pattern: those of the same ConfigMap, else those of all in the file.
func (in *Includes) key(name, from string) []string {
	var own, others []string
	for _, dir := range in.dirs {
		for _, file := range in.byDir[dir] {
			switch {
			case file == from || !globMatch(name, path.Base(file)):
			case dir == path.Dir(from):
				own = append(own, file)
			default:
				others = append(others, file)
			}
		}
	}
	if len(own) > 0 {
		return own
	}
	return others
}

// bases returns the directories in which a relative path is looked for, the likeliest first.
func (r *resolver) bases(from string) []string {
	bases := []string{r.home, path.Dir(from)}
	for _, dir := range []string{r.home, path.Dir(from)} {
		for dir != "." && dir != "/" {
			dir = path.Dir(dir)
			bases = append(bases, dir)
		}
	}
	return bases
}

// findAbsolute maps an absolute path by the prefixes, or else to the file of the root that shares the longest end with
// it; of several the nearest to the including file.
func (r *resolver) findAbsolute(arg, from string, pattern bool) (files []string, found bool) {
	for _, p := range r.prefixes {
		rest, ok := strings.CutPrefix(arg, strings.TrimSuffix(p.From, "/")+"/")
		if !ok {
			continue
		}
		if files, found = r.match(path.Join(p.To, rest), pattern); found {
			return files, true
		}
	}
	if r.complete {
		return nil, pattern
	}
	if !pattern {
		best := nearest(r.byName[path.Base(arg)], arg, from)
		if best == "" {
			return nil, false
		}
		return []string{best}, true
	}
	dir := path.Dir(arg)
	if strings.ContainsAny(dir, "*?[") {
		for _, base := range r.bases(from) {
			for rest := arg[1:]; strings.Contains(rest, "/"); _, rest, _ = strings.Cut(rest, "/") {
				if files, _ = r.match(path.Join(base, rest), true); len(files) > 0 {
					return files, true
				}
			}
		}
		return nil, false
	}
	best := nearest(r.dirs, dir, from)
	if best == "" {
		return nil, false
	}
	return r.match(path.Join(best, path.Base(arg)), true)
}

// nearest returns the path that shares most of its last elements with the wanted one, of several the
// one that shares most of its first elements with from.
func nearest(paths []string, wanted, from string) string {
	best, bestScore := "", [2]int{1, -1}
	for _, p := range paths {
		score := [2]int{commonEnd(p, wanted), commonStart(p, from)}
		if slices.Compare(score[:], bestScore[:]) > 0 {
			best, bestScore = p, score
		}
	}
	return best
}

// commonEnd counts the last elements that two paths share.
func commonEnd(a, b string) int {
	n := 0
	for a != "" && b != "" && path.Base(a) == path.Base(b) && a != "/" && b != "/" {
		n++
		a, b = parent(a), parent(b)
	}
	return n
}

func parent(p string) string { return p[:max(strings.LastIndexByte(p, '/'), 0)] }

// commonStart counts the first elements that two paths share.
func commonStart(a, b string) int {
	n := 0
	for {
		x, restA, okA := strings.Cut(a, "/")
		y, restB, okB := strings.Cut(b, "/")
		if x != y || !okA || !okB {
			return n
		}
		n++
		a, b = restA, restB
	}
}

// match returns the files that a path or pattern below the root names. A pattern is found where its directory is.
func (in *Includes) match(p string, pattern bool) (files []string, found bool) {
	if !pattern {
		return []string{p}, in.exists[p]
	}
	dir, name := path.Dir(p), path.Base(p)
	if !strings.ContainsAny(dir, "*?[") {
		for _, file := range in.byDir[dir] {
			if globMatch(name, path.Base(file)) {
				files = append(files, file)
			}
		}
		return files, len(in.byDir[dir]) > 0
	}
	depth := strings.Count(p, "/")
	for _, d := range in.dirs {
		if strings.Count(d, "/")+1 != depth {
			continue
		}
		for _, file := range in.byDir[d] {
			if globMatch(p, file) {
				files = append(files, file)
			}
		}
	}
	slices.Sort(files)
	return files, len(files) > 0
}

// globMatch is path.Match with the rules of glob(3): [!a] negates, and a leading dot must be written.
func globMatch(pattern, name string) bool {
	if strings.HasPrefix(path.Base(name), ".") && !strings.HasPrefix(path.Base(pattern), ".") {
		return false
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	return ok && err == nil
}

// harmless reports whether an include that cannot be found is of a file that the system's package brings and that sets
// no response header: nothing is lost without it.
func harmless(arg string) bool {
	switch path.Base(arg) {
	case "mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params", "scgi_params", "proxy_params",
		"koi-utf", "koi-win", "win-utf", "fastcgi-php.conf", "snakeoil.conf", "options-ssl-nginx.conf":
		return true
	}
	return strings.HasPrefix(arg, "/etc/nginx/modules-enabled/") || strings.HasPrefix(arg, "/usr/share/nginx/modules/") ||
		strings.HasPrefix(arg, "modules-enabled/") || strings.HasPrefix(arg, "/etc/letsencrypt/")
}
