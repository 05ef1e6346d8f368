package diagnosis_test

import (
	"context"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/internal/diagnosis"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/reach"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/openapi"
	"github.com/corslint/corslint/rules"
)

// TestExamples pastes what every finding of the rules' examples makes browsers print, and wants it traced back to a cause in
// the very files: for most of them to the finding itself.
func TestExamples(t *testing.T) {
	lines, caused, same := 0, 0, 0
	for _, rule := range rules.All() {
		for _, example := range rule.Examples {
			if example.Good() || rule.Check == nil {
				continue
			}
			o := engine.Options{
				Files: discovery.Memory(files(example)...).Walk(discovery.Options{}), Dialects: []parsers.Dialect{nginx.Dialect{}, openapi.Dialect{}, express.Dialect{}},
				Rules: rules.All(), Link: true,
			}
			result := engine.Run(context.Background(), o)
			o.Rules = nil
			project := reach.Project{Seats: result.Seats, Hosts: engine.Run(context.Background(), o).Hosts}
			for _, f := range result.Findings {
				for _, line := range []string{f.Browser.Chromium, f.Browser.Firefox, f.Browser.WebKit} {
					for _, m := range console.Read(line) {
						if m.Kind != console.Refused {
							continue
						}
						if m.URL == "" { // WebKit says it in a line of its own
							m.URL = console.Read(f.Browser.Chromium)[0].URL
						}
						lines++
						d := diagnosis.Diagnose(context.Background(), &project, m)
						if d.Kind != diagnosis.Caused {
							t.Logf("%s, %s: %s ends as %d", f.Rule, example.Name, m.Text, d.Kind)
							continue
						}
						caused++
						if d.Finding != nil && (d.Finding.Rule == f.Rule || slices.Contains(d.Finding.Also, f.Rule)) || d.Rule == f.Rule {
							same++
							continue
						}
						t.Logf("%s, %s: %s is put down to %s: %s / %s", f.Rule, example.Name, m.Text, d.Rule, d.Because, d.What)
					}
				}
			}
		}
	}
	t.Logf("%d console lines, %d traced to a cause in the project, %d to the finding they are of", lines, caused, same)
	if lines < 200 || caused < lines || same*100 < lines*94 {
		t.Error("that is too few")
	}
}

// files returns the files of an example.
func files(e rules.Example) []*source.File {
	archive := txtar.Parse([]byte(e.Text))
	if len(archive.Files) == 0 {
		name := map[string]string{"nginx": "example.conf", "openapi": "openapi.yaml", "express": "server.js"}[e.Dialect]
		return []*source.File{source.NewFile(name, []byte(e.Text))}
	}
	var out []*source.File
	for _, f := range archive.Files {
		out = append(out, source.NewFile(f.Name, f.Data))
	}
	return out
}
