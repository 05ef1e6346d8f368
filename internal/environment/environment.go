// Package environment reads the values that a project itself gives to environment variables: .env files, Compose
// services, Dockerfiles, Kubernetes workloads, and the functions of SAM, CloudFormation and Serverless templates. Every
// value knows the place it stands at; what only a deployment knows, a secret or the result of an intrinsic function, is
// unknown with its reason and never guessed. It imports source, yamltree and the parsers' contract.
package environment

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
	"github.com/corslint/corslint/parsers"
)

// Limits of what is read: generous for what people write, small for what is sent to hurt.
const (
	maxFileSize = 1 << 20 // bytes of a file; a larger one is not read
	maxFiles    = 200     // looked at for one directory
	maxSets     = 200     // of one directory
	maxValues   = 1_000   // of one set
	maxText     = 8 << 10 // bytes of one value after expansion
	maxExpanded = 4 << 20 // bytes that the expansions of one file write
)

// Kind is the kind of file that a set stands in.
type Kind string

// The kinds, in the order in which sets of one directory are returned.
const (
	DotEnv         Kind = "dotenv"
	Compose        Kind = "compose"
	Dockerfile     Kind = "dockerfile"
	Kubernetes     Kind = "kubernetes"
	CloudFormation Kind = "cloudformation" // and SAM
	Serverless     Kind = "serverless"
)

// Set is the environment that a project gives to a program: one scenario.
type Set struct {
	Name   string // as people call it: ".env.production", "docker-compose.yml service api"
	Kind   Kind
	Path   string      // of the file
	Span   source.Span // of what names the set: the service, the workload; the start of a file that is a set itself
	Values []Value     // ordered by name, each name once
	// Example: the file is a template that people copy (.env.example); its values show what is meant and set nothing.
	Example bool
	// Open says why variables that are not listed can be set all the same, "" if nothing says so.
	Open string
}

// Get returns the value of a name.
func (s *Set) Get(name string) (Value, bool) {
	i, found := slices.BinarySearchFunc(s.Values, name, func(v Value, name string) int { return cmp.Compare(v.Name, name) })
	if !found {
		return Value{}, false
	}
	return s.Values[i], true
}

// Value is one variable.
type Value struct {
	Name string
	Text string // as the program sees it; "" when it is not known
	// Unknown says what the text depends on ("the Secret db"), "" when it is known.
	Unknown string
	Span    source.Span // of the value; of the name where it stands without one
}

// Reader reads the sets of a tree. It looks at a file when a directory is asked for to which the file may belong, and at
// each file once. It is safe for concurrent use.
type Reader struct {
	files parsers.Files

	index     sync.Once
	byDir     map[string][]candidate // files that may hold sets, by the directory they lie in
	manifests []candidate            // files below folders where Kubernetes manifests are kept

	mu      sync.Mutex
	streams map[string]*yamltree.Stream     // what has been parsed; nil for what cannot be
	env     map[string][]Value              // of .env files
	configs map[string]map[string]configMap // by directory and name
}

// candidate is a file that may hold sets, by its name alone.
type candidate struct {
	kind Kind
	path string
}

// NewReader returns a reader of a tree. It reads nothing yet.
func NewReader(files parsers.Files) *Reader {
	return &Reader{files: files, streams: map[string]*yamltree.Stream{}, env: map[string][]Value{}, configs: map[string]map[string]configMap{}}
}

// Read returns the sets that belong to an application in a directory ("" for the root): what stands in the directory
// and in those above it, the nearest first, there in the order of the kinds and then of the paths.
//
// A .env file is for all applications below it. A Compose service belongs to the directory that it builds, mounts or
// takes its Dockerfile from; of the services of a file those that name the longest part of the directory count. Of the
// Dockerfiles the nearest count. A Kubernetes workload belongs to a directory that its file lies in, or that it is named
// after; a function to the directory of its code.
func (r *Reader) Read(dir string) []Set {
	r.index.Do(r.scan)
	var sets []Set
	for _, c := range r.candidates(dir) {
		if sets = append(sets, r.sets(c, dir)...); len(sets) > maxSets {
			sets = sets[:maxSets]
			break
		}
	}
	for i := range sets {
		sets[i].Values = tidy(sets[i].Values)
	}
	return slices.DeleteFunc(sets, func(s Set) bool { return len(s.Values) == 0 && s.Open == "" })
}

// candidates returns the files that may belong to a directory, in the order of [Reader.Read].
func (r *Reader) candidates(dir string) []candidate {
	var all []candidate
	isDockerfile := func(c candidate) bool { return c.kind == Dockerfile }
	for at := dir; ; at = parent(at) {
		list := slices.Clone(r.byDir[at])
		if slices.ContainsFunc(all, isDockerfile) {
			list = slices.DeleteFunc(list, isDockerfile)
		}
		if at == dir {
			list = append(list, r.related(dir)...)
		}
		slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(a.kind.order(), b.kind.order()) })
		if all = append(all, list...); at == "" || len(all) > maxFiles {
			return all[:min(len(all), maxFiles)]
		}
	}
}

