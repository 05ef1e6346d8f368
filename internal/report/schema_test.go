package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/report/sarif"
)

// compile compiles a schema and refuses to load any other.
func compile(t *testing.T, path string) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const url = "file:///schema.json"
	c := jsonschema.NewCompiler()
	c.AssertFormat = true
	c.LoadURL = func(s string) (io.ReadCloser, error) { return nil, fmt.Errorf("the schema asks for %s", s) }
	if err := c.AddResource(url, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(schema *jsonschema.Schema, document []byte) error {
	var v any
	if err := json.Unmarshal(document, &v); err != nil {
		return err
	}
	return schema.Validate(v)
}

func TestJSONSchema(t *testing.T) {
	schema := compile(t, "../../docs/schema/check.schema.json")
	all := reports(t)
	all["baseline"] = none()
	all["baseline"].Baseline = &Baseline{Accepted: 21, Repaired: 2}
	for name, r := range all {
		if err := validate(schema, write(t, "json", r, Options{})); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
	}
	// The schema can fail.
	r := fixture(t)
	r.Findings[0].Severity = 0
	if err := validate(schema, write(t, "json", r, Options{})); err == nil {
		t.Error("a finding without severity passes")
	}
}

func TestSARIFSchema(t *testing.T) {
	schema := compile(t, "testdata/sarif-schema-2.1.0.json")
	repo := fixture(t)
	repo.Repo = "services/a b"
	for name, r := range map[string]*Report{"fixture": fixture(t), "none": none(), "repo": repo} {
		if err := validate(schema, write(t, "sarif", r, Options{})); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
	}
	if err := validate(schema, bytes.Replace(write(t, "sarif", fixture(t), Options{}), []byte(`"startLine": 7`), []byte(`"startLine": 0`), 1)); err == nil {
		t.Error("line 0 passes")
	}
}

func sarifOf(t *testing.T, r *Report) sarif.Run {
	t.Helper()
	var log sarif.Log
	if err := json.Unmarshal(write(t, "sarif", r, Options{}), &log); err != nil {
		t.Fatal(err)
	}
	return log.Runs[0]
}

// One alert of code scanning is one rule and one line hash, so no two results may share both.
func TestSARIFOneResultALine(t *testing.T) {
	seen := make(map[string]bool)
	for _, result := range sarifOf(t, fixture(t)).Results {
		p := result.Locations[0].PhysicalLocation
		key := result.RuleID + " " + p.ArtifactLocation.URI + " " + result.PartialFingerprints["primaryLocationLineHash"]
		if seen[key] {
			t.Errorf("two results with %s", key)
		}
		seen[key] = true
	}
	if len(seen) != 9 { // ten findings, two of them of one rule on one line
		t.Errorf("%d results", len(seen))
	}
}

func TestSARIFLimits(t *testing.T) {
	for _, test := range []struct{ findings, results int }{{5001, 5001}, {sarifResults + 1, sarifResults}} {
		run := sarifOf(t, thousandsOf(test.findings))
		if len(run.Results) != test.results {
			t.Errorf("%d findings: %d results", test.findings, len(run.Results))
		}
		for i, result := range run.Results[:test.findings/100] {
			if result.Level != "error" {
				t.Fatalf("%d findings: result %d of those that are shown is a %s", test.findings, i, result.Level)
			}
		}
		if left := test.findings - test.results; left > 0 {
			if got := run.Invocations[0].ToolExecutionNotifications[0].Message.Text; !strings.HasPrefix(got, fmt.Sprint(left)) {
				t.Errorf("left out: %q", got)
			}
		}
	}
	r := none()
	r.Rules[0].CWE = make([]int, 30)
	r.Rules[0].Title = strings.Repeat("é", 2000)
	rule := sarifOf(t, r).Tool.Driver.Rules[0]
	if n := len([]rune(rule.ShortDescription.Text)); n != sarifText || len(rule.Properties.Tags) != sarifTags {
		t.Errorf("title of %d characters, %d tags", n, len(rule.Properties.Tags))
	}
}

// What does not compress loses its details first and then its least grave results.
func TestSARIFSize(t *testing.T) {
	if testing.Short() {
		t.Skip("compresses 40 MB")
	}
	r := thousandsOf(2000)
	noise := uint64(1)
	for _, f := range r.Findings {
		for range 20 {
			var text strings.Builder
			for range 40 {
				noise = noise*6364136223846793005 + 1442695040888963407
				fmt.Fprintf(&text, "%x", noise)
			}
			f.Witness[0].Steps = append(f.Witness[0].Steps, finding.Step{From: "a", Start: text.String()})
		}
	}
	run := sarifOf(t, r)
	if len(run.Results) != 2000 || run.Results[0].CodeFlows != nil {
		t.Errorf("%d results, code flows %v", len(run.Results), run.Results[0].CodeFlows != nil)
	}
}

func TestSARIFSecuritySeverity(t *testing.T) {
	for _, rule := range sarifOf(t, fixture(t)).Tool.Driver.Rules {
		p := rule.Properties
		want := map[string]string{
			"corslint/origin-regex-unanchored":         "8.0",
			"corslint/origin-regex-unescaped-dot":      "8.0",
			"corslint/origin-reflected":                "5.5",
			"corslint/origin-reflected/no-credentials": "",
		}[rule.ID]
		if p.SecuritySeverity != want || (want == "") == (p.ProblemSeverity == "") {
			t.Errorf("%s: %+v", rule.ID, p)
		}
		if rule.ID == rule.Name {
			t.Errorf("%s: ID and name are equal", rule.ID)
		}
	}
}

// Every link of a message leads to a related place, and nothing that a file holds becomes one.
func TestSARIFLinks(t *testing.T) {
	for _, result := range sarifOf(t, fixture(t)).Results {
		text := result.Message.Text
		for rest := text; ; {
			_, after, ok := strings.Cut(rest, "](")
			if !ok {
				break
			}
			var id int
			if _, err := fmt.Sscanf(after, "%d)", &id); err != nil || id < 1 || id > len(result.RelatedLocations) {
				t.Errorf("%s: link to %.20q in %q", result.RuleID, after, text)
			}
			rest = after
		}
	}
}

func TestLinkTo(t *testing.T) {
	for _, test := range []struct{ message, want string }{
		{"see line 1", "see [line 1](3)"},
		{"see line 17 and line 1.", "see line 17 and [line 1](3)."},
		{"an outline 1, [line 1](2)", ""},
		{"nothing", ""},
	} {
		got, ok := linkTo(test.message, "line 1", 3)
		if ok != (test.want != "") || ok && got != test.want {
			t.Errorf("%q: %q, %v", test.message, got, ok)
		}
	}
}
