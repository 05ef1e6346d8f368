package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/yamltree"
)

// takeContract reads the contract. A name that nothing has is a mistake of the contract, beside which the rest is checked.
func (l *loader) takeContract(n yamltree.Node, dir string) {
	c := &contract.Contract{}
	l.config.Contract = c
	for key, value := range n.Get("environments").Fields() {
		e := contract.Environment{Name: key.Text(), Span: key.Span()}
		e.Variables = l.paths(value.Get("variables"), dir)
		c.Environments = append(c.Environments, e)
		l.set(keyContract+".environments", key.Text(), key)
	}
	t := taking{l, c, dir}
	for key, value := range n.Get("apis").Fields() {
		c.APIs = append(c.APIs, t.api(key, value))
		l.set(keyContract+".apis", key.Text(), key)
	}
	for key, value := range n.Get("frontends").Fields() {
		c.Frontends = append(c.Frontends, t.frontend(key, value))
		l.set(keyContract+".frontends", key.Text(), key)
	}
}

// taking reads one contract.
type taking struct {
	*loader
	contract *contract.Contract
	dir      string
}

func (t *taking) wrong(at yamltree.Node, format string, args ...any) {
	t.contract.Mistakes = append(t.contract.Mistakes, contract.Mistake{Span: at.Span(), Text: fmt.Sprintf(format, args...)})
}

func (t *taking) api(key, value yamltree.Node) contract.API {
	a := contract.API{Name: key.Text(), Span: key.Span()}
	for environment, n := range t.byEnvironment(value.Get("urls")) {
		if n.Kind() == yamltree.String {
			a.URLs = append(a.URLs, contract.At{Environment: environment, Place: place(n)})
		}
	}
	for environment, n := range t.byEnvironment(value.Get("chain")) {
		a.Chains = append(a.Chains, contract.Chain{Environment: environment, Paths: t.paths(n, t.dir)})
	}
	if n := value.Get("openapi"); n.Kind() == yamltree.String {
		if path, ok := t.rebase(n, t.dir); ok {
			a.OpenAPI = contract.Place{Text: path, Span: n.Span()}
		}
	}
	return a
}

func (t *taking) frontend(key, value yamltree.Node) contract.Frontend {
	f := contract.Frontend{Name: key.Text(), Span: key.Span()}
	for environment, n := range t.byEnvironment(value.Get("origins")) {
		for item := range each(n) {
			f.Origins = append(f.Origins, contract.At{Environment: environment, Place: place(item)})
		}
	}
	if len(f.Origins) == 0 {
		t.wrong(key, "the frontend %s has no origins: nobody can say what its pages are allowed", quote(f.Name))
	}
	for name, n := range value.Get("calls").Fields() {
		if t.contract.API(name.Text()) == nil {
			var known []string
			for _, a := range t.contract.APIs {
				known = append(known, a.Name)
			}
			t.wrong(name, "no API is called %s%s", quote(name.Text()), meant(names.Nearest(name.Text(), known)))
			continue
		}
		f.Calls = append(f.Calls, t.call(name, n))
	}
	return f
}

func (t *taking) call(key, n yamltree.Node) contract.Call {
	c := contract.Call{API: key.Text(), Span: key.Span(), Credentials: n.Get("credentials").Text(), CredentialsSpan: n.Get("credentials").Span()}
	for item := range n.Get("operations").Items() {
		if method, path, ok := strings.Cut(item.Text(), " "); ok {
			c.Operations = append(c.Operations, contract.Operation{Method: method, Path: path, Span: item.Span()})
		}
	}
	c.Headers, c.Reads = headers(n.Get("request-headers")), headers(n.Get("reads"))
	if api := t.contract.API(c.API); len(c.Operations) == 0 && api.OpenAPI.Text == "" {
		t.wrong(key, "nothing says what is asked of %s: list operations here, or give the API its OpenAPI document", quote(c.API))
	}
	return c
}

func headers(n yamltree.Node) (out []contract.Header) {
	for item := range n.Items() {
		out = append(out, contract.Header{Name: item.Text(), Span: item.Span()})
	}
	return out
}

// byEnvironment yields what a value says of each environment, or of all.
func (t *taking) byEnvironment(n yamltree.Node) func(yield func(string, yamltree.Node) bool) {
	return func(yield func(string, yamltree.Node) bool) {
		if n.Kind() != yamltree.Mapping {
			if !n.IsZero() {
				yield("", n)
			}
			return
		}
		for key, value := range n.Fields() {
			known := t.contract.Names()
			if !slices.Contains(known, key.Text()) || key.Text() == "" {
				t.wrong(key, "no environment is called %s%s", quote(key.Text()), meant(names.Nearest(key.Text(), known)))
				continue
			}
			if !yield(key.Text(), value) {
				return
			}
		}
	}
}

// each yields the texts of a list, or the one text.
func each(n yamltree.Node) func(yield func(yamltree.Node) bool) {
	return func(yield func(yamltree.Node) bool) {
		if n.Kind() == yamltree.String {
			yield(n)
			return
		}
		for item := range n.Items() {
			if item.Kind() == yamltree.String && !yield(item) {
				return
			}
		}
	}
}

func place(n yamltree.Node) contract.Place { return contract.Place{Text: n.Text(), Span: n.Span()} }

// paths makes the paths of a list relative to the root.
func (l *loader) paths(n yamltree.Node, dir string) (out []contract.Place) {
	for item := range n.Items() {
		if item.Kind() != yamltree.String || item.Text() == "" {
			continue
		}
		if path, ok := l.rebase(item, dir); ok {
			out = append(out, contract.Place{Text: path, Span: item.Span()})
		}
	}
	return out
}
