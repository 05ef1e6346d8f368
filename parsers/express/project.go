package express

import (
	"bytes"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/parsers/express/machine"
)

// project is what the files around an application say: the version of express, and names that stand for folders.
type project struct {
	major   int // of express
	parser  int // of body-parser
	majors  map[string]int
	aliases []machine.Alias
}

// newest is the major version that a range without an upper end means.
const newest = 5

type manifest struct {
	Name            string            `json:"name"`
	Main            string            `json:"main"`
	Dependencies    map[string]string `json:"dependencies"`
	DevDependencies map[string]string `json:"devDependencies"`
	Peer            map[string]string `json:"peerDependencies"`
	Workspaces      json.RawMessage   `json:"workspaces"`
	Imports         map[string]any    `json:"imports"`
}

// project reads the manifests from a folder up to the root.
func (r *reader) project(dir string) project {
	p := project{majors: map[string]int{}}
	for at := dir; ; at = path.Dir(at) {
		if at == "." {
			at = ""
		}
		m, ok := r.manifest(path.Join(at, "package.json"))
		if ok {
			if p.major == 0 {
				p.major = version(r.major(at, m, "express", lockedExpress))
			}
			if p.parser == 0 {
				p.parser = r.major(at, m, "body-parser", lockedParser)
			}
			for _, name := range versioned {
				if p.majors[name] == 0 {
					if major := r.major(at, m, name, nil); major != 0 {
						p.majors[name] = major
					}
				}
			}
			for name, to := range m.Imports {
				if text, isText := to.(string); isText && strings.HasPrefix(name, "#") {
					from, prefix := strings.CutSuffix(name, "*")
					p.aliases = append(p.aliases, machine.Alias{Name: from, Prefix: prefix, Paths: []string{path.Join(at, strings.TrimSuffix(text, "*")) + slashIf(prefix && strings.HasSuffix(strings.TrimSuffix(text, "*"), "/"))}})
				}
			}
			p.aliases = append(p.aliases, r.workspaces(at, m)...)
		}
		p.aliases = append(p.aliases, r.paths(at)...)
		if at == "" {
			break
		}
	}
	if p.major == 0 {
		p.major = newest
	}
	slices.SortStableFunc(p.aliases, func(a, b machine.Alias) int { return len(b.Name) - len(a.Name) })
	return p
}

func slashIf(yes bool) string {
	if yes {
		return "/"
	}
	return ""
}

func (r *reader) manifest(name string) (manifest, bool) {
	var m manifest
	if !r.files.Has(name) {
		return m, false
	}
	f, err := r.files.Open(name)
	if err != nil || len(f.Data) > 1<<20 {
		return m, false
	}
	return m, json.Unmarshal(f.Data, &m) == nil
}

var (
	firstNumber = regexp.MustCompile(`\d+`)
)

// locked finds the version of a package in a lock file, by the file's name.
type locked map[string]*regexp.Regexp

func lockedVersion(name string) locked {
	return locked{
		"package-lock.json": regexp.MustCompile(`"node_modules/` + name + `":\s*\{\s*"version":\s*"(\d+)`),
		"yarn.lock":         regexp.MustCompile(`(?m)^"?` + name + `@[^\n]*:\n\s+version:? "?(\d+)`),
		"pnpm-lock.yaml":    regexp.MustCompile(`(?m)^\s+/?` + name + `[@/](\d+)\.\d`),
	}
}

var lockedExpress, lockedParser = lockedVersion("express"), lockedVersion("body-parser")

// versioned are packages whose releases answer differently. For those a manifest is enough.
var versioned = []string{"@fastify/cors", "fastify-cors", "@middy/http-cors"}

// major returns the major version of a package that a manifest asks for, as far as it or a lock file says: 0 where it does not
// depend on it, and where nothing says which.
func (r *reader) major(dir string, m manifest, name string, in locked) int {
	for _, list := range []map[string]string{m.Dependencies, m.DevDependencies, m.Peer} {
		want, ok := list[name]
		if !ok {
			continue
		}
		if digits := firstNumber.FindString(want); digits != "" && !strings.HasPrefix(want, ">") && !strings.Contains(want, "||") {
			n, _ := strconv.Atoi(digits)
			return n
		}
		for file, pattern := range in {
			if f, err := r.files.Open(path.Join(dir, file)); err == nil {
				if m := pattern.FindSubmatch(f.Data); m != nil {
					n, _ := strconv.Atoi(string(m[1]))
					return n
				}
			}
		}
	}
	return 0
}

