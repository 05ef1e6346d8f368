package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/parsers/nginx"
)

// queryFlags are the flags that request and simulate share.
type queryFlags struct {
	url, method, batch string
	headers            []string
	circumstances      []string
	json               bool
	nginxVersion       string
}

func (q *queryFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&q.url, "url", "", "the `URL` that is asked")
	f.StringVarP(&q.method, "method", "X", "", "the `METHOD` (default GET)")
	f.StringArrayVarP(&q.headers, "header", "H", nil, "a request `HEADER`, as \"Name: value\"; repeatable")
	f.StringArrayVar(&q.circumstances, "circumstance", nil, "`WHAT` befalls the request: credentials-rejected, upstream-down, \"upstream-status 404\", body-too-large, throttled, handler-throws, call-fails or file-missing; repeatable")
	f.StringVar(&q.batch, "batch", "", "answer JSON lines from `FILE` (- is standard input)")
	f.BoolVar(&q.json, "json", false, "print JSON (docs/schema)")
	f.StringVar(&q.nginxVersion, "nginx-version", "", "the nginx `VERSION` that the configuration is for")
}

func (q *queryFlags) options() (options, error) {
	if q.nginxVersion == "" {
		return options{}, nil
	}
	v, ok := nginx.ParseVersion(q.nginxVersion)
	if !ok {
		return options{}, fmt.Errorf("--nginx-version %q: want a version like 1.29.3", q.nginxVersion)
	}
	return options{nginx: nginx.Options{Version: v}}, nil
}

// fields reads headers given as "Name: value".
func fields(headers []string) (browser.CaseHeaders, error) {
	var out browser.CaseHeaders
	for _, h := range headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("header %q: want \"Name: value\"", h)
		}
		out = append(out, browser.Header{Name: name, Value: strings.TrimSpace(value)})
	}
	return out, nil
}

func newRequest() *cobra.Command {
	q := &queryFlags{}
	cmd := &cobra.Command{
		Use:   "request PATH... --url URL",
		Short: "What would the server answer (curl, against a configuration)",
		Long: `request predicts what the layers answer to one HTTP request: status, headers in wire order, and the line that wrote each.
The paths are the chain, outermost first.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			options, err := q.options()
			if err != nil {
				return err
			}
			chain, err := readChain(cmd.Context(), paths, options)
			if err != nil {
				return err
			}
			ask := func(d exchange.RequestDocument) (exchange.ResponsesDocument, []policy.Outcome, error) {
				circumstances, err := exchange.Circumstances(d.Circumstances)
				if err != nil {
					return exchange.ResponsesDocument{}, nil, err
				}
				if d.Method == "" {
					d.Method = "GET"
				}
				outcomes, err := chain.Answer(cmd.Context(), exchange.Query{URL: d.URL, Method: d.Method, Headers: d.Headers, Circumstances: circumstances}, nil)
				if err != nil {
					return exchange.ResponsesDocument{}, nil, err
				}
				out := exchange.ResponsesDocument{ID: d.ID}
				for i := range outcomes {
					out.Responses = append(out.Responses, exchange.Response(&outcomes[i]))
				}
				return out, outcomes, nil
			}
			if q.batch != "" {
				return batch(cmd, q.batch, func(line []byte) (any, error) {
					var d exchange.RequestDocument
					if err := decode(line, &d); err != nil {
						return nil, err
					}
					out, _, err := ask(d)
					return out, err
				})
			}
			headers, err := fields(q.headers)
			if err != nil {
				return err
			}
			if q.url == "" {
				return fmt.Errorf("request needs --url, or --batch")
			}
			document, outcomes, err := ask(exchange.RequestDocument{URL: q.url, Method: q.method, Headers: headers, Circumstances: q.circumstances})
			if err != nil {
				return err
			}
			if q.json {
				return printJSON(cmd, document)
			}
			v, err := viewOf(paths)
			if err != nil {
				return err
			}
			printOutcomes(cmd.OutOrStdout(), v, outcomes)
			return nil
		},
	}
	q.add(cmd)
	return cmd
}

// printOutcomes prints answers as curl -i prints one, each header with the line that wrote it.
func printOutcomes(out io.Writer, v view, outcomes []policy.Outcome) {
	for i := range outcomes {
		o := &outcomes[i]
		if i > 0 {
			fmt.Fprintln(out)
		}
		if len(o.Assuming) > 0 {
			fmt.Fprintf(out, "assuming %s\n", assuming(o.Assuming))
		}
		switch {
		case o.Status == 0 && o.Open == nil:
			fmt.Fprintln(out, "the connection is closed without an answer")
		case o.Status == 0:
			fmt.Fprintf(out, "whatever %s answers, with\n", o.Open.Subject)
		default:
			fmt.Fprintln(out, o.Status)
		}
		width := 0
		for _, h := range o.Headers {
			width = max(width, len([]rune(h.Name+": "+h.Value.String())))
		}
		for _, h := range o.Headers {
			fmt.Fprintf(out, "  %-*s  %s\n", min(width, 70), printable(h.Name+": "+h.Value.String()), v.places(h))
		}
		for _, l := range o.Lost {
			fmt.Fprintf(out, "- %s  %s, %s\n", printable(l.Header+": "+l.Value.String()), v.place(l.At), l.Why)
		}
	}
}

// places returns where a header is written.
func (v view) places(h policy.Header) string {
	var texts []string
	for _, s := range h.Sources {
		if s.IsZero() {
			continue
		}
		if text := v.place(s); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, ", ")
}

func assuming(list []policy.Assumption) string {
	var texts []string
	for _, a := range list {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, "; ")
}

// printable leaves no control character in a text that came from a file: a terminal would obey it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7F && r < 0xA0 {
			return '\uFFFD'
		}
		return r
	}, text)
}
