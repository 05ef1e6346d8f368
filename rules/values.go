package rules

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

// This file holds what the rules about header values share: the header that a check fails for, the place of its value, and
// the lists of methods and headers.

// failing returns the header that fails a check, as the layer itself wrote it.
func failing(f *probe.Failure) (policy.Header, bool) {
	lines := linesOf(f, f.Header)
	if len(lines) == 0 {
		return policy.Header{}, false
	}
	return lines[0], true
}

// linesOf returns the lines of a header in the answer that fails, those of the layer itself.
func linesOf(f *probe.Failure, name string) []policy.Header {
	var out []policy.Header
	if f.Answer == nil || name == "" {
		return nil
	}
	for _, h := range f.Answer.Headers {
		if strings.EqualFold(h.Name, name) && !h.Upstream && len(h.Sources) > 0 {
			out = append(out, h)
		}
	}
	return out
}

// statement returns the place of what writes a header as a whole: of an option the call that it is given to, else what the
// header is made of first.
func statement(sources []source.Span) source.Span {
	for _, whole := range sources {
		if slices.ContainsFunc(sources, func(s source.Span) bool {
			return s != whole && s.File == whole.File && whole.Start <= s.Start && s.End <= whole.End && strings.Contains(whole.Text(), "(")
		}) {
			return whole
		}
	}
	return sources[0]
}

// valueAt returns the place of a text in what a header was made of, as a whole word: where a value came from stands last. It
// is the first word of the directive when the text stands nowhere as it is.
func valueAt(sources []source.Span, text string) source.Span {
	for _, s := range slices.Backward(sources) {
		if at, ok := wordIn(s, text); ok {
			return at
		}
	}
	if len(sources) == 0 {
		return source.Span{}
	}
	return firstWord(sources[0])
}

// wordIn returns the last place of a text in a span where it is no part of a longer word: "TE" is not in "DELETE".
func wordIn(s source.Span, text string) (source.Span, bool) {
	if text == "" {
		return source.Span{}, false
	}
	all := s.Text()
	for end := len(all); ; {
		i := strings.LastIndex(all[:end], text)
		if i < 0 {
			return source.Span{}, false
		}
		after := i + len(text)
		if !(i > 0 && isWord(all[i-1]) && isWord(text[0])) && !(after < len(all) && isWord(all[after]) && isWord(text[len(text)-1])) {
			return source.Span{File: s.File, Start: s.Start + i, End: s.Start + after}, true
		}
		end = after - 1
	}
}

// isWord reports whether a byte can be part of a method or of a header's name, as people write them.
func isWord(c byte) bool {
	return c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// answeredAt returns the place that gave a failing answer.
func answeredAt(f *probe.Failure) source.Span {
	if f.Answer == nil || len(f.Answer.Trail) == 0 {
		return source.Span{}
	}
	return firstWord(f.Answer.Trail[len(f.Answer.Trail)-1])
}

// calledAt returns what a header is called at a place that writes it: the option of a package that is set there, else its name.
func calledAt(place source.Span, header string) string {
	if option, ok := strings.CutSuffix(place.Text(), ":"); ok && slices.Contains(options, option) {
		return option
	}
	return header
}

// listPlace returns the list that a preflight's answer is refused for; without one the place that answered. A list that no
// browser can read is another fault: see [reportUnreadable].
func listPlace(f *probe.Failure) source.Span {
	h, ok := failing(f)
	switch {
	case !ok:
		return answeredAt(f)
	case !isList(f.Value):
		return source.Span{}
	}
	return firstWord(h.Sources[0])
}

// isList reports whether browsers can read a value as a list of names. Empty elements do not count.
// https://fetch.spec.whatwg.org/#extract-header-list-values
func isList(value string) bool {
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.Trim(item, " \t\r\n\f\v"); item != "" && strings.ContainsFunc(item, notInToken) {
			return false
		}
	}
	return true
}

