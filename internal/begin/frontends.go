package begin

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/source"
)

// This file finds the pages: by the origins that layers let in, and by the servers that show them to who develops them.

// developmentServer is what serves a frontend on the machine of who develops it.
type developmentServer struct {
	folder, name string
	port         int
	why          string
}

// frameworks are the packages that make a folder one of a frontend, with the port of their development servers.
var frameworks = [...]struct {
	name string
	port int
}{
	{"@angular/core", 4200}, {"react-scripts", 3000}, {"next", 3000}, {"nuxt", 3000}, {"@vue/cli-service", 8080}, {"gatsby", 8000}, {"astro", 4321},
	{"parcel", 1234}, {"webpack-dev-server", 8080}, {"vite", 5173},
}

// settings are the files in which the port of a development server is set.
var settings = []string{"vite.config.js", "vite.config.ts", "vite.config.mjs", "vite.config.mts", "angular.json", "webpack.config.js", "vue.config.js", "nuxt.config.ts", "astro.config.mjs"}

var (
	portSetting = regexp.MustCompile(`["']?\bport["']?\s*:\s*(\d{2,5})\b`)
	portOption  = regexp.MustCompile(`(?:--port[= ]|-p |\bPORT=)(\d{2,5})\b`)
)

// developmentServers returns the development servers of the project's frontends, in the order of their folders.
func (d *draft) developmentServers() []developmentServer {
	var out []developmentServer
	for _, name := range d.Files.Paths(d.Dir) {
		if path.Base(name) != "package.json" {
			continue
		}
		f, err := d.Files.Open(name)
		if err != nil {
			continue
		}
		var manifest struct {
			Scripts                       map[string]string
			Dependencies, DevDependencies map[string]any
		}
		if json.Unmarshal(f.Data, &manifest) != nil {
			continue
		}
		for _, known := range frameworks {
			_, used := manifest.Dependencies[known.name]
			_, developed := manifest.DevDependencies[known.name]
			if !used && !developed {
				continue
			}
			s := developmentServer{folder: path.Dir(name), port: known.port, why: d.relative(name) + " uses " + known.name}
			s.name = frontendName(path.Base(s.folder))
			if s.folder == "." || s.folder == d.Dir {
				s.name = "web"
			}
			d.port(&s, manifest.Scripts)
			out = append(out, s)
			break
		}
	}
	return out
}

// port takes the port that scripts or settings give a development server.
func (d *draft) port(s *developmentServer, scripts map[string]string) {
	for _, script := range [...]string{"dev", "start", "serve"} {
		if m := portOption.FindStringSubmatch(scripts[script]); m != nil {
			s.port, _ = strconv.Atoi(m[1])
			s.why = d.relative(path.Join(s.folder, "package.json"))
			return
		}
	}
	for _, name := range settings {
		f, err := d.Files.Open(path.Join(s.folder, name))
		if err != nil {
			continue
		}
		if m := portSetting.FindSubmatchIndex(f.Data); m != nil {
			s.port, _ = strconv.Atoi(string(f.Data[m[2]:m[3]]))
			s.why = d.at(source.Span{File: f, Start: m[2], End: m[3]})
			return
		}
	}
}

// pages are the names of what most people call the frontend.
var pages = []string{"app", "www", "web", "frontend", "client", "ui", "site", "webapp", "spa", "public", "allowed", "cors", "portal-web"}

// frontendName returns the name of a frontend that something is called after.
func frontendName(text string) string {
	text = strings.ToLower(text)
	if text == "" || slices.Contains(pages, text) {
		return "web"
	}
	return named(text)
}

// notNames are the words of variables that say what they hold, and not whose.
var notNames = []string{"origin", "origins", "url", "urls", "host", "allowed", "allow", "cors", "base", "domain", "http", "https", "public", "uri", "list", "whitelist", "allowlist"}

var assigned = regexp.MustCompile(`^\s*(?:export\s+|-\s+)?["']?([A-Za-z][A-Za-z0-9_]*)["']?\s*[=:]`)

