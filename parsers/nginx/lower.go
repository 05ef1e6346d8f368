package nginx

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

// maxServers bounds the servers of one configuration. Hosting providers have some thousands.
const maxServers = 5000

// lowering makes the layers of one configuration.
type lowering struct {
	version Version
	files   parsers.Files
	host    *policy.Host
	defined *variables
}

// tree lowers a configuration, or a fragment in the context that it was recognised to belong in.
func (l *lowering) tree(found conf.Recognition) {
	l.defined = &variables{maps: map[string]*conf.Directive{}, settable: map[string]bool{}}
	l.defined.define(found.File.Body)
	body := found.File.Body
	switch found.Context {
	case conf.Main:
		main := newLevel(nil, nil, body)
		for _, d := range main.own["http"] {
			l.http(newLevel(main, d, d.Body))
		}
	case conf.HTTP:
		// A file of servers is complete by convention: nginx.conf as distributed includes it and sets no headers.
		l.http(newLevel(nil, nil, body))
	case conf.Server:
		l.fragment(found, body)
	case conf.Location, conf.LocationIf, conf.LimitExcept:
		l.fragment(found, []*conf.Directive{asLocation(found.File)})
	default: // a body of keys, or of a server that does not speak HTTP
	}
}

// fragment lowers directives of a server that stand alone in a file: a server is put around them, of which nothing else
// is known.
func (l *lowering) fragment(found conf.Recognition, body []*conf.Directive) {
	around := newLevel(nil, nil, nil)
	around.fragment = true
	server := newLevel(around, nil, body)
	layer := &policy.Layer{Name: found.File.Path, Span: found.File.Span, Fragment: true, Listeners: []policy.Listener{{Scheme: "http"}}}
	layer.Span.End = layer.Span.Start
	l.server(server, layer, server)
}

// asLocation puts a location around the directives of a file.
func asLocation(f *conf.File) *conf.Directive {
	d := &conf.Directive{Span: f.Span, HasBlock: true, Body: f.Body, Args: []conf.Word{{Value: "/"}}}
	d.Name = "location"
	d.Head = source.Span{File: f.Span.File, Start: f.Span.Start, End: f.Span.Start}
	d.Args[0].Span = d.Head
	return d
}

func (l *lowering) http(http *level) {
	defaults := defaultServers{}
	for i, d := range http.own["server"] {
		if i == maxServers {
			l.host.Gaps = append(l.host.Gaps, policy.Gap{Span: d.Head, Why: fmt.Sprintf("more than %d servers: this one and what follows was not looked at", maxServers)})
			return
		}
		server := newLevel(http, d, d.Body)
		defaults.add(server)
		layer := &policy.Layer{Name: serverName(server), Span: d.Head, Listeners: listeners(server)}
		l.server(server, layer, defaults.of(server))
	}
}

// defaultServers are the first servers of each port. A server that is marked as the default and comes later is not looked
// for: what is asked of them hardly ever differs.
type defaultServers map[string]*level

func (d defaultServers) add(server *level) {
	if port := portOf(server); d[port] == nil {
		d[port] = server
	}
}

func (d defaultServers) of(server *level) *level { return d[portOf(server)] }

func portOf(server *level) string {
	for _, listen := range server.own["listen"] {
		if len(listen.Args) > 0 {
			return strconv.Itoa(listenPort(listen.Args[0]))
		}
	}
	return "80"
}

// server lowers a server. first is the default server of its port: nginx reads the path before it knows the host, as that
// server says. https://nginx.org/en/docs/http/ngx_http_core_module.html#merge_slashes
func (l *lowering) server(level *level, layer *policy.Layer, first *level) {
	program := &policy.Program{Exists: l.exists, Paths: policy.PathRules{Decode: true, MergeSlashes: first.argument("merge_slashes", "on") != "off"}}
	vars := &variables{program: program, index: map[string]int{}, maps: l.defined.maps, settable: l.defined.settable, constants: map[string]string{},
		joinHeaders: l.version.joinsHeaders(), serverName: firstServerName(level)}
	s := newServer(level, first, vars, program, layer, l.version)
	vars.gap = s.gap
	s.lower()
	s.describe()
	s.mentionMaps()
	layer.Gaps = unique(layer.Gaps)
	layer.Answerer = program
	l.host.Layers = append(l.host.Layers, layer)
}

