package browser

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const (
	pageOrigin = "https://app.example"
	apiURL     = "https://api.example/items"
)

// headers turns "Name: value" lines into a list. A value of "?" is one that nobody knows.
func headers(lines ...string) []Header {
	var out []Header
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		h := Header{Name: name, Value: value}
		if trimHTTP(value) == "?" {
			h = Header{Name: name, Unknown: true}
		}
		out = append(out, h)
	}
	return out
}

func response(status int, lines ...string) Response {
	return Response{Status: status, Headers: headers(lines...)}
}

func open(r Response, fixed ...string) Response {
	r.Open, r.Fixed = true, map[string]bool{}
	for _, name := range fixed {
		r.Fixed[name] = true
	}
	return r
}

// answers is a network that gives the same answer to every preflight, and the actual answers in order, the last one again.
func answers(preflight Response, actual ...Response) Network {
	i := 0
	return func(out Outgoing) Response {
		if out.Preflight {
			return preflight
		}
		i++
		return actual[min(i, len(actual))-1]
	}
}

func request(method string, lines ...string) Request {
	return Request{PageOrigin: pageOrigin, URL: apiURL, Method: method, Headers: headers(lines...)}
}

func TestPrecedence(t *testing.T) {
	const good = "Access-Control-Allow-Origin: " + pageOrigin
	with := func(r Request) Request { r.Credentials = CredentialsInclude; return r }
	tests := []struct {
		name              string
		request           Request
		preflight         Response
		chromium, firefox Reason
	}{
		{"a 500 without origin reads as missing origin", request("PUT"), response(500), PreflightMissingAllowOriginHeader, PreflightMissingAllowOriginHeader},
		{"a 401 with a good origin reads as bad status", request("PUT"), response(401, good), PreflightInvalidStatus, PreflightInvalidStatus},
		{"a redirect comes first in Chromium only", request("PUT"), response(302, "Location: /login"), PreflightDisallowedRedirect, PreflightMissingAllowOriginHeader},
		{"a 3xx without Location is no redirect", request("PUT"), response(302, good), PreflightInvalidStatus, PreflightInvalidStatus},
		{"wildcard with credentials", with(request("PUT")), response(204, "Access-Control-Allow-Origin: *"), PreflightWildcardOriginNotAllowed, PreflightWildcardOriginNotAllowed},
		{"credentials before status", with(request("PUT")), response(404, good), PreflightInvalidAllowCredentials, PreflightInvalidAllowCredentials},
		{
			"Chromium parses both lists before it looks for the method", request("PUT"),
			response(204, good, "Access-Control-Allow-Methods: GET", "Access-Control-Allow-Headers: a b"),
			InvalidAllowHeadersPreflightResponse, MethodDisallowedByPreflightResponse,
		},
		{"methods are case-sensitive", request("patch"), response(204, good, "Access-Control-Allow-Methods: PATCH"), MethodDisallowedByPreflightResponse, MethodDisallowedByPreflightResponse},
		{"put is PUT", request("put"), response(204, good, "Access-Control-Allow-Methods: PUT"), "", ""},
		{
			"an asterisk is a name under credentials", with(request("PUT")),
			response(204, good, "Access-Control-Allow-Credentials: true", "Access-Control-Allow-Methods: *"),
			MethodDisallowedByPreflightResponse, MethodDisallowedByPreflightResponse,
		},
		{"POST is never refused", request("POST", "Content-Type: application/json"), response(200, good, "Access-Control-Allow-Headers: content-type"), "", ""},
		{"one bad token voids a list that nobody needs", request("PUT"), response(200, good, "Access-Control-Allow-Methods: PUT", `Access-Control-Allow-Headers: "x"`), InvalidAllowHeadersPreflightResponse, InvalidAllowHeadersPreflightResponse},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			actual := response(200, good, "Access-Control-Allow-Credentials: true")
			for engine, want := range map[Engine]Reason{Chromium: test.chromium, Firefox: test.firefox} {
				got := Fetch(engine, test.request, answers(test.preflight, actual))
				if got.Reason != want || !got.PreflightSent || got.ActualSent != (want == "") {
					t.Errorf("%s: %q, preflight sent %v, request sent %v; want %q", engine, got.Reason, got.PreflightSent, got.ActualSent, want)
				}
			}
		})
	}
}

