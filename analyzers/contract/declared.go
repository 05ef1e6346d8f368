package contract

import (
	"fmt"
	"slices"

	"github.com/corslint/corslint/internal/source"
)

// Contract is what a project declares itself: which pages ask which APIs, where, and through what.
type Contract struct {
	Environments []Environment // in the order in which they are shown; none: there is one without a name
	Frontends    []Frontend
	APIs         []API
	Mistakes     []Mistake
}

// Mistake is something wrong with a contract. What it does not concern is checked all the same.
type Mistake struct {
	Span source.Span
	Text string
}

// Environment is where a project runs.
type Environment struct {
	Name string
	// Variables are the paths of the files that give its variables; none: those that are named after it.
	Variables []Place
	Span      source.Span
}

// Place is a text of the contract and where it stands.
type Place struct {
	Text string
	Span source.Span
}

// Frontend is pages that ask.
type Frontend struct {
	Name    string
	Origins []At
	Calls   []Call
	Span    source.Span
}

// At is a text that holds in one environment, or with "" in all.
type At struct {
	Environment string
	Place
}

// Call is what a frontend asks an API for.
type Call struct {
	API string
	// Operations are what is asked for; none: whatever the API's OpenAPI document lists.
	Operations []Operation
	// Credentials is the credentials mode of fetch; "" is same-origin.
	Credentials     string
	CredentialsSpan source.Span
	Headers, Reads  []Header
	Span            source.Span
}

// Operation is a method and a path below the API's URL.
type Operation struct {
	Method, Path string
	Span         source.Span
}

// API is what is asked.
type API struct {
	Name    string
	URLs    []At
	Chains  []Chain
	OpenAPI Place // path of the document; "" for none
	Span    source.Span
}

// Chain is the paths of the layers that answer in one environment, or with "" in all, the browser's side first.
type Chain struct {
	Environment string
	Paths       []Place
}

// Cell says whose need it is, where a contract declares it.
type Cell struct{ Frontend, API, Environment string }

func (c Cell) String() string { return fmt.Sprintf("%s → %s, %s", c.Frontend, c.API, c.Environment) }

// Names returns the names of the environments, one "" where there are none.
func (c *Contract) Names() []string {
	if len(c.Environments) == 0 {
		return []string{""}
	}
	var names []string
	for _, e := range c.Environments {
		names = append(names, e.Name)
	}
	return names
}

// In returns what holds in an environment: what is said of it, else what is said of all.
func In(list []At, environment string) []Place {
	var own, all []Place
	for _, at := range list {
		switch at.Environment {
		case environment:
			own = append(own, at.Place)
		case "":
			all = append(all, at.Place)
		}
	}
	if len(own) > 0 {
		return own
	}
	return all
}

// Chain returns the paths of the layers that answer in an environment.
func (a *API) Chain(environment string) []Place {
	for _, name := range [...]string{environment, ""} {
		if i := slices.IndexFunc(a.Chains, func(c Chain) bool { return c.Environment == name }); i >= 0 {
			return a.Chains[i].Paths
		}
	}
	return nil
}

// API returns the API of a name, nil where there is none.
func (c *Contract) API(name string) *API {
	for i := range c.APIs {
		if c.APIs[i].Name == name {
			return &c.APIs[i]
		}
	}
	return nil
}

// Needs returns what the frontends need of an API in an environment. Documented are the operations of its OpenAPI document.
func (c *Contract) Needs(api *API, environment string, documented []Need) []Need {
	var out []Need
	for _, url := range In(api.URLs, environment) {
		server, ok := ParseServer(url.Text, url.Span)
		if !ok {
			continue
		}
		for i := range c.Frontends {
			f := &c.Frontends[i]
			for j := range f.Calls {
				call := &f.Calls[j]
				if call.API != api.Name {
					continue
				}
				for _, origin := range In(f.Origins, environment) {
					for _, n := range call.needs(documented) {
						n.Origin, n.Servers, n.Cell = origin.Text, []Server{server}, &Cell{f.Name, api.Name, environment}
						out = append(out, n)
					}
				}
			}
		}
	}
	return out
}

// needs returns the requests of a call, without who asks and where.
func (c *Call) needs(documented []Need) []Need {
	var out []Need
	for _, o := range c.Operations {
		n := Need{Method: o.Method, Path: o.Path, Example: ExamplePath(o.Path), Span: o.Span}
		for _, d := range documented {
			if d.Method == n.Method && d.Path == n.Path { // the document knows more
				n = d
			}
		}
		out = append(out, n)
	}
	if len(c.Operations) == 0 {
		out = slices.Clone(documented)
	}
	for i := range out {
		out[i].Headers = append(slices.Clone(out[i].Headers), c.Headers...)
		out[i].Reads = append(slices.Clone(out[i].Reads), c.Reads...)
		out[i].Credentials = Withheld
		if c.Credentials == "include" {
			out[i].Credentials, out[i].Auth = Sent, withCookies(out[i].Auth, c.CredentialsSpan)
		}
	}
	return out
}

// withCookies lets the browser send cookies with each way to prove who is asking.
func withCookies(ways []Auth, at source.Span) []Auth {
	if len(ways) == 0 {
		return []Auth{{Cookies: true, Span: at}}
	}
	out := slices.Clone(ways)
	for i := range out {
		out[i].Cookies, out[i].Span = true, at
	}
	return out
}

// ExamplePath fills the placeholders of a path: "/orders/{id}" is asked as "/orders/1".
func ExamplePath(path string) string {
	var out []byte
	depth := 0
	for i := range len(path) {
		switch b := path[i]; {
		case b == '{':
			if depth++; depth == 1 {
				out = append(out, '1')
			}
		case b == '}' && depth > 0:
			depth--
		case depth == 0:
			out = append(out, b)
		}
	}
	return string(out)
}
