package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

const apiConf = `server {
    listen 80;
    server_name api.shop.example;

    location / {
        if ($request_method = 'OPTIONS') {
            add_header 'Access-Control-Allow-Origin' 'https://app.shop.example';
            add_header 'Access-Control-Allow-Methods' 'GET, POST, PUT, DELETE, OPTIONS';
            add_header 'Access-Control-Allow-Headers' 'Content-Type,Authorization';
            add_header 'Access-Control-Max-Age' 1728000;
            add_header 'Content-Type' 'text/plain; charset=utf-8';
            add_header 'Content-Length' 0;
            return 204;
        }

        add_header 'Access-Control-Allow-Origin' 'https://app.shop.example';
        add_header 'Access-Control-Allow-Credentials' 'true';

        proxy_pass http://orders:3000;
    }
}
`

const partnersConf = `map $http_origin $partner_origin {
    default                                "";
    "~^https://(www|app).partner.example"  $http_origin;
}

server {
    listen 8081;
    server_name partners.shop.example;

    location /v1/ {
        add_header Access-Control-Allow-Origin      $partner_origin always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://partners:8080;
    }
}
`

// tabsConf has CRLF, tabs, an accent, a wide character and an emoji before and in the marked places.
const tabsConf = "server {\r\n\tlocation /caf\u00e9/ {\r\n\t\t# \u65e5\u672c \U0001F600\tadd_header Vary Origin;\tadd_header X-\U0001F600 \u00e9;\r\n\t}\r\n}\r\n"

// hostileConf tries to leave its line, to start workflow commands, and to write to the terminal.
const hostileConf = "location / {\n\tadd_header X \"\x1b]0;owned\x07\u202e\n::error::fake\n##[error]fake\n```</details>|\";\n}\xff\xc3"

// at returns the place of the nth (from 1) occurrence of a text.
func at(t testing.TB, f *source.File, text string, nth int) source.Span {
	t.Helper()
	start := 0
	for i := range nth {
		n := strings.Index(string(f.Data[start:]), text)
		if n < 0 {
			t.Fatalf("%s has no %d × %q", f.Path, nth, text)
		}
		start += n
		if i < nth-1 {
			start += len(text)
		}
	}
	return source.Span{File: f, Start: start, End: start + len(text)}
}

func fixtureRules() []Rule {
	doc := "## What the browser does\nIt %s.\n\n## Who is hurt\nThe page.\n\n## When it is fine\nIf no page sends credentials here: delete the line and the finding is gone.\n\n## How to fix\nSay it once.\n"
	rule := func(name, title string, category finding.Category, severity finding.Severity, cwe ...int) Rule {
		return Rule{
			Name: name, Title: title, Category: category, Severity: severity, Since: "0.1.0", CWE: cwe,
			Doc: fmt.Sprintf(doc, "decides by what it reads"), Refs: []string{"https://fetch.spec.whatwg.org/#cors-check"},
			HelpURL: "https://github.com/corslint/corslint/blob/main/docs/rules/" + name + ".md",
		}
	}
	return []Rule{
		rule("allow-origin-missing-on-error", "error responses lack Access-Control-Allow-Origin", finding.Blocked, finding.Warning),
		rule("max-age-ineffective", "a Max-Age that browsers cut or cannot parse", finding.Caching, finding.Note),
		rule("nginx-if-drops-headers", "an if with headers of its own drops the location's", finding.Consistency, finding.Error),
		rule("origin-reflected", "Origin is sent back unchecked", finding.Security, finding.Note, 942),
		rule("origin-regex-unanchored", "an expression that strangers' origins pass", finding.Security, finding.Error, 942, 625, 346),
		rule("origin-regex-unescaped-dot", "a dot that matches any character", finding.Security, finding.Error, 942, 625),
		rule("vary-origin-missing", "an answer depends on Origin and does not say so", finding.Caching, finding.Warning),
	}
}

