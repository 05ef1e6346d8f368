package main

import (
	"errors"
	"fmt"
	"path/filepath"

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
			Use:   "validate [PATH...]",
			Short: "List the mistakes of the configuration, with line and column",
			Long:  "validate lists the mistakes of the configuration files that hold for the paths, and of those that they extend.",
			RunE:  func(_ *cobra.Command, args []string) error { return validateConfig(args) },
		},
	)
	return cmd
}

// loadConfig reads the configuration that holds for a path: the defaults where there is none.
func loadConfig(args []string) (*config.Config, error) {
	_, projects, err := findProjects(args)
	if err != nil {
		return nil, err
	}
	return configOf(&projects[0])
}

// validateConfig returns an error that lists the mistakes in all configurations that hold for the paths.
func validateConfig(paths []string) error {
	here, projects, err := findProjects(paths)
	if err != nil {
		return err
	}
	var lines []error
	for i := range projects {
		mistakes, err := mistakesOf(&projects[i])
		if err != nil {
			return err
		}
		for _, m := range mistakes {
			name, at := filepath.Join(projects[i].Root, filepath.FromSlash(m.Span.Path())), m.Span.Position()
			if rel, err := filepath.Rel(here, name); err == nil {
				name = rel
			}
			lines = append(lines, fmt.Errorf("%s:%d:%d: %s", filepath.ToSlash(name), at.Line, at.Column, m.Text))
		}
	}
	return errors.Join(lines...)
}

// mistakesOf returns what is wrong with the configuration of a project, and its contract.
func mistakesOf(found *discovery.Project) (mistakes []config.Mistake, err error) {
	c, err := configOf(found)
	if broken, ok := errors.AsType[*config.Error](err); ok {
		return broken.Mistakes, nil
	}
	if err != nil || c.Contract == nil {
		return nil, err
	}
	for _, m := range c.Contract.Mistakes {
		mistakes = append(mistakes, config.Mistake(m))
	}
	return mistakes, nil
}

// configOf reads the configuration of a project.
func configOf(found *discovery.Project) (*config.Config, error) {
	p, err := openProject(found, &checkCommand{noBaseline: true})
	if err != nil {
		return nil, err
	}
	return p.config, p.close()
}
