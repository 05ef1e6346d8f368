// Package docs is the documentation. It has only these tests: that links lead somewhere, and that the pages about messages show
// what browsers print.
package docs

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
	"go.yaml.in/yaml/v4"

	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/docs/schema"
	"github.com/corslint/corslint/internal/playground"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/apigateway"
	"github.com/corslint/corslint/parsers/client"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/openapi"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	code    = regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]*`")
)

// TestLinks follows every link between the pages, and to their headings.
func TestLinks(t *testing.T) {
	root := os.DirFS("..")
	pages := []string{"README.md", "CHANGELOG.md", "SECURITY.md"}
	for _, dir := range []string{"docs", "testdata/shop"} {
		if err := fs.WalkDir(root, dir, func(name string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(name, ".md") {
				pages = append(pages, name)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, page := range pages {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(read(t, root, page), ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			name := page
			if target != "" {
				name = path.Join(path.Dir(page), target)
			}
			if _, err := fs.Stat(root, name); err != nil {
				t.Errorf("%s: %s leads nowhere", page, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, root, name)), anchor) {
				t.Errorf("%s: %s: there is no such heading", page, m[1])
			}
		}
	}
}

// anchors returns the fragments that lead to the headings of a page.
func anchors(page string) []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		text := strings.ToLower(strings.TrimSpace(m[1]))
		text = strings.Map(func(r rune) rune {
			if strings.ContainsRune("`*'\"().,:;?!/=<>@$&+%", r) {
				return -1
			}
			return r
		}, text)
		all = append(all, strings.ReplaceAll(text, " ", "-"))
	}
	return all
}

func read(t *testing.T, root fs.FS, name string) string {
	t.Helper()
	text, err := fs.ReadFile(root, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	messages = regexp.MustCompile("(?ms)^```text\n(.*?)\n```$")
	command  = regexp.MustCompile(`(?m)^\$ corslint explain "(.*)"$`)
	example  = regexp.MustCompile("(?m)^`([^`\n]+)`\n\n```[a-z]*\n((?s:.*?))^```\n")
	fragment = regexp.MustCompile(`\]\(https://corslint\.github\.io/corslint/playground/#([\w-]+)\)`)
)

// TestMessages asks the example of every page about a message, and holds that the browser prints the message of the page.
func TestMessages(t *testing.T) {
	root := os.DirFS("errors")
	names, err := fs.Glob(root, "*.md")
	if err != nil || len(names) < 9 {
		t.Fatalf("%d pages: %v", len(names), err)
	}
	analyst := playground.New([]parsers.Dialect{nginx.Dialect{}, express.Dialect{}})
	index := read(t, root, "README.md")
	for _, name := range names {
		if name == "README.md" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			text := read(t, root, name)
			if !strings.Contains(index, "("+name+")") {
				t.Error("the index lacks it")
			}
			printed := messages.FindAllStringSubmatch(text, -1)
			if len(printed) != 3 {
				t.Fatalf("%d messages, want those of three browsers", len(printed))
			}
			chromium := console.Read(printed[0][1])
			if len(chromium) != 1 || len(chromium[0].Reasons) == 0 {
				t.Fatalf("corslint reads the first message as %+v", chromium)
			}
			for _, m := range printed[1:] {
				found := console.Read(m[1])
				if len(found) != 1 || !slices.Contains(found[0].Reasons, chromium[0].Reasons[0]) {
					t.Errorf("corslint reads %q as %+v, want %s", m[1], found, chromium[0].Reasons[0])
				}
			}
			if m := command.FindStringSubmatch(text); m == nil || m[1] != printed[0][1] {
				t.Errorf("the command explains %q", m)
			}

			address := fragment.FindStringSubmatch(text)
			if address == nil {
				t.Fatal("no link into the playground: go run -tags generate ./docs/generate")
			}
			question, err := playground.ReadFragment(address[1])
			if err != nil {
				t.Fatal(err)
			}
			var files []playground.File
			for _, f := range example.FindAllStringSubmatch(text, -1) {
				files = append(files, playground.File{Name: f[1], Text: f[2]})
			}
			if !slices.Equal(question.Files, files) {
				t.Error("the link has another example: go run -tags generate ./docs/generate")
			}
			answer := analyst.Answer(context.Background(), question)
			if answer.Exchange == nil || answer.Exchange.Verdict != "blocked" || !strings.HasPrefix(answer.Exchange.Message, printed[0][1]) {
				t.Errorf("the browser prints %+v", answer.Exchange)
			}
			if len(answer.Findings) == 0 {
				t.Fatal("nothing is reported")
			}
			if rule := answer.Findings[0].Rule; !strings.Contains(text, "(../rules/"+rule+".md)") {
				t.Errorf("the page does not name %s, which corslint reports", rule)
			}
		})
	}
}

// configured are the rules of which an example rests on what a project says in its configuration, which the playground has none
// of: where production is, and which version of nginx runs.
var configured = []string{"origin-dev-in-production", "nginx-headers-not-inherited"}

// TestExamples opens the examples of every rule in the playground: where the rule reports something it does so there, too.
func TestExamples(t *testing.T) {
	root := os.DirFS("rules")
	names, err := fs.Glob(root, "*.md")
	if err != nil {
		t.Fatal(err)
	}
	analyst := playground.New([]parsers.Dialect{nginx.Dialect{}, apigateway.Dialect{Functions: express.Dialect{}.Functions}, express.Dialect{}, openapi.Dialect{}, client.Dialect{}})
	opened := 0
	for _, name := range names {
		rule := strings.TrimSuffix(name, ".md")
		for _, section := range strings.Split(read(t, root, name), "\n## ") {
			title, text, _ := strings.Cut(section, "\n")
			reported := strings.HasPrefix(title, "Reported: ")
			if !reported && !strings.HasPrefix(title, "Fine: ") {
				continue
			}
			address := fragment.FindStringSubmatch(text)
			if address == nil {
				if !strings.Contains(text, ".corslint.yml") { // which the playground does not read
					t.Errorf("%s: %s: no link into the playground", rule, title)
				}
				continue
			}
			question, err := playground.ReadFragment(address[1])
			if err != nil {
				t.Errorf("%s: %s: %v", rule, title, err)
				continue
			}
			opened++
			answer := analyst.Answer(context.Background(), question)
			if got := slices.ContainsFunc(answer.Findings, func(f playground.Finding) bool { return f.Rule == rule }); got != reported && !slices.Contains(configured, rule) || answer.Error != "" {
				t.Errorf("%s: %s: the playground says %+v %s", rule, title, answer.Findings, answer.Error)
			}
		}
	}
	if opened < 300 {
		t.Errorf("%d examples", opened)
	}
}

// TestSchemaStore validates the files that go to SchemaStore with the schema.
func TestSchemaStore(t *testing.T) {
	valid, err := jsonschema.CompileString("config.schema.json", schema.Config())
	if err != nil {
		t.Fatal(err)
	}
	root := os.DirFS("schema/schemastore")
	names, err := fs.Glob(root, "*test/*.yml")
	if err != nil || len(names) < 9 {
		t.Fatalf("%d files: %v", len(names), err)
	}
	for _, name := range names {
		var document any
		if err := yaml.Unmarshal([]byte(read(t, root, name)), &document); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(document) // the validator knows JSON's types
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		if err := valid.Validate(document); (err == nil) != strings.HasPrefix(name, "test/") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
