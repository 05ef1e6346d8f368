package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
)

func transcript(w finding.Witness) string {
	var b strings.Builder
	fmt.Fprintln(&b, w.Title)
	for _, s := range w.Steps {
		fmt.Fprintf(&b, "%s > %s  %s", s.From, s.To, s.Start)
		if !s.Place.IsZero() {
			fmt.Fprintf(&b, "  :%d", s.Place.Position().Line)
		}
		b.WriteByte('\n')
		for _, l := range s.Lines {
			mark := " "
			if l.Lost {
				mark = "-"
			}
			fmt.Fprintf(&b, "  %s %s", mark, l.Text)
			for _, p := range l.Places {
				fmt.Fprintf(&b, "  :%d", p.Position().Line)
			}
			if l.Note != "" {
				fmt.Fprintf(&b, "  %s", l.Note)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestWitness(t *testing.T) {
	lose := func(name string) policy.Step {
		return &policy.Lose{Name: name, Value: policy.Text("true"), At: line2, Why: policy.Shadowed}
	}
	chain := exchange.Chain{host(editing([]policy.Step{add("Access-Control-Allow-Origin: ORIGIN"), add("Server: nginx"), lose("Access-Control-Allow-Credentials"), lose("Access-Control-Allow-Origin"), lose("Server")},
		on(policy.Method, "OPTIONS", respond(204)), on(policy.Path, "/gone", &policy.Respond{Close: true}), forward("http://orders")))}
	x := simulate(t, chain, exchange.Fetch{URL: "https://api.example/?a=b", Method: "PUT", Credentials: browser.CredentialsInclude, Headers: []browser.Header{{Name: "X-A", Value: "\"1\""}}}, exchange.Options{AssumeSilent: true})
	check(t, transcript(x.Witness(&x.Outcomes[0], "nginx")), `fetch("https://api.example/?a=b", {method: "PUT", credentials: "include", headers: {"X-A": "\"1\""}})
browser > nginx  OPTIONS /?a=b
    Accept: */*
    Access-Control-Request-Method: PUT
    Access-Control-Request-Headers: x-a
    Origin: https://app.example
nginx > browser  204  :2
    Access-Control-Allow-Origin: https://app.example  :2
  - Access-Control-Allow-Credentials: true  :2  an inner level has headers of its own
browser >   refuses; the PUT is never sent
`)
	ends := func(f exchange.Fetch) string {
		x := simulate(t, chain, f, exchange.Options{AssumeSilent: true})
		steps := x.Witness(&x.Outcomes[0], "nginx").Steps
		return steps[max(len(steps)-2, 0)].Start + " / " + steps[len(steps)-1].Start
	}
	check(t, ends(exchange.Fetch{URL: "https://api.example/"}), "whatever http://orders answers / hands the response to the page")
	check(t, ends(exchange.Fetch{URL: "https://api.example/gone"}), "closes the connection / refuses; the page gets no response")
	check(t, ends(exchange.Fetch{URL: "https://api.example/", Mode: browser.ModeNoCORS}), "whatever http://orders answers / uses the response, which the page cannot read")
	check(t, ends(exchange.Fetch{URL: "https://api.example/", Mode: browser.ModeSameOrigin}), "refuses; nothing is sent / refuses; nothing is sent")
}

// The lines are read alike by sh, PowerShell and cmd; what is not is left out, and never changed.
func TestCurl(t *testing.T) {
	chain := exchange.Chain{host(layer(respond(200, "Access-Control-Allow-Origin: *", "Access-Control-Allow-Methods: *", "Access-Control-Allow-Headers: *")))}
	header := func(name, value string) []browser.Header { return []browser.Header{{Name: name, Value: value}} }
	const (
		start = `curl -i "https://api.example`
		end   = ` -H "Accept: */*" -H "Origin: https://app.example"`
	)
	for _, test := range []struct {
		fetch exchange.Fetch
		want  string // the last line; "" for none
	}{
		{exchange.Fetch{URL: "https://api.example/a b?c=d&e=%20%C3%A9%C3%A9|;"}, start + `/a%20b?c=d&e=%20%C3%A9%C3%A9|;"` + end},
		{exchange.Fetch{URL: "https://api.example/", Method: "HEAD"}, `curl -I "https://api.example/"` + end},
		{exchange.Fetch{URL: "https://api.example/", Method: "DELETE"}, `curl -i -X DELETE "https://api.example/"` + end},
		{exchange.Fetch{URL: "https://api.example/[1]"}, `curl -i -g "https://api.example/[1]"` + end},
		{exchange.Fetch{URL: "https://api.example/", Headers: header("X-A", "")}, start + `/" -H "X-A;"` + end},
		{exchange.Fetch{URL: "https://api.example/", Headers: header("X-A", "50% or more")}, start + `/" -H "X-A: 50% or more"` + end},
		{exchange.Fetch{URL: "https://api.example/$HOME"}, ""},
		{exchange.Fetch{URL: "https://api.example/`id`"}, start + `/%60id%60"` + end},
		{exchange.Fetch{URL: "https://api.example/%DB_PASSWORD%41"}, ""},
		{exchange.Fetch{URL: "https://api.example/!1"}, ""},
		{exchange.Fetch{URL: "https://api.example/", Headers: header("X-A", `\`)}, ""},
		{exchange.Fetch{URL: "https://api.example/", Headers: header("X-A", `"; id; "`)}, ""},
		{exchange.Fetch{URL: "https://api.example/", Headers: header("X-A", "é")}, ""},
		{exchange.Fetch{URL: "https://api.example/", Method: "A'B"}, ""},
	} {
		test.fetch.Origin = page
		x := simulate(t, chain, test.fetch, exchange.Options{})
		got := ""
		for _, line := range x.Curl(&x.Outcomes[0]) {
			if !strings.Contains(line, "OPTIONS") {
				got = line
			}
		}
		check(t, got, test.want)
	}
}