// fixture is the one set of findings that every format's golden is made from.
func fixture(t testing.TB) *Report {
	api := source.NewFile("deploy/nginx/api.conf", []byte(apiConf))
	partners := source.NewFile("deploy/nginx/partners.conf", []byte(partnersConf))
	tabs := source.NewFile("deploy/ngin\u00e9 x/tabs:%1.conf", []byte(tabsConf))
	hostile := source.NewFile("::error::evil\n\x1b[31m.conf", []byte(hostileConf))
	copyA := source.NewFile("services/billing/nginx.conf", []byte(apiConf))
	copyB := source.NewFile("services/carts/nginx.conf", []byte(apiConf))
	copyC := source.NewFile("services/orders/nginx.conf", []byte(apiConf))

	credentials := at(t, api, "add_header 'Access-Control-Allow-Credentials' 'true';", 1)
	expression := at(t, partners, `"~^https://(www|app).partner.example"`, 1)
	evil := "https://app.partner.example.attacker.net"

	findings := []*finding.Finding{
		{
			Rule: "nginx-if-drops-headers", Category: finding.Consistency, Severity: finding.Error, Confidence: finding.High,
			Message:  "the browser refuses credentialed PUT, DELETE and JSON POST: preflight lacks Access-Control-Allow-Credentials",
			Because:  "an if with its own add_header sends none of the location's, so line 17 is not sent for OPTIONS",
			Change:   "add_header 'Access-Control-Allow-Credentials' 'true';   after line 7",
			Evidence: "api.conf:17 allows credentials on every other response of this location",
			Place:    at(t, api, "add_header", 1),
			Related: []finding.Related{
				{Span: at(t, api, "if ($request_method = 'OPTIONS')", 1)},
				{Span: at(t, api, "'true'", 1), Text: "lost for OPTIONS"},
			},
			Endpoints: []string{"api.shop.example/"},
			Also:      []string{"allow-credentials-missing"},
			Assuming:  []string{"TLS in front of port 80"},
			Subject:   "server api.shop.example / location / / if OPTIONS",
			Witness: []finding.Witness{{
				Title:    `fetch("https://api.shop.example/", {method: "PUT", credentials: "include"})`,
				Exchange: exchange("PUT", "https://api.shop.example/", "https://app.shop.example", "blocked", "PreflightInvalidAllowCredentials"),
				Steps: []finding.Step{
					{From: "browser", To: "nginx", Start: "OPTIONS /", Place: at(t, api, "if (", 1), Lines: []finding.StepLine{
						{Text: "Origin: https://app.shop.example"},
						{Text: "Access-Control-Request-Method: PUT"},
					}},
					{From: "nginx", To: "browser", Start: "204", Place: at(t, api, "return 204", 1), Lines: []finding.StepLine{
						{Text: "Access-Control-Allow-Origin: https://app.shop.example", Places: []source.Span{at(t, api, "add_header", 1)}},
						{Text: "Access-Control-Allow-Methods: GET, POST, PUT, DELETE, OPTIONS", Places: []source.Span{at(t, api, "add_header", 2)}},
						{Text: "Access-Control-Allow-Credentials: true", Places: []source.Span{credentials}, Lost: true, Note: "the if on line 6 has add_header of its own"},
					}},
					{From: "browser", Start: "refuses; the PUT is never sent"},
				},
			}},
			Browser: finding.Browser{
				Chromium: "Access to fetch at 'https://api.shop.example/' from origin 'https://app.shop.example' has been blocked by CORS policy: Response to preflight request doesn't pass access control check: The value of the 'Access-Control-Allow-Credentials' header in the response is '' which must be 'true' when the request's credentials mode is 'include'.",
				Firefox:  "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.shop.example/. (Reason: expected \u2018true\u2019 in CORS header \u2018Access-Control-Allow-Credentials\u2019).",
				WebKit:   `Credentials flag is true, but Access-Control-Allow-Credentials is not "true".`,
			},
			Curl:  []string{`curl -i -X OPTIONS "https://api.shop.example/" -H "Origin: https://app.shop.example" -H "Access-Control-Request-Method: PUT"`},
			Offer: finding.Offer{Safety: finding.Safe},
			Fixes: []finding.Fix{{Title: "repeat the line in the if block", Safety: finding.Safe, Edits: []finding.Edit{
				{Span: source.Span{File: api, Start: at(t, api, "\n", 7).End, End: at(t, api, "\n", 7).End}, Text: "            add_header 'Access-Control-Allow-Credentials' 'true';\n"},
			}}},
		},
		{
			Rule: "origin-regex-unanchored", Category: finding.Security, Severity: finding.Error, Confidence: finding.High,
			Message: evil + " passes the origin check and reads with the visitor's cookies",
			Because: "nothing marks the end of the host, and line 12 sends credentials",
			Change:  `end the expression with $: "~^https://(www|app)\.partner\.example$"`,
			Place:   expression,
			Related: []finding.Related{
				{Span: at(t, partners, "Access-Control-Allow-Credentials true", 1), Text: "sends credentials"},
				{Span: at(t, api, "server_name", 1), Text: "another file"},
			},
			Endpoints: []string{"partners.shop.example/v1/", "partners.shop.example/v1/a", "partners.shop.example/v1/b", "partners.shop.example/v1/c"},
			Subject:   "map $partner_origin",
			Witness: []finding.Witness{{
				Title:    `fetch("https://partners.shop.example/v1/", {credentials: "include"})`,
				Exchange: exchange("GET", "https://partners.shop.example/v1/", evil, "allowed", nil),
				Steps: []finding.Step{
					{From: "browser", To: "nginx", Start: "GET /v1/", Lines: []finding.StepLine{{Text: "Origin: " + evil}, {Text: "Accept: */*"}}},
					{From: "nginx", Start: "the expression matches", Place: expression},
					{From: "nginx", To: "browser", Start: "200", Lines: []finding.StepLine{
						{Text: "Access-Control-Allow-Origin: " + evil, Places: []source.Span{at(t, partners, "add_header", 1), expression}},
						{Text: "Access-Control-Allow-Credentials: true", Places: []source.Span{at(t, partners, "add_header", 2)}},
					}},
				},
			}},
			Curl:  []string{`curl -i "https://partners.shop.example/v1/" -H "Origin: ` + evil + `"`},
			Offer: finding.Offer{Safety: finding.Safe, Tried: true},
			Fixes: []finding.Fix{{Title: "anchor and escape the expression", Safety: finding.Safe, Edits: []finding.Edit{
				{Span: expression, Text: `"~^https://(www|app)\.partner\.example$"`},
			}}},
		},
		{
			Rule: "origin-regex-unescaped-dot", Category: finding.Security, Severity: finding.Error, Confidence: finding.High,
			Message: "https://appxpartner.example passes the origin check and reads with the visitor's cookies",
			Because: `"." matches any character`, Change: "escape the dots", Place: expression, Subject: "map $partner_origin",
		},
		{
			Rule: "origin-regex-unescaped-dot", Category: finding.Security, Severity: finding.Error, Confidence: finding.Medium,
			Message: "https://wwwxpartner.example passes too, and [its](https://evil.example) text is no link",
			Place:   at(t, partners, ".partner", 1), Subject: "map $partner_origin second",
		},
		{
			Rule: "vary-origin-missing", Category: finding.Caching, Severity: finding.Warning, Confidence: finding.Medium,
			Message: "the caf\u00e9 page gets another page's answer \U0001F600 from the cache, and the browser refuses it",
			Because: "the answer depends on Origin and does not say so, although it passes a cache that keeps it for ten minutes and hands it to whoever asks next",
			Change:  "add_header Vary Origin always;", Place: at(t, tabs, "add_header", 2), Subject: "location /caf\u00e9/",
			Related: []finding.Related{{Span: at(t, tabs, "\u65e5\u672c \U0001F600", 1), Text: "seen here"}},
			Offer:   finding.Offer{Safety: finding.Unsafe, Why: "it changes the order of middleware"},
			Fixes: []finding.Fix{{Title: "move it", Safety: finding.Unsafe, Edits: []finding.Edit{
				{Span: at(t, tabs, "\U0001F600", 2), Text: "x"}}}},
		},
		{
			Rule: "origin-reflected", Category: finding.Security, Severity: finding.Note, Confidence: finding.High,
			Message: "any website reads what anyone may read", Because: "the same as *, with more to go wrong", Change: "send *",
			Place: at(t, tabs, "Vary Origin", 1),
		},
		{
			Rule: "not-in-the-list", Category: finding.Input, Severity: finding.Error, Confidence: finding.High,
			Message: "a file\nthat\x1b[2J attacks | the <b>reader</b> `here` @all, 100%",
			Because: "::error::it says so", Change: "##[error]remove it", Place: at(t, hostile, "add_header", 1),
			Related:   []finding.Related{{Span: at(t, hostile, "\x1b]0;owned\x07\u202e\n::error", 1), Text: "here\u2028::error::there"}},
			Endpoints: []string{"a\x00b"}, Curl: []string{"curl \"\n::error::x\""},
			Witness: []finding.Witness{{Steps: []finding.Step{{From: "::error::x", To: "y", Start: "```\n</details>"}}}},
		},
	}
	for _, f := range []*source.File{copyA, copyB, copyC} {
		findings = append(findings, &finding.Finding{
			Rule: "allow-origin-missing-on-error", Category: finding.Blocked, Severity: finding.Warning, Confidence: finding.Medium,
			Message: "the page cannot read 401, 404 or 502: error responses lack Access-Control-Allow-Origin",
			Because: `without "always" nginx adds it to 200, 201, 204, 206 and six 3xx only`,
			Change:  `add "always" to lines 16 and 17`, Place: at(t, f, "add_header", 7), Subject: "location /",
			Browser: finding.Browser{Chromium: "Access to fetch at 'https://api.shop.example/' from origin 'https://app.shop.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."},
		})
	}
	finding.Sort(findings)
	return &Report{
		Tool:     Tool{"corslint", "0.1.0"},
		Rules:    fixtureRules(),
		Findings: findings,
		Hidden:   map[finding.Severity]int{finding.Note: 3},
		Gaps: []Gap{
			{at(t, api, "proxy_pass", 1), "what a lua block does"},
			{at(t, partners, "proxy_pass", 1), "what another lua block does"},
		},
		Unknown:    []string{"what http://orders:3000 and http://partners:8080 send (read services/orders too, or declare them: corslint init)"},
		Analyzed:   7,
		Layers:     []string{"nginx api.shop.example", "nginx partners.shop.example"},
		LayerCount: 3,
		Endpoints:  12,
		Suppressed: 2,
		Elapsed:    41 * time.Millisecond,
	}
}

