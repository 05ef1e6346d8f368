//go:build generate

package main

import (
	"html"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/playground"
)

var (
	addresses = regexp.MustCompile(`\b(?:href|src)="([^"]*)"`)
	ids       = regexp.MustCompile(`\bid="?([^" >]+)`)
)

const forge = "https://github.com/corslint/corslint/blob/main/"

// TestLinks writes the site and follows every link in it that does not leave the project.
func TestLinks(t *testing.T) {
	t.Chdir("../..")
	dir := t.TempDir()
	if err := build(dir); err != nil {
		t.Fatal(err)
	}
	site := os.DirFS(dir)
	pages := map[string]string{}
	err := fs.WalkDir(site, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".html" {
			text, err := fs.ReadFile(site, name)
			pages[name] = string(text)
			return err
		}
		return err
	})
	if err != nil || len(pages) < 100 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	anchors := map[string]bool{} // "page#id"
	for name, text := range pages {
		for _, id := range ids.FindAllStringSubmatch(text, -1) {
			anchors[name+"#"+html.UnescapeString(id[1])] = true
		}
	}
	links, questions := 0, 0
	for name, text := range pages {
		for _, m := range addresses.FindAllStringSubmatch(text, -1) {
			links++
			address := html.UnescapeString(m[1])
			to, err := url.Parse(address)
			if err != nil {
				t.Errorf("%s: %s: %v", name, address, err)
				continue
			}
			if file, ok := strings.CutPrefix(address, forge); ok {
				if _, err := os.Stat(strings.TrimSuffix(strings.Split(file, "#")[0], "/")); err != nil {
					t.Errorf("%s: %s: %v", name, address, err)
				}
			}
			if to.Scheme != "" || to.Path == "" && to.Fragment == "" {
				continue // elsewhere, or as the playground's link to the documentation, set by its script
			}
			file := name
			if to.Path != "" {
				file = path.Join(path.Dir(name), to.Path)
			}
			if _, err := fs.Stat(site, file); err != nil {
				t.Errorf("%s: %s: %v", name, address, err)
				continue
			}
			switch {
			case to.Fragment == "":
			case file == "playground/index.html" && name != file:
				questions++
				if q, err := playground.ReadFragment(to.Fragment); err != nil || len(q.Files) == 0 {
					t.Errorf("%s: the playground cannot open %s: %v", name, address, err)
				}
			case !anchors[file+"#"+to.Fragment]:
				t.Errorf("%s: %s: no such place", name, address)
			}
		}
	}
	t.Logf("%d pages, %d links, %d of them questions to the playground", len(pages), links, questions)
	if questions < 300 {
		t.Errorf("the playground is linked %d times", questions)
	}
}
