package playground_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/corslint/corslint/internal/playground"
)

// cases are a faulty file of every language, and the rule that reports it.
var cases = []struct {
	name, text, rule string
	repaired         bool // there is a fix that may be applied
}{
	{"api.conf", `# é 😀 counts as two
server {
    listen 80;
    server_name api.shop.example;
    location / {
        add_header Access-Control-Allow-Origin https://app.shop.example/ always;
        proxy_pass http://orders:3000;
    }
}
`, "origin-trailing-slash", true},
	{"server.js", `const app = require('express')();
// 😀
app.use(require('cors')({ origin: 'https://app.shop.example/' }));
app.get('/orders', (req, res) => res.json([]));
app.listen(3000);
`, "origin-trailing-slash", true},
	{"template.yaml", `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: ['https://app.shop.example/']
        AllowMethods: [GET]
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Handler: orders.handler
      Events:
        Get: {Type: HttpApi, Properties: {Path: /orders, Method: get, ApiId: !Ref Api}}
`, "origin-trailing-slash", true},
}

func ask(t *testing.T, a *playground.Analyst, q playground.Question) *playground.Answer {
	t.Helper()
	answer := a.Answer(t.Context(), q)
	if answer.Error != "" {
		t.Fatal(answer.Error)
	}
	return answer
}

func find(a *playground.Answer, rule string) int {
	return slices.IndexFunc(a.Findings, func(f playground.Finding) bool { return f.Rule == rule })
}

func TestAnswer(t *testing.T) {
	analyst := playground.New(everything()) // one, so that it has to forget
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q := playground.Question{Files: []playground.File{{Name: c.name, Text: c.text}}}
			a := ask(t, analyst, q)
			i := find(a, c.rule)
			if i < 0 {
				t.Fatalf("no %s in %+v", c.rule, a.Findings)
			}
			f := a.Findings[i]
			if got := slice(c.text, f.Place); !strings.Contains(got, "https://app.shop.example/") {
				t.Errorf("the finding is about %q", got)
			}
			if f.Witness == nil || f.Fetch == nil || a.Suggest == nil || len(a.Layers) == 0 || !f.Repairable {
				t.Errorf("incomplete: %+v of %+v", f, a)
			}
			q.Fetch = f.Fetch
			x := ask(t, analyst, q).Exchange
			if x.Verdict != "blocked" || x.Message == "" || len(x.Outcomes[0].Witness.Steps) < 2 {
				t.Errorf("its request: %+v", x)
			}

			fixes := ask(t, analyst, playground.Question{Files: q.Files, Repair: []int{i}}).Fixes
			if len(fixes) != 1 || len(fixes[0]) == 0 || fixes[0][0].Safety != "safe" {
				t.Fatalf("fixes: %+v", fixes)
			}
			q.Files[0].Text = apply(c.text, fixes[0][0].Edits)
			if a = ask(t, analyst, q); find(a, c.rule) >= 0 || a.Exchange.Verdict == "blocked" {
				t.Errorf("repaired: %+v\n%s", a, q.Files[0].Text)
			}
		})
	}
}

// slice returns what stands at a place, as JavaScript would.
func slice(text string, p playground.Place) string {
	return string(utf16.Decode(utf16.Encode([]rune(text))[p.Start:p.End]))
}

func apply(text string, edits []playground.Edit) string {
	units := utf16.Encode([]rune(text))
	slices.SortFunc(edits, func(x, y playground.Edit) int { return y.Start - x.Start })
	for _, e := range edits {
		units = slices.Concat(units[:e.Start], utf16.Encode([]rune(e.Text)), units[e.End:])
	}
	return string(utf16.Decode(units))
}