// variable returns the words of the variable that a place is the value of, in a file of variables.
func variable(s source.Span) string {
	if !strings.HasPrefix(path.Base(s.Path()), ".env") {
		return ""
	}
	line := s.File.Data[:s.Start]
	line = line[strings.LastIndexByte(string(line), '\n')+1:]
	m := assigned.FindSubmatch(line)
	if m == nil {
		return ""
	}
	words := strings.Split(strings.ToLower(string(m[1])), "_")
	words = slices.DeleteFunc(words, func(w string) bool { return slices.Contains(notNames, w) })
	return strings.Join(words, "-")
}

// origins takes the frontends whose origins layers let in, and those that have a development server.
func (d *draft) origins() {
	type let struct {
		meaning probe.Meaning
		at      source.Span
	}
	var all []let
	for _, s := range d.Surveys {
		for _, m := range s.Meanings {
			if m.Of.ShutsOut || m.Of.Kind == policy.MentionReflected || m.Of.Span.IsZero() || m.Of.Kind == policy.MentionLiteral && probe.IsGlob(m.Of.Text) {
				continue
			}
			if !slices.ContainsFunc(all, func(l let) bool { return l.meaning.Origin == m.Origin && l.at == m.Of.Span }) {
				all = append(all, let{m, m.Of.Span})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b let) int { return source.Compare(a.at, b.at) })
	for _, l := range all {
		u, err := url.Parse(l.meaning.Origin)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		d.let(u, variable(l.at), fact{l.meaning.Origin, d.because(l.meaning, l.at)})
	}
	for _, s := range d.servers {
		origin := fmt.Sprintf("http://localhost:%d", s.port)
		f := d.frontend(s.name, "")
		if f == nil {
			continue
		}
		f.folder = s.folder
		f.add(d.in(0, s.why), fact{origin, s.why})
	}
}

// because says what shows that an origin is let in.
func (d *draft) because(m probe.Meaning, at source.Span) string {
	why := d.at(at)
	switch {
	case m.Of.Kind != policy.MentionLiteral:
		why += ", one that the test there lets in"
	case m.Text != m.Origin:
		why += ", where it is written " + m.Text
	}
	return why
}

// let takes an origin that is let in.
func (d *draft) let(u *url.URL, variable string, f fact) {
	host := u.Hostname()
	name, site := variable, siteOf(host)
	if name == "" || slices.Contains(pages, name) {
		name = "web"
		label, _, dotted := strings.Cut(host, ".")
		for _, s := range d.servers {
			if !dotted && u.Port() == strconv.Itoa(s.port) {
				name = s.name
			}
		}
		if dotted && site != host && variable == "" && stageOf(label) < 0 {
			name = frontendName(label)
		}
	}
	front := d.frontend(frontendName(name), site)
	if front == nil {
		return
	}
	front.add(d.of(host, f.why), f)
}

// siteOf is the domain that somebody bought, as far as one can tell without a list: the last two labels; "" for machines.
func siteOf(host string) string {
	labels := strings.Split(host, ".")
	if len(labels) < 2 || strings.Trim(host, "0123456789.") == "" {
		return ""
	}
	return strings.Join(labels[len(labels)-2:], ".")
}

// frontend returns the frontend of a name, which there is from then on; nil where there are too many. The same name on another
// site is another frontend's.
func (d *draft) frontend(name, site string) *frontend {
	for _, f := range d.frontends {
		if f.name == name && (f.site == site || f.site == "" || site == "") {
			if f.site == "" {
				f.site = site
			}
			return f
		}
	}
	if slices.ContainsFunc(d.frontends, func(f *frontend) bool { return f.name == name }) {
		label, _, _ := strings.Cut(site, ".")
		if other := named(name + "-" + label); other != name {
			return d.frontend(other, site)
		}
	}
	if len(d.frontends) == maxFrontends || !isName.MatchString(name) {
		return nil
	}
	f := &frontend{name: name, site: site, origins: map[string][]fact{}}
	d.frontends = append(d.frontends, f)
	return f
}

// add takes an origin of the frontend in an environment.
func (f *frontend) add(environment string, origin fact) {
	list := f.origins[environment]
	if len(list) == maxOrigins || slices.ContainsFunc(list, func(o fact) bool { return o.text == origin.text }) {
		return
	}
	f.origins[environment] = append(list, origin)
}
