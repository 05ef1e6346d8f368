package contract

import "github.com/corslint/corslint/internal/source"

// Kind says who states a need.
type Kind uint8

// The kinds of need.
const (
	Described Kind = iota // a description of an API says that it can be asked so
	Called                // client code asks so
)

// Credentials says whether a call has cookies sent along.
type Credentials uint8

// What is known of a call's credentials.
const (
	Unstated Credentials = iota // nobody says
	Withheld
	Sent
)

// Proxy is a rule of a development server, or of a framework's own server, that forwards requests: the browser sees one origin
// then, and asks nobody for permission.
type Proxy struct {
	Prefix string // of the path, "/api"
	Target Server // where it is forwarded to; without a host where nobody knows
	// Strip is what is taken from the front of the path before it is forwarded.
	Strip string
	// Deployed: the rule holds where the page is deployed, too, and hides nothing.
	Deployed bool
	Span     source.Span
}

// Statement says what the place of the need does: "declares PUT /items/{id}".
func (n *Need) Statement() string {
	if n.Kind == Called {
		return "calls " + n.String()
	}
	return "declares " + n.String()
}

// HeaderStatement says the same of a request header.
func (n *Need) HeaderStatement(name string) string {
	if n.Kind == Called {
		return "sends " + name + " with " + n.String()
	}
	return "declares " + name + " for " + n.String()
}

// CookieStatement says the same of cookies.
func (n *Need) CookieStatement() string { return n.HeaderStatement("cookies") }

// ReadStatement says the same of a response header.
func (n *Need) ReadStatement(name string) string {
	switch {
	case n.Kind == Called:
		return "reads " + name + " of " + n.String()
	case n.Cell != nil:
		return "declares " + name + " for " + n.String()
	}
	return "documents " + name + " for " + n.String()
}

// Relative reports whether the need goes to the page's own origin, where it goes nowhere else.
func (n *Need) Relative() bool {
	for _, s := range n.Servers {
		if s.Host != "" {
			return false
		}
	}
	return len(n.Servers) > 0
}

// Elsewhere returns a server of a call that is another one than the page's own origin and no machine of a developer's: where
// the page is deployed, it asks that one.
func (n *Need) Elsewhere() (Server, bool) {
	for _, s := range n.Servers {
		if s.Host != "" && !s.Loopback() {
			return s, true
		}
	}
	return Server{}, false
}
