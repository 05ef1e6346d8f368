// Package engine runs the analysis over a tree of files: it recognises them, follows who includes whom, lowers each
// configuration once, probes its layers and collects what the rules say. It imports the contract of the parsers, the
// analyzers and the rules, and no dialect.
package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/rules"
)

// Options say what to run over and with what.
type Options struct {
	Files    parsers.Files
	Dialects []parsers.Dialect
	Rules    []*rules.Rule // nil: nothing is checked, only read
	// Link: although nothing is checked, find out who stands behind whom.
	Link bool
	// Environment says what a path is declared to be bound to; nil: nothing is declared.
	Environment func(path string) rules.Environment
	// Contract is what the project declares; nil where it declares nothing.
	Contract *contract.Contract
	// Agreed, when given, is told what became of the contract's needs, in no certain order.
	Agreed func(Agreed)
	// Surveyed, when given, is told what probing found out about each layer, in no certain order. Of a layer that is looked at
	// again the last counts.
	Surveyed func(Surveyed)
	// Memory, when given, spares the work that an earlier run with it has done.
	Memory *Memory
	// OnlyChanged spares looking at the layers, too, of which an earlier run with the Memory found out all there is: Surveyed is
	// told nothing of them, and Result.Unchanged names them.
	OnlyChanged bool
	// Named reports whether a path is one that findings are wanted for; nil: all are. What is read does not depend on it.
	Named func(path string) bool
	// Documents: findings carry the JSON documents of their proofs.
	Documents bool
	// Workers is how many files are worked on at the same time; 0: as many as there are processors. The result does not
	// depend on it.
	Workers int
	// Progress, when given, is told how many files of how many are done.
	Progress func(done, total int)
}

// Result is what a run found.
type Result struct {
	Findings  []*finding.Finding // sorted
	Comments  []parsers.Comment  // of the files that were analysed
	Gaps      []policy.Gap
	Unknown   []string       // what the answers depend on, each a phrase
	Hosts     []*policy.Host // as their files describe them, nothing put behind them; not of a check without Options.Link
	Seats     []*policy.Host // with Options.Link: as browsers meet them, with whoever is known to stand behind them
	Units     []Unit         // with Options.Link: the configurations
	Layers    []string       // names of the layers with CORS intent
	LayerAll  int
	Endpoints int
	Analyzed  int
	Skipped   int
	Context   int // files that were read because they include a named one
	Dialects  []Work
	Unchanged []string // with Options.OnlyChanged: the keys of the layers that were not looked at again
	// Mistakes are what is wrong with the contract, in the order of its text; each is a finding, too.
	Mistakes []parsers.Problem
}

// Unit is a configuration of the tree as it was read.
type Unit struct {
	parsers.Result
	Path      string
	Describes bool     // it says what others are to answer
	Behind    []string // paths of the configurations that stand behind it, where that is plain
}

// Surveyed is a layer that was looked at.
type Surveyed struct {
	// Key names the layer among those of the run. It stays the same when files change, as long as their layers do.
	Key    string
	Survey *probe.Survey
	Files  []*source.File // that its configuration is made of
	Broken bool           // one of them could not be read to its end
	// Behind are the files of what stands behind it.
	Behind []*source.File
	// Program: a program answers, its own or that of a layer behind it, which takes a hundred times as long as evaluating data.
	Program bool
	// Alone: what is found out about it depends on Files alone, so that a run with [Options.OnlyChanged] can spare it.
	Alone bool
}

// Work is what a run did for a dialect. The times of several workers are added up.
type Work struct {
	Dialect    string
	Candidates int // files whose name could be of the dialect
	Recognised int
	Loaded     int // configurations
	Layers     int
	Scanning   time.Duration // recognising
	Loading    time.Duration // lowering
	Checking   time.Duration // probing, and asking the rules
}

// Run analyses a tree.
func Run(ctx context.Context, o Options) *Result {
	r := &runner{Options: o, behind: map[string]bool{}}
	if r.Workers <= 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	var all []dialectUnits
	for _, d := range o.Dialects {
		all = append(all, r.scanDialect(ctx, d))
	}
	var slots []*unitResult
	for _, d := range all {
		slots = append(slots, r.dialect(ctx, d)...)
	}
	r.programs = slices.ContainsFunc(slots, (*unitResult).program)
	if r.Rules != nil || r.Link {
		r.link(ctx, slots)
		r.agree(ctx, slots)
		slots = append(slots, r.declared...)
	}
	if r.Rules != nil {
		// What layers answer with is large. Where nobody asks for it afterwards it goes with the check.
		once := !r.Link && r.Memory == nil && !slices.ContainsFunc(slots, func(u *unitResult) bool { return len(u.Needs) > 0 })
		r.each(ctx, len(slots), func(i int) {
			r.check(ctx, slots[i], nil)
			if once {
				slots[i].Hosts, slots[i].seats, slots[i].candidates = nil, nil, nil
			}
		})
		r.answerNeeds(ctx, slots)
	}
	return r.merge(slots)
}

