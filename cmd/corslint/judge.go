package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/analyzers/browser"
)

func newJudge() *cobra.Command {
	var file, engineName string
	cmd := &cobra.Command{
		Use:   "judge [--batch FILE]",
		Short: "Why did the browser refuse this recording",
		Long: `judge reads recorded exchanges as JSON (docs/schema/judge.schema.json), one from standard input or many with --batch,
and says what the browser did with each: the verdict, the reason, the console line.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			engine, err := browser.ParseEngine(engineName)
			if err != nil {
				return err
			}
			judge := func(line []byte) (any, error) {
				var c browser.Case
				if err := decode(line, &c); err != nil {
					return nil, err
				}
				return browser.Judge(engine, c), nil
			}
			if file != "" {
				return batch(cmd, file, judge)
			}
			text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxLine))
			if err != nil {
				return err
			}
			result, err := judge(text)
			if err != nil {
				return err
			}
			return printJSON(cmd, result)
		},
	}
	cmd.Flags().StringVar(&file, "batch", "", "answer JSON lines from `FILE` (- is standard input)")
	addEngine(cmd, &engineName)
	return cmd
}

func addEngine(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "engine", string(browser.Chromium), "whose `BROWSER` rules apply: chromium, firefox, webkit or spec")
	var names []string
	for _, e := range browser.Engines() {
		names = append(names, string(e))
	}
	completes(cmd, "engine", names...)
}
