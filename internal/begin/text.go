package begin

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// This file writes the contract down.

// writer writes lines with comments.
type writer struct{ strings.Builder }

// line writes a line at a depth, with why it is there.
func (w *writer) line(depth int, text, why string) {
	w.WriteString(strings.Repeat("  ", depth) + text)
	if why != "" {
		w.WriteString("  # " + oneLine(why))
	}
	w.WriteString("\n")
}

// oneLine keeps a text from ending the comment that it stands in.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, text)
}

var plain = regexp.MustCompile(`^[A-Za-z0-9./_~][A-Za-z0-9./_~@%+=-]*(:(//)?[A-Za-z0-9./_~@%+=-]+)*( /[A-Za-z0-9./_~{}@%+=-]*)?$`)

// noTexts are the words that YAML, in one version or another, reads as something else than a text.
var noTexts = []string{"null", "true", "yes", "no", "off", "on", "false", "nan", ".nan", ".inf", "y", "n"}

// scalar writes a text as YAML reads it back. What JSON quotes, YAML reads alike.
func scalar(text string) string {
	if plain.MatchString(text) && strings.ContainsAny(text, "/ghijklmnopqrs") && !slices.Contains(noTexts, strings.ToLower(text)) {
		return text
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(quoted)
}

const head = `# What corslint found of who asks whom. Everything here is a beginning: correct what is wrong, and add what is missing.
# Behind each value stands where it comes from. "corslint matrix" shows what browsers make of it.
`

// text is the whole file.
func (d *draft) text() string {
	w := &writer{}
	w.WriteString(head)
	d.drop()
	for _, a := range d.apis {
		d.spread(a)
	}
	if len(d.apis) == 0 || len(d.frontends) == 0 {
		d.nothing(w)
		return w.String()
	}
	w.line(0, "contract:", "")
	if d.several() {
		w.line(1, "environments:", "in the order in which they are shown")
		for _, e := range d.environments {
			w.line(2, e.name+":", e.why)
		}
	}
	w.line(1, "frontends:", "")
	for _, f := range d.frontends {
		d.writeFrontend(w, f)
	}
	w.line(1, "apis:", "")
	for _, a := range d.apis {
		d.writeAPI(w, a)
	}
	for _, f := range d.elsewhere {
		w.line(1, "# "+oneLine(f.text)+" is called too ("+oneLine(f.why)+"), and nothing here answers it: see corslint init --layer", "")
	}
	return w.String()
}

// spread lets an API without an address where anybody asks it have its only one in all of these environments.
func (d *draft) spread(a *api) {
	var asked []string
	for _, f := range d.frontends {
		for e := range f.origins {
			if len(a.urls[e]) > 0 {
				return
			}
			asked = append(asked, e)
		}
	}
	for _, e := range d.environments {
		if len(a.urls[e.name]) == 0 {
			continue
		}
		for _, other := range asked {
			a.urls[other] = []fact{{a.urls[e.name][0].text, "a guess: that of " + e.name}}
			a.chains[other] = a.chains[e.name]
		}
		return
	}
}

// drop leaves out what cannot be written, and environments in which nothing is.
func (d *draft) drop() {
	used := map[string]bool{}
	for _, f := range d.frontends {
		for e := range f.origins {
			used[e] = true
		}
	}
	for _, a := range d.apis {
		for e := range a.urls {
			used[e] = true
		}
	}
	kept := d.environments[:0]
	for _, e := range d.environments {
		if used[e.name] || e.why != "" && stageOf(e.name) < 0 {
			kept = append(kept, e)
		}
	}
	d.environments = kept
}

// several reports whether environments are told apart.
func (d *draft) several() bool { return len(d.environments) > 1 }

func (d *draft) nothing(w *writer) {
	what := "a frontend: no layer names an origin, and no package.json a development server"
	if len(d.apis) == 0 {
		what = "a layer that answers pages of other origins"
	}
	w.line(0, "# There is no contract yet, for want of "+what+".", "")
	for _, line := range strings.Split(`contract:
  environments: { development: , production: }
  frontends:
    web:
      origins: { development: "http://localhost:5173", production: "https://app.shop.example" }
      calls:
        orders: { operations: [GET /orders], credentials: include }
  apis:
    orders:
      urls: { development: "http://localhost:3000", production: "https://api.shop.example" }
      chain: [deploy/nginx, services/orders]`, "\n") {
		w.line(0, "# "+line, "")
	}
}

func (d *draft) writeFrontend(w *writer, f *frontend) {
	w.line(2, f.name+":", "")
	w.line(3, "origins:", "")
	depth := 4
	for _, e := range d.environments {
		list := f.origins[e.name]
		if len(list) == 0 {
			w.line(depth, "# "+e.name+": https://...", "nothing names one")
			continue
		}
		at := depth
		if d.several() {
			w.line(depth, e.name+":", "")
			at++
		}
		for _, o := range list {
			w.line(at, "- "+scalar(o.text), o.why)
		}
	}
	w.line(3, "calls:", "")
	for _, c := range f.calls {
		d.writeCall(w, c)
	}
}

func (d *draft) writeCall(w *writer, c *call) {
	w.line(4, c.api.name+":", "")
	if c.credentials != "" {
		w.line(5, "credentials: include", c.credentials)
	}
	list := func(key string, facts []fact) {
		if len(facts) == 0 {
			return
		}
		w.line(5, key+":", "")
		for _, f := range facts {
			w.line(6, "- "+scalar(f.text), f.why)
		}
	}
	switch {
	case c.api.openapi != nil:
		w.line(5, "# operations: all that the OpenAPI document lists; name those that are called, if not all are", "")
	case len(c.operations) == 0:
		list("operations", []fact{{"GET /", "a guess: nothing says what is asked"}})
	default:
		list("operations", c.operations)
	}
	list("request-headers", c.headers)
	list("reads", c.reads)
}

func (d *draft) writeAPI(w *writer, a *api) {
	w.line(2, a.name+":", "")
	if d.several() {
		w.line(3, "urls:", "")
	}
	for _, e := range d.environments {
		urls := a.urls[e.name]
		switch {
		case len(urls) == 0 && d.several():
			w.line(4, "# "+e.name+": https://...", "nothing names one")
		case len(urls) == 0:
		case d.several():
			w.line(4, e.name+": "+a.url(urls[0]), urls[0].why)
		default:
			w.line(3, "urls: "+a.url(urls[0]), urls[0].why)
		}
		for _, more := range urls[min(len(urls), 1):] {
			w.line(4, "# "+oneLine(more.text), more.why+" names this one, too")
		}
	}
	w.line(3, "chain:", "the browser's side first")
	for _, e := range d.environments {
		depth := 4
		if d.several() && len(a.chains[e.name]) > 0 {
			w.line(depth, e.name+":", "")
			depth++
		}
		for _, layer := range a.chains[e.name] {
			w.line(depth, "- "+scalar(layer.text), layer.why)
		}
	}
	if a.openapi != nil {
		w.line(3, "openapi: "+scalar(a.openapi.text), a.openapi.why)
	}
}

// url is an address of the API as it is written.
func (a *api) url(at fact) string { return scalar(strings.TrimSuffix(at.text, "/") + a.path) }