type runner struct {
	Options
	// described: the tree holds descriptions of what is answered. Who answers shows only when everything is read.
	described bool
	programs  bool            // some layer is answered for by a program
	units     int             // that were recognised
	behind    map[string]bool // files that an earlier dialect put behind its own
	skipped   int
	context   int
	unread    []parsers.Problem // files that could not be opened
	work      []Work

	// Of the contract: its chains, each looked at like a configuration; and what was found about its needs.
	declared []*unitResult
	lock     sync.Mutex
	found    []*finding.Finding
	standing []rules.Standing
	mistakes []parsers.Problem
}

// unitResult is what one configuration gave.
type unitResult struct {
	parsers.Result
	unit       parsers.Unit
	seats      []*policy.Host // the hosts as a browser meets them: with what is known to stand behind them
	dialect    int            // which of the run's
	broken     bool           // corslint itself failed on it
	behind     []*unitResult  // that stand behind it
	agreed     bool           // it stands in a chain of the contract, and is looked at there
	chain      string         // of a chain of the contract, what tells it from others
	public     bool           // it is a chain that the contract gives an address that browsers reach
	candidates []candidate
	used       bool // it states needs that somebody in the tree answers
	findings   []*finding.Finding
	layers     []string
	unknown    []string
	gaps       []policy.Gap
	layerAll   int
	endpoints  int
	keys       []string // of the layers that were looked at
	known      bool     // an earlier run did

	loading, checking time.Duration
}

// dialectUnits are the files that a dialect recognised.
type dialectUnits struct {
	reader parsers.Reader
	units  []parsers.Unit
	work   Work
}

// scanDialect recognises the files of one dialect.
func (r *runner) scanDialect(ctx context.Context, d parsers.Dialect) dialectUnits {
	var paths []string
	for _, path := range r.Files.Paths("") {
		if d.Candidate(path) {
			paths = append(paths, path)
		}
	}
	out := dialectUnits{reader: d.Reader(r.Memory.watch(d, r.Files)), work: Work{Dialect: d.Name(), Candidates: len(paths)}}
	out.units = r.scan(ctx, out.reader, paths, &out.work)
	r.units += len(out.units)
	r.described = r.described || r.Rules != nil && slices.ContainsFunc(out.units, func(u parsers.Unit) bool { return u.Describes })
	return out
}

// dialect analyses the configurations of one dialect.
func (r *runner) dialect(ctx context.Context, d dialectUnits) []*unitResult {
	w := d.work
	units := slices.DeleteFunc(slices.Clone(d.units), func(u parsers.Unit) bool { return r.behind[u.Path] })
	loaded := r.load(ctx, d, r.roots(units))
	loaded = dropReached(loaded)
	// A file that nobody turned out to reach is analysed on its own.
	reached := map[string]bool{}
	for _, l := range loaded {
		for _, f := range l.Files {
			reached[f.Path] = true
		}
	}
	var orphans []parsers.Unit
	for _, u := range units {
		if !reached[u.Path] && r.wanted(u.Path) {
			orphans = append(orphans, u)
		}
	}
	loaded = append(loaded, dropReached(r.load(ctx, d, orphans))...)
	w.Recognised, w.Loaded = len(units), len(loaded)
	for _, l := range loaded {
		w.Layers += l.layerAll
		w.Loading += l.loading
	}
	for _, l := range loaded {
		l.dialect = len(r.work)
	}
	r.work = append(r.work, w)
	for _, l := range loaded {
		for _, path := range l.Entries {
			r.behind[path] = true
		}
	}
	return loaded
}

