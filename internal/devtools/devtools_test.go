package devtools_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/internal/devtools"
)

func TestParseCopied(t *testing.T) {
	json := browser.Header{Name: "content-type", Value: "application/json"}
	for _, c := range []struct {
		name, text string
		want       devtools.Request
	}{
		{"Chromium", `fetch("https://api.shop.example/orders/7", {
  "headers": {
    "accept": "*/*",
    "accept-language": "en-GB,en;q=0.9",
    "cache-control": "no-cache",
    "content-type": "application/json",
    "pragma": "no-cache",
    "priority": "u=1, i",
    "sec-ch-ua": "\"Chromium\";v=\"156\"",
    "sec-fetch-mode": "cors"
  },
  "referrer": "https://app.shop.example/cart?x=1",
  "referrerPolicy": "strict-origin-when-cross-origin",
  "body": "{\"a\":1}",
  "method": "PUT",
  "mode": "cors",
  "credentials": "include"
});`, devtools.Request{
			URL: "https://api.shop.example/orders/7", Method: "PUT", Headers: []browser.Header{{Name: "accept", Value: "*/*"}, json}, Credentials: "include", Mode: "cors",
			Initiator: "fetch", HasBody: true, Page: "https://app.shop.example/cart?x=1", Origin: "https://app.shop.example",
			Left: []string{"accept-language", "cache-control", "pragma", "priority"}}},
		{"Firefox", `await fetch("https://api.shop.example/orders", {
    "credentials": "omit",
    "headers": {
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
        "Accept": "*/*",
        "X-Api-Key": "s3cret",
        "Authorization": "Bearer s3cret",
        "Sec-Fetch-Dest": "empty"
    },
    "referrer": "http://localhost:5173/",
    "method": "GET",
    "mode": "cors"
});`, devtools.Request{
			URL: "https://api.shop.example/orders", Method: "GET", Credentials: "omit", Mode: "cors", Initiator: "fetch", Page: "http://localhost:5173/", Origin: "http://localhost:5173",
			Headers: []browser.Header{{Name: "Accept", Value: "*/*"}, {Name: "Authorization", Value: "Bearer hidden"}, {Name: "X-Api-Key", Value: "hidden"}},
			Left:    []string{"user-agent"}}},
		{"null for a body", `fetch("https://a.example/", {"body": null, "referrer": "https://b.example/"})`,
			devtools.Request{URL: "https://a.example/", Initiator: "fetch", Page: "https://b.example/", Origin: "https://b.example"}},
		{"for Node.js", `fetch("https://a.example/", {headers: {Referer: "https://b.example/x"}, method: "DELETE"});`,
			devtools.Request{URL: "https://a.example/", Method: "DELETE", Initiator: "fetch", Page: "https://b.example/x", Origin: "https://b.example"}},
		{"by hand", "const r = await fetch('/orders', { // all of them\n  method: `POST`, ...rest, referrer: 'https://a.example/cart', headers: {'X-Total': total, 'Content-Type': 'text/\\x70lain',},\n  body: JSON.stringify({a: [1, \")\"]}), credentials,\n})",
			devtools.Request{}},
		{"nothing else", `fetch("https://a.example/")`, devtools.Request{URL: "https://a.example/", Initiator: "fetch"}},
		{"curl", `curl 'https://api.shop.example/orders' \
  -X 'PUT' \
  -H 'accept: */*' \
  -H 'origin: https://app.shop.example' \
  -b 'sid=s3cret' \
  -H 'x-requested-with: it'\''s' \
  --data-raw $'{\n"a":1}' --compressed ;
curl 'https://other.example/'`, devtools.Request{
			URL: "https://api.shop.example/orders", Method: "PUT", Credentials: "include", Initiator: "fetch", HasBody: true, Origin: "https://app.shop.example",
			Headers: []browser.Header{{Name: "accept", Value: "*/*"}, {Name: "x-requested-with", Value: "it's"}}}},
	} {
		r, err := devtools.ParseCopied(c.text)
		if c.want.URL == "" { // credentials is a name of the page's own
			if err == nil || !strings.Contains(err.Error(), "credentials is no string") {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, *r); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
	r, err := devtools.ParseCopied("fetch('/orders', {...rest, referrer: 'https://a.example:443/cart', headers: {'X-Total': total + 1, 'Content-Type': 'text/\\x70lain',}, body: JSON.stringify({a: [1, \")\"]}), /* no */ })")
	if err != nil || r.URL != "https://a.example:443/orders" || r.Origin != "https://a.example" || !r.HasBody ||
		!cmp.Equal(r.Headers, []browser.Header{{Name: "Content-Type", Value: "text/plain"}, {Name: "X-Total", Value: "1"}}) {
		t.Errorf("%+v %v", r, err)
	}
}

func TestParseCopiedErrors(t *testing.T) {
	for _, c := range [][2]string{
		{"", "no fetch"},
		{"axios.get('x')", "no fetch"},
		{"fetch(", "line 1: want a value"},
		{"fetch(url)", "want the URL, as a string"},
		{"fetch('a' + b)", "want the URL, as a string"},
		{"fetch(`https://${host}/`)", "want the URL, as a string"},
		{"fetch('https://a.example/\n')", "want the end of a string"},
		{"fetch('https://a.example/', {", "want a key"},
		{"fetch('https://a.example/', {a: 1,\n b: 2; c})", `line 2: want "," or "}"`},
		{"fetch('https://a.example/', {method: 1})", "method is no string"},
		{"fetch('https://a.example/', {headers: new Headers()})", "headers is no object"},
		{"fetch('https://a.example/', " + strings.Repeat("{a:", 1000), "nested too deeply"},
		{"fetch('https://a.example/', " + strings.Repeat("f(", 1000), "nested too deeply"},
		{strings.Repeat("x", 5<<20), "longer than 4 MB"},
		{"curl", "names no URL"},
		{"curl 'https://a.example/", "not closed"},
	} {
		if _, err := devtools.ParseCopied(c[0]); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%.80q: %v, want %s", c[0], err, c[1])
		}
	}
}

// entry makes an entry of a log.
func entry(kind, method, url, requestHeaders string, status int, responseHeaders, more string) string {
	pairs := func(text string) string {
		var out []string
		for line := range strings.SplitSeq(text, "; ") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				out = append(out, fmt.Sprintf(`{"name": %q, "value": %q}`, name, value))
			}
		}
		return strings.Join(out, ",")
	}
	return fmt.Sprintf(`{"_resourceType": %q, "pageref": "p", "request": {"method": %q, "url": %q, "headers": [%s]}, "response": {"status": %d, "headers": [%s]%s}}`,
		kind, method, url, pairs(requestHeaders), status, pairs(responseHeaders), more)
}

