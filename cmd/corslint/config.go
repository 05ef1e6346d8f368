package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/discovery"
)

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show or check the configuration",
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "show [PATH]",
			Short: "Print every value that is in force, with the line it comes from",
			Args:  cobra.MaximumNArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				c, err := loadConfig(args)
				if err != nil {
					return err
				}
				for _, s := range c.Settings() {
					fmt.Fprintln(cmd.OutOrStdout(), s)
				}
				return nil
			},
		},
		&cobra.Command{
			Use:   "validate [PATH]",
			Short: "List the mistakes of the configuration, with line and column",
			Args:  cobra.MaximumNArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				c, err := loadConfig(args)
				if err != nil || c.Contract == nil {
					return err
				}
				var mistakes []string
				for _, m := range c.Contract.Mistakes {
					at := m.Span.Position()
					mistakes = append(mistakes, fmt.Sprintf("%s:%d:%d: %s", m.Span.Path(), at.Line, at.Column, m.Text))
				}
				if len(mistakes) > 0 {
					return errors.New(strings.Join(mistakes, "\n"))
				}
				return nil
			},
		},
	)
	return cmd
}

// loadConfig reads the configuration that holds for a path: the defaults where there is none.
func loadConfig(args []string) (*config.Config, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	projects, err := discovery.Find(here, args)
	if err != nil {
		return nil, err
	}
	p, err := openProject(&projects[0], &checkCommand{noBaseline: true})
	if err != nil {
		return nil, err
	}
	return p.config, p.close()
}
