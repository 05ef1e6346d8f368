package environment

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

// compose returns the services of a Compose file that run what lies in a directory.
func (r *Reader) compose(name, dir string) []Set {
	var sets []Set
	longest := -1
	for _, document := range r.documents(name, "services") {
		get := r.composeLookup(parent(name))
		for key, service := range document.Get("services").Fields() {
			rank := r.serviceRank(service, parent(name), dir)
			if rank < 0 || rank < longest {
				continue
			}
			if rank > longest {
				longest, sets = rank, nil
			}
			if len(sets) < maxSets {
				sets = append(sets, r.service(name, key, service, get))
			}
		}
	}
	return sets
}

// Services returns the names of the Compose services that run what lies in a directory: by these names the other services
// of the file reach it. https://docs.docker.com/compose/how-tos/networking/
func (r *Reader) Services(dir string) []string {
	r.index.Do(r.scan)
	var names []string
	for _, c := range r.candidates(dir) {
		if c.kind != Compose {
			continue
		}
		for _, set := range r.compose(c.path, dir) {
			if name := set.Span.Text(); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// serviceRank says how much of a directory a service names as what it is built from or mounts: the number of bytes, -1
// if it does not concern the directory.
func (r *Reader) serviceRank(service yamltree.Node, home, dir string) int {
	rank := -1
	for _, d := range r.serviceDirs(service, home) {
		if within(dir, d) {
			rank = max(rank, len(d))
		}
	}
	return rank
}

// serviceDirs returns the directories that a service runs: its build context and its Dockerfile's, which alone counts if
// an application lies there; and what is mounted at or above its working directory.
func (r *Reader) serviceDirs(service yamltree.Node, home string) []string {
	var dirs []string
	add := func(base, name string) (string, bool) {
		dir, ok := join(base, name)
		if ok {
			dirs = append(dirs, dir)
		}
		return dir, ok
	}
	build := service.Get("build")
	context := build.Text()
	if build.Kind() == yamltree.Mapping {
		context = cmp.Or(build.Get("context").Text(), ".")
	}
	if context != "" {
		if dir, ok := add(home, context); ok {
			if file := build.Get("dockerfile").Text(); file != "" {
				if beside, ok := add(dir, path.Dir(file)); ok && r.files.Has(path.Join(beside, "package.json")) {
					dirs = []string{beside}
				}
			}
		}
	}
	work := service.Get("working_dir").Text()
	for volume := range service.Get("volumes").Items() {
		from, to := volume.Get("source").Text(), volume.Get("target").Text()
		if volume.Kind() == yamltree.String {
			from, to, _ = strings.Cut(volume.Text(), ":")
			to, _, _ = strings.Cut(to, ":")
		}
		if strings.HasPrefix(from, ".") && work != "" && within(path.Clean(work), path.Clean(to)) {
			rest := strings.TrimPrefix(strings.TrimPrefix(path.Clean(work), path.Clean(to)), "/")
			add(home, path.Join(from, rest))
		}
	}
	return dirs
}

// service returns the environment of a container: that of its image, then the env_file in order, then environment.
// https://docs.docker.com/compose/how-tos/environment-variables/envvars-precedence/
func (r *Reader) service(name string, key, service yamltree.Node, get lookup) Set {
	s := Set{Name: path.Base(name) + " service " + key.Text(), Kind: Compose, Path: name, Span: key.Span()}
	s.Values = r.imageValues(service, parent(name))
	for _, file := range envFiles(service.Get("env_file")) {
		target, inside := join(parent(name), file)
		values, ok := r.envFile(target)
		if !inside || !ok {
			s.Open = file + ", which is not in the project"
			continue
		}
		s.Values = append(s.Values, values...)
	}
	if service.Get("extends").Kind() != 0 {
		s.Open = "the service that it extends"
	}
	s.Values = append(s.Values, composeValues(service.Get("environment"), get)...)
	return s
}

// imageValues returns what the image that a service builds sets.
func (r *Reader) imageValues(service yamltree.Node, home string) []Value {
	build := service.Get("build")
	context, file := build.Text(), "Dockerfile"
	if build.Kind() == yamltree.Mapping {
		context = build.Get("context").Text()
		if named := build.Get("dockerfile").Text(); named != "" {
			file = named
		}
	}
	dir, inside := join(home, cmp.Or(context, "."))
	target, named := join(dir, file)
	if build.IsZero() || !inside || !named || !r.files.Has(target) {
		return nil
	}
	if f := r.open(target); f != nil {
		return dockerValues(f, build.Get("target").Text())
	}
	return nil
}

const maxEnvFiles = 20 // of a service

// envFiles returns the paths of env_file: a text, or a list of texts and mappings.
func envFiles(n yamltree.Node) []string {
	if n.Kind() == yamltree.String {
		return []string{n.Text()}
	}
	var list []string
	for item := range n.Items() {
		if text := item.Text() + item.Get("path").Text(); text != "" && len(list) < maxEnvFiles {
			list = append(list, text)
		}
	}
	return list
}

// composeValues reads environment: a mapping, or a list of NAME=VALUE. A name without a value is handed on from the
// shell that starts Compose.
func composeValues(n yamltree.Node, get lookup) []Value {
	var values []Value
	left := maxExpanded
	interpolate := func(v Value) {
		if v.Unknown == "" {
			v.Text, v.Unknown = expandShell(v.Text, get, &left)
		}
		values = append(values, v)
	}
	inherit := func(name string, at source.Span) {
		v := Value{Name: name, Span: at}
		var given bool
		if v.Text, v.Unknown, given = get(name); !given {
			v.Unknown = "the shell that starts Compose"
		}
		values = append(values, v)
	}
	for key, value := range n.Fields() {
		if value.Kind() == yamltree.Null {
			inherit(key.Text(), key.Span())
			continue
		}
		interpolate(literal(key.Text(), value, "a value that is no text"))
	}
	for item := range n.Items() {
		name, text, assigned := strings.Cut(item.Text(), "=")
		if !assigned {
			inherit(name, item.Span())
			continue
		}
		interpolate(Value{Name: name, Text: text, Span: behindEquals(item)})
	}
	return values
}

// behindEquals is the place of VALUE in an item NAME=VALUE: the whole item where escapes hide it.
func behindEquals(item yamltree.Node) source.Span {
	at := item.Span()
	text := at.Text()
	_, value, _ := strings.Cut(item.Text(), "=")
	if i := strings.IndexByte(text, '='); i >= 0 && strings.HasPrefix(text[i+1:], value) {
		at.Start += i + 1
		at.End = at.Start + len(value)
	}
	return at
}

// composeLookup answers references in a Compose file: the .env beside it gives the values, and the shell may.
// https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/
func (r *Reader) composeLookup(dir string) lookup {
	values, _ := r.envFile(path.Join(dir, ".env"))
	return func(name string) (text, unknown string, given bool) {
		i := slices.IndexFunc(values, func(v Value) bool { return v.Name == name })
		if i < 0 {
			return "", "", false
		}
		return values[i].Text, values[i].Unknown, true
	}
}
