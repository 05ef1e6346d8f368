package matrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
	"golang.org/x/net/html"
)

func TestJSON(t *testing.T) {
	data, err := os.ReadFile("../../docs/schema/matrix.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	const url = "file:///matrix.schema.json"
	c := jsonschema.NewCompiler()
	c.LoadURL = func(s string) (io.ReadCloser, error) { return nil, fmt.Errorf("the schema asks for %s", s) }
	if err := c.AddResource(url, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	unanswered := table([]Note{{State: Unknown, Text: "nobody answers"}}, "web → orders any /: unknown 1, ")
	unanswered.Rows[0].Operations[0].Path = ""
	broken := example()
	broken.Notes[0].Text = ""
	for name, test := range map[string]struct {
		table *Table
		valid bool
	}{"example": {example(), true}, "nothing": {&Table{Environments: []string{""}}, true}, "nobody answers": {unanswered, true}, "a note that says nothing": {broken, false}} {
		var b bytes.Buffer
		if err := test.table.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != test.valid {
			t.Errorf("%s: %v\n%s", name, err, b.String())
		}
	}
}

// page returns the example as a page.
func page(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := example().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The page runs nothing and loads nothing, its links lead somewhere, and what is in the table stands in it as text.
func TestPage(t *testing.T) {
	root, err := html.Parse(bytes.NewReader(page(t)))
	if err != nil {
		t.Fatal(err)
	}
	var ids, links []string
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && slices.Contains([]string{"script", "link", "img", "iframe", "form"}, n.Data) {
			t.Errorf("the page has a %s", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "id":
				ids = append(ids, a.Val)
			case a.Key == "href":
				links = append(links, a.Val)
			case strings.HasPrefix(a.Key, "on"), a.Key == "src", a.Key == "style":
				t.Errorf("the page has %s=%q", a.Key, a.Val)
			}
		}
	}
	if len(links) != 7 || len(ids) != 7 {
		t.Errorf("%d links, %d exchanges", len(links), len(ids))
	}
	for _, link := range links {
		if !slices.Contains(ids, strings.TrimPrefix(link, "#")) {
			t.Errorf("%s leads nowhere", link)
		}
	}
}

// TestPageInBrowser opens the page in a browser, where one is installed, and has it complain about nothing.
func TestPageInBrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CORSLINT_REQUIRE_SERVERS") == "1" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed")
	}
	dir := t.TempDir()
	open := func(name string, data []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+filepath.Join(dir, "profile"),
			"--enable-logging=stderr", "--timeout=10000", "--dump-dom", "file://"+file)
		var out, log strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &log
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, log.String())
		}
		if !strings.Contains(out.String(), "</html>") {
			t.Fatalf("no page: %s", out.String())
		}
		var complaints []string
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "CONSOLE") {
				complaints = append(complaints, line)
			}
		}
		return strings.Join(complaints, "")
	}
	text := page(t)
	if complaints := open("matrix.html", text); complaints != "" {
		t.Error(complaints)
	}
	// It does complain about a style sheet that is not the one that the policy names.
	if open("changed.html", bytes.Replace(text, []byte("<style>"), []byte("<style> "), 1)) == "" {
		t.Error("a complaint would not be seen")
	}
}