func TestAllowOrigin(t *testing.T) {
	tests := []struct {
		value, origin string
		want          Reason
	}{
		{pageOrigin, pageOrigin, ""},
		{" \t" + pageOrigin + " ", pageOrigin, ""},
		{"*", pageOrigin, ""},
		{"null", "null", ""},
		{"null", pageOrigin, AllowOriginMismatch},
		{pageOrigin + "/", pageOrigin, AllowOriginMismatch},
		{"HTTPS://APP.EXAMPLE", pageOrigin, AllowOriginMismatch},
		{pageOrigin + ":443", pageOrigin, AllowOriginMismatch},
		{"https://*.example", pageOrigin, AllowOriginMismatch},
		{pageOrigin + ", https://b.example", pageOrigin, MultipleAllowOriginValues},
		{pageOrigin + ",", pageOrigin, MultipleAllowOriginValues},
		{"", pageOrigin, InvalidAllowOriginValue},
		{"$http_origin", pageOrigin, InvalidAllowOriginValue},
		{`"*"`, pageOrigin, InvalidAllowOriginValue},
		{"app.example", pageOrigin, InvalidAllowOriginValue},
		{"app.example:443", pageOrigin, AllowOriginMismatch}, // reads as a URL of scheme "app.example"
		{"https://ex\xE4mple.com", pageOrigin, InvalidAllowOriginValue},
	}
	for _, test := range tests {
		r := Request{PageOrigin: test.origin, URL: apiURL}
		got := Fetch(Chromium, r, answers(Response{}, response(200, allowOrigin+":"+test.value)))
		if got.Reason != test.want {
			t.Errorf("%q for %s: %q, want %q", test.value, test.origin, got.Reason, test.want)
		}
	}
}

func TestDuplicateAllowOrigin(t *testing.T) {
	both := func(name string) Network {
		return answers(Response{}, response(200, name+":"+pageOrigin, name+":"))
	}
	// An empty lower-case duplicate, as any HTTP/2 server would send it, is nothing to Firefox.
	if got := Fetch(Firefox, request("GET"), both("access-control-allow-origin")); got.Verdict != Allowed {
		t.Errorf("Firefox, lower case: %s", got.Verdict)
	}
	if got := Fetch(Firefox, request("GET"), both(allowOrigin)); !slices.Equal(got.IDs, []string{"CORSMultipleAllowOriginNotAllowed"}) {
		t.Errorf("Firefox, canonical: %s", got.IDs)
	}
	if got := Fetch(Chromium, request("GET"), both("access-control-allow-origin")); got.Reason != MultipleAllowOriginValues {
		t.Errorf("Chromium: %s", got.Reason)
	}
}