func log(entries ...string) string {
	return `{"log": {"creator": {"name": "WebInspector"}, "pages": [{"id": "p", "title": "https://app.shop.example/cart"}], "entries": [` + strings.Join(entries, ",") + `]}}`
}

func TestParseHAR(t *testing.T) {
	const origin, failed = "Origin: https://app.shop.example", `, "_error": "net::ERR_FAILED"`
	const allow = "access-control-allow-origin: https://app.shop.example"
	for _, c := range []struct {
		name    string
		entries []string
		want    []string // method, URL, credentials, headers, hops, verdict, reason
	}{
		{"the page itself, its own API, images", []string{
			entry("document", "GET", "https://app.shop.example/cart", "", 200, "", ""),
			entry("fetch", "GET", "https://app.shop.example/api", "", 404, "", failed),
			entry("image", "GET", "https://cdn.example/a.png", "", 200, "", ""),
			entry("script", "GET", "https://cdn.example/a.js", "Sec-Fetch-Mode: no-cors", 200, "", ""),
			entry("fetch", "GET", "data:text/plain,x", "", 200, "", ""),
		}, nil},
		{"allowed and refused", []string{
			entry("fetch", "GET", "https://api.shop.example/a", origin, 200, allow, ""),
			entry("fetch", "GET", "https://api.shop.example/b", origin, 404, "", failed),
		}, []string{
			"GET https://api.shop.example/a same-origin [] 1 allowed ",
			"GET https://api.shop.example/b same-origin [] 1 blocked MissingAllowOriginHeader",
		}},
		{"the preflight comes later, and the request says little", []string{
			entry("xhr", "PUT", "https://api.shop.example/a", "X-Api-Key: s3cret; Priority: u=1", 0, "", failed),
			entry("preflight", "OPTIONS", "https://api.shop.example/a", origin+"; Access-Control-Request-Method: PUT; Access-Control-Request-Headers: content-type,x-api-key", 405, allow, ""),
		}, []string{"PUT https://api.shop.example/a same-origin [{X-Api-Key hidden false} {content-type application/json false}] 1 blocked PreflightInvalidStatus"}},
		{"cookies", []string{
			entry("fetch", "GET", "https://api.shop.example/a", origin+"; Cookie: sid=1", 200, "access-control-allow-origin: *", failed),
		}, []string{"GET https://api.shop.example/a include [] 1 blocked WildcardOriginNotAllowed"}},
		{"Firefox, without resource types", []string{
			entry("", "OPTIONS", "https://api.shop.example/a", origin+"; Access-Control-Request-Method: DELETE", 204, allow, ""),
			entry("", "DELETE", "https://api.shop.example/a", origin+"; Sec-Fetch-Mode: cors", 0, "", ""),
		}, []string{"DELETE https://api.shop.example/a same-origin [] 1 blocked MethodDisallowedByPreflightResponse"}},
		{"a redirect", []string{
			entry("fetch", "GET", "https://api.shop.example/a", origin, 302, allow+"; location: /b", ""),
			entry("fetch", "GET", "https://api.shop.example/b", origin, 200, "", failed),
		}, []string{"GET https://api.shop.example/a same-origin [] 2 blocked MissingAllowOriginHeader"}},
		{"a preflight that the browser remembered", []string{
			entry("fetch", "DELETE", "https://api.shop.example/a", origin, 200, allow, ""),
		}, []string{"DELETE https://api.shop.example/a same-origin [] 1 allowed "}},
		{"no response", []string{
			entry("fetch", "GET", "https://api.shop.example/a", "", 0, "", failed),
		}, []string{"GET https://api.shop.example/a same-origin [] 1 unknown "}},
	} {
		l, err := devtools.ParseHAR(strings.NewReader(log(c.entries...)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for i := range l.Exchanges {
			x := &l.Exchanges[i]
			r := x.Fetch(browser.Chromium)
			got = append(got, fmt.Sprint(x.Method, " ", x.URL, " ", x.Credentials, " ", x.Headers, " ", len(x.Hops), " ", r.Verdict, " ", r.Reason))
			if x.Origin != "https://app.shop.example" {
				t.Errorf("%s: origin %q", c.name, x.Origin)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

func TestHostileHAR(t *testing.T) {
	many := strings.Repeat(entry("fetch", "GET", "https://api.shop.example/a", "Origin: https://app.shop.example", 404, "", "")+",", devtools.MaxEntries+10)
	l, err := devtools.ParseHAR(strings.NewReader(log(strings.TrimSuffix(many, ","))))
	if err != nil || !l.Cut || l.Requests != devtools.MaxEntries {
		t.Errorf("%v %+v", err, l)
	}
	for _, text := range []string{
		"", "null", "[]", `"log"`, `{"log": null}`, `{"log": {"entries": null}}`, `{"log": {"entries": [1]}}`, `{"log": {"entries": [{}]`, "\xff\xfe{}",
		`{"log": {"entries": [` + strings.Repeat("[", 1_000_000), `{"x": ` + strings.Repeat(`{"x": `, 1_000_000), `{"log": {"entries": [{"request": {"headers": "x"}}]}}`,
	} {
		if l, err := devtools.ParseHAR(strings.NewReader(text)); err == nil {
			t.Errorf("%.40q: %+v", text, l)
		}
	}
	redirects := make([]string, 100)
	for i := range redirects {
		redirects[i] = entry("fetch", "GET", "https://api.shop.example/a", "Origin: https://app.shop.example", 302, "location: /a", "")
	}
	if l, err := devtools.ParseHAR(strings.NewReader(log(redirects...))); err != nil || len(l.Exchanges[0].Hops) > 21 {
		t.Error(err, len(l.Exchanges[0].Hops))
	}
}

func FuzzParseCopied(f *testing.F) {
	f.Add("fetch('https://a.example/', {headers: {a: `b`, 'c': \"\\u{1F600}\\x4\"}, body: f(1, {}), ...x, y})")
	f.Add(`curl "https://a.example/" -H 'a: b' --data-raw $'x\'' \`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := devtools.ParseCopied(text)
		if (r == nil) == (err == nil) {
			t.Fatal(r, err)
		}
	})
}

func FuzzParseHAR(f *testing.F) {
	f.Add(log(entry("fetch", "GET", "https://api.shop.example/a", "Origin: https://app.shop.example", 302, "location: /a", "")))
	f.Add(log(entry("preflight", "OPTIONS", "https://api.shop.example/a", "Access-Control-Request-Method: PUT", 200, "", "")))
	f.Fuzz(func(t *testing.T, text string) {
		l, err := devtools.ParseHAR(strings.NewReader(text))
		if err != nil {
			return
		}
		for i := range l.Exchanges {
			l.Exchanges[i].Fetch(browser.Firefox)
		}
	})
}
