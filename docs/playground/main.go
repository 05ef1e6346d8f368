//go:build generate

// Command playground writes the playground as static files: go run -tags generate ./docs/playground DIRECTORY
//
// It builds the analyzer for WebAssembly twice, compresses both, and puts the page beside them. Any server of files can serve the
// directory.
package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/corslint/corslint/internal/playground"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -tags generate ./docs/playground DIRECTORY")
		os.Exit(2)
	}
	if err := build(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func build(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := page(dir); err != nil {
		return err
	}
	runner, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "wasm_exec.js"), runner, 0o644); err != nil {
		return err
	}
	for name, tags := range map[string]string{"configurations": "configurations", "all": ""} {
		if err := program(filepath.Join(dir, name+".wasm.gz"), tags); err != nil {
			return err
		}
	}
	return nil
}

// page writes the page, which computes in the browser here.
func page(dir string) error {
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
			data = []byte("{\"mode\": \"wasm\"}\n")
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
