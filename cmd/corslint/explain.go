package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/analyzers/console"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/report"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/rules"
)

func newExplain() *cobra.Command {
	e := &explanation{}
	cmd := &cobra.Command{
		Use:   "explain [RULE | FILE:LINE | MESSAGE | FILE.har] [PATH...]",
		Short: "Explain a rule, all that is reported at a line, or what a browser printed",
		Long: `explain says what a rule is about, what is reported at a line of a file, or why a browser printed what it printed.

Without an argument it reads the browser's message from standard input: paste the red lines of the console of Chrome, Edge,
Firefox or Safari, whatever stands around them. It finds out who in this project answers the URL, asks it as the browser
did, and says what makes the browser refuse the answer, what to change, and what is in the way after that. FILE.har is a
network log that a browser saved; each refused request in it is explained. PATHs, when given, are the chain, outermost first.

Exit status: 0 when the message was recognised, 2 when not.`,
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, r := range rules.All() {
				names = append(names, r.Name+"\t"+r.Title)
			}
			return names, cobra.ShellCompDirectiveDefault
		},
		RunE: e.run,
	}
	cmd.Flags().StringVar(&e.har, "har", "", "explain the refused requests in `FILE`, a network log (- is standard input)")
	return cmd
}

// explanation is what explain is asked for.
type explanation struct {
	har   string
	paths []string // the chain; none: whatever the project has
}

// run finds out what is to be explained: a name that is a rule's is a rule, and what a browser prints is no file.
func (e *explanation) run(cmd *cobra.Command, args []string) error {
	if e.har != "" {
		e.paths = args
		return e.explainHAR(cmd, e.har)
	}
	if len(args) == 0 || args[0] == "-" {
		text, err := readMessage(cmd)
		if err != nil {
			return err
		}
		e.paths = args[min(1, len(args)):]
		if looksLikeHAR(text) {
			return e.explainLog(cmd, strings.NewReader(text))
		}
		return e.explainMessage(cmd, text)
	}
	subject, paths := args[0], args[1:]
	e.paths = paths
	if r, ok := rules.Lookup(subject); ok {
		explainRule(cmd.OutOrStdout(), r)
		return nil
	}
	if strings.EqualFold(filepath.Ext(subject), ".har") {
		return e.explainHAR(cmd, subject)
	}
	if found := console.Read(subject); len(found) > 0 && found[0].Kind != console.Symptom {
		return e.explainMessage(cmd, subject)
	}
	if file, line, ok := fileLine(subject); ok {
		return explainLine(cmd, file, line)
	}
	if strings.ContainsAny(subject, " \n") {
		return e.explainMessage(cmd, subject)
	}
	return explainFamily(cmd.OutOrStdout(), subject)
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
		hint := "corslint rules lists the rules"
		if near := ruleNames().Nearest(key); near != "" {
			hint = "did you mean " + near + "?"
		}
		return fmt.Errorf("%q is no rule, no FILE:LINE and nothing that a browser prints; %s", word, hint)
	}
	return nil
}

// explainLine explains every finding that has a place at a line, shown by default or not.
func explainLine(cmd *cobra.Command, file string, line int) error {
	here, projects, err := findProjects([]string{file})
	if err != nil {
		return err
	}
	c := &checkCommand{pedantic: true, noBaseline: true}
	p, err := openProject(&projects[0], c)
	if err != nil {
		return err
	}
	r, _ := p.check(cmd.Context(), c, nil)
	at := func(s source.Span) bool {
		return p.Contains(s.Path()) && s.Position().Line <= line && line <= s.EndPosition().Line
	}
	options := report.Options{Verbose: true, Base: p.base(here), GitHubActions: os.Getenv("GITHUB_ACTIONS") == "true"}
	options.GOOS = runtime.GOOS
	terminal(cmd.OutOrStdout(), "auto", &options)
	found := 0
	for _, f := range r.Findings {
		if !at(f.Place) && !slices.ContainsFunc(f.Related, func(x finding.Related) bool { return at(x.Span) }) {
			continue
		}
		if !f.Shown() {
			f.Offer = finding.Offer{} // --fix repairs what is shown
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
