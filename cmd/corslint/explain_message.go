package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/internal/devtools"
	"github.com/corslint/corslint/internal/diagnosis"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/reach"
)

// maxMessage bounds what is read of a pasted text.
const maxMessage = 1 << 20

// errNotRecognised is the error of a text in which nothing is known.
var errNotRecognised = errors.New("nothing in this text is what a browser prints about a refused request: copy the red line of the console, " +
	`from "Access to fetch at" or "Cross-Origin Request Blocked" on`)

// readMessage reads what somebody pastes: up to an empty line from a terminal, else all of standard input.
func readMessage(cmd *cobra.Command) (string, error) {
	in := cmd.InOrStdin()
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintln(cmd.ErrOrStderr(), "Paste the browser's message (Chrome, Edge, Firefox or Safari), then an empty line:")
		return untilEmptyLine(in)
	}
	text, err := io.ReadAll(io.LimitReader(in, devtools.MaxLog+1))
	if err != nil {
		return "", err
	}
	return string(text), nil
}

// untilEmptyLine reads lines until an empty one follows others.
func untilEmptyLine(in io.Reader) (string, error) {
	var text strings.Builder
	lines := bufio.NewReader(io.LimitReader(in, maxMessage))
	for {
		line, err := lines.ReadString('\n')
		text.WriteString(line)
		if errors.Is(err, io.EOF) || err == nil && strings.TrimSpace(line) == "" && strings.TrimSpace(text.String()) != "" {
			return text.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// explainMessage explains the messages in a text.
func (e *explanation) explainMessage(cmd *cobra.Command, text string) error {
	found := console.Read(text)
	if len(found) == 0 {
		return errNotRecognised
	}
	w, err := e.workshop(cmd)
	if err != nil {
		return err
	}
	for i := range found[:min(len(found), maxExplained)] {
		if i > 0 {
			fmt.Fprintln(w.out)
		}
		if len(found) > 1 {
			w.say("> ", "%s", shorten(found[i].Text, 500))
		}
		var project *reach.Project // what means the same everywhere needs none
		if diagnosis.Asks(&found[i]) {
			project = w.layers(cmd.Context())
		}
		w.print(cmd.Context(), diagnosis.Diagnose(cmd.Context(), project, found[i]))
	}
	if more := len(found) - maxExplained; more > 0 {
		fmt.Fprintf(w.out, "\n%d more messages are not explained\n", more)
	}
	return w.project.close()
}

// workshop is the project in which messages are explained. It is read when it is needed.
type workshop struct {
	out   io.Writer
	paths []string
	read  *reach.Project
	view
	*project
}

func (e *explanation) workshop(cmd *cobra.Command) (*workshop, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	w := &workshop{out: cmd.OutOrStdout(), paths: e.paths}
	if len(e.paths) > 0 {
		chain, err := readChain(cmd.Context(), e.paths, options{})
		if err != nil {
			return nil, err
		}
		w.read = &reach.Project{Chain: chain}
	}
	projects, err := discovery.Find(here, e.paths)
	if err != nil {
		return nil, err
	}
	p, err := openProject(&projects[0], &checkCommand{noBaseline: true})
	if err != nil {
		return nil, err
	}
	w.project = p
	w.view, err = viewOf(e.paths)
	return w, err
}

// layers returns what is known of who answers.
func (w *workshop) layers(ctx context.Context) *reach.Project {
	if w.read == nil {
		result := engine.Run(ctx, engine.Options{Files: w.tree, Dialects: dialects(w.options), Link: true, Named: w.wanted(), Contract: w.config.Contract})
		w.read = &reach.Project{Seats: result.Seats, Hosts: result.Hosts}
	}
	return w.read
}

// similar returns what is reported about the project that makes a browser print a message.
func (w *workshop) similar(ctx context.Context, m *console.Message) []*finding.Finding {
	report, _ := w.check(ctx, &checkCommand{pedantic: true, noBaseline: true}, nil)
	return slices.DeleteFunc(report.Findings, func(f *finding.Finding) bool { return !diagnosis.Concerns(f, m) })
}

// find returns what the disk says of a file of the project; nil if it is not there.
func (w *workshop) find(name string) os.FileInfo {
	for _, root := range w.roots {
		if info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err == nil {
			return info
		}
	}
	return nil
}
