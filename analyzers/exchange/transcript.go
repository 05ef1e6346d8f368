package exchange

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Witness writes an outcome of the exchange down for people; [Exchange.Evidence] does for machines. server names who answers:
// "nginx".
func (x *Exchange) Witness(o *Outcome, server string) finding.Witness {
	w := finding.Witness{Title: x.Fetch.Title()}
	for i := range o.Result.Hops {
		hop := &o.Result.Hops[i]
		if hop.Preflight != nil {
			w.Steps = append(w.Steps, messages(hop.Preflight, o.Answer(i, browser.PhasePreflight), server)...)
		}
		if hop.Actual != nil && !hop.Actual.Request.Hypothetical {
			w.Steps = append(w.Steps, messages(hop.Actual, o.Answer(i, browser.PhaseActual), server)...)
		}
	}
	w.Steps = append(w.Steps, finding.Step{From: "browser", Start: conclusion(x.Fetch, &o.Result)})
	return w
}

// Title writes the fetch as JavaScript.
func (f Fetch) Title() string {
	var options []string
	if f.Method != "" && f.Method != "GET" {
		options = append(options, fmt.Sprintf("method: %q", f.Method))
	}
	if f.Credentials != "" && f.Credentials != browser.CredentialsSameOrigin {
		options = append(options, fmt.Sprintf("credentials: %q", f.Credentials))
	}
	if len(f.Headers) > 0 {
		var headers []string
		for _, h := range f.Headers {
			headers = append(headers, fmt.Sprintf("%q: %q", h.Name, h.Value))
		}
		options = append(options, "headers: {"+strings.Join(headers, ", ")+"}")
	}
	if len(options) == 0 {
		return fmt.Sprintf("fetch(%q)", f.URL)
	}
	return fmt.Sprintf("fetch(%q, {%s})", f.URL, strings.Join(options, ", "))
}

// messages writes a request and its answer.
func messages(e *browser.Exchange, answer *policy.Outcome, server string) []finding.Step {
	request := finding.Step{From: "browser", To: server, Start: e.Request.Method + " " + pathOf(e.Request.URL)}
	for _, h := range e.Request.Headers {
		request.Lines = append(request.Lines, finding.StepLine{Text: h.Name + ": " + h.Value})
	}
	if answer == nil {
		return []finding.Step{request}
	}
	response := finding.Step{From: server, To: "browser", Start: statusText(e.Response.Status, answer)}
	if len(answer.Trail) > 0 {
		response.Place = answer.Trail[len(answer.Trail)-1]
	}
	for _, h := range answer.Headers {
		if matters(h.Name) {
			response.Lines = append(response.Lines, finding.StepLine{Text: h.Name + ": " + h.Value.String(), Places: h.Sources})
		}
	}
	for _, l := range answer.Lost {
		if _, sent := answer.Get(l.Header); matters(l.Header) && !sent {
			response.Lines = append(response.Lines, finding.StepLine{Text: l.Header + ": " + l.Value.String(), Places: spans(l), Lost: true, Note: lostNotes[l.Why]})
		}
	}
	return []finding.Step{request, response}
}

func statusText(status int, answer *policy.Outcome) string {
	switch {
	case answer.Open != nil && answer.Status == 0:
		return "whatever " + answer.Open.Subject + " answers"
	case status == 0:
		return "closes the connection"
	}
	return strconv.Itoa(status)
}

var lostNotes = map[policy.LostWhy]string{
	policy.Shadowed:   "lost: an inner level has headers of its own",
	policy.IfSwitched: "an if took the response over",
	policy.NotAlways:  "lost: not added to this status",
	policy.HandedOff:  "lost: another place answers after an internal redirect",
	policy.Hidden:     "lost: removed from the upstream's answer",
	policy.Cleared:    "lost: removed",
	policy.Overridden: "replaced",
}

func spans(l policy.Lost) (out []source.Span) {
	for _, s := range []source.Span{l.At, l.By} {
		if !s.IsZero() {
			out = append(out, s)
		}
	}
	return out
}

// matters reports whether a response header belongs into a transcript.
func matters(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "access-control-") || slices.Contains([]string{"vary", "location", "cache-control", "www-authenticate"}, name)
}

func pathOf(url string) string {
	at, err := parse(url)
	if err != nil {
		return url
	}
	if at.query != "" {
		return at.path + "?" + at.query
	}
	return at.path
}

// conclusion says what the browser does in the end.
func conclusion(f Fetch, r *browser.Result) string {
	switch {
	case r.Verdict == browser.Allowed && f.Credentials == browser.CredentialsInclude:
		return "hands the response to the page, which sent the visitor's credentials"
	case r.Verdict == browser.Allowed:
		return "hands the response to the page"
	case r.Verdict == browser.Unknown:
		return "refuses or not: that depends on what is not known"
	case r.PreflightSent && !r.ActualSent:
		return "refuses; the " + browser.NormalizeMethod(f.Method) + " is never sent"
	}
	return "refuses; the page gets no response"
}

// Curl writes the requests of an outcome as shell lines that any shell takes: double quotes only.
func (x *Exchange) Curl(o *Outcome) []string {
	var lines []string
	for _, hop := range o.Result.Hops {
		for _, e := range []*browser.Exchange{hop.Preflight, hop.Actual} {
			if e == nil || e.Request.Hypothetical {
				continue
			}
			var b strings.Builder
			b.WriteString("curl -i")
			if e.Request.Method != "GET" {
				b.WriteString(" -X " + quoted(e.Request.Method, false))
			}
			b.WriteString(" " + quoted(e.Request.URL, true))
			for _, h := range e.Request.Headers {
				b.WriteString(" -H " + quoted(h.Name+": "+h.Value, true))
			}
			lines = append(lines, b.String())
		}
	}
	return lines
}

// quoted writes an argument for a shell. What a shell would read inside double quotes is left out: these lines are shown
// to be copied, and the values come from files that nobody vouches for.
func quoted(text string, always bool) string {
	safe := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune("\"$`\\!%", r) && r != '%' {
			return -1
		}
		return r
	}, text)
	if !always && safe == text && !strings.ContainsAny(text, " '&|;<>()*?[]#~") {
		return text
	}
	return `"` + safe + `"`
}

// Messages returns the whole line that each engine's console prints about a failure.
func Messages(f browser.Failure) finding.Browser {
	return finding.Browser{
		Chromium: f.Render(browser.Chromium).Message,
		Firefox:  f.Render(browser.Firefox).Message,
		WebKit:   f.Render(browser.WebKit).Message,
	}
}
