package nginx_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/layerfile"
	"github.com/corslint/corslint/parsers/nginx"
)

var (
	long = flag.Bool("long", false, "more than 1,000 configurations and 50,000 requests against a real nginx")
	seed = flag.Uint64("seed", 1, "of the generated configurations")
	show = flag.Int("show", 3, "disagreements to print")
)

// headersMore is where Debian installs the module.
const headersMore = "/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so"

// TestDifferential holds predictions against a real nginx: status, Access-Control-*, Vary and Location, in order and with
// duplicates, over generated configurations and requests.
func TestDifferential(t *testing.T) {
	if _, err := exec.LookPath("nginx"); err != nil {
		missing(t, "no nginx")
	}
	if _, err := os.Stat(headersMore); err != nil {
		missing(t, "no headers-more module")
	}
	batches, perBatch, requests := 2, 60, 30
	if *long {
		batches, perBatch, requests = 12, 100, 50
	}
	var total tally
	for batch := range batches {
		total.add(runBatch(t, *seed*1000+uint64(batch), perBatch, requests))
	}
	t.Logf("%d configurations, %d requests: %.3f %% equal, %.2f %% with several outcomes, %.2f %% open", total.configurations, total.requests,
		percent(total.equal, total.requests), percent(total.several, total.requests), percent(total.open, total.requests))
	if percent(total.equal, total.requests) < 99.9 {
		t.Errorf("%d of %d answers differ", total.requests-total.equal, total.requests)
	}
	if percent(total.several, total.requests) > 5 || percent(total.open, total.requests) > 2 {
		t.Error("too many answers depend on something unknown")
	}
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CORSLINT_REQUIRE_SERVERS") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }

type tally struct{ configurations, requests, equal, several, open int }

func (t *tally) add(u tally) {
	t.configurations += u.configurations
	t.requests += u.requests
	t.equal += u.equal
	t.several += u.several
	t.open += u.open
}

// runBatch starts one nginx with many configurations and asks each.
func runBatch(t *testing.T, seed uint64, configurations, requests int) tally {
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
		write(t, filepath.Join(dir, "one.conf"), whole(dir, text))
		if out, err := exec.Command("nginx", "-t", "-q", "-c", filepath.Join(dir, "one.conf"), "-p", dir).CombinedOutput(); err != nil {
			if !bytes.Contains(out, []byte("duplicate")) {
				t.Logf("nginx refuses a generated configuration: %.300s", out)
			}
			continue
		}
		generators = append(generators, g)
		texts = append(texts, text)
	}
	os.Remove(filepath.Join(dir, "one.conf"))
	main := filepath.Join(dir, "nginx.conf")
	write(t, main, whole(dir, strings.Join(texts, "")))
	startNginx(t, dir, main, port)
	chain := read(t, dir)

	result := tally{configurations: len(generators)}
	for i, g := range generators {
		for range requests {
			r := g.request()
			got, err := ask(port, r)
			if err != nil {
				t.Fatalf("asking nginx: %v", err)
			}
			result.requests++
			outcomes := predict(t, chain, port, r)
			if len(outcomes) > 1 {
				result.several++
			}
			if slices.ContainsFunc(outcomes, func(o policy.Outcome) bool { return o.Open != nil }) {
				result.open++
			}
			if slices.ContainsFunc(outcomes, func(o policy.Outcome) bool { return o.Open == nil && shown(&o) == got }) {
				result.equal++
				continue
			}
			if *show > 0 {
				*show--
				var predicted []string
				for i := range outcomes {
					predicted = append(predicted, fmt.Sprintf("%s open=%v %v", shown(&outcomes[i]), outcomes[i].Open != nil, outcomes[i].Assuming))
				}
				t.Logf("%s\n%+v\nnginx:    %s\ncorslint: %s", texts[i], r, got, strings.Join(predicted, "\n          "))
			}
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

// whole puts an http block around servers.
func whole(dir, text string) string {
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "  %s_temp_path %s;\n", kind, filepath.Join(dir, "temp-"+kind))
	}
	return fmt.Sprintf("load_module %s;\nuser root;\npid %s;\nerror_log %s crit;\ndaemon off;\nworker_processes 1;\nevents { worker_connections 256; }\nhttp {\n  access_log off;\n  server_names_hash_max_size 8192;\n  variables_hash_max_size 8192;\n%s%s}\n",
		headersMore, filepath.Join(dir, "nginx.pid"), filepath.Join(dir, "error.log"), temp.String(), text)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func startNginx(t *testing.T, dir, file string, port int) {
	t.Helper()
	cmd := exec.Command("nginx", "-c", file, "-p", dir)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for range 100 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nginx does not start: %s", log.String())
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

func predict(t *testing.T, chain exchange.Chain, port int, r request) []policy.Outcome {
	t.Helper()
	q := exchange.Query{URL: fmt.Sprintf("http://%s:%d%s", r.host, port, r.path), Method: r.method}
	for _, h := range r.headers {
		q.Headers = append(q.Headers, browser.Header{Name: h[0], Value: h[1]})
	}
	outcomes, err := chain.Answer(context.Background(), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// ask sends a request as it is and returns the answer as shown shows it.
func ask(port int, r request) (string, error) {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 5*time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\nContent-Length: 0\r\n", r.method, r.path, r.host, port)
	for _, h := range r.headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	if _, err := io.WriteString(c, b.String()+"\r\n"); err != nil {
		return "", err
	}
	in := bufio.NewReader(c)
	first, err := in.ReadString('\n')
	if errors.Is(err, io.EOF) && first == "" {
		return "closed", nil
	} else if err != nil {
		return "", err
	}
	_, status, _ := strings.Cut(strings.TrimSpace(first), " ")
	status, _, _ = strings.Cut(status, " ")
	out := status
	for {
		line, err := in.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); err != nil || line == "" {
			return out, nil
		}
		name, value, _ := strings.Cut(line, ":")
		if matters(name) {
			out += " | " + strings.ToLower(name) + ": " + strings.TrimSpace(value)
		}
	}
}

func matters(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "access-control-") || name == "vary" || name == "location"
}

// shown writes down what is compared: the status and the headers that matter, in wire order.
func shown(o *policy.Outcome) string {
	if o.Status == 0 && o.Open == nil {
		return "closed"
	}
	out := fmt.Sprint(o.Status)
	for _, h := range o.Headers {
		if matters(h.Name) {
			out += " | " + strings.ToLower(h.Name) + ": " + strings.TrimSpace(h.Value.String())
		}
	}
	return out
}
