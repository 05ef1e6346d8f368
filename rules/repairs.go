package rules

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

// This file holds how the rules say what repairs a finding: in terms of headers, lists and places, which the dialect of the
// place turns into edits. Whether a repair is safe nobody decides here but where it lets in who was not: every repair is
// simulated before it is offered.

// sendAlways sends headers with every status.
func sendAlways(lines []source.Span) repair.Repair {
	r := repair.Repair{Title: "send them with errors too"}
	if len(lines) == 1 {
		r.Title = "send it with errors too"
	}
	for _, at := range lines {
		r.Steps = append(r.Steps, repair.SendAlways{At: at})
	}
	return r
}

// lostNames adds the names of lists that got lost to the lists that were sent in their place.
func lostNames(failures []*probe.Failure, by source.Span) []repair.Step {
	var steps []repair.Step
	for _, f := range failures {
		for _, l := range f.Answer.Lost {
			switch strings.ToLower(l.Header) {
			case "access-control-allow-methods", "access-control-allow-headers":
			default:
				continue
			}
			sent, ok := f.Answer.Get(l.Header)
			there, known := sent.Value.Known()
			lost, written := l.Value.Known()
			if l.By != by || !ok || !known || !written || sent.Upstream || hasItem(there, "*") {
				continue
			}
			var names []string
			for name := range strings.SplitSeq(lost, ",") {
				if name = strings.TrimSpace(name); name != "" && name != "*" && !hasItem(strings.ToLower(there), strings.ToLower(name)) {
					names = append(names, name)
				}
			}
			step := repair.AddToList{At: valueAt(sent.Sources, there), Names: names}
			same := func(s repair.Step) bool { return s.Place() == step.At }
			if len(names) > 0 && step.At.Text() == there && !slices.ContainsFunc(steps, same) {
				steps = append(steps, step)
			}
		}
	}
	return steps
}

// moveBefore has middleware run before what answers in front of it. It changes the order in which everything else runs, too.
func moveBefore(middleware []source.Span, before source.Span) []repair.Repair {
	if len(middleware) != 1 {
		return nil
	}
	return unsafely(reordersWares, one("move it above "+line(before, middleware[0]), repair.MoveBefore{At: middleware[0], Before: before}))
}

// setOwnErrors gives the errors of a gateway the headers that its other answers have.
func setOwnErrors(f *probe.Failure) []repair.Repair {
	step := repair.SetOwnErrors{}
	for _, name := range []string{allowOrigin, "Access-Control-Allow-Credentials"} {
		for _, w := range f.Endpoint.Intent.Written[name] {
			if text, known := w.Value.Known(); known && !w.Lost && text != "" {
				step.Headers = append(step.Headers, [2]string{name, text})
				if name == allowOrigin {
					step.At = w.At
				}
				break
			}
		}
	}
	if step.At.IsZero() {
		return nil
	}
	return one("send the headers with the gateway's own errors too", step)
}

// readAsText has the mocks that answer some preflights read their empty body as text.
func readAsText(failures []*probe.Failure, mocks []policy.Fact, of func(*probe.Failure) int) []repair.Repair {
	var steps []repair.Step
	for _, f := range failures {
		step := repair.Step(repair.ReadAsText{At: mocks[of(f)].Span})
		if !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	}
	return one("read the body of preflights as text", steps...)
}

// quoteMappings writes the quotes of literals; what a template puts together is for people to rewrite.
func quoteMappings(facts []policy.Fact) []repair.Repair {
	var steps []repair.Step
	for _, f := range facts {
		if f.Text == "" || strings.Trim(f.Span.Text(), `'"`) != strings.Trim(f.Text, "'") {
			return nil
		}
		steps = append(steps, repair.Replace{At: f.Span, Text: "'" + strings.Trim(f.Text, "'") + "'"})
	}
	return one("write the single quotes of a literal", steps...)
}

// one returns a repair of some steps; none where there are no steps.
func one(title string, steps ...repair.Step) []repair.Repair {
	if len(steps) == 0 {
		return nil
	}
	return []repair.Repair{{Title: title, Steps: steps}}
}

// Why somebody has to look at a repair before it is made.
const (
	allowsMore    = "it allows requests that are refused now"
	readsMore     = "pages read what they do not now"
	letsInOthers  = "it lets in others than now"
	reordersWares = "it changes the order of middleware"
	answersItself = "preflights no longer reach what is behind"
	goesOn        = "requests reach handlers that they do not now"
	retypes       = "answers get another Content-Type"
	leavesOut     = "pages of other origins are refused then"
	staysRefused  = "whoever sends credentials stays refused"
)

