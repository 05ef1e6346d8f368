// Package fix repairs what was found. It has the steps of a repair, which a rule stated, turned into edits by the dialect of
// the file, and believes neither of them: the files are analysed as they would be after the edits, and what was asked of
// them before is asked again. A fix is safe when the finding is gone, its witness goes well, no other finding appears, no
// exchange that a page needs is refused, and no stranger is let in.
//
// The package imports the engine and the contract of the parsers, and knows no dialect and no rule.
package fix

import (
	"cmp"
	"context"
	"slices"

	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

// maxRounds bounds how often files are looked at again after they were repaired: what overlaps is repaired in the next round.
const maxRounds = 10

// Findings are what a run found.
type Findings struct {
	All    []*finding.Finding // also what the project does not want to hear of: a fix must not make more of it
	Wanted []*finding.Finding // to be repaired
}

// Fixer repairs findings.
type Fixer struct {
	Files   parsers.Files
	Editors []parsers.Editor
	// Run analyses files with some options set, which are the files, the paths that findings are wanted for (nil: those that the
	// project wants them for), and what the engine is to tell and to remember.
	Run func(ctx context.Context, o engine.Options) Findings
	// Writable reports whether a file may be written.
	Writable func(path string) bool
	// Unsafe: what changes behaviour that somebody may rely on is applied, too.
	Unsafe bool
	// Memory, when given, is what is known about the files. It is used up: afterwards it knows them as they are repaired.
	Memory *engine.Memory

	read map[string]bool // the files that layers are made of
	now  *state          // of the files as they are, where a run was listened to

	limited bool
	trials  int // that are left, where they are limited
}

// New returns a fixer for runs of the engine with some options, in which every finding that is shown is to be repaired.
func New(o engine.Options) *Fixer {
	return &Fixer{Files: o.Files, Editors: Editors(o.Dialects), Run: func(ctx context.Context, run engine.Options) Findings {
		next := o
		next.Files, next.Named, next.Surveyed, next.Memory, next.OnlyChanged = run.Files, run.Named, run.Surveyed, run.Memory, run.OnlyChanged
		next.Agreed, next.Documents = nil, false
		all := engine.Run(ctx, next).Findings
		return Findings{All: all, Wanted: slices.DeleteFunc(slices.Clone(all), func(f *finding.Finding) bool { return !f.Shown() })}
	}}
}

// Editors returns the dialects whose files can be repaired, and what repairs the literals of others.
func Editors(dialects []parsers.Dialect) []parsers.Editor {
	var out []parsers.Editor
	for _, d := range dialects {
		if e, ok := d.(parsers.Editor); ok {
			out = append(out, e)
		}
	}
	return append(out, literals{})
}

// candidate is a fix of a finding that is to be proved.
type candidate struct {
	of      *finding.Finding
	title   string
	unsafe  string // why; "" where it is not
	givesUp bool
	moves   bool
	edits   source.Edits
	others  []candidate // to be tried when it is no good
}

// start returns the state of the files as they are.
func (f *Fixer) start(ctx context.Context, named func(path string) bool) *state {
	if f.now != nil {
		return f.now
	}
	return f.look(ctx, &overlay{Files: f.Files}, named)
}

// candidates returns the ways in which a finding can be repaired that its dialect can write.
func (f *Fixer) candidates(of *finding.Finding) []candidate {
	var out []candidate
	for _, r := range of.Repairs {
		if edits, ok := f.edits(r.Steps); ok && len(edits) > 0 {
			moves := slices.ContainsFunc(r.Steps, func(s repair.Step) bool { _, ok := s.(repair.MoveBefore); return ok })
			out = append(out, candidate{of: of, title: r.Title, unsafe: r.Unsafe, givesUp: r.GivesUp, moves: moves, edits: edits})
		}
	}
	for _, fix := range of.Fixes { // without a repair, such as a suppression that is taken out
		if len(of.Repairs) == 0 && fix.Safety == finding.Safe {
			out = append(out, candidate{of: of, title: fix.Title, edits: fix.Edits})
		}
	}
	return out
}

// with reports whether a candidate can be made together with others. The same text cannot be moved to two places.
func (c *candidate) with(batch []candidate) bool {
	return !c.moves || !slices.ContainsFunc(batch, func(d candidate) bool {
		return d.moves && slices.ContainsFunc(d.edits, func(e source.Edit) bool { return slices.Contains(c.edits, e) })
	})
}

func (f *Fixer) edits(steps []repair.Step) (source.Edits, bool) {
	var all source.Edits
	for _, step := range steps {
		edits, ok := f.step(step)
		if !ok {
			return nil, false
		}
		if all, ok = all.Merge(edits); !ok {
			return nil, false
		}
	}
	return all, true
}

func (f *Fixer) step(step repair.Step) (source.Edits, bool) {
	for _, e := range f.Editors {
		if edits, ok := e.Edit(step); ok {
			return edits, true
		}
	}
	return nil, false
}

// frozen reports whether nobody is to write a file: a program writes it, or it is part of a configuration that could not be
// read to its end.
func (s *state) frozen(file *source.File) bool {
	if generated(file) {
		return true
	}
	for _, l := range s.layers {
		if l.broken && slices.ContainsFunc(l.files, func(x *source.File) bool { return x.Path == file.Path }) {
			return true
		}
	}
	return false
}

func (f *Fixer) mayWrite(s *state, edits source.Edits) bool {
	return !slices.ContainsFunc(edits.Files(), func(x *source.File) bool {
		return s.frozen(x) || f.Writable != nil && !f.Writable(x.Path)
	})
}

// safety is how far a proof goes; "" where the change repairs nothing.
func (j *judgement) safety(unsafe string) finding.Safety {
	switch {
	case len(j.left) > 0 || j.lost || j.fruitless > 0:
		return ""
	case j.worse > 0 || slices.ContainsFunc(j.appeared, func(x *finding.Finding) bool {
		// What refuses a page where an error was may leave out Vary: whoever looks at the change decides whether a cache matters.
		return x.Shown() && (unsafe == "" || x.Category != finding.Caching)
	}):
		return finding.Shown
	case len(j.appeared) > 0 || j.letIn > 0 || unsafe != "":
		return finding.Unsafe
	}
	return finding.Safe
}

// why says why a change is not safe.
func (j *judgement) why() string {
	switch {
	case j.letIn > 0:
		return "it lets in others than now"
	case len(j.appeared) > 0:
		return "it brings a note, " + j.appeared[0].Rule
	}
	return ""
}

// Propose gives findings the fixes that were proved, the best first: of the alternatives of a repair those that are safe, else
// what is left.
func (f *Fixer) Propose(ctx context.Context, findings []*finding.Finding) {
	paths := map[string]bool{}
	for _, x := range findings {
		if len(x.Repairs) > 0 {
			paths[x.Place.Path()] = true
		}
	}
	if len(paths) == 0 {
		return
	}
	now := f.start(ctx, func(path string) bool { return paths[path] })
	for _, x := range findings {
		if len(x.Repairs) > 0 && ctx.Err() == nil {
			x.Fixes = f.proposals(ctx, now, x)
			if x.Offer.Tried { // now it was
				x.Offer = offered(x.Fixes)
			}
		}
	}
}

// offered returns what the command line does of some fixes.
func offered(fixes []finding.Fix) finding.Offer {
	if len(fixes) == 0 || fixes[0].Safety == finding.Shown {
		return finding.Offer{}
	}
	return finding.Offer{Safety: fixes[0].Safety, Why: fixes[0].Why}
}

func (f *Fixer) proposals(ctx context.Context, now *state, of *finding.Finding) []finding.Fix {
	known := now.find(of)
	if known == nil {
		return nil
	}
	var out []finding.Fix
	for _, c := range f.candidates(known) {
		fix := finding.Fix{Title: c.title, Safety: finding.Shown, Edits: c.edits}
		if f.mayWrite(now, c.edits) {
			j, _ := f.prove(ctx, now, []candidate{c})
			if fix.Safety = j.safety(c.unsafe); fix.Safety == finding.Unsafe {
				fix.Why = cmp.Or(c.unsafe, j.why())
			}
		}
		if fix.Safety == "" {
			continue
		}
		out = append(out, fix)
		if fix.Safety == finding.Safe {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b finding.Fix) int { return rank(a.Safety) - rank(b.Safety) })
	return out
}

func rank(s finding.Safety) int {
	return slices.Index([]finding.Safety{finding.Safe, finding.Unsafe, finding.Shown}, s)
}

// find returns the finding of the state that another run found as well.
func (s *state) find(x *finding.Finding) *finding.Finding {
	i := slices.IndexFunc(s.All, func(y *finding.Finding) bool {
		return x.Rule == y.Rule && source.Compare(x.Place, y.Place) == 0
	})
	if i < 0 {
		return nil
	}
	return s.All[i]
}
