package express

import (
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
	major   int
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
	p := project{}
	for at := dir; ; at = path.Dir(at) {
		if at == "." {
			at = ""
		}
		m, ok := r.manifest(path.Join(at, "package.json"))
		if ok {
			if p.major == 0 {
				p.major = r.major(at, m)
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
	lockedNPM   = regexp.MustCompile(`"node_modules/express":\s*\{\s*"version":\s*"(\d+)`)
	lockedYarn  = regexp.MustCompile(`(?m)^"?express@[^\n]*:\n\s+version:? "?(\d+)`)
	lockedPNPM  = regexp.MustCompile(`(?m)^\s+/?express[@/](\d+)\.\d`)
)

// major returns the major version of express that a manifest asks for, as far as it or a lock file says: 0 where it does not
// depend on express.
func (r *reader) major(dir string, m manifest) int {
	for _, list := range []map[string]string{m.Dependencies, m.DevDependencies, m.Peer} {
		want, ok := list["express"]
		if !ok {
			continue
		}
		if digits := firstNumber.FindString(want); digits != "" && !strings.HasPrefix(want, ">") && !strings.Contains(want, "||") {
			n, _ := strconv.Atoi(digits)
			return version(n)
		}
		for name, locked := range map[string]*regexp.Regexp{"package-lock.json": lockedNPM, "yarn.lock": lockedYarn, "pnpm-lock.yaml": lockedPNPM} {
			if f, err := r.files.Open(path.Join(dir, name)); err == nil {
				if m := locked.FindSubmatch(f.Data); m != nil {
					n, _ := strconv.Atoi(string(m[1]))
					return version(n)
				}
			}
		}
		return newest
	}
	return 0
}

// version returns the modelled version that is nearest.
func version(major int) int {
	if major >= 5 {
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

var jsonComments = regexp.MustCompile(`(?m)(^|[\s,{}\[\]])//[^\n]*|/\*[\s\S]*?\*/`)

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
		text := jsonComments.ReplaceAll(f.Data, []byte("$1"))
		text = regexp.MustCompile(`,\s*([}\]])`).ReplaceAll(text, []byte("$1"))
		var config struct {
			CompilerOptions struct {
				BaseURL string              `json:"baseUrl"`
				Paths   map[string][]string `json:"paths"`
			} `json:"compilerOptions"`
		}
		if json.Unmarshal(text, &config) != nil {
			continue
		}
		base := path.Join(dir, config.CompilerOptions.BaseURL)
		for from, to := range config.CompilerOptions.Paths {
			alias := machine.Alias{}
			alias.Name, alias.Prefix = strings.CutSuffix(from, "*")
			for _, t := range to {
				t, star := strings.CutSuffix(t, "*")
				alias.Paths = append(alias.Paths, path.Join(base, t)+slashIf(star && strings.HasSuffix(t, "/")))
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
