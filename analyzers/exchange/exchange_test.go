package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// The layers of these tests are written down as programs.

const page = "https://app.example"

var (
	origin = &policy.RequestHeader{Name: "origin"}
	file   = source.NewFile("test.conf", []byte("one\ntwo\nthree\n"))
	line2  = source.Span{File: file, Start: 4, End: 7}
)

func respond(status int, headers ...string) *policy.Respond {
	r := &policy.Respond{Status: status, Span: line2}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Headers = append(r.Headers, policy.Line{Name: name, Value: text(value), Span: line2})
	}
	return r
}

// text is a header value; ORIGIN in it stands for the request's.
func text(value string) policy.Expr {
	switch {
	case value == "ORIGIN":
		return origin
	case value == "?":
		return &policy.UnknownExpr{Unknown: policy.Unknown{Kind: policy.UnknownVariable, Subject: "$it", Span: line2}}
	}
	return policy.Text(value)
}

func on(of policy.Expr, value string, then ...policy.Step) *policy.If {
	return &policy.If{Cond: &policy.Equal{Of: of, Text: value}, Then: then}
}

func layer(steps ...policy.Step) *policy.Layer { return editing(nil, steps...) }

// editing is a layer with response steps.
func editing(response []policy.Step, steps ...policy.Step) *policy.Layer {
	return &policy.Layer{
		Name: "layer", Listeners: []policy.Listener{{Scheme: "https", Port: 443}},
		Answerer: &policy.Program{BadRequest: -1, Blocks: []policy.Block{{Name: "all", Request: steps, Response: response}}},
	}
}

func add(h string) *policy.EditHeader {
	name, value, _ := strings.Cut(h, ": ")
	return &policy.EditHeader{Op: policy.Add, Name: name, Value: text(value), Span: line2}
}

func forward(to string) *policy.Forward {
	return &policy.Forward{To: policy.Upstream{Name: to, Span: line2}, Unreachable: 502}
}

func host(layers ...*policy.Layer) *policy.Host { return &policy.Host{Name: "host", Layers: layers} }

// upstream is a declared layer that stands for some upstreams.
func upstream(serves string, steps ...policy.Step) *policy.Host {
	h := host(layer(steps...))
	h.Serves = strings.Fields(serves)
	return h
}

