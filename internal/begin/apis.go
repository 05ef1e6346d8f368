package begin

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/source"
)

// This file finds the APIs: what stands behind the layers that browsers ask, and what these answer themselves.

// api is something that pages ask.
type api struct {
	name       string
	urls       map[string][]fact        // by environment
	chains     map[string][]fact        // likewise: the layers, the browser's side first
	layers     map[string]*policy.Layer // likewise: what it is reached through
	openapi    *fact
	path       string // what the description's server adds to the URL
	operations []fact
	// credentials is where a layer of it lets credentials be sent; "" where none does.
	credentials string
	origins     []string     // that its layers let in; none: whatever they are, nobody says
	unit        *engine.Unit // the application; nil where it is not here
}

// find takes the APIs.
func (d *draft) find(ctx context.Context) {
	var behind []string
	for i := range d.Units {
		behind = append(behind, d.Units[i].Behind...)
	}
	for i := range d.Units {
		u := &d.Units[i]
		if !u.Describes && len(u.Hosts) > 0 && !slices.Contains(behind, u.Path) {
			d.front(ctx, u)
		}
	}
	for _, a := range d.apis { // while it is developed, pages ask the application itself
		if a.unit == nil || opened(a.unit) == 0 {
			continue
		}
		development := d.in(0, d.relative(a.unit.Path)+" listens")
		if len(a.urls[development]) == 0 {
			a.urls[development] = []fact{{fmt.Sprintf("http://localhost:%d", opened(a.unit)), d.relative(a.unit.Path) + " listens there"}}
			a.chains[development] = []fact{{d.relative(a.unit.Path), "in front of it stands nobody then"}}
		}
	}
}

// front takes what a layer that stands in front of all others answers, or hands on.
func (d *draft) front(ctx context.Context, u *engine.Unit) {
	for _, host := range u.Hosts {
		for _, layer := range host.Layers {
			for _, e := range layer.Endpoints {
				if e.Example == "" || e.Internal {
					continue
				}
				to := d.handedTo(ctx, host, layer, e)
				inner := d.standing(u, to)
				if inner == nil && !d.means(layer, e) {
					continue // it says nothing of CORS, and who answers is not here
				}
				if a := d.api(u, inner, layer, to); a != nil {
					d.reached(a, u, inner, layer)
					d.lets(a, inner, layer, e)
					a.operate(e, d)
				}
			}
		}
	}
}

// handedTo returns the first upstream to which a layer hands on what an endpoint is asked.
func (d *draft) handedTo(ctx context.Context, host *policy.Host, layer *policy.Layer, e policy.Endpoint) policy.Upstream {
	alone := *host
	alone.Layers = []*policy.Layer{layer}
	name := "api.example"
	for _, l := range layer.Listeners {
		for _, h := range l.Hosts {
			if h.Kind == policy.HostExact {
				name = h.Text
			}
		}
	}
	method := "GET"
	if len(e.Methods) > 0 {
		method = e.Methods[0]
	}
	r := &policy.Request{Method: method, Scheme: "https", Host: name, Port: 443, Path: e.Example, Headers: []policy.Field{{Name: "Host", Value: name}}}
	for _, upstreams := range (exchange.Chain{&alone}).Route(ctx, r) {
		for _, to := range upstreams {
			return to
		}
	}
	return policy.Upstream{}
}

// anybody are the hosts of upstreams that say nothing of who it is.
var anybody = []string{"localhost", "127.0.0.1", "::1", "host.docker.internal", "app", "api", "backend", "server", "node", "web", "upstream"}

