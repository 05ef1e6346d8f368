package apigateway

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

var samDir = flag.String("sam", "", "a folder with the SAM translator's published inputs and expected outputs: tests/translator")

// exceptions are templates that no API comes of as their authors meant it: an event for one kind of API that names the other
// kind, and events for a document without paths, which the translator drops.
var exceptions = []string{"api_with_any_method_in_swagger", "api_with_merge_definitions_null_paths", "api_merge_definitions_with_any_method"}

// TestTranslator compares the preflights, guards and CORS headers that are read from SAM templates with those read from
// what the translator makes of them. Templates that the translator refuses have no output.
func TestTranslator(t *testing.T) {
	if *samDir == "" {
		t.Skip("needs -sam")
	}
	inputs, err := filepath.Glob(filepath.Join(*samDir, "input", "*.yaml"))
	if err != nil || len(inputs) == 0 {
		t.Fatal("no inputs", err)
	}
	compared, agreed, lines := 0, 0, 0
	for _, input := range inputs {
		name := strings.TrimSuffix(filepath.Base(input), ".yaml")
		output := filepath.Join(*samDir, "output", name+".json")
		if expected, err := os.ReadFile(output); err != nil || strings.Contains(string(expected), "errorMessage") {
			continue
		}
		got, want := describeAPIs(t, input), describeAPIs(t, output)
		if len(got)+len(want) == 0 {
			continue
		}
		compared++
		lines += len(want)
		if slices.Contains(exceptions, name) {
			t.Logf("left out: %s", name)
			continue
		}
		if slices.Equal(got, want) {
			agreed++
			continue
		}
		t.Errorf("%s", name)
		for _, l := range got {
			if !slices.Contains(want, l) {
				t.Logf("  ours     %s", l)
			}
		}
		for _, l := range want {
			if !slices.Contains(got, l) {
				t.Logf("  expected %s", l)
			}
		}
	}
	t.Logf("%d of %d templates with APIs agree, %d methods, configurations and gateway responses", agreed, compared, lines)
}

// describeAPIs lists what a template says about CORS and credentials, a line for each method, configuration and gateway
// response.
func describeAPIs(t *testing.T, path string) []string {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := source.NewFile(filepath.Base(path), data)
	r := &reading{files: parsers.Files(nil), file: f}
	r.read(cloudFormationTemplate)
	var out []string
	for _, api := range r.out.rest {
		for _, m := range api.methods {
			line := fmt.Sprintf("%s %s %s %s", api.id, m.verb, m.path, describeGuard(m.guard, !m.key.IsZero()))
			if i := m.integration; i != nil && i.kind == "mock" {
				for _, response := range i.responses {
					line += " " + response.status.Word() + " " + describeMappings(response.headers)
				}
			}
			out = append(out, line)
		}
		for _, g := range api.gateway {
			out = append(out, fmt.Sprintf("%s %s %s %s", api.id, g.kind, g.status.Word(), describeMappings(g.headers)))
		}
	}
	for _, api := range r.out.http {
		for _, route := range api.routes {
			out = append(out, fmt.Sprintf("%s %s %s %s", api.id, route.verb, route.path, describeGuard(route.guard, false)))
		}
		if c := api.cors; c != nil {
			out = append(out, fmt.Sprintf("%s cors %s %s %s %s %s %v", api.id, joined(c.origins), joined(c.methods), joined(c.headers), joined(c.expose), c.maxAge.Text(), c.credentials.IsTrue()))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func describeGuard(g guard, key bool) string {
	text := [...]string{"open", "authorizer", "iam", "unknown"}[g.kind]
	if g.kind == authorizer {
		headers := slices.Clone(g.headers)
		slices.Sort(headers)
		text += fmt.Sprint(headers)
	}
	if key {
		text += " key"
	}
	return text
}

func describeMappings(list []mapping) string {
	var out []string
	for _, m := range list {
		if strings.HasPrefix(strings.ToLower(m.name), "access-control-") {
			out = append(out, m.name+": "+m.expr.Text().String())
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}
