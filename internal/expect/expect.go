// Package expect holds a project's layers against what its configuration expects of them: requests of pages, each with
// the verdict that it must have. It imports config, finding, source, and the analyzers policy, browser and exchange.
package expect

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Rule is the name of the rule that reports an expectation.
const Rule = "expectation-failed"

// Check simulates what is expected, in Chromium, and returns a finding for each expectation that does not hold. Hosts are
// all of a project. Where the verdict depends on what an unknown upstream sends, an expectation holds if it does for one
// that sends no CORS headers of its own; else it fails for certain only if somebody is let in.
func Check(ctx context.Context, list []config.Expectation, hosts []*policy.Host) []*finding.Finding {
	var out []*finding.Finding
	for i := range list {
		if f := check(ctx, &list[i], hosts); f != nil {
			out = append(out, f)
		}
	}
	finding.Sort(out)
	return out
}

func check(ctx context.Context, e *config.Expectation, hosts []*policy.Host) *finding.Finding {
	chains, why := answering(e, hosts)
	if why != "" {
		f := report(e, finding.Error, "nobody is known to answer "+request(e), why)
		f.Change = "name the files whose layer answers, as in: deploy/**; or change the URL"
		return f
	}
	for _, chain := range chains {
		if f := hold(ctx, e, chain); f != nil {
			return f
		}
	}
	return nil
}

// hold returns what there is to report about one chain, nil where the expectation holds.
func hold(ctx context.Context, e *config.Expectation, chain exchange.Chain) *finding.Finding {
	x, err := exchange.Simulate(ctx, browser.Chromium, chain, fetch(e), exchange.Options{})
	if err != nil {
		return report(e, finding.Error, "it is not known whether the browser allows "+request(e), err.Error())
	}
	if x.Verdict() == browser.Unknown {
		silent, err := exchange.Simulate(ctx, browser.Chromium, chain, fetch(e), exchange.Options{AssumeSilent: true})
		switch {
		case err != nil || silent.Verdict() == browser.Unknown:
		case string(silent.Verdict()) == e.Verdict:
			return nil
		case silent.Verdict() == browser.Allowed: // by headers that the layers write, which upstreams do not send again
			return allowed(e, &silent, chain)
		}
		return unknown(e, &x, chain)
	}
	switch {
	case string(x.Verdict()) == e.Verdict:
		return nil
	case x.Verdict() == browser.Allowed:
		return allowed(e, &x, chain)
	}
	return blocked(e, &x, chain)
}

// answering returns the chains that may answer: those of the hosts that name the URL's host, or else the only one that
// answers for any. Layers that are declared by hand stand behind them. Where that leaves open who it is, it says why.
func answering(e *config.Expectation, hosts []*policy.Host) (chains []exchange.Chain, why string) {
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, "the URL cannot be read"
	}
	var declared, named, catchAll []*policy.Host
	var addresses []string
	for _, h := range hosts {
		if h.Serves != nil {
			declared = append(declared, h)
		}
	}
	front := slices.DeleteFunc(slices.Clone(hosts), func(h *policy.Host) bool { return h.Serves != nil })
	if len(front) == 0 {
		front = declared
	}
	for _, h := range front {
		addresses = append(addresses, h.Addresses()...)
		picked, ok := h.Pick(u.Scheme, u.Hostname(), port(u))
		switch {
		case !ok || !e.Within(picked.Layer.Span.Path()):
		case slices.ContainsFunc(picked.Layer.Listeners, func(l policy.Listener) bool { return names(l, u.Hostname()) }):
			named = append(named, h)
		default:
			catchAll = append(catchAll, h)
		}
	}
	if len(named) == 0 {
		if len(catchAll) > 1 {
			return nil, fmt.Sprintf("%d layers answer for any host", len(catchAll))
		}
		named = catchAll
	}
	if len(named) == 0 {
		slices.Sort(addresses)
		addresses = slices.Compact(addresses)
		if len(addresses) == 0 {
			return nil, "nothing in the project answers HTTP requests"
		}
		return nil, "there are " + strings.Join(addresses[:min(len(addresses), 5)], ", ")
	}
	for _, h := range named {
		chains = append(chains, append(exchange.Chain{h}, slices.DeleteFunc(slices.Clone(declared), func(d *policy.Host) bool { return d == h })...))
	}
	return chains, ""
}

func names(l policy.Listener, host string) bool {
	return slices.ContainsFunc(l.Hosts, func(p policy.HostPattern) bool { return p.Matches(strings.ToLower(host)) })
}