// scan recognises files.
func (r *runner) scan(ctx context.Context, reader parsers.Reader, paths []string, w *Work) []parsers.Unit {
	found := make([]*parsers.Unit, len(paths))
	unread := make([]error, len(paths))
	var took atomic.Int64
	defer func() { w.Scanning = time.Duration(took.Load()) }()
	r.each(ctx, len(paths), func(i int) {
		started := time.Now()
		defer func() { took.Add(int64(time.Since(started))) }()
		f, err := r.Files.Open(paths[i])
		if err != nil {
			unread[i] = err
			return
		}
		if u, ok := r.Memory.scan(w.Dialect, f, reader); ok {
			found[i] = &u
		}
	})
	known := map[string]bool{} // by another dialect
	for _, p := range r.unread {
		known[p.Span.Path()] = true
	}
	for i, err := range unread {
		if err != nil && !known[paths[i]] {
			r.skipped++
			kind := parsers.Skipped
			if errors.Is(err, parsers.ErrUnreadable) {
				kind = parsers.Unreadable
			}
			r.unread = append(r.unread, parsers.Problem{Kind: kind, Text: err.Error(), Span: source.Span{File: source.NewFile(paths[i], nil)}})
		}
	}
	var units []parsers.Unit
	seen := map[string]bool{} // a link is a second path to one file
	for _, u := range found {
		if u != nil && !seen[u.Path] {
			seen[u.Path] = true
			units = append(units, *u)
		}
	}
	return units
}

// smallTree is how many configurations a tree may have for all of them to be read whatever is named: those that stand in front
// of a named one or behind it decide what is answered, too.
const smallTree = 32

func (r *runner) wanted(path string) bool { return r.Named == nil || r.Named(path) }

// roots returns the units that no other includes; of these, when files are named, those that reach a named one, unless there
// are descriptions.
func (r *runner) roots(units []parsers.Unit) []parsers.Unit {
	included := map[string]bool{}
	includes := map[string][]string{}
	for _, u := range units {
		includes[u.Path] = u.Includes
		for _, path := range u.Includes {
			if path != u.Path {
				included[path] = true
			}
		}
	}
	var roots []parsers.Unit
	for _, u := range units {
		if included[u.Path] {
			continue
		}
		reaches := r.reaches(u.Path, includes, map[string]bool{})
		if reaches && !r.wanted(u.Path) {
			r.context++
		}
		if reaches || r.described || r.units <= smallTree || r.Contract != nil {
			roots = append(roots, u)
		}
	}
	return roots
}

func (r *runner) reaches(path string, includes map[string][]string, seen map[string]bool) bool {
	if r.wanted(path) {
		return true
	}
	if seen[path] {
		return false
	}
	seen[path] = true
	return slices.ContainsFunc(includes[path], func(p string) bool { return r.reaches(p, includes, seen) })
}

// load lowers units.
func (r *runner) load(ctx context.Context, d dialectUnits, units []parsers.Unit) []*unitResult {
	out := make([]*unitResult, len(units))
	r.each(ctx, len(units), func(i int) { out[i] = r.unit(ctx, d, units[i]) })
	return slices.DeleteFunc(out, func(u *unitResult) bool { return u == nil })
}

// unit lowers one configuration. A fault of corslint itself costs this configuration only, and says so.
func (r *runner) unit(ctx context.Context, d dialectUnits, u parsers.Unit) (out *unitResult) {
	defer func() {
		if fault := recover(); fault != nil {
			out = failed(u, fault)
		}
	}()
	started := time.Now()
	out = &unitResult{unit: u}
	out.Result = r.Memory.load(ctx, d.work.Dialect, u, r.Files, func() parsers.Result { return d.reader.Load(ctx, u) })
	out.loading = time.Since(started)
	out.seats = out.Hosts
	for _, host := range out.Hosts {
		out.gaps = append(out.gaps, host.Gaps...)
		out.layerAll += len(host.Layers)
		for _, layer := range host.Layers {
			out.gaps = append(out.gaps, layer.Gaps...)
		}
	}
	return out
}

