package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// Set by the release build (.goreleaser.yaml); a build from source knows them from the module and the repository.
var (
	version = ""
	commit  = ""
	// date is that of the commit, not of the build: whoever builds a release again gets the same bytes.
	date = ""
)

// build is what is known about where a binary comes from. Unknown parts are empty, but Version.
type build struct {
	Version string // "1.2.3", "v1.2.3" of the module, or "devel"
	Commit  string // ends with "+changes" when the source was not what is committed
	Date    string // of the commit, RFC 3339
}

// thisBuild returns where this binary comes from.
func thisBuild() build {
	b := build{version, commit, date}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "devel"
	}
	if b.Commit != "" {
		return b
	}
	changed := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			changed = s.Value == "true"
		}
	}
	if changed {
		b.Commit += "+changes"
	}
	return b
}

// String is the one line that corslint version prints.
func (b build) String() string {
	parts := []string{runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	if b.Commit != "" {
		parts = append([]string{"commit " + b.Commit, "built from the source of " + b.Date}, parts...)
	}
	return fmt.Sprintf("corslint %s (%s)", b.Version, strings.Join(parts, ", "))
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and the date of its source",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), thisBuild())
			return err
		},
	}
}
