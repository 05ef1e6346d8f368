package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/corslint/corslint/internal/differential"
)

// consumers is the directory of the programs that read reports.
func consumers(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "internal", "report", "testdata", "node"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		differential.Missing(t, "the packages of internal/report/testdata/node are not installed (npm ci there)")
	}
	return dir
}

// reportsOf returns reports of a project below testdata, every finding shown.
func reportsOf(t *testing.T, project string, formats ...string) [][]byte {
	t.Helper()
	t.Chdir(filepath.Join("..", "..", "testdata", project))
	args, to := []string{"--pedantic"}, t.TempDir()
	for _, format := range formats {
		args = append(args, "--format", format+"="+filepath.Join(to, format))
	}
	var trouble bytes.Buffer
	if status := run(args, nil, io.Discard, &trouble); status == exitTrouble {
		t.Fatal(&trouble)
	}
	var out [][]byte
	for _, format := range formats {
		text, err := os.ReadFile(filepath.Join(to, format))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	return out
}

// TestSARIFConsumer holds that Microsoft's validator, with what GitHub's code scanning asks for, has neither an error nor a
// warning about a report.
func TestSARIFConsumer(t *testing.T) {
	dir := consumers(t)
	programs, err := filepath.Glob(filepath.Join(dir, "node_modules", "@microsoft", "sarif-multitool-*", "Sarif.Multitool*"))
	programs = slices.DeleteFunc(programs, func(name string) bool {
		base := filepath.Base(name) // its libraries and their documentation lie beside it
		return base != "Sarif.Multitool" && base != "Sarif.Multitool.exe"
	})
	if err != nil || len(programs) != 1 {
		differential.Missing(t, fmt.Sprintf("no sarif-multitool for this system: %v %v", programs, err))
	}
	if err := os.Chmod(programs[0], 0o755); err != nil { // npm ci --ignore-scripts leaves that out
		t.Fatal(err)
	}
	complaint := regexp.MustCompile(`(?m)^.*: (error|warning) [A-Z]+[0-9]+:.*$`)
	validate := func(t *testing.T, document []byte) []string {
		name := filepath.Join(t.TempDir(), "report.sarif")
		if err := os.WriteFile(name, document, 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), programs[0], "validate", name, "--rule-kind", "Sarif;Gh", "--output", name+".out",
			"--config", filepath.Join(dir, "sarif-policy.xml"))
		cmd.Env = append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("Analysis completed successfully.")) {
			t.Fatalf("%v\n%s", err, out)
		}
		return complaint.FindAllString(string(out), -1)
	}

	valid := func(t *testing.T, document []byte) {
		if found := validate(t, document); len(found) > 0 {
			t.Errorf("%s", strings.Join(found, "\n"))
		}
	}
	t.Run("goldens", func(t *testing.T) {
		valid(t, golden(t, "sarif.golden"))
		valid(t, golden(t, "sarif-none.golden"))
	})
	for _, project := range []string{"demo", "shop"} {
		t.Run(project, func(t *testing.T) { valid(t, reportsOf(t, project, "sarif")[0]) })
	}
	t.Run("it can fail", func(t *testing.T) {
		backwards := bytes.Replace(golden(t, "sarif.golden"), []byte(`"startLine": 7`), []byte(`"startLine": 70`), 1)
		if found := validate(t, backwards); !strings.Contains(strings.Join(found, "\n"), "SARIF1007") {
			t.Errorf("a place that ends before it begins: %q", found)
		}
	})
}

// golden returns a golden report of package report.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "internal", "report", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestJUnitConsumer holds that a reader of JUnit's reports finds the tests that are in them.
func TestJUnitConsumer(t *testing.T) {
	dir := consumers(t)
	node, err := exec.LookPath("node")
	if err != nil {
		differential.Missing(t, "node is not installed")
	}
	read := func(t *testing.T, document []byte) (suites, tests, failures int) {
		cmd := exec.CommandContext(t.Context(), node, "read-junit.mjs")
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(document)
		out, err := cmd.CombinedOutput()
		if err == nil {
			_, err = fmt.Sscan(string(out), &suites, &tests, &failures)
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return suites, tests, failures
	}
	if suites, tests, failures := read(t, golden(t, "junit.golden")); suites != 7 || tests != 10 || failures != 10 {
		t.Errorf("the golden has %d suites, %d tests, %d failures", suites, tests, failures)
	}
	if suites, tests, failures := read(t, golden(t, "junit-none.golden")); suites != 1 || tests != 1 || failures != 0 {
		t.Errorf("a run without findings has %d suites, %d tests, %d failures", suites, tests, failures)
	}
	reports := reportsOf(t, "demo", "json", "junit")
	var whole struct{ Findings []json.RawMessage }
	if err := json.Unmarshal(reports[0], &whole); err != nil {
		t.Fatal(err)
	}
	if _, tests, failures := read(t, reports[1]); tests != len(whole.Findings) || failures != tests {
		t.Errorf("%d tests, %d failures of %d findings", tests, failures, len(whole.Findings))
	}
}

// TestJSONIsDescribed holds that the published schema names every field that a report has.
func TestJSONIsDescribed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema", "check.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	closeObjects(document)
	closed, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.CompileString("file:///check.schema.json", string(closed))
	if err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, report []byte) {
		var v any
		if err := json.Unmarshal(report, &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%#v", err)
		}
	}
	check(t, golden(t, "json.golden"))
	for _, project := range []string{"demo", "shop"} {
		t.Run(project, func(t *testing.T) { check(t, reportsOf(t, project, "json")[0]) })
	}
}

// closeObjects lets the objects of a schema have no fields but those that it names. The published one is open, so that a
// report of a later version still fits.
func closeObjects(schema any) {
	switch schema := schema.(type) {
	case []any:
		for _, part := range schema {
			closeObjects(part)
		}
	case map[string]any:
		if _, ok := schema["properties"]; ok {
			schema["additionalProperties"] = false
		}
		for _, part := range schema {
			closeObjects(part)
		}
	}
}