// exchange stands for the exchange that the simulator proves a finding with.
func exchange(method, url, origin, verdict string, reason any) any {
	return map[string]any{
		"id": "1", "url": url, "method": method, "origin": origin, "headers": [][2]string{}, "credentials": "include",
		"verdict": verdict, "reason": reason, "message": nil, "assuming": []string{},
		"hops": []any{map[string]any{
			"url": url, "preflight": nil,
			"response": map[string]any{
				"status": 204, "open": false, "headers": [][2]any{{"Vary", "Origin"}, {"X", nil}}, "sources": [][]any{{}, {}},
				"unknown": []any{}, "lost": []any{}, "assuming": []any{},
			},
		}},
	}
}

// none is a run that found nothing.
func none() *Report {
	return &Report{Tool: Tool{"corslint", "0.1.0"}, Rules: fixtureRules(), Analyzed: 1, LayerCount: 1, Endpoints: 14, NoCORS: true}
}

// thousandsOf returns n findings, each on its own line of one file; every hundredth is an error.
func thousandsOf(n int) *Report {
	f := source.NewFile("big.conf", []byte(strings.Repeat("add_header Access-Control-Allow-Origin *;\n", n)))
	r := none()
	r.NoCORS = false
	for i := range n {
		severity := finding.Warning
		if i%100 == 99 {
			severity = finding.Error
		}
		start := i * 42
		r.Findings = append(r.Findings, &finding.Finding{
			Rule: "vary-origin-missing", Category: finding.Caching, Severity: severity, Confidence: finding.High,
			Message: "somebody else gets the answer", Because: "a cache keeps it", Change: "add Vary",
			Place: source.Span{File: f, Start: start, End: start + 10}, Subject: fmt.Sprint(i),
			Witness: []finding.Witness{{Title: "fetch", Steps: []finding.Step{{From: "browser", To: "nginx", Start: "GET /"}}}},
		})
	}
	return r
}
