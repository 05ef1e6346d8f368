package express_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/differential"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/express/expresstest"
)

var (
	long = flag.Bool("long", false, "600 applications and 60,000 requests against a real Express")
	seed = flag.Uint64("seed", 1, "of the generated applications")
	show = flag.Int("show", 3, "disagreements to print, of different kinds")
	only = flag.Int("only", -1, "the number of the one application to ask")
)

// compared are the headers that are compared beside Access-Control-*.
var compared = differential.Compared{"vary", "allow", "location"}

const (
	setup     = "testdata/node"  // what the applications run with
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
	n := expresstest.Start(t, setup)
	var total differential.Tally
	var lock sync.Mutex
	var asking sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range applications {
		if *only >= 0 && i != *only {
			continue
		}
		slots <- struct{}{}
		app := expresstest.Generate(*seed, i, 0)
		dir, port, err := n.Run(t, fmt.Sprint("shop", i), app)
		if err != nil { // people write those too, but there is nothing to compare
			if app.Major == 4 || !strings.Contains(err.Error(), "pathToRegexpError") && err.Error() != "does not listen" { // the error may be caught
				t.Errorf("application %d does not start: %v\n%s", i, err, app)
			}
			<-slots
			continue
		}
		asking.Go(func() {
			defer func() { <-slots }()
			result := compare(t, i, app, dir, port, requests)
			lock.Lock()
			defer lock.Unlock()
			total.Add(result)
		})
	}
	asking.Wait()
	total.Report(t, "applications", *show, 99.9)
}

// compare asks an application and its prediction the same questions, in the same order.
func compare(t *testing.T, i int, app *expresstest.Application, dir string, port, requests int) differential.Tally {
	result := differential.Tally{Subjects: 1}
	chain, said := read(t, dir)
	for range requests {
		r := app.Request()
		r.Host = authority
		outcomes, unanswered := predict(chain, r)
		got, err := compared.Ask(port, r)
		if err == nil && got == differential.Closed && !compared.Holds(got, outcomes) {
			got, err = compared.Ask(port, r) // a busy machine may be late
		}
		if err != nil {
			t.Errorf("asking application %d: %v", i, err)
			return result
		}
		if got == differential.Closed {
			if result.Silent++; result.Silent > maxSilent {
				break
			}
		}
		result.Count(compared, got, outcomes, func() string {
			return fmt.Sprintf("application %d, express %d\n%s%s\n%s, %v", i, app.Major, app, said, r, unanswered)
		})
	}
	return result
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

func predict(chain exchange.Chain, r differential.Request) ([]policy.Outcome, error) {
	q := exchange.Query{URL: "http://" + r.Host + r.Path, Method: r.Method, Headers: r.Fields()}
	// An application that reads the file .env is predicted as it runs: with it.
	for _, layer := range chain[0].Layers {
		if strings.HasSuffix(layer.Name, " with .env") {
			return chain.Answer(context.Background(), q, layer)
		}
	}
	return chain.Answer(context.Background(), q, nil)
}