func TestMessages(t *testing.T) {
	xhr := request("GET")
	xhr.Initiator, xhr.Credentials = InitiatorXHR, CredentialsInclude
	got := Fetch(Chromium, xhr, answers(Response{}, response(200, "Access-Control-Allow-Origin: *")))
	want := "Access to XMLHttpRequest at 'https://api.example/items' from origin 'https://app.example' has been blocked by CORS policy: " +
		"The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is 'include'. " +
		"The credentials mode of requests initiated by the XMLHttpRequest is controlled by the withCredentials attribute."
	if got.Message != want {
		t.Errorf("XMLHttpRequest: %s", got.Message)
	}

	got = Fetch(Chromium, request("GET", "X-B: 1", "X-A: 1"), answers(response(200, "Access-Control-Allow-Origin: *"), response(200)))
	if !strings.HasSuffix(got.Message, "Request header field x-a is not allowed by Access-Control-Allow-Headers in preflight response.") || len(got.MessageAnyOf) != 2 {
		t.Errorf("two refused headers: %q, any of %q", got.Message, got.MessageAnyOf)
	}
	refused := got.Failures[0]
	if c := refused.Render(Firefox); c.IDs[0] != "CORSMissingAllowHeaderFromPreflight2" || !strings.Contains(c.Message, "header ‘x-a’") {
		t.Errorf("rendered for Firefox: %+v", c)
	}
	if c := refused.Render(WebKit); c.Text != "Request header field x-a is not allowed by Access-Control-Allow-Headers." {
		t.Errorf("rendered for WebKit: %+v", c)
	}

	got = Fetch(Chromium, request("GET"), answers(Response{}, response(200, "Access-Control-Allow-Origin: http://ex\xE4\tmple.com")))
	if !strings.Contains(got.Message, `'http://ex\u00E4\u0009mple.com'`) {
		t.Errorf("escapes: %s", got.Message)
	}
}

// TestWalls: every check that fails is listed, the ones behind the first too.
func TestWalls(t *testing.T) {
	r := request("PUT", "X-A: 1")
	r.Credentials = CredentialsInclude
	var hypothetical []bool
	network := answers(response(404), response(500, "Access-Control-Allow-Origin: *"))
	got := Fetch(Chromium, r, func(out Outgoing) Response {
		hypothetical = append(hypothetical, out.Hypothetical)
		return network(out)
	})
	var reasons []Reason
	for _, f := range got.Failures {
		reasons = append(reasons, f.Reason)
	}
	want := []Reason{
		PreflightMissingAllowOriginHeader, PreflightInvalidAllowCredentials, PreflightInvalidStatus,
		MethodDisallowedByPreflightResponse, HeaderDisallowedByPreflightResponse,
		WildcardOriginNotAllowed, InvalidAllowCredentials,
	}
	if !slices.Equal(reasons, want) {
		t.Errorf("failures %v, want %v", reasons, want)
	}
	if got.ActualSent || !slices.Equal(hypothetical, []bool{false, true}) {
		t.Errorf("request sent %v, hypothetical %v", got.ActualSent, hypothetical)
	}
}

// TestUnknown: what depends on an unknown upstream is neither allowed nor blocked, what does not is.
func TestUnknown(t *testing.T) {
	const good = "Access-Control-Allow-Origin: " + pageOrigin
	tests := []struct {
		name     string
		response Response
		want     Verdict
	}{
		{"open and unlisted", open(response(0)), Unknown},
		{"open, unlisted, and fixed: it is not there", open(response(0), "access-control-allow-origin"), Blocked},
		{"open and listed: upstream may send a second line", open(response(0, good)), Unknown},
		{"open, listed, and fixed", open(response(0, good), "access-control-allow-origin"), Allowed},
		{"open and listed wrong: a second line cannot repair it", open(response(0, "Access-Control-Allow-Origin: https://b.example")), Blocked},
		{"an unknown value", response(200, "Access-Control-Allow-Origin: ?"), Unknown},
		{"a good line and an unknown one", response(200, good, "Access-Control-Allow-Origin: ?"), Unknown},
		{"closed", Response{}, Blocked},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, engine := range Engines() {
				if got := Fetch(engine, request("GET"), answers(Response{}, test.response)); got.Verdict != test.want {
					t.Errorf("%s: %s, want %s", engine, got.Verdict, test.want)
				}
			}
		})
	}

	// A failure behind an unknown check blocks for certain, but is not for certain the one reported.
	got := Fetch(Chromium, request("PUT"), answers(open(response(0)), response(200)))
	if got.Verdict != Blocked || got.Reason != MissingAllowOriginHeader || !got.Guessed {
		t.Errorf("behind an unknown preflight: %s %s, guessed %v", got.Verdict, got.Reason, got.Guessed)
	}
	got = Fetch(Chromium, request("PUT"), answers(open(response(0)), response(200, good)))
	if got.Verdict != Unknown || got.Reason != "" || len(got.Failures) == 0 {
		t.Errorf("unknown preflight: %s %q", got.Verdict, got.Reason)
	}
}

