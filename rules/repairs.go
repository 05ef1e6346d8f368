package rules

import (
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
			if l.By == first.By && !l.At.IsZero() && !sent && !exposes && !slices.Contains(lines, l.At) {
				lines = append(lines, l.At)
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	slices.SortFunc(lines, source.Compare)
	repeat := repair.Repair{Title: "repeat what is lost", Steps: []repair.Step{repair.Repeat{Beside: first.By, Lines: lines}}}
	if first.Why == policy.IfSwitched {
		return []repair.Repair{repeat}
	}
	return []repair.Repair{{Title: "inherit what is lost", Steps: []repair.Step{repair.Inherit{At: first.By}}}, repeat}
}
