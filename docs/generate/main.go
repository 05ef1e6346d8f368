//go:build generate

// Command generate writes what is generated of the documentation: a page for each rule, their index, and the links into the
// playground of the pages about messages. With --check it writes nothing and fails when a page is not what it would write.
//
//	go run -tags generate ./docs/generate
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/internal/playground"
	"github.com/corslint/corslint/rules"
)

const folder = "docs/rules"

func main() {
	check := flag.Bool("check", false, "fail when a page is stale")
	flag.Parse()
	pages, err := pages()
	if err != nil {
		fatal(err)
	}
	stale := 0
	existing, _ := filepath.Glob(folder + "/*.md")
	for _, name := range existing {
		if pages[filepath.ToSlash(name)] == nil {
			stale++
			if *check {
				fmt.Println("no rule:", name)
			} else if err := os.Remove(name); err != nil {
				fatal(err)
			}
		}
	}
	for name, text := range pages {
		if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, text) {
			continue
		}
		stale++
		if *check {
			fmt.Println("stale:", name)
		} else if err := os.WriteFile(name, text, 0o644); err != nil {
			fatal(err)
		}
	}
	if *check && stale > 0 {
		fmt.Println("run: go run -tags generate ./docs/generate")
		os.Exit(1)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func pages() (map[string][]byte, error) {
	out := map[string][]byte{}
	var index strings.Builder
	index.WriteString("# Rules\n\nGenerated from the catalogue in `rules/`; do not edit.\n\n| rule | category | severity | |\n|---|---|---|---|\n")
	for _, r := range rules.All() {
		fmt.Fprintf(&index, "| [%s](%s.md) | %s | %s | %s |\n", r.Name, r.Name, r.Category, r.Severity, strings.ReplaceAll(r.Title, "|", `\|`))
		text, err := page(r)
		if err != nil {
			return nil, err
		}
		out[folder+"/"+r.Name+".md"] = text
	}
	out[folder+"/README.md"] = []byte(index.String())
	return out, messages(out)
}

// marker is what tells the test of an example where a finding is expected.
var marker = regexp.MustCompile("\\s*(#|//) want (\"[^\"\\n]*\"|`[^`\\n]*`)( want (\"[^\"\\n]*\"|`[^`\\n]*`))*")

func page(r *rules.Rule) ([]byte, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\nCategory %s, severity up to %s, since %s.", r.Name, upper(r.Title), r.Category, r.Severity, r.Since)
	if len(r.Aliases) > 0 {
		fmt.Fprintf(&b, " Also known as `%s`.", strings.Join(r.Aliases, "`, `"))
	}
	b.WriteString("\n\n" + strings.TrimSpace(r.Doc) + "\n")
	for _, e := range r.Examples {
		text, err := example(e)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", r.Name, e.Name, err)
		}
		b.WriteString(text)
	}
	if len(r.Explains) > 0 {
		b.WriteString("\n## Speaks for\n\nWhere this is the cause, these rules stay silent about the same requests: ")
		for i, name := range r.Explains {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%s", link(name))
		}
		b.WriteString(".\n")
	}
	if len(r.Refs) > 0 {
		b.WriteString("\n## References\n\n")
		for _, ref := range r.Refs {
			fmt.Fprintf(&b, "* <%s>\n", ref)
		}
	}
	return []byte(b.String()), nil
}

// example returns the section of an example: its files, and a link that opens them in the playground.
func example(e rules.Example) (string, error) {
	kind := "Reported"
	if e.Good() {
		kind = "Fine"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s: %s\n", kind, e.Name)
	files := filesOf(e)
	for i, f := range files {
		if len(files) > 1 {
			fmt.Fprintf(&b, "\n`%s`\n", f.Name)
		}
		fmt.Fprintf(&b, "\n```%s\n%s```\n", language(f.Name), marker.ReplaceAllString(f.Text, "  $1 reported here"))
		files[i].Text = marker.ReplaceAllString(f.Text, "")
	}
	if e.Dialect == "contract" { // the playground reads no configuration of corslint
		return b.String(), nil
	}
	address, err := try(playground.Question{Files: files, Pedantic: !e.Good()})
	fmt.Fprintf(&b, "\n[Open it in the playground](%s)\n", address)
	return b.String(), err
}

// filesOf returns the files of an example, which are a txtar archive where there are several.
func filesOf(e rules.Example) []playground.File {
	archive := txtar.Parse([]byte(e.Text))
	if len(archive.Files) == 0 {
		names := map[string]string{"nginx": "api.conf", "openapi": "openapi.yaml", "express": "server.js", "apigateway": "template.yaml", "client": "src/api.js"}
		return []playground.File{{Name: names[e.Dialect], Text: e.Text}}
	}
	var files []playground.File
	for _, f := range archive.Files {
		files = append(files, playground.File{Name: f.Name, Text: string(f.Data)})
	}
	return files
}

// language is what a forge colours a file as.
func language(name string) string {
	switch path.Ext(name) {
	case ".conf":
		return "nginx"
	case ".yaml", ".yml":
		return "yaml"
	case ".tf":
		return "hcl"
	}
	return strings.TrimPrefix(path.Ext(name), ".")
}

func link(name string) string {
	if _, ok := rules.Lookup(name); ok {
		return fmt.Sprintf("[%s](%s.md)", name, name)
	}
	return name
}

func upper(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
