package conf

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

// root is a root directory in memory.
type root map[string]string

func (r root) Files() []string {
	var files []string
	for name := range r {
		files = append(files, name)
	}
	return files
}

func (r root) Open(name string) (source.Span, error) {
	text, ok := r[name]
	if !ok {
		return source.Span{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return source.Span{File: source.NewFile(name, []byte(text)), End: len(text)}, nil
}

func (r root) resolve(main string, prefixes ...Prefix) *File {
	f := Read(source.NewFile(main, []byte(r[main])))
	NewIncludes(r, prefixes...).Resolve(f)
	return f
}

func includedPaths(f *File) string {
	var paths []string
	for f := range f.All() {
		paths = append(paths, f.Path)
	}
	return strings.Join(paths[1:], " ")
}

func TestIncludes(t *testing.T) {
	files := root{
		"etc/snippets/cors.conf": "add_header A b;", "etc/sites/b.conf": "b;", "etc/sites/a.conf": "a;", "etc/sites/.c.conf": "c;",
		"other/conf.d/x.conf": "x;", "secret": "s;", "cors.conf": "root;", "etc/loop.conf": "include main.conf;",
	}
	for _, c := range []struct{ arg, want, problem string }{
		{"snippets/cors.conf", "etc/snippets/cors.conf", ""},
		{`"snippets/cors.conf"`, "etc/snippets/cors.conf", ""},
		{"sites/*.conf", "etc/sites/a.conf etc/sites/b.conf", ""},
		{"s*/[!a].conf", "etc/sites/b.conf", ""},
		{"sites/*.none", "", ""},
		{"/etc/nginx/snippets/cors.conf", "etc/snippets/cors.conf", ""},
		{"/etc/nginx/sites/*.conf", "etc/sites/a.conf etc/sites/b.conf", ""},
		{"/usr/local/conf.d/*.conf", "other/conf.d/x.conf", ""},
		{"/opt/app/x.conf", "other/conf.d/x.conf", ""},
		{"/srv/a/secret", "secret", ""},
		{"../../../../secret", "", "unresolved"},
		{"../secret", "secret", ""},
		{"none.conf", "", "unresolved"},
		{"/etc/nginx/conf.e/*.conf", "", "unresolved"},
		{"mime.types", "", ""},
		{"/etc/nginx/modules-enabled/*.conf", "", ""},
		{"/etc/letsencrypt/options-ssl-nginx.conf", "", ""},
		{"${DIR}/a.conf", "", "the template decides"},
		{"{{ x }}", "", "the template decides"},
		{"main.conf", "", "includes itself"},
		{"loop.conf", "etc/loop.conf", "includes itself"},
		{"snippets/cors.conf; include snippets/cors.conf", "etc/snippets/cors.conf etc/snippets/cors.conf", ""},
		{"[", "", ""},
	} {
		files["etc/main.conf"] = "include " + c.arg + ";"
		f := files.resolve("etc/main.conf")
		if got, problem := includedPaths(f), problems(f); got != c.want || (c.problem == "") != (problem == "") || !strings.Contains(problem, c.problem) {
			t.Errorf("%s: got %q, want %q; problems: %s", c.arg, got, c.want, problem)
		}
	}

	files["etc/main.conf"] = "include /etc/nginx/x.conf;"
	equal(t, includedPaths(files.resolve("etc/main.conf", Prefix{From: "/etc/nginx/", To: "other/conf.d"})), "other/conf.d/x.conf")
}

func TestIncludeLimits(t *testing.T) {
	files := root{"0.conf": "include *.conf;"}
	for i := range 60 {
		files[fmt.Sprintf("%d.conf", i)] = "include *.conf;\n"
	}
	f := files.resolve("0.conf")
	if n := len(slices.Collect(f.All())); n != maxFiles {
		t.Errorf("%d files were read", n)
	}
	if !strings.Contains(problems(f), "limit: more than 2000 files") {
		t.Errorf("no limit is reported")
	}
	chain := root{}
	for i := range 50 {
		chain[fmt.Sprintf("%d.conf", i)] = fmt.Sprintf("include %d.conf;", i+1)
	}
	if got := problems(chain.resolve("0.conf")); !strings.Contains(got, "limit: includes are nested more than 32 deep") {
		t.Error(got)
	}
}

func TestDump(t *testing.T) {
	text := `nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
# configuration file /etc/nginx/nginx.conf:
events {}
http {
    include conf.d/*.conf;
    include /etc/nginx/empty/*.conf;
}

# configuration file /etc/nginx/conf.d/a.conf:
add_header A b;
`
	r := Recognise(source.NewFile("dump.txt", []byte(text)))
	if !r.Whole {
		t.Fatal("not a dump")
	}
	Check(r.File, r.Context)
	equal(t, dump(r.File.Body, "")+problems(r.File), `
[events] {
[http] {
  [include][conf.d/*.conf]
    from etc/nginx/conf.d/a.conf
      [add_header][A][b]
  [include][/etc/nginx/empty/*.conf]`)
	d := r.File.Body[1].Body[0].Included[0].Body[0]
	if d.Line != 10 || d.Span.Position().Line != 10 || d.Span.Path() != "dump.txt" || d.Context != HTTP {
		t.Errorf("line %d, %v, %s, %s", d.Line, d.Span.Position(), d.Span.Path(), d.Context)
	}
}
