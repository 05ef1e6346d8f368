package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const brokenConf = `server {
    location / {
        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Origin https://app.shop.example always;
            add_header Access-Control-Allow-Methods "GET, PUT" always;
            return 204;
        }
        add_header Access-Control-Allow-Origin https://app.shop.example always;
        add_header Access-Control-Allow-Credentials true always;
        proxy_pass http://orders:3000;
    }
}
`

// install does what pre-commit does for a hook of language golang: go install ./... into an empty GOPATH.
func install(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles the program")
	}
	gopath := t.TempDir()
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Skip("no go command:", err)
	}
	cmd := exec.Command("go", "install", "./...")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "GOPATH="+gopath, "GOMODCACHE="+strings.TrimSpace(string(cache)), "GOBIN=", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go install ./...: %v\n%s", err, out)
	}
	installed, err := os.ReadDir(filepath.Join(gopath, "bin"))
	if err != nil || len(installed) != 1 {
		t.Fatalf("go install ./... installs %v, want corslint alone (%v)", installed, err)
	}
	return filepath.Join(gopath, "bin")
}

// TestHook runs the hook as pre-commit does: the entry with the changed files that match, in a repository.
func TestHook(t *testing.T) {
	bin := install(t)
	text, err := os.ReadFile(filepath.Join("..", "..", ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID, Entry, Language, Files string
	}
	if err := yaml.Unmarshal(text, &hooks); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("deploy/api.conf", brokenConf)
	write("deploy/ok.conf", "server { listen 80; }\n")
	write("deploy/generated/api.conf", brokenConf)
	write(".corslint.yml", "exclude: [\"deploy/generated/**\"]\n")
	write(".git/HEAD", "ref: refs/heads/main\n")
	if len(hooks) != 5 {
		t.Fatalf("%d hooks are read: %v", len(hooks), hooks)
	}
	for _, hook := range hooks {
		files := regexp.MustCompile(hook.Files)
		if hook.ID == "corslint-config" {
			if !files.MatchString("services/.corslint.yml") || files.MatchString("corslint.yml") {
				t.Errorf("hook %s: files is %s", hook.ID, hook.Files)
			}
			continue
		}
		for name, want := range map[string]bool{"deploy/api.conf": true, "nginx/sites-enabled/default": true, "deploy/x.conf.j2": true, "template.yaml": true, "src/api.mts": true, "main.tf": true, "main.go": false} {
			if files.MatchString(name) != want {
				t.Errorf("hook %s: files matches %s: %v", hook.ID, name, !want)
			}
		}
		run := func(names ...string) (string, int) {
			words := append(strings.Fields(hook.Entry), names...)
			cmd := exec.Command(filepath.Join(bin, words[0]), words[1:]...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PRE_COMMIT=1", "GITHUB_ACTIONS=")
			out, _ := cmd.CombinedOutput()
			return string(out), cmd.ProcessState.ExitCode()
		}
		if out, status := run("deploy/api.conf", "deploy/ok.conf"); status != 1 || !strings.Contains(out, "deploy/api.conf:4:") {
			t.Errorf("hook %s on a broken file: status %d\n%s", hook.ID, status, out)
		}
		if out, status := run("deploy/ok.conf"); status != 0 || out != "" {
			t.Errorf("hook %s on a good file: status %d, want silence\n%s", hook.ID, status, out)
		}
		if out, status := run("deploy/generated/api.conf"); status != 0 || out != "" {
			t.Errorf("hook %s on an excluded file: status %d, want silence\n%s", hook.ID, status, out)
		}
	}
}

// repository is a git repository in a test.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T) repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	r := repository{t, t.TempDir()}
	r.git("init", "-q", "-b", "main")
	r.git("config", "uploadpack.allowAnySHA1InWant", "true") // as GitHub does
	return r
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	identity := []string{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"}
	cmd := exec.Command("git", append(identity, args...)...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes a file and commits it.
func (r repository) commit(name, text string) string {
	r.t.Helper()
	r.write(name, text)
	r.git("add", "-A")
	r.git("commit", "-q", "-m", name)
	return r.git("rev-parse", "HEAD")
}

// checkout is what actions/checkout makes: one commit of a repository, or its whole history.
func (r repository) checkout(commit, ref string, whole bool) repository {
	r.t.Helper()
	c := repository{r.t, r.t.TempDir()}
	c.git("init", "-q")
	c.git("remote", "add", "origin", "file://"+filepath.ToSlash(r.dir))
	if whole {
		c.git("fetch", "-q", "origin")
	} else {
		c.git("fetch", "-q", "--no-tags", "--depth=1", "origin", "+"+commit+":"+ref)
	}
	c.git("checkout", "-q", "--detach", commit)
	return c
}

// TestAction runs the Action's script as a runner does.
func TestAction(t *testing.T) {
	bin := install(t)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash")
	}
	script, err := filepath.Abs(filepath.Join("..", "..", ".github", "action.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, report, failOn, args string
		stdout                     []string
		output                     []string
		sarif, summary             bool
	}{
		{name: "annotations", report: "annotations", failOn: "error", stdout: []string{"::error file=deploy/api.conf,line=4,"}, output: []string{"status=1"}, summary: true},
		{name: "code scanning", report: "code-scanning", failOn: "error", stdout: []string{"nginx-if-drops-headers"}, output: []string{"status=1", "sarif-file=./corslint.sarif"}, sarif: true, summary: true},
		{name: "by itself, without a token", report: "auto", failOn: "error", stdout: []string{"::error file=deploy/api.conf,line=4,"}, output: []string{"status=1"}, summary: true},
		{name: "both, never failing", report: "both", failOn: "never", stdout: []string{"::error "}, output: []string{"status=0", "sarif-file="}, sarif: true, summary: true},
		{name: "arguments", report: "annotations", failOn: "error", args: "--no-config", stdout: []string{"::error "}, output: []string{"status=1"}, summary: true},
		{name: "a wrong input", report: "nonsense", failOn: "error", stdout: []string{"::error title=corslint::report is \"nonsense\""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "deploy"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "deploy", "api.conf"), []byte(brokenConf), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, ".git"), 0o777); err != nil {
				t.Fatal(err)
			}
			summary, output := filepath.Join(t.TempDir(), "summary"), filepath.Join(t.TempDir(), "output")
			cmd := exec.Command("bash", script)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "CI=true", "GITHUB_STEP_SUMMARY="+summary, "GITHUB_OUTPUT="+output,
				"CORSLINT="+filepath.Join(bin, "corslint"), "INPUT_PATHS=deploy", "INPUT_WORKING_DIRECTORY=.", "INPUT_FAIL_ON="+test.failOn,
				"INPUT_REPORT="+test.report, "INPUT_ARGS="+test.args, "INPUT_SARIF_FILE=corslint.sarif")
			out, _ := cmd.CombinedOutput()
			for _, want := range test.stdout {
				if !strings.Contains(string(out), want) {
					t.Errorf("the log lacks %q:\n%s", want, out)
				}
			}
			outputs, _ := os.ReadFile(output)
			for _, want := range test.output {
				if !strings.Contains(string(outputs), want) {
					t.Errorf("the outputs lack %q:\n%s", want, outputs)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "corslint.sarif")); (err == nil) != test.sarif {
				t.Errorf("SARIF file: %v", err)
			}
			if text, err := os.ReadFile(summary); (err == nil && strings.Contains(string(text), "nginx-if-drops-headers")) != test.summary {
				t.Errorf("step summary: %v\n%s", err, text)
			}
		})
	}
}

