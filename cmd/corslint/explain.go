package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/report"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/rules"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE | FILE:LINE",
		Short: "Explain a rule, or all that is reported at a line",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, r := range rules.All() {
				names = append(names, r.Name+"\t"+r.Title)
			}
			return names, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if r, ok := rules.Lookup(args[0]); ok {
				explainRule(cmd.OutOrStdout(), r)
				return nil
			}
			if file, line, ok := fileLine(args[0]); ok {
				return explainLine(cmd, file, line)
			}
			return explainFamily(cmd.OutOrStdout(), args[0])
		},
	}
}

// fileLine splits FILE:LINE, or FILE:LINE:COLUMN as findings are printed.
func fileLine(arg string) (file string, line int, ok bool) {
	parts := strings.Split(arg, ":")
	for n := len(parts) - 1; n > 0; n-- {
		number, err := strconv.Atoi(parts[n])
		if err != nil {
			return file, line, ok
		}
		file, line, ok = strings.Join(parts[:n], ":"), number, true
	}
	return file, line, ok
}

func explainRule(out io.Writer, r *rules.Rule) {
	fmt.Fprintf(out, "%s   %s, %s\n%s\n", r.Name, r.Severity, r.Category, r.Title)
	for line := range strings.Lines(strings.TrimSpace(r.Doc)) {
		fmt.Fprint(out, strings.TrimPrefix(line, "## "))
	}
	fmt.Fprintln(out)
	for _, e := range r.Examples {
		kind := "Reported"
		if e.Good() {
			kind = "Fine"
		}
		fmt.Fprintf(out, "\n%s: %s\n", kind, e.Name)
		for line := range strings.Lines(e.Text) {
			fmt.Fprint(out, "    ", line)
		}
	}
	for _, ref := range r.Refs {
		fmt.Fprintf(out, "\n%s", ref)
	}
	if len(r.Refs) > 0 {
		fmt.Fprintln(out)
	}
	if len(r.Aliases) > 0 {
		fmt.Fprintf(out, "also known as %s\n", strings.Join(r.Aliases, ", "))
	}
}

// families are abbreviations that people search by.
var families = map[string]string{
	"acao": "allow-origin", "acac": "allow-credentials", "acam": "allow-methods", "acah": "allow-headers", "aceh": "expose-headers",
	"options": "preflight",
}

// explainFamily lists the rules whose names hold a word.
func explainFamily(out io.Writer, word string) error {
	key := strings.ToLower(word)
	if full, ok := families[key]; ok {
		key = full
	}
	found := false
	for _, r := range rules.All() {
		if strings.Contains(r.Name, key) || slices.ContainsFunc(r.Aliases, func(a string) bool { return strings.Contains(a, key) }) {
			fmt.Fprintf(out, "%-40s %s\n", r.Name, r.Title)
			found = true
		}
	}
	if !found {
		return fmt.Errorf("%q is no rule and no FILE:LINE; corslint rules lists the rules", word)
	}
	return nil
}

// explainLine explains every finding that has a place at a line, shown by default or not.
func explainLine(cmd *cobra.Command, file string, line int) error {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	projects, err := discovery.Find(here, []string{file})
	if err != nil {
		return err
	}
	c := &checkCommand{pedantic: true, noBaseline: true}
	p, err := openProject(&projects[0], c)
	if err != nil {
		return err
	}
	r := p.check(cmd.Context(), c, nil)
	at := func(s source.Span) bool {
		return p.Contains(s.Path()) && s.Position().Line <= line && line <= s.EndPosition().Line
	}
	options := report.Options{Verbose: true, Base: p.base(here), GitHubActions: os.Getenv("GITHUB_ACTIONS") == "true"}
	terminal(cmd.OutOrStdout(), "auto", &options)
	found := 0
	for _, f := range r.Findings {
		if !at(f.Place) && !slices.ContainsFunc(f.Related, func(x finding.Related) bool { return at(x.Span) }) {
			continue
		}
		if found++; found > 1 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		if err := report.Explain(cmd.OutOrStdout(), r, f, options); err != nil {
			return err
		}
	}
	if found == 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "nothing is reported at %s:%d\n", filepath.ToSlash(file), line)
	}
	return p.close()
}
