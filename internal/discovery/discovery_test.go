package discovery

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/internal/source"
)

// lay writes files below a new directory: "path" is a file, "path/" a directory, "path -> target" a symbolic link.
func lay(t testing.TB, entries ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, entry := range entries {
		name, target, isLink := strings.Cut(entry, " -> ")
		full := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(full), 0o755))
		switch {
		case isLink:
			must(t, os.Symlink(strings.ReplaceAll(target, "$ROOT", dir), full))
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(full, 0o755))
		default:
			must(t, os.WriteFile(full, []byte(name), 0o644))
		}
	}
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, dir string, overlay ...*source.File) *Root {
	t.Helper()
	root, err := NewRoot(dir, overlay...)
	must(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

func TestWalk(t *testing.T) {
	tests := []struct {
		name    string
		entries []string
		options Options
		want    []string
	}{
		{"sorted, with hidden files", []string{"b", "a/c", "a-b", ".platform/x"}, Options{}, []string{".platform/x", "a-b", "a/c", "b"}},
		{"what nobody wrote", []string{"a", ".git/config", "node_modules/x/a", "p/vendor/a", "vendor.conf"}, Options{}, []string{"a", "vendor.conf"}},
		{"what nobody wrote, named", []string{"a", "vendor/x/a", "vendor/x/node_modules/b", "node_modules/n", "node_modules/o"},
			Options{Named: []string{"node_modules/n", "vendor"}}, []string{"a", "node_modules/n", "vendor/x/a"}},
		{"excluded", []string{"a", "gen/a", "gen/b/c", "x/a.bak"}, Options{Exclude: []string{"gen", "**/*.bak"}}, []string{"a"}},
		{"excluded, named", []string{"a", "gen/a", "gen/b/c", "gen/x.bak"},
			Options{Exclude: []string{"gen/**", "**/*.bak"}, Named: []string{"gen"}}, []string{"a", "gen/a", "gen/b/c"}},
		{"excluded, a file named", []string{"a", "gen/a", "gen/b"}, Options{Exclude: []string{"gen"}, Named: []string{"gen/b"}}, []string{"a", "gen/b"}},
		{"excluded, named, forced", []string{"a", "gen/b"}, Options{Exclude: []string{"gen"}, Named: []string{"gen/b"}, ForceExclude: true}, []string{"a"}},
		{"the root named", []string{"a", "gen/b"}, Options{Exclude: []string{"gen"}, Named: []string{""}}, []string{"a"}},
		{"a name twice", []string{"gen/a/b"}, Options{Exclude: []string{"gen"}, Named: []string{"gen", "gen/a", "gen/a/b"}}, []string{"gen/a/b"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			onDisk := open(t, lay(t, test.entries...)).Walk(test.options)
			if got := onDisk.Paths(""); !slices.Equal(got, test.want) || len(onDisk.Problems()) > 0 {
				t.Errorf("on disk: %q, want %q; %v", got, test.want, onDisk.Problems())
			}
			var files []*source.File
			for _, name := range test.entries {
				files = append(files, source.NewFile(name, nil))
			}
			if got := Memory(files...).Walk(test.options).Paths(""); !slices.Equal(got, test.want) {
				t.Errorf("in memory: %q, want %q", got, test.want)
			}
		})
	}
}

func TestTree(t *testing.T) {
	tree := Memory(source.NewFile("a/b.conf", nil), source.NewFile("a-b/b.conf", nil), source.NewFile("a/c/b.conf", nil),
		source.NewFile("a0", nil), source.NewFile("b.conf", nil), source.NewFile("xb.conf", nil)).Walk(Options{})
	if got := tree.Paths("a"); !slices.Equal(got, []string{"a/b.conf", "a/c/b.conf"}) {
		t.Errorf("Paths(a) = %q", got)
	}
	for dir, n := range map[string]int{"": 6, "a/c": 1, "a/": 0, "b.conf": 0, "none": 0, "..": 0} {
		if got := tree.Paths(dir); len(got) != n {
			t.Errorf("Paths(%q) = %q, want %d", dir, got, n)
		}
	}
	for suffix, want := range map[string][]string{
		"b.conf":   {"a-b/b.conf", "a/b.conf", "a/c/b.conf", "b.conf"},
		"a/b.conf": {"a/b.conf"},
		"/b.conf":  nil,
		"":         nil,
		"c":        nil,
	} {
		if got := tree.WithSuffix(suffix); !slices.Equal(got, want) {
			t.Errorf("WithSuffix(%q) = %q, want %q", suffix, got, want)
		}
	}
	if !tree.Has("a/b.conf") || tree.Has("a") || tree.Has("") {
		t.Error("Has is wrong")
	}
}

func TestLinks(t *testing.T) {
	outside := lay(t, "secret")
	dir := lay(t,
		"sites-available/shop",
		"sites-enabled/shop -> ../sites-available/shop",
		"sites-enabled/absolute -> $ROOT/sites-available/shop", // what the Debian guides say
		"sites-enabled/chain -> shop",
		"dev/conf.d -> ../sites-enabled",
		"again -> dev/conf.d/shop",
		"self -> self", "ping -> pong", "pong -> ping",
		"here -> .", "sites-available/up -> ..", "sites-available/loop -> .",
		"etc -> /etc/passwd", "slash -> /", "secret -> "+outside+"/secret", "dots -> ../../../../etc/passwd",
		"broken -> nowhere",
	)
	tree := open(t, dir).Walk(Options{})
	want := []string{"again", "dev/conf.d/absolute", "dev/conf.d/chain", "dev/conf.d/shop",
		"sites-available/shop", "sites-enabled/absolute", "sites-enabled/chain", "sites-enabled/shop"}
	if got := tree.Paths(""); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range want {
		f, err := tree.Open(name)
		if err != nil || f.Path != "sites-available/shop" {
			t.Errorf("%s: %v %v", name, f, err)
		}
	}
	for _, name := range []string{"etc", "secret", "slash/etc/passwd", "dots", "../secret", "/etc/passwd", "sites-available/../../secret", "self", "a\x00b", ""} {
		if f, err := tree.Open(name); err == nil {
			t.Errorf("%q was opened: %q", name, f.Data)
		}
	}
}

// Directories that link to each other must not multiply.
func TestLinkBomb(t *testing.T) {
	var entries []string
	for a := range 30 {
		entries = append(entries, string(rune('a'+a))+"/file")
		for b := range 30 {
			if a != b {
				entries = append(entries, string(rune('a'+a))+"/to-"+string(rune('a'+b))+" -> ../"+string(rune('a'+b)))
			}
		}
	}
	if got := len(open(t, lay(t, entries...)).Walk(Options{}).Paths("")); got != 30+30*29 {
		t.Errorf("%d paths", got)
	}
}

func TestOpen(t *testing.T) {
	dir := lay(t, "a.conf", "dir/", "big")
	must(t, os.Truncate(filepath.Join(dir, "big"), MaxFileSize+1))
	for name, data := range map[string]string{"wide": "\xff\xfes\x00", "wide-big-endian": "\xfe\xff\x00s", "wide-unmarked": "s\x00e\x00", "bom": "\ufeffserver {}", "binary": "\x00\x00\x00\x01", "empty": ""} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644))
	}
	root := open(t, dir)
	for name, want := range map[string]string{
		"a.conf": "", "bom": "", "binary": "", "empty": "",
		"wide": "UTF-16", "wide-big-endian": "UTF-16", "wide-unmarked": "UTF-16",
		"big": "larger than 64 MB", "dir": "not a regular file", "none": "not exist", "dir/../a.conf": "outside the project",
	} {
		f, err := root.Open(name)
		switch {
		case want == "" && (err != nil || f.Path != name):
			t.Errorf("%s: %v", name, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), dir)):
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := root.Open("big"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("big: %v", err)
	}
	if _, err := root.Open("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	first, err := root.Open("a.conf")
	must(t, err)
	second, err := root.Open("a.conf")
	must(t, err)
	if first != second {
		t.Error("a file that is in use was read twice")
	}
	runtime.KeepAlive(first)
}

