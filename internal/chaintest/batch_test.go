package chaintest

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/differential"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/express"
	"github.com/corslint/corslint/parsers/express/expresstest"
	"github.com/corslint/corslint/parsers/nginx"
	"github.com/corslint/corslint/parsers/nginx/nginxtest"
)

// setup is the folder of what runs in Node.
const setup = "../../parsers/express/testdata/node"

// batch is one nginx in front of many applications, which one Node runs. All of it ends with the test.
type batch struct {
	listeners listeners
	pairs     []pair
}

// pair is a server of nginx and the application behind it.
type pair struct {
	*front
	number int
	text   string // of the server
	chain  exchange.Chain
}

// String shows both sources.
func (p *pair) String() string {
	return fmt.Sprintf("pair %d\n-- nginx --\n%s%s", p.number, p.text, p.app)
}

// startBatch starts the pairs of some numbers. Applications that Node refuses to start are left out. More servers stand
// in front of the generated ones.
func startBatch(t *testing.T, seed uint64, numbers []int, more func(listeners) string) *batch {
	t.Helper()
	nginxtest.Require(t)
	node := expresstest.Start(t, setup)
	dir := t.TempDir()
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	b := &batch{listeners: listeners{plain: freePort(t), tls: freePort(t)}}
	root, users := filepath.Join(dir, "www"), filepath.Join(dir, "users")
	for name, text := range map[string]string{"index.html": "shop", "assets/a.css": "p {}", "404.html": "not found", "50x.html": "sorry"} {
		write(t, filepath.Join(root, name), text)
	}
	write(t, users, "u:{PLAIN}p\n")
	http := certificate(t, dir) + more(b.listeners)

	one := filepath.Join(dir, "one.conf")
	var texts []string
	for _, n := range numbers {
		app := expresstest.Generate(seed, n, freePort(t))
		folder, _, err := node.Run(t, fmt.Sprint("shop", n), app)
		if err != nil { // people write those too, but there is nothing to compare
			continue
		}
		p := pair{front: newFront(seed, n, app, b.listeners, root, users), number: n}
		p.text = p.configuration()
		write(t, one, nginxtest.Whole(dir, http+p.text))
		if said, ok := nginxtest.Check(dir, one); !ok {
			t.Logf("nginx refuses a generated configuration: %.300s", said)
			continue
		}
		p.chain = exchange.Chain{nil, running(read(t, folder, express.Dialect{}))}
		texts = append(texts, p.text)
		b.pairs = append(b.pairs, p)
	}
	if err := os.RemoveAll(one); err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(dir, "nginx.conf")
	write(t, main, nginxtest.Whole(dir, http+strings.Join(texts, "")))
	nginxtest.Start(t, dir, main, b.listeners.plain)
	server := read(t, dir, nginx.Dialect{Options: nginx.Options{Version: nginx.Version{Major: 1, Minor: 22, Patch: 1}}})
	for i := range b.pairs {
		b.pairs[i].chain[0] = server
	}
	return b
}

// certificate writes a certificate of nobody, and returns the directives that use it.
func certificate(t *testing.T, dir string) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	own := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]})
	files := [...]string{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	write(t, files[0], string(cert))
	write(t, files[1], string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	return fmt.Sprintf("ssl_certificate %s;\nssl_certificate_key %s;\n", files[0], files[1])
}

// read reads a folder as the program does.
func read(t *testing.T, dir string, dialect parsers.Dialect) *policy.Host {
	t.Helper()
	root, err := discovery.NewRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	result := engine.Run(context.Background(), engine.Options{Files: root.Walk(discovery.Options{}), Dialects: []parsers.Dialect{dialect}})
	if len(result.Hosts) != 1 {
		t.Fatalf("want one host in %s, got %d", dir, len(result.Hosts))
	}
	return result.Hosts[0]
}

// running returns the application as it runs: one that reads the file .env, with it.
func running(app *policy.Host) *policy.Host {
	for _, layer := range app.Layers {
		if strings.HasSuffix(layer.Name, " with .env") {
			alone := *app
			alone.Layers = []*policy.Layer{layer}
			return &alone
		}
	}
	return app
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := differential.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
