package exchange_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

const schemas = "../../docs/schema/"

// schema compiles a part of a schema. Objects may have no other keys than those that it names, so that a document cannot say
// more than is written down. No schema is read from anywhere else.
func schema(t *testing.T, ref string) *jsonschema.Schema {
	t.Helper()
	const base = "https://github.com/corslint/corslint/docs/schema/"
	c := jsonschema.NewCompiler()
	c.LoadURL = func(url string) (io.ReadCloser, error) { return nil, fmt.Errorf("the schema asks for %s", url) }
	paths, err := filepath.Glob(schemas + "*.schema.json")
	if err != nil || len(paths) < 4 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v := decoded(t, data)
		if id := v.(map[string]any)["$id"]; id != base+filepath.Base(path) {
			t.Errorf("%s calls itself %v", path, id)
		}
		if !strings.HasSuffix(path, "check.schema.json") { // it joins objects with allOf
			tighten(v)
		}
		if err := c.AddResource(base+filepath.Base(path), bytes.NewReader(encoded(t, v))); err != nil {
			t.Fatal(err)
		}
	}
	compiled, err := c.Compile(base + ref)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func tighten(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, object := v["properties"].(map[string]any); object && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		for _, key := range slices.Collect(maps.Keys(v)) {
			tighten(v[key])
		}
	case []any:
		for _, item := range v {
			tighten(item)
		}
	}
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decoded(t *testing.T, data []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// rich is a chain and a fetch whose documents have something of everything.
func rich(t *testing.T) exchange.Exchange {
	front := editing([]policy.Step{
		add("Access-Control-Allow-Origin: ORIGIN"), add("X-Latin: é\xff"), add("X-Unknown: ?"),
		&policy.Lose{Name: "Vary", Value: policy.Text("Origin"), At: line2, Why: policy.Shadowed},
	}, on(policy.Method, "OPTIONS", respond(204)), &policy.If{
		Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: "/x"}},
		Then: []policy.Step{respond(302, "Location: https://else.example:8443/")},
	}, forward("http://orders"))
	front.Listeners[0].Hosts = []policy.HostPattern{{Kind: policy.HostExact, Text: "api.example"}}
	return simulate(t, exchange.Chain{host(front)}, exchange.Fetch{
		URL: "https://api.example/x", Method: "PUT", HasBody: true, PageURL: page + "/a", Credentials: browser.CredentialsInclude,
		Headers: []browser.Header{{Name: "X-A", Value: "é"}}, Circumstances: []policy.Circumstance{{Kind: policy.UpstreamStatus, Status: 404}},
	}, exchange.Options{})
}

func TestSchemas(t *testing.T) {
	x := rich(t)
	cached := x
	cached.Outcomes = []exchange.Outcome{x.Outcomes[0]}
	cached.Outcomes[0].Hops = slices.Clone(x.Outcomes[0].Hops)
	cached.Outcomes[0].Hops[0].From = exchange.SharedCache
	recording := browser.Case{ID: "1", PageOrigin: "null", Request: browser.CaseRequest{URL: "https://api.example/"}, Hops: []browser.CaseHop{
		{URL: "https://api.example/", Preflight: &browser.CaseResponse{Status: 204, Headers: browser.CaseHeaders{}}, Response: browser.CaseResponse{Headers: browser.CaseHeaders{{Name: "A", Value: "\xe9"}}}}}}
	fetch := x.Evidence(&x.Outcomes[0]).FetchDocument
	documents := []struct {
		schema string
		valid  any
		// what is not valid: a replacement in the text
		old, new string
	}{
		{"request.schema.json#/definitions/input", exchange.RequestDocument{ID: "1", URL: "https://x/", Method: "GET", Headers: browser.CaseHeaders{{Name: "A", Value: "\xe9"}}, Circumstances: []string{"upstream-status 404"}}, "404", "4040"},
		{"request.schema.json#/definitions/output", exchange.ResponsesDocument{Responses: []*exchange.ResponseDocument{exchange.Response(x.Outcomes[0].Hops[0].Actual)}}, `"shadowed"`, `"gone"`},
		{"request.schema.json", map[string]any{"id": 7, "error": map[string]any{"message": "no"}}, `"no"`, `""`},
		{"simulate.schema.json#/definitions/input", fetch, `"include"`, `"always"`},
		{"simulate.schema.json#/definitions/output", x.Document("1"), `"hypothetical":true`, `"hypothetical":1`},
		{"simulate.schema.json#/definitions/output", cached.Document(""), `"shared"`, `"some"`},
		{"judge.schema.json#/definitions/input", recording, `"status":204`, `"status":"204"`},
		{"judge.schema.json#/definitions/output", browser.Judge(browser.Chromium, recording), `"blocked"`, `"refused"`},
		{"judge.schema.json#/definitions/output", browser.Judge(browser.Firefox, browser.Case{PageOrigin: page, Request: browser.CaseRequest{URL: "https://x/"}, Hops: []browser.CaseHop{{Response: browser.CaseResponse{Status: 200}}}}), `null`, `1`},
		{"check.schema.json#/definitions/exchange", x.Evidence(&x.Outcomes[0]), `"verdict":"`, `"verdict":"x`},
	}
	for _, d := range documents {
		text := encoded(t, d.valid)
		compiled := schema(t, d.schema)
		if err := compiled.Validate(decoded(t, text)); err != nil {
			t.Errorf("%s: %#v\n%s", d.schema, err, text)
		}
		broken := strings.Replace(string(text), d.old, d.new, 1)
		if broken == string(text) {
			t.Errorf("%s: %s is not in %s", d.schema, d.old, text)
		} else if compiled.Validate(decoded(t, []byte(broken))) == nil {
			t.Errorf("%s: %s passes", d.schema, d.new)
		}
	}
}

