package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/internal/begin"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/rules"
)

func newInit() *cobra.Command {
	var printed bool
	var layer string
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Begin a .corslint.yml from what the project shows",
		Long: `init writes a first .corslint.yml with a contract: which frontends ask which APIs, in which environments and through which layers.
It takes them from what it finds: origins that are let in, addresses at which layers listen, who stands behind whom, OpenAPI
documents, calls in client code, development servers. Comments say where each value comes from.

With --layer it writes a file that declares a server which corslint cannot read. What is there already is never overwritten.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			file, text := filepath.Join(dir, discovery.ConfigName), ""
			if layer != "" {
				var err error
				if file, text, err = begin.Layer(layer); err != nil {
					return err
				}
				file = filepath.Join(dir, file)
			} else if _, err := os.Lstat(file); err == nil && !printed {
				return there(file)
			} else {
				var err error
				if text, err = firstConfig(cmd.Context(), dir); err != nil {
					return err
				}
			}
			if printed {
				_, err := fmt.Fprint(cmd.OutOrStdout(), text)
				return err
			}
			return create(cmd, file, text, layer != "")
		},
	}
	cmd.Flags().BoolVar(&printed, "print", false, "print the file instead of writing it")
	cmd.Flags().StringVar(&layer, "layer", "", "begin the file of a layer called `NAME` instead")
	return cmd
}

// create writes a file that is not there yet.
func create(cmd *cobra.Command, file, text string, layer bool) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return there(file)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	next := "read it, correct it, then: corslint matrix"
	if dir := path.Dir(filepath.ToSlash(file)); dir != "." {
		next += " " + dir
	}
	if layer {
		next = "say what it answers, then name it in the chain of an API"
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s; %s\n", filepath.ToSlash(file), next)
	return err
}

func there(file string) error {
	return fmt.Errorf("%s is there already and stays as it is; --print shows what would be written", filepath.ToSlash(file))
}

// firstConfig returns the text of a first configuration of a directory.
func firstConfig(ctx context.Context, dir string) (string, error) {
	_, projects, err := findProjects([]string{dir})
	if err != nil {
		return "", err
	}
	p, err := openProject(&projects[0], &checkCommand{noBaseline: true})
	if err != nil {
		return "", err
	}
	project := begin.Project{Files: p.tree, Dir: p.Named[0]}
	result := engine.Run(ctx, engine.Options{
		Files: p.tree, Dialects: dialects(p.options), Rules: []*rules.Rule{}, Link: true, Named: p.Contains,
		Surveyed: func(of engine.Surveyed) { project.Surveys = append(project.Surveys, of.Survey) },
	})
	project.Units = result.Units
	text := project.Config(ctx)
	return text, p.close()
}
