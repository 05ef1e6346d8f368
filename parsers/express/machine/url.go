package machine

import (
	"net/url"
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/idna"
)

// defaultPorts are those that a URL leaves out.
var defaultPorts = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}

// parseURL parses an absolute URL, or a relative one with a base, into the properties of a JavaScript URL; undefined when it
// is none. https://url.spec.whatwg.org/ as far as origins and paths of programs need it.
func (m *Machine) parseURL(text string, base goja.Value) goja.Value {
	u, err := url.Parse(strings.ReplaceAll(strings.Trim(text, " \t\r\n"), "\\", "/"))
	if err == nil && base != nil && !goja.IsUndefined(base) {
		var from *url.URL
		if from, err = url.Parse(base.String()); err == nil && from.IsAbs() {
			u = from.ResolveReference(u)
		}
	}
	if err != nil || !u.IsAbs() {
		return goja.Undefined()
	}
	scheme, host := strings.ToLower(u.Scheme), u.Hostname()
	_, special := defaultPorts[scheme]
	if special {
		if host == "" {
			return goja.Undefined()
		}
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil && !strings.Contains(host, ":") && !strings.ContainsAny(host, "_"+markStart) {
			return goja.Undefined()
		}
		if err == nil {
			host = ascii
		}
		host = strings.ToLower(host)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if port == defaultPorts[scheme] {
		port = ""
	}
	authority := host
	if port != "" {
		authority += ":" + port
	}
	path := u.EscapedPath()
	if special && path == "" {
		path = "/"
	}
	search, hash, origin := "", "", "null"
	if u.RawQuery != "" {
		search = "?" + u.RawQuery
	}
	if u.EscapedFragment() != "" {
		hash = "#" + u.EscapedFragment()
	}
	if special {
		origin = scheme + "://" + authority
	}
	user := ""
	if u.User != nil {
		user = u.User.String() + "@"
	}
	slashes := ""
	if special || u.Host != "" {
		slashes = "//"
	}
	if u.Opaque != "" {
		path = u.Opaque
	}
	out := m.rt.NewObject()
	for key, value := range map[string]string{"protocol": scheme + ":", "host": authority, "hostname": host, "port": port, "pathname": path, "search": search, "hash": hash, "origin": origin,
		"username": u.User.Username(), "password": "", "href": scheme + ":" + slashes + user + authority + path + search + hash} {
		_ = out.Set(key, value)
	}
	return out
}
