package suppress

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// The rules about suppressions.
const (
	Expired       = "suppression-expired"
	ReasonMissing = "suppression-reason-missing"
	UnknownRule   = "suppression-unknown-rule"
	Unused        = "suppression-unused"
)

func report(rule string, severity finding.Severity, at source.Span, message, because, change string) *finding.Finding {
	return &finding.Finding{
		Rule: rule, Category: finding.Suppression, Severity: severity, Confidence: finding.High,
		Message: message, Because: because, Change: change,
		Place: at, Subject: "suppression",
	}
}

// faulty reports a comment that suppresses nothing.
func faulty(c *parsers.Comment, d directive) *finding.Finding {
	const form = "write corslint: ignore[RULE] -- REASON, with the name that stands behind the finding"
	switch d.fault {
	case noReason:
		return report(ReasonMissing, finding.Warning, c.Span,
			"a suppression without a reason suppresses nothing",
			"the reason tells whoever reads this next whether it still holds",
			"end the comment with -- and the reason")
	case noDate:
		return report(Expired, finding.Warning, c.Span,
			"this suppression ends on "+quote(d.until)+", which is no day, and suppresses nothing",
			"a suppression holds up to and including its day",
			"write the day as until YYYY-MM-DD")
	case notAVerb:
		return report(UnknownRule, finding.Error, c.Span,
			"this comment is for corslint, which does not understand it: it suppresses nothing",
			"a comment for corslint is an ignore with the names of rules", form)
	case tooMany:
		return report(UnknownRule, finding.Error, c.Span,
			fmt.Sprintf("a suppression of more than %d rules suppresses nothing", maxNames),
			"whoever names so many means all, and a suppression is never for all rules",
			"name the rules whose findings are accepted here")
	case noNames:
	}
	return report(UnknownRule, finding.Error, c.Span,
		"a suppression that names no rule suppresses nothing",
		"a suppression is for the rules in its brackets, never for all", form)
}

// unknownRule reports a name that no rule has.
func unknownRule(at source.Span, name, nearest string) *finding.Finding {
	f := report(UnknownRule, finding.Error, at,
		"no rule is called "+quote(name),
		"a name that no rule has suppresses nothing",
		"write the name that stands behind the finding")
	if nearest != "" {
		f.Message += "; did you mean " + nearest + "?"
		f.Change = "write " + nearest
		f.Fixes = []finding.Fix{{Title: "write " + nearest, Safety: finding.Shown, Edits: []finding.Edit{{Span: at, Text: nearest}}}}
	}
	return f
}

// oldName reports the former name of a rule, which goes on working.
func oldName(at source.Span, old, present string) *finding.Finding {
	f := report(UnknownRule, finding.Note, at,
		quote(old)+" is called "+present+" by now",
		"former names go on working, and are in no list any more",
		"write "+present)
	f.Fixes = []finding.Fix{{Title: "write " + present, Safety: finding.Safe, Edits: []finding.Edit{{Span: at, Text: present}}}}
	return f
}

// reports says what is wrong with a suppression now that all findings were held against it.
func (s *suppression) reports(in *Input, today string) []*finding.Finding {
	used := slices.ContainsFunc(s.rules, func(r rule) bool { return r.used })
	if s.ended(today) {
		return []*finding.Finding{s.expired(used)}
	}
	var unused []rule
	for _, r := range s.rules {
		if !r.used && (in.Ran == nil || in.Ran(r.name)) {
			unused = append(unused, r)
		}
	}
	if !in.Whole || len(unused) == 0 {
		return nil
	}
	return []*finding.Finding{s.unused(unused)}
}

// expired reports a suppression whose last day has passed.
func (s *suppression) expired(used bool) *finding.Finding {
	f := report(Expired, finding.Warning, s.span,
		"this suppression ended on "+s.until+"; the finding below is reported again",
		"it holds up to and including its day",
		"repair the finding, or write a later day")
	if !used {
		f.Message = "this suppression ended on " + s.until
		f.Change = "remove it if nothing is reported here, else write a later day"
	}
	return f
}

// unused reports the rules of a suppression that report nothing where it holds.
func (s *suppression) unused(rules []rule) *finding.Finding {
	f := report(Unused, finding.Warning, s.span,
		"nothing here to suppress: "+listed(rules),
		"no finding of that name has a place in "+s.where(),
		"remove the suppression")
	if s.ignore != nil || s.misspelt {
		return f // what to keep is for people to say
	}
	title := "remove the suppression"
	edit := s.without()
	if len(rules) < len(s.rules) {
		title = "suppress only what is reported"
		f.Change = "keep only the names that are reported"
		edit = finding.Edit{Span: s.list, Text: s.rest(rules)}
	}
	f.Fixes = []finding.Fix{{Title: title, Safety: finding.Safe, Edits: []finding.Edit{edit}}}
	return f
}

// where names the lines that the suppression governs.
func (s *suppression) where() string {
	if s.ignore != nil {
		return s.ignore.Path
	}
	from := source.Span{File: s.span.File, Start: s.from}.Position().Line
	to := source.Span{File: s.span.File, Start: s.to}.Position().Line
	if from == to {
		return "line " + strconv.Itoa(from)
	}
	return fmt.Sprintf("lines %d to %d", from, to)
}

// without is the edit that removes a comment: with its line if nothing else stands on it, else with the blanks before it.
func (s *suppression) without() finding.Edit {
	data := s.span.File.Data
	at := source.Span{File: s.span.File, Start: s.span.Start}
	at.End = at.Start + len(strings.TrimRight(s.span.Text(), "\r\n"))
	if alone(s.span) && strings.TrimSpace(string(data[at.End:lineEnd(data, at.End)])) == "" {
		at.Start = lineStart(data, at.Start)
		at.End = min(lineEnd(data, at.End)+1, len(data))
		return finding.Edit{Span: at}
	}
	for at.Start > 0 && (data[at.Start-1] == ' ' || data[at.Start-1] == '\t') {
		at.Start--
	}
	return finding.Edit{Span: at}
}

// rest is the list of names without those that are of no use.
func (s *suppression) rest(unused []rule) string {
	var kept []string
	for _, r := range s.rules {
		if !slices.Contains(unused, r) {
			kept = append(kept, r.text)
		}
	}
	return strings.Join(kept, ", ")
}

// listed says which rules do not fire, in at most 80 characters.
func listed(rules []rule) string {
	switch len(rules) {
	case 1:
		return rules[0].text + " does not fire"
	case 2:
		if text := rules[0].text + " and " + rules[1].text + " do not fire"; len(text) <= 80 {
			return text
		}
	}
	return fmt.Sprintf("%s and %d more do not fire", rules[0].text, len(rules)-1)
}

// quote makes a name printable, whatever it holds and however long it is: a message has 110 characters at most.
func quote(name string) string {
	const most = 34
	if runes := []rune(name[:min(len(name), 4*most)]); len(runes) > most {
		name = string(runes[:most-1]) + "…"
	}
	quoted := strconv.Quote(name)
	if runes := []rune(quoted); len(runes) > most+2 { // escapes are longer than what they stand for
		quoted = string(runes[:most]) + `…"`
	}
	return quoted
}
