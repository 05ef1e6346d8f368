package fix_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/fix"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway"
	"github.com/corslint/corslint/parsers/client"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/openapi"
	"github.com/corslint/corslint/rules"
)

func dialects(version nginx.Version) []parsers.Dialect {
	node := express.Dialect{}
	return []parsers.Dialect{nginx.Dialect{Options: nginx.Options{Version: version}}, apigateway.Dialect{Functions: node.Functions}, node, openapi.Dialect{}, client.Dialect{}}
}

// fixer repairs files in memory, of whatever severity what is found in them is.
func fixer(version nginx.Version, unsafe bool, files ...*source.File) *fix.Fixer {
	f := fix.New(engine.Options{Files: discovery.Memory(files...).Walk(discovery.Options{}), Dialects: dialects(version), Rules: rules.All(), Environment: environment})
	f.Unsafe = unsafe
	run := f.Run
	f.Run = func(ctx context.Context, o engine.Options) fix.Findings {
		found := run(ctx, o).All
		return fix.Findings{All: found, Wanted: slices.Clone(found)}
	}
	return f
}

func environment(path string) rules.Environment {
	if strings.Contains(path, "prod") {
		return rules.Production
	}
	return ""
}

func findings(t *testing.T, f *fix.Fixer, files []*source.File) []*finding.Finding {
	t.Helper()
	return f.Run(t.Context(), engine.Options{Files: discovery.Memory(files...).Walk(discovery.Options{})}).All
}

// changed returns files as they are after repairing.
func changed(files []*source.File, r *fix.Result) []*source.File {
	out := slices.Clone(files)
	for _, c := range r.Changes {
		i := slices.IndexFunc(out, func(f *source.File) bool { return f.Path == c.Before.Path })
		out[i] = c.After
	}
	return out
}

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

var (
	before = nginx.Version{Major: 1, Minor: 22, Patch: 1}
	since  = nginx.Version{Major: 1, Minor: 29, Patch: 3}
)

// TestExamples repairs the bad examples of all rules: what a fix is for is gone then, nothing is there that was not, and
// repairing once more changes nothing.
func TestExamples(t *testing.T) {
	clean := map[string]bool{} // by dialect, rule and whether more was asked for than what is safe
	for _, rule := range rules.All() {
		for _, example := range rule.Examples {
			if example.Good() || example.Dialect == "contract" {
				continue
			}
			for _, unsafe := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/unsafe=%v", rule.Name, example.Name, unsafe), func(t *testing.T) {
					if repairExample(t, rule, example, unsafe) {
						clean[fmt.Sprint(example.Dialect, rule.Name, unsafe)] = true
					}
				})
			}
		}
	}
	for dialect, names := range repairable {
		for i, unsafe := range []bool{false, true} {
			for name := range strings.FieldsSeq(names[i]) {
				if !clean[fmt.Sprint(dialect, name, unsafe)] {
					t.Errorf("no example of %s for %s is repaired", dialect, name)
				}
			}
		}
	}
}

