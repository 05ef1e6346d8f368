package config

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/source"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// memory is a project in memory.
type memory map[string]string

func (m memory) Open(path string) (*source.File, error) {
	text, ok := m[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return source.NewFile(path, []byte(text)), nil
}

func testRules() *names.Set {
	return names.New([]string{"allow-origin-missing", "vary-origin-missing"}, map[string]string{"acao-missing": "allow-origin-missing"})
}

// Each archive is a project; the first file is the nearest configuration, and "want" is what config show or config
// validate print.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			project, want := memory{}, ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
				} else {
					project[f.Name] = string(f.Data)
				}
			}
			got := printed(Load(project, archive.Files[0].Name, testRules()))
			if *update {
				archive.Files[len(archive.Files)-1].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func printed(c *Config, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, s := range c.Settings() {
		fmt.Fprintln(&b, s)
	}
	return b.String()
}

func TestLoad(t *testing.T) {
	c, err := Load(memory{"svc/a/.corslint.yml": `
extends: ../../base.yml
rules: {acao-missing: note, vary-origin-missing: "on"}
fail-on: warning
environments: [{path: "prod/**", kind: production}]
`, "base.yml": `
rules: {allow-origin-missing: off}
fail-on: note
exclude: ["gen/**"]
nginx: {prefix: {/etc/nginx/: deploy}, version: "1.29.3", modules: [headers-more]}
environments: [{path: "**", kind: development}]
ignore: [{rule: acao-missing, path: "*.conf", reason: " because ", until: 2027-03-01}]
`}, "svc/a/.corslint.yml", testRules())
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Rules["allow-origin-missing"]; got != (Level{Severity: finding.Note}) {
		t.Errorf("the nearer file does not win: %v", got)
	}
	if got := c.Rules["vary-origin-missing"]; got != (Level{}) {
		t.Errorf("on is %v", got)
	}
	if c.FailOn != finding.Warning || len(c.Exclude) != 1 || c.Exclude[0] != "gen/**" {
		t.Errorf("fail-on %v, exclude %q", c.FailOn, c.Exclude)
	}
	if len(c.Nginx.Prefixes) != 1 || c.Nginx.Prefixes[0] != (Prefix{"/etc/nginx", "deploy"}) || c.Nginx.Version != "1.29.3" {
		t.Errorf("nginx %+v", c.Nginx)
	}
	for path, want := range map[string]Kind{"svc/a/prod/x.conf": Production, "prod/x.conf": Development} {
		if got := c.Environment(path); got != want {
			t.Errorf("%s is for %q", path, got)
		}
	}
	i := c.Ignore[0]
	if i.Rule != "allow-origin-missing" || i.Reason != "because" || i.Until.Format("2006-01-02") != "2027-03-01" || !i.Matches("a.conf") || i.Matches("a/b.conf") {
		t.Errorf("ignore %+v", i)
	}
}

func TestDefault(t *testing.T) {
	c := Default()
	if c.FailOn != finding.Error || c.Environment("x") != "" || fmt.Sprint(c.Settings()) != "[fail-on: error  # default]" {
		t.Errorf("%+v %v", c, c.Settings())
	}
}

// A directory is part of a pattern as it is spelt, whatever characters it is spelt with.
func TestEscape(t *testing.T) {
	c, err := Load(memory{"a[b]{c}/.corslint.yml": "ignore: [{rule: acao-missing, path: \"*\", reason: x}]"}, "a[b]{c}/.corslint.yml", testRules())
	if err != nil {
		t.Fatal(err)
	}
	if !c.Ignore[0].Matches("a[b]{c}/x") || c.Ignore[0].Matches("ab/x") {
		t.Errorf("pattern %q", c.Ignore[0].Path)
	}
}

func TestHostile(t *testing.T) {
	chain := memory{}
	for i := range 100 {
		chain[fmt.Sprintf("%d.yml", i)] = fmt.Sprintf("extends: %d.yml", i+1)
	}
	many := "rules:\n"
	for i := range 10_000 {
		many += fmt.Sprintf("  r%d: off\n", i)
	}
	tests := map[string]memory{
		"chain":       chain,
		"many":        {"0.yml": many},
		"deep":        {"0.yml": strings.Repeat("[", 10_000)},
		"long":        {"0.yml": strings.Repeat("x", 100_000) + ": 1"},
		"alias":       {"0.yml": "rules: &a {x: *a}"},
		"braces":      {"0.yml": "exclude: ['" + strings.Repeat("{a,b}", 40) + "']"},
		"not UTF-8":   {"0.yml": "\xff\xfe"},
		"odd keys":    {"0.yml": "? [a]\n: b\n1: 2\n~: 3\nrules: {? {a: b} : off}\n"},
		"odd values":  {"0.yml": "rules: [1]\nexclude: {a: b}\nfail-on: []\nnginx: x\nenvironments: [1, [2], {}]\nignore: [~]\nextends: {}\n"},
		"a bare list": {"0.yml": "- a\n"},
	}
	for name, project := range tests {
		_, err := Load(project, "0.yml", testRules())
		e, ok := errors.AsType[*Error](err)
		if !ok || len(e.Mistakes) == 0 || len(e.Mistakes) > maxMistakes {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, m := range e.Mistakes {
			if m.Span.IsZero() || m.Text == "" || len(m.Text) > 400 {
				t.Errorf("%s: %.500s", name, m)
			}
		}
	}
}
