package machine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// describe fills a description of what the application registered.
func (m *Machine) describe(ctx context.Context, d *Description) error {
	defer func() { d.Files, d.Variables, d.Unreadable = m.read, m.variables, m.mistake }() // requests read more
	model, err := m.require("%describe")
	if err != nil {
		return err
	}
	run, _ := goja.AssertFunction(model.ToObject(m.rt).Get("describe"))
	over := time.Now().Add(surveyTime)
	value, err := run(goja.Undefined())
	if err != nil {
		return err
	}
	found := value.ToObject(m.rt)
	for _, l := range m.list(found.Get("layers")) {
		layer := Layer{Name: l.Get("name").String(), Place: m.firstPlace(l.Get("places")), Port: int(l.Get("port").ToInteger())}
		for _, e := range m.list(l.Get("endpoints")) {
			endpoint := Endpoint{Pattern: e.Get("pattern").String(), Example: e.Get("example").String(), Place: m.firstPlace(e.Get("places"))}
			methods := e.Get("methods").ToObject(m.rt)
			for i := range methods.Get("length").ToInteger() {
				method := methods.Get(fmt.Sprint(i)).String()
				endpoint.Methods = append(endpoint.Methods, method)
				if each, ok := e.Get("each").(*goja.Object); ok {
					if p := m.firstPlace(each.Get(fmt.Sprint(i))); p != nil {
						endpoint.Routes = append(endpoint.Routes, Route{method, *p})
					}
				}
			}
			layer.Endpoints = append(layer.Endpoints, endpoint)
		}
		d.Layers = append(d.Layers, layer)
		m.layers = append(m.layers, l.Get("handler").(*goja.Object))
	}
	for _, x := range m.list(found.Get("facts")) {
		d.Facts = append(d.Facts, Fact{Kind: x.Get("kind").String(), Subject: x.Get("subject").String(), Text: x.Get("text").String(), Place: m.firstPlace(x.Get("places"))})
	}
	for _, x := range m.list(found.Get("gaps")) {
		d.Gaps = append(d.Gaps, Gap{Why: x.Get("why").String(), Place: m.firstPlace(x.Get("places"))})
	}
	m.watch(ctx, d, over)
	d.Mentions = m.mentions
	m.credentials(ctx, d, over)
	return nil
}

func (m *Machine) mention(x Mention) {
	known := func(y Mention) bool { return x.Same(y) || x.Place == nil && x.Kind == y.Kind && x.Text == y.Text }
	if !slices.ContainsFunc(m.mentions, known) && len(m.mentions) < 1_000 {
		m.mentions = append(m.mentions, x)
	}
}

// watch is a request with an origin that nobody names: whatever the application compares with it is a test of the origin.
type watch struct {
	m    *Machine
	host string
}

const watchedHost = "corslint-watches.example"

// maxWatched bounds how many endpoints are asked to see what they compare the origin with.
const maxWatched = 24

// watch asks the application a few requests and notes the tests of the origin.
func (m *Machine) watch(ctx context.Context, d *Description, over time.Time) {
	m.watching = &watch{m: m, host: watchedHost}
	m.tell(true)
	defer func() {
		m.watching = nil
		m.tell(false)
	}()
	for i := range d.Layers {
		asked := 0
		for _, e := range d.Layers[i].Endpoints {
			if e.Example == "" {
				continue
			}
			if asked++; asked > maxWatched {
				break
			}
			method := "GET"
			if len(e.Methods) > 0 && !slices.Contains(e.Methods, "GET") {
				method = e.Methods[0]
			}
			for _, method := range []string{method, "OPTIONS"} {
				headers := [][2]string{{"Host", "api.example"}, {"Origin", "https://" + watchedHost}}
				if method == "OPTIONS" {
					headers = append(headers, [2]string{"Access-Control-Request-Method", "PUT"})
				}
				if time.Now().After(over) {
					return
				}
				// One that takes too long tells nothing.
				_, _ = m.follow(ctx, &answering{request: &Request{Layer: i, Method: method, URL: e.Example, Headers: headers}, quiet: true})
			}
		}
	}
}

// credentialHeaders are tried in this order where a request without any is refused.
var credentialHeaders = [][2]string{{"Authorization", "Bearer token"}, {"X-Api-Key", "key"}, {"Cookie", "session=1"}}

// maxGuarded bounds how many endpoints are asked whether they want credentials.
const maxGuarded = 300

// credentials notes which endpoints refuse a request without credentials, and which header they want.
func (m *Machine) credentials(ctx context.Context, d *Description, over time.Time) {
	asked := 0
	for i := range d.Layers {
		for _, e := range d.Layers[i].Endpoints {
			for _, method := range e.Methods {
				if e.Example == "" || method == "OPTIONS" || asked >= maxGuarded || time.Now().After(over) {
					continue
				}
				asked++
				refused, by := m.refuses(ctx, i, method, e.Example)
				for _, h := range credentialHeaders {
					if refused == 0 {
						break
					}
					if still, _ := m.refuses(ctx, i, method, e.Example, h); still != 0 {
						continue
					}
					d.Facts = append(d.Facts, Fact{Kind: "requires-header", Subject: h[0], Endpoint: e.Pattern, Method: method, Place: by, Text: fmt.Sprintf("it answers %d without %s", refused, h[0])})
					break
				}
			}
		}
	}
}

