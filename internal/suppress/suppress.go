// Package suppress takes out the findings that a project accepts, by a comment next to their place or by an entry of
// the configuration, and reports suppressions that do nothing, or not what was meant. It knows rules by name only; it
// imports the comments of parsers, config, finding, names and source.
package suppress

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/corslint/corslint/internal/config"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/names"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// Input is what a run has found and what the project says about it.
type Input struct {
	Findings []*finding.Finding
	Comments []parsers.Comment // of all files that were read; one that was read several times counts once
	Ignores  []config.Ignore
	Rules    *names.Set
	Today    time.Time // only the day matters
	// Wanted reports whether findings at a path are reported; nil: at every path.
	Wanted func(path string) bool
	// Whole reports that the whole project was asked for: only then is it known that a suppression has no use.
	Whole bool
	// Ran reports whether a rule was asked, by its present name; nil: all were. Of one that was not it is not known
	// whether its suppression has a use.
	Ran func(rule string) bool
}

// Result is what is left.
type Result struct {
	Findings   []*finding.Finding // those that nobody accepts, and those about suppressions; sorted
	Suppressed int                // how many were taken out
}

// Apply takes out what is suppressed. A suppression holds for a finding if it names the finding's rule, or one that the
// finding speaks for, and if it governs any of the finding's places.
func Apply(in Input) Result {
	today := in.Today.Format(time.DateOnly)
	var reports []*finding.Finding
	var all []*suppression
	seen := map[place]bool{}
	for i := range in.Comments {
		c := &in.Comments[i]
		at := place{c.Span.Path(), c.Span.Start}
		d, ok := parse(c.Text)
		if !ok || c.Span.IsZero() || seen[at] {
			continue
		}
		seen[at] = true
		s, about := fromComment(c, d, in.Rules)
		reports = append(reports, about...)
		if s != nil {
			all = append(all, s)
		}
	}
	for i := range in.Ignores {
		all = append(all, fromConfig(&in.Ignores[i]))
	}
	index := byRule(all)
	var out Result
	for _, f := range in.Findings {
		if index.accepts(f, in.Rules, today) {
			out.Suppressed++
		} else {
			out.Findings = append(out.Findings, f)
		}
	}
	for _, s := range all {
		reports = append(reports, s.reports(&in, today)...)
	}
	for _, r := range once(reports) {
		if in.Wanted == nil || in.Wanted(r.Place.Path()) {
			out.Findings = append(out.Findings, r)
		}
	}
	finding.Sort(out.Findings)
	return out
}

// once leaves one report for each old name: that there is a new one need not be said at every place.
func once(reports []*finding.Finding) []*finding.Finding {
	said := map[string]bool{}
	return slices.DeleteFunc(reports, func(f *finding.Finding) bool {
		again := f.Severity == finding.Note && said[f.Message]
		said[f.Message] = true
		return again
	})
}

type place struct {
	path  string
	start int
}

// suppression is a comment or an entry of the configuration that names at least one rule there is.
type suppression struct {
	span   source.Span // the comment, or the entry
	rules  []rule
	until  string         // the last day; "" for ever
	ignore *config.Ignore // the entry; nil for a comment
	// A comment governs whole lines: the bytes from..to of its file.
	from, to int
	list     source.Span // what stands between the comment's brackets
	misspelt bool        // it names rules that there are not, too
}

// rule is one of the rules that a suppression names.
type rule struct {
	name string // its present name
	text string // as it is written
	used bool   // a finding was met, also by a suppression that has ended
}

func (s *suppression) ended(today string) bool { return s.until != "" && s.until < today }

// governs reports whether a place is one that the suppression is for.
func (s *suppression) governs(at source.Span) bool {
	if s.ignore != nil {
		return s.ignore.Matches(at.Path())
	}
	return at.Path() == s.span.Path() && s.from <= at.Start && at.Start <= s.to
}

// concerns reports whether the suppression is for an endpoint of a finding, or for all.
func (s *suppression) concerns(f *finding.Finding) bool {
	return s.ignore == nil || s.ignore.Endpoint == "" || slices.ContainsFunc(f.Endpoints, s.ignore.MatchesEndpoint)
}

// takes takes the endpoints that are accepted out of a finding, and reports whether none is left.
func (s *suppression) takes(f *finding.Finding) bool {
	if s.ignore == nil || s.ignore.Endpoint == "" {
		return true
	}
	f.Endpoints = slices.DeleteFunc(slices.Clone(f.Endpoints), s.ignore.MatchesEndpoint)
	return len(f.Endpoints) == 0
}