// version returns the modelled version of express that is nearest; 0 where nothing says which.
func version(major int) int {
	switch {
	case major == 0:
		return 0
	case major >= 5:
		return 5
	}
	return 4
}

// workspaces returns the packages of a monorepo by their names.
func (r *reader) workspaces(dir string, m manifest) []machine.Alias {
	var globs []string
	if json.Unmarshal(m.Workspaces, &globs) != nil {
		var object struct {
			Packages []string `json:"packages"`
		}
		if json.Unmarshal(m.Workspaces, &object) != nil {
			return nil
		}
		globs = object.Packages
	}
	var out []machine.Alias
	for _, name := range r.files.WithSuffix("package.json") {
		at := path.Dir(name)
		rest, inside := strings.CutPrefix(at, strings.TrimPrefix(dir+"/", "/"))
		if !inside || at == dir || !slices.ContainsFunc(globs, func(g string) bool {
			ok, _ := path.Match(strings.TrimPrefix(strings.Replace(g, "**", "*", 1), "./"), rest)
			return ok
		}) {
			continue
		}
		inner, ok := r.manifest(name)
		if !ok || inner.Name == "" {
			continue
		}
		entries := []string{path.Join(at, "src/index"), path.Join(at, "index"), path.Join(at, "src")}
		if inner.Main != "" {
			entries = append([]string{path.Join(at, inner.Main)}, entries...)
		}
		out = append(out, machine.Alias{Name: inner.Name, Paths: entries}, machine.Alias{Name: inner.Name + "/", Prefix: true, Paths: []string{at + "/", at + "/src/"}})
		if len(out) > 500 {
			break
		}
	}
	return out
}

// plainJSON takes comments and commas before a closing bracket out of what TypeScript takes as JSON.
func plainJSON(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			start := i
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			out = append(out, data[start:min(i+1, len(data))]...)
		case bytes.HasPrefix(data[i:], []byte("//")):
			for i < len(data) && data[i] != '\n' {
				i++
			}
		case bytes.HasPrefix(data[i:], []byte("/*")):
			if end := bytes.Index(data[i:], []byte("*/")); end >= 0 {
				i += end + 1
			} else {
				i = len(data)
			}
		case c == '}' || c == ']':
			out = append(bytes.TrimSuffix(bytes.TrimRight(out, " \t\r\n"), []byte(",")), c)
		default:
			out = append(out, c)
		}
	}
	return out
}

// paths returns the aliases of a tsconfig.json or jsconfig.json.
func (r *reader) paths(dir string) []machine.Alias {
	var out []machine.Alias
	for _, name := range []string{"tsconfig.json", "jsconfig.json", "tsconfig.base.json"} {
		name = path.Join(dir, name)
		if !r.files.Has(name) {
			continue
		}
		f, err := r.files.Open(name)
		if err != nil || len(f.Data) > 1<<20 {
			continue
		}
		var config struct {
			CompilerOptions struct {
				BaseURL string              `json:"baseUrl"`
				Paths   map[string][]string `json:"paths"`
			} `json:"compilerOptions"`
		}
		if json.Unmarshal(plainJSON(f.Data), &config) != nil {
			continue
		}
		base := path.Join(dir, config.CompilerOptions.BaseURL)
		for from, to := range config.CompilerOptions.Paths {
			alias := machine.Alias{}
			alias.Name, alias.Prefix = strings.CutSuffix(from, "*")
			for _, t := range to {
				t, star := strings.CutSuffix(t, "*")
				alias.Paths = append(alias.Paths, path.Join(base, t)+slashIf(star && (t == "" || strings.HasSuffix(t, "/"))))
			}
			out = append(out, alias)
		}
		if config.CompilerOptions.BaseURL != "" { // "src/app" is a path from there
			out = append(out, machine.Alias{Prefix: true, Paths: []string{base + "/"}})
		}
	}
	slices.SortFunc(out, func(a, b machine.Alias) int { return strings.Compare(a.Name, b.Name) })
	return out
}
