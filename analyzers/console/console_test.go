package console_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/console"
)

const (
	page = "https://app.shop.example"
	api  = "https://api.shop.example/orders/7"
)

// failing is an answer for each failure that a browser words, and the request that it is an answer to.
type failing struct {
	reason      browser.Reason
	request     browser.Request
	preflight   browser.Response
	actual      browser.Response
	name, value string
}

func headers(pairs ...string) (out []browser.Header) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, browser.Header{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func failures() []failing {
	const origin, credentials = "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"
	get := browser.Request{PageOrigin: page, URL: api}
	include := get
	include.Credentials = browser.CredentialsInclude
	ok := headers(origin, page, credentials, "true", "Access-Control-Allow-Methods", "PUT", "Access-Control-Allow-Headers", "content-type")

	var out []failing
	access := func(reason browser.Reason, r browser.Request, value string, h []browser.Header) {
		out = append(out, failing{reason: reason, request: r, actual: browser.Response{Status: 404, Headers: h}, value: value})
		put := r
		put.Method = "PUT"
		out = append(out, failing{reason: "Preflight" + reason, request: put, preflight: browser.Response{Status: 200, Headers: h}, value: value})
	}
	access(browser.MissingAllowOriginHeader, get, "", nil)
	access(browser.WildcardOriginNotAllowed, include, "", headers(origin, "*"))
	access(browser.MultipleAllowOriginValues, get, "https://a.example, https://b.example", headers(origin, "https://a.example, https://b.example"))
	access(browser.MultipleAllowOriginValues, get, "*, *", headers(origin, "*", origin, "*"))
	access(browser.InvalidAllowOriginValue, get, "app.shop.example", headers(origin, "app.shop.example"))
	access(browser.InvalidAllowOriginValue, get, `"https://app.shop.example"`, headers(origin, `"https://app.shop.example"`))
	access(browser.InvalidAllowOriginValue, get, `'https://app.shop.example'`, headers(origin, `'https://app.shop.example'`))
	access(browser.InvalidAllowOriginValue, get, "", headers(origin, ""))
	access(browser.AllowOriginMismatch, get, "https://app.shop.example/", headers(origin, "https://app.shop.example/"))
	access(browser.InvalidAllowOriginValue, get, "http://ex\xe4mple.example", headers(origin, "http://ex\xe4mple.example"))
	access(browser.InvalidAllowCredentials, include, "", headers(origin, page))
	access(browser.InvalidAllowCredentials, include, "True", headers(origin, page, credentials, "True"))

	preflight := func(reason browser.Reason, status int, name, value string, h []browser.Header) {
		put := get
		put.Method, put.Headers = "PUT", headers("Content-Type", "application/json")
		out = append(out, failing{reason: reason, request: put, preflight: browser.Response{Status: status, Headers: h}, name: name, value: value})
	}
	preflight(browser.PreflightInvalidStatus, 405, "", "", ok)
	preflight(browser.PreflightDisallowedRedirect, 308, "", "", append(slices.Clone(ok), headers("Location", "https://api.shop.example/orders/7/")...))
	preflight(browser.InvalidAllowMethodsPreflightResponse, 204, "", "GET;PUT", headers(origin, page, "Access-Control-Allow-Methods", "GET;PUT"))
	preflight(browser.InvalidAllowHeadersPreflightResponse, 204, "", `"x-a"`, headers(origin, page, "Access-Control-Allow-Methods", "PUT", "Access-Control-Allow-Headers", `"x-a"`))
	preflight(browser.MethodDisallowedByPreflightResponse, 204, "PUT", "", headers(origin, page, "Access-Control-Allow-Methods", "GET, put"))
	preflight(browser.HeaderDisallowedByPreflightResponse, 204, "content-type", "", headers(origin, page, "Access-Control-Allow-Methods", "PUT", "Access-Control-Allow-Headers", "x-a"))

	redirect := func(reason browser.Reason, to string) {
		out = append(out, failing{reason: reason, request: get, actual: browser.Response{Status: 302, Headers: append(slices.Clone(ok), headers("Location", to)...)}})
	}
	redirect(browser.RedirectContainsCredentials, "https://user:secret@other.example/")
	redirect(browser.CorsDisabledScheme, "ftp://other.example/")

	same := get
	same.Mode = browser.ModeSameOrigin
	out = append(out, failing{reason: browser.DisallowedByMode, request: same})
	opaque := get
	opaque.Mode, opaque.Redirect = browser.ModeNoCORS, browser.RedirectError
	out = append(out, failing{reason: browser.NoCorsRedirectModeNotFollow, request: opaque})
	return out
}

// TestRoundTrip reads what each engine prints for each failure, by fetch and by XMLHttpRequest, alone and in company.
func TestRoundTrip(t *testing.T) {
	for _, engine := range []browser.Engine{browser.Chromium, browser.Firefox, browser.WebKit} {
		for _, initiator := range []browser.Initiator{browser.InitiatorFetch, browser.InitiatorXHR} {
			for i, f := range failures() {
				if f.request.Redirect != "" && initiator == browser.InitiatorXHR {
					continue
				}
				f.request.Initiator = initiator
				result := browser.Fetch(browser.Chromium, f.request, func(out browser.Outgoing) browser.Response {
					if out.Preflight {
						return f.preflight
					}
					return f.actual
				})
				failure := result.Failures[0]
				if f.reason != browser.DisallowedByMode && failure.Reason != f.reason {
					t.Fatalf("failure %d is %s, and not %s", i, failure.Reason, f.reason)
				}
				printed := failure.Render(engine).Message
				if printed == "" {
					continue
				}
				t.Run(fmt.Sprint(engine, " ", initiator, " ", i, " ", f.reason), func(t *testing.T) {
					for _, pasted := range disguises(engine, printed, failure.URL) {
						check(t, engine, &f, &failure, pasted)
					}
				})
			}
		}
	}
}

func check(t *testing.T, engine browser.Engine, f *failing, failure *browser.Failure, pasted string) {
	t.Helper()
	found := console.Read(pasted)
	if len(found) != 1 {
		t.Fatalf("%d messages in %q: %+v", len(found), pasted, found)
	}
	m := found[0]
	if m.Kind != console.Refused || m.Engine != engine && f.reason != browser.DisallowedByMode && f.reason != browser.NoCorsRedirectModeNotFollow {
		t.Errorf("%q: %+v", pasted, m)
	}
	if !slices.Contains(m.Reasons, f.reason) || engine == browser.Chromium && len(m.Reasons) != 1 {
		t.Errorf("%q: reasons %q, want %s", pasted, m.Reasons, f.reason)
	}
	if m.URL != failure.URL {
		t.Errorf("%q: URL %q, want %q", pasted, m.URL, failure.URL)
	}
	if engine == browser.Chromium && m.Origin != page && f.reason != browser.NoCorsRedirectModeNotFollow {
		t.Errorf("%q: origin %q", pasted, m.Origin)
	}
	if m.Name != "" && m.Name != f.name {
		t.Errorf("%q: name %q, want %q", pasted, m.Name, f.name)
	}
	if strings.HasSuffix(string(f.reason), "DisallowedByPreflightResponse") && m.Name == "" && engine != browser.Firefox {
		t.Errorf("%q: no name", pasted)
	}
	if m.HasValue && m.Value != f.value && f.reason != browser.RedirectContainsCredentials {
		t.Errorf("%q: value %q, want %q", pasted, m.Value, f.value)
	}
	if m.Status != 0 && m.Status != failure.Status {
		t.Errorf("%q: status %d, want %d", pasted, m.Status, failure.Status)
	}
}

// disguises returns a line as it looks after it was copied from somewhere.
func disguises(engine browser.Engine, printed, url string) []string {
	if engine == browser.WebKit && !strings.Contains(printed, url) {
		printed = "[Error] " + printed + "\n[Error] Fetch API cannot load " + url + " due to access control checks.\n[Error] Failed to load resource: " + printed + " (7, line 0)"
	}
	straight := strings.NewReplacer("‘", "'", "’", "'", "“", `"`, "”", `"`)
	curly := func(s string) string {
		for _, q := range []string{"'", "`"} {
			for i := 0; strings.Contains(s, q); i++ {
				s = strings.Replace(s, q, []string{"‘", "’"}[i%2], 1)
			}
		}
		return s
	}
	out := []string{
		printed,
		"(index):1 " + printed,
		"app.js:42:7 " + printed + " [Learn More]\nGET " + url + " net::ERR_FAILED 200 (OK)",
		"\x1b[31m" + printed + "\x1b[0m",
		straight.Replace(printed),
		"> " + strings.ReplaceAll(printed, " ", "\u00a0"),
		printed + "\n" + printed,
	}
	if !strings.Contains(printed, "''") && !strings.Contains(printed, "'\"") && engine == browser.Chromium { // values with quotes of their own do not survive this
		out = append(out, curly(printed))
	}
	if engine == browser.Chromium && !strings.HasSuffix(printed, page+".") { // where that ends nobody can say
		out = append(out, wrapped(printed, 80), wrapped(printed, 47), strings.ReplaceAll(wrapped(printed, 61), "\n", "\r\n    "))
	}
	return out
}

// wrapped breaks lines as a terminal does: in the middle of words.
func wrapped(s string, width int) string {
	var lines []string
	for ; len(s) > width; s = s[width:] {
		lines = append(lines, s[:width])
	}
	return strings.Join(append(lines, s), "\n")
}

// TestWild reads what guides, tickets and answers quote.
func TestWild(t *testing.T) {
	refused := func(e browser.Engine, reasons ...browser.Reason) console.Message {
		return console.Message{Kind: console.Refused, Engine: e, Reasons: reasons}
	}
	with := func(m console.Message, change func(*console.Message)) console.Message {
		change(&m)
		return m
	}
	for _, c := range []struct {
		text string
		want console.Message
	}{
		{"Credentials flag is 'true', but the 'Access-Control-Allow-Origin' is '*'",
			with(refused(browser.Chromium, browser.WildcardOriginNotAllowed, browser.PreflightWildcardOriginNotAllowed), func(m *console.Message) { m.Outdated = true })},
		{"Redirect from 'http://api.shop.example/orders' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
			with(refused(browser.Chromium, browser.MissingAllowOriginHeader), func(m *console.Message) { m.First, m.Outdated = "http://api.shop.example/orders", true })},
		{"Redirect from 'http://api.shop.example/' to 'https://api.shop.example/' has been blocked by CORS policy: Request requires preflight, which is disallowed to follow cross-origin redirect.",
			with(refused(browser.Chromium, browser.PreflightDisallowedRedirect), func(m *console.Message) {
				m.First, m.URL, m.Outdated = "http://api.shop.example/", "https://api.shop.example/", true
			})},
		{"Request header field 'authorization' is not allowed by Access-Control-Allow-Headers in preflight response.",
			with(refused(browser.Chromium, browser.HeaderDisallowedByPreflightResponse), func(m *console.Message) { m.Name = "authorization" })},
		{"Request header field Authorization is not allowed by Access-Control-Allow-Headers",
			with(refused(browser.WebKit, browser.HeaderDisallowedByPreflightResponse), func(m *console.Message) { m.Name = "authorization" })},
		{"Request method 'POST' not allowed by Access-Control-Allow-Methods",
			with(refused(browser.Chromium, browser.MethodDisallowedByPreflightResponse), func(m *console.Message) { m.Name, m.Outdated = "POST", true })},
		{"Failed to load https://api.shop.example/orders/7: No 'Access-Control-Allow-Origin' header is present on the requested resource. Origin 'https://app.shop.example' is therefore not allowed access. The response had HTTP status code 404. If an opaque response serves your needs, set the request's mode to 'no-cors' to fetch the resource with CORS disabled.",
			with(refused(browser.Chromium, browser.MissingAllowOriginHeader), func(m *console.Message) { m.URL, m.Origin, m.Status, m.Outdated = api, page, 404, true })},
		{"Access to fetch at 'https://api.shop.example/orders/7' from origin 'https://app.shop.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource. If an opaque response serves your needs, set the request's mode to 'no-cors' to fetch the resource with CORS disabled.",
			with(refused(browser.Chromium, browser.MissingAllowOriginHeader), func(m *console.Message) {
				m.URL, m.Origin, m.Resource, m.Outdated = api, page, "fetch", true
			})},
		{"XMLHttpRequest cannot load https://api.shop.example/orders/7. Response to preflight request doesn't pass access control check: A wildcard '*' cannot be used in the 'Access-Control-Allow-Origin' header when the credentials flag is true. Origin 'https://app.shop.example' is therefore not allowed access.",
			with(refused(browser.Chromium, browser.PreflightWildcardOriginNotAllowed), func(m *console.Message) { m.URL, m.Origin, m.Outdated = api, page, true })},
		{"XMLHttpRequest cannot load https://api.shop.example/orders/7. Response for preflight has invalid HTTP status code 405",
			with(refused(browser.Chromium, browser.PreflightInvalidStatus), func(m *console.Message) { m.URL, m.Status, m.Outdated = api, 405, true })},
		{"XMLHttpRequest cannot load https://api.shop.example/orders/7. Origin https://app.shop.example is not allowed by Access-Control-Allow-Origin.",
			with(refused(browser.WebKit, browser.MissingAllowOriginHeader, browser.AllowOriginMismatch, browser.InvalidAllowOriginValue, browser.MultipleAllowOriginValues,
				browser.PreflightMissingAllowOriginHeader, browser.PreflightAllowOriginMismatch, browser.PreflightInvalidAllowOriginValue, browser.PreflightMultipleAllowOriginValues),
				func(m *console.Message) { m.URL, m.Origin, m.Outdated = api, page, true })},
		{"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.shop.example/orders/7. (Reason: CORS header ‘Access-Control-Allow-Origin’ missing).",
			with(refused(browser.Firefox, browser.MissingAllowOriginHeader, browser.PreflightMissingAllowOriginHeader), func(m *console.Message) { m.URL = api })},
		{"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.shop.example/orders/7. This can be fixed by moving the resource to the same domain or enabling CORS.",
			with(refused(browser.Firefox), func(m *console.Message) { m.URL, m.Outdated = api, true })},
		{"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.shop.example/orders/7. (Reason: missing token ‘x-api-key’ in CORS header ‘Access-Control-Allow-Headers’ from CORS preflight channel).",
			with(refused(browser.Firefox, browser.HeaderDisallowedByPreflightResponse), func(m *console.Message) { m.URL, m.Name, m.Outdated = api, "x-api-key", true })},
		{"Cross-Origin Request Blocked", console.Message{Kind: console.Symptom, Code: console.Unspecific}},
		{"Access to font at 'https://cdn.shop.example/a.woff2' from origin 'https://app.shop.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
			with(refused(browser.Chromium, browser.MissingAllowOriginHeader), func(m *console.Message) {
				m.URL, m.Origin, m.Resource = "https://cdn.shop.example/a.woff2", page, "font"
			})},
		{"Access to fetch at 'https://b.example/' (redirected from 'https://api.shop.example/orders/7') from origin 'null' has been blocked by CORS policy: something new.",
			with(refused(browser.Chromium), func(m *console.Message) {
				m.URL, m.First, m.Origin, m.Resource = "https://b.example/", api, "null", "fetch"
			})},
		{"Access to fetch at 'http://10.0.0.7/' from origin 'http://app.shop.example' has been blocked by CORS policy: The request client is not a secure context and the resource is in more-private address space `private`.",
			console.Message{Kind: console.LocalNetwork, Engine: browser.Chromium, Reasons: []browser.Reason{"InsecureLocalNetwork"}, URL: "http://10.0.0.7/", Origin: "http://app.shop.example", Resource: "fetch"}},
		{"Mixed Content: The page at 'https://app.shop.example/cart' was loaded over HTTPS, but requested an insecure XMLHttpRequest endpoint 'http://api.shop.example/orders'. This request has been blocked; the content must be served over HTTPS.",
			console.Message{Kind: console.Mixed, Engine: browser.Chromium, Page: "https://app.shop.example/cart", URL: "http://api.shop.example/orders"}},
		{"Blocked loading mixed active content “http://api.shop.example/orders”", console.Message{Kind: console.Mixed, Engine: browser.Firefox, URL: "http://api.shop.example/orders"}},
		{"[blocked] The page at https://app.shop.example/cart was not allowed to run insecure content from http://api.shop.example/orders.",
			console.Message{Kind: console.Mixed, Engine: browser.WebKit, Page: "https://app.shop.example/cart", URL: "http://api.shop.example/orders"}},
		{"Authorization will not be covered by the wildcard symbol (*) in CORS `Access-Control-Allow-Headers` handling.",
			console.Message{Kind: console.Warning, Engine: browser.Chromium, Code: "AuthorizationCoveredByWildcard"}},
		{"Cross-Origin Request Warning: The Same Origin Policy will disallow reading the remote resource at https://api.shop.example/orders/7 soon. (Reason: When the `Access-Control-Allow-Headers` is `*`, the `Authorization` header is not covered. To include the `Authorization` header, it must be explicitly listed in CORS header `Access-Control-Allow-Headers`).",
			console.Message{Kind: console.Warning, Engine: browser.Firefox, Code: "AuthorizationCoveredByWildcard", URL: api}},
		{"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.shop.example/orders/7. (Reason: CORS request did not succeed). Status code: (null).",
			console.Message{Kind: console.Network, Engine: browser.Firefox, Code: "CORSDidNotSucceed", URL: api}},

		{"TypeError: Failed to fetch\n    at load (app.js:1:2)", console.Message{Kind: console.Wordless, Code: "Failed to fetch"}},
		{"Uncaught (in promise) AxiosError: Network Error", console.Message{Kind: console.Wordless, Code: "Network Error"}},
		{"Error: Network Error", console.Message{Kind: console.Wordless, Code: "Network Error"}},
		{"TypeError: NetworkError when attempting to fetch resource.", console.Message{Kind: console.Wordless, Code: "NetworkError"}},
		{"TypeError: Load failed", console.Message{Kind: console.Wordless, Code: "Load failed"}},
		{"GET https://api.shop.example/orders/7 net::ERR_FAILED 200 (OK)", console.Message{Kind: console.Wordless, Code: "net::ERR_FAILED"}},
		{"GET https://api.shop.example/orders/7 net::ERR_CONNECTION_REFUSED", console.Message{Kind: console.Network, Code: "net::ERR_CONNECTION_REFUSED"}},

		{"only in the browser, not in curl or Postman", console.Message{Kind: console.Symptom, Code: console.NotInCurl}},
		{"It works in Postman but not in the browser", console.Message{Kind: console.Symptom, Code: console.NotInCurl}},
		{"only after deployment", console.Message{Kind: console.Symptom, Code: console.AfterDeployment}},
		{"works locally, fails in production", console.Message{Kind: console.Symptom, Code: console.AfterDeployment}},
		{"random across routes", console.Message{Kind: console.Symptom, Code: console.SomeRoutes}},
		{"CORS error on some endpoints only", console.Message{Kind: console.Symptom, Code: console.SomeRoutes}},
		{"preflight request failed", console.Message{Kind: console.Symptom, Code: console.PreflightFails}},
		{"Preflight request failed API", console.Message{Kind: console.Symptom, Code: console.PreflightFails}},
		{"OPTIONS request returns 405", console.Message{Kind: console.Symptom, Code: console.PreflightFails}},
	} {
		found := console.Read(c.text)
		if len(found) != 1 {
			t.Errorf("%q: %d messages: %+v", c.text, len(found), found)
			continue
		}
		got := found[0]
		got.Text, got.Header, got.Value, got.HasValue = "", "", "", false
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q\n%s", c.text, diff)
		}
	}
}

