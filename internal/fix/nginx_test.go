package fix_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/internal/differential"
	"github.com/corslint/corslint/internal/source"
)

var (
	long = flag.Bool("long", false, "500 faulty configurations against a real nginx")
	seed = flag.Uint64("seed", 1, "of the generated configurations")
)

// faulty writes an nginx configuration that means well and has some of the faults that people make. The same seed gives the
// same text.
type faulty struct {
	*rand.Rand
	n, port  int
	upstream string
	step     string // of indentation
}

func (g *faulty) pick(texts ...string) string { return texts[g.IntN(len(texts))] }
func (g *faulty) chance(n int) bool           { return g.IntN(n) == 0 }

// origin is the one of the frontend, written right or wrong.
func (g *faulty) origin() string {
	return g.pick("https://app.shop.example", "https://app.shop.example", "https://app.shop.example/", "https://App.shop.example", "https://app.shop.example:443",
		"https://app.shop.example/login")
}

func (g *faulty) always() string { return g.pick(" always", " always", "") }

func (g *faulty) quote(text string) string {
	if strings.ContainsAny(text, " ") {
		return g.pick(`"`+text+`"`, "'"+text+"'")
	}
	return g.pick(text, text, `"`+text+`"`, "'"+text+"'")
}

func (g *faulty) header(name, value string) string {
	return "add_header " + g.quote(name) + " " + g.quote(value) + g.always() + ";"
}

// headers are those of a response, in lines; value is what Allow-Origin is made of.
func (g *faulty) headers(value string, preflight bool) []string {
	name := g.pick("Access-Control-Allow-Origin", "Access-Control-Allow-Origin", "Access-Control-Allow-Origin", "Access-Control-Allow-Origins")
	if g.chance(12) && !strings.HasPrefix(value, "$") {
		value = "'" + value + "'"
		return []string{`add_header Access-Control-Allow-Origin "` + value + `" always;`}
	}
	out := []string{g.header(name, value)}
	if g.chance(12) {
		out = append(out, g.header("Access-Control-Allow-Origin", value))
	}
	if !g.chance(3) {
		out = append(out, g.header("Access-Control-Allow-Credentials", g.pick("true", "true", "true", "True", "1")))
	}
	if strings.HasPrefix(value, "$") && g.chance(2) {
		out = append(out, g.header("Vary", "Origin"))
	}
	if preflight {
		out = append(out, g.header("Access-Control-Allow-Methods", g.pick("GET, PUT, DELETE", "GET,POST,PUT", "get, put", "GET, POST, TRACE, PATCH", "GET PUT DELETE")))
		if g.chance(2) {
			out = append(out, g.header("Access-Control-Allow-Headers", g.pick("Content-Type, Authorization", "Content-Type,X-Api-Key", "Content-Type Authorization", "Content-Type, Cookie")))
		}
		if g.chance(3) {
			out = append(out, g.header("Access-Control-Max-Age", g.pick("600", "1h", "1728000")))
		}
	} else if g.chance(4) {
		out = append(out, g.header("Access-Control-Expose-Headers", g.pick("X-Total", "X-Total, Set-Cookie", "Link")))
	}
	return out
}

func (g *faulty) configuration() string {
	var b strings.Builder
	value := g.origin()
	if g.chance(2) {
		value = fmt.Sprintf("$cors_%d", g.n)
		rows := []string{`default "";`, g.quote(g.origin()) + " $http_origin;"}
		for range g.IntN(3) {
			rows = append(rows, g.pick(`"~^https://(www|admin).shop.example$" $http_origin;`, `"~^https://[a-z]+\.partner\.example" $http_origin;`, "null $http_origin;",
				`~^https://dev\.shop\.example/ $http_origin;`, "https://other.example $http_origin;"))
		}
		fmt.Fprintf(&b, "map $http_origin %s {\n%s%s\n}\n\n", value, g.step, strings.Join(slices.Compact(slices.Sorted(slices.Values(rows))), "\n"+g.step))
	}
	fmt.Fprintf(&b, "# the service\nserver {\n%slisten 127.0.0.1:%d;\n%sserver_name s%d.example;\n", g.step, g.port, g.step, g.n)
	outer := g.chance(3)
	if outer {
		for _, line := range g.headers(value, g.chance(2)) {
			b.WriteString(g.step + line + g.pick("", "", " # the frontend") + "\n")
		}
	}
	for i := range 1 + g.IntN(2) {
		b.WriteString("\n" + g.location([]string{"/", "/api/"}[i], value, outer))
	}
	return b.String() + "}\n"
}

func (g *faulty) location(path, value string, outer bool) string {
	var body []string
	if g.chance(2) {
		inside := g.headers(value, true)
		if g.chance(3) {
			inside = inside[:1+g.IntN(len(inside))]
		}
		inside = append(inside, "return "+g.pick("204", "204", "204", "200", "405")+";")
		if g.chance(8) {
			body = append(body, "if ($request_method = OPTIONS) { "+strings.Join(inside, " ")+" }")
		} else {
			body = append(body, "if ($request_method = "+g.pick("OPTIONS", "'OPTIONS'", `"OPTIONS"`)+") {\n"+g.step+g.step+g.step+strings.Join(inside, "\n"+g.step+g.step+g.step)+"\n"+g.step+g.step+"}")
		}
	}
	switch {
	case outer && g.chance(2):
		body = append(body, "add_header Cache-Control no-store;")
	case !outer:
		body = append(body, g.headers(value, g.chance(3))...)
	}
	body = append(body, g.pick("proxy_pass http://"+g.upstream+";", "proxy_pass http://"+g.upstream+";", "return 200 ok;"))
	if g.chance(6) {
		return g.step + "location " + path + " { " + strings.Join(body, " ") + " }\n"
	}
	return g.step + "location " + path + " {\n" + g.step + g.step + strings.Join(body, "\n"+g.step+g.step) + "\n" + g.step + "}\n"
}

