// Package contract says what pages must be able to do: the requests that somebody states to be made, whoever states them, an
// API description, client code or a contract written by hand. It imports only internal/source.
package contract

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// Need is a request that a page must be able to make, with the place that states it.
type Need struct {
	Kind   Kind
	Method string
	// Path is the request's path as its source writes it, "/items/{id}", and Example one that can be asked. Both go on
	// where a server's path ends.
	Path, Example string
	Servers       []Server // where it is sent to; none: nobody says
	Origin        string   // of the page; "": nobody says
	// Headers are the request headers that every such request carries, Optional those that only some do.
	Headers, Optional []Header
	// Auth are the ways to prove who is asking, of which one is enough; none: nobody asks.
	Auth []Auth
	// Misplaced are headers of a call that only answers have: Access-Control-Allow-Origin and the like.
	Misplaced []Header
	// Credentials says of a call whether cookies are sent across origins.
	Credentials Credentials
	// Reads are the response headers that a page is to read.
	Reads []Header
	// Cell is set where the project's contract declares the need: whose it is.
	Cell *Cell
	// Open: it can carry more headers than are known here.
	Open bool
	// Proxied is the rule of a development server that forwards the call where its address is relative.
	Proxied *Proxy
	Span    source.Span // what states the need: a small place
}

// Header is a header of a request or of a response. A response header has no value.
type Header struct {
	Name, Value string
	Span        source.Span
}

// Auth is a way to prove who is asking. The zero Auth is to ask without.
type Auth struct {
	Headers []Header
	// Cookies: the browser sends what it keeps for the server.
	Cookies bool
	Span    source.Span
}

// Server is where requests are sent to.
type Server struct {
	// Scheme and Host are "" where the URL is relative, or where nobody knows.
	Scheme, Host string
	Port         int    // that of the scheme unless the URL has one
	Path         string // without a slash at its end
	Span         source.Span
}

// ParseServer reads the URL of a server. A host with a placeholder in it is one that nobody knows; it reports false for what
// is no URL of HTTP.
func ParseServer(raw string, at source.Span) (Server, bool) {
	s := Server{Span: at}
	rest := strings.TrimSpace(raw)
	scheme, after, absolute := strings.Cut(rest, "://")
	if !absolute {
		after, absolute = strings.CutPrefix(rest, "//")
		scheme = ""
	}
	if !absolute {
		if rest != "" && rest[0] != '/' { // relative to the document, which lies who knows where
			rest = "/" + strings.TrimPrefix(rest, "./")
		}
		s.Path = trimPath(rest)
		return s, true
	}
	host, path, _ := strings.Cut(after, "/")
	s.Path = trimPath("/" + path)
	if !strings.ContainsAny(scheme, "{}$<>") {
		s.Scheme = strings.ToLower(scheme)
	}
	if s.Scheme != "" && s.Scheme != "http" && s.Scheme != "https" {
		return Server{}, false
	}
	if strings.ContainsAny(host, "{}$<>*") {
		return s, true
	}
	u, err := url.Parse("http://" + host)
	if err != nil || u.Hostname() == "" {
		return Server{}, false
	}
	s.Host, s.Port = strings.ToLower(u.Hostname()), 80
	if s.Scheme == "https" {
		s.Port = 443
	}
	if port := u.Port(); port != "" {
		if _, err := fmt.Sscan(port, &s.Port); err != nil || s.Port > 0xFFFF {
			return Server{}, false
		}
	}
	return s, true
}

// trimPath drops the slashes at the end, and what is no path.
func trimPath(path string) string {
	path, _, _ = strings.Cut(path, "#")
	path, _, _ = strings.Cut(path, "?")
	return strings.TrimRight(path, "/")
}

// Public reports whether a browser of a visitor can reach the server: it has a name that means something everywhere.
func (s Server) Public() bool {
	name := strings.TrimSuffix(s.Host, ".")
	if !strings.Contains(name, ".") || strings.Trim(name, "0123456789.") == "" || strings.Contains(name, ":") {
		return false // a name of one network, or an address
	}
	for _, suffix := range [...]string{".local", ".localhost", ".internal", ".lan", ".home", ".corp", ".svc"} {
		if strings.HasSuffix(name, suffix) {
			return false
		}
	}
	return true
}

// Loopback reports whether the server is the machine that asks.
func (s Server) Loopback() bool {
	return s.Host == "localhost" || s.Host == "::1" || s.Host == "0.0.0.0" || strings.HasPrefix(s.Host, "127.") || strings.HasSuffix(s.Host, ".localhost")
}

// Authority is the server's host, with the port where it is not the scheme's own.
func (s Server) Authority() string {
	host := s.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if s.Scheme == "https" && s.Port == 443 || s.Scheme != "https" && s.Port == 80 {
		return host
	}
	return fmt.Sprintf("%s:%d", host, s.Port)
}

// RequestHeaders returns all headers that such a request can carry.
func (n *Need) RequestHeaders() []Header {
	out := slices.Concat(n.Headers, n.Optional)
	for _, way := range n.Auth {
		out = append(out, way.Headers...)
	}
	return out
}

// Cookies returns the place that says that the browser is to send its cookies, zero when none does.
func (n *Need) Cookies() source.Span {
	for _, way := range n.Auth {
		if way.Cookies {
			return way.Span
		}
	}
	return source.Span{}
}

// Key tells a need of the contract from the others: "web → orders, production: PUT /items/{id}"; "" for those that it does not
// declare.
func (n *Need) Key() string {
	if n.Cell == nil {
		return ""
	}
	return n.Cell.String() + ": " + n.String()
}

// String names the need for people: "PUT /items/{id}".
func (n *Need) String() string { return n.Method + " " + n.Path }