// standing returns the application that stands for an upstream: one that is plainly there, else the only one whose folder has
// its name, or that listens on its port where the name says nothing. That is a guess, which the contract's reader sees.
func (d *draft) standing(front *engine.Unit, to policy.Upstream) *engine.Unit {
	if to.Name == "" {
		return nil
	}
	var found []*engine.Unit
	for _, score := range [...]func(u *engine.Unit) bool{
		func(u *engine.Unit) bool { return len(front.Behind) == 1 && front.Behind[0] == u.Path },
		func(u *engine.Unit) bool { return path.Base(path.Dir(u.Path)) == nameOf(to) },
		func(u *engine.Unit) bool { return opened(u) == portOf(to) && slices.Contains(anybody, nameOf(to)) },
	} {
		for i := range d.Units {
			u := &d.Units[i]
			there := len(u.Hosts) > 0 && !u.Describes && (opened(u) > 0 || slices.Contains(front.Behind, u.Path))
			if u != front && there && score(u) {
				found = append(found, u)
			}
		}
		if len(found) == 1 {
			return found[0]
		}
		found = nil
	}
	return nil
}

// nameOf is the host of an upstream, portOf its port.
func nameOf(to policy.Upstream) string {
	for _, address := range exchange.Authorities(to) {
		if name, _, ok := strings.Cut(address, ":"); ok {
			return name
		}
	}
	return ""
}

func portOf(to policy.Upstream) int {
	port := 0
	for _, address := range exchange.Authorities(to) {
		fmt.Sscanf(address[strings.LastIndexByte(address, ':')+1:], "%d", &port) //nolint:errcheck // 0 is none
	}
	return port
}

// opened returns the port that a program opens, 0 where it is not known.
func opened(u *engine.Unit) int {
	for _, h := range u.Hosts {
		for _, l := range h.Layers {
			for _, at := range l.Listeners {
				if at.Opened != 0 {
					return at.Opened
				}
			}
		}
	}
	return 0
}

// lets takes the origins that an API lets in: at an endpoint of the layer in front, and in the application.
func (d *draft) lets(a *api, inner *engine.Unit, layer *policy.Layer, at policy.Endpoint) {
	for _, s := range d.Surveys {
		front := s.Layer.Span == layer.Span
		if !front && (inner == nil || s.Layer.Span.Path() != inner.Path) {
			continue
		}
		for _, e := range s.Endpoints {
			if front && e.Pattern != at.Pattern && e.Example != at.Example || e.Intent.Anybody {
				continue
			}
			for _, o := range e.Intent.Origins {
				if !slices.Contains(a.origins, o) {
					a.origins = append(a.origins, o)
				}
			}
		}
	}
}

// asked reports whether a frontend is one that an API lets in.
func (a *api) asked(f *frontend) bool {
	if len(a.origins) == 0 {
		return true
	}
	for _, origins := range f.origins {
		if slices.ContainsFunc(origins, func(o fact) bool { return slices.Contains(a.origins, o.text) }) {
			return true
		}
	}
	return false
}

// means reports whether a layer shows at an endpoint that pages are to ask it.
func (d *draft) means(layer *policy.Layer, e policy.Endpoint) bool {
	return slices.ContainsFunc(d.Surveys, func(s *probe.Survey) bool {
		return s.Layer.Span == layer.Span && slices.ContainsFunc(s.Endpoints, func(x *probe.Endpoint) bool { return x.Pattern == e.Pattern || x.Example == e.Example })
	})
}

// places are the names of folders that say where something is, and not what.
var places = []string{"", ".", "src", "server", "servers", "app", "api", "dist", "build", "lib", "config", "conf", "conf.d", "nginx", "deploy", "backend", "infra", "services", "etc",
	"sites-enabled", "sites-available", "templates"}

