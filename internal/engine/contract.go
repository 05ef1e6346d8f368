package engine

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/rules"
)

// This file holds the layers of a tree against the contract that the project declares.

// Agreed is what became of the needs of one frontend of one API in one environment.
type Agreed struct {
	Cell   contract.Cell
	URL    string
	Survey *probe.Survey // nil where nobody answers, for the reason Why
	Why    string
	// Findings are about these needs alone.
	Findings []*finding.Finding
}

// agree asks for what the contract declares. Who stands in a chain of it is looked at there, and not for itself.
func (r *runner) agree(ctx context.Context, slots []*unitResult) {
	if r.Contract == nil {
		return
	}
	for _, m := range r.Contract.Mistakes {
		r.mistake(m.Span, m.Text)
	}
	for _, e := range r.Contract.Environments {
		for _, p := range e.Variables {
			if !r.Files.Has(p.Text) {
				r.mistake(p.Span, p.Text+" does not exist")
			}
		}
	}
	var wait []func()
	done := map[string]*unitResult{} // fronts by what they and those behind them are made of: environments share them
	documented := make([][]contract.Need, len(r.Contract.APIs))
	for i := range r.Contract.APIs {
		documented[i] = r.documented(&r.Contract.APIs[i], slots)
	}
	for _, environment := range r.Contract.Names() {
		var ways []*way
		for i := range r.Contract.APIs {
			api := &r.Contract.APIs[i]
			urls := contract.In(api.URLs, environment)
			if len(urls) == 0 {
				continue // there is none of it there
			}
			w := r.way(api, environment, slots)
			if len(w.steps) == 0 {
				r.unanswered(api, environment, urls[0].Text, "nothing of its chain answers HTTP requests")
				continue
			}
			w.urls, w.needs = urls, r.Contract.Needs(api, environment, documented[i])
			ways = append(ways, w)
		}
		for _, same := range fronts(ways) {
			key := keyOf(same)
			chain := done[key]
			if chain == nil {
				host := together(ctx, same)
				chain = &unitResult{unit: parsers.Unit{Path: host.Span.Path()}, chain: key, seats: []*policy.Host{host}, Result: parsers.Result{Files: files(same)}}
				done[key] = chain
				r.declared = append(r.declared, chain)
			}
			for _, w := range same {
				chain.public = chain.public || slices.ContainsFunc(w.urls, isPublic)
				wait = append(wait, func() { r.hold(ctx, w, chain.seats[0]) })
			}
		}
	}
	if r.Rules != nil {
		r.each(ctx, len(wait), func(i int) { wait[i]() })
	}
}

// isPublic reports whether browsers of visitors reach a URL.
func isPublic(url contract.Place) bool {
	server, ok := contract.ParseServer(url.Text, url.Span)
	return ok && server.Public()
}

func (r *runner) mistake(at source.Span, text string) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.mistakes = append(r.mistakes, parsers.Problem{Kind: parsers.BadContract, Span: at, Text: text})
}

// documented returns the operations of an API's OpenAPI document.
func (r *runner) documented(api *contract.API, slots []*unitResult) []contract.Need {
	if api.OpenAPI.Text == "" {
		return nil
	}
	for _, u := range slots {
		if u.unit.Path == api.OpenAPI.Text && len(u.Needs) > 0 {
			u.used, u.agreed = true, true
			return u.Needs
		}
	}
	what := "is no OpenAPI document with operations"
	if !r.Files.Has(api.OpenAPI.Text) {
		what = "does not exist"
	}
	r.mistake(api.OpenAPI.Span, fmt.Sprintf("%s %s", api.OpenAPI.Text, what))
	return nil
}

// way returns what there is of an API's chain in an environment.
func (r *runner) way(api *contract.API, environment string, slots []*unitResult) *way {
	w := &way{api: api, environment: environment}
	for _, p := range api.Chain(environment) {
		if slices.ContainsFunc(w.steps, func(s step) bool { return s.path == p.Text }) {
			r.mistake(p.Span, p.Text+" stands in this chain twice: no request goes round in circles")
			continue
		}
		host, read := r.host(p.Text, environment, slots)
		if host == nil {
			what := "nothing in it answers HTTP requests"
			if !r.Files.Has(p.Text) && len(r.Files.Paths(p.Text)) == 0 {
				what = "it does not exist"
			}
			r.mistake(p.Span, fmt.Sprintf("%s is no layer: %s", p.Text, what))
			continue
		}
		w.steps = append(w.steps, step{p.Text, host, read})
	}
	return w
}

