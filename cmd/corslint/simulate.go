package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
)

func newSimulate() *cobra.Command {
	q := &queryFlags{}
	var engineName, origin, credentials, mode, redirect, initiator, body, expect string
	cmd := &cobra.Command{
		Use:   "simulate PATH... --url URL --origin ORIGIN",
		Short: "Would the browser allow it (fetch, against a configuration)",
		Long: `simulate predicts a browser's fetch: the preflight and its answer, the request and its redirects, the verdict and the
console line. The paths are the chain, outermost first.

Exit status: 0 allowed, 1 blocked or unknown; with --expect, 0 when the verdict is the expected one and 1 otherwise.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if expect != "" && !slices.Contains([]string{"allowed", "blocked", "unknown"}, expect) {
				return fmt.Errorf("--expect %q: want allowed, blocked or unknown", expect)
			}
			engine, err := browser.ParseEngine(engineName)
			if err != nil {
				return err
			}
			options, err := q.options()
			if err != nil {
				return err
			}
			chain, err := readChain(cmd.Context(), paths, options)
			if err != nil {
				return err
			}
			simulate := func(d exchange.FetchDocument) (exchange.Exchange, error) {
				f, err := d.Fetch()
				if err != nil {
					return exchange.Exchange{}, err
				}
				return exchange.Simulate(cmd.Context(), engine, chain, f, exchange.Options{})
			}
			if q.batch != "" {
				return batch(cmd, q.batch, func(line []byte) (any, error) {
					var d exchange.FetchDocument
					if err := decode(line, &d); err != nil {
						return nil, err
					}
					x, err := simulate(d)
					if err != nil {
						return nil, err
					}
					return x.Document(d.ID), nil
				})
			}
			headers, err := fields(q.headers)
			if err != nil {
				return err
			}
			if q.url == "" || origin == "" {
				return fmt.Errorf("simulate needs --url and --origin, or --batch")
			}
			d := exchange.FetchDocument{URL: q.url, Method: q.method, Origin: origin, Headers: headers, Credentials: credentials,
				Mode: mode, Redirect: redirect, Initiator: initiator, Circumstances: q.circumstances}
			if cmd.Flags().Changed("body") {
				d.Body = &body
			}
			x, err := simulate(d)
			if err != nil {
				return err
			}
			if q.json {
				err = printJSON(cmd, x.Document(""))
			} else {
				printExchange(cmd.OutOrStdout(), &x)
			}
			if err != nil {
				return err
			}
			if verdict := string(x.Verdict()); expect == "" && verdict != "allowed" || expect != "" && verdict != expect {
				return errFindings
			}
			return nil
		},
	}
	q.add(cmd)
	addEngine(cmd, &engineName)
	f := cmd.Flags()
	f.StringVar(&origin, "origin", "", "the page's `ORIGIN`")
	f.StringVar(&credentials, "credentials", "", "the credentials `MODE`: omit, same-origin or include")
	f.StringVar(&mode, "mode", "", "the request `MODE`: cors, no-cors or same-origin")
	f.StringVar(&redirect, "redirect", "", "the redirect `MODE`: follow, error or manual")
	f.StringVar(&initiator, "initiator", "", "fetch or xhr")
	f.StringVar(&body, "body", "", "the request `BODY`")
	f.StringVar(&expect, "expect", "", "the `VERDICT` that it must have: allowed, blocked or unknown")
	return cmd
}

// printExchange prints an exchange for people: the verdict, then each outcome with its messages and all walls in order.
func printExchange(out io.Writer, x *exchange.Exchange) {
	method := x.Fetch.Method
	if method == "" {
		method = "GET"
	}
	credentials := ""
	if x.Fetch.Credentials == browser.CredentialsInclude {
		credentials = ", with credentials"
	}
	fmt.Fprintf(out, "%-8s  %s %s from %s%s\n", x.Verdict(), method, printable(x.Fetch.URL), printable(x.Fetch.Origin), credentials)
	for i := range x.Outcomes {
		o := &x.Outcomes[i]
		if len(x.Outcomes) > 1 {
			fmt.Fprintf(out, "\n%s, if %s\n", o.Result.Verdict, assuming(o.Assuming))
		}
		w := x.Witness(o, "server")
		for _, step := range w.Steps {
			if step.To == "" {
				fmt.Fprintf(out, "  %-18s %s\n", step.From, step.Start)
				continue
			}
			fmt.Fprintf(out, "  %-18s %s\n", step.From+" to "+step.To, printable(step.Start))
			for _, l := range step.Lines {
				mark, at := " ", ""
				if l.Lost {
					mark = "-"
				}
				if len(l.Places) > 0 {
					at = fmt.Sprintf("  %s:%d", l.Places[0].Path(), l.Places[0].Position().Line)
				}
				if l.Lost {
					at += ", lost: " + l.Note
				}
				fmt.Fprintf(out, "                   %s %s%s\n", mark, printable(l.Text), at)
			}
		}
		for n, f := range o.Result.Failures {
			doubt := ""
			if f.Unknown {
				doubt = "perhaps: "
			}
			fmt.Fprintf(out, "  %d. %s%s\n", n+1, doubt, printable(f.Text))
		}
		if len(x.Outcomes) == 1 && len(o.Assuming) > 0 {
			fmt.Fprintf(out, "  assuming %s\n", assuming(o.Assuming))
		}
	}
}
