package nginx_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/differential"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/layerfile"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/nginx/nginxtest"
)

var (
	long = flag.Bool("long", false, "more than 1,000 configurations and 50,000 requests against a real nginx")
	seed = flag.Uint64("seed", 1, "of the generated configurations")
	show = flag.Int("show", 3, "disagreements to print, of different kinds")
)

// compared are the headers that are compared beside Access-Control-*.
var compared = differential.Compared{"vary", "location"}

// TestDifferential holds predictions against a real nginx: status, Access-Control-*, Vary and Location, in order and with
// duplicates, over generated configurations and requests.
func TestDifferential(t *testing.T) {
	nginxtest.Require(t)
	batches, perBatch, requests := 2, 60, 30
	if *long {
		batches, perBatch, requests = 12, 100, 50
	}
	var total differential.Tally
	for batch := range batches {
		total.Add(runBatch(t, *seed*1000+uint64(batch), perBatch, requests))
	}
	total.Report(t, "configurations", *show, 99.9)
}

// runBatch starts one nginx with many configurations and asks each.
func runBatch(t *testing.T, seed uint64, configurations, requests int) differential.Tally {
	dir := t.TempDir()
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	upstream := startUpstream(t)
	site := filepath.Join(dir, "www")
	for name, text := range map[string]string{"index.html": strings.Repeat("x", 100), "a.css": "x", "dir/index.html": "x", "dir/b.css": "x", "err.html": "sorry", "empty/.keep": "", "z/index.html": "z"} {
		write(t, filepath.Join(site, name), text)
	}
	write(t, filepath.Join(dir, "users"), "u:{PLAIN}p\n")
	write(t, filepath.Join(dir, "upstream.yaml"), layerOf(upstream))
	port := freePort(t)

	var generators []*generator
	var texts []string
	for n := range configurations {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, uint64(n))), n: n, upstream: upstream, root: site, users: filepath.Join(dir, "users")}
		text := g.configuration(port)
		one := filepath.Join(dir, "one.conf")
		write(t, one, nginxtest.Whole(dir, text))
		if said, ok := nginxtest.Check(dir, one); !ok {
			if !strings.Contains(said, "duplicate") {
				t.Logf("nginx refuses a generated configuration: %.300s", said)
			}
			continue
		}
		generators = append(generators, g)
		texts = append(texts, text)
	}
	os.Remove(filepath.Join(dir, "one.conf"))
	main := filepath.Join(dir, "nginx.conf")
	write(t, main, nginxtest.Whole(dir, strings.Join(texts, "")))
	nginxtest.Start(t, dir, main, port)
	chain := read(t, dir)

	result := differential.Tally{Subjects: len(generators)}
	for i, g := range generators {
		for range requests {
			r := g.request(port)
			got, err := compared.Ask(port, r)
			if err != nil {
				t.Fatalf("asking nginx: %v", err)
			}
			result.Count(compared, got, predict(t, chain, r), func() string { return texts[i] + "\n" + r.Host + " " + r.String() })
		}
	}
	return result
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := differential.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// startUpstream starts the server behind nginx; layerOf describes it.
func startUpstream(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		status := http.StatusOK
		if r.Method == http.MethodOptions {
			status = http.StatusNoContent
		}
		switch path := r.URL.Path; {
		case path == "/auth":
			status = http.StatusUnauthorized
			if r.Header.Get("Authorization") != "" {
				status = http.StatusOK
			}
		case strings.Contains(path, "e404"):
			status = http.StatusNotFound
		case strings.Contains(path, "e500"):
			status = http.StatusInternalServerError
		case strings.Contains(path, "redir"):
			status = http.StatusFound
			h.Set("Location", "http://"+r.Context().Value(http.LocalAddrContextKey).(net.Addr).String()+"/to")
		}
		if strings.Contains(r.URL.Path, "cors") {
			if origin := r.Header.Get("Origin"); origin != "" {
				h.Set("Access-Control-Allow-Origin", origin)
			} else {
				h.Set("Access-Control-Allow-Origin", "*")
			}
			h.Set("Vary", "Origin")
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// layerOf describes the upstream as a layer file does.
func layerOf(upstream string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "corslint: layer/v1\nname: upstream\nserves: [%q]\nanswers:\n", upstream)
	answer := func(when string, status int, headers ...string) {
		fmt.Fprintf(&b, "  - when: { %s }\n    status: %d\n    headers: [%s]\n", when, status, strings.Join(headers, ", "))
	}
	location := fmt.Sprintf("[Location, %q]", "http://"+upstream+"/to")
	answer(`path: "=/auth", headers: { Authorization: "" }`, 401)
	answer(`path: "=/auth"`, 200)
	for _, cors := range []struct{ when, origin string }{{`, origin: ""`, `"*"`}, {"", `"${origin}"`}, {"none", ""}} {
		path, when, headers := "cors", cors.when, []string{}
		if cors.when == "none" {
			path, when = "", ""
		} else {
			headers = []string{"[Access-Control-Allow-Credentials, \"true\"]", "[Access-Control-Allow-Origin, " + cors.origin + "]", "[Vary, Origin]"}
		}
		for _, special := range []struct {
			word   string
			status int
		}{{"e404", 404}, {"e500", 500}, {"redir", 302}} {
			expression := fmt.Sprintf("~%s", special.word)
			if path != "" {
				expression = fmt.Sprintf("~%s.*%s|%s.*%s", path, special.word, special.word, path)
			}
			more := headers
			if special.word == "redir" {
				more = slices.Insert(slices.Clone(headers), max(0, len(headers)-1), location) // net/http sorts
			}
			answer(fmt.Sprintf("path: %q%s", expression, when), special.status, more...)
		}
		answer(fmt.Sprintf("path: \"~%s\", methods: [OPTIONS]%s", path, when), 204, headers...)
		answer(fmt.Sprintf("path: \"~%s\"%s", path, when), 200, headers...)
	}
	return b.String()
}

// read reads the configuration as the program does, with the files of the document root.
func read(t *testing.T, dir string) exchange.Chain {
	t.Helper()
	root, err := discovery.NewRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	result := engine.Run(context.Background(), engine.Options{Files: root.Walk(discovery.Options{}),
		Dialects: []parsers.Dialect{nginx.Dialect{Options: nginx.Options{Version: nginx.Version{Major: 1, Minor: 22, Patch: 1}}}, layerfile.Dialect{}}})
	if len(result.Hosts) != 2 {
		t.Fatalf("want nginx and its upstream, got %d hosts", len(result.Hosts))
	}
	return exchange.Chain{result.Hosts[0], result.Hosts[1]}
}

func predict(t *testing.T, chain exchange.Chain, r differential.Request) []policy.Outcome {
	t.Helper()
	q := exchange.Query{URL: "http://" + r.Host + r.Path, Method: r.Method, Headers: r.Fields()}
	outcomes, err := chain.Answer(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}
