package fix_test

import (
	"fmt"
	"path"
	"testing"

	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/fix"
	"github.com/corslint/corslint/rules"
)

func TestZZTable(t *testing.T) {
	for _, rule := range rules.All() {
		for _, example := range rule.Examples {
			if example.Good() || example.Dialect == "contract" {
				continue
			}
			files := exampleFiles(example)
			f := fixer(since, false, files...)
			var survey fix.Survey
			m := engine.NewMemory()
			found := f.Run(t.Context(), engine.Options{Files: f.Files, Surveyed: survey.Note, Memory: m, OnlyChanged: true})
			f.Know(&survey, m, found)
			f.Propose(t.Context(), found.Wanted)
			for _, x := range found.Wanted {
				if x.Rule != rule.Name {
					continue
				}
				best := "-"
				if len(x.Fixes) > 0 {
					best = string(x.Fixes[0].Safety) + " " + x.Fixes[0].Title
				} else if len(x.Repairs) > 0 {
					best = fmt.Sprintf("-- stated %T", x.Repairs[0].Steps[0])
				}
				fmt.Printf("T|%s|%s|%s|%s|%s\n", rule.Name, example.Dialect, path.Base(x.Place.Path()), example.Name, best)
			}
		}
	}
}
