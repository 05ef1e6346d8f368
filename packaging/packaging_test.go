// Package packaging holds what releases are made with. It has only these tests.
package packaging

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// source copies what the wheel is made of, so that it can have another changelog.
func source(t *testing.T, changelog string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"pyproject.toml", "LICENSE", "packaging/wheel/backend.py"} {
		data, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, filepath.FromSlash(name)), data)
	}
	write(t, filepath.Join(dir, "CHANGELOG.md"), []byte(changelog))
	return dir
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o777); err != nil {
		t.Fatal(err)
	}
}

// python returns a command that builds the wheel of a source as pip does, in its folder.
func python(t *testing.T, dir string, environment ...string) *exec.Cmd {
	t.Helper()
	program, err := exec.LookPath("python3")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no python3, or a system without shell scripts to stand for binaries")
	}
	cmd := exec.Command(program, "-B", "-c", "import backend; print(backend.build_wheel('"+dir+"'))")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(dir, "packaging", "wheel"), "CORSLINT_BINARY=")
	cmd.Env = append(cmd.Env, environment...)
	return cmd
}

const released = "# Changelog\n\n## 1.2.0-rc.1 - 2026-12-01\n\n### Added\n\n## 1.1.0\n"

// TestWheel holds that the wheel carries the binary that belongs to the source.
func TestWheel(t *testing.T) {
	archive := fmt.Sprintf("corslint_1.2.0-rc.1_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	packed := pack(t, "corslint", "#!/bin/sh\necho released\n")
	sum := fmt.Sprintf("%x  %s\n", sha256.Sum256(packed), archive)
	given := filepath.Join(t.TempDir(), "given")
	write(t, given, []byte("#!/bin/sh\necho given\n"))
	compiler := t.TempDir() // its go writes what stands for the program
	write(t, filepath.Join(compiler, "go"), []byte("#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done\necho '#!/bin/sh\necho built' >\"$2\"\n"))

	for _, test := range []struct {
		name, changelog, sums, binary string
		want                          string // what the packed program prints; empty for a failure
		version                       string
	}{
		{name: "a given binary", changelog: released, binary: given, want: "given", version: "1.2.0rc1"},
		{name: "a release", changelog: released, sums: sum, want: "released", version: "1.2.0rc1"},
		{name: "a release without files", changelog: released, want: "built", version: "1.2.0rc1"},
		{name: "between releases", changelog: "# Changelog\n\n## Unreleased\n" + released, sums: sum, want: "built", version: "0.0.0.dev0"},
		{name: "a wrong checksum", changelog: released, sums: strings.Repeat("0", 64) + sum[64:]},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch files := map[string][]byte{"checksums.txt": []byte(test.sums), archive: packed}; {
				case test.sums != "" && strings.HasPrefix(r.URL.Path, "/v1.2.0-rc.1/"):
					_, _ = w.Write(files[strings.TrimPrefix(r.URL.Path, "/v1.2.0-rc.1/")])
				default:
					http.NotFound(w, r)
				}
			}))
			defer server.Close()
			dir := source(t, test.changelog)
			cmd := python(t, dir, "CORSLINT_BINARY="+test.binary, "CORSLINT_RELEASES="+server.URL, "NO_PROXY=*", "no_proxy=*",
				"PATH="+compiler+string(os.PathListSeparator)+os.Getenv("PATH"))
			out, err := cmd.Output()
			if test.want == "" {
				if exit, ok := errors.AsType[*exec.ExitError](err); !ok || !strings.Contains(string(exit.Stderr), "checksum") {
					t.Fatalf("want a failure that names the checksum, got %v\n%s", err, out)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			files := unpack(t, filepath.Join(dir, strings.TrimSpace(string(out))))
			if got := string(files["corslint-"+test.version+".data/scripts/corslint"]); !strings.Contains(got, "echo "+test.want) {
				t.Errorf("the program is %q, want the one that is %s", got, test.want)
			}
			if got := string(files["corslint-"+test.version+".dist-info/METADATA"]); !strings.Contains(got, "\nVersion: "+test.version+"\n") {
				t.Errorf("METADATA is\n%s", got)
			}
		})
	}
}

// TestPip installs the wheel with pip, and runs what was installed.
func TestPip(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a Python environment")
	}
	dir, environment := source(t, released), filepath.Join(t.TempDir(), "environment")
	program := filepath.Join(dir, "program")
	write(t, program, []byte("#!/bin/sh\necho \"given $*\"\n"))
	_ = python(t, dir) // skips
	if out, err := exec.Command("python3", "-m", "venv", environment).CombinedOutput(); err != nil {
		t.Skipf("python3 makes no environment: %v\n%s", err, out)
	}
	pip := exec.Command(filepath.Join(environment, "bin", "pip"), "install", "--no-index", "--disable-pip-version-check", dir)
	pip.Env = append(os.Environ(), "CORSLINT_BINARY="+program)
	if out, err := pip.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(filepath.Join(environment, "bin", "corslint"), "version").CombinedOutput()
	if err != nil || string(out) != "given version\n" {
		t.Errorf("the installed program prints %q (%v)", out, err)
	}
}

// TestNotes holds that the scripts read the changelog as the wheel does.
func TestNotes(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash")
	}
	for script, want := range map[string]string{"version.sh": "1.2.0-rc.1\n", "notes.sh": "\n### Added\n\n"} {
		dir := source(t, released)
		data, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "packaging", script), data)
		if out, err := exec.Command("bash", filepath.Join(dir, "packaging", script)).CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("%s prints %q, want %q (%v)", script, out, want, err)
		}
	}
}

// pack returns a compressed tar archive with one program.
func pack(t *testing.T, name, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	compressed := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressed)
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	_, err := io.WriteString(archive, text)
	if err := errors.Join(err, archive.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// unpack returns the files of a wheel.
func unpack(t *testing.T, name string) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
