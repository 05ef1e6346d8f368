package exchange

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Witness writes an outcome of the exchange down for people; [Exchange.Evidence] does for machines. server names who answers:
// "nginx". People see the requests that are sent; the evidence also has those that would follow if no check failed.
func (x *Exchange) Witness(o *Outcome, server string) finding.Witness {
	w := finding.Witness{Title: x.Fetch.Title()}
	for i, hop := range o.Result.Hops {
		for _, phase := range []browser.Phase{browser.PhasePreflight, browser.PhaseActual} {
			e, from := hop.Preflight, CacheKind(0)
			if phase == browser.PhaseActual {
				e, from = hop.Actual, o.hop(i).From
			}
			if sent(e) {
				w.Steps = append(w.Steps, messages(e, o.Answer(i, phase), server, from)...)
			}
		}
	}
	w.Steps = append(w.Steps, finding.Step{From: "browser", Start: conclusion(x.Fetch, &o.Result)})
	return w
}

// sent reports whether a browser sends a request.
func sent(e *browser.Exchange) bool { return e != nil && !e.Request.Hypothetical }

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

// messages writes a request and its answer, which is from a cache or from the server.
func messages(e *browser.Exchange, answer *policy.Outcome, server string, from CacheKind) []finding.Step {
	if from == BrowserCache || from == SharedCache {
		server = from.String()
	}
	request := finding.Step{From: "browser", To: server, Start: e.Request.Method + " " + pathOf(e.Request.URL)}
	for _, h := range e.Request.Headers {
		request.Lines = append(request.Lines, finding.StepLine{Text: h.Name + ": " + h.Value})
	}
	if answer == nil {
		return []finding.Step{request}
	}
	steps := []finding.Step{request}
	var layers []string
	if from == 0 {
		layers = innerLayers(answer)
	}
	if len(layers) > 0 {
		steps = append(steps, finding.Step{From: server, To: layers[len(layers)-1], Start: "hands the request on"})
	}
	for i, layer := range layers {
		to := server
		if i+1 < len(layers) {
			to = layers[i+1]
		}
		step := finding.Step{From: layer, To: to, Start: "adds to the answer"}
		if i == 0 && layer == answer.By {
			step.Start = statusText(e.Response.Status, answer)
			step.Place = last(answer.Trail)
		}
		step.Lines = written(answer, layer)
		steps = append(steps, step)
	}
	response := finding.Step{From: server, To: "browser", Start: statusText(e.Response.Status, answer)}
	if from == LayerCache {
		response.Start += " from " + from.String()
	}
	if len(layers) == 0 || answer.By == "" {
		response.Place = last(answer.Trail)
	}
	for _, layer := range layers {
		for _, line := range written(answer, layer) {
			response.Lines = append(response.Lines, finding.StepLine{Text: line.Text, Note: "as " + layer + " wrote it"})
		}
	}
	response.Lines = append(response.Lines, written(answer, "")...)
	for _, l := range answer.Lost {
		if _, sent := answer.Get(l.Header); matters(l.Header) && !sent {
			response.Lines = append(response.Lines, finding.StepLine{Text: l.Header + ": " + l.Value.String(), Places: eachLine(l.At, l.By), Lost: true, Note: lostNotes[l.Why]})
		}
	}
	return append(steps, response)
}

// innerLayers returns the layers behind the first that had a part in an answer, the innermost first.
func innerLayers(answer *policy.Outcome) []string {
	var out []string
	if answer.By != "" {
		out = append(out, answer.By)
	}
	for _, h := range answer.Headers {
		if h.By != "" && matters(h.Name) && !slices.Contains(out, h.By) {
			out = append(out, h.By)
		}
	}
	return out
}

// written returns the headers that a layer wrote, "" for the first.
func written(answer *policy.Outcome, by string) (out []finding.StepLine) {
	for _, h := range answer.Headers {
		if h.By == by && matters(h.Name) {
			out = append(out, finding.StepLine{Text: h.Name + ": " + h.Value.String(), Places: eachLine(h.Sources...)})
		}
	}
	return out
}

