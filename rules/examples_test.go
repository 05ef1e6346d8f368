package rules_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway"
	"github.com/corslint/corslint/parsers/client"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/openapi"
	"github.com/corslint/corslint/rules"
)

// TestExamples runs the examples of every rule's documentation: a bad one has exactly the findings that its markers want,
// a good one has none at all under the default rules.
func TestExamples(t *testing.T) {
	for _, rule := range rules.All() {
		if rule.Check == nil && rule.CheckNeeds == nil {
			continue
		}
		bad, good := false, false
		for _, example := range rule.Examples {
			bad, good = bad || !example.Good(), good || example.Good()
			t.Run(rule.Name+"/"+example.Name, func(t *testing.T) { runExample(t, rule, example) })
		}
		if !bad || !good {
			t.Errorf("%s: want a bad and a good example", rule.Name)
		}
	}
}

// Reasons why a rule has no example of a dialect.
const (
	middleware = "it is about the order of middleware"
	constants  = "a description states constants: it chooses no origin, stores nothing and redirects nobody"
	leftOut    = "what a description leaves out is not known to be missing"
	elsewhere  = "it cannot be written there"
	noServer   = "nobody deploys a description, and no page is refused for it"
)

// withoutExample are the rules, by dialect, that have no bad example of it. Rules that are named after a dialect are that
// dialect's alone.
var withoutExample = map[string]map[string]string{
	"apigateway": {
		"origin-not-allowed": "the contract asks every layer alike", "dev-proxy-hides-cors": "it is about client code",
		"cookie-samesite-withheld": "it is about the sessions of applications", "environments-differ": "the contract asks every layer alike",
		"allow-origin-duplicate-across-layers": "it is about chains", "auth-before-cors": middleware, "cors-after-routes": middleware,
		"origin-callback-error": middleware, "corp-blocks-cross-origin": "helmet alone sends it unasked", "origin-own-host": elsewhere,
		"private-network-header-obsolete": elsewhere, "mixed-content": "a gateway serves TLS", "expose-headers-missing": "descriptions state the need",
	},
	"openapi": {
		"origin-not-allowed": noServer, "dev-proxy-hides-cors": "it is about client code",
		"cookie-samesite-withheld": "it is about the sessions of applications", "environments-differ": "the contract asks every layer alike", "allow-methods-unused": leftOut,
		"allow-credentials-invalid": "a boolean has one spelling", "allow-headers-reflected": constants, "allow-headers-wildcard-authorization": elsewhere,
		"allow-origin-duplicate": elsewhere, "allow-origin-duplicate-across-layers": "it is about chains", "allow-origin-missing": leftOut,
		"allow-origin-missing-on-error": leftOut, "allow-origin-missing-on-redirect": leftOut, "auth-before-cors": middleware,
		"cache-key-ignores-origin": constants, "corp-blocks-cross-origin": elsewhere, "cors-after-routes": middleware, "cors-option-unknown": elsewhere,
		"list-wildcard-with-credentials": noServer, "max-age-ineffective": noServer, "origin-any-subdomain": constants, "origin-callback-error": middleware,
		"origin-dev-in-production": constants, "origin-insecure-http": constants, "origin-null-allowed": constants, "origin-own-host": constants,
		"origin-pattern-as-text": constants, "origin-public-suffix": constants, "origin-reflected": constants, "origin-reflected-with-credentials": constants,
		"origin-regex-unanchored": constants, "origin-regex-unescaped-dot": constants, "origin-substring-match": constants, "policy-overridden": elsewhere,
		"preflight-actual-mismatch": leftOut, "preflight-redirected": leftOut, "preflight-requires-auth": "a security requirement of OPTIONS is a slip of the description",
		"preflight-status-not-ok": leftOut, "preflight-unhandled": leftOut, "private-network-header-obsolete": elsewhere, "proxy-strips-cors-headers": elsewhere,
		"vary-origin-conditional": constants, "vary-origin-missing": constants, "vary-origin-unneeded": noServer,
	},
}

// TestDialectsHaveExamples holds that a rule shows every dialect that it can fire in.
func TestDialectsHaveExamples(t *testing.T) {
	for dialect, without := range withoutExample {
		for _, rule := range rules.All() {
			owner, _, _ := strings.Cut(rule.Name, "-")
			if rule.Check == nil || owner != dialect && slices.Contains([]string{"nginx", "express", "apigateway", "client"}, owner) {
				continue
			}
			shown := slices.ContainsFunc(rule.Examples, func(e rules.Example) bool { return e.Dialect == dialect && !e.Good() })
			if excused := without[rule.Name] != ""; shown == excused {
				t.Errorf("%s: a bad example of %s: %t, an exception: %t", rule.Name, dialect, shown, excused)
			}
		}
	}
}