// host returns the host that a path of the tree holds: the files of a folder are one server's. It runs in an environment.
func (r *runner) host(name, environment string, slots []*unitResult) (out *policy.Host, files []*source.File) {
	for _, u := range slots {
		if u.unit.Path != name && !strings.HasPrefix(u.unit.Path, name+"/") && name != "" || len(u.Hosts) == 0 || u.unit.Describes {
			continue
		}
		u.agreed = true
		files = append(files, u.Files...)
		for _, h := range u.Hosts {
			if out == nil {
				copied := *h
				copied.Layers = nil
				out = &copied
			}
			out.Layers = append(out.Layers, r.running(h.Layers, environment)...)
		}
	}
	return out, files
}

// running returns the layers of a program as they are in an environment: those whose variables its files give.
func (r *runner) running(layers []*policy.Layer, environment string) []*policy.Layer {
	var files []contract.Place
	for _, e := range r.Contract.Environments {
		if e.Name == environment {
			files = e.Variables
		}
	}
	given := func(l *policy.Layer) bool {
		if l.Environment == "" {
			return false
		}
		if len(files) == 0 {
			return environment != "" && namedAfter(path.Base(l.Environment), environment)
		}
		return slices.ContainsFunc(files, func(p contract.Place) bool { return p.Text == l.Environment })
	}
	if slices.ContainsFunc(layers, given) {
		return slices.DeleteFunc(slices.Clone(layers), func(l *policy.Layer) bool { return !given(l) })
	}
	return slices.DeleteFunc(slices.Clone(layers), func(l *policy.Layer) bool { return l.Environment != "" })
}

// namedAfter reports whether a file's name has the name of an environment as a word: ".env.production" or "compose.staging.yml".
func namedAfter(file, environment string) bool {
	words := strings.FieldsFunc(strings.ToLower(file), func(c rune) bool { return strings.ContainsRune("._-", c) })
	return slices.Contains(words, strings.ToLower(environment))
}

// hold asks for the needs of all frontends of an API in an environment.
func (r *runner) hold(ctx context.Context, w *way, host *policy.Host) {
	api, environment, needs := w.api, w.environment, w.needs
	defer func() {
		if fault := recover(); fault != nil {
			r.mistake(api.Span, fmt.Sprintf("corslint failed on this: %v", fault))
		}
	}()
	for _, url := range w.urls {
		server, ok := contract.ParseServer(url.Text, url.Span)
		if !ok {
			r.mistake(url.Span, url.Text+" is no URL of an API")
			continue
		}
		picked, ok := host.Pick(server.Scheme, server.Host, server.Port)
		if !ok {
			why := "no layer of the chain answers " + url.Text
			if there := host.Addresses(); len(there) > 0 {
				why += "; there are " + strings.Join(there[:min(len(there), 5)], ", ")
			}
			r.mistake(url.Span, why)
			r.unanswered(api, environment, url.Text, why)
			continue
		}
		prober := probe.NewProber(ctx, exchange.Chain{host}, picked.Layer)
		for i := range r.Contract.Frontends {
			cell := contract.Cell{Frontend: r.Contract.Frontends[i].Name, API: api.Name, Environment: environment}
			own := slices.DeleteFunc(slices.Clone(needs), func(n contract.Need) bool { return *n.Cell != cell || n.Servers[0].Span != url.Span })
			if len(own) == 0 {
				continue
			}
			survey := prober.Stated(own)
			r.surveyed(strings.Join([]string{".", cell.API, cell.Environment, url.Text, cell.Frontend}, "\x00"), survey, &unitResult{}, false)
			found := rules.Check(r.Rules, survey, rules.Options{Environment: r.kind(environment), Public: isPublic(url), Documents: r.Documents})
			r.add(Agreed{Cell: cell, URL: url.Text, Survey: survey, Findings: found})
		}
	}
}

// kind is what an environment's name says that it is.
func (r *runner) kind(environment string) rules.Environment {
	switch {
	case strings.HasPrefix(strings.ToLower(environment), "prod"):
		return rules.Production
	case strings.HasPrefix(strings.ToLower(environment), "dev"), strings.HasPrefix(strings.ToLower(environment), "local"):
		return rules.Development
	}
	return ""
}

// unanswered notes that nobody answers the needs of an API in an environment.
func (r *runner) unanswered(api *contract.API, environment, url, why string) {
	for _, f := range r.Contract.Frontends {
		calls := slices.ContainsFunc(f.Calls, func(c contract.Call) bool { return c.API == api.Name })
		if calls && len(contract.In(f.Origins, environment)) > 0 {
			r.add(Agreed{Cell: contract.Cell{Frontend: f.Name, API: api.Name, Environment: environment}, URL: url, Why: why})
		}
	}
}

// add hands on what became of needs.
func (r *runner) add(a Agreed) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.found = append(r.found, a.Findings...)
	if a.Survey != nil && len(r.Contract.Environments) > 1 {
		r.standing = append(r.standing, rules.Standings(a.Survey)...)
	}
	if r.Agreed != nil {
		r.Agreed(a)
	}
}