// TestSameAnswer asks one analyst about text after text, and a new one about each.
func TestSameAnswer(t *testing.T) {
	analyst := playground.New(everything())
	files := []playground.File{{Name: cases[0].name, Text: cases[0].text}, {Name: cases[1].name, Text: cases[1].text}}
	for i, change := range []func(){
		func() {},
		func() { files[0].Text = strings.Replace(files[0].Text, "always", "", 1) },
		func() { files[0].Text = strings.Replace(files[0].Text, "orders:3000", "127.0.0.1:3000", 1) }, // in front of the application
		func() { files[1].Text = strings.Replace(files[1].Text, "example/'", "example'", 1) },
		func() { files[1].Name = "other.js" },
		func() { files = files[:1] },
		func() { files[0].Text += "}" },
	} {
		change()
		q := playground.Question{Files: files, Fetch: &playground.Fetch{URL: "https://api.shop.example/orders", Method: "GET", Origin: "https://app.shop.example"}}
		got, want := ask(t, analyst, q), ask(t, playground.New(everything()), q)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("step %d:\n%+v, new:\n%+v", i, got, want)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	many := make([]playground.File, 51)
	for i := range many {
		many[i].Name = fmt.Sprintf("%d.conf", i)
	}
	for what, files := range map[string][]playground.File{
		"no name":   {{Name: "/", Text: "x"}},
		"outside":   {{Name: "../x.conf", Text: "x"}},
		"too large": {{Name: "x.conf", Text: strings.Repeat("x", 1<<20+1)}},
		"too many":  many,
	} {
		if a := playground.New(everything()).Answer(t.Context(), playground.Question{Files: files}); a.Error == "" {
			t.Errorf("%s: answered", what)
		}
	}
	analyst := playground.New(everything())
	for _, question := range []string{"", "[]", `{"files":7}`, `{"files":[]} `, strings.Repeat(" ", 5<<20)} {
		var a playground.Answer
		if err := json.Unmarshal(analyst.AnswerJSON(t.Context(), []byte(question)), &a); err != nil {
			t.Errorf("%.20q: %v", question, err)
		}
	}
	q := playground.Question{Files: []playground.File{{Name: "x.conf", Text: cases[0].text}}, Repair: []int{-1, 0, 1 << 40}}
	if fixes := ask(t, analyst, q).Fixes; len(fixes) != 3 || len(fixes[0])+len(fixes[2]) != 0 {
		t.Errorf("fixes of findings that are not there: %+v", fixes)
	}
	q.Repair, q.Fetch = nil, &playground.Fetch{URL: "::", Method: "\n", Origin: "😀"}
	if x := ask(t, analyst, q).Exchange; x.Error == "" {
		t.Errorf("a request that is none: %+v", x)
	}
}

// TestGivenUp stops an analyst at its work, and asks again.
func TestGivenUp(t *testing.T) {
	analyst := playground.New(everything())
	endless := playground.Question{Files: []playground.File{{Name: "server.js", Text: "require('express')().listen(1);\nfor (;;);\n"}}}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	started := time.Now()
	if a := analyst.Answer(ctx, endless); a.Error == "" || time.Since(started) > 10*time.Second {
		t.Errorf("after %v: %+v", time.Since(started), a)
	}
	if a := ask(t, analyst, playground.Question{Files: []playground.File{{Name: cases[0].name, Text: cases[0].text}}}); find(a, cases[0].rule) < 0 {
		t.Errorf("afterwards: %+v", a)
	}
}

func TestHandler(t *testing.T) {
	handler := playground.New(everything()).Handler()
	for _, c := range []struct {
		method, url, origin, body string
		status                    int
	}{
		{"GET", "http://127.0.0.1:1/", "", "", 200},
		{"GET", "http://localhost:1/page.js", "", "", 200},
		{"GET", "http://[::1]:1/page.js", "", "", 200},
		{"GET", "http://127.0.0.1:1/nothing", "", "", 404},
		{"GET", "http://evil.example/", "", "", 421}, // DNS rebinding
		{"POST", "http://127.0.0.1:1/answer", "http://127.0.0.1:1", "{}", 200},
		{"POST", "http://127.0.0.1:1/answer", "https://evil.example", "{}", 403},
		{"POST", "http://127.0.0.1:1/answer", "null", "{}", 403},
		{"POST", "http://127.0.0.1:1/answer", "", strings.Repeat(" ", 5<<20), 413},
		{"PUT", "http://127.0.0.1:1/answer", "", "{}", 405},
	} {
		r := httptest.NewRequest(c.method, c.url, strings.NewReader(c.body))
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s %s from %q: %d, want %d", c.method, c.url, c.origin, w.Code, c.status)
		}
		if w.Code == http.StatusOK && c.method == "GET" && !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: no policy for what it loads", c.url)
		}
	}
}

// TestKept holds that the service worker keeps every file of the page.
func TestKept(t *testing.T) {
	worker := read(t, "offline.js")
	for _, name := range []string{"page.css", "icon.svg", "page.js", "element.js", "editor.js", "results.js", "link.js", "analyst.js", "examples.js", "worker.js", "mode.json"} {
		read(t, name)
		if !strings.Contains(worker, "'"+name+"'") {
			t.Errorf("offline.js does not keep %s", name)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	f, err := playground.Static().Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFragment(t *testing.T) {
	q := playground.Question{Files: []playground.File{{Name: "é.conf", Text: "😀\r\n\x00"}}, Fetch: &playground.Fetch{URL: "https://x.example", Headers: [][2]string{{"A", "b"}}}}
	fragment, err := playground.Fragment(q)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := playground.ReadFragment(fragment); err != nil || !reflect.DeepEqual(got, q) {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzFragment(f *testing.F) {
	for _, text := range []string{"", "e30", "%", "VJBR7tMwDIevYvKSVKraoj9PQbsBN6A8RJ27ZuqczHZQRdW7o4wNxqN_tr_P8m7muKIY_303FG5ovBHkn8jdVUxrFD"} {
		f.Add(text)
	}
	q, err := playground.Fragment(playground.Question{Files: []playground.File{{Name: "x", Text: "y"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(q)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := playground.ReadFragment(text)
		if err != nil {
			return
		}
		again, err := playground.Fragment(q)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := playground.ReadFragment(again); err != nil || !reflect.DeepEqual(p, q) {
			t.Errorf("%+v becomes %+v, %v", q, p, err)
		}
	})
}