// TestActionChoosesItself: with report auto, findings go to code scanning where the token may use it.
func TestActionChoosesItself(t *testing.T) {
	bin := install(t)
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("no", program)
		}
	}
	script, err := filepath.Abs(filepath.Join("..", "..", ".github", "action.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, token, readOnly string
		status                int // of the answer to who lists what code scanning has
		body                  string
		scanning              bool
	}{
		{name: "it is in use", token: "secret", status: 200, body: "[{}]", scanning: true},
		{name: "it is there, and empty", token: "secret", status: 404, body: `{"message": "no analysis found"}`, scanning: true},
		{name: "no permission", token: "secret", status: 403, body: `{"message": "Resource not accessible by integration"}`},
		{name: "it is not there", token: "secret", status: 404, body: `{"message": "Not Found"}`},
		{name: "a fork", token: "secret", readOnly: "true", status: 200, body: "[]"},
		{name: "no token", status: 200, body: "[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/repos/shop/deploy/code-scanning/analyses" || r.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("asked for %s as %q", r.URL, r.Header.Get("Authorization"))
				}
				w.WriteHeader(test.status)
				fmt.Fprintln(w, test.body)
			}))
			defer api.Close()
			r := newRepository(t)
			r.commit("deploy/api.conf", brokenConf)
			output, temp := filepath.Join(t.TempDir(), "output"), t.TempDir()
			cmd := exec.Command("bash", script)
			cmd.Dir = r.dir
			cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "CI=true", "GITHUB_STEP_SUMMARY=", "GITHUB_OUTPUT="+output, "TMPDIR="+temp,
				"GITHUB_API_URL="+api.URL, "GITHUB_REPOSITORY=shop/deploy", "CORSLINT="+filepath.Join(bin, "corslint"),
				"INPUT_REPORT=auto", "INPUT_TOKEN="+test.token, "INPUT_READ_ONLY="+test.readOnly)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			const annotation = "::error file=deploy/api.conf,line=4,"
			if got := strings.Contains(string(out), annotation); got == test.scanning {
				t.Errorf("there are annotations: %v\n%s", got, out)
			}
			if strings.Contains(string(out), "secret") {
				t.Errorf("the token is in the log:\n%s", out)
			}
			outputs, _ := os.ReadFile(output)
			if got := strings.Contains(string(outputs), "sarif-file=./corslint.sarif\n"); got != test.scanning {
				t.Errorf("something is uploaded: %v\n%s", got, outputs)
			}
			// Where the upload is refused, the annotations are printed all the same.
			_, rest, _ := strings.Cut(string(outputs), "annotations=")
			file, _, _ := strings.Cut(rest, "\n")
			refused := exec.Command("bash", "-c", stepOfAction(t, "steps.upload.outcome == 'failure'"))
			refused.Env = append(os.Environ(), "ANNOTATIONS="+file)
			out, err = refused.CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), "::notice ") || strings.Contains(string(out), annotation) != test.scanning {
				t.Errorf("a refused upload: %v\n%s", err, out)
			}
		})
	}
}

