package suppress

import (
	"strings"
	"time"
)

// directive is what a comment says that is meant for corslint:
//
//	corslint: ignore[RULE, RULE] -- REASON [until YYYY-MM-DD]
type directive struct {
	names      []word
	start, end int    // of what stands between the brackets
	reason     string // without the date
	until      string // "2027-03-01"; "" without an end
	fault      fault
}

// word is a rule's name as it is written, and its offset in the comment's text.
type word struct {
	text string
	at   int
}

// fault is why a directive suppresses nothing. The zero fault is none.
type fault uint8

const (
	noNames  fault = iota + 1 // ignore, and not what
	notAVerb                  // anything but ignore
	tooMany                   // more names than anyone writes
	noReason
	noDate // until a day that no calendar has
)

const (
	prefix   = "corslint"
	verb     = "ignore"
	maxNames = 20 // in one comment; each unknown one is a finding
)

// parse reads a comment's text and reports whether it is for corslint at all: it starts with "corslint:", or with
// "corslint ignore[" or the like, which nobody writes who means something else. Comments that only mention corslint are
// left alone.
func parse(text string) (directive, bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeft(text, blanks), prefix)
	if !ok {
		return directive{}, false
	}
	colon := strings.HasPrefix(rest, ":")
	rest = strings.TrimLeft(rest, ":- \t")
	list, isIgnore := strings.CutPrefix(rest, verb)
	list = strings.TrimLeft(list, blanks)
	switch {
	case !colon && !(isIgnore && strings.HasPrefix(list, "[")):
		return directive{}, false
	case !colon || !isIgnore:
		return directive{fault: notAVerb}, true
	}
	d := directive{start: len(text) - len(list) + 1}
	inside, behind, closed := strings.Cut(strings.TrimPrefix(list, "["), "]")
	if !closed || !strings.HasPrefix(list, "[") {
		return directive{fault: noNames}, true
	}
	d.end = d.start + len(inside)
	d.takeNames(inside)
	if d.fault == 0 {
		d.takeReason(behind)
	}
	return d, true
}

// blanks are what may stand between the parts of a directive.
const blanks = " \t\r"

func (d *directive) takeNames(inside string) {
	at := d.start
	for part := range strings.SplitSeq(inside, ",") {
		if name := strings.Trim(part, blanks); name != "" {
			d.names = append(d.names, word{name, at + strings.Index(part, name)})
		}
		if len(d.names) > maxNames {
			d.fault = tooMany
			return
		}
		at += len(part) + 1
	}
	if len(d.names) == 0 {
		d.fault = noNames
	}
}

func (d *directive) takeReason(behind string) {
	reason, ok := strings.CutPrefix(strings.TrimLeft(behind, blanks), "--")
	reason = strings.TrimSpace(reason)
	if before, date, found := cutUntil(reason); found {
		reason, d.until = before, date
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			d.fault = noDate
		}
	}
	if d.reason = reason; !ok || reason == "" {
		d.fault = noReason
	}
}

// cutUntil cuts "until 2027-03-01" off the end of a reason. A reason may end in "until Monday": only what looks like a
// date is one, be it wrong.
func cutUntil(reason string) (before, date string, found bool) {
	trimmed := strings.TrimRight(reason, " \t.,)")
	i := strings.LastIndexAny(trimmed, " \t") + 1
	before, date = strings.TrimRight(trimmed[:i], " \t"), trimmed[i:]
	before, found = strings.CutSuffix(before, "until")
	if !found || date == "" || strings.Trim(date, "0123456789-/.") != "" {
		return reason, "", false
	}
	return strings.TrimRight(before, " \t,;("), date, true
}
