package playground_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/corslint/corslint/internal/differential"
	"github.com/corslint/corslint/internal/playground"
)

var (
	shots = flag.String("shots", "", "the `DIRECTORY` that TestBrowser puts its screenshots in")
	only  = flag.String("only", "", "a regular `EXPRESSION` for the checks of TestBrowser to run")
)

// TestBrowser uses the page in a real Chromium: served by the analyst, and as static files with the analyzer in WebAssembly. The
// checks are in testdata/browser/drive.cjs. With -v it prints what it measured.
func TestBrowser(t *testing.T) {
	executable, err := exec.LookPath("chromium")
	if err != nil {
		differential.Missing(t, "no chromium")
	}
	if _, err := exec.LookPath("node"); err != nil {
		differential.Missing(t, "no node")
	}
	drive := filepath.Join("testdata", "browser", "drive.cjs")
	if _, err := os.Stat(filepath.Join("testdata", "browser", "node_modules", "axe-core")); err != nil {
		differential.Missing(t, "no axe-core: npm ci in internal/playground/testdata/browser")
	}
	files := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "run", "-tags", "generate", "./docs/playground", files)
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the static files: %v\n%s", err, out)
	}
	server := httptest.NewServer(playground.New(everything()).Handler())
	defer server.Close()

	input, err := json.Marshal(map[string]string{"executable": executable, "server": server.URL + "/", "files": files, "shots": *shots, "only": *only})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", drive)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for lines := bufio.NewScanner(out); lines.Scan(); checked++ {
		var check struct {
			Name    string             `json:"name"`
			MS      int                `json:"ms"`
			Failure string             `json:"failure"`
			Numbers map[string]float64 `json:"numbers"`
		}
		if err := json.Unmarshal(lines.Bytes(), &check); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		t.Run(check.Name, func(t *testing.T) {
			if check.Failure != "" {
				t.Error(check.Failure)
			}
			for _, what := range slices.Sorted(maps.Keys(check.Numbers)) {
				t.Logf("%s: %.0f", what, check.Numbers[what])
			}
		})
	}
	if err := cmd.Wait(); err != nil || checked == 0 {
		t.Errorf("the browser ended after %d checks: %v", checked, err)
	}
}
