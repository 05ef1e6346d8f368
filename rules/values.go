package rules

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// This file holds what the rules about header values share.

// failing returns the header that fails a check, as the layer itself wrote it.
func failing(f *probe.Failure) (policy.Header, bool) {
	if f.Answer == nil || f.Header == "" {
		return policy.Header{}, false
	}
	h, ok := f.Answer.Get(f.Header)
	return h, ok && !h.Upstream && len(h.Sources) > 0
}

// linesOf returns the lines of a header in the answer that fails, those of the layer itself.
func linesOf(f *probe.Failure, name string) []policy.Header {
	var out []policy.Header
	if f.Answer == nil {
		return nil
	}
	for _, h := range f.Answer.Headers {
		if strings.EqualFold(h.Name, name) && !h.Upstream && len(h.Sources) > 0 {
			out = append(out, h)
		}
	}
	return out
}

// isSent reports whether the failing value is a text, whatever space is around its commas.
func isSent(f *probe.Failure, text string) bool {
	return strings.ReplaceAll(f.Value, " ", "") == strings.ReplaceAll(text, " ", "")
}

// valueOf returns the place of a text inside a directive; where it does not stand there as it is, the directive's first
// word.
func valueOf(directive source.Span, text string) source.Span {
	if text != "" {
		if i := strings.LastIndex(directive.Text(), text); i >= 0 {
			directive.Start += i
			directive.End = directive.Start + len(text)
			return directive
		}
	}
	return firstWord(directive)
}

// answeredAt returns the place that gave a failing answer.
func answeredAt(f *probe.Failure) source.Span {
	if f.Answer == nil || len(f.Answer.Trail) == 0 {
		return source.Span{}
	}
	return firstWord(f.Answer.Trail[len(f.Answer.Trail)-1])
}

// listPlace returns the list that a preflight's answer is refused for; without one the place that answered.
func listPlace(f *probe.Failure) source.Span {
	if h, ok := failing(f); ok {
		return firstWord(h.Sources[0])
	}
	return answeredAt(f)
}

// namesOf returns the methods or headers that are refused, as people write them.
func namesOf(g Group) []string {
	var names []string
	for _, f := range g.Failures {
		for _, name := range f.Names {
			if f.Reason == browser.HeaderDisallowedByPreflightResponse {
				name = http.CanonicalHeaderKey(name)
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// needs returns the places that show why the refused requests are meant.
func needs(g Group) []finding.Related {
	var out []finding.Related
	for _, f := range g.Failures {
		at := f.Probe.NeedAt
		if at.IsZero() || slices.ContainsFunc(out, func(r finding.Related) bool { return r.Span == at }) || firstWord(at) == g.Place {
			continue
		}
		out = append(out, finding.Related{Span: at, Text: "shows the need"})
	}
	return out
}

// credentialsMeant returns the places that show that credentials are meant.
func credentialsMeant(g Group) []finding.Related {
	var out []finding.Related
	for _, s := range g.Failures[0].Endpoint.Intent.Credentials {
		out = append(out, finding.Related{Span: s, Text: "allows credentials"})
	}
	return out
}

// caseOnly reports whether a refused method is in the list, in another case.
func caseOnly(g Group) bool {
	h, ok := failing(g.Failures[0])
	if !ok {
		return false
	}
	return slices.ContainsFunc(namesOf(g), func(name string) bool {
		return !hasItem(h.Value.String(), name) && hasItem(strings.ToUpper(h.Value.String()), name)
	})
}

// hasItem reports whether a comma-separated list has an item.
func hasItem(list, item string) bool {
	for text := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(text) == item {
			return true
		}
	}
	return false
}

// reportListed reports the items of a list that are pointless.
func reportListed(p *Pass, header string, pointless func(string) bool, message, because string) {
	for _, w := range writtenAt(p, header) {
		for item := range strings.SplitSeq(w.value, ",") {
			item = strings.TrimSpace(item)
			if item == "" || !pointless(item) {
				continue
			}
			p.Report(Report{Finding: finding.Finding{
				Place: valueOf(w.at, item), Message: short(fmt.Sprintf(message, item), maxMessage),
				Because: because, Change: "take " + item + " out of the list", Endpoints: w.endpoints,
			}})
		}
	}
}

// standardNames are the response headers of the CORS protocol, and those that were part of it.
var standardNames = []string{
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
	"Access-Control-Expose-Headers", "Access-Control-Max-Age", "Access-Control-Allow-Private-Network",
}

// misspeltNames returns the names of Access-Control headers that the layer writes and no browser reads.
func misspeltNames(p *Pass) map[string]bool {
	out := map[string]bool{}
	for _, e := range p.Endpoints {
		for name := range e.Intent.Written {
			if !slices.Contains(standardNames, name) && !strings.HasPrefix(name, "Access-Control-Request-") {
				out[name] = true
			}
		}
	}
	return out
}

// nearest returns the standard name that a misspelt one is most like.
func nearest(name string) string {
	best, most := standardNames[0], -1
	for _, standard := range standardNames {
		if n := common(strings.ToLower(name), strings.ToLower(standard)); n > most {
			best, most = standard, n
		}
	}
	return best
}

// common counts the letters that two names have in common at their ends.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	m := 0
	for m < len(a)-n && m < len(b)-n && a[len(a)-1-m] == b[len(b)-1-m] {
		m++
	}
	return n + m
}

// claimsOf returns the keys of the failures that a header would have prevented.
func claimsOf(p *Pass, header string) []string {
	var keys []string
	for f := range both(p.Failures(), p.CircumstanceFailures()) {
		if strings.EqualFold(f.Header, header) {
			keys = append(keys, f.Key())
		}
	}
	return keys
}