func TestNothing(t *testing.T) {
	for _, text := range []string{"", "   \n", "hello", "The response is invalid", "status 404", "listen 80;", "Failed to load module", "Status code: 404",
		"Uncaught TypeError: x is not a function at app.js:1"} {
		if found := console.Read(text); len(found) != 0 {
			t.Errorf("%q: %+v", text, found)
		}
	}
}

func TestSeveral(t *testing.T) {
	text := `app.js:1 Access to fetch at 'https://api.shop.example/a' from origin 'https://app.shop.example' has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource.
app.js:1  GET https://api.shop.example/a net::ERR_FAILED 404 (Not Found)
app.js:1 Access to XMLHttpRequest at 'https://api.shop.example/b' from origin 'https://app.shop.example' has been blocked by CORS policy: Response to preflight request doesn't pass access control check: It does not have HTTP ok status.
app.js:9 Uncaught (in promise) TypeError: Failed to fetch
Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.shop.example/c. (Reason: CORS preflight response did not succeed). Status code: 405.
Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at https://api.shop.example/c. (Reason: CORS request did not succeed). Status code: (null).
`
	var got []string
	for _, m := range console.Read(text) {
		got = append(got, fmt.Sprint(m.Kind, " ", m.Reasons, " ", m.URL, " ", m.Status))
	}
	want := []string{
		"1 [MissingAllowOriginHeader] https://api.shop.example/a 0",
		"1 [PreflightInvalidStatus] https://api.shop.example/b 0",
		"1 [PreflightInvalidStatus] https://api.shop.example/c 405",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLong reads a megabyte of beginnings and of messages.
func TestLong(t *testing.T) {
	for _, unit := range []string{
		"method ", "Access to fetch at 'https://a", "The 'Access-Control-Allow-Origin' header has a value '", "\x1b]8;;", "\xff", "Origin ", "Failed to load a://",
		"No 'Access-Control-Allow-Origin' header is present on the requested resource. ", "'‘", " \n", "Credentials flag is 'true', but the 'Access-Control-Allow-Credentials' header is '",
	} {
		console.Read(strings.Repeat(unit, (2<<20)/len(unit)))
	}
}

func FuzzRead(f *testing.F) {
	for _, x := range failures() {
		f.Add(string(x.reason))
	}
	f.Add("Access to fetch at 'https://api.shop.example/a' from origin 'https://app.shop.example' has been blocked by CORS policy: The 'Access-Control-Allow-Origin' header contains the invalid value ''.")
	f.Add("[Error] Origin https://a is not allowed by Access-Control-Allow-Origin. Status code: 200\n[Error] Fetch API cannot load https://b due to access control checks.")
	f.Add("Header Access-Control-Allow-Methods has an invalid value: \u00e4\x1b[1m\nCross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at x. (Reason: CORS header ‘Access-Control-Allow-Origin’ does not match ‘a’’).")
	f.Fuzz(func(t *testing.T, text string) {
		found := console.Read(text)
		if len(found) > console.MaxMessages {
			t.Fatal(len(found))
		}
		for _, m := range found {
			if m.Kind == 0 || strings.ContainsAny(m.Text+m.URL+m.Origin+m.Name, "\x1b\n\x00") {
				t.Fatalf("%+v", m)
			}
		}
		if again := console.Read(text); !slices.EqualFunc(found, again, func(a, b console.Message) bool { return cmp.Equal(a, b) }) {
			t.Fatal("not the same twice")
		}
	})
}

func BenchmarkRead(b *testing.B) {
	const line = "Access to fetch at 'https://api.shop.example/orders/7' from origin 'https://app.shop.example' has been blocked by CORS policy: Response to preflight request doesn't pass access control check: It does not have HTTP ok status."
	for _, n := range []int{1, 1000} {
		text := strings.Repeat(line+"\n", n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				console.Read(text)
			}
		})
	}
}
