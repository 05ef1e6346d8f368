package chaintest

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/internal/differential"
)

// origins are those of pages. All their hosts are this machine, where the batch's nginx serves the pages too.
var origins = []string{"https://a.example", "https://a.example", "https://a.example", "https://b.example", "https://app.a.example", "https://evil.test", "https://a.example.evil.test", "https://xa.example",
	"https://a.example:8443", "http://localhost:3000", "http://localhost:5173", "http://a.example", "http://127.0.0.1:8080"}

// pages is a server of pages for all origins, and for where applications redirect to.
func pages(l listeners) string {
	return fmt.Sprintf("server {\n  listen 127.0.0.1:%d;\n  listen 127.0.0.1:%d ssl;\n  server_name a.example b.example app.a.example evil.test a.example.evil.test xa.example login.example localhost 127.0.0.1;\n"+
		"  location / {\n    default_type text/html;\n    return 200 '<title>page</title>';\n  }\n}\n", l.plain, l.tls)
}

// resolver maps all hosts to the listeners, by their ports.
func resolver(l listeners) string {
	var rules []string
	for port, to := range map[int]int{80: l.plain, 3000: l.plain, 5173: l.plain, 8080: l.plain, l.plain: l.plain, 443: l.tls, 8443: l.tls, l.tls: l.tls} {
		rules = append(rules, fmt.Sprintf("MAP *:%d 127.0.0.1:%d", port, to))
	}
	slices.Sort(rules)
	return strings.Join(rules, ", ")
}

// asked is a fetch as browse.cjs takes it.
type asked struct {
	ID   int     `json:"id"`
	Page string  `json:"page"`
	URL  string  `json:"url"`
	Init options `json:"init"`
}

// options are the second argument of fetch.
type options struct {
	Method      string      `json:"method"`
	Headers     [][2]string `json:"headers"`
	Credentials string      `json:"credentials"`
	Mode        string      `json:"mode"`
	Redirect    string      `json:"redirect"`
	Body        *string     `json:"body,omitempty"`
}

// got is what a page got.
type got struct {
	ID      int
	Status  int
	Type    string // of the response
	Error   string // of the rejected promise
	Console []string
	Failure string // of the test itself
}

// fetch returns a fetch to the server.
func (f *front) fetch() asked {
	r, secure := f.request()
	a := asked{Page: origins[f.IntN(len(origins))] + "/", Init: options{
		Method: r.Method, Credentials: f.pick("same-origin", "same-origin", "include", "omit"), Mode: "cors", Redirect: "follow", Headers: [][2]string{}}}
	if a.Init.Method == "OPTIONS" {
		a.Init.Method = f.pick("GET", "POST", "PUT", "DELETE", "PATCH", "patch", "OPTIONS")
	}
	if f.chance(20) {
		a.Init.Redirect = f.pick("manual", "error")
	}
	if f.chance(25) {
		a.Init.Mode, a.Init.Method = "no-cors", "GET"
	}
	if strings.HasPrefix(a.Page, "https:") && !f.chance(20) { // else the content is mixed
		secure = true
	}
	scheme, port := "http", f.listeners.plain
	if secure {
		scheme, port = "https", f.listeners.tls
	}
	a.URL = fmt.Sprintf("%s://%s:%d%s", scheme, f.name, port, r.Path)
	if f.chance(2) { // as simple as it can be
		return a
	}
	for _, h := range r.Headers {
		switch h[0] {
		case "Authorization", "X-Api-Key", "Accept", "X-Requested-With", "Content-Type":
			a.Init.Headers = append(a.Init.Headers, h)
		}
	}
	if body := f.pick("", `{"name":"shop"}`, `{"name":"shop"}`, "name=shop"); body != "" && slices.Contains([]string{"POST", "PUT", "PATCH", "patch", "DELETE"}, a.Init.Method) {
		a.Init.Body = &body
		a.Init.Headers = slices.DeleteFunc(a.Init.Headers, func(h [2]string) bool { return h[0] == "Content-Type" })
		a.Init.Headers = append(a.Init.Headers, [2]string{"Content-Type", f.pick("application/json", "application/json", "text/plain", "application/x-www-form-urlencoded")})
	}
	return a
}

// chosen returns a fetch. Since most are refused, every other one is the first of a few that is predicted to be allowed.
func (p *pair) chosen() asked {
	const candidates = 8
	a := p.fetch()
	if p.chance(2) {
		return a
	}
	for range candidates {
		if x, err := p.predict(a); err == nil && x.Verdict() == browser.Allowed {
			break
		}
		a = p.fetch()
	}
	return a
}

// predict simulates a fetch.
func (p *pair) predict(a asked) (exchange.Exchange, error) {
	f := exchange.Fetch{URL: a.URL, Method: a.Init.Method, Origin: strings.TrimSuffix(a.Page, "/"), PageURL: a.Page, Credentials: browser.Credentials(a.Init.Credentials),
		Mode: browser.Mode(a.Init.Mode), Redirect: browser.Redirect(a.Init.Redirect), HasBody: a.Init.Body != nil, Initiator: browser.InitiatorFetch}
	for _, h := range a.Init.Headers {
		f.Headers = append(f.Headers, browser.Header{Name: h[0], Value: h[1]})
	}
	return exchange.Simulate(context.Background(), browser.Chromium, p.chain, f, exchange.Options{})
}

