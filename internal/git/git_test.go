package git

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/corslint/corslint/internal/discovery"
)

// repository makes a repository for a test and returns what runs git in it.
func repository(t *testing.T) (dir string, git func(args ...string)) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git: ", err)
	}
	dir = t.TempDir()
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	for _, name := range []string{"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"} { // of a hook that runs the tests
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	t.Setenv("HOME", dir)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	git = func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.fsmonitor=false"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	return dir, git
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestStates(t *testing.T) {
	dir, git := repository(t)
	write(t, dir, "a/x.conf", "one\n")
	write(t, dir, "a/empty.conf", "")
	names := []string{"a/empty.conf", "a/x.conf"}
	if runtime.GOOS != "windows" {
		odd := "a/odd \"\t\n\\é.conf"
		write(t, dir, odd, "odd")
		names = append(names, odd)
	}
	git("add", ".")
	git("commit", "-qm", "one")
	write(t, dir, "a/x.conf", "two\n")
	write(t, dir, "b.conf", "staged\n")
	git("add", ".")
	write(t, dir, "b.conf", "not staged\n")
	if err := os.Symlink("a", filepath.Join(dir, "link")); err == nil {
		os.Symlink("/etc/passwd", filepath.Join(dir, "out"))
		git("add", ".")
	}
	write(t, dir, "b.conf", "not staged\n")

	r, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	head, err := r.Tree(r.Head())
	if err != nil {
		t.Fatal(err)
	}
	defer head.Close()
	tree := head.Root().Walk(discovery.Options{})
	slices.Sort(names)
	if got := tree.Paths(""); !slices.Equal(got, names) {
		t.Errorf("HEAD has %q, want %q", got, names)
	}
	if got := read(tree, "a/x.conf"); got != "one\n" {
		t.Errorf("x.conf was %q", got)
	}
	if got := read(tree, "b.conf"); !strings.Contains(got, "not exist") {
		t.Errorf("b.conf was %q", got)
	}
	index, err := r.Index()
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	staged := index.Root().Walk(discovery.Options{Exclude: []string{"a/odd*"}})
	if got := read(staged, "a/x.conf"); got != "two\n" {
		t.Errorf("x.conf is staged as %q", got)
	}
	if got := read(staged, "a/empty.conf"); got != "" {
		t.Errorf("empty.conf is staged as %q", got)
	}
	if staged.Has("out") {
		t.Error("a link leads out of the repository")
	}
	if len(index.snapshot.Links) > 0 && read(staged, "link/x.conf") != "two\n" {
		t.Error("a link to a directory leads nowhere")
	}
	// Many at a time.
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				if got := read(tree, "a/x.conf"); got != "one\n" {
					t.Errorf("x.conf was %q", got)
				}
			}
		})
	}
	wait.Wait()
}

func read(tree *discovery.Tree, name string) string {
	f, err := tree.Open(name)
	if err != nil {
		return err.Error()
	}
	return string(f.Data)
}

func TestBase(t *testing.T) {
	dir, git := repository(t)
	r, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if head := r.Head(); head != "" {
		t.Errorf("HEAD before the first commit is %q", head)
	}
	commit := func(name string) string {
		write(t, dir, name, name)
		git("add", ".")
		git("commit", "-qm", name)
		return r.Head()
	}
	first := commit("first")
	git("checkout", "-qb", "branch")
	second := commit("second")
	git("checkout", "-q", "main")
	commit("third")
	git("checkout", "-q", "branch")
	git("checkout", "-q", "--orphan", "other")
	orphan := commit("fourth")
	git("checkout", "-q", "branch")
	for revision, want := range map[string]string{"main": first, "HEAD": second, "HEAD~1": first, "other": orphan} {
		if got, err := r.Base(revision); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", revision, got, err, want)
		}
	}
	for _, revision := range []string{"nonsense", "--all", "-h", "", "main:first", "\x00"} {
		if got, err := r.Base(revision); err == nil {
			t.Errorf("%q is %s", revision, got)
		}
	}
	if _, err := Open(context.Background(), filepath.Join(dir, ".git")); err == nil {
		t.Error("a directory inside of .git is no working tree's top")
	}
}

// TestConflict: of a file in conflict our side is read.
func TestConflict(t *testing.T) {
	dir, git := repository(t)
	for _, branch := range []string{"main", "theirs", "ours"} {
		if branch != "main" {
			git("checkout", "-q", "-B", branch, "main")
		}
		write(t, dir, "x", branch)
		git("add", ".")
		git("commit", "-qm", branch)
	}
	merge := exec.Command("git", "-c", "user.name=a", "-c", "user.email=a@b", "merge", "theirs")
	merge.Dir = dir
	if err := merge.Run(); err == nil {
		t.Fatal("no conflict")
	}
	r, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	index, err := r.Index()
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	if got := read(index.Root().Walk(discovery.Options{}), "x"); got != "ours" {
		t.Errorf("read %q", got)
	}
}

// TestNothingRuns: what the repository's own configuration names is not run.
func TestNothingRuns(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("scripts of a shell")
	}
	dir, git := repository(t)
	ran := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(dir, "run.sh")
	write(t, dir, "run.sh", fmt.Sprintf("#!/bin/sh\ntouch %q\ncat\n", ran))
	write(t, dir, ".gitattributes", "* filter=run diff=run\n")
	write(t, dir, "x", "x")
	if err := os.Chmod(script, 0o777); err != nil {
		t.Fatal(err)
	}
	git("add", ".")
	git("commit", "-qm", "x")
	for _, key := range []string{"core.fsmonitor", "core.pager", "filter.run.smudge", "filter.run.clean", "diff.run.textconv", "core.sshCommand", "credential.helper"} {
		git("config", key, script)
	}
	write(t, dir, "x", "y")
	r, err := Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	head, err := r.Tree(r.Head())
	if err != nil {
		t.Fatal(err)
	}
	defer head.Close()
	index, err := r.Index()
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	if _, err := r.Base("main"); err != nil {
		t.Error(err)
	}
	for _, s := range []*State{head, index} {
		if got := read(s.Root().Walk(discovery.Options{}), "x"); got != "x" {
			t.Errorf("read %q", got)
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a program of the repository was run")
	}
}

// TestIncomplete: a clone that has not everything is named, and not taken for a project that had no files then.
func TestIncomplete(t *testing.T) {
	dir, git := repository(t)
	write(t, dir, "x.conf", "one\n")
	git("add", ".")
	git("commit", "-qm", "one")
	write(t, dir, "x.conf", "two\n")
	git("commit", "-qam", "two")
	git("config", "uploadpack.allowFilter", "true")
	clone := func(how string) *Repository {
		to := t.TempDir()
		git("-c", "protocol.file.allow=always", "clone", "-q", how, "file://"+filepath.ToSlash(dir), to)
		r, err := Open(context.Background(), to)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}

	if _, err := clone("--depth=1").Base("HEAD~1"); err == nil || !strings.Contains(err.Error(), "the clone is shallow") {
		t.Errorf("a shallow clone: %v", err)
	}

	partial := clone("--filter=blob:none")
	commit, err := partial.Base("HEAD~1")
	if err != nil {
		t.Fatal(err)
	}
	state, err := partial.Tree(commit)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the git process has ended by then
		if data, err := state.read("x.conf"); err == nil {
			t.Errorf("what was not fetched is read: %q", data)
		}
	}
	if err := state.Close(); err == nil || !strings.Contains(err.Error(), "x.conf as it was: the clone is partial") {
		t.Errorf("a partial clone: %v", err)
	}
}
