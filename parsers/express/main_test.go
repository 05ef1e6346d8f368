package express_test

import (
	"os"
	"testing"

	"github.com/corslint/corslint/parsers/express"
)

// TestMain lets the test binary serve as the child process that runs applications.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == express.ChildArgument {
		if express.Serve(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