// holds reports whether a page got what an outcome says: the verdict, the line of the console, the status.
func (g *got) holds(o *exchange.Outcome) bool {
	if o.Result.Verdict == browser.Allowed {
		return g.Error == "" && g.Status == o.Result.Status
	}
	if o.Result.Verdict == browser.Unknown || g.Error == "" {
		return false
	}
	line, lines := g.line(), o.Result.MessageAnyOf
	return line == o.Result.Message || slices.Contains(lines, line)
}

// line returns the console's line about the policy, "" when there is none.
func (g *got) line() string {
	for _, line := range g.Console {
		if !strings.HasPrefix(line, "Failed to load resource: ") {
			return line
		}
	}
	return ""
}

// TestChromium holds predictions of fetches against a real Chromium whose pages ask a real nginx in front of real Express
// applications: whether the page gets the answer, its status, and what the console says.
func TestChromium(t *testing.T) {
	executable, err := exec.LookPath("chromium")
	if err != nil {
		differential.Missing(t, "no chromium")
	}
	pairs, fetches := 15, 4
	if *long {
		pairs, fetches = 60, 6
	}
	b := startBatch(t, *seed, numbers(pairs), pages)
	var list []asked
	for i := range b.pairs {
		for range fetches {
			a := b.pairs[i].chosen()
			a.ID = len(list)
			list = append(list, a)
		}
	}
	answers := browse(t, executable, b.listeners, list)
	var total differential.Tally
	total.Subjects = len(b.pairs)
	lines := map[string]bool{}
	allowed := 0
	for i, a := range list {
		p := &b.pairs[i/fetches]
		x, err := p.predict(a)
		if err != nil {
			t.Errorf("%+v: %v", a, err)
			continue
		}
		count(&total, p, a, &x, &answers[i])
		if answers[i].Error == "" {
			allowed++
		} else {
			lines[addresses.ReplaceAllString(answers[i].line(), "...")] = true
		}
	}
	t.Logf("%d allowed, %d refused with %d different texts", allowed, len(list)-allowed, len(lines))
	total.Report(t, "pairs", *show, 99)
}

// addresses are those of pages and requests in a line of the console.
var addresses = regexp.MustCompile(`'https?://[^']*'`)

// count counts a fetch.
func count(total *differential.Tally, p *pair, a asked, x *exchange.Exchange, g *got) {
	total.Requests++
	first := &x.Outcomes[0].Result
	if slices.ContainsFunc(x.Outcomes, func(o exchange.Outcome) bool {
		return o.Result.Verdict != first.Verdict || o.Result.Message != first.Message || o.Result.Status != first.Status
	}) {
		total.Several++
	}
	if slices.ContainsFunc(x.Outcomes, func(o exchange.Outcome) bool { return g.holds(&o) }) {
		total.Equal++
		return
	}
	var predicted []string
	for i := range x.Outcomes {
		r := &x.Outcomes[i].Result
		predicted = append(predicted, fmt.Sprintf("%s %d %s %s %v", r.Verdict, r.Status, r.Message, r.NetworkError, x.Outcomes[i].Assuming))
		for _, h := range r.Hops {
			for _, e := range []*browser.Exchange{h.Preflight, h.Actual} {
				if e != nil {
					predicted = append(predicted, fmt.Sprintf("  %s %s: %d %v", e.Request.Method, h.URL, e.Response.Status, e.Response.Headers))
				}
			}
		}
	}
	body, _ := json.Marshal(a)
	kind := fmt.Sprintf("%s, and %q", x.Verdict(), cmp.Or(g.Error, "allowed"))
	total.Disagree(kind, fmt.Sprintf("%s\n%s\nreal:     %d %s %q\ncorslint: %s", p, body, g.Status, g.Error, g.Console, strings.Join(predicted, "\n          ")))
}

// perFetch is how long a fetch may take on a very busy machine, with its page and its profile.
const perFetch = 5 * time.Second

// browse runs fetches in Chromium.
func browse(t *testing.T, executable string, l listeners, list []asked) []got {
	t.Helper()
	if _, err := os.Stat(filepath.Join(setup, "node_modules", "playwright-core")); err != nil {
		differential.Missing(t, "no playwright-core: npm ci in parsers/express/testdata/node")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(len(list))*perFetch)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join(setup, "browse.cjs"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	to := json.NewEncoder(in)
	go func() { // the pipe may be full while answers wait to be read
		_ = to.Encode(map[string]string{"executable": executable, "resolver": resolver(l)})
		for i := range list {
			_ = to.Encode(list[i])
		}
		in.Close()
	}()
	answers := make([]got, len(list))
	from := json.NewDecoder(bufio.NewReader(out))
	for range list {
		var g got
		if err := from.Decode(&g); err != nil {
			t.Fatalf("the browser ended: %v", err)
		}
		if g.Failure != "" {
			t.Fatalf("%+v: %s", list[g.ID], g.Failure)
		}
		answers[g.ID] = g
	}
	return answers
}