// unsafely marks repairs as ones that somebody has to look at, and says why.
func unsafely(why string, repairs []repair.Repair) []repair.Repair {
	for i := range repairs {
		repairs[i].Unsafe = why
	}
	return repairs
}

// write puts a text in the place of another one; it needs the place to be that of the text, and nothing more.
func write(at source.Span, old, text string) []repair.Repair {
	if at.Text() != old {
		return nil
	}
	return one("write "+short(text, 60), repair.Replace{At: at, Text: text})
}

// addNames adds names to the list that a check fails for, or writes the list where there is none. A name that the endpoint
// lists for other responses was meant to be allowed; any other lets in who was not.
func addNames(failures []*probe.Failure, header string, names []string, known []probe.Listed) []repair.Repair {
	var out []repair.Repair
	title := "allow " + listed(names, 4)
	if h, ok := failing(failures[0]); ok {
		at := h.Sources[0] // a list of several literals
		if text, _ := h.Value.Known(); valueAt(h.Sources, text).Text() == text {
			at = valueAt(h.Sources, text)
		}
		out = one(title, repair.AddToList{At: at, Names: names})
	} else if lines := linesOf(failures[0], allowOrigin); len(lines) > 0 {
		out = one(title, repair.SetHeader{Beside: lines[0].Sources[0], Name: header, Value: strings.Join(names, ", ")})
	}
	for _, name := range names {
		if !slices.ContainsFunc(known, func(l probe.Listed) bool { return strings.EqualFold(l.Name, name) }) {
			return unsafely(allowsMore, out)
		}
	}
	return out
}

// respell writes an origin as browsers do, in a literal or at the end of an expression.
func (m misspelt) respell() []repair.Repair {
	if m.test == nil || m.test.Kind != policy.MentionPattern {
		return write(m.place, m.text, m.origin)
	}
	if cut := strings.TrimSuffix(strings.TrimSuffix(m.test.Text, "$"), "/"); len(cut) < len(m.test.Text) && !strings.HasSuffix(cut, "\\") {
		return one("end the expression where the origin ends", repair.Rewrite{At: m.test.Span, Old: m.test.Text, New: cut + "$"})
	}
	return nil
}

// bind binds an expression for origins at both ends and escapes its dots.
func (g strangerGroup) bind() []repair.Repair {
	l := g.first()
	if l.of == nil || l.of.Kind != policy.MentionPattern {
		return nil
	}
	expression := bound(l.of, l.Candidate.Meant)
	if expression == "" || expression == l.of.Text {
		return nil
	}
	return one("write "+short(expression, 100), repair.Rewrite{At: l.of.Span, Old: l.of.Text, New: expression})
}

// overTLS lets the page in that comes over TLS in the place of the one that does not: another one, and not the one that asks
// today.
func (g strangerGroup) overTLS() []repair.Repair {
	text := g.first().of
	if text == nil || text.Kind != policy.MentionLiteral || !strings.HasPrefix(text.Text, "http://") {
		return nil
	}
	at := textIn([]source.Span{text.Span}, text.Text)
	return unsafely(letsInOthers, write(at, text.Text, "https://"+strings.TrimPrefix(text.Text, "http://")))
}

// chooseOrigin sends the one of several origins that asks.
func chooseOrigin(f *probe.Failure) []repair.Repair {
	h, ok := failing(f)
	if !ok {
		return nil
	}
	var origins []string
	for item := range strings.FieldsFuncSeq(f.Value, func(r rune) bool { return strings.ContainsRune(" \t,;|\"'[]", r) }) {
		origin := probe.MeantBy(item)
		if origin == "" {
			return nil
		}
		origins = addName(origins, origin)
	}
	return chooseAmong(letsInOthers, "send the one that asks", h.Sources, origins, f.Value)
}

// chooseAmong sends the one of several origins that asks, and says that it depends on who does where nobody else says so.
func chooseAmong(why, title string, places []source.Span, origins []string, text string) []repair.Repair {
	at, choose := places[0], repair.ChooseOrigin{At: valueAt(places, text), Origins: origins}
	header := repair.ChooseOrigin{At: at, Origins: origins}
	return unsafely(why, slices.Concat(one(title, header, repair.SetHeader{Beside: at, Name: "Vary", Value: "Origin"}), one(title, choose)))
}

