// Package playground answers what the playground's page asks: what there is to say about a few files, and what becomes of one
// request of a page. The same answers come from a server on this machine and from WebAssembly in the browser. It imports the
// analyzers, rules, engine, fix, reach, discovery, finding, source and the parsers' contract.
package playground

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/fix"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/rules"
)

// Limits of a question: what people paste is far below. The page knows the first two (static/page.js).
const (
	maxText     = 1 << 20 // bytes of all files
	maxFiles    = 50
	maxQuestion = 4 << 20 // bytes of JSON, where a character can take six
	maxFindings = 200     // that are listed
	maxGaps     = 20
	maxRepairs  = 20 // findings whose fixes are proved for one question
)

// Analyst answers questions, one after the other: each differs by a few keystrokes from the one before, and what did not change
// is not read again. It is safe for concurrent use.
type Analyst struct {
	dialects []parsers.Dialect

	lock   sync.Mutex
	memory *engine.Memory
	files  map[string]*source.File // of the last question
	layers map[string]Layer        // what was found out about them, by engine.Surveyed.Key
}

// New returns an analyst that reads some dialects.
func New(dialects []parsers.Dialect) *Analyst {
	return &Analyst{dialects: dialects, memory: engine.NewMemory()}
}

// AnswerJSON answers a question that is written in JSON, in JSON.
func (a *Analyst) AnswerJSON(ctx context.Context, question []byte) []byte {
	var q Question
	answer := &Answer{Error: "the question cannot be read"}
	if len(question) <= maxQuestion && json.Unmarshal(question, &q) == nil {
		answer = a.Answer(ctx, q)
	}
	out, err := json.Marshal(answer)
	if err != nil {
		return []byte(`{"error":"the answer cannot be written"}`)
	}
	return out
}

// Answer answers a question. A fault of corslint itself is an answer, too.
func (a *Analyst) Answer(ctx context.Context, q Question) (answer *Answer) {
	a.lock.Lock()
	defer a.lock.Unlock()
	answer = &Answer{Findings: []Finding{}, Gaps: []string{}, Layers: []Layer{}}
	defer func() {
		if fault := recover(); fault != nil {
			a.forget() // whatever is half done
			answer.Error = fmt.Sprintf("corslint failed on this: %v", fault)
		}
	}()
	files, err := a.open(q.Files)
	if err != nil {
		answer.Error = err.Error()
		return answer
	}
	options := engine.Options{Files: discovery.Memory(files...).Walk(discovery.Options{}), Dialects: a.dialects, Rules: rules.All(), Documents: true, Link: true}
	result, shown := a.run(ctx, options, q.Pedantic)
	if len(q.Repair) > 0 {
		answer.Fixes = a.repair(ctx, options, shown, q.Repair)
		return answer
	}
	answer.More = max(0, len(shown)-maxFindings)
	show := shower{}
	for _, f := range shown[:len(shown)-answer.More] {
		answer.Findings = append(answer.Findings, show.finding(f))
	}
	for _, g := range result.Gaps[:min(len(result.Gaps), maxGaps)] {
		answer.Gaps = append(answer.Gaps, fmt.Sprintf("%s:%d: %s", g.Span.Path(), g.Span.Position().Line, g.Why))
	}
	answer.Layers = slices.AppendSeq(answer.Layers, maps.Values(a.layers))
	slices.SortFunc(answer.Layers, func(x, y Layer) int { return strings.Compare(x.Name, y.Name) })
	answer.suggest()
	if q.Fetch != nil {
		answer.Exchange = show.simulate(ctx, q.Fetch, result.Seats, result.Hosts)
	}
	if ctx.Err() != nil {
		a.forget()
		answer.Error = "this took too long and was given up"
	}
	return answer
}

