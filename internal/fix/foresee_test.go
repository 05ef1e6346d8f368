package fix_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/fix"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/rules"
)

// foreseen counts what was said beforehand about findings.
type foreseen struct{ findings, safe, unsafe, tried, well int }

func (n foreseen) String() string {
	return fmt.Sprintf("%d findings: %d are repaired by --fix, %d by --unsafe-fixes, and both were foreseen of each; of %d that are tried %d are repaired",
		n.findings, n.safe, n.unsafe, n.tried, n.well)
}

// hold foresees what becomes of the findings of files, and repairs them: what is said without "tries it" is what happens.
func (n *foreseen) hold(t *testing.T, files ...*source.File) {
	t.Helper()
	f := fixer(before, false, files...)
	var survey fix.Survey
	memory := engine.NewMemory()
	found := f.Run(t.Context(), engine.Options{Files: f.Files, Surveyed: survey.Note, Memory: memory, OnlyChanged: true})
	f.Know(&survey, memory, found)
	f.Foresee(t.Context(), found.Wanted)

	type at struct {
		rule, path string
		start      int
	}
	place := func(x *finding.Finding) at { return at{x.Rule, x.Place.Path(), x.Place.Start} }
	safe, unsafe := map[at]bool{}, map[at]bool{}
	for _, r := range fixer(before, false, files...).Fix(t.Context()).Repaired {
		if r.First != nil {
			safe[place(r.First)] = true
		}
	}
	for _, r := range fixer(before, true, files...).Fix(t.Context()).Repaired {
		if r.First != nil {
			unsafe[place(r.First)] = true
		}
	}
	for _, x := range found.Wanted {
		n.findings++
		got := finding.Safety("")
		switch {
		case safe[place(x)]:
			got = finding.Safe
		case unsafe[place(x)]:
			got = finding.Unsafe
		}
		switch {
		case x.Offer.Tried:
			n.tried++
			if got == x.Offer.Safety {
				n.well++
			}
			continue
		case got == finding.Safe:
			n.safe++
		case got == finding.Unsafe:
			n.unsafe++
		}
		if got != x.Offer.Safety {
			t.Errorf("%s:%d %s: foreseen %q, and what happens is %q", x.Place.Path(), x.Place.Position().Line, x.Rule, x.Offer.Safety, got)
		}
	}
}

// TestForesee: a report says of a finding that --fix repairs it exactly where --fix does; in all bad examples, and in the files below
// CORSLINT_CORPUS.
func TestForesee(t *testing.T) {
	var n foreseen
	for _, rule := range rules.All() {
		for _, example := range rule.Examples {
			if !example.Good() && example.Dialect != "contract" {
				t.Run(rule.Name+"/"+example.Name, func(t *testing.T) { n.hold(t, exampleFiles(example)...) })
			}
		}
	}
	t.Log("examples:", n)
	corpus := os.Getenv("CORSLINT_CORPUS")
	if corpus == "" {
		return
	}
	root, err := discovery.NewRoot(corpus)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var all foreseen
	tree := root.Walk(discovery.Options{})
	for _, path := range tree.Paths("") { // each a project
		if file, err := tree.Open(path); err == nil {
			t.Run(path, func(t *testing.T) { all.hold(t, file) })
		}
	}
	t.Log("corpus:", all)
}