// nameOrigins names the origins that are meant in the place of any, where they are known from other answers or are stated; where
// nobody states that credentials are sent, they can be left out, too.
func nameOrigins(g Group) []repair.Repair {
	var origins []string
	stated := false
	for _, f := range g.Failures {
		if need := f.Probe.Stated; need != nil {
			stated = true
			if need.Cell != nil { // a frontend of the contract; the page that a description is tried with is made up
				origins = addName(origins, origin(f))
			}
		}
		for _, w := range f.Endpoint.Intent.Written[allowOrigin] {
			if text, known := w.Value.Known(); known && text != "" && probe.MeantBy(text) == text {
				origins = addName(origins, text)
			}
		}
	}
	var out []repair.Repair
	if h, ok := failing(g.Failures[0]); ok && len(origins) > 1 {
		out = chooseAmong(leavesOut, "name the origins that are meant", h.Sources, origins, "*")
	} else if len(origins) == 1 {
		out = unsafely(leavesOut, write(g.Place, "*", origins[0]))
	}
	if stated {
		return out
	}
	var steps []repair.Step
	for _, at := range g.Failures[0].Endpoint.Intent.Credentials {
		steps = append(steps, repair.Remove{At: at})
	}
	less := unsafely(staysRefused, one("leave credentials out", steps...))
	for i := range less {
		less[i].GivesUp = true
	}
	return append(out, less...)
}

// without takes items out of a list; the whole header goes when nothing is left.
func (w writtenLine) without(pointless func(string) bool) []repair.Repair {
	var left []string
	gone := 0
	for item := range strings.SplitSeq(w.value, ",") {
		if pointless(strings.Trim(item, " \t'\"")) {
			gone++
		} else if item = strings.TrimSpace(item); item != "" {
			left = append(left, item)
		}
	}
	at := valueAt([]source.Span{w.at}, w.value)
	switch {
	case at.Text() != w.value:
		return nil
	case len(left) == 0:
		return one("remove the header", repair.Remove{At: w.at})
	}
	title := "take it out"
	if gone > 1 {
		title = "take them out"
	}
	separator := ", "
	if strings.Contains(w.value, ",") && !strings.Contains(w.value, ", ") {
		separator = ","
	}
	return one(title, repair.Replace{At: at, Text: strings.Join(left, separator)})
}

// allowCredentials allows credentials beside the header that lets the page in.
func allowCredentials(f *probe.Failure) []repair.Repair {
	lines := linesOf(f, allowOrigin)
	if len(lines) == 0 {
		return nil
	}
	return one("allow credentials", repair.SetHeader{Beside: lines[0].Sources[0], Name: f.Header, Value: "true"})
}

// removeEach takes items out that are literals of their own.
func removeEach(places []source.Span, items []string) []repair.Repair {
	var steps []repair.Step
	for i, at := range places {
		if at.Text() != items[i] {
			return nil
		}
		steps = append(steps, repair.Remove{At: at})
	}
	title := "take it out"
	if len(steps) > 1 {
		title = "take them out"
	}
	return one(title, steps...)
}

// varyBeside says that responses depend on Origin, beside the header that makes them.
func varyBeside(answer *policy.Outcome) []repair.Repair {
	h, ok := answer.Get(allowOrigin)
	if !ok || h.Upstream || len(h.Sources) == 0 {
		return nil
	}
	beside := repair.SetHeader{Beside: h.Sources[0], Name: "Vary", Value: "Origin"}
	outside := beside
	outside.Outside = true
	return slices.Concat(one("send Vary: Origin", beside), one("send Vary: Origin outside of the condition", outside),
		one("send Vary: Origin inside of the condition and outside", beside, outside))
}

// repairPreflights has preflights answered with a status that they pass, or at all.
func repairPreflights(fault preflightFault, failures []*probe.Failure) []repair.Repair {
	f := failures[0]
	switch fault {
	case refused:
		status := fmt.Sprint(f.Answer.Status)
		if at, ok := wordIn(f.Answer.Trail[len(f.Answer.Trail)-1], status); ok {
			return write(at, status, "204")
		}
	case unhandled:
		return answerPreflights(failures)
	case guarded:
		return one("let preflights pass", repair.FreePreflight{At: f.Answer.Trail[len(f.Answer.Trail)-1]})
	case answered, redirected:
	}
	return nil
}

