package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
)

func newPolicy() *cobra.Command {
	q := &queryFlags{}
	var program bool
	cmd := &cobra.Command{
		Use:   "policy PATH...",
		Short: "The effective policy, endpoint by endpoint",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			options, err := q.options()
			if err != nil {
				return err
			}
			chain, err := readChain(cmd.Context(), paths, options)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, layer := range chain[0].Layers {
				if program {
					fmt.Fprintf(out, "%s\n%s\n", layer.Name, layer.Answerer)
					continue
				}
				printPolicy(out, probe.Run(cmd.Context(), chain, layer, nil))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&q.nginxVersion, "nginx-version", "", "the nginx `VERSION` that the configuration is for")
	cmd.Flags().BoolVar(&program, "program", false, "print what the configuration was lowered to")
	return cmd
}

// printPolicy prints what each endpoint of a layer allows, as its answers to an origin that is meant show it.
func printPolicy(out io.Writer, s *probe.Survey) {
	fmt.Fprintf(out, "%s %s (%s:%d)\n", s.Host.Name, s.Layer.Name, s.Layer.Span.Path(), s.Layer.Span.Position().Line)
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	for _, e := range s.Endpoints {
		fmt.Fprintf(w, "  %s\n", e.Pattern)
		fmt.Fprintf(w, "    origins\t%s\n", who(e))
		for _, method := range []string{"OPTIONS", "GET"} {
			for i := range e.Answers {
				a := &e.Answers[i]
				if a.Method == method && (len(e.Intent.Origins) == 0 || a.Origin == e.Intent.Origins[0]) {
					fmt.Fprintf(w, "    %s\t%s\n", method, answer(&a.Outcome))
					for _, h := range a.Outcome.Headers {
						if strings.HasPrefix(strings.ToLower(h.Name), "access-control-") || strings.EqualFold(h.Name, "vary") {
							fmt.Fprintf(w, "      %s\t%s\t%s\n", h.Name, printable(h.Value.String()), places(h))
						}
					}
					for _, l := range a.Outcome.Lost {
						fmt.Fprintf(w, "    - %s\t%s\t%s:%d, %s\n", l.Header, printable(l.Value.String()), l.At.Path(), l.At.Position().Line, l.Why)
					}
				}
			}
		}
	}
	if rest := s.Total - len(s.Endpoints); rest > 0 {
		fmt.Fprintf(w, "  %d more without any CORS header\n", rest)
	}
	_ = w.Flush() // the writer below reports its own errors
}

func who(e *probe.Endpoint) string {
	list := strings.Join(e.Intent.Origins, ", ")
	if e.Intent.Anybody {
		list = "anybody"
	}
	if e.WithCredentials() {
		list += ", with credentials"
	}
	return list
}

func answer(o *policy.Outcome) string {
	d := exchange.Response(o)
	switch {
	case d.Status == nil:
		return "whatever " + o.Open.Subject + " answers"
	case *d.Status == 0:
		return "the connection is closed"
	}
	return fmt.Sprint(*d.Status)
}
