package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/rules"
)

func newRules() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return rulesJSON(cmd)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, r := range rules.All() {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Name, r.Category, r.Severity, r.Title)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func rulesJSON(cmd *cobra.Command) error {
	type rule struct {
		Name     string   `json:"name"`
		Aliases  []string `json:"aliases,omitempty"`
		Title    string   `json:"title"`
		Category string   `json:"category"`
		Severity string   `json:"severity"`
		Since    string   `json:"since"`
	}
	list := []rule{}
	for _, r := range rules.All() {
		list = append(list, rule{r.Name, r.Aliases, r.Title, string(r.Category), r.Severity.String(), r.Since})
	}
	e := json.NewEncoder(cmd.OutOrStdout())
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(list)
}