// repeatAtTarget writes the headers that got lost where the answers are made to which an internal redirect leads.
func repeatAtTarget(failures []*probe.Failure) []repair.Repair {
	var targets []source.Span
	lines := map[source.Span][]source.Span{}
	for _, f := range failures {
		if f.Answer == nil || len(f.Answer.Trail) == 0 {
			return nil
		}
		target := f.Answer.Trail[len(f.Answer.Trail)-1]
		if !slices.Contains(targets, target) {
			targets = append(targets, target)
		}
		for _, l := range f.Answer.Lost {
			if _, sent := f.Answer.Get(l.Header); l.Why == policy.HandedOff && !l.At.IsZero() && !sent && !slices.Contains(lines[target], l.At) {
				lines[target] = append(lines[target], l.At)
			}
		}
	}
	repeat := func(always bool) (steps []repair.Step) {
		for _, target := range targets {
			slices.SortFunc(lines[target], source.Compare)
			steps = append(steps, repair.Repeat{Beside: target, Lines: lines[target], Always: always})
		}
		return steps
	}
	const title = "repeat the headers at the place that answers"
	return slices.Concat(one(title, repeat(false)...), one(title+", with every status", repeat(true)...))
}

// answerPreflights answers preflights with the headers of the responses to the requests themselves, and what was asked for.
func answerPreflights(failures []*probe.Failure) []repair.Repair {
	f := failures[0]
	o := f.Outcome
	actual := o.Answer(f.Hop, browser.PhaseActual)
	if actual == nil || f.Answer == nil || len(f.Answer.Trail) == 0 {
		return nil
	}
	step := repair.AnswerPreflight{At: f.Answer.Trail[len(f.Answer.Trail)-1]}
	for _, h := range actual.Headers {
		switch strings.ToLower(h.Name) {
		case "access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods", "access-control-allow-headers",
			"access-control-max-age", "vary":
			if !h.Upstream && len(h.Sources) > 0 {
				step.Lines = append(step.Lines, h.Sources[0])
			}
		}
	}
	if _, letsIn := actual.Get(allowOrigin); !letsIn || len(step.Lines) == 0 {
		return nil
	}
	methods, headers := []string{}, []string{}
	for _, f := range failures {
		fetch := f.Probe.Exchange.Fetch
		methods = addName(methods, fetch.Method)
		for _, h := range fetch.Headers {
			headers = addName(headers, http.CanonicalHeaderKey(h.Name))
		}
	}
	for _, l := range f.Endpoint.Intent.Methods {
		methods = addName(methods, l.Name)
	}
	for _, l := range f.Endpoint.Intent.Headers {
		headers = addName(headers, l.Name)
	}
	for _, list := range []struct {
		name  string
		items []string
	}{{"Access-Control-Allow-Methods", methods}, {"Access-Control-Allow-Headers", headers}} {
		if _, there := actual.Get(list.name); !there && len(list.items) > 0 {
			step.Headers = append(step.Headers, [2]string{list.name, strings.Join(list.items, ", ")})
		}
	}
	return unsafely(answersItself, one("answer OPTIONS with 204", step))
}

func addName(names []string, name string) []string {
	if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
		return names
	}
	return append(names, name)
}

// repairLost writes the headers that got lost where they are not inherited, or has them inherited. All of them: one alone
// would let the page in with what the others forbid, or a cache with what they say.
func repairLost(failures []*probe.Failure) []repair.Repair {
	first, ok := lost(failures[0])
	if !ok || first.Why != policy.Shadowed && (first.Why != policy.IfSwitched || first.FromBranch) {
		return nil
	}
	preflight := !slices.ContainsFunc(failures, func(f *probe.Failure) bool { return f.Phase != browser.PhasePreflight })
	var lines []source.Span
	for _, f := range failures {
		for _, l := range f.Answer.Lost {
			_, sent := f.Answer.Get(l.Header)
			exposes := strings.EqualFold(l.Header, "Access-Control-Expose-Headers") && preflight
			misspelt := probe.ProtocolHeader(l.Header) != http.CanonicalHeaderKey(l.Header) && !strings.EqualFold(l.Header, "Vary")
			if l.By == first.By && !l.At.IsZero() && !sent && !exposes && !misspelt && !slices.Contains(lines, l.At) {
				lines = append(lines, l.At)
			}
		}
	}
	slices.SortFunc(lines, source.Compare)
	repeat := repair.Repair{Title: "repeat what is lost"}
	if len(lines) > 0 {
		repeat.Steps = append(repeat.Steps, repair.Repeat{Beside: first.By, Lines: lines})
	}
	repeat.Steps = append(repeat.Steps, lostNames(failures, first.By)...)
	switch {
	case len(repeat.Steps) == 0:
		return nil
	case first.Why == policy.IfSwitched:
		return []repair.Repair{repeat}
	}
	return []repair.Repair{{Title: "inherit what is lost", Steps: []repair.Step{repair.Inherit{At: first.By}}}, repeat}
}
