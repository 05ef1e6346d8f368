package fix_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/fix"
	"github.com/corslint/corslint/internal/source"
)

// This file holds repaired files against the servers that run them.

// fixed is a repaired configuration and what was asked of it afterwards.
type fixed struct {
	before    int // findings
	after     []*source.File
	result    *fix.Result
	exchanges []*exchange.Exchange
	witness   map[string]bool // the fetches that repaired findings proved, and that fail for nothing else
}

func repairAll(t *testing.T, unsafe bool, files ...*source.File) *fixed {
	t.Helper()
	f := fixer(before, unsafe, files...)
	was := findings(t, f, files)
	x := &fixed{before: len(was), result: f.Fix(t.Context()), witness: map[string]bool{}}
	x.after = changed(files, x.result)
	is := f.Run(t.Context(), engine.Options{Files: f.Over(x.result), Surveyed: func(s engine.Surveyed) {
		for _, e := range s.Survey.Endpoints {
			for _, w := range slices.Concat(e.Wanted, e.Strangers) {
				x.exchanges = append(x.exchanges, &w.Exchange)
			}
		}
	}}).All
	for _, r := range x.result.Repaired {
		for _, w := range r.Witness {
			x.witness[w.Fetch] = r.Category == finding.Blocked || r.Category == finding.Consistency
		}
	}
	for _, y := range is {
		if y.Category != finding.Caching && y.Category != finding.Hygiene { // what fails for another reason, too
			x.witness = nil
		}
	}
	noneAppears(t, unsafe, was, is, x.result)
	if again := fixer(before, unsafe, x.after...).Fix(t.Context()); len(again.Changes) > 0 {
		t.Errorf("a second run changes %s", patch(t, again))
	}
	for _, c := range x.result.Changes {
		crlf := bytes.Count(c.Before.Data, []byte("\n")) == bytes.Count(c.Before.Data, []byte("\r\n"))
		if crlf && bytes.Count(c.After.Data, []byte("\n")) != bytes.Count(c.After.Data, []byte("\r\n")) || !crlf && bytes.Contains(c.After.Data, []byte("\r")) {
			t.Errorf("the line ends are not kept: %q", c.After.Data)
		}
	}
	return x
}

// tally counts exchanges with real servers.
type tally struct{ asked, equal, witnesses, well int }

func (n tally) String() string {
	return fmt.Sprintf("%d of %d exchanges as predicted; %d of %d witnesses are let in", n.equal, n.asked, n.well, n.witnesses)
}

// hold asks a server that runs repaired files what was asked of the prediction.
func (n *tally) hold(t *testing.T, x *fixed, port int) {
	t.Helper()
	for _, e := range x.exchanges {
		if e.Verdict() == browser.Unknown || !askable(e) {
			continue
		}
		n.asked++
		real := browse(port, e.Fetch).Verdict
		if real == e.Verdict() {
			n.equal++
		} else {
			t.Errorf("%s: predicted %s, the real server: %s\n%s", e.Fetch.Key(), e.Verdict(), real, patch(t, x.result))
		}
		if x.witness[e.Fetch.Key()] && !supposes(e) {
			n.witnesses++
			if real == browser.Allowed {
				n.well++
			} else {
				t.Errorf("%s is repaired and still refused\n%s", e.Fetch.Key(), patch(t, x.result))
			}
		}
	}
}

// supposes reports whether an exchange fails because the upstream is taken to send no CORS headers, of which nobody knows.
func supposes(e *exchange.Exchange) bool {
	return e.Verdict() == browser.Blocked && slices.ContainsFunc(e.Outcomes, func(o exchange.Outcome) bool {
		return slices.ContainsFunc(o.Assuming, func(a policy.Assumption) bool { return a.Kind == policy.UnknownSilent })
	})
}

// askable reports whether the real servers can be brought into the circumstance of an exchange.
func askable(e *exchange.Exchange) bool {
	return !slices.ContainsFunc(e.Fetch.Circumstances, func(c policy.Circumstance) bool {
		return c.Kind != policy.UpstreamStatus && c.Kind != policy.UpstreamDown
	})
}

// browse does what a browser does with a fetch, against the real server.
func browse(port int, f exchange.Fetch) browser.Result {
	status := ""
	for _, c := range f.Circumstances {
		switch c.Kind { //nolint:exhaustive // the server meets no others
		case policy.UpstreamStatus:
			status = strconv.Itoa(c.Status)
		case policy.UpstreamDown:
			status = "down"
		}
	}
	request := browser.Request{PageOrigin: f.Origin, PageURL: f.PageURL, URL: f.URL, Method: f.Method, Headers: f.Headers, Credentials: f.Credentials,
		Mode: f.Mode, Redirect: f.Redirect, HasBody: f.HasBody, Initiator: f.Initiator}
	return browser.Fetch(browser.Chromium, request, func(o browser.Outgoing) browser.Response {
		r, err := ask(port, o, status)
		if err != nil {
			return browser.Response{}
		}
		return r
	})
}

// ask sends a request as it is. The status is the one that the upstream is to answer with.
func ask(port int, o browser.Outgoing, status string) (browser.Response, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return browser.Response{}, err
	}
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 5*time.Second)
	if err != nil {
		return browser.Response{}, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: 0\r\n", o.Method, u.RequestURI(), u.Hostname())
	for _, h := range o.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
	}
	if status != "" && !o.Preflight {
		fmt.Fprintf(&b, "X-Answer-With: %s\r\n", status)
	}
	if _, err := io.WriteString(c, b.String()+"\r\n"); err != nil {
		return browser.Response{}, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: o.Method})
	if err != nil {
		return browser.Response{}, err
	}
	defer answer.Body.Close()
	r := browser.Response{Status: answer.StatusCode}
	for name, values := range answer.Header {
		for _, value := range values {
			r.Headers = append(r.Headers, browser.Header{Name: name, Value: value})
		}
	}
	return r, nil
}