func TestOpenForgets(t *testing.T) {
	root := open(t, lay(t, "a"))
	f, err := root.Open("a")
	must(t, err)
	runtime.KeepAlive(f)
	runtime.GC()
	if root.held("a") != nil {
		t.Error("a file that nobody uses is held")
	}
}

func TestUnreadableDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := lay(t, "a", "locked/b")
	must(t, os.Chmod(filepath.Join(dir, "locked"), 0))
	defer os.Chmod(filepath.Join(dir, "locked"), 0o755)
	tree := open(t, dir).Walk(Options{})
	if got := tree.Problems(); len(got) != 1 || got[0].Path != "locked" || got[0].Text() != "permission denied" {
		t.Errorf("problems: %v", got)
	}
	if _, err := Find(dir, []string{"locked"}); err == nil || err.Error() != "locked: permission denied" {
		t.Errorf("named: %v", err)
	}
}

func TestDepth(t *testing.T) {
	deep := strings.Repeat("d/", maxDepth)
	tree := open(t, lay(t, deep+"x", deep+"d/y")).Walk(Options{})
	if got := tree.Paths(""); len(got) != 1 || len(tree.Problems()) != 1 {
		t.Errorf("%d paths, problems %v", len(got), tree.Problems())
	}
}

func TestOverlay(t *testing.T) {
	root := open(t, lay(t, "a", "b"), source.NewFile("b", []byte("unsaved")), source.NewFile("new", nil))
	tree := root.Walk(Options{})
	if got := tree.Paths(""); !slices.Equal(got, []string{"a", "b", "new"}) {
		t.Errorf("got %q", got)
	}
	if f, err := tree.Open("b"); err != nil || string(f.Data) != "unsaved" {
		t.Errorf("%v %v", f, err)
	}
}

