package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/openapi"
)

// description declares a method that corsConf does not allow.
const description = `openapi: 3.0.3
info: {title: Orders, version: "1"}
servers: [{url: SERVER}]
paths:
  /orders/{id}:
    delete: {responses: {"204": {description: gone}}}
`

// corsConf is a server with CORS intent.
const corsConf = `server {
    server_name NAME;
    location /v1/ {
        if ($request_method = OPTIONS) { return 204; }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Methods "GET, PUT" always;
        proxy_pass http://orders:3000;
    }
    location / { ELSE }
}
`

func described(server string) string { return strings.Replace(description, "SERVER", server, 1) }

func conf(name string) string {
	return strings.NewReplacer("NAME", name, "ELSE", "return 404;").Replace(corsConf)
}

var described2 = []parsers.Dialect{nginx.Dialect{}, openapi.Dialect{}}

// TestNeeds: what a description declares is needed of the layer that answers for it, and of nobody else.
func TestNeeds(t *testing.T) {
	none := "server { server_name plain.shop.example; location / { proxy_pass http://plain:3000; } }\n"
	for name, test := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"the layer that has its name":      {map[string]string{"a.conf": conf("api.shop.example"), "b.conf": conf("other.shop.example"), "o.yaml": described("https://api.shop.example/v1")}, true},
		"the only layer, without a host":   {map[string]string{"a.conf": conf("api.shop.example"), "b.conf": none, "o.yaml": described("/v1")}, true},
		"a host that somebody maps":        {map[string]string{"a.conf": conf("api.shop.example"), "o.yaml": described("http://localhost:8080/v1")}, true},
		"a server without a name":          {map[string]string{"a.conf": conf("_"), "o.yaml": described("https://api.shop.example/v1")}, true},
		"JSON":                             {map[string]string{"a.conf": conf("_"), "o.json": `{"swagger": "2.0", "basePath": "/v1", "paths": {"/orders": {"delete": {"responses": {}}}}}`}, true},
		"another host":                     {map[string]string{"a.conf": conf("api.shop.example"), "o.yaml": described("https://api.payments.example/v1")}, false},
		"two layers, without a host":       {map[string]string{"a.conf": conf("api.shop.example"), "b.conf": conf("other.shop.example"), "o.yaml": described("/v1")}, false},
		"two layers of one name":           {map[string]string{"a.conf": conf("api.shop.example"), "b.conf": conf("api.shop.example"), "o.yaml": described("https://api.shop.example/v1")}, false},
		"a layer without intent":           {map[string]string{"b.conf": none, "o.yaml": described("https://plain.shop.example/v1")}, false},
		"a path that the layer has not":    {map[string]string{"a.conf": conf("api.shop.example"), "o.yaml": described("https://api.shop.example/v2")}, false},
		"a path where files are":           {map[string]string{"a.conf": strings.Replace(conf("_"), "proxy_pass http://orders:3000;", "root /srv;", 1), "o.yaml": described("/v1")}, false},
		"a path where nobody is let in":    {map[string]string{"a.conf": strings.Replace(conf("_"), "return 404;", "proxy_pass http://www:80;", 1), "o.yaml": described("/")}, false},
		"a document that cannot be parsed": {map[string]string{"a.conf": conf("_"), "o.yaml": described("/v1") + "  - x: {\n"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, workers := range []int{1, 8} {
				result := check(engine.Options{Files: tree(test.files), Dialects: described2, Workers: workers})
				got := list(result.Findings)
				if strings.Contains(got, "a.conf:6 allow-methods-missing the browser refuses DELETE") != test.want {
					t.Errorf("findings:\n%s", got)
				}
				if !test.want && got != "" {
					t.Errorf("more findings:\n%s", got)
				}
			}
		})
	}
}

// TestNeedsOfNamedFiles: whichever of both is named, both are read, and the finding is that of a place in it.
func TestNeedsOfNamedFiles(t *testing.T) {
	files := tree(map[string]string{"a.conf": conf("api.shop.example"), "b.conf": conf("other.shop.example"), "o.yaml": described("https://api.shop.example/v1"), "x.yaml": "a: b\n"})
	for path, want := range map[string]bool{"a.conf": true, "o.yaml": true, "b.conf": false, "x.yaml": false} {
		result := check(engine.Options{Files: files, Dialects: described2, Named: func(p string) bool { return p == path }})
		if got := list(result.Findings); strings.Contains(got, "DELETE") != want {
			t.Errorf("%s: findings:\n%s", path, got)
		}
		if n := len(result.Layers); n != map[string]int{"a.conf": 1, "b.conf": 1}[path] {
			t.Errorf("%s: %d layers", path, n)
		}
	}
}

// TestNeedsInText: a finding says who declares what it is about.
func TestNeedsInText(t *testing.T) {
	result := check(engine.Options{Files: tree(map[string]string{"a.conf": conf("_"), "api/o.yaml": described("/v1")}), Dialects: described2})
	if len(result.Findings) != 1 {
		t.Fatal(list(result.Findings))
	}
	f := result.Findings[0]
	if want := "api/o.yaml:6 declares DELETE /orders/{id}"; f.Evidence != want || !strings.HasPrefix(f.Because, want) || len(f.Related) != 1 {
		t.Errorf("evidence %q, because %q, related %v", f.Evidence, f.Because, f.Related)
	}
	if !slices.Contains(f.Endpoints, "port 80 /v1/orders/{id}") {
		t.Errorf("endpoints %q", f.Endpoints)
	}
}
