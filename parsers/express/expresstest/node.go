package expresstest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/corslint/corslint/internal/differential"
)

// Node runs applications in a real Node process.
type Node struct {
	dir string // what is below 4 and 5 finds that version of express
	in  io.WriteCloser
	out *json.Decoder
}

// Start starts Node, which ends with the test. Setup is the folder of serve.cjs, where npm ci has put what applications
// need.
func Start(t *testing.T, setup string) *Node {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		differential.Missing(t, "no node")
	}
	installed, err := filepath.Abs(filepath.Join(setup, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{dir: t.TempDir()}
	if real, err := filepath.EvalSymlinks(n.dir); err == nil {
		n.dir = real
	}
	for _, major := range []string{"4", "5"} {
		modules := filepath.Join(n.dir, major, "node_modules")
		if err := os.MkdirAll(modules, 0o777); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"express", "body-parser", "compression", "cookie-parser", "cors", "dotenv", "express-rate-limit", "express-session", "helmet", "morgan", "passport",
			"@fastify", "@hono", "@koa", "@middy", "@nestjs", "@vendia", "fastify", "hono", "koa", "reflect-metadata", "rxjs", "serverless-http"} {
			target := filepath.Join(installed, name)
			if name == "express" {
				target += major
			}
			if _, err := os.Stat(target); err != nil { // none is, or the package is newer than what is
				differential.Missing(t, "no package "+name+": npm ci in parsers/express/testdata/node")
			}
			if err := os.Symlink(target, filepath.Join(modules, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command("node", filepath.Join(installed, "..", "serve.cjs"))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")} // and none of what applications ask for
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n.in, n.out = in, json.NewDecoder(bufio.NewReader(out))
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return n
}

// Run writes an application to a folder of its own and runs it. The folder's parents have the packages. The error is what Node says when it does not start.
func (n *Node) Run(t *testing.T, name string, app *Application) (dir string, port int, err error) {
	t.Helper()
	dir = filepath.Join(n.dir, fmt.Sprint(app.Major), name)
	for file, text := range app.Files {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fmt.Fprintln(n.in, app.Port, dir); err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Error string
		Port  int
	}
	if err := n.out.Decode(&answer); err != nil {
		t.Fatalf("node ended: %v", err)
	}
	if answer.Error != "" {
		return dir, 0, errors.New(answer.Error)
	}
	return dir, answer.Port, nil
}
