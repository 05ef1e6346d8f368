package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/internal/matrix"
	"github.com/corslint/corslint/internal/source"
)

func newMatrix() *cobra.Command {
	var format, check string
	var strict bool
	cmd := &cobra.Command{
		Use:   "matrix [PATH]",
		Short: "What each frontend needs in each environment, and what the browser does",
		Long: `matrix shows the contract of .corslint.yml as a table: frontend, operation and environment, and whether the browser allows it.

The exit status is 1 when a cell is blocked; with --strict also when one is not known or a header cannot be read.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			here, projects, err := findProjects(paths)
			if err != nil {
				return err
			}
			c := &checkCommand{noBaseline: true}
			p, err := openProject(&projects[0], c)
			if err != nil {
				return err
			}
			table, err := p.matrix(cmd, c, format == "html")
			if err := errors.Join(err, p.close()); err != nil {
				return err
			}
			if check != "" {
				return checkMatrix(cmd.OutOrStdout(), table, check, p.Root)
			}
			if err := writeMatrix(cmd.OutOrStdout(), table, format, p.base(here)); err != nil {
				return err
			}
			if table.Fails(strict) {
				return errFindings
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the table: text, markdown, json or html")
	completes(cmd, "format", "text", "markdown", "json", "html")
	cmd.Flags().StringVar(&check, "check", "", "fail when the table in the Markdown document `FILE` is not the present one, and say which cells differ")
	cmd.Flags().BoolVar(&strict, "strict", false, "what is not known or not readable makes the exit status 1, too")
	return cmd
}

// matrix makes the table of a project's contract. What is wrong with the contract itself is said beside it.
func (p *project) matrix(cmd *cobra.Command, c *checkCommand, witnesses bool) (*matrix.Table, error) {
	if p.config.Contract == nil {
		return nil, errors.New("there is no contract: describe the frontends and APIs in .corslint.yml, or let corslint init begin it")
	}
	b := matrix.New(p.config.Contract, witnesses)
	c.agreed = b.Add
	o := p.analyze(cmd.Context(), c, nil)
	for _, m := range o.Mistakes {
		at := m.Span.Position()
		fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d:%d: %s\n", m.Span.Path(), at.Line, at.Column, m.Text)
	}
	return b.Table(), nil
}

func writeMatrix(w io.Writer, t *matrix.Table, format, base string) error {
	switch format {
	case "text":
		return t.WriteText(w, func(s source.Span) string { return fmt.Sprintf("%s:%d", relative(base, s.Path()), s.Position().Line) })
	case "markdown":
		return t.WriteMarkdown(w, base)
	case "json":
		return t.WriteJSON(w)
	case "html":
		return t.WriteHTML(w)
	}
	return fmt.Errorf("--format %q: want text, markdown, json or html", format)
}

// checkMatrix compares the table with the one in a document of the project.
func checkMatrix(w io.Writer, t *matrix.Table, file, root string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	dir := ""
	if rel, err := filepath.Rel(root, filepath.Dir(abs)); err == nil && rel != "." && !strings.HasPrefix(rel, "..") {
		dir = filepath.ToSlash(rel)
	}
	changes, found := t.Changes(string(text), dir)
	switch {
	case !found:
		return fmt.Errorf("%s holds no table of corslint matrix --format markdown", file)
	case len(changes) == 0:
		return nil
	}
	for _, change := range changes {
		fmt.Fprintln(w, change)
	}
	return errFindings
}

// relative returns a path of the project as it is from the working directory, which base names as it is from the root.
func relative(base, name string) string {
	rel, err := filepath.Rel(filepath.FromSlash(base), filepath.FromSlash(name))
	if err != nil {
		return name // the root is below the working directory
	}
	return filepath.ToSlash(rel)
}
