package fix

import (
	"cmp"
	"context"
	"slices"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Result is what repairing came to.
type Result struct {
	Changes []Change // by path
	// Repaired are the findings that are gone, as they were when they were repaired. Title and Unsafe are of the repair.
	Repaired []Repaired
	// HeldBack are findings with a fix that changes behaviour and that was not asked for.
	HeldBack  []*finding.Finding
	Exchanges Exchanges
}

// Change is a file before and after.
type Change struct {
	Before, After *source.File
	marks         []mark
}

// Repaired is a finding that a fix repaired.
type Repaired struct {
	*finding.Finding
	Title  string
	Unsafe bool
}

// mark says for which rule a part of a file was changed.
type mark struct {
	start, end int // in the file as it is now
	rule       string
}

// work is a file in the course of repairing.
type work struct {
	before *source.File
	marks  []mark
}

// Fix repairs what can be repaired, and writes nothing.
func (f *Fixer) Fix(ctx context.Context) *Result {
	r := &Result{}
	now := f.look(ctx, &overlay{Files: f.Files}, nil)
	works := map[string]*work{}
	next := map[string]int{} // by finding: which of its candidates comes next, since those before were refused
	for range maxRounds {
		accepted, after, refused := f.round(ctx, now, next, r)
		for _, c := range refused {
			next[id(c.of)]++
		}
		if len(accepted) == 0 {
			if len(refused) == 0 {
				break
			}
			continue
		}
		note(works, accepted)
		for _, c := range accepted {
			r.Repaired = append(r.Repaired, Repaired{c.of, c.title, c.unsafe})
		}
		now = after
	}
	for _, path := range sorted(works) {
		if w := works[path]; now.files.edited[path] != nil {
			r.Changes = append(r.Changes, Change{w.before, now.files.edited[path], w.marks})
		}
	}
	return r
}

func sorted(works map[string]*work) []string {
	var paths []string
	for path := range works {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

// id names a finding from round to round.
func id(x *finding.Finding) string { return x.Rule + "\x00" + x.Fingerprint() }

// round applies the next candidate of every finding, as far as they touch different texts and prove good together. It returns
// those, the state after them, and the candidates that are no good on their own.
func (f *Fixer) round(ctx context.Context, now *state, next map[string]int, r *Result) (accepted []candidate, after *state, refused []candidate) {
	var batch []candidate
	var edits source.Edits
	for _, x := range now.Wanted {
		all := f.candidates(x)
		i := next[id(x)]
		for i < len(all) && !f.mayWrite(now, all[i].edits) {
			i++
		}
		switch {
		case i >= len(all):
			continue
		case all[i].unsafe && !f.Unsafe:
			r.holdBack(x)
			continue
		}
		if merged, ok := edits.Merge(all[i].edits); ok {
			batch, edits = append(batch, all[i]), merged
		}
	}
	accepted, after, exchanges, refused := f.accept(ctx, now, batch, r)
	r.Exchanges.add(exchanges)
	return accepted, after, refused
}

// accept returns the candidates of a batch that are good together. A batch that is not is halved: few are bad.
func (f *Fixer) accept(ctx context.Context, now *state, batch []candidate, r *Result) (good []candidate, after *state, e Exchanges, refused []candidate) {
	if len(batch) == 0 || ctx.Err() != nil {
		return nil, nil, e, nil
	}
	j, after := f.prove(ctx, now, findingsOf(batch), editsOf(batch))
	switch safety := j.safety(false); {
	case safety == finding.Safe || safety == finding.Unsafe && f.Unsafe:
		return batch, after, j.exchanges, nil
	case len(batch) == 1:
		if safety == finding.Unsafe {
			r.holdBack(batch[0].of)
		}
		return nil, nil, e, batch
	}
	half := len(batch) / 2
	left, afterLeft, ofLeft, refusedLeft := f.accept(ctx, now, batch[:half], r)
	right, afterRight, ofRight, refusedRight := f.accept(ctx, now, batch[half:], r)
	refused = append(refusedLeft, refusedRight...)
	switch {
	case len(left) == 0:
		return right, afterRight, ofRight, refused
	case len(right) == 0:
		return left, afterLeft, ofLeft, refused
	}
	both := slices.Concat(left, right)
	j, after = f.prove(ctx, now, findingsOf(both), editsOf(both))
	if safety := j.safety(false); safety == finding.Safe || safety == finding.Unsafe && f.Unsafe {
		return both, after, j.exchanges, refused
	}
	return left, afterLeft, ofLeft, refused // the others have their turn in the next round
}

func findingsOf(batch []candidate) []*finding.Finding {
	var out []*finding.Finding
	for _, c := range batch {
		out = append(out, c.of)
	}
	return out
}

// editsOf returns the edits of candidates that are known to go together.
func editsOf(batch []candidate) source.Edits {
	var all source.Edits
	for _, c := range batch {
		all, _ = all.Merge(c.edits)
	}
	return all
}

func (r *Result) holdBack(x *finding.Finding) {
	if !slices.ContainsFunc(r.HeldBack, func(y *finding.Finding) bool { return id(x) == id(y) }) {
		r.HeldBack = append(r.HeldBack, x)
	}
}

func (e *Exchanges) add(more Exchanges) {
	e.Allowed += more.Allowed
	e.Refused += more.Refused
	e.Unchanged = max(e.Unchanged, more.Unchanged)
}

// note remembers what accepted candidates change, and where what was changed before is now.
func note(works map[string]*work, accepted []candidate) {
	all := editsOf(accepted)
	for _, file := range all.Files() {
		w := works[file.Path]
		if w == nil {
			w = &work{before: file}
			works[file.Path] = w
		}
		edits := all.Of(file)
		for i := range w.marks {
			w.marks[i].start, w.marks[i].end = edits.Moved(file, w.marks[i].start), edits.Moved(file, w.marks[i].end)
		}
		for _, c := range accepted {
			for _, edit := range c.edits.Of(file) {
				start := edits.Moved(file, edit.Span.Start)
				if edit.Span.Start == edit.Span.End {
					start -= len(edit.Text)
				}
				w.marks = append(w.marks, mark{start, start + len(edit.Text), c.of.Rule})
			}
		}
		slices.SortStableFunc(w.marks, func(a, b mark) int { return cmp.Compare(a.start, b.start) })
	}
}
