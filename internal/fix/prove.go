package fix

import (
	"context"
	"maps"
	"slices"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// state is what a run found out about files.
type state struct {
	files *overlay
	Findings
	layers map[string]*layer
	first  map[*finding.Finding]*finding.Finding // what a finding was before anything was repaired; nil: all of them are
}

// layer is a layer and what it was asked.
type layer struct {
	host   *policy.Host
	layer  *policy.Layer
	files  []*source.File
	behind []*source.File // of what stands behind it
	broken bool
	slow   bool             // a program answers
	again  bool             // every run asks it again
	gaps   map[string]bool  // what cannot be followed
	asked  map[string]asked // by the key of the fetch
}

// asked is a fetch and how it went. A wanted one is of a page that is meant to be let in, for something it is meant to do.
type asked struct {
	fetch   exchange.Fetch
	verdict browser.Verdict
	wanted  bool
	failed  int  // checks
	let     bool // in one of the ways in which it can go it is allowed
}

// look runs the analysis.
func (f *Fixer) look(ctx context.Context, files *overlay, named func(path string) bool) *state {
	if f.Memory == nil {
		f.Memory = engine.NewMemory()
	}
	s := &state{files: files, layers: map[string]*layer{}}
	note := func(l engine.Surveyed) { s.layers[l.Key] = newLayer(l) }
	o := engine.Options{Files: files, Named: named, Surveyed: note}
	if f.remembers(files) {
		o.Memory, o.OnlyChanged = f.Memory, true
	}
	s.Findings = f.Run(ctx, o)
	return f.keep(s)
}

// keep remembers which files the layers of a state are made of.
func (f *Fixer) keep(s *state) *state {
	if f.read == nil {
		f.read = map[string]bool{}
	}
	for _, l := range s.layers {
		for _, file := range l.files {
			f.read[file.Path] = true
		}
	}
	return s
}

// remembers reports whether the memory knows what the edited files are part of. Of what gives environment variables, and other
// files that a configuration only looks at, it does not.
func (f *Fixer) remembers(files *overlay) bool {
	for path := range files.edited {
		if !f.read[path] {
			return false
		}
	}
	return true
}

// since returns the state with that of another run before it, of which it looked again at what is named.
func (s *state) since(before *state, named func(path string) bool) *state {
	out := &state{files: s.files, layers: maps.Clone(before.layers)}
	maps.Copy(out.layers, s.layers)
	other := func(f *finding.Finding) bool { return named(f.Place.Path()) }
	out.All = append(slices.DeleteFunc(slices.Clone(before.All), other), s.All...)
	out.Wanted = append(slices.DeleteFunc(slices.Clone(before.Wanted), other), s.Wanted...)
	return out
}

func newLayer(s engine.Surveyed) *layer {
	l := &layer{host: s.Survey.Host, layer: s.Survey.Layer, files: s.Files, behind: s.Behind, broken: s.Broken, slow: s.Program, again: !s.Alone,
		gaps: map[string]bool{}, asked: map[string]asked{}}
	for _, g := range slices.Concat(l.host.Gaps, l.layer.Gaps) {
		l.gaps[g.Why] = true
	}
	for _, e := range slices.Concat(s.Survey.Endpoints, s.Survey.Stated) {
		for _, p := range e.Strangers {
			l.note(p, false)
		}
		for _, p := range e.Wanted { // a fetch that is wanted somewhere is wanted
			l.note(p, true)
		}
	}
	return l
}

func (l *layer) note(p *probe.Probe, wanted bool) {
	l.asked[p.Exchange.Fetch.Key()] = went(&p.Exchange, wanted)
}

func went(x *exchange.Exchange, wanted bool) asked {
	a := asked{fetch: x.Fetch, verdict: x.Verdict(), wanted: wanted}
	for i := range x.Outcomes {
		a.failed = max(a.failed, len(x.Outcomes[i].Result.Failures))
		a.let = a.let || x.Outcomes[i].Result.Verdict == browser.Allowed
	}
	return a
}

// ask returns how a fetch goes, which another run asked.
func (l *layer) ask(ctx context.Context, f asked) asked {
	if known, ok := l.asked[f.fetch.Key()]; ok {
		return known
	}
	x, err := exchange.Simulate(ctx, browser.Chromium, exchange.Chain{l.host}, f.fetch, exchange.Options{Entry: l.layer, AssumeSilent: true})
	if err != nil {
		return asked{fetch: f.fetch, verdict: browser.Unknown}
	}
	return went(&x, f.wanted)
}

// Exchanges counts what became of exchanges.
type Exchanges struct {
	Allowed   int // that were blocked: what pages need
	Refused   int // that were allowed: strangers
	Unchanged int
}

// judgement is what a change of files comes to.
type judgement struct {
	left      []*finding.Finding // findings that are still there, and were to go
	appeared  []*finding.Finding // findings that were not there
	lost      bool               // a layer is no longer there, or less of it can be followed
	worse     int                // exchanges that pages need and that are refused now
	letIn     int                // strangers who are let in now
	fruitless int                // witnesses that go no better than before
	exchanges Exchanges
	at        []string // where it is not good: paths of files
}

// prove holds the files after a batch of repairs against those before: what was to be repaired is, nothing else is worse, and nobody is
// let in who was not.
func (f *Fixer) prove(ctx context.Context, before *state, batch []candidate) (judgement, *state) {
	j, after, named := f.judge(ctx, before, batch)
	if after == nil {
		return j, nil
	}
	after = after.since(before, named)
	after.first = before.followed(editsOf(batch), after.All)
	return j, after
}

// judge is prove without what became of all that the repairs did not touch, which takes long where that is much: the state is
// one of the files that the returned function names.
func (f *Fixer) judge(ctx context.Context, before *state, batch []candidate) (judgement, *state, func(path string) bool) {
	if f.limited {
		if f.trials--; f.trials < 0 {
			return judgement{lost: true}, nil, nil
		}
	}
	repaired, edits := findingsOf(batch), editsOf(batch)
	named := before.around(edits)
	after := f.look(ctx, before.files.with(edits), named)
	var j judgement
	j.left, j.appeared = compare(before.All, after.All, repaired, edits, named)
	j.lost = len(after.layers) == 0 // then nothing was asked
	witness := map[string]bool{}
	for _, c := range batch {
		for _, w := range c.of.Witness {
			witness[w.Fetch] = !c.givesUp
		}
	}
	for key, was := range before.layers {
		of := judgement{}
		if is := after.layers[key]; is != nil {
			of.hold(ctx, was, is, witness)
		} else { // one that is not edited was not looked at again
			of.lost = slices.ContainsFunc(was.files, func(x *source.File) bool {
				return slices.ContainsFunc(edits.Files(), func(e *source.File) bool { return e.Path == x.Path })
			})
		}
		j.add(&of, was)
	}
	for _, x := range slices.Concat(j.left, j.appeared) {
		j.at = append(j.at, x.Place.Path())
	}
	return j, after, named
}

// original returns what a finding was before anything was repaired; nil for one that came up since.
func (s *state) original(x *finding.Finding) *finding.Finding {
	if s.first == nil {
		return x
	}
	return s.first[x]
}

// followed returns what findings after edits were at first.
func (s *state) followed(edits source.Edits, after []*finding.Finding) map[*finding.Finding]*finding.Finding {
	was := map[key]*finding.Finding{}
	for _, f := range s.All {
		was[moved(f, edits)] = f
	}
	out := map[*finding.Finding]*finding.Finding{}
	for _, f := range after {
		if old := was[key{f.Rule, f.Place.Path(), f.Place.Start}]; old != nil {
			out[f] = s.original(old)
		}
	}
	return out
}

// key tells findings apart.
type key struct {
	rule, path string
	at         int
}

// moved returns the key of a finding after edits.
func moved(f *finding.Finding, edits source.Edits) key {
	return key{f.Rule, f.Place.Path(), edits.Moved(f.Place.File, f.Place.Start)}
}

// add adds what became of a layer.
func (j *judgement) add(of *judgement, l *layer) {
	if of.safety("") != finding.Safe {
		path := "" // of the whole
		if len(l.files) > 0 {
			path = l.files[0].Path
		}
		j.at = append(j.at, path)
	}
	j.lost = j.lost || of.lost
	j.worse += of.worse
	j.letIn += of.letIn
	j.fruitless += of.fruitless
	j.exchanges.Allowed += of.exchanges.Allowed
	j.exchanges.Refused += of.exchanges.Refused
	j.exchanges.Unchanged += of.exchanges.Unchanged
}

// hold asks a layer as it was and as it is the same.
func (j *judgement) hold(ctx context.Context, was, is *layer, witness map[string]bool) {
	for why := range is.gaps {
		j.lost = j.lost || !was.gaps[why]
	}
	for key, a := range was.asked {
		j.count(a, is.ask(ctx, a), witness[key])
	}
	for key, b := range is.asked {
		if _, done := was.asked[key]; !done {
			j.count(was.ask(ctx, b), b, false)
		}
	}
}

func (j *judgement) count(was, is asked, witness bool) {
	wanted := was.wanted || is.wanted
	switch {
	case was.verdict == is.verdict:
		if witness && wanted && is.verdict == browser.Blocked && is.failed >= was.failed {
			j.fruitless++
		}
		j.exchanges.Unchanged++
	case wanted && is.verdict == browser.Allowed:
		j.exchanges.Allowed++
	case !wanted && was.verdict == browser.Allowed:
		j.exchanges.Refused++
	case wanted && was.verdict == browser.Allowed:
		j.worse++
	case !wanted && is.let && !was.let:
		j.letIn++
	default:
		j.exchanges.Unchanged++
	}
}

// around returns the files that the edits can change anything about: all of the configurations that an edited file is part of;
// every file where that is not known of one.
func (s *state) around(edits source.Edits) func(path string) bool {
	paths := map[string]bool{}
	for _, edited := range edits.Files() {
		known := false
		for _, l := range s.layers {
			if slices.ContainsFunc(l.files, func(f *source.File) bool { return f.Path == edited.Path }) {
				known = true
				for _, f := range l.files {
					paths[f.Path] = true
				}
			}
		}
		if !known {
			return func(string) bool { return true }
		}
	}
	return func(path string) bool { return paths[path] }
}

// compare returns the findings of those to be repaired that are still there, and those that were not there before.
func compare(before, after, repaired []*finding.Finding, edits source.Edits, named func(string) bool) (left, appeared []*finding.Finding) {
	was := map[key]*finding.Finding{}
	texts := map[string]int{} // of those that stay: one can come to stand for another of the same text elsewhere
	for _, f := range before {
		if !named(f.Place.Path()) {
			continue
		}
		was[moved(f, edits)] = f
		if !slices.Contains(repaired, f) {
			texts[f.Fingerprint()]++
		}
	}
	var others []*finding.Finding
	for _, f := range after {
		switch old := was[key{f.Rule, f.Place.Path(), f.Place.Start}]; {
		case !named(f.Place.Path()):
		case old == nil:
			others = append(others, f)
		case slices.Contains(repaired, old):
			left = append(left, old)
		default:
			texts[f.Fingerprint()]--
		}
	}
	for _, f := range others {
		// A note about a line that is repeated is no other note.
		n, known := texts[f.Fingerprint()]
		texts[f.Fingerprint()] = n - 1
		switch {
		case known && (n > 0 || !f.Shown()):
		case slices.ContainsFunc(repaired, func(r *finding.Finding) bool { return slices.Contains(r.Also, f.Rule) }):
			// It was there, and the cause spoke for it.
		default:
			appeared = append(appeared, f)
		}
	}
	return left, appeared
}
