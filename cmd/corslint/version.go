package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the release build; a build from source takes it from the module.
var version = ""

// buildVersion returns the version, and the commit and date of the source where they are known.
func buildVersion() (number, commit, date string) {
	number = version
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return number, "", ""
	}
	if number == "" {
		number = info.Main.Version
	}
	if number == "" || number == "(devel)" {
		number = "devel"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.time":
			date = s.Value
		}
	}
	return number, commit, date
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			number, commit, date := buildVersion()
			text := "corslint " + number
			if commit != "" {
				text += fmt.Sprintf(" (%.12s, %s)", commit, date)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), text)
			return err
		},
	}
}