func TestRedirects(t *testing.T) {
	to := func(status int, location string, lines ...string) Response {
		return response(status, append(lines, "Location: "+location)...)
	}
	const any = "Access-Control-Allow-Origin: *"

	t.Run("the origin becomes null across origins, and stays so", func(t *testing.T) {
		var sent []Outgoing
		network := answers(response(204, any, "Access-Control-Allow-Headers: *"),
			to(307, "https://cdn.example/", any), to(307, pageOrigin+"/back", any), response(200, any))
		got := Fetch(Chromium, request("POST", "Authorization: x", "X-A: 1"), func(out Outgoing) Response {
			sent = append(sent, out)
			return network(out)
		})
		if got.Verdict != Allowed || len(sent) != 6 {
			t.Fatalf("%s, %d requests", got.Verdict, len(sent))
		}
		for i, want := range []string{pageOrigin, pageOrigin, "null", "null", "null", "null"} {
			if origin, _ := values(sent[i].Headers, "Origin"); origin != want {
				t.Errorf("request %d: origin %q, want %q", i, origin, want)
			}
		}
		if _, ok := values(sent[3].Headers, "Authorization"); ok {
			t.Error("Authorization goes to another origin")
		}
		if names, _ := values(sent[2].Headers, "Access-Control-Request-Headers"); names != "x-a" {
			t.Errorf("second preflight asks for %q", names)
		}
	})
	t.Run("a 303 turns a PUT into a GET without body headers", func(t *testing.T) {
		var last Outgoing
		network := answers(response(204, any, "Access-Control-Allow-Methods: PUT"), to(303, "/x", any), response(200, any))
		Fetch(Chromium, request("PUT", "Content-Type: text/plain"), func(out Outgoing) Response { last = out; return network(out) })
		if _, ok := values(last.Headers, "Content-Type"); last.Method != "GET" || last.URL != "https://api.example/x" || ok {
			t.Errorf("%+v", last)
		}
	})

	endless := answers(Response{}, to(302, "/again", any))
	tests := []struct {
		name     string
		redirect Redirect
		network  Network
		verdict  Verdict
		reason   Reason
		network_ string
	}{
		{"endless", "", endless, Blocked, "", "net::ERR_TOO_MANY_REDIRECTS"},
		{"user information", "", answers(Response{}, to(302, "https://u:p@api.example/", any)), Blocked, RedirectContainsCredentials, ""},
		{"not a URL, before the CORS check", "", answers(Response{}, to(302, "http://")), Blocked, "", "net::ERR_INVALID_REDIRECT"},
		{"not a URL, in mode manual too", RedirectManual, answers(Response{}, to(302, "http://", any)), Blocked, "", "net::ERR_INVALID_REDIRECT"},
		{"data", "", answers(Response{}, to(302, "data:,", any)), Blocked, "", "net::ERR_UNSAFE_REDIRECT"},
		{"ftp", "", answers(Response{}, to(302, "ftp://api.example/", any)), Blocked, CorsDisabledScheme, ""},
		{"mode error", RedirectError, answers(Response{}, to(302, "/", any)), Blocked, "", "net::ERR_FAILED"},
		{"mode manual", RedirectManual, answers(Response{}, to(302, "/", any)), Allowed, "", ""},
		{"mode manual needs the header", RedirectManual, answers(Response{}, to(302, "/")), Blocked, MissingAllowOriginHeader, ""},
	}
	for _, test := range tests {
		r := request("GET")
		r.Redirect = test.redirect
		got := Fetch(Chromium, r, test.network)
		if got.Verdict != test.verdict || got.Reason != test.reason || got.NetworkError != test.network_ {
			t.Errorf("%s: %s %q %q", test.name, got.Verdict, got.Reason, got.NetworkError)
		}
	}
}

