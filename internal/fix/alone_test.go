package fix_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// This file applies every safe fix of a configuration alone, and holds what it promises against the servers that run it.

// aloneFix is a file in which one finding is repaired.
type aloneFix struct {
	of        *finding.Finding
	witness   []exchange.Fetch // that prove the finding
	was       []browser.Result // how they went for real before
	file      *source.File
	exchanges []*exchange.Exchange // asked of the prediction afterwards
}

// fixesAlone returns what the safe fixes of a file come to, each applied alone: the finding is gone, and no other one appears.
func fixesAlone(t *testing.T, file *source.File) []*aloneFix {
	t.Helper()
	f := fixer(before, false, file)
	asked := map[string]exchange.Fetch{}
	was := f.Run(t.Context(), engine.Options{Files: f.Files, Surveyed: func(s engine.Surveyed) {
		for _, e := range asks(&s) {
			asked[e.Fetch.Key()] = e.Fetch
		}
	}}).All
	f.Propose(t.Context(), was)
	var out []*aloneFix
	for _, x := range was {
		if len(x.Fixes) == 0 || x.Fixes[0].Safety != finding.Safe {
			continue
		}
		edits := source.Edits(x.Fixes[0].Edits)
		a := &aloneFix{of: x, file: edits.Apply(file)}
		for _, w := range x.Witness {
			if fetch, ok := asked[w.Fetch]; ok {
				a.witness = append(a.witness, fetch)
			}
		}
		after := fixer(before, false, a.file)
		is := after.Run(t.Context(), engine.Options{Files: after.Files, Surveyed: func(s engine.Surveyed) { a.exchanges = append(a.exchanges, asks(&s)...) }}).All
		counts, texts := map[string]int{}, map[string]bool{}
		for _, y := range was {
			texts[y.Fingerprint()] = true
			for _, rule := range append(slices.Clone(y.Also), y.Rule) {
				counts[rule]++
			}
		}
		for _, y := range is {
			// A line that is repeated is repeated with what is wrong about it, and a cause speaks for its symptoms.
			if counts[y.Rule]--; counts[y.Rule] < 0 && !texts[y.Fingerprint()] && !slices.Contains(x.Also, y.Rule) {
				t.Errorf("%s is repaired, and %s appears: %s\n%s", x.Rule, y.Rule, y.Message, a.file.Data)
			}
			if y.Rule == x.Rule && y.Place.Start == edits.Moved(file, x.Place.Start) {
				t.Errorf("%s is repaired, and still there\n%s", x.Rule, a.file.Data)
			}
		}
		out = append(out, a)
	}
	return out
}

// asks returns what was asked of a layer.
func asks(s *engine.Surveyed) []*exchange.Exchange {
	var out []*exchange.Exchange
	for _, e := range s.Survey.Endpoints {
		for _, p := range slices.Concat(e.Wanted, e.Strangers) {
			out = append(out, &p.Exchange)
		}
	}
	return out
}

// promises counts what became of the promises of safe fixes under real servers.
type promises struct {
	fixes                      int
	well, fewer, refused, kept int // by what the witness does now
	varied                     int // the answers say that they depend on Origin
	asked, equal               int // exchanges
	rules                      map[string]int
	unjudged                   map[string]int // by rule
}

func (n *promises) String() string {
	return fmt.Sprintf("%d safe fixes of %d rules, each alone: the witness is let in %d times, passes the check and fails another one %d times, is a stranger who is "+
		"refused %d times, gets Vary: Origin as others do %d times; %d have no witness that a browser refused; %d of %d exchanges as predicted", n.fixes, len(n.rules), n.well, n.fewer, n.refused, n.varied, n.kept, n.equal, n.asked)
}

// before asks a server that runs the file as it was what the findings prove.
func (a *aloneFix) before(port int) {
	for _, w := range a.witness {
		a.was = append(a.was, browse(port, w))
	}
}

// hold asks a server that runs the repaired file the same, and what was asked of the prediction. The server knows the file's
// hosts by other names where rename says so.
func (n *promises) hold(t *testing.T, a *aloneFix, port int, rename *strings.Replacer) {
	t.Helper()
	named := func(f exchange.Fetch) exchange.Fetch {
		f.URL = rename.Replace(f.URL)
		return f
	}
	if n.rules == nil {
		n.rules, n.unjudged = map[string]int{}, map[string]int{}
	}
	n.fixes++
	n.rules[a.of.Rule]++
	judged := false
	if strings.HasPrefix(a.of.Rule, "vary-origin-") {
		judged = true
		n.varied++
		host, path, _ := strings.Cut(a.of.Endpoints[0], "/")
		url := rename.Replace("https://" + strings.ReplaceAll(strings.TrimSpace(host), " ", "") + "/" + path)
		for _, origin := range []string{"https://app.shop.example", "https://another.example"} {
			r, err := ask(port, browser.Outgoing{Method: "GET", URL: url, Headers: []browser.Header{{Name: "Origin", Value: origin}, {Name: "Authorization", Value: "x"}}}, "")
			varies := func(h browser.Header) bool {
				return h.Name == "Vary" && strings.Contains(strings.ToLower(h.Value), "origin")
			}
			if err != nil || !slices.ContainsFunc(r.Headers, varies) {
				t.Errorf("%s: %s does not vary for %s: %v, %v\n%s", a.of.Rule, url, origin, r.Headers, err, a.file.Data)
			}
		}
	}
	for i, w := range a.witness {
		if !askable(&exchange.Exchange{Fetch: w}) {
			continue
		}
		is := browse(port, named(w))
		switch {
		case a.of.Category == finding.Security:
			judged = true
			if n.refused++; is.Verdict != browser.Blocked {
				t.Errorf("%s: %s is let in after it was repaired\n%s", a.of.Rule, w.Key(), a.file.Data)
			}
		case a.was[i].Verdict != browser.Blocked:
		case is.Verdict == browser.Allowed:
			judged = true
			n.well++
		case len(is.Failures) < len(a.was[i].Failures):
			judged = true
			n.fewer++
		default:
			judged = true
			t.Errorf("%s: %s fails as before: %v, %v\n%s", a.of.Rule, w.Key(), a.was[i].Failures, is.Failures, a.file.Data)
		}
	}
	if !judged {
		n.kept++
		n.unjudged[string(a.of.Category)+" "+a.of.Rule]++
	}
	for _, e := range a.exchanges {
		if e.Verdict() == browser.Unknown || !askable(e) {
			continue
		}
		n.asked++
		if real := browse(port, named(e.Fetch)).Verdict; real == e.Verdict() {
			n.equal++
		} else {
			t.Errorf("%s: %s: predicted %s, the real server: %s\n%s", a.of.Rule, e.Fetch.Key(), e.Verdict(), real, a.file.Data)
		}
	}
}

// log says what was counted, and of which rules.
func (n *promises) log(t *testing.T) {
	t.Helper()
	var list []string
	for _, rule := range slices.Sorted(maps.Keys(n.rules)) {
		list = append(list, fmt.Sprintf("%s %d", rule, n.rules[rule]))
	}
	t.Logf("%s\n%s\nwithout a witness that was refused: %v", n, strings.Join(list, ", "), n.unjudged)
}
