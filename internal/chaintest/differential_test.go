// Package chaintest holds whole chains against the real thing: a real nginx in front of real Express applications, asked
// over the wire and by a real Chromium. It has only tests.
package chaintest

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/internal/differential"
)

var (
	long = flag.Bool("long", false, "more than 200 pairs and 10,000 requests, and more than 300 fetches of Chromium")
	seed = flag.Uint64("seed", 1, "of the generated pairs")
	show = flag.Int("show", 3, "disagreements to print, of different kinds")
	only = flag.Int("only", -1, "the number of the one pair to ask")
)

// compared are the headers that are compared beside Access-Control-*.
var compared = differential.Compared{"vary", "location"}

const (
	perBatch  = 60 // pairs
	maxSilent = 10 // requests that an application leaves without an answer, each of which takes a while, after which it is left alone
)

// TestDifferential holds predictions of chains against a real nginx in front of real Express applications: status,
// Access-Control-*, Vary and Location, in order and with duplicates.
func TestDifferential(t *testing.T) {
	pairs, requests := 24, 50
	if *long {
		pairs, requests = 240, 60
	}
	var total differential.Tally
	skipped := false // what the servers need is not installed
	for numbers := range slices.Chunk(numbers(pairs), perBatch) {
		t.Run(fmt.Sprint(numbers[0]), func(t *testing.T) { // what a batch started ends with it
			defer func() { skipped = skipped || t.Skipped() }()
			total.Add(compareBatch(t, startBatch(t, *seed, numbers, func(listeners) string { return "" }), requests))
		})
	}
	if skipped {
		t.Skip("no batch was asked, or not all of them")
	}
	total.Report(t, "pairs", *show, 99.9)
}

// numbers returns those of the pairs to ask.
func numbers(count int) []int {
	if *only >= 0 {
		return []int{*only}
	}
	out := make([]int, count)
	for i := range out {
		out[i] = i
	}
	return out
}

func compareBatch(t *testing.T, b *batch, requests int) (total differential.Tally) {
	var lock sync.Mutex
	var asking sync.WaitGroup
	slots := make(chan struct{}, 6)
	for i := range b.pairs {
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			result := compare(t, &b.pairs[i], requests)
			lock.Lock()
			defer lock.Unlock()
			total.Add(result)
		})
	}
	asking.Wait()
	return total
}

// compare asks a pair and its prediction the same questions, in the same order.
func compare(t *testing.T, p *pair, requests int) differential.Tally {
	result := differential.Tally{Subjects: 1}
	for range requests {
		r, secure := p.request()
		scheme := "http"
		if secure {
			scheme = "https"
		}
		q := exchange.Query{URL: scheme + "://" + r.Host + r.Path, Method: r.Method, Headers: r.Fields()}
		outcomes, unanswered := p.chain.Answer(context.Background(), q, nil)
		got, err := p.ask(r, secure)
		if err == nil && strings.HasPrefix(got, "502") && !compared.Holds(got, outcomes) {
			got, err = p.ask(r, secure) // a busy machine may be late
		}
		if err != nil {
			t.Errorf("asking pair %d: %v", p.number, err)
			return result
		}
		if strings.HasPrefix(got, "502") {
			if result.Silent++; result.Silent > maxSilent {
				break
			}
		}
		result.Count(compared, got, outcomes, func() string { return fmt.Sprintf("%s\n%s %s, %v", p, scheme, r, unanswered) })
	}
	return result
}

func (p *pair) ask(r differential.Request, secure bool) (string, error) {
	if !secure {
		return compared.Ask(p.listeners.plain, r)
	}
	address := net.JoinHostPort("127.0.0.1", fmt.Sprint(p.listeners.tls))
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, ServerName: p.name})
	if err != nil {
		return "", err
	}
	return compared.AskOver(conn, r)
}
