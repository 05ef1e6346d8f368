// Package nginxtest runs configurations under a real nginx, for tests.
package nginxtest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/corslint/corslint/internal/differential"
)

// headersMore is where Debian installs the module.
const headersMore = "/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so"

// Require ends a test on a machine without nginx and its headers-more module.
func Require(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("nginx"); err != nil {
		differential.Missing(t, "no nginx")
	}
	if _, err := os.Stat(headersMore); err != nil {
		differential.Missing(t, "no headers-more module of nginx")
	}
}

// Whole puts everything around servers that makes them a configuration. nginx writes below dir only.
func Whole(dir, servers string) string {
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "  %s_temp_path %s;\n", kind, filepath.Join(dir, "temp-"+kind))
	}
	return fmt.Sprintf("load_module %s;\nuser root;\npid %s;\nerror_log %s crit;\ndaemon off;\nworker_processes 1;\nevents { worker_connections 256; }\nhttp {\n  access_log off;\n  server_names_hash_max_size 8192;\n  variables_hash_max_size 8192;\n%s%s}\n",
		headersMore, filepath.Join(dir, "nginx.pid"), filepath.Join(dir, "error.log"), temp.String(), servers)
}

// Check asks nginx whether a file is a configuration, and returns what it says when it is none.
func Check(dir, file string) (said string, ok bool) {
	out, err := exec.Command("nginx", "-t", "-q", "-c", file, "-p", dir).CombinedOutput()
	return string(out), err == nil
}

// supervised runs nginx until standard input ends: with the test, however that ends.
const supervised = `nginx -c "$1" -p "$2" & read _; kill $!; wait`

// Start runs a configuration that listens on a port of 127.0.0.1. nginx ends with the test.
func Start(t *testing.T, dir, file string, port int) {
	t.Helper()
	cmd := exec.Command("sh", "-c", supervised, "sh", file, dir)
	var log bytes.Buffer
	cmd.Stderr = &log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	t.Cleanup(end)
	for range 100 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	end() // and nobody writes to the log any more
	t.Fatalf("nginx does not start: %s", log.String())
}
