package nginx_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/differential"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers/nginx/conf"
	"github.com/corslint/corslint/parsers/nginx/nginxtest"
)

var corpus = flag.String("corpus", "", "a directory of real configurations to start and to compare with")

// rewrites make a real file start on this machine: what it needs from its own (addresses, certificates, other files) goes,
// and every upstream is the test's.
var rewrites = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`(?m)^(\s*)(listen|ssl\w*|include|load_module|user|pid|error_log|access_log|resolver\w*|http2\w*|worker_\w+|daemon|root|alias|auth_basic_user_file|proxy_cache_path|fastcgi_\w+|uwsgi_\w+|geoip\w*|limit_req_zone|client_body_temp_path|proxy_temp_path)\s[^;{}]*;`), "$1"},
	{regexp.MustCompile(`(proxy_pass|grpc_pass)\s+[^;]*;`), "proxy_pass http://UPSTREAM;"},
	{regexp.MustCompile(`(fastcgi_pass|uwsgi_pass)\s+[^;]*;`), "proxy_pass http://UPSTREAM;"},
	{regexp.MustCompile(`(?s)upstream\s+\S+\s*\{[^}]*\}`), ""},
	{regexp.MustCompile(`server\s*\{`), "server {\n listen 127.0.0.1:PORT;"},
}

// TestCorpus compares predictions for real files with nginx, as TestDifferential does for generated ones.
func TestCorpus(t *testing.T) {
	if *corpus == "" {
		t.Skip("no -corpus")
	}
	nginxtest.Require(t)
	files, err := filepath.Glob(filepath.Join(*corpus, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var total differential.Tally
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		total.Add(compareFile(t, filepath.Base(file), data))
	}
	t.Logf("%d files", len(files))
	total.Report(t, "configurations that nginx takes", *show, 99.9)
}

func compareFile(t *testing.T, name string, data []byte) (result differential.Tally) {
	found := conf.Recognise(source.NewFile(name, data))
	if found.File == nil || found.Whole {
		return differential.Tally{}
	}
	dir := t.TempDir()
	upstream, port := startUpstream(t), freePort(t)
	text := string(data)
	for _, r := range rewrites {
		text = r.from.ReplaceAllString(text, r.to)
	}
	text = strings.NewReplacer("UPSTREAM", upstream, "PORT", fmt.Sprint(port)).Replace(text)
	site := filepath.Join(dir, "www")
	write(t, filepath.Join(site, "index.html"), "x")
	switch found.Context {
	case conf.Location, conf.LocationIf:
		text = "location / {\n" + text + "\n}"
		fallthrough
	case conf.Server:
		text = fmt.Sprintf("server {\n listen 127.0.0.1:%d;\n%s\n}", port, text)
	case conf.Main:
		if _, inner, ok := strings.Cut(text, "http {"); ok {
			text = inner[:max(strings.LastIndex(inner, "}"), 0)]
		}
	default: // stands at http level as it is, or nginx refuses it
	}
	write(t, filepath.Join(dir, "upstream.yaml"), layerOf(upstream))
	main := filepath.Join(dir, "nginx.conf")
	write(t, main, nginxtest.Whole(dir, "root "+site+";\n"+text))
	if _, ok := nginxtest.Check(dir, main); !ok || !strings.Contains(text, "listen 127.0.0.1") {
		return differential.Tally{}
	}
	nginxtest.Start(t, dir, main, port)
	chain := read(t, dir)
	g := &generator{Rand: rand.New(rand.NewPCG(1, uint64(len(data)))), upstream: upstream}
	hosts, paths := []string{"any.example"}, []string{}
	for _, layer := range chain[0].Layers {
		for _, l := range layer.Listeners {
			for _, h := range l.Hosts {
				if h.Kind == policy.HostExact {
					hosts = append(hosts, h.Text)
				}
			}
		}
		for _, e := range layer.Endpoints {
			if e.Example != "" {
				paths = append(paths, e.Example, strings.TrimSuffix(e.Example, "/")+"/x")
			}
		}
	}
	result.Subjects = 1
	for range 60 {
		r := g.request(port)
		r.Host = fmt.Sprintf("%s:%d", hosts[g.IntN(len(hosts))], port)
		if len(paths) > 0 && !g.chance(4) {
			r.Path = strings.ReplaceAll(paths[g.IntN(len(paths))], " ", "%20")
		}
		got, err := compared.Ask(port, r)
		if err != nil {
			t.Fatalf("%s: asking nginx: %v", name, err)
		}
		result.Count(compared, got, predict(t, chain, r), func() string { return name + " " + r.Host + " " + r.String() })
	}
	return result
}