// surveyed tells who asked what was found out about a layer of a configuration.
func (r *runner) surveyed(key string, survey *probe.Survey, u *unitResult, alone bool) {
	if r.Surveyed == nil {
		return
	}
	s := Surveyed{Key: key, Survey: survey, Files: u.Files, Alone: alone, Program: u.program()}
	s.Broken = slices.ContainsFunc(u.Problems, func(p parsers.Problem) bool { return p.Kind == parsers.Unreadable || p.Kind == parsers.Skipped })
	for _, b := range u.behind {
		s.Behind = append(s.Behind, b.Files...)
		s.Program = s.Program || b.program()
	}
	if r.Contract != nil && !alone { // the contract puts together what it likes
		s.Program = r.programs
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	r.Surveyed(s)
}

// program reports whether a program answers for a configuration: it has something to give back.
func (u *unitResult) program() bool { return u.Done != nil }

// failed is what is left of a configuration that corslint cannot cope with.
func failed(u parsers.Unit, fault any) *unitResult {
	out := &unitResult{unit: u, broken: true, Result: parsers.Result{Problems: []parsers.Problem{{Kind: parsers.Skipped, Span: source.Span{File: source.NewFile(u.Path, nil)},
		Text: fmt.Sprintf("corslint failed on this file: %v", fault)}}}}
	out.findings = rules.OfProblems(out.Problems)
	return out
}

// check asks the rules about the layers of a configuration, of which needs are stated.
func (r *runner) check(ctx context.Context, u *unitResult, needs map[layerKey][]contract.Need) {
	started := time.Now()
	defer func() {
		u.checking += time.Since(started)
		if fault := recover(); fault != nil {
			dialect := u.dialect
			*u = *failed(u.unit, fault)
			u.dialect = dialect
		}
	}()
	if u.broken {
		return
	}
	// Nobody stands in front of it or behind, and nobody states needs: what it gives depends on its files alone.
	alone := needs == nil && len(u.Needs) == 0 && !u.agreed && slices.Equal(u.seats, u.Hosts)
	if alone && r.OnlyChanged && r.Memory.checked(u) {
		return
	}
	u.findings, u.candidates, u.layers, u.unknown, u.endpoints, u.keys, u.known = nil, nil, nil, nil, 0, nil, false
	if concerned(u.Files) {
		u.findings = rules.OfProblems(u.Problems)
	} else if u.layerAll == 0 {
		u.gaps = nil // what nobody can say of it has nothing to do with CORS
	}
	environment := rules.Environment("")
	if r.Environment != nil {
		environment = r.Environment(u.unit.Path)
	}
	if u.agreed {
		return
	}
	for i, host := range u.seats {
		for j, layer := range host.Layers {
			stated := needs[layerKey{i, j}]
			if len(u.Needs) > 0 { // a description that says what is answered, too
				stated = u.Needs
			}
			survey := probe.Run(ctx, exchange.Chain{host}, layer, stated)
			u.endpoints += len(layer.Endpoints)
			key := fmt.Sprintf("%s\x00%s#%d.%d", u.unit.Path, u.chain, i, j)
			u.keys = append(u.keys, key)
			r.surveyed(key, survey, u, alone)
			if len(survey.Endpoints) == 0 && len(survey.Stated) == 0 {
				continue
			}
			if len(u.Needs) == 0 {
				u.candidates = append(u.candidates, candidate{unit: u, host: i, layer: j, listeners: layer.Listeners, pages: servesPages(layer)})
			}
			u.layers = append(u.layers, host.Name+" "+layer.Name)
			u.unknown = append(u.unknown, survey.Unknown()...)
			u.findings = append(u.findings, rules.Check(r.Rules, survey, rules.Options{Environment: environment, Public: u.public, Documents: r.Documents})...)
		}
	}
	if alone && r.OnlyChanged && ctx.Err() == nil {
		r.Memory.keep(u)
	}
}

// servesPages reports whether a layer serves files at its root.
func servesPages(layer *policy.Layer) bool {
	return slices.ContainsFunc(layer.Endpoints, func(e policy.Endpoint) bool { return e.Static && (e.Pattern == "/" || e.Pattern == "*") })
}

// concerned reports whether files have anything to do with CORS: a broken file that has not is no business of a linter
// for CORS.
func concerned(files []*source.File) bool {
	return slices.ContainsFunc(files, func(f *source.File) bool {
		text := bytes.ToLower(f.Data)
		return slices.ContainsFunc([]string{"access-control-", "http_origin", "cors"}, func(mark string) bool { return bytes.Contains(text, []byte(mark)) })
	})
}

// dropReached leaves out configurations whose file another one reached after all.
func dropReached(loaded []*unitResult) []*unitResult {
	reached := map[string]bool{}
	for _, l := range loaded {
		for _, f := range l.Files[min(1, len(l.Files)):] {
			if f.Path != l.Files[0].Path {
				reached[f.Path] = true
			}
		}
	}
	return slices.DeleteFunc(loaded, func(l *unitResult) bool { return len(l.Files) > 0 && reached[l.Files[0].Path] })
}

// each calls work for 0 to n-1, on as many workers as the run has.
func (r *runner) each(ctx context.Context, n int, work func(int)) {
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for range min(r.Workers, n) {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				work(i)
				if r.Progress != nil {
					r.Progress(int(done.Add(1)), n)
				}
			}
		})
	}
	wait.Wait()
}