// open returns the files of a question. One whose text is that of the last question is the same file, by which the engine knows
// it. Where there are others than before, all that rests on which there are is forgotten.
func (a *Analyst) open(asked []File) ([]*source.File, error) {
	total := 0
	now := map[string]*source.File{}
	for _, f := range asked {
		name := strings.Trim(f.Name, "/")
		if name == "" || strings.Contains(name, "..") {
			return nil, fmt.Errorf("%q is no name for a file", f.Name)
		}
		total += len(f.Text)
		now[name] = a.files[name]
		if now[name] == nil || string(now[name].Data) != f.Text {
			now[name] = source.NewFile(name, []byte(f.Text))
		}
	}
	if len(now) > maxFiles || total > maxText {
		return nil, fmt.Errorf("this is more than the %d files and the %d KB that the playground reads", maxFiles, maxText>>10)
	}
	names := slices.Sorted(maps.Keys(now))
	if !slices.Equal(names, slices.Sorted(maps.Keys(a.files))) {
		a.forget()
	}
	a.files = now
	var files []*source.File
	for _, name := range names {
		files = append(files, now[name])
	}
	return files, nil
}

func (a *Analyst) forget() {
	a.memory.Forget()
	a.files, a.layers = nil, nil
}

// run analyses files, and returns the findings that are shown, too.
func (a *Analyst) run(ctx context.Context, o engine.Options, pedantic bool) (*engine.Result, []*finding.Finding) {
	layers := map[string]Layer{}
	show := shower{}
	o.Memory, o.OnlyChanged = a.memory, true
	o.Surveyed = func(s engine.Surveyed) { layers[s.Key] = show.layer(s.Survey) }
	result := engine.Run(ctx, o)
	for _, key := range result.Unchanged {
		if _, again := layers[key]; !again {
			layers[key] = a.layers[key]
		}
	}
	a.layers = layers
	return result, slices.DeleteFunc(slices.Clone(result.Findings), func(f *finding.Finding) bool { return !pedantic && !f.Shown() })
}

// repair returns the fixes of some of the findings.
func (a *Analyst) repair(ctx context.Context, o engine.Options, findings []*finding.Finding, wanted []int) [][]Fix {
	fixer := fix.New(o)
	fixer.Memory = a.memory.Fork()
	defer fixer.Memory.Forget()
	copies := make([]*finding.Finding, 0, len(wanted)) // the memory keeps the findings without
	for _, i := range wanted[:min(len(wanted), maxRepairs)] {
		one := &finding.Finding{}
		if i >= 0 && i < len(findings) {
			*one = *findings[i]
		}
		copies = append(copies, one)
	}
	fixer.Propose(ctx, copies)
	show := shower{}
	out := make([][]Fix, len(copies))
	for i, f := range copies {
		out[i] = show.fixes(f.Fixes)
	}
	return out
}

// layer returns what a layer allows.
func (s shower) layer(survey *probe.Survey) Layer {
	l := Layer{Name: survey.Host.Name + " " + survey.Layer.Name, Endpoints: []Endpoint{}}
	l.Addresses = (&policy.Host{Layers: []*policy.Layer{survey.Layer}}).Addresses()
	if survey.Host.Name == survey.Layer.Name {
		l.Name = survey.Layer.Name
	}
	for _, e := range survey.Endpoints {
		l.Endpoints = append(l.Endpoints, Endpoint{Name: e.Pattern, URL: e.URL, Origins: append([]string{}, e.Intent.Origins...), Anybody: e.Intent.Anybody,
			Credentials: e.WithCredentials(), Place: s.place(e.Span)})
	}
	return l
}

// suggest chooses a request: what proves the first finding, else the first endpoint that lets somebody in.
func (a *Answer) suggest() {
	for _, f := range a.Findings {
		if f.Fetch != nil {
			a.Suggest = f.Fetch
			return
		}
	}
	for _, l := range a.Layers {
		for _, e := range l.Endpoints {
			if e.URL != "" && len(e.Origins) > 0 {
				a.Suggest = &Fetch{URL: e.URL, Method: "GET", Origin: e.Origins[0], Credentials: e.Credentials, Headers: [][2]string{}}
				return
			}
		}
	}
}