func port(u *url.URL) int {
	var n int
	if _, err := fmt.Sscanf(u.Port(), "%d", &n); err == nil {
		return n
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}

func fetch(e *config.Expectation) exchange.Fetch {
	f := exchange.Fetch{URL: e.URL, Method: cmp.Or(e.Method, "GET"), Origin: e.From, Credentials: browser.Credentials(e.Credentials)}
	for _, h := range e.Headers {
		f.Headers = append(f.Headers, browser.Header{Name: h[0], Value: h[1]})
	}
	return f
}

// request says in a few words what is asked: "PUT /orders/7 from https://app.shop.example".
func request(e *config.Expectation) string {
	what := e.URL
	if u, err := url.Parse(e.URL); err == nil {
		what = cmp.Or(u.Path, "/")
	}
	return shorten(cmp.Or(e.Method, "GET")+" "+what, 27) + " from " + shorten(e.From, 33)
}

// shorten keeps a message within its 110 characters.
func shorten(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

func report(e *config.Expectation, severity finding.Severity, message, because string) *finding.Finding {
	return &finding.Finding{
		Rule: Rule, Category: finding.Contract, Severity: severity, Confidence: finding.High,
		Message: message, Because: because, Change: "repair the layer, or change the expectation",
		Evidence: "the configuration expects it", Place: e.Span,
		Subject: strings.Join([]string{cmp.Or(e.Method, "GET"), e.URL, "from", e.From, e.Credentials, e.In}, " "),
	}
}

// unknown reports an expectation that rests on something that is not known.
func unknown(e *config.Expectation, x *exchange.Exchange, chain exchange.Chain) *finding.Finding {
	f := report(e, finding.Warning, "it is not known whether the browser allows "+request(e), "")
	var on []string
	for i := range x.Outcomes {
		for _, a := range x.Outcomes[i].Assuming {
			if text := a.String(); !slices.Contains(on, text) && len(on) < 3 {
				on = append(on, text)
			}
		}
	}
	f.Because = "it depends on whether " + strings.Join(on, ", ")
	f.Change = "declare what is not known, in a layer file"
	prove(f, x, &x.Outcomes[0], chain)
	return f
}

// allowed reports that somebody is let in.
func allowed(e *config.Expectation, x *exchange.Exchange, chain exchange.Chain) *finding.Finding {
	f := report(e, finding.Error, "the browser allows "+request(e)+", expected to be blocked", "every check passes")
	o := &x.Outcomes[0]
	for i := range o.Hops {
		for _, h := range headers(o.Hops[i].Preflight, o.Hops[i].Actual) {
			relate(f, h, sends(h))
			if strings.EqualFold(h.Name, "Access-Control-Allow-Origin") {
				f.Because = "every check passes: the answer " + sends(h)
			}
		}
	}
	prove(f, x, o, chain)
	return f
}

// blocked reports that a request which has to work does not.
func blocked(e *config.Expectation, x *exchange.Exchange, chain exchange.Chain) *finding.Finding {
	f := report(e, finding.Error, "the browser refuses "+request(e)+", expected to be allowed", "")
	o := &x.Outcomes[0]
	defer prove(f, x, o, chain)
	if len(o.Result.Failures) == 0 {
		return f
	}
	first := o.Result.Failures[0]
	f.Because = strings.TrimSuffix(first.Text, ".")
	f.Browser = exchange.Messages(first)
	answer := o.Answer(first.Hop, first.Phase)
	for _, h := range headers(answer) {
		relate(f, h, sends(h))
	}
	if answer != nil {
		for _, l := range answer.Lost {
			if !l.At.IsZero() && strings.HasPrefix(strings.ToLower(l.Header), "access-control-") {
				f.Related = append(f.Related, finding.Related{Span: l.At, Text: "writes " + l.Header + ", which is not sent"})
			}
		}
	}
	return f
}

// headers returns the headers of answers that a browser's decision rests on.
func headers(answers ...*policy.Outcome) []policy.Header {
	var out []policy.Header
	for _, o := range answers {
		if o == nil {
			continue
		}
		for _, h := range o.Headers {
			if strings.HasPrefix(strings.ToLower(h.Name), "access-control-allow-") {
				out = append(out, h)
			}
		}
	}
	return out
}

func sends(h policy.Header) string { return "sends " + h.Name + ": " + shorten(h.Value.String(), 60) }

// relate adds the place that wrote a header, each once.
func relate(f *finding.Finding, h policy.Header, text string) {
	for _, at := range h.Sources {
		if !at.IsZero() && !slices.ContainsFunc(f.Related, func(r finding.Related) bool { return source.Compare(r.Span, at) == 0 }) {
			f.Related = append(f.Related, finding.Related{Span: at, Text: text})
			return
		}
	}
}

// prove adds the exchange, and the layer that answers, so that a run over that layer's file reports the finding.
func prove(f *finding.Finding, x *exchange.Exchange, o *exchange.Outcome, chain exchange.Chain) {
	w := x.Witness(o, chain[0].Name)
	w.Exchange = x.Evidence(o)
	f.Witness = []finding.Witness{w}
	f.Curl = x.Curl(o)
	for _, a := range o.Assuming {
		f.Assuming = append(f.Assuming, a.String())
	}
	u, err := url.Parse(x.Fetch.URL)
	if err != nil {
		return
	}
	if picked, ok := chain[0].Pick(u.Scheme, u.Hostname(), port(u)); ok {
		f.Endpoints = []string{picked.Layer.Name + u.Path}
		f.Related = append(f.Related, finding.Related{Span: picked.Layer.Span, Text: "answers"})
	}
}
