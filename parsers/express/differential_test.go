package express_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express"
)

var (
	long = flag.Bool("long", false, "600 applications and 60,000 requests against a real Express")
	seed = flag.Uint64("seed", 1, "of the generated applications")
	show = flag.Int("show", 3, "disagreements to print, of different kinds")
	only = flag.Int("only", -1, "the number of the one application to ask")
)

const (
	authority = "localhost:3000" // where a browser believes that every application listens
	maxSilent = 10               // requests without an answer, each of which takes a while, after which an application is left alone
)

// TestDifferential holds predictions against real applications of Express 4 and 5 under Node: status, Access-Control-*, Vary,
// Allow and Location, in order and with duplicates.
func TestDifferential(t *testing.T) {
	applications, requests := 60, 60
	if *long {
		applications, requests = 600, 100
	}
	n := startNode(t)
	total := tally{disagreements: map[string]disagreement{}}
	var lock sync.Mutex
	var asking sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range applications {
		if *only >= 0 && i != *only {
			continue
		}
		slots <- struct{}{}
		g := newGenerator(*seed, i)
		g.application()
		dir, port, err := n.start(t, fmt.Sprint("shop", i), g)
		if err != nil { // people write those too, but there is nothing to compare
			if g.major == 4 || !strings.Contains(err.Error(), "pathToRegexpError") && err.Error() != "does not listen" { // the error may be caught
				t.Errorf("application %d does not start: %v\n%s", i, err, g)
			}
			<-slots
			continue
		}
		asking.Go(func() {
			defer func() { <-slots }()
			result := compare(t, i, g, dir, port, requests)
			lock.Lock()
			defer lock.Unlock()
			total.add(result)
		})
	}
	asking.Wait()
	t.Logf("%d applications, %d requests: %.3f %% equal, %.2f %% with several outcomes, %.2f %% open, %d without an answer", total.applications, total.requests,
		percent(total.equal, total.requests), percent(total.several, total.requests), percent(total.open, total.requests), total.silent)
	kinds := slices.SortedFunc(maps.Values(total.disagreements), func(a, b disagreement) int { return cmp.Or(b.times-a.times, len(a.text)-len(b.text)) })
	for _, d := range kinds[:min(*show, len(kinds))] {
		t.Logf("%d times, for example:\n%s", d.times, d.text)
	}
	if percent(total.equal, total.requests) < 99.9 {
		t.Errorf("%d of %d answers differ", total.requests-total.equal, total.requests)
	}
	if percent(total.several, total.requests) > 5 || percent(total.open, total.requests) > 2 {
		t.Error("too many answers depend on something unknown")
	}
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }

type tally struct {
	applications, requests, equal, several, open, silent int
	disagreements                                        map[string]disagreement // by kind
}

// disagreement is what was predicted wrongly in one way, with the shortest application that shows it.
type disagreement struct {
	times int
	text  string
}

func (t *tally) add(u tally) {
	t.applications += u.applications
	t.requests += u.requests
	t.equal += u.equal
	t.several += u.several
	t.open += u.open
	t.silent += u.silent
	for kind, d := range u.disagreements {
		t.disagree(kind, d)
	}
}

func (t *tally) disagree(kind string, d disagreement) {
	if known, ok := t.disagreements[kind]; ok {
		d.times += known.times
		if len(known.text) < len(d.text) {
			d.text = known.text
		}
	}
	t.disagreements[kind] = d
}

