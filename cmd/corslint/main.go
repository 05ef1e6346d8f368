// Command corslint predicts what the layers in front of an API answer to a browser's cross-origin request, and what the
// browser then does.
//
// This package is flags, exit statuses and wiring; everything else is below analyzers, parsers, rules and internal.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/parsers/express"
)

// Exit statuses, the same for every command and format.
const (
	exitClean    = 0 // nothing is shown at or above --fail-on
	exitFindings = 1 // findings; or an assertion that does not hold
	exitTrouble  = 2 // corslint could not do its work
)

// errFindings is the error of a run that did its work and found something; it has been reported already.
var errFindings = errors.New("findings")

func main() {
	// A run makes much garbage and keeps little: collecting less often is worth a fifth of the time (docs/performance.md).
	debug.SetGCPercent(200)
	debug.SetMemoryLimit(1 << 30) // in tens of thousands of findings that garbage would be gigabytes
	if len(os.Args) == 2 && os.Args[1] == express.ChildArgument {
		os.Exit(serveMachine())
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// serveMachine is the child process in which the code of applications runs.
func serveMachine() int {
	if err := express.Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitTrouble
	}
	return exitClean
}

// run runs the command line and returns the exit status.
func run(args []string, in io.Reader, out, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(stderr)
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return exitClean
	case errors.Is(err, errFindings):
		return exitFindings
	default:
		fmt.Fprintf(stderr, "corslint: %s\n", strings.TrimPrefix(err.Error(), "corslint: "))
		return exitTrouble
	}
}

func newRoot() *cobra.Command {
	check := &checkCommand{}
	root := &cobra.Command{
		Use:   "corslint [check] [PATH...]",
		Short: "Finds what browsers refuse, and what strangers read, before it ships",
		Long: `corslint reads the configuration of everything that answers a browser's cross-origin request, predicts what each
layer answers and what the browser then does, and reports what goes wrong, each finding with the request that proves it.

Without a command it checks. Paths choose what is reported, never what is read.`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          check.run,
	}
	check.flags(root)
	root.AddCommand(newCheck(), newRequest(), newSimulate(), newJudge(), newPolicy(), newMatrix(), newInit(), newExplain(), newRules(), newBaseline(), newLSP(), newPlayground(), newConfig(), newVersion(), newMan())
	root.CompletionOptions.HiddenDefaultCmd = false
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; %s --help lists them", err, cmd.CommandPath())
	})
	return root
}