// stepOfAction returns what the Action's step with a condition runs.
func stepOfAction(t *testing.T, condition string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Runs struct{ Steps []struct{ If, Run string } }
	}
	if err := yaml.Unmarshal(text, &action); err != nil {
		t.Fatal(err)
	}
	for _, step := range action.Runs.Steps {
		if strings.Contains(step.If, condition) {
			return step.Run
		}
	}
	t.Fatalf("no step runs if %s", condition)
	return ""
}

// TestActionReportsWhatIsNew runs the Action's script on the pull request of a branch that adds a faulty file to a project
// with one, in the checkouts that there are.
func TestActionReportsWhatIsNew(t *testing.T) {
	bin := install(t)
	script, err := filepath.Abs(filepath.Join("..", "..", ".github", "action.sh"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash")
	}
	origin := newRepository(t)
	origin.commit("deploy/old.conf", brokenConf)
	origin.git("checkout", "-q", "-b", "topic")
	head := origin.commit("deploy/new.conf", strings.Replace(brokenConf, "server {", "server {\n    server_name new.shop.example;", 1))
	origin.git("checkout", "-q", "main")
	base := origin.commit("deploy/later.conf", strings.Replace(brokenConf, "server {", "server {\n    server_name later.shop.example;", 1))
	origin.git("checkout", "-q", "-b", "merge")
	origin.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
	merge := origin.git("rev-parse", "HEAD")
	origin.git("checkout", "-q", "main")

	const pull = "refs/pull/7/merge"
	for _, test := range []struct {
		name   string
		at     string // the commit that is checked out
		whole  bool   // with all history
		lost   bool   // nothing more can be fetched
		base   string // of the event
		since  string
		report string
		shown  []string // of old, later, new
		sarif  int      // results in the SARIF file; 0: none is written
	}{
		{name: "the merge, shallow", at: merge, base: base, shown: []string{"new"}},
		{name: "the merge, whole", at: merge, whole: true, base: base, shown: []string{"new"}},
		{name: "the head, shallow", at: head, base: base, shown: []string{"new"}},
		{name: "the head, whole", at: head, whole: true, base: base, shown: []string{"new"}},
		{name: "no history to be had", at: merge, lost: true, base: base, shown: []string{"old", "later", "new"}},
		{name: "a push", at: base, shown: []string{"old", "later"}},
		{name: "everything", at: merge, base: base, since: "all", shown: []string{"old", "later", "new"}},
		{name: "a revision", at: merge, whole: true, since: "origin/main", shown: []string{"new"}},
		{name: "code scanning is told of all", at: merge, base: base, report: "both", shown: []string{"new"}, sarif: 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := origin
			r.t = t
			c := r.checkout(test.at, pull, test.whole)
			if test.lost {
				c.git("remote", "set-url", "origin", "file://"+filepath.ToSlash(t.TempDir()))
			}
			report := test.report
			if report == "" {
				report = "annotations"
			}
			output := filepath.Join(t.TempDir(), "output")
			cmd := exec.Command("bash", script)
			cmd.Dir = c.dir
			cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "CI=true", "GITHUB_STEP_SUMMARY=", "GITHUB_OUTPUT="+output, "GITHUB_REF="+pull,
				"GITHUB_SHA="+merge, "CORSLINT="+filepath.Join(bin, "corslint"), "INPUT_PATHS=deploy", "INPUT_BASE="+test.base, "INPUT_SINCE="+test.since,
				"INPUT_REPORT="+report)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, name := range []string{"old", "later", "new"} {
				if got := strings.Contains(string(out), "::error file=deploy/"+name+".conf,"); got != slices.Contains(test.shown, name) {
					t.Errorf("%s.conf is annotated: %v\n%s", name, got, out)
				}
			}
			if got := strings.Contains(string(out), "::notice title=corslint::The commit that this branch left"); got != test.lost {
				t.Errorf("a notice about the history: %v\n%s", got, out)
			}
			if text, _ := os.ReadFile(output); !strings.Contains(string(text), "status=1\n") {
				t.Errorf("the outputs are %q", text)
			}
			sarif, _ := os.ReadFile(filepath.Join(c.dir, "corslint.sarif"))
			if got := strings.Count(string(sarif), `"ruleId": "corslint/nginx-if-drops-headers"`); got != test.sarif {
				t.Errorf("the SARIF file has %d results, want %d\n%.2000s", got, test.sarif, sarif)
			}
			if deep := c.git("rev-parse", "--is-shallow-repository"); test.whole && deep != "false" {
				t.Error("the history of a whole clone is cut off")
			}
		})
	}
}

