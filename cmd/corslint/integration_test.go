package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	for _, hook := range hooks {
		files := regexp.MustCompile(hook.Files)
		for name, want := range map[string]bool{"deploy/api.conf": true, "nginx/sites-enabled/default": true, "deploy/x.conf.j2": true, "main.go": false} {
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
		{name: "code scanning", report: "code-scanning", failOn: "error", stdout: []string{"nginx-if-drops-headers"}, output: []string{"status=1", "sarif-file=./corslint.sarif"}, sarif: true},
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