func TestUnsent(t *testing.T) {
	never := func(out Outgoing) Response { t.Errorf("sent %+v", out); return Response{} }
	requests := map[string]Request{
		"TRACE":               request("trace"),
		"bad method":          request("B@D"),
		"empty method":        {PageOrigin: pageOrigin, URL: apiURL, NoMethod: true},
		"bad header name":     request("GET", "b@d: 1"),
		"GET with body":       {PageOrigin: pageOrigin, URL: apiURL, HasBody: true},
		"user information":    {PageOrigin: pageOrigin, URL: "https://u@api.example/"},
		"no URL":              {PageOrigin: "null", URL: "/x"},
		"mixed content":       {PageOrigin: pageOrigin, URL: "http://api.example/"},
		"mode same-origin":    {PageOrigin: pageOrigin, URL: apiURL, Mode: ModeSameOrigin},
		"PUT in mode no-cors": {PageOrigin: pageOrigin, URL: apiURL, Mode: ModeNoCORS, Method: "PUT"},
	}
	for name, r := range requests {
		for _, engine := range Engines() {
			if got := Fetch(engine, r, never); got.Verdict != Blocked || got.Reason != "" || got.ActualSent {
				t.Errorf("%s, %s: %s %q", name, engine, got.Verdict, got.Reason)
			}
		}
	}
	got := Fetch(Chromium, requests["mixed content"], never)
	if want := "Mixed Content: The page at 'https://app.example/' was loaded over HTTPS, but requested an insecure resource 'http://api.example/'. " +
		"This request has been blocked; the content must be served over HTTPS."; got.Message != want || got.NetworkError != "" {
		t.Errorf("mixed content: %q", got.Message)
	}
	local := Request{PageOrigin: pageOrigin, URL: "http://127.0.0.1:8080/"}
	if got := Fetch(Chromium, local, answers(Response{}, response(200, "Access-Control-Allow-Origin: *"))); got.Verdict != Allowed {
		t.Errorf("loopback is no mixed content: %s", got.Message)
	}
}

func TestModes(t *testing.T) {
	opaque := Fetch(Chromium, Request{PageOrigin: pageOrigin, URL: apiURL, Mode: ModeNoCORS}, answers(Response{}, response(200, "X-A: 1")))
	if opaque.Verdict != Allowed || len(opaque.Readable) != 0 || opaque.Status != 0 {
		t.Errorf("no-cors: %+v", opaque)
	}
	same := Fetch(Chromium, Request{PageOrigin: pageOrigin, URL: "/x", Method: "PUT"}, answers(Response{}, response(500, "X-A: 1", "Set-Cookie: a")))
	if same.Verdict != Allowed || same.PreflightSent || !slices.Equal(same.Readable, []string{"x-a"}) || same.Status != 500 {
		t.Errorf("same origin: %+v", same)
	}
}

// An opaque answer may keep itself from pages of other origins or sites.
func TestResourcePolicy(t *testing.T) {
	tests := []struct{ page, url, policy, want string }{
		{pageOrigin, apiURL, "same-origin", "net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin"},
		{pageOrigin, pageOrigin + "/x", "same-origin", ""},
		{pageOrigin, apiURL, "cross-origin", ""},
		{pageOrigin, apiURL, "Same-Origin", ""}, // no policy
		{pageOrigin, apiURL, "same-site", "net::ERR_BLOCKED_BY_RESPONSE.NotSameSite"},
		{"https://www.shop.co.uk", "https://api.shop.co.uk/", "same-site", ""},
		{"https://a.co.uk", "https://b.co.uk/", "same-site", "net::ERR_BLOCKED_BY_RESPONSE.NotSameSite"},
		{"http://localhost:3000", "http://localhost:5000/", "same-site", ""},
		{"http://localhost:3000", "https://localhost:5000/", "same-site", "net::ERR_BLOCKED_BY_RESPONSE.NotSameSite"},
		{"null", "https://localhost:5000/", "same-site", "net::ERR_BLOCKED_BY_RESPONSE.NotSameSite"},
	}
	for _, test := range tests {
		r := Fetch(Chromium, Request{PageOrigin: test.page, URL: test.url, Mode: ModeNoCORS}, answers(Response{}, response(200, "Cross-Origin-Resource-Policy: "+test.policy)))
		if r.NetworkError != test.want || (r.Verdict == Blocked) != (test.want != "") || r.Message != "" {
			t.Errorf("%v: %s %q %q", test, r.Verdict, r.NetworkError, r.Message)
		}
	}
	cors := Fetch(Chromium, Request{PageOrigin: pageOrigin, URL: apiURL}, answers(Response{}, response(200, "Access-Control-Allow-Origin: *", "Cross-Origin-Resource-Policy: same-origin")))
	if cors.Verdict != Allowed {
		t.Errorf("CORS asks for leave instead: %+v", cors)
	}
}

