package expect

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/reach"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/layerfile"
	"github.com/corslint/corslint/parsers/nginx"
)

// read reads the layers of files.
func read(t *testing.T, files map[string]string) *reach.Project {
	t.Helper()
	var list []*source.File
	for name, text := range files {
		list = append(list, source.NewFile(name, []byte(text)))
	}
	tree := discovery.Memory(list...).Walk(discovery.Options{})
	result := engine.Run(context.Background(), engine.Options{Files: tree, Dialects: []parsers.Dialect{nginx.Dialect{}, layerfile.Dialect{}}, Link: true})
	return &reach.Project{Seats: result.Seats, Hosts: result.Hosts}
}

func TestCheck(t *testing.T) {
	files := map[string]string{
		"prod/api.conf": `server { server_name api.example; location / {
			add_header Access-Control-Allow-Origin $http_origin always; add_header Access-Control-Allow-Credentials true always; return 200; }
			location /up/ { proxy_pass http://orders:3000; }
			location /own/ { add_header Access-Control-Allow-Origin https://app.example always; proxy_pass http://other:3000; } }`,
		"stage/api.conf": `server { server_name stage.example; location / { return 200; } }`,
		"a/any.conf":     `server { listen 81; location / { return 200; } }`,
		"b/any.conf":     `server { listen 81; location / { return 200; } }`,
		"orders.yaml":    "corslint: layer/v1\nname: orders\nserves: [\"orders:3000\"]\nanswers:\n  - status: 200\n    headers: {Access-Control-Allow-Origin: \"*\"}\n",
	}
	all := read(t, files)
	conf := source.NewFile(".corslint.yml", []byte("expect: blocked"))
	for _, test := range []struct {
		name   string
		expect config.Expectation
		want   string // of the message; "" for none
	}{
		{"let in", config.Expectation{From: "https://evil.example", URL: "https://api.example/", Credentials: "include", Verdict: "blocked"}, "error: the browser allows GET / from https://evil.example, expected to be blocked"},
		{"as expected", config.Expectation{From: "https://evil.example", URL: "https://api.example/", Credentials: "include", Verdict: "allowed"}, ""},
		{"kept out", config.Expectation{From: "https://app.example", URL: "https://stage.example/x?y", Method: "PUT", Verdict: "allowed"}, "error: the browser refuses PUT /x from https://app.example, expected to be allowed"},
		{"a declared upstream", config.Expectation{From: "https://app.example", URL: "https://api.example/up/", Verdict: "allowed"}, ""},
		{"an unknown upstream behind headers of one's own", config.Expectation{From: "https://app.example", URL: "https://api.example/own/", Verdict: "blocked"}, "error: the browser allows GET /own/"},
		{"the same, expected", config.Expectation{From: "https://app.example", URL: "https://api.example/own/", Verdict: "allowed"}, ""},
		{"nobody", config.Expectation{From: "https://app.example", URL: "http://api.example:9/", In: "stage/**", Verdict: "allowed"}, "error: nobody is known to answer GET / from"},
		{"anybody", config.Expectation{From: "https://app.example", URL: "http://x.example:81/", Verdict: "blocked"}, "error: nobody is known to answer GET / from"},
		{"one of them", config.Expectation{From: "https://app.example", URL: "http://x.example:81/", In: "b/**", Verdict: "blocked"}, ""},
		{"long", config.Expectation{From: "https://" + strings.Repeat("é", 200) + ".example", URL: "https://api.example/" + strings.Repeat("x", 500), Method: "PROPPATCH", Verdict: "allowed"}, "error: the browser refuses PROPPATCH /xxx"},
		{"no URL", config.Expectation{From: "https://app.example", URL: "https://[::1/%zz", Verdict: "allowed"}, "error: nobody is known to answer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.expect.Span = source.Span{File: conf, Start: 8, End: 15}
			findings := Check(context.Background(), []config.Expectation{test.expect}, all)
			got := ""
			for _, f := range findings {
				got = f.Severity.String() + ": " + f.Message
				if n := utf8.RuneCountInString(f.Message); n > 110 {
					t.Errorf("a message of %d characters: %s", n, f.Message)
				}
				if f.Because == "" || f.Change == "" || f.Place.IsZero() || f.Subject == "" {
					t.Errorf("incomplete: %+v", f)
				}
			}
			if test.want == "" && got != "" || !strings.HasPrefix(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