// api returns the API that an application is, or an upstream that is not here, or a layer that answers itself.
func (d *draft) api(front, inner *engine.Unit, layer *policy.Layer, to policy.Upstream) *api {
	unit := inner
	var names []string
	switch {
	case inner != nil:
		names = []string{path.Base(path.Dir(inner.Path)), label(layer), stem(inner.Path)}
	case to.Name != "":
		names = []string{nameOf(to)}
	default:
		if unit = front; opened(front) == 0 { // no program of its own
			unit = nil
			names = append(names, label(layer))
		}
		names = append(names, path.Base(path.Dir(front.Path)), stem(front.Path))
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		return named(n) == "" || slices.Contains(places, n) || n == "localhost" || strings.Trim(n, "0123456789.") == ""
	})
	if len(names) == 0 {
		names = []string{"api"}
	}
	for n := 2; n <= maxAPIs; n++ {
		names = append(names, fmt.Sprintf("%s-%d", names[0][:min(len(names[0]), 36)], n))
	}
	for _, name := range names {
		name = named(name)
		i := slices.IndexFunc(d.apis, func(a *api) bool { return a.name == name })
		switch {
		case i >= 0 && d.apis[i].unit == unit && d.fits(d.apis[i], layer):
			return d.apis[i]
		case i < 0 && len(d.apis) < maxAPIs:
			a := &api{name: name, urls: map[string][]fact{}, chains: map[string][]fact{}, layers: map[string]*policy.Layer{}, unit: unit}
			d.apis = append(d.apis, a)
			return a
		}
	}
	return nil
}

// fits reports whether a layer is one through which an API is reached: no other one is in the same environment.
func (d *draft) fits(a *api, layer *policy.Layer) bool {
	for _, l := range layer.Listeners {
		for _, h := range l.Hosts {
			if at := a.layers[d.of(h.Text, d.at(l.Span))]; at != nil && at.Span != layer.Span {
				return false
			}
		}
	}
	return true
}
func stem(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }

// label is the first label of a layer's host that says what it is.
func label(layer *policy.Layer) string {
	for _, l := range layer.Listeners {
		for _, h := range l.Hosts {
			if first, _, _ := strings.Cut(h.Text, "."); first != "" && !slices.Contains(places, first) {
				return first
			}
		}
	}
	return ""
}

// reached takes the addresses at which an API is reached through a layer.
func (d *draft) reached(a *api, front, inner *engine.Unit, layer *policy.Layer) {
	chain := []fact{{d.relative(front.Path), ""}}
	if inner != nil {
		why := "it hands on to this"
		if !slices.Contains(front.Behind, inner.Path) {
			why = "a guess: what it hands on to has this name, or this port"
		}
		chain = append(chain, fact{d.relative(inner.Path), why})
	}
	if a.credentials == "" {
		a.credentials = d.credentials(front, inner)
	}
	add := func(environment string, url fact) {
		if !slices.ContainsFunc(a.urls[environment], func(f fact) bool { return f.text == url.text }) {
			a.urls[environment] = append(a.urls[environment], url)
		}
		if a.layers[environment] == nil {
			a.layers[environment], a.chains[environment] = layer, chain
		}
	}
	known := false
	for _, l := range layer.Listeners {
		for _, h := range l.Hosts {
			if h.Kind != policy.HostExact || !hostName.MatchString(h.Text) {
				continue
			}
			known = true
			s := contract.Server{Host: h.Text}
			scheme, why := l.Scheme, d.at(l.Span)
			if why == "" {
				why = d.at(layer.Span)
			}
			if scheme == "http" && s.Public() {
				scheme, why = "https", why+"; a guess: TLS ends in front of it"
			}
			add(d.of(h.Text, why), fact{scheme + "://" + h.Text, why})
		}
	}
	if known {
		return
	}
	for _, l := range layer.Listeners {
		if port := max(l.Port, l.Opened); port > 0 && l.Scheme == "http" {
			add(d.in(0, d.at(layer.Span)), fact{fmt.Sprintf("%s://localhost:%d", l.Scheme, port), d.at(layer.Span) + ", where no host is named"})
			return
		}
	}
	if slices.ContainsFunc(layer.Listeners, func(l policy.Listener) bool { return l.Scheme == "https" }) { // a service that somebody runs
		url := "https://" + strings.ReplaceAll(a.name, "_", "-") + ".example"
		add(d.in(len(stages)-1, d.at(layer.Span)), fact{url, "a guess: " + d.at(layer.Span) + " does not say where it is reached"})
		return
	}
	add(d.in(0, d.at(layer.Span)), fact{"http://localhost:3000", "a guess: " + d.at(layer.Span) + " does not say where it is reached"})
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)