func TestNeedsPreflight(t *testing.T) {
	long, ones := strings.Repeat("a", 129), strings.Repeat("1", 128)
	tests := []struct {
		request Request
		want    string // engines that preflight
	}{
		{request("GET"), ""},
		{request("post", "Content-Type: text/plain"), ""},
		{request("PATCH"), "chromium firefox webkit spec"},
		{request("GET", "Content-Type: application/json"), "chromium firefox webkit spec"},
		{request("GET", "Authorization: x"), "chromium firefox webkit spec"},
		{request("GET", "Cookie: a=b", "X-HTTP-Method-Override: TRACE"), ""},
		{request("GET", "Accept: "+long), "chromium firefox webkit spec"},
		{request("GET", "Accept: caf\xE9"), "firefox"},
		{request("POST", "Content-Type: text/plain;;;"), "firefox"},
		{request("POST", "Content-Type: text/plain;"), ""},
		{request("GET", "DPR: 2.0"), "firefox webkit spec"},
		{request("GET", "DPR: x"), "chromium firefox webkit spec"},
		{request("GET", "User-Agent: x"), "firefox webkit spec"},
		{request("GET", "Range: bytes=0-10"), ""},
		{request("GET", "Range: bytes=-10"), "chromium firefox webkit spec"},
		{request("GET", "Range: bytes=10-9"), "chromium firefox webkit spec"},
		{request("GET", "Range: bytes=0-99999999999999999999"), "chromium firefox"},
		{request("GET", "Accept: "+long[:100], "Accept: "+long[:100]), "chromium webkit spec"},
		{request("GET", "Accept: "+ones, "Accept-Language: "+ones, "Content-Language: "+ones, "DPR: "+ones, "Width: "+ones, "RTT: "+ones, "Downlink: "+ones, "Viewport-Width: "+ones), "firefox webkit spec"}, // 1024 bytes
		{request("GET", "Accept: "+ones, "Accept-Language: "+ones, "Content-Language: "+ones, "DPR: "+ones, "Width: "+ones, "RTT: "+ones, "Downlink: "+ones, "Viewport-Width: "+ones, "ECT: 4g"), "chromium firefox webkit spec"},
		{Request{PageOrigin: pageOrigin, URL: "/x", Method: "PUT"}, ""},
		{Request{PageOrigin: pageOrigin, URL: apiURL, Initiator: InitiatorXHR, UploadListener: true}, "chromium firefox webkit spec"},
	}
	for _, test := range tests {
		var engines []string
		for _, engine := range Engines() {
			_, needs := NeedsPreflight(engine, test.request)
			if needs {
				engines = append(engines, string(engine))
			}
			actual := Fetch(engine, test.request, answers(Response{}, Response{}))
			if actual.PreflightSent != needs {
				t.Errorf("%v: NeedsPreflight says %v, Fetch %v in %s", test.request, needs, actual.PreflightSent, engine)
			}
		}
		if got := strings.Join(engines, " "); got != test.want {
			t.Errorf("%s %v: preflight in %q, want %q", test.request.Method, test.request.Headers, got, test.want)
		}
	}
	if reason, _ := NeedsPreflight(Chromium, request("PUT", "X-B: 1", "x-a: 1")); reason.Method != "PUT" || !slices.Equal(reason.Headers, []string{"x-a", "x-b"}) {
		t.Errorf("%+v", reason)
	}
}

