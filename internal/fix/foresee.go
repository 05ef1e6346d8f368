package fix

import (
	"cmp"
	"context"
	"slices"

	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
)

// This file says beforehand what repairing would come to, for reports that have no time to prove every fix: proving takes a
// run each, and a program takes long to run. What counts against the limits is counted, not timed: the same files get the
// same report on every machine.

const (
	maxForeseen = 100 // findings
	maxTrials   = 100 // runs
)

// Survey is what a run finds out about layers, for a fixer that does not have to look at the files again.
type Survey struct{ layers map[string]*layer }

// Note takes down a layer. It is for [engine.Options.Surveyed].
func (s *Survey) Note(l engine.Surveyed) {
	if s.layers == nil {
		s.layers = map[string]*layer{}
	}
	s.layers[l.Key] = newLayer(l)
}

// Know gives the fixer what a run found that a survey and a memory were made of: it does not look at the files again.
func (f *Fixer) Know(s *Survey, m *engine.Memory, found Findings) {
	f.Memory = m
	f.now = f.keep(&state{files: &overlay{Files: f.Files}, Findings: found, layers: s.layers})
}

// Foresee says of findings what becomes of them when they are repaired, with all that is wanted. What no program answers is
// tried out, which is as good as doing it; of the rest it says that it will be tried.
func (f *Fixer) Foresee(ctx context.Context, shown []*finding.Finding) {
	now := f.start(ctx, nil)
	for _, x := range shown {
		x.Offer = f.expect(now, x)
	}
	quick := now.quick()
	trial, first := *f, *now
	first.Wanted = slices.DeleteFunc(slices.Clone(now.Wanted), func(x *finding.Finding) bool { return !quick(x.Place.Path()) || len(f.candidates(x)) == 0 })
	if len(first.Wanted) == 0 || len(first.Wanted) > maxForeseen {
		return
	}
	trial.now, trial.Unsafe, trial.limited, trial.trials = &first, false, true, maxTrials
	trial.Run = func(ctx context.Context, o engine.Options) Findings {
		found := f.Run(ctx, o)
		found.Wanted = slices.DeleteFunc(slices.Clone(found.Wanted), func(x *finding.Finding) bool { return !quick(x.Place.Path()) })
		return found
	}
	safe := trial.Fix(ctx)
	offers := map[*finding.Finding]finding.Offer{}
	if len(safe.Repaired) < len(first.Wanted) {
		trial.Unsafe = true
		for _, r := range trial.Fix(ctx).Repaired {
			offers[r.First] = finding.Offer{Safety: finding.Unsafe, Why: r.Unsafe}
		}
	}
	for _, h := range safe.HeldBack {
		if o, ok := offers[h.First]; ok {
			offers[h.First] = finding.Offer{Safety: finding.Unsafe, Why: cmp.Or(o.Why, h.Why)}
		}
	}
	for _, r := range safe.Repaired {
		offers[r.First] = finding.Offer{Safety: finding.Safe}
	}
	if trial.trials < 0 {
		return
	}
	for _, x := range first.Wanted {
		x.Offer = offers[x]
	}
}

// expect returns what is going to be tried.
func (f *Fixer) expect(now *state, x *finding.Finding) (o finding.Offer) {
	for _, c := range f.candidates(x) {
		switch {
		case !f.mayWrite(now, c.edits):
		case c.unsafe == "":
			return finding.Offer{Safety: finding.Safe, Tried: true}
		case o.Safety == "":
			o = finding.Offer{Safety: finding.Unsafe, Tried: true, Why: c.unsafe}
		}
	}
	return o
}

// quick returns what reports whether changing a file can be tried without running a program. None can where every run
// asks one.
func (s *state) quick() func(path string) bool {
	parts := s.parts()
	slow := map[string]bool{}
	for _, l := range s.layers {
		if l.slow && l.again {
			return func(string) bool { return false }
		}
		if l.slow {
			for _, file := range l.files {
				slow[parts[file.Path]] = true
			}
		}
	}
	return func(path string) bool { return parts[path] != "" && !slow[parts[path]] }
}

// parts divides the files of layers into those that have nothing to do with each other, each named by one of its files.
func (s *state) parts() map[string]string {
	parent := map[string]string{}
	var find func(path string) string
	find = func(path string) string {
		if up := parent[path]; up != path {
			parent[path] = find(up)
		}
		return parent[path]
	}
	for _, l := range s.layers {
		files := slices.Concat(l.files, l.behind)
		for _, file := range files {
			if _, known := parent[file.Path]; !known {
				parent[file.Path] = file.Path
			}
			// The least name stands for all: the order of layers is none.
			a, b := find(files[0].Path), find(file.Path)
			parent[max(a, b)] = min(a, b)
		}
	}
	for path := range parent {
		find(path)
	}
	return parent
}
