package fix_test

import (
	"testing"

	"github.com/corslint/corslint/rules"
)

func TestShow(t *testing.T) {
	for _, rule := range rules.All() {
		for _, example := range rule.Examples {
			if example.Good() || example.Dialect != "express" {
				continue
			}
			files := exampleFiles(example)
			for _, x := range findings(t, fixer(before, true, files...), files) {
				if x.Rule != rule.Name {
					continue
				}
				t.Logf("%s:%d %s   place=%.60q", x.Place.Path(), x.Place.Position().Line, x.Rule, x.Place.Text())
				t.Logf("      %.150s", x.Place.File.Line(x.Place.Position().Line))
				for _, r := range x.Repairs {
					t.Logf("        repair %s %+v", r.Title, r.Steps)
					for _, s := range r.Steps {
						t.Logf("        %T %.200q", s, s.Place().Text())
					}
				}
			}
		}
	}
}
