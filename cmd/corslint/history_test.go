package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/corslint/corslint/internal/baseline"
)

// A history begins with a project of nginx, Express and SAM that has findings of each, accepted in a baseline. What is done
// to it then makes nothing new, however it is compared, but for what is said.
func TestHistories(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join("testdata", "history.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	origin := newRepository(t)
	for _, f := range archive.Files {
		origin.write(f.Name, string(f.Data))
	}
	origin.git("add", "-A")
	origin.git("commit", "-q", "-m", "as it was")
	t.Chdir(origin.dir)
	accepted := len(newFindings(t))
	if accepted < 8 {
		t.Fatalf("the project has %d findings", accepted)
	}
	origin.corslint("baseline")
	origin.git("add", "-A")
	origin.git("commit", "-q", "-m", "baseline")
	origin.git("tag", "before")

	for _, h := range histories() {
		t.Run(h.name, func(t *testing.T) {
			r := repository{t, t.TempDir()}
			r.git("clone", "-q", origin.dir, ".")
			t.Chdir(r.dir)
			h.change(r)
			r.git("add", "-A")
			for _, arguments := range [][]string{
				{},
				{"--since", "before", "--no-baseline"},
				{"--staged", "--no-baseline"},
			} {
				if got := newFindings(t, arguments...); !slices.Equal(got, h.fresh) {
					t.Errorf("corslint %s finds %q, want %q", strings.Join(arguments, " "), got, h.fresh)
				}
			}
			// Nothing was lost either: what is still there is known, and not taken for repaired.
			var report struct {
				Baseline struct{ Accepted, Repaired int }
			}
			r.json(&report)
			if got := report.Baseline; got.Accepted != accepted+h.accepted-h.repaired || got.Repaired != h.repaired {
				t.Errorf("%d accepted, %d repaired; want %d, %d", got.Accepted, got.Repaired, accepted+h.accepted-h.repaired, h.repaired)
			}
		})
	}
}

// history is what is done to a project.
type history struct {
	name     string
	change   func(repository)
	fresh    []string // "file rule" of what is new
	repaired int      // accepted findings that are gone
	accepted int      // findings that the change accepts
}

func histories() []history {
	indent := regexp.MustCompile(`(?m)^ +`)
	wider := func(text string) string { return indent.ReplaceAllString(text, "$0$0") }
	tabs := func(text string) string {
		return indent.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("\t", (len(s)+1)/2) })
	}
	crlf := func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }
	return []history{
		{name: "nothing", change: func(repository) {}},
		{name: "indented otherwise", change: func(r repository) {
			r.edit("*.conf", tabs)
			r.edit("*.js", tabs)
			r.edit("*.yaml", wider)
		}},
		{name: "line ends of Windows", change: func(r repository) {
			r.git("config", "core.autocrlf", "false")
			for _, kind := range []string{"*.conf", "*.js", "*.yaml"} {
				r.edit(kind, crlf)
			}
		}},
		{name: "comments and empty lines", change: func(r repository) {
			r.edit("*.conf", func(text string) string {
				return "# café 😀\n\n" + strings.ReplaceAll(text, ";\n", "; # as agreed\n\n")
			})
			r.edit("*.yaml", func(text string) string {
				return "# café 😀\n\n" + strings.ReplaceAll(text, "AllowOrigin:", "# one\n        AllowOrigin:")
			})
			r.edit("*.js", func(text string) string {
				return "/* café\n 😀 */\n\n" + strings.ReplaceAll(text, ",\n", ", // so\n\n")
			})
		}},
		{name: "other quotes", change: func(r repository) {
			r.edit("*.conf", func(text string) string { return strings.ReplaceAll(text, `"GET, PUT"`, `'GET, PUT'`) })
			r.edit("*.js", func(text string) string { return strings.ReplaceAll(text, "'", `"`) })
		}},
		{name: "files renamed", change: func(r repository) {
			r.git("mv", "deploy/api.conf", "deploy/shop é.conf")
			r.git("mv", "gateway/template.yaml", "gateway/service.template.yaml")
			r.git("mv", "services/orders/server.js", "services/orders/main.js")
		}},
		{name: "folders moved", change: func(r repository) {
			r.move("deploy", "infra/nginx")
			r.move("services/orders", "apps/orders")
			r.move("gateway", "aws/rest api")
		}},
		{name: "what is included is renamed", change: func(r repository) {
			r.git("mv", "deploy/snippets/open.conf", "deploy/snippets/shared.conf")
			r.edit("api.conf", func(text string) string { return strings.ReplaceAll(text, "open.conf", "shared.conf") })
			r.git("mv", "services/orders/lib/options.js", "services/orders/lib/cors.js")
			r.edit("server.js", func(text string) string { return strings.ReplaceAll(text, "lib/options", "lib/cors") })
		}},
		{name: "one more file includes it", change: func(r repository) {
			r.write("deploy/more.conf", "server {\n    server_name more.shop.example;\n    location / {\n        include snippets/open.conf;\n        root /srv;\n    }\n}\n")
		}},
		{name: "a file is split", change: func(r repository) {
			text := r.read("deploy/api.conf")
			i := strings.LastIndex(text, "server {")
			r.write("deploy/api.conf", text[:i])
			r.write("deploy/data.conf", text[i:])
		}},
		{name: "a file is split into new ones", change: func(r repository) {
			text := r.read("deploy/api.conf")
			i := strings.LastIndex(text, "server {")
			r.git("rm", "-q", "deploy/api.conf")
			r.write("deploy/one.conf", text[:i])
			r.write("deploy/two.conf", text[i:])
		}},
		{name: "the order is another", change: func(r repository) {
			text := r.read("deploy/api.conf")
			i := strings.LastIndex(text, "server {")
			r.write("deploy/api.conf", text[i:]+text[:i])
		}},
		{name: "everything at once", change: func(r repository) {
			r.edit("*.conf", tabs)
			r.edit("*.js", crlf)
			r.edit("*.yaml", wider)
			r.move("deploy", "infra/nginx")
			r.move("services/orders", "apps/orders")
			r.move("gateway", "aws")
		}},
		{name: "repaired", repaired: 1, change: func(r repository) {
			r.edit("options.js", func(text string) string { return strings.ReplaceAll(text, "exposeHeaders", "exposedHeaders") })
		}},
		{name: "a fault through an included file", fresh: []string{"deploy/snippets/cache.conf nginx-headers-not-inherited"}, change: func(r repository) {
			r.write("deploy/snippets/cache.conf", "add_header Cache-Control \"max-age=60\";\n")
		}},
		{name: "a fault through a module", fresh: []string{"services/orders/server.js preflight-unhandled"}, change: func(r repository) {
			r.edit("options.js", func(text string) string {
				return strings.ReplaceAll(text, "credentials: true,", "credentials: true,\n  optionsSuccessStatus: 404,")
			})
		}},
		{name: "two branches that accept more are merged", accepted: 4, change: func(r repository) { r.acceptInBranches("billing", "zoo") }},
		{name: "two branches that accept more at one place are merged", accepted: 4, change: func(r repository) {
			r.commit(".gitattributes", baseline.Name+" merge=union\n")
			r.git("tag", "--force", "before")
			r.acceptInBranches("billing", "carts")
		}},
	}
}

