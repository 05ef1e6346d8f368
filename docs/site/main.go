//go:build generate

// Command site writes the documentation as static files, the playground included, from the root of the repository:
//
//	go run -tags generate ./docs/site DIRECTORY
//
// The pages are rendered by Hugo (hugo.yaml beside this file), which is compiled for that and is no dependency of corslint. All
// links are relative, so that the directory can be looked at as it is and served below any path.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// hugo is the newest that Go 1.26 compiles.
const hugo = "github.com/gohugoio/hugo@v0.165.0"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -tags generate ./docs/site DIRECTORY")
		os.Exit(2)
	}
	if err := build(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func build(dir string) error {
	if _, err := os.Stat("docs/site/hugo.yaml"); err != nil {
		return errors.New("run it at the root of the repository")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := run("run", hugo, "build", "--config", "docs/site/hugo.yaml", "--destination", dir, "--noBuildLock", "--panicOnWarning"); err != nil {
		return err
	}
	return run("run", "-tags", "generate", "./docs/playground", "-docs", "../", filepath.Join(dir, "playground"))
}

// run runs a go command.
func run(args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", args[1], err)
	}
	return nil
}