// exists looks a file or directory up on the disk, when the project holds the document root.
func (l *lowering) exists(kind policy.UnknownKind, path string) (exists, known bool) {
	disk, ok := l.files.(parsers.Disk)
	if !ok || !strings.HasPrefix(path, "/") {
		return false, false
	}
	file, directory, known := disk.Exists(path)
	if kind == policy.UnknownDirectory {
		return directory, known
	}
	return file && !strings.HasSuffix(path, "/"), known
}

// unique drops repeated gaps: a level that several ifs inherit from is lowered several times.
func unique(gaps []policy.Gap) []policy.Gap {
	seen := map[policy.Gap]bool{}
	var out []policy.Gap
	for _, g := range gaps {
		if !seen[g] {
			seen[g] = true
			out = append(out, g)
		}
	}
	return out
}

// serverName names a server for people: its first name, else where it listens.
func serverName(l *level) string {
	if name := firstServerName(l); name != "" {
		return name
	}
	for _, d := range l.own["listen"] {
		if len(d.Args) > 0 {
			return d.Args[0].Value
		}
	}
	return "port 80"
}

func firstServerName(l *level) string {
	for _, d := range l.own["server_name"] {
		for _, w := range d.Args {
			if w.Value != "_" && w.Value != "" && w.Known() {
				return strings.ToLower(strings.TrimPrefix(w.Value, "."))
			}
		}
	}
	return ""
}

// listeners reads where a server listens, for all its names.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
func listeners(l *level) []policy.Listener {
	hosts := hostPatterns(l)
	var out []policy.Listener
	for _, d := range l.own["listen"] {
		if len(d.Args) == 0 {
			continue
		}
		listener := policy.Listener{Scheme: "http", Port: listenPort(d.Args[0]), Address: listenAddress(d.Args[0]), Hosts: hosts, Span: d.Head}
		for _, w := range d.Args[1:] {
			switch w.Value {
			case "ssl", "quic":
				listener.Scheme = "https"
			case "default_server", "default":
				listener.Default = true
			}
		}
		out = append(out, listener)
	}
	if l.is("ssl") {
		for i := range out {
			out[i].Scheme = "https"
		}
	}
	if len(out) == 0 {
		out = append(out, policy.Listener{Scheme: "http", Port: 80, Hosts: hosts})
	}
	return out
}

// listenPort returns the port of "8080", "*:8080", "127.0.0.1:8080", "[::]:8080" and "host"; 0 where nobody can know it.
func listenPort(w conf.Word) int {
	text := w.Value
	if !w.Known() || strings.HasPrefix(text, "unix:") {
		return 0
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if _, port, err := net.SplitHostPort(text); err == nil {
		return atoi(port, 0)
	}
	return 80
}

// listenAddress returns the address of "127.0.0.1:8080", "[::1]" and "localhost:8080"; "" where it is all addresses, or none that
// can be known.
func listenAddress(w conf.Word) string {
	text := w.Value
	if !w.Known() || strings.HasPrefix(text, "unix:") {
		return ""
	}
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	text = strings.Trim(text, "[]")
	if _, err := strconv.Atoi(text); err == nil || text == "*" {
		return ""
	}
	if ip := net.ParseIP(text); ip != nil && ip.IsUnspecified() {
		return ""
	}
	return text
}

// hostPatterns reads server_name.
// https://nginx.org/en/docs/http/server_names.html
func hostPatterns(l *level) []policy.HostPattern {
	var out []policy.HostPattern
	for _, d := range l.own["server_name"] {
		for _, w := range d.Args {
			out = append(out, hostPattern(w)...)
		}
	}
	return out
}

func hostPattern(w conf.Word) []policy.HostPattern {
	text := strings.ToLower(w.Value)
	switch {
	case !w.Known() || text == "" || text == "_":
		return nil
	case strings.HasPrefix(text, "~"):
		p, err := policy.CompilePattern(w.Value[1:], policy.PCRE, true) // names compare without case
		if err != nil {
			return nil
		}
		return []policy.HostPattern{{Kind: policy.HostRegexp, Text: w.Value, Pattern: p}}
	case strings.HasPrefix(text, "."):
		return []policy.HostPattern{{Kind: policy.HostExact, Text: text[1:]}, {Kind: policy.HostSuffix, Text: text}}
	case strings.HasPrefix(text, "*."):
		return []policy.HostPattern{{Kind: policy.HostSuffix, Text: text[1:]}}
	case strings.HasSuffix(text, ".*"):
		return []policy.HostPattern{{Kind: policy.HostPrefix, Text: text[:len(text)-1]}}
	}
	return []policy.HostPattern{{Kind: policy.HostExact, Text: text}}
}