// repairable are the rules of which a bad example is clean after repairing, by dialect: the first are safe to repair, the others not.
var repairable = map[string][2]string{
	"nginx": {"allow-credentials-invalid allow-headers-forbidden-name allow-headers-missing " +
		"allow-headers-wildcard-authorization allow-methods-case allow-methods-forbidden-name " +
		"allow-methods-missing allow-origin-duplicate allow-origin-missing-on-error expose-headers-forbidden-name " +
		"header-name-typo header-value-quoted max-age-ineffective nginx-headers-not-inherited " +
		"nginx-if-drops-headers nginx-internal-redirect-drops-headers origin-never-sent origin-null-allowed origin-regex-unanchored " +
		"origin-regex-unescaped-dot origin-trailing-slash preflight-status-not-ok private-network-header-obsolete " +
		"vary-origin-conditional vary-origin-missing vary-origin-unneeded",
		"allow-origin-multiple-values list-wildcard-with-credentials nginx-duplicate-content-type " +
			"origin-missing-scheme origin-wildcard-with-credentials preflight-unhandled"},
	"chain": {"", "allow-origin-duplicate-across-layers"},
	"express": {"allow-credentials-invalid allow-headers-forbidden-name allow-headers-wildcard-authorization " +
		"allow-methods-case allow-methods-forbidden-name allow-origin-duplicate cors-option-unknown " +
		"expose-headers-forbidden-name header-name-typo header-value-quoted max-age-ineffective origin-never-sent origin-null-allowed " +
		"origin-regex-unanchored origin-regex-unescaped-dot origin-trailing-slash private-network-header-obsolete " +
		"vary-origin-conditional vary-origin-missing vary-origin-unneeded",
		"allow-credentials-missing allow-headers-missing allow-methods-missing allow-origin-multiple-values auth-before-cors " +
			"cors-after-routes origin-callback-error origin-missing-scheme origin-wildcard-with-credentials"},
	"apigateway": {"allow-credentials-invalid allow-headers-forbidden-name allow-headers-wildcard-authorization " +
		"allow-methods-case allow-methods-forbidden-name allow-origin-missing-on-error apigateway-mapping-unquoted " +
		"expose-headers-forbidden-name header-value-quoted max-age-ineffective origin-never-sent " +
		"origin-null-allowed origin-trailing-slash preflight-requires-auth vary-origin-missing",
		"allow-headers-missing allow-methods-missing list-wildcard-with-credentials origin-missing-scheme"},
	"openapi": {"allow-headers-forbidden-name allow-methods-case allow-methods-forbidden-name " +
		"expose-headers-forbidden-name header-name-typo header-value-quoted origin-never-sent " +
		"origin-trailing-slash",
		"allow-credentials-missing allow-headers-missing allow-methods-missing expose-headers-missing " +
			"origin-missing-scheme origin-wildcard-with-credentials"},
}

// repairExample reports whether an example that has a finding of its rule is without one afterwards.
func repairExample(t *testing.T, rule *rules.Rule, example rules.Example, unsafe bool) (clean bool) {
	files := exampleFiles(example)
	versions := []nginx.Version{before, since}
	if example.Dialect != "nginx" {
		versions = versions[:1]
	}
	for _, version := range versions {
		f := fixer(version, unsafe, files...)
		was := findings(t, f, files)
		result := f.Fix(t.Context())
		var after []*source.File
		if after = changed(files, result); len(result.Repaired) > 0 && len(result.Changes) == 0 {
			t.Error("repaired, and nothing changed")
		}
		is := findings(t, f, after)
		noneAppears(t, unsafe, was, is, result)
		if again := fixer(version, unsafe, after...).Fix(t.Context()); len(again.Changes) > 0 {
			t.Errorf("a second run changes %s", patch(t, again))
		}
		of := func(x *finding.Finding) bool { return x.Rule == rule.Name }
		clean = clean || slices.ContainsFunc(was, of) && !slices.ContainsFunc(is, of)
	}
	return clean
}

// noneAppears holds the findings after repairing against those before: there are no more of a rule, but for what a repaired
// cause spoke for.
func noneAppears(t *testing.T, unsafe bool, was, is []*finding.Finding, r *fix.Result) {
	t.Helper()
	before, after := map[string]int{}, map[string]int{}
	for _, x := range was {
		before[x.Rule]++
		for _, also := range x.Also {
			before[also]++
		}
	}
	for _, x := range is {
		// What is not safe may bring notes, and leave Vary out where an error was.
		if after[x.Rule]++; after[x.Rule] > before[x.Rule] && (!unsafe || x.Shown() && x.Category != finding.Caching) {
			t.Errorf("appeared: %s:%d: %s [%s]\n%s", x.Place.Path(), x.Place.Position().Line, x.Message, x.Rule, patch(t, r))
		}
	}
}

func patch(t *testing.T, r *fix.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WritePatch(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
