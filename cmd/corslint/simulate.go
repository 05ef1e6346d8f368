package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/devtools"
	"github.com/corslint/corslint/internal/diagnosis"
)

func newSimulate() *cobra.Command {
	q := &queryFlags{}
	var engineName, origin, credentials, mode, redirect, initiator, body, expect, copied string
	cmd := &cobra.Command{
		Use:   "simulate [PATH...] --fetch FILE | --url URL --origin ORIGIN",
		Short: "Would the browser allow it (fetch, against a configuration)",
		Long: `simulate predicts a browser's fetch: the preflight and its answer, the request and its redirects, the verdict and the
console line. The paths are the chain, outermost first; without any it is whoever in this project answers the URL.
--fetch takes the request from "Copy as fetch" of the browser's network panel.

Exit status: 0 allowed, 1 blocked or unknown; with --expect, 0 when the verdict is the expected one and 1 otherwise.`,
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
			answering, err := q.chains(cmd, paths, options)
			if err != nil {
				return err
			}
			simulate := func(d exchange.FetchDocument) (exchange.Exchange, error) {
				f, err := d.Fetch()
				if err != nil {
					return exchange.Exchange{}, err
				}
				chain, entry, err := answering(f.URL)
				if err != nil {
					return exchange.Exchange{}, err
				}
				return exchange.Simulate(cmd.Context(), engine, chain, f, exchange.Options{Entry: entry})
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
			var d exchange.FetchDocument
			if copied != "" {
				if d, err = copiedFetch(cmd, copied); err != nil {
					return err
				}
			}
			for _, flag := range []struct {
				to   *string
				text string
			}{{&d.URL, q.url}, {&d.Method, q.method}, {&d.Origin, origin}, {&d.Credentials, credentials}, {&d.Mode, mode},
				{&d.Redirect, redirect}, {&d.Initiator, initiator}} {
				*flag.to = cmp.Or(flag.text, *flag.to)
			}
			d.Headers, d.Circumstances = append(d.Headers, headers...), q.circumstances
			if cmd.Flags().Changed("body") {
				d.Body = &body
			}
			switch {
			case d.URL == "" || d.Origin == "" && copied == "":
				return fmt.Errorf("simulate needs --url and --origin, or --fetch, or --batch")
			case d.Origin == "":
				return fmt.Errorf("what was copied does not say which page asks (it has no referrer): add --origin")
			}
			x, err := simulate(d)
			if err != nil {
				return err
			}
			if q.json {
				err = printJSON(cmd, x.Document(""))
			} else {
				var v view
				if v, err = viewOf(paths); err == nil {
					printExchange(cmd.OutOrStdout(), v, &x)
				}
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
	f.StringVar(&copied, "fetch", "", "take the request from `FILE`, which has \"Copy as fetch\" or \"Copy as cURL\" (- is standard input), or from that text itself")
	f.StringVar(&expect, "expect", "", "the `VERDICT` that it must have: allowed, blocked or unknown")
	return cmd
}

// chains returns what answers a URL: the layers that paths name, or those of the project.
func (q *queryFlags) chains(cmd *cobra.Command, paths []string, o options) (func(url string) (exchange.Chain, *policy.Layer, error), error) {
	if len(paths) > 0 {
		chain, err := readChain(cmd.Context(), paths, o)
		return func(string) (exchange.Chain, *policy.Layer, error) { return chain, nil, nil }, err
	}
	w, err := (&explanation{}).workshop(cmd)
	if err != nil {
		return nil, err
	}
	if q.nginxVersion != "" {
		w.options.nginx.Version = o.nginx.Version
	}
	project := w.layers(cmd.Context())
	return func(url string) (exchange.Chain, *policy.Layer, error) {
		chain, layer, ok := project.Answering(url)
		if !ok {
			return nil, nil, &exchange.NoLayerError{URL: url, Listeners: project.Addresses()}
		}
		return chain, layer, nil
	}, nil
}

// copiedFetch reads what the developer tools of a browser copied, from a file, standard input or the text itself.
func copiedFetch(cmd *cobra.Command, from string) (exchange.FetchDocument, error) {
	text := from
	switch {
	case from == "-":
		data, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxLine))
		if err != nil {
			return exchange.FetchDocument{}, err
		}
		text = string(data)
	case !strings.Contains(from, "fetch(") && !strings.HasPrefix(from, "curl "):
		data, err := os.ReadFile(from)
		if err != nil {
			return exchange.FetchDocument{}, err
		}
		text = string(data)
	}
	r, err := devtools.ParseCopied(text)
	if err != nil {
		return exchange.FetchDocument{}, fmt.Errorf("--fetch: %w", err)
	}
	d := exchange.FetchDocument{URL: r.URL, Method: r.Method, Origin: r.Origin, PageURL: r.Page, Headers: r.Headers, Credentials: string(r.Credentials),
		Mode: string(r.Mode), Redirect: string(r.Redirect)}
	if r.HasBody {
		d.Body = new(string)
	}
	if len(r.Left) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "taken for the browser's own: %s\n", printable(strings.Join(r.Left, ", ")))
	}
	return d, nil
}

// printExchange prints an exchange for people: the verdict, then each outcome with its messages and all walls in order.
func printExchange(out io.Writer, v view, x *exchange.Exchange) {
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
					at = "  " + v.place(l.Places[0])
				}
				if l.Lost {
					at += ", lost: " + l.Note
				}
				fmt.Fprintf(out, "                   %s %s%s\n", mark, printable(l.Text), at)
			}
		}
		printWalls(out, v, o)
		if len(x.Outcomes) == 1 && len(o.Assuming) > 0 {
			fmt.Fprintf(out, "  assuming %s\n", assuming(o.Assuming))
		}
	}
}

// printWalls prints the checks that fail, each with the place that decides: the first is what the browser prints, the others
// are what comes after it.
func printWalls(out io.Writer, v view, o *exchange.Outcome) {
	for n, f := range o.Result.Failures {
		doubt, at := "", ""
		if f.Unknown {
			doubt = "perhaps: "
		}
		if place := diagnosis.Place(&f, o.Answer(f.Hop, f.Phase)); !place.IsZero() {
			at = "   " + v.place(place)
		}
		fmt.Fprintf(out, "  %d. %s%s%s\n", n+1, doubt, printable(f.Text), printable(at))
	}
}