// faultyConfiguration generates the configuration of a number.
func faultyConfiguration(n, port int, upstream string) string {
	g := &faulty{Rand: rand.New(rand.NewPCG(*seed, uint64(n))), n: n, port: port, upstream: upstream, step: []string{"    ", "  ", "\t"}[n%3]}
	text := g.configuration()
	if n%5 == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// prepareNginx says how many configurations are tried, and where their server runs, in front of which upstream.
func prepareNginx(t *testing.T) (count int, dir string, port int, upstream string) {
	if _, err := exec.LookPath("nginx"); err != nil {
		differential.Missing(t, "no nginx")
	}
	count = 60
	if *long {
		count = 500
	}
	port, err := differential.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return count, t.TempDir(), port, startUpstream(t)
}

// TestRealNginx repairs faulty configurations: nginx accepts what comes of it, what was repaired goes well against the real
// server, and what went well still does.
func TestRealNginx(t *testing.T) {
	count, dir, port, upstream := prepareNginx(t)
	var all strings.Builder
	var repaired []*fixed
	var findings, gone int
	for n := range count {
		text := faultyConfiguration(n, port, upstream)
		file := source.NewFile(fmt.Sprintf("nginx/s%d.conf", n), []byte(text))
		if out, err := tryNginx(dir, text); err != nil {
			t.Fatalf("nginx refuses a generated configuration: %s\n%s", out, text)
		}
		x := repairAll(t, n%10 == 7, file)
		findings += x.before
		gone += len(x.result.Repaired)
		if out, err := tryNginx(dir, string(x.after[0].Data)); err != nil {
			t.Errorf("nginx refuses what a fix made: %s\n%s", out, patch(t, x.result))
			continue
		}
		all.Write(x.after[0].Data)
		repaired = append(repaired, x)
	}
	startNginx(t, dir, port, all.String())
	var total tally
	for _, x := range repaired {
		total.hold(t, x, port)
	}
	t.Logf("%d configurations, %d findings, %d repaired; nginx accepts %d; %s", count, findings, gone, len(repaired), total)
}

// TestRealNginxAlone applies every safe fix of faulty configurations alone, and asks a real nginx.
func TestRealNginxAlone(t *testing.T) {
	count, dir, port, upstream := prepareNginx(t)
	type renamed struct {
		*aloneFix
		names *strings.Replacer
	}
	var all strings.Builder
	var fixes []renamed
	for n := range count {
		text := faultyConfiguration(n, port, upstream)
		all.WriteString(text)
		for i, a := range fixesAlone(t, source.NewFile("nginx/api.conf", []byte(text))) {
			// All of them run in one server, each by a name of its own.
			names := strings.NewReplacer(fmt.Sprintf("s%d.example", n), fmt.Sprintf("s%dx%d.example", n, i), fmt.Sprintf("$cors_%d", n), fmt.Sprintf("$cors_%dx%d", n, i))
			text := names.Replace(string(a.file.Data))
			if out, err := tryNginx(dir, text); err != nil {
				t.Errorf("nginx refuses what a fix of %s made: %s\n%s", a.of.Rule, out, text)
				continue
			}
			all.WriteString(text)
			fixes = append(fixes, renamed{a, names})
		}
	}
	startNginx(t, dir, port, all.String())
	var total promises
	for _, x := range fixes {
		x.aloneFix.before(port)
		total.hold(t, x.aloneFix, port, x.names)
	}
	total.log(t)
}

// startUpstream starts the server behind nginx, which knows nothing of CORS.
func startUpstream(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch status := r.Header.Get("X-Answer-With"); status {
		case "":
		case "down":
			panic(http.ErrAbortHandler)
		default:
			n, _ := strconv.Atoi(status)
			w.WriteHeader(n)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func tryNginx(dir, text string) (string, error) {
	name := filepath.Join(dir, "try.conf")
	if err := os.WriteFile(name, []byte(whole(dir, text)), 0o666); err != nil {
		return "", err
	}
	out, err := exec.Command("nginx", "-t", "-q", "-c", name, "-p", dir).CombinedOutput()
	return string(out), err
}

// whole puts an http block around servers.
func whole(dir, text string) string {
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "  %s_temp_path %s;\n", kind, filepath.Join(dir, "temp-"+kind))
	}
	return fmt.Sprintf("user root;\npid %s;\nerror_log %s crit;\ndaemon off;\nworker_processes 1;\nevents { worker_connections 256; }\n"+
		"http {\n  access_log off;\n  server_names_hash_max_size 8192;\n  variables_hash_max_size 8192;\n  map_hash_bucket_size 256;\n%s%s}\n",
		filepath.Join(dir, "nginx.pid"), filepath.Join(dir, "error.log"), temp.String(), text)
}

func startNginx(t *testing.T, dir string, port int, text string) {
	t.Helper()
	name := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(name, []byte(whole(dir, text)), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("nginx", "-c", name, "-p", dir)
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
	t.Fatal(errors.New("nginx does not start: " + log.String()))
}
