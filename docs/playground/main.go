//go:build generate

// Command playground writes the playground as static files: go run -tags generate ./docs/playground DIRECTORY
//
// It builds the analyzer for WebAssembly in three sizes, compresses each, and puts the page beside them. Any server of files can
// serve the directory. With -docs ADDRESS the page links there for the documentation.
package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/corslint/corslint/internal/playground"
)

func main() {
	docs := flag.String("docs", "https://corslint.github.io/corslint/", "the `ADDRESS` of the documentation, which may be relative to the page's")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: go run -tags generate ./docs/playground [-docs ADDRESS] DIRECTORY")
		os.Exit(2)
	}
	if err := build(flag.Arg(0), *docs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func build(dir, docs string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := page(dir, docs); err != nil {
		return err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	runner, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "wasm_exec.js"), runner, 0o644); err != nil {
		return err
	}
	for name, tags := range map[string]string{"nginx": "nginx", "configurations": "configurations", "all": ""} {
		if err := program(filepath.Join(dir, name+".wasm.gz"), tags); err != nil {
			return err
		}
	}
	return nil
}

// page writes the page, which computes in the browser here.
func page(dir, docs string) error {
	static := playground.Static()
	return fs.WalkDir(static, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(static, name)
		if err != nil {
			return err
		}
		if name == "mode.json" {
			if data, err = json.Marshal(map[string]string{"mode": "wasm", "docs": docs}); err != nil {
				return err
			}
		}
		return os.WriteFile(filepath.Join(dir, name), data, 0o644)
	})
}

// program builds the analyzer and writes it compressed.
func program(to, tags string) (err error) {
	binary := to + ".tmp"
	defer func() { err = errors.Join(err, os.Remove(binary)) }()
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags="+tags, "-o", binary, "./cmd/corslint-wasm")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	in, err := os.Open(binary)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	zip, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = io.Copy(zip, in)
	return errors.Join(err, zip.Close(), out.Close())
}