func TestAuthorizationByWildcard(t *testing.T) {
	star := response(204, "Access-Control-Allow-Origin: *", "Access-Control-Allow-Headers: *")
	for _, engine := range Engines() {
		got := Fetch(engine, request("GET", "Authorization: x"), answers(star, response(200, "Access-Control-Allow-Origin: *")))
		if allowed := engine != Spec; (got.Verdict == Allowed) != allowed || got.AuthorizationByWildcard != allowed {
			t.Errorf("%s: %s, by wildcard %v", engine, got.Verdict, got.AuthorizationByWildcard)
		}
	}
}

func TestReadable(t *testing.T) {
	tests := []struct {
		expose      string
		credentials Credentials
		want        string
	}{
		{"", "", "content-type"},
		{"x-a", "", "content-type x-a"},
		{"X-A, b@d", "", "content-type"},
		{"*", "", "access-control-allow-credentials access-control-allow-origin access-control-expose-headers content-type x-a x-b"},
		{"*", CredentialsInclude, "content-type"},
		{"Set-Cookie", "", "content-type"},
	}
	for _, test := range tests {
		r := request("GET")
		r.Credentials = test.credentials
		got := Fetch(Chromium, r, answers(Response{}, response(200, "Access-Control-Allow-Origin: "+pageOrigin, "Access-Control-Allow-Credentials: true",
			"Access-Control-Expose-Headers: "+test.expose, "X-A: 1", "X-B: 2", "Content-Type: a/b", "Set-Cookie: c")))
		if readable := strings.Join(got.Readable, " "); readable != test.want {
			t.Errorf("%q: %q, want %q", test.expose, readable, test.want)
		}
	}
}

func TestParseMaxAge(t *testing.T) {
	tests := []struct {
		value                     string
		chromium, firefox, webkit int
	}{
		{"", 5, 5, 0}, // present and empty
		{"0", 0, 0, 0},
		{"-1", 0, 0, 0},
		{"600", 600, 600, 600},
		{" 60 ", 60, 60, 60},
		{"86401", 7200, 86400, 600},
		{"99999999999999999999", 7200, 86400, 600},
		{"60s", 5, 0, 0},
		{"1.5", 5, 0, 0},
		{"600, 600", 5, 0, 0},
	}
	for _, test := range tests {
		for engine, want := range map[Engine]int{Chromium: test.chromium, Firefox: test.firefox, WebKit: test.webkit} {
			if got := ParseMaxAge(engine, test.value, true); got.Seconds != want {
				t.Errorf("%s %q: %+v, want %d", engine, test.value, got, want)
			}
		}
	}
	if got := ParseMaxAge(Chromium, "", false); got.Seconds != 5 || !got.Default {
		t.Errorf("absent: %+v", got)
	}
}

func TestParseOrigin(t *testing.T) {
	for _, s := range []string{"https://a.example", "http://localhost:3000", "http://[::1]:8080", "http://127.0.0.1", "chrome-extension://abc", "https://xn--bcher-kva.example"} {
		if o, err := ParseOrigin(s); err != nil || o.String() != s {
			t.Errorf("%q: %v, %v", s, o, err)
		}
	}
	tests := []struct{ value, reason, meant string }{
		{"https://a.example/", "a slash at the end", "https://a.example"},
		{"https://A.example", "upper-case letters", "https://a.example"},
		{"https://a.example:443", "the scheme's default port", "https://a.example"},
		{"https://a.example/path", "more than scheme, host and port", "https://a.example"},
		{"https://u@a.example", "user information", "https://a.example"},
		{" https://a.example", "not in canonical form", "https://a.example"},
		{"a.example", "not an absolute URL", ""},
		{"*", "not an absolute URL", ""},
		{"localhost:3000", "no // and host after the scheme", ""},
		{"null", "every opaque origin is serialised like this", ""},
		{"https://*.example:x", "not an absolute URL", ""},
		{"", "not an absolute URL", ""},
	}
	for _, test := range tests {
		_, err := ParseOrigin(test.value)
		e, ok := err.(*OriginError)
		if !ok || e.Reason != test.reason || e.Meant != test.meant {
			t.Errorf("%q: %+v", test.value, err)
		}
	}
}