// TestInstallScript runs the script that gets the released binary.
func TestInstallScript(t *testing.T) {
	for _, program := range []string{"bash", "curl", "tar"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("no", program)
		}
	}
	if runtime.GOOS == "windows" {
		t.Skip("packs a tar archive")
	}
	script, err := os.ReadFile(filepath.Join("..", "..", ".github", "install.sh"))
	if err != nil {
		t.Fatal(err)
	}
	number, err := os.ReadFile(filepath.Join("..", "..", "packaging", "version.sh"))
	if err != nil {
		t.Fatal(err)
	}
	archive := fmt.Sprintf("corslint_1.2.3_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	packed := pack(t, "corslint", "#!/bin/sh\necho released\n")
	sum := fmt.Sprintf("%x  %s\n", sha256.Sum256(packed), archive)
	for _, test := range []struct {
		name, changelog, sums string
		want                  string // what is printed; empty for a failure
	}{
		{name: "a release", changelog: "# Changelog\n\n## 1.2.3 - 2026-12-01\n", sums: sum, want: "released\n"},
		{name: "between releases", changelog: "# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2026-12-01\n", sums: sum, want: "source\n"},
		{name: "a release without files", changelog: "# Changelog\n\n## 1.3.0 - 2026-12-01\n", sums: sum, want: "source\n"},
		{name: "a wrong checksum", changelog: "# Changelog\n\n## 1.2.3 - 2026-12-01\n", sums: strings.Repeat("0", 64) + sum[64:]},
		{name: "no checksum", changelog: "# Changelog\n\n## 1.2.3 - 2026-12-01\n", sums: "nothing\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, data := range map[string][]byte{
				"source/.github/install.sh": script, "source/packaging/version.sh": number, "source/CHANGELOG.md": []byte(test.changelog),
				"releases/v1.2.3/checksums.txt": []byte(test.sums), "releases/v1.2.3/" + archive: packed,
			} {
				path := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			to := filepath.Join(dir, "bin")
			cmd := exec.Command("bash", filepath.Join(dir, "source", ".github", "install.sh"), to)
			cmd.Env = append(os.Environ(), "CORSLINT_RELEASES=file://"+filepath.ToSlash(dir)+"/releases")
			out, err := cmd.Output()
			if (err != nil) != (test.want == "") || string(out) != test.want {
				t.Errorf("prints %q, want %q (%v)", out, test.want, err)
			}
			if _, err := os.Stat(filepath.Join(to, "corslint")); (err == nil) != (test.want == "released\n") {
				t.Errorf("the binary: %v", err)
			}
		})
	}
}

// pack returns a compressed tar archive with one program.
func pack(t *testing.T, name, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zip)
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(archive.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// TestManualPages holds that a release gives Homebrew the pages of all commands: a cask has to name each.
func TestManualPages(t *testing.T) {
	dir := t.TempDir()
	root := newRoot()
	root.SetArgs([]string{"man", dir})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	var want []string
	pages, err := os.ReadDir(dir)
	for _, page := range pages {
		want = append(want, "man/"+page.Name())
	}
	text, failure := os.ReadFile(filepath.Join("..", "..", ".goreleaser.yaml"))
	if err := errors.Join(err, failure); err != nil {
		t.Fatal(err)
	}
	var release struct {
		Casks []struct{ Manpages []string } `yaml:"homebrew_casks"`
	}
	if err := yaml.Unmarshal(text, &release); err != nil {
		t.Fatal(err)
	}
	if len(release.Casks) != 1 || !slices.Equal(release.Casks[0].Manpages, want) {
		t.Errorf(".goreleaser.yaml names %v, want %v", release.Casks, want)
	}
}
