package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newMan is hidden: it is for those who make packages. Its pages are written here, and not with cobra/doc, which would bring
// a Markdown parser and a second YAML library into a program that people compile for a hook.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIRECTORY",
		Short:  "Write the manual pages into a directory",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			root.InitDefaultCompletionCmd() // of the root alone: each command below would get one
			return writeManual(args[0], root, thisBuild())
		},
	}
}

// writeManual writes the page of a command and those of its subcommands.
func writeManual(dir string, cmd *cobra.Command, b build) error {
	name := filepath.Join(dir, pageName(cmd)+".1")
	failures := []error{os.WriteFile(name, []byte(manualPage(cmd, b)), 0o644)}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			failures = append(failures, writeManual(dir, sub, b))
		}
	}
	return errors.Join(failures...)
}

// pageName is the command line of a command with dashes, as "man git-log" has it.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manualPage returns a command's page in the man macros (man 7 man), without the date of today: the same source gives the
// same page.
func manualPage(cmd *cobra.Command, b build) string {
	day, _, _ := strings.Cut(b.Date, "T")
	var page strings.Builder
	fmt.Fprintf(&page, ".TH %q 1 %q %q\n", strings.ToUpper(pageName(cmd)), day, "corslint "+b.Version)
	fmt.Fprintf(&page, ".SH NAME\n%s \\- %s\n", roff(pageName(cmd)), roff(cmd.Short))
	fmt.Fprintf(&page, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(&page, ".SH DESCRIPTION\n%s\n", strings.ReplaceAll(roff(text), "\n\n", "\n.PP\n"))
	writeFlags(&page, "OPTIONS", cmd.NonInheritedFlags())
	writeFlags(&page, "OPTIONS OF ALL COMMANDS", cmd.InheritedFlags())
	if cmd.Example != "" {
		fmt.Fprintf(&page, ".SH EXAMPLES\n.EX\n%s\n.EE\n", roff(cmd.Example))
	}
	if !cmd.HasParent() {
		page.WriteString(".SH EXIT STATUS\n0 without findings at or above \\-\\-fail\\-on, 1 with some, 2 when corslint could not do its work.\n")
	}
	if related := seeAlso(cmd); len(related) > 0 {
		fmt.Fprintf(&page, ".SH SEE ALSO\n%s\n", strings.Join(related, ",\n"))
	}
	return page.String()
}

func writeFlags(page *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(page, ".SH %s\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(page, ".TP\n\\fB%s\\fR", roff(name))
		if value != "" {
			fmt.Fprintf(page, " \\fI%s\\fR", roff(value))
		}
		fmt.Fprintf(page, "\n%s\n", roff(usage))
	})
}

// seeAlso returns the pages above and below a command's.
func seeAlso(cmd *cobra.Command) []string {
	var related []string
	add := func(c *cobra.Command) { related = append(related, fmt.Sprintf("\\fB%s\\fR(1)", roff(pageName(c)))) }
	if cmd.HasParent() {
		add(cmd.Parent())
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			add(sub)
		}
	}
	return related
}

// roff returns a text in which nothing is a request or an escape of roff, and a dash is one that can be copied.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