// index finds the suppressions of a rule.
type index map[string][]*suppression

func byRule(all []*suppression) index {
	ix := index{}
	for _, s := range all {
		for _, r := range s.rules {
			if list := ix[r.name]; len(list) == 0 || list[len(list)-1] != s {
				ix[r.name] = append(list, s)
			}
		}
	}
	return ix
}

// accepts reports whether a finding is suppressed, and marks all suppressions that are for it as used.
func (ix index) accepts(f *finding.Finding, rules *names.Set, today string) bool {
	places := []source.Span{f.Place}
	for _, r := range f.Related {
		places = append(places, r.Span)
	}
	accepted := false
	for _, name := range append([]string{f.Rule}, f.Also...) {
		if present, ok := rules.Canonical(name); ok {
			name = present
		}
		for _, s := range ix[name] {
			if !slices.ContainsFunc(places, s.governs) || !s.concerns(f) {
				continue
			}
			accepted = accepted || !s.ended(today) && s.takes(f)
			for i := range s.rules {
				s.rules[i].used = s.rules[i].used || s.rules[i].name == name
			}
		}
	}
	return accepted
}

func fromConfig(i *config.Ignore) *suppression {
	s := &suppression{span: i.Span, ignore: i, rules: []rule{{name: i.Rule, text: i.Rule}}}
	if !i.Until.IsZero() {
		s.until = i.Until.Format(time.DateOnly)
	}
	return s
}

// fromComment returns what a comment suppresses, nil if nothing, and what is wrong with it.
func fromComment(c *parsers.Comment, d directive, known *names.Set) (*suppression, []*finding.Finding) {
	if d.fault != 0 {
		return nil, []*finding.Finding{faulty(c, d)}
	}
	s := &suppression{span: c.Span, until: d.until, list: within(c, d.start, d.end)}
	s.from, s.to = governed(c)
	var reports []*finding.Finding
	for _, w := range d.names {
		name, ok := known.Canonical(w.text)
		switch {
		case !ok:
			s.misspelt = true
			reports = append(reports, unknownRule(within(c, w.at, w.at+len(w.text)), w.text, known.Nearest(w.text)))
		case !slices.ContainsFunc(s.rules, func(r rule) bool { return r.name == name }):
			s.rules = append(s.rules, rule{name: name, text: w.text})
			if name != w.text {
				reports = append(reports, oldName(within(c, w.at, w.at+len(w.text)), w.text, name))
			}
		}
	}
	if len(s.rules) == 0 {
		return nil, reports
	}
	return s, reports
}

// within returns the place of a part of a comment's text; the comment if its text is not what the file holds there.
func within(c *parsers.Comment, start, end int) source.Span {
	at := strings.Index(c.Span.Text(), c.Text)
	if at < 0 {
		return c.Span
	}
	at += c.Span.Start
	return source.Span{File: c.Span.File, Start: at + start, End: at + end}
}

// governed returns the range of bytes that a comment is for: its own lines, with those of the statement or block that it
// governs; the next line if it has one to itself and nothing is known about what follows.
func governed(c *parsers.Comment) (from, to int) {
	data := c.Span.File.Data
	from, to = lineStart(data, c.Span.Start), lineEnd(data, last(c.Span))
	switch {
	case c.Governs.Path() == c.Span.Path() && !c.Governs.IsZero():
		from = min(from, lineStart(data, c.Governs.Start))
		to = max(to, lineEnd(data, last(c.Governs)))
	case alone(c.Span):
		to = lineEnd(data, min(to+1, len(data)))
	}
	return from, to
}

// alone reports whether nothing stands before a comment on its line.
func alone(comment source.Span) bool {
	data := comment.File.Data
	return len(bytes.TrimSpace(data[lineStart(data, comment.Start):min(comment.Start, len(data))])) == 0
}

// lineStart is the offset of the first byte of an offset's line.
func lineStart(data []byte, at int) int {
	return bytes.LastIndexByte(data[:min(at, len(data))], '\n') + 1
}

// last is the offset of a span's last byte, which may be the line feed behind a comment.
func last(s source.Span) int { return max(s.Start, s.End-1) }

// lineEnd is the offset of the line feed that ends an offset's line, or the end of the file.
func lineEnd(data []byte, at int) int {
	at = min(at, len(data))
	if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(data)
}