func TestParseLocation(t *testing.T) {
	base, _ := parseLocation("https://a.example/dir/file?q", nil)
	tests := []struct{ raw, want string }{
		{"https://b.example", "https://b.example/"},
		{"HTTPS://B.Example:443/x#f", "https://b.example/x"},
		{`https:\\b.example\x`, "https://b.example/x"},
		{"//b.example/x", "https://b.example/x"},
		{"/x", "https://a.example/x"},
		{"x?y", "https://a.example/dir/x?y"},
		{"../x", "https://a.example/x"},
		{"?r", "https://a.example/dir/file?r"},
		{"", "https://a.example/dir/file?q"},
		{"http://127.1/", "http://127.0.0.1/"},
		{"http://0x7f000001/", "http://127.0.0.1/"},
		{"http://[::1]:80/", "http://[::1]/"},
		{"http://a b/", ""},
		{"http://1.2.3.256/", ""},
		{"http://a:99999/", ""},
		{"http://", ""},
		{"http://[::1/", ""},
		{"javascript:1", "javascript:1"},
		{"/a b", "https://a.example/a%20b"},
		{"http://u:p@b.example/", "http://u:p@b.example/"},
	}
	for _, test := range tests {
		l, ok := parseLocation(test.raw, &base)
		if ok != (test.want != "") || ok && l.String() != test.want {
			t.Errorf("%q: %q, %v; want %q", test.raw, l.String(), ok, test.want)
		}
	}
}

// TestJudgeJSON pins the JSON that others build on.
func TestJudgeJSON(t *testing.T) {
	in := `{"id":"1","page_origin":"https://app.example","request":{"url":"https://api.example/","method":"GET","headers":[],"credentials":"omit"},
		"hops":[{"url":"https://api.example/","response":{"status":200,"headers":[["Access-Control-Allow-Origin","http://exämple.com"]]}}]}`
	var c Case
	if err := json.Unmarshal([]byte(in), &c); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(Judge(Chromium, c)); err != nil {
		t.Fatal(err)
	}
	want := `{"id":"1","engine":"chromium","verdict":"blocked","reason":"InvalidAllowOriginValue","message":"Access to fetch at 'https://api.example/' from origin 'https://app.example' ` +
		`has been blocked by CORS policy: The 'Access-Control-Allow-Origin' header contains the invalid value 'http://ex\\u00E4mple.com'. Have the server send the header with a valid value.",` +
		`"preflight_sent":false,"actual_sent":true,"readable":null}` + "\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
	if err := json.Unmarshal([]byte(`{"request":{"headers":[["a"]]}}`), &c); err == nil {
		t.Error("a header without value is read")
	}
}

func TestCanRead(t *testing.T) {
	for exposed, want := range map[string]bool{"": false, "X-Total": true, "link, x-total": true, "*": true, "X-Total, a b": false} {
		r := Response{Headers: []Header{{Name: "Access-Control-Expose-Headers", Value: exposed}}}
		if CanRead(r, "X-Total", CredentialsOmit) != want {
			t.Errorf("%q: want %v", exposed, want)
		}
	}
	star := Response{Headers: []Header{{Name: "Access-Control-Expose-Headers", Value: "*"}}}
	if CanRead(star, "X-Total", CredentialsInclude) || !CanRead(Response{}, "Content-Type", CredentialsInclude) || CanRead(star, "Set-Cookie", CredentialsOmit) {
		t.Error("wrong")
	}
}
