//go:build generate

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/corslint/corslint/internal/playground"
)

// address is where the playground is published.
const address = "https://corslint.github.io/corslint/playground/"

// try returns the address of the playground with a question.
func try(q playground.Question) (string, error) {
	fragment, err := playground.Fragment(q)
	return address + "#" + fragment, err
}

var (
	// request is a comment of a page that holds the request of its example; the link that follows is generated.
	request = regexp.MustCompile(`(?m)^<!-- playground: (.*) -->\n(.*\n)?`)
	// file is a file of the example above it: its name in a line of its own, and its text.
	file = regexp.MustCompile("(?m)^`([^`\n]+)`\n\n```[a-z]*\n((?s:.*?))^```\n")
)

// messages adds the pages about messages to the generated ones. All but their links is written by hand.
func messages(out map[string][]byte) error {
	names, err := filepath.Glob("docs/errors/*.md")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if out[filepath.ToSlash(name)], err = message(string(text)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// message returns a page with its present link.
func message(text string) ([]byte, error) {
	at := request.FindStringSubmatchIndex(text)
	if at == nil {
		return []byte(text), nil
	}
	q := playground.Question{Fetch: &playground.Fetch{Headers: [][2]string{}}}
	comment := text[at[2]:at[3]]
	if err := json.Unmarshal([]byte(comment), q.Fetch); err != nil {
		return nil, err
	}
	for _, f := range file.FindAllStringSubmatch(text[:at[0]], -1) {
		q.Files = append(q.Files, playground.File{Name: f[1], Text: f[2]})
	}
	link, err := try(q)
	var b strings.Builder
	fmt.Fprintf(&b, "%s<!-- playground: %s -->\n[Open it in the playground](%s)\n%s", text[:at[0]], comment, link, text[at[1]:])
	return []byte(b.String()), err
}
