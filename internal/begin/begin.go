// Package begin writes a first contract for a project, from what its files show: origins that layers let in, addresses at which
// they listen, who stands behind whom, descriptions of APIs, calls in client code, development servers. Every value has a
// comment that says where it comes from; what is guessed says so. It imports engine, probe, exchange, policy, contract, parsers
// and source.
package begin

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// Project is what a run over a project found.
type Project struct {
	Files   parsers.Files
	Dir     string        // where the contract is to lie, relative to the root: nothing outside of it counts
	Units   []engine.Unit // of the folder
	Surveys []*probe.Survey
}

// Limits of what is written: whoever has more knows better what matters.
const (
	maxFrontends  = 20
	maxAPIs       = 20
	maxOperations = 30
	maxOrigins    = 8 // of a frontend in one environment
)

// Config returns the text of a first .corslint.yml.
func (p *Project) Config(ctx context.Context) string {
	d := &draft{Project: p}
	d.servers = d.developmentServers()
	d.variables()
	d.origins()
	d.find(ctx)
	d.describe()
	d.calls()
	return d.text()
}

// draft is a contract in the making.
type draft struct {
	*Project
	servers      []developmentServer
	environments []environment
	frontends    []*frontend
	apis         []*api
	elsewhere    []fact // URLs that are called and that no layer here answers
}

// fact is a text with what shows it.
type fact struct{ text, why string }

// environment is one in which the project runs.
type environment struct{ name, why string }

// frontend is pages that ask.
type frontend struct {
	name, site string
	origins    map[string][]fact // by environment
	folder     string            // of its code; "" where it is not known
	calls      []*call
}

// call is what a frontend asks an API for.
type call struct {
	api         *api
	operations  []fact
	credentials string // why they are sent; "": they are not
	headers     []fact
	reads       []fact
}

// stages are the words by which environments are known, in the order in which a change passes through them.
var stages = [...]struct {
	name  string
	words []string
}{
	{"development", []string{"development", "dev", "develop", "local", "localhost"}},
	{"test", []string{"test", "testing", "qa", "ci"}},
	{"staging", []string{"staging", "stage", "stg", "uat", "preview", "sandbox", "preprod"}},
	{"production", []string{"production", "prod", "live"}},
}

// stageOf returns the stage that one of the words of a text names, -1 for none.
func stageOf(text string) int {
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune("._-:/", r) }) {
		for i := range stages {
			if slices.Contains(stages[i].words, word) {
				return i
			}
		}
	}
	return -1
}

// in returns the name of the environment that a text is of, which there is from then on.
func (d *draft) in(stage int, why string) string {
	for _, e := range d.environments {
		if stageOf(e.name) == stage {
			return e.name
		}
	}
	d.environments = append(d.environments, environment{stages[stage].name, why})
	d.sort()
	return stages[stage].name
}

func (d *draft) sort() {
	slices.SortStableFunc(d.environments, func(a, b environment) int { return cmp.Compare(stageOf(a.name), stageOf(b.name)) })
}

// of returns the environment of a host: that which its name names, development for the machine itself, else production.
func (d *draft) of(host, why string) string {
	stage := stageOf(host)
	switch {
	case stage >= 0:
	case strings.HasPrefix(host, "127.") || host == "::1" || host == "0.0.0.0":
		stage = 0
	default:
		stage = len(stages) - 1
	}
	return d.in(stage, why)
}

// notEnvironments are what files of variables are called that no environment reads.
var notEnvironments = []string{"example", "sample", "template", "dist", "defaults", "local", "vault", "me", "keys", "bak"}

// variables takes the environments that files of variables are named after.
func (d *draft) variables() {
	for _, name := range d.Files.Paths(d.Dir) {
		rest, ok := strings.CutPrefix(path.Base(name), ".env.")
		rest = strings.TrimSuffix(rest, ".local")
		if !ok || slices.Contains(notEnvironments, rest) || !isName.MatchString(rest) ||
			slices.ContainsFunc(d.environments, func(e environment) bool {
				return e.name == rest || stageOf(rest) >= 0 && stageOf(e.name) == stageOf(rest)
			}) {
			continue
		}
		d.environments = append(d.environments, environment{rest, d.relative(name)})
	}
	d.sort()
}

// isName is what the configuration takes as a name.
var isName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$`)

// named makes a name of a text, "" where nothing of it can be one.
func named(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < 0x80 && isName.MatchString(string(r)) || strings.ContainsRune("_.-", r) {
			return r
		}
		return '-'
	}, text)
	text = strings.Trim(text, "-._")
	return text[:min(len(text), 40)]
}

// relative returns a path as it is seen from the contract.
func (d *draft) relative(name string) string {
	if d.Dir == "" {
		return name
	}
	return strings.TrimPrefix(name, d.Dir+"/")
}

// at names a place as it is seen from the contract.
func (d *draft) at(s source.Span) string {
	if s.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s:%d", d.relative(s.Path()), s.Position().Line)
}
