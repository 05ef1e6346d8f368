package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/corslint/corslint/internal/report"
)

// output is one report to write.
type output struct {
	format report.Format
	file   string // "" is standard output
}

func (c *checkCommand) outputs() ([]output, error) {
	if len(c.formats) == 0 {
		c.formats = []string{"text"}
	}
	var out []output
	for _, text := range c.formats {
		name, file, _ := strings.Cut(text, "=")
		format, ok := report.LookupFormat(name)
		if !ok {
			return nil, fmt.Errorf("--format %q: there is no such format; --format help lists them", name)
		}
		out = append(out, output{format, file})
	}
	return out, nil
}

// wants reports whether a format is asked for.
func (c *checkCommand) wants(format string) bool {
	return slices.ContainsFunc(c.formats, func(f string) bool { return f == format || strings.HasPrefix(f, format+"=") })
}

// listFormats prints what there is to choose from.
func listFormats(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range report.Formats() {
		fmt.Fprintf(w, "%s\t%s\n", f.Name, f.Help)
	}
	return w.Flush()
}

// write writes the reports of a project.
func (c *checkCommand) write(cmd *cobra.Command, p *project, r *report.Report, outputs []output, here string) error {
	summary, err := stepSummary()
	if err != nil {
		return err
	}
	if summary != nil {
		defer summary.Close()
	}
	for _, o := range outputs {
		options := report.Options{Verbose: c.verbose, CI: os.Getenv("CI") != "", Hook: os.Getenv("PRE_COMMIT") != "",
			GitHubActions: os.Getenv("GITHUB_ACTIONS") == "true", Base: p.base(here)}
		if summary != nil {
			options.Summary = summary
		}
		if o.file == "" {
			options.GOOS = runtime.GOOS
			terminal(cmd.OutOrStdout(), c.color, &options)
			if hint := redirectionHint(runtime.GOOS, o.format.Name, isTerminal(cmd.OutOrStdout())); hint != "" {
				fmt.Fprintln(cmd.ErrOrStderr(), hint)
			}
			if err := o.format.Write(cmd.OutOrStdout(), r, options); err != nil {
				return err
			}
			continue
		}
		var b bytes.Buffer
		options.GitHubActions = false
		if err := o.format.Write(&b, r, options); err != nil {
			return err
		}
		if err := os.WriteFile(o.file, b.Bytes(), 0o666); err != nil {
			return err
		}
	}
	if text := report.NothingToCheck(r); text != "" && isTerminal(cmd.ErrOrStderr()) {
		fmt.Fprintln(cmd.ErrOrStderr(), text)
	}
	return nil
}

// redirectionHint returns what to say about a report that is redirected; "" for nothing. The ">" of Windows PowerShell 5.1
// writes UTF-16, which code scanning and editors refuse in a SARIF file.
func redirectionHint(goos, format string, terminal bool) string {
	if goos != "windows" || format != "sarif" || terminal {
		return ""
	}
	return "corslint: if this is redirected by PowerShell, write the file with --format sarif=FILE instead: code scanning reads no UTF-16"
}

// stepSummary opens the file in which GitHub Actions wants the summary of a step; nil outside of it.
func stepSummary() (*os.File, error) {
	name := os.Getenv("GITHUB_STEP_SUMMARY")
	if name == "" || os.Getenv("GITHUB_ACTIONS") != "true" {
		return nil, nil
	}
	return os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminal sets the options that depend on where a report is read.
func terminal(w io.Writer, color string, o *report.Options) {
	tty := isTerminal(w)
	if tty {
		if width, _, err := term.GetSize(int(w.(*os.File).Fd())); err == nil {
			o.Width = width
		}
		locale := os.Getenv("LC_ALL") + os.Getenv("LC_CTYPE") + os.Getenv("LANG")
		o.Unicode = strings.Contains(strings.ToUpper(strings.ReplaceAll(locale, "-", "")), "UTF8")
		o.Links = true
	}
	switch color {
	case "always":
		o.Color = true
	case "never":
	default:
		o.Color = tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
}

// progress returns what shows, on a terminal, how far a run is that takes more than a second; nil elsewhere.
func progress(w io.Writer) func(done, total int) {
	if !isTerminal(w) {
		return nil
	}
	started := time.Now()
	return func(done, total int) {
		if time.Since(started) < time.Second {
			return
		}
		switch {
		case done == total:
			fmt.Fprint(w, "\r\x1b[K")
		case done%256 == 0:
			fmt.Fprintf(w, "\r%d of %d files", done, total)
		}
	}
}