// merge puts the results of all configurations together, in the order of their files.
func (r *runner) merge(slots []*unitResult) *Result {
	out := &Result{Skipped: r.skipped, Context: r.context, Dialects: r.work}
	slices.SortStableFunc(r.mistakes, func(a, b parsers.Problem) int { return source.Compare(a.Span, b.Span) })
	r.mistakes = slices.Compact(r.mistakes) // every environment says it
	out.Mistakes = r.mistakes
	if r.Rules != nil {
		out.Findings = append(rules.OfProblems(slices.Concat(r.unread, r.mistakes)), r.found...)
	}
	files := map[string]bool{}
	for _, s := range slots {
		out.Dialects[s.dialect].Checking += s.checking
		out.Findings = append(out.Findings, s.findings...)
		if s.known {
			out.Unchanged = append(out.Unchanged, s.keys...)
		}
		out.Comments = append(out.Comments, s.Comments...)
		if r.Link && !s.agreed {
			out.Seats = append(out.Seats, slices.DeleteFunc(slices.Clone(s.seats), func(h *policy.Host) bool { return !r.wantedHost(h) })...)
		}
		if !slices.ContainsFunc(s.Files, func(f *source.File) bool { return r.wanted(f.Path) }) {
			continue // read only to see who answers
		}
		out.Hosts = append(out.Hosts, s.Hosts...)
		if r.Link && !slices.Contains(r.declared, s) {
			out.Units = append(out.Units, Unit{Result: s.Result, Path: s.unit.Path, Describes: s.unit.Describes, Behind: pathsOf(s.behind)})
		}
		for _, layer := range s.layers {
			if !slices.Contains(r.declared, s) || !slices.Contains(out.Layers, layer) { // one layer in several environments is one
				out.Layers = append(out.Layers, layer)
			}
		}
		out.Unknown = append(out.Unknown, s.unknown...)
		out.Endpoints += s.endpoints
		out.Gaps = append(out.Gaps, s.gaps...)
		if s.used || len(s.layers) > 0 { // of a description that nobody answers nothing is asked
			out.Gaps = append(out.Gaps, s.Result.Gaps...)
		}
		out.LayerAll += s.layerAll
		for _, f := range s.Files {
			files[f.Path] = true
		}
	}
	out.Analyzed = len(files)
	if r.Contract != nil {
		out.Findings = rules.Differ(r.Contract.Names(), r.standing, out.Findings)
	}
	out.Findings = mergeFindings(out.Findings)
	if r.Named != nil {
		out.Findings = slices.DeleteFunc(out.Findings, func(f *finding.Finding) bool { return !r.concerns(f) })
	}
	finding.Sort(out.Findings)
	slices.SortFunc(out.Gaps, func(a, b policy.Gap) int { return source.Compare(a.Span, b.Span) })
	slices.Sort(out.Unknown)
	out.Unknown = slices.Compact(out.Unknown)
	slices.SortFunc(out.Comments, func(a, b parsers.Comment) int { return source.Compare(a.Span, b.Span) })
	return out
}

func pathsOf(units []*unitResult) []string {
	var paths []string
	for _, u := range units {
		paths = append(paths, u.unit.Path)
	}
	return paths
}

// wantedHost reports whether a wanted file has a part in a host: it, or one behind it.
func (r *runner) wantedHost(h *policy.Host) bool {
	return r.wanted(h.Span.Path()) || slices.ContainsFunc(h.Layers, func(l *policy.Layer) bool {
		return r.wanted(l.Span.Path()) || slices.ContainsFunc(l.Endpoints, func(e policy.Endpoint) bool { return r.wanted(e.Span.Path()) })
	})
}

// concerns reports whether a place of the finding lies in a named file.
func (r *runner) concerns(f *finding.Finding) bool {
	return r.Named(f.Place.Path()) || slices.ContainsFunc(f.Related, func(x finding.Related) bool { return r.Named(x.Span.Path()) })
}

// mergeFindings makes one finding of those of one rule at one place: a snippet that many servers include is repaired
// once. The gravest is kept, with the endpoints of all.
func mergeFindings(all []*finding.Finding) []*finding.Finding {
	type key struct {
		rule, path string
		start, end int
	}
	kept := map[key]int{}
	var out []*finding.Finding
	for _, f := range all {
		k := key{f.Rule, f.Place.Path(), f.Place.Start, f.Place.End}
		i, found := kept[k]
		if !found {
			kept[k] = len(out)
			out = append(out, f)
			continue
		}
		first := out[i]
		merged := *first // what a configuration gave stays as it is
		if f.Severity > first.Severity || f.Severity == first.Severity && f.Confidence > first.Confidence {
			merged = *f
		}
		merged.Endpoints = slices.Concat(first.Endpoints, f.Endpoints)
		slices.Sort(merged.Endpoints)
		merged.Endpoints = slices.Compact(merged.Endpoints)
		out[i] = &merged
	}
	return out
}
