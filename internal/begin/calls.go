package begin

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/contract"
)

// This file finds out which frontend asks which API for what: as client code shows it, else what the API has.

// calls takes what frontends ask for.
func (d *draft) calls() {
	for i := range d.Units {
		for _, n := range d.Units[i].Needs {
			if n.Kind == contract.Called && !n.Relative() {
				d.called(n)
			}
		}
	}
	for _, f := range d.frontends {
		if len(f.calls) > 0 {
			continue
		}
		for _, a := range d.apis {
			if a.asked(f) {
				f.calls = append(f.calls, &call{api: a, operations: a.operations, credentials: a.credentials})
			}
		}
	}
}

// called takes a call of client code.
func (d *draft) called(n contract.Need) {
	why := d.at(n.Span)
	for _, s := range n.Servers {
		if s.Host == "" {
			continue
		}
		i := slices.IndexFunc(d.apis, func(a *api) bool { return a.at(s) && d.answers(a, []contract.Need{n}) })
		if i < 0 {
			url := s.Scheme + "://" + s.Authority()
			if !slices.ContainsFunc(d.elsewhere, func(f fact) bool { return f.text == url }) {
				d.elsewhere = append(d.elsewhere, fact{url, why})
			}
			continue
		}
		f := d.caller(n.Span.Path())
		if f == nil {
			return
		}
		f.call(d.apis[i]).take(d, n, s)
		return
	}
}

// caller returns the frontend whose code a file is: that of the nearest folder, else the only one.
func (d *draft) caller(name string) *frontend {
	var best *frontend
	for _, f := range d.frontends {
		if f.folder != "" && (f.folder == "." || strings.HasPrefix(name, f.folder+"/")) && (best == nil || len(f.folder) > len(best.folder)) {
			best = f
		}
	}
	if best == nil && len(d.frontends) == 1 {
		return d.frontends[0]
	}
	return best
}

// call returns what a frontend asks an API for, which it does from then on.
func (f *frontend) call(a *api) *call {
	for _, c := range f.calls {
		if c.api == a {
			return c
		}
	}
	c := &call{api: a}
	f.calls = append(f.calls, c)
	return c
}

func (c *call) take(d *draft, n contract.Need, s contract.Server) {
	why := d.at(n.Span)
	p := strings.TrimPrefix(s.Path, c.api.path) + n.Path
	if plainPath.MatchString(p) && word.MatchString(n.Method) {
		c.operations = add(c.operations, fact{n.Method + " " + p, why})
	}
	if n.Credentials == contract.Sent && c.credentials == "" {
		c.credentials = why
	}
	for _, h := range n.RequestHeaders() {
		if !strings.EqualFold(h.Name, "content-type") || !strings.Contains(h.Value, "json") {
			c.headers = add(c.headers, fact{h.Name, why})
		}
	}
	for _, h := range n.Reads {
		c.reads = add(c.reads, fact{h.Name, why})
	}
}

// add adds a fact, each once.
func add(list []fact, f fact) []fact {
	if len(list) == maxOperations || slices.ContainsFunc(list, func(x fact) bool { return strings.EqualFold(x.text, f.text) }) {
		return list
	}
	return append(list, f)
}