// The examples of the layer dialect are what its schema describes, mistakes are not.
func TestLayerSchema(t *testing.T) {
	compiled := schema(t, "layer.schema.json")
	for text, valid := range map[string]bool{
		"corslint: layer/v1\nname: billing\nserves: [billing, '10.0.0.7:8080']\nanswers:\n" +
			"  - when: { methods: [OPTIONS], path: /api/ }\n    status: 204\n    headers: { Vary: Origin }\n" +
			"  - status: 200\n    headers: [[Content-Type, application/json]]\n": true,
		"corslint: layer/v1\nanswers: [{headers: {A: [1, true]}, close: true, when: {headers: {A: ''}, host: a, origin: [b]}}]": true,
		"corslint: layer/v2\nanswers: []":                                   false,
		"corslint: layer/v1":                                                false,
		"corslint: layer/v1\nanswers: [{status: 99}]":                       false,
		"corslint: layer/v1\nanswers: [{headres: {}}]":                      false,
		"corslint: layer/v1\nanswers: [{headers: [[a, b, c]]}]":             false,
		"corslint: layer/v1\nanswers: [{when: {path: {a: b}}}]":             false,
		"corslint: layer/v1\nserves: {a: b}\nanswers: [{close: 'perhaps'}]": false,
	} {
		stream, err := yamltree.Parse(source.NewFile("a.yaml", []byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(stream.Documents[0].Plain()); (err == nil) != valid {
			t.Errorf("%s\n%#v", text, err)
		}
	}
}

// What a document says of a fetch is the fetch again.
func TestFetchDocument(t *testing.T) {
	x := rich(t)
	var d exchange.FetchDocument
	if err := json.Unmarshal(encoded(t, x.Evidence(&x.Outcomes[0])), &d); err != nil {
		t.Fatal(err)
	}
	f, err := d.Fetch()
	if err != nil {
		t.Fatal(err)
	}
	check(t, f.Key()+fmt.Sprint(f.HasBody, f.PageURL), x.Fetch.Key()+fmt.Sprint(x.Fetch.HasBody, x.Fetch.PageURL))
	d.Circumstances = []string{"rain"}
	if _, err := d.Fetch(); err == nil {
		t.Error("rain passes")
	}
}

// Bytes of headers are written as those of the other documents are read.
func TestHeaderBytes(t *testing.T) {
	text := string(encoded(t, exchange.Response(&policy.Outcome{Status: 200, Headers: []policy.Header{{Name: "A", Value: policy.Literal("é\xff")}}})))
	if want := `"headers":[["A","Ã©ÿ"]]`; !strings.Contains(text, want) {
		t.Errorf("%s lacks %s", text, want)
	}
	var back struct{ Headers browser.CaseHeaders }
	if err := json.Unmarshal([]byte(text), &back); err != nil || back.Headers[0].Value != "é\xff" {
		t.Errorf("%v %v", back.Headers, err)
	}
}

// At the top stands what all outcomes say.
func TestDocumentSummary(t *testing.T) {
	ask := func(then, other policy.Step) exchange.Chain {
		return exchange.Chain{host(layer(&policy.If{Cond: &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownFile, Subject: "/x"}}, Then: []policy.Step{then}, Else: []policy.Step{other}}))}
	}
	allow, none := respond(200, "Access-Control-Allow-Origin: *"), respond(200)
	other, another := respond(200, "Access-Control-Allow-Origin: https://x.example"), respond(200, "Access-Control-Allow-Origin: https://y.example")
	for _, test := range []struct {
		chain   exchange.Chain
		verdict string
		reason  string
		message bool
	}{
		{ask(allow, allow), "allowed", "", false},
		{ask(allow, none), "unknown", "", false},
		{ask(none, none), "blocked", "MissingAllowOriginHeader", true},
		{ask(none, other), "blocked", "", false},
		{ask(other, another), "blocked", "AllowOriginMismatch", false},
	} {
		x := simulate(t, test.chain, exchange.Fetch{URL: "https://api.example/"}, exchange.Options{})
		d := x.Document("")
		reason := ""
		if d.Reason != nil {
			reason = *d.Reason
		}
		if d.Verdict != test.verdict || reason != test.reason || (d.Message != nil) != test.message || len(d.Outcomes) != 2 {
			t.Errorf("%s %s %v, want %+v", d.Verdict, reason, d.Message, test)
		}
	}
	if empty := encoded(t, (&exchange.Exchange{}).Document("")); !strings.Contains(string(empty), `"outcomes":[]`) {
		t.Errorf("%s", empty)
	}
}
