package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// elapsed is the only thing in a report that differs from run to run.
var elapsed = regexp.MustCompile(`\b[\d.]+ m?s\b`)

// printed runs a command in the repository's root and returns what it prints.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	for _, name := range []string{"CI", "GITHUB_ACTIONS", "PRE_COMMIT"} {
		t.Setenv(name, "")
	}
	var out, stderr bytes.Buffer
	if status := run(args, strings.NewReader(""), &out, &stderr); status == exitTrouble {
		t.Fatal(stderr.String())
	}
	return elapsed.ReplaceAllString(out.String(), "N ms")
}

// TestDemo holds the demo's output against what was read and accepted.
func TestDemo(t *testing.T) {
	t.Chdir("../..")
	holdGolden(t, "testdata/demo.golden", printed(t, "testdata/demo"))
}

// TestReadme holds the README's example against what the program prints.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const command = "$ corslint testdata/demo/broken/api.conf\n"
	_, shown, ok := strings.Cut(string(text), command)
	shown, _, closed := strings.Cut(shown, "```\n")
	if !ok || !closed {
		t.Fatal("the README has no example")
	}
	if got := printed(t, "testdata/demo/broken/api.conf"); got != elapsed.ReplaceAllString(shown, "N ms") {
		t.Errorf("the README shows something else than the program prints:\n%s", got)
	}
}
