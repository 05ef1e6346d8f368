package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/corslint/corslint/parsers/express"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == express.ChildArgument { // the program runs applications in a child of itself
		os.Exit(serveMachine())
	}
	testscript.Main(m, map[string]func(){
		"corslint": func() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScript runs the end-to-end scripts: a command line each, its output and exit status.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			data, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
			env.Setenv("DEMO", filepath.Join(data, "demo"))
			env.Setenv("SHOP", filepath.Join(data, "shop"))
			return err
		},
	})
}
