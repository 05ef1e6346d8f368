package express_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// packages is where npm puts what the applications need: npm ci in testdata/node.
const packages = "testdata/node/node_modules"

// node runs applications in a real Node process.
type node struct {
	dir string // what is below 4 and 5 finds that version of express
	in  io.WriteCloser
	out *json.Decoder
}

func startNode(t *testing.T) *node {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "no node")
	}
	installed, err := filepath.Abs(packages)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(installed); err != nil {
		missing(t, "no packages: npm ci in parsers/express/testdata/node")
	}
	n := &node{dir: t.TempDir()}
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
		in.Close()
		_ = cmd.Wait()
	})
	return n
}

// start writes an application to a folder of its own and runs it. The error is what Node says when it does not start.
func (n *node) start(t *testing.T, name string, g *generator) (dir string, port int, err error) {
	t.Helper()
	dir = filepath.Join(n.dir, fmt.Sprint(g.major), name)
	for file, text := range g.files {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fmt.Fprintln(n.in, dir); err != nil {
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

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CORSLINT_REQUIRE_SERVERS") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// closed is the answer of an application that never answers, or whose process would end.
const closed = "closed"

// ask sends a request as it is and returns the answer as it is compared.
func ask(port int, r request) (string, error) {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 5*time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", r.method, r.path, authority)
	for _, h := range r.headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	if _, err := io.WriteString(c, b.String()+"\r\n"); err != nil {
		return "", err
	}
	in := bufio.NewReader(c)
	first, err := in.ReadString('\n')
	if first == "" && err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return closed, nil
	} else if err != nil {
		return "", err
	}
	_, status, _ := strings.Cut(strings.TrimSpace(first), " ")
	status, _, _ = strings.Cut(status, " ")
	out := status
	for {
		line, err := in.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); err != nil || line == "" {
			return out, nil
		}
		name, value, _ := strings.Cut(line, ":")
		if matters(name) {
			out += " | " + strings.ToLower(name) + ": " + strings.TrimSpace(value)
		}
	}
}

func matters(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "access-control-") || name == "vary" || name == "allow" || name == "location"
}