func simulate(t testing.TB, chain exchange.Chain, f exchange.Fetch, o exchange.Options) exchange.Exchange {
	t.Helper()
	if f.Origin == "" {
		f.Origin = page
	}
	x, err := exchange.Simulate(context.Background(), browser.Chromium, chain, f, o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// story prints the outcomes of an exchange, one a line: verdict, statuses, what it assumes.
func story(x exchange.Exchange) string {
	var lines []string
	for _, o := range x.Outcomes {
		line := string(o.Result.Verdict)
		if o.Result.Reason != "" {
			line += " " + string(o.Result.Reason)
		}
		for i, h := range o.Hops {
			if i >= len(o.Result.Hops) || h.URL != o.Result.Hops[i].URL {
				panic("hops are not parallel")
			}
			for _, a := range []*policy.Outcome{h.Preflight, h.Actual} {
				if a != nil {
					line += fmt.Sprintf(" %d", a.Status)
				}
			}
			if h.From != 0 {
				line += " from " + h.From.String()
			}
		}
		for _, a := range o.Assuming {
			line += "; " + a.String()
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func check(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func put(url string) exchange.Fetch { return exchange.Fetch{URL: url, Method: "PUT"} }

func TestForwarding(t *testing.T) {
	front := func(to string) *policy.Host { return host(layer(forward(to))) }
	allow := respond(200, "Access-Control-Allow-Origin: *")
	nginx := layer(allow)
	nginx.Listeners = []policy.Listener{{Scheme: "http", Port: 8080, Hosts: []policy.HostPattern{{Kind: policy.HostExact, Text: "orders"}}}}
	tests := []struct {
		name   string
		chain  exchange.Chain
		answer int // 0: not known
	}{
		{"nobody behind", exchange.Chain{front("http://orders:3000")}, 0},
		{"named host and port", exchange.Chain{front("http://Orders:3000/v1"), upstream("orders:3000", allow)}, 200},
		{"named with a scheme", exchange.Chain{front("https://orders:3000"), upstream("x https://orders:3000", allow)}, 200},
		{"another name", exchange.Chain{front("http://orders:3000"), upstream("orders", allow)}, 0},
		{"whatever is forwarded", exchange.Chain{front("http://orders:3000"), {Serves: []string{}, Layers: []*policy.Layer{layer(allow)}}}, 200},
		{"the second behind", exchange.Chain{front("http://orders:3000"), upstream("users", respond(500)), upstream("orders:3000", allow)}, 200},
		{"behind the behind", exchange.Chain{front("http://a"), upstream("a", forward("http://b")), upstream("b", allow)}, 200},
		{"never back", exchange.Chain{front("http://a"), upstream("b", allow), upstream("a", forward("http://b"))}, 0},
		{"by its listener", exchange.Chain{front("http://orders:8080"), host(nginx)}, 200},
		{"on another port", exchange.Chain{front("http://orders:8081"), host(nginx)}, 0},
		{"an address that is none", exchange.Chain{front("unix:/run/x.sock"), host(nginx), host()}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			outcomes, err := test.chain.Answer(context.Background(), exchange.Query{URL: "https://api.example/", Method: "GET"}, nil)
			if err != nil || len(outcomes) != 1 || outcomes[0].Status != test.answer || (outcomes[0].Open == nil) != (test.answer != 0) {
				t.Errorf("%+v %v", outcomes, err)
			}
		})
	}
}

// A group of servers is named by its servers too.
func TestForwardToGroup(t *testing.T) {
	f := forward("http://backend")
	f.To.Servers = []string{"10.0.0.7:8080"}
	chain := exchange.Chain{host(layer(f)), upstream("10.0.0.7:8080", respond(204))}
	outcomes, err := chain.Answer(context.Background(), exchange.Query{URL: "https://api.example/"}, nil)
	if err != nil || outcomes[0].Status != 204 {
		t.Error(outcomes, err)
	}
}

// Who gets a forwarded request sees its connection, not the client's.
func TestForwardedConnection(t *testing.T) {
	seen := func(name string, part policy.Expr) policy.Line { return policy.Line{Name: name, Value: part} }
	shows := &policy.Respond{Status: 200, Headers: []policy.Line{seen("S", policy.Scheme), seen("H", policy.HostName), seen("P", policy.Port), seen("F", &policy.RequestHeader{Name: "x-forwarded-proto"})}}
	group := forward("http://backend")
	group.To.Servers = []string{"10.0.0.7:8080"}
	for want, f := range map[string]*policy.Forward{"http api.example 3000": forward("http://orders:3000/v1"), "https api.example 443": forward("https://orders"), "http api.example 8080": group} {
		outcomes, err := exchange.Chain{host(layer(f)), {Serves: []string{}, Layers: []*policy.Layer{layer(shows)}}}.
			Answer(context.Background(), exchange.Query{URL: "https://api.example/", Method: "GET"}, nil)
		if err != nil || len(outcomes) != 1 {
			t.Fatal(outcomes, err)
		}
		var got []string
		for _, h := range outcomes[0].Headers {
			got = append(got, h.Value.String())
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: got %q, want %q", f.To.Name, text, want)
		}
	}
}

// What a layer sees of a request.
func TestRequest(t *testing.T) {
	var seen policy.Request
	spy := layer()
	spy.Listeners[0].Port = 0 // any
	spy.Answerer = answerer(func(_ context.Context, r *policy.Request, _ policy.Next) []policy.Outcome {
		seen = *r
		return []policy.Outcome{{Status: 200}}
	})
	tests := []struct {
		url     string
		headers []browser.Header
		want    string
	}{
		{"https://API.example", nil, `https api.example 443 "/" "" [{Host api.example}]`},
		{"https://api.example:443?q=1?2#f", nil, `https api.example 443 "/" "q=1?2" [{Host api.example}]`},
		{"https://u:p@api.example:8443/a%2Fb//../%zz?%00", nil, `https api.example 8443 "/a%2Fb//../%zz" "%00" [{Host api.example:8443}]`},
		{"http://[::1]:8080/é", nil, `http [::1] 8080 "/é" "" [{Host [::1]:8080}]`},
		{"https://10.0.0.1/", []browser.Header{{Name: "hOST", Value: "other.example:81"}, {Name: "A", Value: "b"}}, `https other.example 443 "/" "" [{hOST other.example:81} {A b}]`},
	}
	for _, test := range tests {
		seen = policy.Request{}
		if _, err := (exchange.Chain{host(spy)}).Answer(context.Background(), exchange.Query{URL: test.url, Headers: test.headers}, spy); err != nil {
			t.Errorf("%s: %v", test.url, err)
		}
		check(t, fmt.Sprintf("%s %s %d %q %q %v", seen.Scheme, seen.Host, seen.Port, seen.Path, seen.Query, seen.Headers), test.want)
	}
	for _, url := range []string{"", "api.example", "/x", "ftp://x/", "https://", "https:///x", "http://x:99999/", "http://x:-1/", "http://:80/"} {
		if _, err := (exchange.Chain{host(spy)}).Answer(context.Background(), exchange.Query{URL: url}, nil); err == nil || exchange.IsNoLayer(err) {
			t.Errorf("%q: %v", url, err)
		}
	}
}

type answerer func(context.Context, *policy.Request, policy.Next) []policy.Outcome

func (a answerer) Answer(ctx context.Context, r *policy.Request, next policy.Next) []policy.Outcome {
	return a(ctx, r, next)
}

func TestNoLayer(t *testing.T) {
	named := layer(respond(200))
	named.Listeners = []policy.Listener{{Scheme: "http", Port: 80, Hosts: []policy.HostPattern{{Kind: policy.HostExact, Text: "api.example"}}}}
	tests := []struct {
		chain exchange.Chain
		want  string
	}{
		{nil, "no layer answers https://other.example/: there is none"},
		{exchange.Chain{host()}, "no layer answers https://other.example/: there is none"},
		{exchange.Chain{host(named)}, "no layer answers https://other.example/; there are http://api.example:80"},
	}
	for _, test := range tests {
		_, err := test.chain.Answer(context.Background(), exchange.Query{URL: "https://other.example/"}, nil)
		_, simulated := exchange.Simulate(context.Background(), browser.Chromium, test.chain, exchange.Fetch{URL: "https://other.example/", Origin: page}, exchange.Options{})
		if none, ok := errors.AsType[*exchange.NoLayerError](err); !ok || none.Error() != test.want || simulated == nil || simulated.Error() != test.want {
			t.Errorf("%v, %v", err, simulated)
		}
	}
	if _, err := (exchange.Chain{host(named)}).Answer(context.Background(), exchange.Query{URL: "https://other.example/"}, named); err != nil {
		t.Error("the layer that is given does not answer:", err)
	}
}

// What a listener on port 80 is asked through https is asked by something in front of it.
func TestTLSInFront(t *testing.T) {
	plain := layer(on(policy.Scheme, "http", respond(200, "Access-Control-Allow-Origin: *")), respond(500))
	plain.Listeners = []policy.Listener{{Scheme: "http", Port: 80, Hosts: []policy.HostPattern{{Kind: policy.HostExact, Text: "api.example"}}}}
	check(t, story(simulate(t, exchange.Chain{host(plain)}, exchange.Fetch{URL: "https://api.example/"}, exchange.Options{})), "allowed 200; TLS in front of port 80")
}

// An unknown has one truth value in preflight and actual request.
func TestOneTruth(t *testing.T) {
	exists := &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: "/x"}}
	front := layer(&policy.If{
		Cond: exists,
		Then: []policy.Step{respond(200, "Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: PUT")},
		Else: []policy.Step{respond(200, "Access-Control-Allow-Methods: PUT", "Access-Control-Allow-Origin: https://x.example")},
	})
	x := simulate(t, exchange.Chain{host(front)}, put("https://api.example/x"), exchange.Options{})
	check(t, story(x), "allowed 200 200; the file /x exists\nblocked PreflightAllowOriginMismatch 200 200; the file /x does not exist")
	if x.Verdict() != browser.Unknown {
		t.Error(x.Verdict())
	}
	// The same behind a proxy.
	chain := exchange.Chain{host(layer(forward("http://a"))), {Serves: []string{}, Layers: []*policy.Layer{front}}}
	check(t, story(simulate(t, chain, put("https://api.example/x"), exchange.Options{})), story(x))
}

func TestUnknownUpstream(t *testing.T) {
	const url = "https://api.example/"
	silent := "; http://orders sends no CORS headers of its own"
	options := "; http://orders answers OPTIONS with 200"
	open := exchange.Chain{host(layer(forward("http://orders")))}
	check(t, story(simulate(t, open, exchange.Fetch{URL: url}, exchange.Options{})), "blocked MissingAllowOriginHeader 0"+silent+"\nunknown 0")
	check(t, story(simulate(t, open, exchange.Fetch{URL: url}, exchange.Options{AssumeSilent: true})), "blocked MissingAllowOriginHeader 0"+silent)

	// With its headers removed there is nothing that it could add.
	closed := &policy.EditHeader{Op: policy.Remove, Name: "Access-Control-*", Span: line2}
	fixed := exchange.Chain{host(editing([]policy.Step{closed, add("Access-Control-Allow-Origin: *")}, forward("http://orders")))}
	check(t, story(simulate(t, fixed, exchange.Fetch{URL: url}, exchange.Options{AssumeSilent: true})), "allowed 0"+silent)
	check(t, story(simulate(t, fixed, exchange.Fetch{URL: url}, exchange.Options{})), "allowed 0")
	// What it may send is neither asked nor answered where it is silent.
	asks := exchange.Chain{host(editing([]policy.Step{&policy.If{Cond: &policy.HasHeader{Name: "Access-Control-Allow-Origin"}, Else: []policy.Step{add("Access-Control-Allow-Origin: *")}}}, forward("http://orders")))}
	check(t, story(simulate(t, asks, exchange.Fetch{URL: url}, exchange.Options{AssumeSilent: true})), "allowed 0; http://orders does not send Access-Control-Allow-Origin"+silent)

	// OPTIONS is forwarded too, and may be answered with 404.
	both := exchange.Chain{host(editing([]policy.Step{add("Access-Control-Allow-Origin: *"), add("Access-Control-Allow-Methods: PUT")}, forward("http://orders")))}
	check(t, story(simulate(t, both, put(url), exchange.Options{AssumeSilent: true})), "allowed 0 200"+silent+options)

	// An unknown value decides nothing.
	guess := exchange.Chain{host(layer(respond(200, "Access-Control-Allow-Origin: ?")))}
	check(t, story(simulate(t, guess, exchange.Fetch{URL: url}, exchange.Options{})), "unknown 200")
}

// Circumstances befall the request itself and what it is redirected to, not its preflight.
func TestCircumstances(t *testing.T) {
	thrown := &policy.If{Cond: policy.Meets{Kind: policy.HandlerThrows}, Then: []policy.Step{respond(500)}}
	chain := exchange.Chain{host(layer(thrown, respond(204, "Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: PUT")))}
	f := put("https://api.example/")
	f.Circumstances = []policy.Circumstance{{Kind: policy.HandlerThrows}}
	check(t, story(simulate(t, chain, f, exchange.Options{})), "blocked MissingAllowOriginHeader 204 500")
}

func TestRedirects(t *testing.T) {
	moved := func(to string) policy.Step {
		return respond(307, "Location: "+to, "Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: PUT")
	}
	end := respond(200, "Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: PUT")
	options := on(policy.Method, "OPTIONS", end)
	named := func(name string, steps ...policy.Step) *policy.Layer {
		l := layer(steps...)
		l.Listeners[0].Hosts = []policy.HostPattern{{Kind: policy.HostExact, Text: name}}
		return l
	}
	chain := exchange.Chain{host(
		named("a.example", options, on(policy.Path, "/b", moved("https://b.example/x")), on(policy.Path, "/out", moved("https://else.example:8443/")),
			on(policy.Path, "/self", moved("/self")), on(policy.Path, "/slash", moved("/slash/")), end),
		named("b.example", end))}
	check(t, story(simulate(t, chain, put("https://a.example/b"), exchange.Options{})), "allowed 200 307 200 200")
	check(t, story(simulate(t, chain, put("https://a.example/slash"), exchange.Options{})), "allowed 200 307 200 200")
	check(t, story(simulate(t, chain, exchange.Fetch{URL: "https://a.example/out"}, exchange.Options{})),
		"unknown 307 0") // nothing is assumed about a host that nobody here answers for
	// A circle ends where the browser ends it, and each visit has its own answer.
	x := simulate(t, chain, exchange.Fetch{URL: "https://a.example/self"}, exchange.Options{})
	if o := x.Outcomes[0]; o.Result.Verdict != browser.Blocked || len(o.Hops) != 21 || slices.ContainsFunc(o.Hops, func(h exchange.Hop) bool { return h.Actual == nil }) {
		t.Error(story(x))
	}
	// The layer that is given answers for its own host only.
	x = simulate(t, chain, exchange.Fetch{URL: "https://a.example/b"}, exchange.Options{Entry: chain[0].Layers[0]})
	check(t, story(x), "allowed 307 200")
}

// The answers to what would be sent if a check did not fail are there for machines, and people are not shown them.
func TestHypothetical(t *testing.T) {
	chain := exchange.Chain{host(layer(on(policy.Method, "OPTIONS", respond(204)), on(policy.Path, "/", respond(307, "Location: /2", "Access-Control-Allow-Origin: *")), respond(201)))}
	x := simulate(t, chain, put("https://api.example/"), exchange.Options{})
	check(t, story(x), "blocked PreflightMissingAllowOriginHeader 204 307 204 201")
	w := x.Witness(&x.Outcomes[0], "nginx")
	var starts []string
	for _, s := range w.Steps {
		starts = append(starts, s.From+" "+s.Start)
	}
	check(t, strings.Join(starts, "\n"), "browser OPTIONS /\nnginx 204\nbrowser refuses; the PUT is never sent")
	if curl := x.Curl(&x.Outcomes[0]); len(curl) != 1 {
		t.Error(curl)
	}
	d := x.Document("").Outcomes[0]
	if h := d.Hops; len(h) != 2 || h[0].Preflight.Hypothetical || !h[0].Hypothetical || !h[1].Preflight.Hypothetical || !h[1].Hypothetical {
		t.Errorf("%+v", h)
	}
}

// Hosts that all fork answer in bounded time.
func TestBounded(t *testing.T) {
	fork := func(name string, last policy.Step) policy.Step {
		for i := range 7 {
			last = &policy.If{Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: fmt.Sprint(name, i)}}, Then: []policy.Step{last}, Else: []policy.Step{last}}
		}
		return last
	}
	chain := exchange.Chain{host(layer(fork("a", forward("http://a"))))}
	for _, name := range []string{"b", "c"} {
		chain = append(chain, upstream(string(name[0]-1), fork(name, forward("http://"+name))))
	}
	start := time.Now()
	x := simulate(t, chain, exchange.Fetch{URL: "https://api.example/"}, exchange.Options{})
	if n := len(x.Outcomes); n == 0 || n > 128 {
		t.Error(n)
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Error("it took", took)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := exchange.Simulate(ctx, browser.Chromium, chain, exchange.Fetch{URL: "https://api.example/", Origin: page}, exchange.Options{}); err != nil {
		t.Error(err)
	}
}

// The same question has the same answer, in parallel too.
func TestDeterminism(t *testing.T) {
	ask := &policy.If{Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: "/x"}}, Then: []policy.Step{respond(200, "Access-Control-Allow-Origin: ORIGIN")}}
	chain := exchange.Chain{host(layer(ask, forward("http://a"))), upstream("a", ask, respond(404))}
	want := simulate(t, chain, put("https://api.example/"), exchange.Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if x := simulate(t, chain, put("https://api.example/"), exchange.Options{}); !reflect.DeepEqual(x.Document(""), want.Document("")) {
					t.Error(story(x))
				}
			}
		})
	}
	wg.Wait()
}