var wantMarker = regexp.MustCompile("want \"([^\"]*)\"|want `([^`]*)`")

func runExample(t *testing.T, rule *rules.Rule, example rules.Example) {
	files := exampleFiles(example)
	root := discovery.Memory(files...)
	var declared *contract.Contract
	if example.Dialect == "contract" {
		c, err := config.Load(root.Walk(discovery.Options{}), ".corslint.yml", names.New(nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		declared = c.Contract
	}
	result := engine.Run(context.Background(), engine.Options{
		Files: root.Walk(discovery.Options{}), Contract: declared,
		Dialects: []parsers.Dialect{
			nginx.Dialect{Options: nginx.Options{Version: nginx.Version{Major: 1, Minor: 29, Patch: 3}}},
			openapi.Dialect{},
			apigateway.Dialect{Functions: express.Dialect{}.Functions},
			express.Dialect{},
			client.Dialect{},
		},
		Rules: rules.All(), Environment: func(path string) rules.Environment {
			if strings.Contains(path, "prod") {
				return rules.Production
			}
			return ""
		},
	})
	type place struct {
		file string
		line int
	}
	want := map[place][]string{}
	for _, f := range files {
		for n := 1; n <= f.Lines(); n++ {
			for _, m := range wantMarker.FindAllStringSubmatch(f.Line(n), -1) {
				want[place{f.Path, n}] = append(want[place{f.Path, n}], m[1]+m[2])
			}
		}
	}
	for _, f := range result.Findings {
		at := place{f.Place.Path(), f.Place.Position().Line}
		text := fmt.Sprintf("%s:%d: %s: %s [%s]", at.file, at.line, f.Severity, f.Message, f.Rule)
		if n := len([]rune(f.Message)); n > 110 {
			t.Errorf("message of %d characters: %s", n, text)
		}
		if f.Rule != rule.Name {
			if example.Good() && f.Shown() {
				t.Errorf("a good example has a finding: %s", text)
			}
			continue
		}
		i := slices.IndexFunc(want[at], func(expr string) bool { return regexp.MustCompile(expr).MatchString(f.Message) })
		if i < 0 {
			t.Errorf("unexpected: %s", text)
			continue
		}
		want[at] = slices.Delete(want[at], i, i+1)
		checkFinding(t, f)
	}
	for at, left := range want {
		for _, expr := range left {
			t.Errorf("%s:%d: no finding of %s like %q", at.file, at.line, rule.Name, expr)
		}
	}
	if t.Failed() {
		for _, f := range result.Findings {
			t.Logf("%s:%d: %s: %s / %s / %s [%s]", f.Place.Path(), f.Place.Position().Line, f.Severity, f.Message, f.Because, f.Change, f.Rule)
		}
	}
}

// checkFinding holds a finding against what every finding must be.
func checkFinding(t *testing.T, f *finding.Finding) {
	t.Helper()
	for name, text := range map[string]string{"message": f.Message, "because": f.Because, "change": f.Change} {
		if text == "" {
			t.Errorf("%s: no %s", f.Rule, name)
		}
		if strings.HasSuffix(text, ".") || strings.Contains(text, "!") {
			t.Errorf("%s: %s ends with a full stop or exclaims: %q", f.Rule, name, text)
		}
		for _, word := range []string{" should ", " may ", " potential", "best practice"} {
			if strings.Contains(" "+text+" ", word) {
				t.Errorf("%s: %s says %q: %q", f.Rule, name, word, text)
			}
		}
	}
}

// exampleFiles returns the files of an example.
func exampleFiles(e rules.Example) []*source.File {
	archive := txtar.Parse([]byte(e.Text))
	if len(archive.Files) == 0 {
		name := map[string]string{"nginx": "example.conf", "openapi": "openapi.yaml", "express": "server.js", "apigateway": "template.yaml", "client": "src/api.js"}[e.Dialect]
		return []*source.File{source.NewFile(name, []byte(e.Text))}
	}
	var files []*source.File
	for _, f := range archive.Files {
		files = append(files, source.NewFile(f.Name, f.Data))
	}
	return files
}