// refuses returns 401 or 403 where a request is answered so, else 0, and who answers.
func (m *Machine) refuses(ctx context.Context, layer int, method, url string, headers ...[2]string) (status int, by *Place) {
	headers = append([][2]string{{"Host", "api.example"}}, headers...)
	r, err := m.follow(ctx, &answering{request: &Request{Layer: layer, Method: method, URL: url, Headers: headers}, quiet: true})
	if err != nil || r.Status != 401 && r.Status != 403 {
		return 0, nil
	}
	return r.Status, r.By
}

// tell tells the models whether the machine watches.
func (m *Machine) tell(on bool) {
	watch, _ := goja.AssertFunction(m.hooks.api.Get("watch"))
	_, _ = watch(goja.Undefined(), m.rt.ToValue(on)) // it sets a variable
}

// subject says what of the watched origin a value is: the whole, or its host. The second result is false for another value.
func (w *watch) subject(v goja.Value) (prefix string, ok bool) {
	text, isText := v.(goja.String)
	if !isText {
		return "", false
	}
	switch strings.ToLower(text.String()) {
	case "https://" + w.host:
		return "", true
	case w.host:
		return "https://", true
	}
	return "", false
}

// compared notes a comparison with the origin.
func (w *watch) compared(operator string, a, b goja.Value, at int) {
	if operator != "===" && operator != "==" && operator != "!==" && operator != "!=" {
		return
	}
	for _, pair := range [][2]goja.Value{{a, b}, {b, a}} {
		if prefix, ok := w.subject(pair[0]); ok {
			w.literal(prefix, pair[1], at)
		}
	}
}

func (w *watch) literal(prefix string, v goja.Value, at int) {
	text, ok := v.(goja.String)
	if !ok || text.String() == "" || text.String() == "*" || w.m.isMarked(v) {
		return
	}
	p, found := w.m.place(fmt.Sprintf("s%d", at))
	x := Mention{Kind: "literal", Text: prefix + text.String()}
	if found {
		x.Place = &p
	}
	w.m.mention(x)
}

// tests are the methods of a text that test it, and the kind of mention each makes.
var tests = map[string]string{"includes": "contains", "indexOf": "contains", "lastIndexOf": "contains", "search": "contains", "startsWith": "prefix", "endsWith": "suffix", "match": "pattern", "pattern": "pattern"}

// tested notes a test of a text by a method: what it is tested for is a text or a regular expression.
func (w *watch) tested(method string, subject, by goja.Value) {
	kind := tests[method]
	prefix, ok := w.subject(subject)
	if !ok || kind == "" || w.m.isUnknown(by) {
		return
	}
	x := Mention{Kind: kind}
	if o, isObject := by.(*goja.Object); isObject && o.ClassName() == "RegExp" {
		x.Kind, x.Text, x.Fold = "pattern", o.Get("source").String(), strings.Contains(o.Get("flags").String(), "i")
	} else if text, isText := by.(goja.String); isText {
		x.Text = text.String()
		if kind == "prefix" || kind == "pattern" {
			x.Text = prefix + x.Text
		}
	}
	if x.Text == "" || x.Text == "https://" {
		return
	}
	if id, called := w.calling(method); called {
		if p, found := w.m.place(fmt.Sprintf("s%d.0", id)); found {
			x.Place = &p
		}
	}
	w.m.mention(x)
}

// calls are the methods by which a program makes a test, other than the test's own name.
var calls = map[string][]string{"pattern": {"test", "exec", "match", "matchAll", "search"}, "list": {"includes", "indexOf", "lastIndexOf", "has"}}

// calling returns the call that makes a test. A model of a package tests without one, and the last call is another then.
func (w *watch) calling(method string) (site int, called bool) {
	name := w.m.siteOf(w.m.site).Name
	return w.m.site, name != "" && (name == method || slices.Contains(calls[method], name))
}

// listed notes a search for the origin in a list. An asterisk in one is no origin, and stands for none.
func (w *watch) listed(subject goja.Value, list *goja.Object) {
	prefix, ok := w.subject(subject)
	if !ok {
		return
	}
	id, tagged := w.m.tags[list]
	for i := range min(list.Get("length").ToInteger(), 200) {
		v := list.Get(fmt.Sprint(i))
		text, isText := v.(goja.String)
		if !isText || text.String() == "" || text.String() == "*" && prefix != "" || w.m.isMarked(v) {
			continue
		}
		x := Mention{Kind: "literal", Text: prefix + text.String()}
		place := ""
		if site, called := w.calling("list"); tagged {
			place = fmt.Sprintf("l%d.%d", id, i)
		} else if called {
			place = fmt.Sprintf("s%d", site)
		}
		if p, found := w.m.place(place); found {
			x.Place = &p
		}
		w.m.mention(x)
	}
}