func (r *Reader) sets(c candidate, dir string) []Set {
	switch c.kind {
	case DotEnv:
		return r.dotenv(c.path)
	case Compose:
		return r.compose(c.path, dir)
	case Dockerfile:
		return r.dockerfile(c.path)
	case Kubernetes:
		return r.kubernetes(c.path, dir)
	case CloudFormation:
		return r.cloudFormation(c.path, dir)
	case Serverless:
		return r.serverless(c.path)
	}
	return nil
}

func (k Kind) order() int {
	return slices.Index([]Kind{DotEnv, Compose, Dockerfile, Kubernetes, CloudFormation, Serverless}, k)
}

// scan sorts the paths of the tree: no file is opened.
func (r *Reader) scan() {
	r.byDir = map[string][]candidate{}
	for _, name := range r.files.Paths("") {
		kind := kindOf(path.Base(name))
		switch {
		case kind == "":
		case kind == Kubernetes && inManifestFolder(name):
			r.manifests = append(r.manifests, candidate{kind, name})
		default:
			r.byDir[parent(name)] = append(r.byDir[parent(name)], candidate{kind, name})
		}
	}
}

// related returns the manifests that lie in folders made for them, in or beside a directory or one above it.
func (r *Reader) related(dir string) []candidate {
	var list []candidate
	for _, c := range r.manifests {
		if within(dir, manifestHome(c.path)) || within(c.path, dir) {
			list = append(list, c)
		}
	}
	return list
}

// kindOf returns what a file may hold by its name, "" for nothing.
func kindOf(base string) Kind {
	lower := strings.ToLower(base)
	stem, isYAML := cutYAML(lower)
	switch {
	case isDotEnv(lower):
		return DotEnv
	case isDockerfile(lower):
		return Dockerfile
	case isYAML && (hasWord(stem, "docker-compose") || hasWord(stem, "compose")):
		return Compose
	case isYAML && hasWord(stem, "serverless"):
		return Serverless
	case isTemplate(lower, stem, isYAML):
		return CloudFormation
	case isYAML:
		return Kubernetes
	}
	return ""
}

func cutYAML(name string) (stem string, ok bool) {
	if stem, ok = strings.CutSuffix(name, ".yml"); ok {
		return stem, true
	}
	return strings.CutSuffix(name, ".yaml")
}

// hasWord reports whether a name is a word or begins with it as a part of its own.
func hasWord(name, word string) bool {
	rest, ok := strings.CutPrefix(name, word)
	return ok && (rest == "" || strings.ContainsAny(rest[:1], ".-_"))
}

// open returns a file that is not too large, nil for any other.
func (r *Reader) open(name string) *source.File {
	f, err := r.files.Open(name)
	if err != nil || len(f.Data) > maxFileSize {
		return nil
	}
	return f
}

// documents returns the YAML or JSON documents of a file that holds all of some words, and what could be read of a file
// that is broken. Most files hold other things: they are not parsed.
func (r *Reader) documents(name string, words ...string) []yamltree.Node {
	r.mu.Lock()
	defer r.mu.Unlock()
	stream, done := r.streams[name]
	if !done {
		if f := r.open(name); f != nil && !slices.ContainsFunc(words, func(w string) bool { return !bytes.Contains(f.Data, []byte(w)) }) {
			stream, _ = yamltree.Parse(f) // what is wrong in it is the business of those who own the file
		}
		r.streams[name] = stream
	}
	if stream == nil {
		return nil
	}
	return stream.Documents
}

// tidy orders values by name and keeps the last of each, as every one of the formats does.
func tidy(values []Value) []Value {
	slices.SortStableFunc(values, func(a, b Value) int { return cmp.Compare(a.Name, b.Name) })
	var out []Value
	for i, v := range values {
		if i+1 < len(values) && values[i+1].Name == v.Name || v.Name == "" {
			continue
		}
		if out = append(out, v); len(out) == maxValues {
			break
		}
	}
	return out
}

// literal returns the value that a YAML node gives to a variable: scalars as they are written; anything else is not
// known.
func literal(name string, n yamltree.Node, unknown string) Value {
	v := Value{Name: name, Span: n.Span()}
	switch n.Kind() {
	case yamltree.String, yamltree.Number, yamltree.Bool:
		switch {
		case n.Tag() != "":
			v.Unknown = n.Tag() + " " + n.Text()
		case strings.Contains(n.Text(), "{{"): // Helm, Jinja
			v.Unknown = "the template " + n.Text()
		default:
			v.Text = n.Text()
		}
	case yamltree.Null:
	case yamltree.Mapping, yamltree.Sequence:
		v.Unknown = unknown
	}
	return v
}

// within reports whether a path is a directory or lies below it.
func within(name, dir string) bool {
	return dir == "" || name == dir || strings.HasPrefix(name, dir+"/")
}

// parent is the directory of a path, "" for the root.
func parent(name string) string {
	if dir := path.Dir(name); dir != "." && dir != "/" {
		return dir
	}
	return ""
}

// join resolves a path that stands in a file of a directory; it is not ok if it leads out of the root.
func join(dir, name string) (string, bool) {
	if name == "" || path.IsAbs(name) || strings.HasPrefix(name, "~") {
		return "", false
	}
	switch joined := path.Join(dir, name); {
	case joined == ".":
		return "", true
	case joined == ".." || strings.HasPrefix(joined, "../"):
		return "", false
	default:
		return joined, true
	}
}