// acceptInBranches merges branches each of which has one faulty folder more, and accepts it.
func (r repository) acceptInBranches(names ...string) {
	r.t.Helper()
	for _, name := range names {
		r.git("checkout", "-q", "-b", name, "before")
		for _, file := range []string{"api.conf", "snippets/cache.conf", "snippets/open.conf"} {
			r.write(name+"/"+file, strings.ReplaceAll(r.read("deploy/"+file), "shop.example", name+".example"))
		}
		r.corslint("baseline")
		r.git("add", "-A")
		r.git("commit", "-q", "-m", name)
	}
	r.git("merge", "-q", "--no-edit", names[0])
	r.git("tag", "--force", "before")
}

// newFindings returns "file rule" of each error and warning that a run shows.
func newFindings(t *testing.T, arguments ...string) []string {
	t.Helper()
	var report struct {
		Findings []struct {
			Rule  string
			Place struct{ File string }
		}
	}
	(repository{t, ""}).json(&report, arguments...)
	var out []string
	for _, f := range report.Findings {
		out = append(out, f.Place.File+" "+f.Rule)
	}
	return out
}

// json runs a check in the working directory and reads its report.
func (r repository) json(to any, arguments ...string) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.corslint(append(arguments, "--format", "json")...)), to); err != nil {
		r.t.Fatal(err)
	}
}

// corslint runs the program in the working directory and returns what it prints.
func (r repository) corslint(arguments ...string) string {
	r.t.Helper()
	var out, trouble bytes.Buffer
	if status := run(arguments, nil, &out, &trouble); status == exitTrouble {
		r.t.Fatalf("corslint %s: %s", strings.Join(arguments, " "), &trouble)
	}
	return out.String()
}

func (r repository) read(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(name)))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

func (r repository) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

// edit rewrites the files whose name matches a pattern, of which there must be one.
func (r repository) edit(pattern string, change func(string) string) {
	r.t.Helper()
	edited := false
	err := fs.WalkDir(os.DirFS(r.dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if match, err := filepath.Match(pattern, d.Name()); err != nil || !match {
			return err
		}
		before := r.read(name)
		after := change(before)
		edited = edited || after != before
		r.write(name, after)
		return nil
	})
	if err != nil || !edited {
		r.t.Fatal(fmt.Errorf("%s: nothing was changed (%w)", pattern, err))
	}
}

// move moves a folder to a place whose folders need not be there.
func (r repository) move(from, to string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Join(r.dir, filepath.Dir(to)), 0o777); err != nil {
		r.t.Fatal(err)
	}
	r.git("mv", from, to)
}
