package apigateway

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/yamltree"
)

// TestEditAnywhere does every step at every place of the files in testdata, whatever sense that makes: what is edited can still
// be read, and keeps its line ends.
func TestEditAnywhere(t *testing.T) {
	var files []*source.File
	err := filepath.WalkDir("testdata", func(name string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".txtar" {
			return err
		}
		archive, err := txtar.ParseFile(name)
		if err != nil {
			return err
		}
		for _, f := range archive.Files {
			if ext := path.Ext(f.Name); ext == ".yaml" || ext == ".yml" || ext == ".json" || ext == ".tf" {
				files = append(files, source.NewFile(f.Name, f.Data))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	edited := 0
	for n, file := range files {
		if len(file.Data) > 8000 {
			continue
		}
		name := file.Path
		text := string(file.Data)
		if n%2 == 1 {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		file := source.NewFile(name, []byte(text))
		if !readable(file) {
			continue
		}
		for at := 0; at < len(text); at += 17 {
			span := source.Span{File: file, Start: at, End: at + 1}
			for _, step := range []repair.Step{
				repair.FreePreflight{At: span}, repair.ReadAsText{At: span}, repair.SetOwnErrors{At: span, Headers: [][2]string{{"Access-Control-Allow-Origin", "https://app.shop.example"}}},
				repair.SetHeader{Beside: span, Name: "Access-Control-Allow-Methods", Value: "PUT, DELETE"}, repair.SetHeader{Beside: span, Name: "Access-Control-Allow-Credentials", Value: "true"},
			} {
				edits, ok := Dialect{}.Edit(step)
				if !ok {
					continue
				}
				edited++
				after := edits.Apply(file)
				if !readable(after) {
					t.Fatalf("%s:%d, %T: cannot be read any more\n%s", name, span.Position().Line, step, after.Data)
				}
				if crlf := n%2 == 1; crlf && strings.Count(string(after.Data), "\n") != strings.Count(string(after.Data), "\r\n") {
					t.Fatalf("%s:%d, %T: the line ends are not kept\n%q", name, span.Position().Line, step, after.Data)
				}
			}
		}
	}
	t.Logf("%d edits in %d files", edited, len(files))
	if edited == 0 {
		t.Error("nothing was edited")
	}
}

func readable(f *source.File) bool {
	if strings.HasSuffix(f.Path, ".tf") {
		_, diagnostics := hclsyntax.ParseConfig(f.Data, f.Path, hcl.InitialPos)
		return !diagnostics.HasErrors()
	}
	s, err := yamltree.Parse(f)
	return err == nil && len(s.Repeated) == 0
}