func last(trail []source.Span) source.Span {
	if len(trail) == 0 {
		return source.Span{}
	}
	return trail[len(trail)-1]
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
	policy.Shadowed:   "an inner level has headers of its own",
	policy.IfSwitched: "an if took the response over",
	policy.Unmapped:   "declared, and given no value",
	policy.NotAlways:  "not added to this status",
	policy.HandedOff:  "another place answers after an internal redirect",
	policy.Hidden:     "removed from the upstream's answer",
	policy.Cleared:    "removed",
	policy.Overridden: "replaced",
	policy.Failed:     "what was to send it fails",
	policy.NotReached: "the response was sent before",
}

// eachLine returns the places of which no earlier one is on the same line: an option, its value and the call that it is given to
// are one place to look at.
func eachLine(places ...source.Span) (out []source.Span) {
	for _, s := range places {
		if !s.IsZero() && !slices.ContainsFunc(out, func(x source.Span) bool { return x.File == s.File && x.Position().Line == s.Position().Line }) {
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
	case r.Verdict == browser.Allowed && f.Mode == browser.ModeNoCORS:
		return "uses the response, which the page cannot read"
	case r.Verdict == browser.Allowed && f.Credentials == browser.CredentialsInclude:
		return "hands the response to the page, which sent the visitor's credentials"
	case r.Verdict == browser.Allowed:
		return "hands the response to the page"
	case r.Verdict == browser.Unknown:
		return "refuses or not: that depends on what is not known"
	case !r.PreflightSent && !r.ActualSent:
		return "refuses; nothing is sent"
	case r.PreflightSent && !r.ActualSent:
		return "refuses; the " + cmp.Or(browser.NormalizeMethod(f.Method), "GET") + " is never sent"
	}
	return "refuses; the page gets no response"
}

// Curl writes the requests of an outcome as lines that sh, PowerShell and cmd read alike. A request for which there is no
// such line is left out.
func (x *Exchange) Curl(o *Outcome) []string {
	var lines []string
	for _, hop := range o.Result.Hops {
		for _, e := range []*browser.Exchange{hop.Preflight, hop.Actual} {
			if sent(e) {
				if line, ok := curl(&e.Request); ok {
					lines = append(lines, line)
				}
			}
		}
	}
	return lines
}

func curl(r *browser.Outgoing) (line string, ok bool) {
	args := []string{"curl", "-i"}
	switch r.Method {
	case "GET":
	case "HEAD":
		args[1] = "-I" // with -X HEAD it waits for a body
	default:
		args = append(args, "-X", r.Method)
	}
	if strings.ContainsAny(r.URL, "[]{}") {
		args = append(args, "-g") // which are patterns otherwise
	}
	args = append(args, quoted(r.URL))
	texts := []string{r.Method, r.URL}
	for _, h := range r.Headers {
		text := h.Name + ": " + h.Value
		if h.Value == "" {
			text = h.Name + ";" // "Name:" removes one
		}
		texts = append(texts, text)
		args = append(args, "-H", quoted(text))
	}
	return strings.Join(args, " "), word.MatchString(r.Method) && !slices.ContainsFunc(texts, unquotable)
}

var (
	word = regexp.MustCompile(`^[A-Za-z]+(-[A-Za-z]+)*$`)
	// cmd puts the value of a variable between two percent signs; the escapes of one character, %C3%A9, name none.
	cmdVariable = regexp.MustCompile(`%[A-Za-z_][^%]{2,}%`)
)

func quoted(text string) string { return `"` + text + `"` }

// unquotable reports whether some shell reads more than the text inside double quotes. The texts come from files that
// nobody vouches for, and the lines are shown to be copied.
func unquotable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune("\"$`\\!", r) }) ||
		cmdVariable.MatchString(text)
}

// Messages returns the whole line that each engine's console prints about a failure.
func Messages(f browser.Failure) finding.Browser {
	return finding.Browser{
		Chromium: f.Render(browser.Chromium).Message,
		Firefox:  f.Render(browser.Firefox).Message,
		WebKit:   f.Render(browser.WebKit).Message,
	}
}