// compare asks an application and its prediction the same questions, in the same order.
func compare(t *testing.T, i int, g *generator, dir string, port, requests int) tally {
	result := tally{applications: 1, disagreements: map[string]disagreement{}}
	chain, said := read(t, dir)
	for range requests {
		r := g.request()
		outcomes, unanswered := predict(chain, r)
		is := func(got string) bool {
			return slices.ContainsFunc(outcomes, func(o policy.Outcome) bool { return o.Open == nil && shown(&o) == got })
		}
		got, err := ask(port, r)
		if err == nil && got == closed && !is(closed) {
			got, err = ask(port, r) // a busy machine may be late
		}
		if err != nil {
			t.Errorf("asking application %d: %v", i, err)
			return result
		}
		if got == closed {
			if result.silent++; result.silent > maxSilent {
				break
			}
		}
		result.requests++
		if len(outcomes) > 1 {
			result.several++
		}
		if slices.ContainsFunc(outcomes, func(o policy.Outcome) bool { return o.Open != nil }) {
			result.open++
		}
		if is(got) {
			result.equal++
			continue
		}
		var predicted []string
		for i := range outcomes {
			predicted = append(predicted, fmt.Sprintf("%s %v %v", shown(&outcomes[i]), outcomes[i].Open, outcomes[i].Assuming))
		}
		if unanswered != nil {
			predicted = append(predicted, unanswered.Error())
		}
		kind := "nothing"
		if len(outcomes) > 0 {
			kind = difference(got, shown(&outcomes[0]))
		}
		result.disagree(kind, disagreement{1, fmt.Sprintf("application %d, express %d: %s\n%s%s\n%s\nexpress:  %s\ncorslint: %s", i, g.major, kind, g, said, r, got, strings.Join(predicted, "\n          "))})
	}
	return result
}

// difference says in what two answers differ, without the values of headers.
func difference(got, predicted string) string {
	a, b := strings.Split(got, " | "), strings.Split(predicted, " | ")
	kind := "same status"
	if a[0] != b[0] {
		kind = a[0] + " for " + b[0]
	}
	for _, line := range a[1:] {
		if name, _, _ := strings.Cut(line, ":"); !slices.Contains(b, line) {
			kind += ", -" + name
		}
	}
	for _, line := range b[1:] {
		if name, _, _ := strings.Cut(line, ":"); !slices.Contains(a, line) {
			kind += ", +" + name
		}
	}
	return kind
}

// String returns all files of the application.
func (g *generator) String() string {
	var b strings.Builder
	for _, file := range slices.Sorted(maps.Keys(g.files)) {
		if !strings.HasPrefix(file, "public/") && file != "package.json" {
			fmt.Fprintf(&b, "-- %s --\n%s", file, g.files[file])
		}
	}
	return b.String()
}

func (r request) String() string {
	out := r.method + " " + r.path
	for _, h := range r.headers {
		out += " | " + h[0] + ": " + h[1]
	}
	return out
}

// read reads an application as the program does, and returns what was said about its files.
func read(t *testing.T, dir string) (exchange.Chain, string) {
	root, err := discovery.NewRoot(dir)
	if err != nil {
		t.Error(err)
		return nil, ""
	}
	t.Cleanup(func() { root.Close() })
	result := engine.Run(context.Background(), engine.Options{Files: root.Walk(discovery.Options{}), Dialects: []parsers.Dialect{express.Dialect{}}})
	var said []string
	for _, gap := range result.Gaps {
		said = append(said, fmt.Sprintf("gap: %+v\n", gap))
	}
	return exchange.Chain(result.Hosts), strings.Join(said, "")
}

func predict(chain exchange.Chain, r request) ([]policy.Outcome, error) {
	q := exchange.Query{URL: "http://" + authority + r.path, Method: r.method}
	for _, h := range r.headers {
		q.Headers = append(q.Headers, browser.Header{Name: h[0], Value: h[1]})
	}
	// An application that reads the file .env is predicted as it runs: with it.
	for _, layer := range chain[0].Layers {
		if strings.HasSuffix(layer.Name, " with .env") {
			return chain.Answer(context.Background(), q, layer)
		}
	}
	return chain.Answer(context.Background(), q, nil)
}

// shown writes down what is compared: the status and the headers that matter, in wire order.
func shown(o *policy.Outcome) string {
	if o.Status == 0 && o.Open == nil {
		return closed
	}
	out := fmt.Sprint(o.Status)
	for _, h := range o.Headers {
		if matters(h.Name) {
			out += " | " + strings.ToLower(h.Name) + ": " + strings.TrimSpace(h.Value.String())
		}
	}
	return out
}
