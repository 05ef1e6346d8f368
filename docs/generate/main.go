//go:build generate

// Command generate writes the generated pages of the documentation: one page a rule and their index. With --check it
// writes nothing and fails when a page is not what it would write.
//
//	go run -tags generate ./docs/generate
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/corslint/corslint/rules"
)

const folder = "docs/rules"

func main() {
	check := flag.Bool("check", false, "fail when a page is stale")
	flag.Parse()
	pages := pages()
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

func pages() map[string][]byte {
	out := map[string][]byte{}
	var index strings.Builder
	index.WriteString("# Rules\n\nGenerated from the catalogue in `rules/`; do not edit.\n\n| rule | category | severity | |\n|---|---|---|---|\n")
	for _, r := range rules.All() {
		fmt.Fprintf(&index, "| [%s](%s.md) | %s | %s | %s |\n", r.Name, r.Name, r.Category, r.Severity, strings.ReplaceAll(r.Title, "|", `\|`))
		out[folder+"/"+r.Name+".md"] = page(r)
	}
	out[folder+"/README.md"] = []byte(index.String())
	return out
}

var marker = regexp.MustCompile("\\s*# want (\"[^\"]*\"|`[^`]*`)")

func page(r *rules.Rule) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\nCategory %s, severity up to %s, since %s.", r.Name, upper(r.Title), r.Category, r.Severity, r.Since)
	if len(r.Aliases) > 0 {
		fmt.Fprintf(&b, " Also known as `%s`.", strings.Join(r.Aliases, "`, `"))
	}
	b.WriteString("\n\n" + strings.TrimSpace(r.Doc) + "\n")
	for _, e := range r.Examples {
		kind := "Reported"
		if e.Good() {
			kind = "Fine"
		}
		fmt.Fprintf(&b, "\n## %s: %s\n\n```%s\n%s```\n", kind, e.Name, e.Dialect, marker.ReplaceAllString(e.Text, "  # reported here"))
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
	return []byte(b.String())
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