// credentials returns where a layer lets credentials be sent: the application, where it is here.
func (d *draft) credentials(front, inner *engine.Unit) string {
	if inner != nil {
		front = inner
	}
	for _, s := range d.Surveys {
		for _, e := range s.Endpoints {
			for _, at := range e.Intent.Credentials {
				if slices.ContainsFunc(front.Files, func(f *source.File) bool { return f.Path == at.Path() }) {
					return d.at(at)
				}
			}
		}
	}
	return ""
}

var (
	parameter = regexp.MustCompile(`:([A-Za-z_][A-Za-z0-9_]*)(\([^)]*\))?`)
	plainPath = regexp.MustCompile(`^/[A-Za-z0-9/._~{}-]*$`)
)

// operate takes what an endpoint can be asked.
func (a *api) operate(e policy.Endpoint, d *draft) {
	p := parameter.ReplaceAllString(strings.TrimPrefix(e.Pattern, "= "), "{$1}")
	if !plainPath.MatchString(p) {
		if p = e.Example; !plainPath.MatchString(p) {
			return
		}
	}
	methods := slices.DeleteFunc(slices.Clone(e.Methods), func(m string) bool { return m == "OPTIONS" || m == "HEAD" || !word.MatchString(m) })
	if len(e.Methods) == 0 {
		methods = []string{"GET"}
	}
	for _, m := range methods {
		if len(a.operations) < maxOperations && !slices.ContainsFunc(a.operations, func(o fact) bool { return o.text == m+" "+p }) {
			a.operations = append(a.operations, fact{m + " " + p, d.at(e.Span)})
		}
	}
}

var word = regexp.MustCompile(`^[A-Z]{1,20}$`)

// describe gives APIs the documents that describe them.
func (d *draft) describe() {
	for i := range d.Units {
		u := &d.Units[i]
		if !u.Describes || len(u.Needs) == 0 || u.Needs[0].Kind != contract.Described || len(u.Hosts) > 0 {
			continue
		}
		a, why := d.described(u)
		if a == nil || a.openapi != nil {
			continue
		}
		a.openapi = &fact{d.relative(u.Path), why}
		for _, s := range u.Needs[0].Servers {
			if s.Path != "" && plainPath.MatchString(s.Path) {
				a.path = s.Path
				break
			}
		}
	}
}

// described returns the API that a document describes: that of its servers, else that of its name, else the only one.
func (d *draft) described(u *engine.Unit) (*api, string) {
	for _, s := range u.Needs[0].Servers {
		for _, a := range d.apis {
			if s.Host != "" && a.at(s) && d.answers(a, u.Needs) {
				return a, d.at(s.Span) + " names its server"
			}
		}
	}
	for _, a := range d.apis {
		if strings.Contains(strings.ToLower(stem(u.Path)), strings.ToLower(a.name)) || path.Dir(u.Path) != "." && a.unit != nil && path.Dir(a.unit.Path) == path.Dir(u.Path) {
			return a, "a guess by its name"
		}
	}
	if len(d.apis) == 1 {
		return d.apis[0], "a guess: there is one API"
	}
	return nil, ""
}

// at reports whether an API is reached at a server.
func (a *api) at(s contract.Server) bool {
	for _, urls := range a.urls {
		for _, u := range urls {
			if own, ok := contract.ParseServer(u.text, s.Span); ok && own.Host == s.Host && (own.Port == s.Port || own.Scheme != s.Scheme) {
				return true
			}
		}
	}
	return false
}

// answers reports whether what a document describes is what an API can be asked: several can have one host.
func (d *draft) answers(a *api, needs []contract.Need) bool {
	if len(d.apis) == 1 || len(a.operations) == 0 {
		return true
	}
	return slices.ContainsFunc(needs, func(n contract.Need) bool {
		full := n.Path
		if len(n.Servers) > 0 {
			full = n.Servers[0].Path + n.Path
		}
		return slices.ContainsFunc(a.operations, func(o fact) bool {
			_, p, _ := strings.Cut(o.text, " ")
			return p == full || p != "/" && strings.HasPrefix(full, p)
		})
	})
}