func TestFind(t *testing.T) {
	dir, err := filepath.EvalSymlinks(lay(t,
		"repo/.git/HEAD", "repo/.corslint.yml", "repo/a.conf", "repo/services/orders/.corslint.yml", "repo/services/orders/x.conf",
		"plain/sub/.corslint.yml", "plain/.corslint.yml", "plain/sub/a.conf",
		"bare/nginx/nginx.conf", "bare/link.conf -> ../repo/a.conf"))
	must(t, err)
	tests := []struct {
		from  string
		paths []string
		want  string // root config named, one project after the other
	}{
		{"repo", nil, `repo .corslint.yml [""]`},
		{"repo", []string{"a.conf", "./a.conf", "services/../a.conf"}, `repo .corslint.yml ["a.conf"]`},
		{"repo/services", []string{"."}, `repo .corslint.yml ["services"]`},
		{"repo/services/orders", nil, `repo services/orders/.corslint.yml ["services/orders"]`},
		{"repo", []string{"services/orders/x.conf", "a.conf"}, `repo .corslint.yml ["a.conf"]; repo services/orders/.corslint.yml ["services/orders/x.conf"]`},
		{".", []string{"plain/sub/a.conf"}, `plain sub/.corslint.yml ["sub/a.conf"]`},
		{".", []string{"bare/nginx"}, `bare/nginx  [""]`},
		{".", []string{"bare/nginx/nginx.conf", "repo/a.conf"}, `bare/nginx  ["nginx.conf"]; repo .corslint.yml ["a.conf"]`},
		{".", []string{"bare/link.conf"}, `repo .corslint.yml ["a.conf"]`},
		{".", []string{dir + "/bare"}, `bare  [""]`},
		{".", []string{"no/such/dir"}, `no/such/dir: no such file or directory`},
		{".", []string{"plain/sub/a.conf/x"}, `plain/sub/a.conf/x: not a directory`},
		{".", []string{"a\x00"}, "a\x00: no path"},
	}
	for _, test := range tests {
		var got []string
		projects, err := Find(filepath.Join(dir, test.from), test.paths)
		for _, p := range projects {
			got = append(got, relative(dir, p.Root)+" "+p.Config+" "+quoted(p.Named))
		}
		if err != nil {
			if _, ok := errors.AsType[*PathError](err); !ok {
				t.Errorf("%q: an error of type %T", test.paths, err)
			}
			got = append(got, err.Error())
		}
		if strings.Join(got, "; ") != test.want {
			t.Errorf("in %s %q:\n got %s\nwant %s", test.from, test.paths, strings.Join(got, "; "), test.want)
		}
	}
}

func quoted(names []string) string {
	return `["` + strings.Join(names, `" "`) + `"]`
}

func TestProject(t *testing.T) {
	p := Project{Named: []string{"a", "b/c.conf"}}
	for name, want := range map[string]bool{"a": true, "a/x": true, "ab": false, "b": false, "b/c.conf": true, "": false} {
		if p.Contains(name) != want {
			t.Errorf("Contains(%q) is %v", name, !want)
		}
	}
	whole := Project{Named: []string{""}}
	if p.Whole() || !whole.Whole() || !whole.Contains("x") {
		t.Error("Whole is wrong")
	}
}
