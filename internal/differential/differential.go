// Package differential is what the tests share that hold predictions against real servers: a request, its answer as it is
// compared, and a count of what agrees. Only tests import it.
package differential

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
)

// Missing ends a test for which something is not installed: it is skipped, and fails where CORSLINT_REQUIRE_SERVERS is set,
// as in CI.
func Missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CORSLINT_REQUIRE_SERVERS") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Request is a request as it goes over the wire.
type Request struct {
	Method  string
	Host    string // of the Host header, with the port
	Path    string // with the query
	Headers [][2]string
}

// String shows the request on one line.
func (r Request) String() string {
	out := r.Method + " " + r.Path
	for _, h := range r.Headers {
		out += " | " + h[0] + ": " + h[1]
	}
	return out
}

// Fields returns the headers as a chain takes them.
func (r Request) Fields() []browser.Header {
	var out []browser.Header
	for _, h := range r.Headers {
		out = append(out, browser.Header{Name: h[0], Value: h[1]})
	}
	return out
}

// Compared lists the response headers that are compared, in lower case, besides Access-Control-*.
type Compared []string

func (c Compared) has(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "access-control-") || slices.Contains(c, name)
}

// Closed is the answer of a server that closes the connection without one.
const Closed = "closed"

// Shown writes down what is compared: the status and the headers that matter, in wire order.
func (c Compared) Shown(o *policy.Outcome) string {
	if o.Status == 0 && o.Open == nil {
		return Closed
	}
	out := fmt.Sprint(o.Status)
	for _, h := range o.Headers {
		if c.has(h.Name) {
			out += line(h.Name, h.Value.String())
		}
	}
	return out
}

const separator = " | "

func line(name, value string) string {
	return separator + strings.ToLower(name) + ": " + strings.TrimSpace(value)
}

// Holds reports whether an answer is among the predicted ones. An open outcome never counts.
func (c Compared) Holds(got string, outcomes []policy.Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o policy.Outcome) bool { return o.Open == nil && c.Shown(&o) == got })
}
