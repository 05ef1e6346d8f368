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
	HeldBack  []HeldBack // as they are now
	Exchanges Exchanges

	alone map[*finding.Finding]alone // what the fixes of findings came to, each applied alone
}

// alone is what a fix came to that was applied alone.
type alone struct {
	safety finding.Safety
	why    string
}

// HeldBack is a finding whose fix somebody has to look at, and why.
type HeldBack struct {
	*finding.Finding
	Why   string
	First *finding.Finding // as it was before anything was repaired; nil if it was not there
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
	Unsafe string           // why it is not safe; "" where it is
	First  *finding.Finding // as it was before anything was repaired; nil if it was not there
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
	r := &Result{alone: map[*finding.Finding]alone{}}
	now := f.start(ctx, nil)
	works := map[string]*work{}
	for range maxRounds {
		accepted, after := f.round(ctx, now, r)
		if len(accepted) == 0 {
			break
		}
		note(works, accepted)
		for _, c := range accepted {
			r.Repaired = append(r.Repaired, Repaired{c.of, c.title, c.unsafe, now.original(c.of)})
		}
		now = after
	}
	if !f.Unsafe {
		r.HeldBack = f.heldBack(ctx, now, r.alone)
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

// round applies a candidate of every finding, as far as they touch different texts and prove good together. It returns those,
// and the state after them.
func (f *Fixer) round(ctx context.Context, now *state, r *Result) (accepted []candidate, after *state) {
	var batch []candidate
	var edits source.Edits
	for _, x := range now.Wanted {
		allowed := slices.DeleteFunc(f.candidates(x), func(c candidate) bool { return c.unsafe != "" && !f.Unsafe || !f.mayWrite(now, c.edits) })
		if _, known := r.alone[x]; known || len(allowed) == 0 { // nothing around it has changed
			continue
		}
		first := allowed[0]
		first.others = allowed[1:]
		if merged, ok := edits.Merge(first.edits); ok && first.with(batch) {
			batch, edits = append(batch, first), merged
		}
	}
	accepted, after, exchanges := f.accept(ctx, now, batch, r)
	r.Exchanges.add(exchanges)
	return accepted, after
}

// accept returns the candidates of a batch that are good together. A batch that is not is halved: few are bad. Of those the
// other candidates are tried.
func (f *Fixer) accept(ctx context.Context, now *state, batch []candidate, r *Result) (good []candidate, after *state, e Exchanges) {
	if len(batch) == 0 || ctx.Err() != nil {
		return nil, nil, e
	}
	j, after := f.prove(ctx, now, batch)
	safety := j.safety(unsafeOf(batch))
	if f.wants(safety) {
		return batch, after, j.exchanges
	}
	if len(batch) == 1 {
		if x := batch[0].of; r.alone[x].safety == "" {
			r.alone[x] = alone{safety, j.why()}
		}
		if others := batch[0].others; len(others) > 0 {
			others[0].others = others[1:]
			return f.accept(ctx, now, others[:1], r)
		}
		return nil, nil, e
	}
	half := now.blameless(batch, &j)
	left, afterLeft, ofLeft := f.accept(ctx, now, batch[:half], r)
	right, afterRight, ofRight := f.accept(ctx, now, batch[half:], r)
	switch {
	case len(left) == 0:
		return right, afterRight, ofRight
	case len(right) == 0:
		return left, afterLeft, ofLeft
	}
	if _, ok := editsOf(left).Merge(editsOf(right)); ok { // with other candidates they may touch the same text
		both := slices.Concat(left, right)
		if j, after = f.prove(ctx, now, both); f.wants(j.safety(unsafeOf(both))) {
			return both, after, j.exchanges
		}
	}
	return left, afterLeft, ofLeft // the others have their turn in the next round
}

// wants reports whether what is proved so far is to be applied.
func (f *Fixer) wants(s finding.Safety) bool {
	return s == finding.Safe || s == finding.Unsafe && f.Unsafe
}

// unsafeOf says why somebody has to look at a batch; "" where nobody has to.
func unsafeOf(batch []candidate) string {
	for _, c := range batch {
		if c.unsafe != "" {
			return c.unsafe
		}
	}
	return ""
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

// blameless orders a batch that is no good by the parts of the project, those that are to blame last, and returns where to divide
// it: before those, or between two of them, or else in the middle. What becomes of a part does not depend on the others then.
func (s *state) blameless(batch []candidate, j *judgement) int {
	parts := s.parts()
	part := func(c candidate) string { return parts[c.edits[0].Span.Path()] }
	blamed := map[string]bool{}
	for _, path := range j.at {
		blamed[parts[path]] = true
	}
	whole := len(j.at) == 0 || blamed[""] // nobody knows who is to blame
	class := func(c candidate) int {
		if whole || blamed[part(c)] {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(batch, func(a, b candidate) int { return cmp.Or(class(a)-class(b), cmp.Compare(part(a), part(b))) })
	best, middle := 0, len(batch)/2
	for i := 1; i < len(batch); i++ {
		switch last := batch[i-1]; {
		case class(last) != class(batch[i]):
			return i
		case part(last) != part(batch[i]) && (best == 0 || max(i-middle, middle-i) < max(best-middle, middle-best)):
			best = i
		}
	}
	return cmp.Or(best, middle)
}

// heldBack returns the findings that are left and whose fix somebody has to look at.
func (f *Fixer) heldBack(ctx context.Context, now *state, known map[*finding.Finding]alone) []HeldBack {
	var out []HeldBack
	for _, x := range now.Wanted {
		fix := known[x]
		for _, c := range f.candidates(x) {
			if fix.safety != finding.Unsafe && c.unsafe != "" && f.mayWrite(now, c.edits) && ctx.Err() == nil {
				j, _ := f.prove(ctx, now, []candidate{c})
				fix = alone{j.safety(c.unsafe), c.unsafe}
			}
		}
		if fix.safety == finding.Unsafe {
			out = append(out, HeldBack{x, fix.why, now.original(x)})
		}
	}
	return out
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
