package differential

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
)

// Tally counts the answers that agree. The zero Tally has counted none.
type Tally struct {
	Subjects int // configurations, applications
	Requests int
	Equal    int
	Several  int // predicted with several outcomes
	Open     int // predicted with an open outcome
	Silent   int // not answered by the real server

	disagreements map[string]disagreement // by kind
}

// disagreement is what was predicted wrongly in one way, with the shortest text that shows it.
type disagreement struct {
	times int
	text  string
}

// Add adds what another Tally has counted.
func (t *Tally) Add(u Tally) {
	t.Subjects += u.Subjects
	t.Requests += u.Requests
	t.Equal += u.Equal
	t.Several += u.Several
	t.Open += u.Open
	t.Silent += u.Silent
	for kind, d := range u.disagreements {
		t.disagree(kind, d)
	}
}

func (t *Tally) disagree(kind string, d disagreement) {
	if t.disagreements == nil {
		t.disagreements = map[string]disagreement{}
	}
	if known, ok := t.disagreements[kind]; ok {
		d.times += known.times
		if len(known.text) < len(d.text) {
			d.text = known.text
		}
	}
	t.disagreements[kind] = d
}

// Count counts an answer and what was predicted. Where they differ, subject says what was asked.
func (t *Tally) Count(c Compared, got string, outcomes []policy.Outcome, subject func() string) {
	t.Requests++
	if len(outcomes) > 1 {
		t.Several++
	}
	if slices.ContainsFunc(outcomes, func(o policy.Outcome) bool { return o.Open != nil }) {
		t.Open++
	}
	if c.Holds(got, outcomes) {
		t.Equal++
		return
	}
	kind := "nothing is predicted"
	var predicted []string
	for i := range outcomes {
		text := c.Shown(&outcomes[i])
		if i == 0 {
			kind = difference(got, text)
		}
		predicted = append(predicted, fmt.Sprintf("%s %v %v", text, outcomes[i].Open, outcomes[i].Assuming))
	}
	t.Disagree(kind, fmt.Sprintf("%s\nreal:     %s\ncorslint: %s", subject(), got, strings.Join(predicted, "\n          ")))
}

// Disagree counts a disagreement of a kind, shown by a text.
func (t *Tally) Disagree(kind, text string) {
	t.disagree(kind, disagreement{1, kind + "\n" + text})
}

// difference says in what two answers differ, without the values of headers.
func difference(got, predicted string) string {
	a, b := strings.Split(got, separator), strings.Split(predicted, separator)
	kind := "same status"
	if a[0] != b[0] {
		kind = a[0] + " for " + b[0]
	}
	for _, text := range a[1:] {
		if name, _, _ := strings.Cut(text, ":"); !slices.Contains(b, text) {
			kind += ", -" + name
		}
	}
	for _, text := range b[1:] {
		if name, _, _ := strings.Cut(text, ":"); !slices.Contains(a, text) {
			kind += ", +" + name
		}
	}
	return kind
}

// Report logs the figures and some disagreements of different kinds, the frequent ones first. It fails the test when less
// than a share, in percent, agrees, or when too many answers depend on something unknown.
func (t *Tally) Report(test *testing.T, subjects string, show int, share float64) {
	test.Helper()
	test.Logf("%d %s, %d requests: %.3f %% equal, %.2f %% with several outcomes, %.2f %% open, %d without an answer", t.Subjects, subjects, t.Requests,
		t.percent(t.Equal), t.percent(t.Several), t.percent(t.Open), t.Silent)
	kinds := slices.SortedFunc(maps.Values(t.disagreements), func(a, b disagreement) int { return cmp.Or(b.times-a.times, len(a.text)-len(b.text)) })
	for _, d := range kinds[:min(show, len(kinds))] {
		test.Logf("%d times, for example: %s", d.times, d.text)
	}
	if t.percent(t.Equal) < share {
		test.Errorf("%d of %d answers differ", t.Requests-t.Equal, t.Requests)
	}
	if t.percent(t.Several) > 5 || t.percent(t.Open) > 2 {
		test.Error("too many answers depend on something unknown")
	}
}

func (t *Tally) percent(n int) float64 { return 100 * float64(n) / float64(max(t.Requests, 1)) }
