package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/internal/who"
)

func newPolicy() *cobra.Command {
	q := &queryFlags{}
	var program, readers, verbose bool
	var format string
	cmd := &cobra.Command{
		Use:   "policy [PATH...]",
		Short: "The effective policy, endpoint by endpoint",
		Long: `policy shows what each endpoint answers to a page that is meant. Several paths are a chain, outermost first.

With --who it shows who may read each endpoint and with what, which strangers were tried and refused, and where that is decided.
Then one path, or none, is a project: each layer is looked at through the one that stands in front of it.`,
		Args: func(_ *cobra.Command, paths []string) error {
			if len(paths) == 0 && !readers {
				return errors.New("policy needs a path, or --who for the whole project")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, paths []string) error {
			options, err := q.options()
			if err != nil {
				return err
			}
			if readers {
				return showReaders(cmd, paths, options, format, verbose)
			}
			chain, err := readChain(cmd.Context(), paths, options)
			if err != nil {
				return err
			}
			v, err := viewOf(paths)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, layer := range chain[0].Layers {
				if program {
					printProgram(out, v, layer)
					continue
				}
				printPolicy(out, v, probe.Run(cmd.Context(), chain, layer, nil))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&q.nginxVersion, "nginx-version", "", "the nginx `VERSION` that the configuration is for")
	cmd.Flags().BoolVar(&program, "program", false, "print what the configuration was lowered to; of an application, the routes that it registers")
	cmd.Flags().BoolVar(&readers, "who", false, "show who may read each endpoint, and who was refused")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "with --who, the page that each stranger would host")
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of --who: text or json")
	return cmd
}

// showReaders shows who may read the endpoints of a chain, or of a project.
func showReaders(cmd *cobra.Command, paths []string, o options, format string, verbose bool) error {
	if format != "text" && format != "json" {
		return fmt.Errorf("--format %q: want text or json", format)
	}
	var layers []who.Layer
	ask := func(chain exchange.Chain) {
		for _, layer := range chain[0].Layers {
			layers = append(layers, who.Of(cmd.Context(), chain, layer))
		}
	}
	base := ""
	if len(paths) > 1 {
		chain, err := readChain(cmd.Context(), paths, o)
		if err != nil {
			return err
		}
		ask(exchange.Chain{chain.Compose(cmd.Context())})
	} else {
		seats, root, err := readProject(cmd.Context(), paths, o)
		if err != nil {
			return err
		}
		base = root
		for _, host := range seats {
			ask(exchange.Chain{host})
		}
	}
	if format == "json" {
		return who.WriteJSON(cmd.OutOrStdout(), layers)
	}
	return who.WriteText(cmd.OutOrStdout(), layers, func(s source.Span) string { return fmt.Sprintf("%s:%d", relative(base, s.Path()), s.Position().Line) }, verbose)
}

// printProgram prints what a layer answers by. An application has no program: its own code is run for each request.
func printProgram(out io.Writer, v view, layer *policy.Layer) {
	if program, ok := layer.Answerer.(*policy.Program); ok {
		fmt.Fprintf(out, "%s\n%s\n", layer.Name, program)
		return
	}
	fmt.Fprintf(out, "%s: no program, its code is run for each request; it has\n", layer.Name)
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	for _, e := range layer.Endpoints {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", cmp.Or(strings.Join(e.Methods, ", "), "any"), e.Pattern, v.place(e.Span))
	}
	_ = w.Flush() // the writer below reports its own errors
}

// printPolicy prints what each endpoint of a layer allows, as its answers to an origin that is meant show it.
func printPolicy(out io.Writer, v view, s *probe.Survey) {
	fmt.Fprintf(out, "%s %s (%s)\n", s.Host.Name, s.Layer.Name, v.place(s.Layer.Span))
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	for _, e := range s.Endpoints {
		fmt.Fprintf(w, "  %s\n", e.Pattern)
		fmt.Fprintf(w, "    origins\t%s\n", letsIn(e))
		for _, method := range []string{"OPTIONS", "GET"} {
			for i := range e.Answers {
				a := &e.Answers[i]
				if a.Method == method && (len(e.Intent.Origins) == 0 || a.Origin == e.Intent.Origins[0]) {
					fmt.Fprintf(w, "    %s\t%s\n", method, answer(&a.Outcome))
					for _, h := range a.Outcome.Headers {
						if strings.HasPrefix(strings.ToLower(h.Name), "access-control-") || strings.EqualFold(h.Name, "vary") {
							fmt.Fprintf(w, "      %s\t%s\t%s\n", h.Name, printable(h.Value.String()), v.places(h))
						}
					}
					for _, l := range a.Outcome.Lost {
						fmt.Fprintf(w, "    - %s\t%s\t%s, %s\n", l.Header, printable(l.Value.String()), v.place(l.At), l.Why)
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

func letsIn(e *probe.Endpoint) string {
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