// notInToken reports whether a character cannot be part of an HTTP token. RFC 9110, section 5.6.2
func notInToken(r rune) bool {
	return r <= ' ' || r >= 0x7F || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// reportUnreadable reports lists that no browser can read, because one of their elements is no name: it fails every preflight,
// whatever is asked for. https://fetch.spec.whatwg.org/#cors-preflight-fetch step 7.3
func reportUnreadable(p *Pass, reason browser.Reason, noun string) {
	element := func(f *probe.Failure) source.Span {
		h, ok := failing(f)
		if !ok {
			return source.Span{}
		}
		return valueAt(h.Sources, f.Value)
	}
	for _, g := range ByPlace(Has(p.Failures(), reason), element) {
		f := g.Failures[0]
		var repairs []repair.Repair
		change := "take it out of the list"
		switch names := strings.FieldsFunc(f.Value, notInToken); len(names) {
		case 0:
		case 1:
			change = "write " + short(names[0], 60)
			repairs = write(g.Place, f.Value, names[0])
		default:
			repairs = write(g.Place, f.Value, strings.Join(names, ", "))
			change = "separate the names with commas: " + short(strings.Join(names, ", "), 120)
		}
		p.Report(Report{Failures: g.Failures, Finding: finding.Finding{
			Place: g.Place, Message: refuses(g.Failures, fmt.Sprintf("'%s' is no %s", short(f.Value, 30), noun)),
			Because: "one element that is no name makes browsers refuse the whole list", Change: change,
			Repairs: repairs,
		}})
	}
}

// refuses says which requests a browser refuses, and why: "the browser refuses PUT: only the preflight has ...".
func refuses(failures []*probe.Failure, why string) string {
	return fitting(failures, func(requests string) string { return "the browser refuses " + requests + ": " + why })
}

// namesOf returns the methods or headers that are refused, as people write them.
func namesOf(failures []*probe.Failure) []string {
	var names []string
	for _, f := range failures {
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

// maxShown is how many places that show a need are listed: one for each operation of a description would be no help.
const maxShown = 6

// needs returns the places that show why the refused requests are meant.
func needs(g Group) []finding.Related {
	var out []finding.Related
	for _, f := range g.Failures {
		for _, e := range f.Evidence() {
			known := func(r finding.Related) bool { return r.Span == e.Span }
			if len(out) < maxShown && !e.Span.IsZero() && !slices.ContainsFunc(out, known) && firstWord(e.Span) != g.Place {
				out = append(out, finding.Related{Span: e.Span, Text: cmp.Or(e.Text, showsNeed)})
			}
		}
	}
	return out
}

// showsNeed is what is said of a place that declares nothing.
const showsNeed = "shows the need"

// shown says where the need for refused requests is seen: "line 9 shows that it is meant", or, where nobody but a description
// does, "openapi.yaml:31 declares PUT /items/{id}".
func shown(g Group) string {
	related := needs(g)
	var here []source.Span
	for _, r := range related {
		if r.Span.File == g.Place.File && r.Text == showsNeed {
			here = append(here, r.Span)
		}
	}
	switch {
	case len(related) == 0:
		return "the preflight asks for it"
	case len(here) == 0 && related[0].Text == showsNeed:
		return line(related[0].Span, g.Place) + " shows that it is meant"
	case len(here) == 0:
		return line(related[0].Span, g.Place) + " " + related[0].Text + others(g)
	case len(here) == 1:
		return line(here[0], g.Place) + " shows that it is meant"
	}
	return lines(here, g.Place) + " show that it is meant"
}

// others counts the stated needs beside the first: " and 3 others".
func others(g Group) string {
	var stated []string
	for _, f := range g.Failures {
		if n := f.Probe.Stated; n != nil && !slices.Contains(stated, n.String()) {
			stated = append(stated, n.String())
		}
	}
	if len(stated) < 2 {
		return ""
	}
	return " and " + plural(len(stated)-1, "other")
}

// credentialsMeant returns the places that show that credentials are meant.
func credentialsMeant(failures []*probe.Failure) []finding.Related {
	var out []finding.Related
	for _, s := range failures[0].Endpoint.Intent.Credentials {
		out = append(out, finding.Related{Span: s, Text: "allows credentials"})
	}
	if n := failures[0].Probe.Stated; n != nil && len(out) == 0 {
		out = append(out, finding.Related{Span: n.Cookies(), Text: n.CookieStatement()})
	}
	return out
}

// allowsCredentials says where credentials are allowed, or stated to be sent: "line 9 allows credentials".
func allowsCredentials(failures []*probe.Failure, place source.Span) string {
	allowed := failures[0].Endpoint.Intent.Credentials
	if len(allowed) == 0 {
		meant := credentialsMeant(failures)[0]
		return line(meant.Span, place) + " " + meant.Text
	}
	text := lines(allowed, place)
	if strings.HasPrefix(text, "lines ") {
		return text + " allow credentials"
	}
	return text + " allows credentials"
}

// inAnotherCase returns the method that a list has in place of the one that is refused, if they differ in case only.
func inAnotherCase(f *probe.Failure) (string, bool) {
	if len(f.Names) != 1 || !isList(f.Value) {
		return "", false
	}
	for item := range strings.SplitSeq(f.Value, ",") {
		if item = strings.TrimSpace(item); strings.EqualFold(item, f.Names[0]) {
			return item, item != f.Names[0]
		}
	}
	return "", false
}

// starWithCredentials reports whether a check fails for a list with an asterisk that means itself, since credentials are sent.
func starWithCredentials(f *probe.Failure) bool {
	return f.Probe.Exchange.Fetch.Credentials == browser.CredentialsInclude && hasItem(f.Value, "*")
}

// reportUnexposed reports lists of headers that pages are to read, and that a page that is let in reads none of. A page is not
// refused for it, and no message says so.
func reportUnexposed(p *Pass, exposesNothing func(list string, credentials bool) bool, f finding.Finding) {
	for _, e := range p.Endpoints {
		for _, w := range e.Wanted {
			h, ok := exposed(w)
			text, known := h.Value.Known()
			if !ok || !known || !exposesNothing(text, w.Exchange.Fetch.Credentials == browser.CredentialsInclude) {
				continue
			}
			f.Severity, f.Confidence = finding.Warning, finding.Medium
			f.Place, f.Endpoints = valueAt(h.Sources, text), []string{e.Name}
			if plain := unquoted(text); plain != text {
				f.Repairs = write(f.Place, text, plain)
			}
			p.Report(Report{Proof: w, Finding: f})
			break
		}
	}
}

// exposed returns the layer's own list of headers that a page is to read, where the page is let in and reads none of it.
func exposed(w *probe.Probe) (policy.Header, bool) {
	o := outcome(w)
	if w.Purpose != probe.Simple || o == nil || o.Result.Verdict != browser.Allowed || len(o.Hops) != 1 {
		return policy.Header{}, false
	}
	answer := o.Answer(0, browser.PhaseActual)
	if answer == nil {
		return policy.Header{}, false
	}
	h, ok := answer.Get("Access-Control-Expose-Headers")
	return h, ok && !h.Upstream && len(h.Sources) > 0
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

// reportListed reports the lists in a header that have pointless items, each list once at its first such item. The message is
// made of the items.
func reportListed(p *Pass, header string, pointless func(string) bool, message, because string) {
	for _, w := range writtenAt(p, header) {
		var items []string
		var places []source.Span
		for item := range strings.SplitSeq(w.value, ",") {
			item = strings.Trim(item, " \t'\"")
			if item != "" && pointless(item) && !slices.Contains(items, item) {
				items = append(items, item)
				places = append(places, valueAt([]source.Span{w.at}, item))
			}
		}
		if len(items) == 0 {
			continue
		}
		f := finding.Finding{
			Place: places[0], Message: short(fmt.Sprintf(message, listed(items, 4)), maxMessage), Because: because,
			Change: "take " + listed(items, 12) + " out of the list", Endpoints: w.endpoints,
			Repairs: append(w.without(pointless), removeEach(places, items)...),
		}
		for _, at := range places[1:] {
			if at != f.Place {
				f.Related = append(f.Related, finding.Related{Span: at, Text: "this one too"})
			}
		}
		p.Report(Report{Finding: f})
	}
}
