// Package playground answers what the playground's page asks: what there is to say about a few files, and what becomes of one
// request of a page. The same answers come from a server on this machine and from WebAssembly in the browser. It imports the
// analyzers, rules, engine, discovery, finding, source and the parsers' contract.
package playground

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/discovery"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/fix"
	"github.com/corslint/corslint/internal/reach"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/rules"
)

// Limits of a question: what people paste is far below.
const (
	maxQuestion = 4 << 20 // bytes
	maxFiles    = 50
	maxFindings = 200
)

// Question is what the page asks. Offsets, here and in the answer, count UTF-16 code units, as JavaScript does.
type Question struct {
	Files []File `json:"files"`
	Fetch *Fetch `json:"fetch"` // nil: nothing is simulated
}

// File is a file that was pasted.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Fetch is the request of a page.
type Fetch struct {
	URL         string      `json:"url"`
	Method      string      `json:"method"`
	Origin      string      `json:"origin"`
	Credentials bool        `json:"credentials"`
	Headers     [][2]string `json:"headers"`
}

// Answer is what there is to say.
type Answer struct {
	Error    string    `json:"error,omitempty"`
	Findings []Finding `json:"findings"`
	Gaps     []string  `json:"gaps"`
	Layers   []Layer   `json:"layers"`
	// Suggest is a request that reaches something, for a page that has none.
	Suggest  *Fetch    `json:"suggest"`
	Exchange *Exchange `json:"exchange"`
}

// Finding is a finding as the page shows it.
type Finding struct {
	Rule     string    `json:"rule"`
	Severity string    `json:"severity"`
	Message  string    `json:"message"`
	Because  string    `json:"because"`
	Change   string    `json:"change"`
	Browser  string    `json:"browser,omitempty"`
	Place    Place     `json:"place"`
	Related  []Related `json:"related"`
	Witness  *Witness  `json:"witness,omitempty"`
	Fixes    []Fix     `json:"fixes"`
	Fetch    *Fetch    `json:"fetch,omitempty"` // the request that proves it
}

// Place is a range of a file.
type Place struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// Related is a place with a sentence.
type Related struct {
	Place
	Text string `json:"text"`
}

// Fix is a set of edits.
type Fix struct {
	Title string `json:"title"`
	Safe  bool   `json:"safe"`
	Edits []Edit `json:"edits"`
}

// Edit replaces a place with a text.
type Edit struct {
	Place
	Text string `json:"text"`
}

// Witness is an exchange, step by step.
type Witness struct {
	Title string `json:"title"`
	Steps []Step `json:"steps"`
}

// Step is one message of an exchange, or what happens inside one party.
type Step struct {
	From  string `json:"from"`
	To    string `json:"to,omitempty"`
	Start string `json:"start"`
	Lines []Line `json:"lines"`
}

// Line is a header of a step.
type Line struct {
	Text  string `json:"text"`
	Place *Place `json:"place,omitempty"`
	Lost  bool   `json:"lost,omitempty"`
	Note  string `json:"note,omitempty"`
}

// Layer is what a layer allows.
type Layer struct {
	Name      string     `json:"name"`
	Addresses []string   `json:"addresses"`
	Endpoints []Endpoint `json:"endpoints"`
}

// Endpoint is who may read an endpoint.
type Endpoint struct {
	Name        string   `json:"name"`
	URL         string   `json:"url"`
	Origins     []string `json:"origins"`
	Anybody     bool     `json:"anybody"`
	Credentials bool     `json:"credentials"`
	Place       Place    `json:"place"`
}

// Exchange is what becomes of the page's request.
type Exchange struct {
	Verdict  string    `json:"verdict"`
	Message  string    `json:"message"`
	Error    string    `json:"error,omitempty"`
	Outcomes []Outcome `json:"outcomes"`
}

// Outcome is one way in which a request can go.
type Outcome struct {
	Verdict  string   `json:"verdict"`
	Walls    []string `json:"walls"` // every check that fails, the one that the browser prints first
	Assuming []string `json:"assuming"`
	Witness  Witness  `json:"witness"`
}

// Analyst answers questions. It is safe for concurrent use; what was read for one question is not read again for the next.
type Analyst struct {
	dialects []parsers.Dialect
	memory   *engine.Memory
}

// New returns an analyst that reads some dialects.
func New(dialects []parsers.Dialect) *Analyst { return &Analyst{dialects, engine.NewMemory()} }

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
	answer = &Answer{Findings: []Finding{}, Gaps: []string{}, Layers: []Layer{}}
	defer func() {
		if fault := recover(); fault != nil {
			answer.Error = fmt.Sprintf("corslint failed on this: %v", fault)
		}
	}()
	var files []*source.File
	for _, f := range q.Files[:min(len(q.Files), maxFiles)] {
		if name := strings.Trim(f.Name, "/"); name != "" && !strings.Contains(name, "..") {
			files = append(files, source.NewFile(name, []byte(f.Text)))
		}
	}
	options := engine.Options{Files: discovery.Memory(files...).Walk(discovery.Options{}), Dialects: a.dialects, Rules: rules.All(), Documents: true, Link: true}
	options.Surveyed = func(s engine.Surveyed) { answer.survey(s.Survey) }
	result := engine.Run(ctx, options)
	shown := slices.DeleteFunc(result.Findings, func(f *finding.Finding) bool { return !f.Shown() })
	shown = shown[:min(len(shown), maxFindings)]
	fix.New(options).Propose(ctx, shown)
	for _, f := range shown {
		answer.Findings = append(answer.Findings, toFinding(f))
	}
	for _, g := range result.Gaps {
		answer.Gaps = append(answer.Gaps, fmt.Sprintf("%s:%d: %s", g.Span.Path(), position(g.Span).Line, g.Why))
	}
	slices.SortFunc(answer.Layers, func(x, y Layer) int { return strings.Compare(x.Name, y.Name) })
	answer.suggest()
	if q.Fetch != nil {
		answer.Exchange = simulate(ctx, q.Fetch, result.Seats, result.Hosts)
	}
	return answer
}

// survey adds what a layer allows.
func (a *Answer) survey(s *probe.Survey) {
	l := Layer{Name: s.Host.Name + " " + s.Layer.Name, Addresses: (&policy.Host{Layers: []*policy.Layer{s.Layer}}).Addresses(), Endpoints: []Endpoint{}}
	if s.Host.Name == s.Layer.Name {
		l.Name = s.Layer.Name
	}
	for _, e := range s.Endpoints {
		l.Endpoints = append(l.Endpoints, Endpoint{Name: e.Pattern, URL: e.URL, Origins: e.Intent.Origins, Anybody: e.Intent.Anybody,
			Credentials: e.WithCredentials(), Place: toPlace(e.Span)})
	}
	a.Layers = append(a.Layers, l)
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

// nobody says that nothing answers a URL, and what is there.
func nobody(url string, seats []*policy.Host) string {
	text := "nothing here answers " + url
	var addresses []string
	for _, h := range seats {
		addresses = append(addresses, h.Addresses()...)
	}
	if len(addresses) > 0 {
		text += "; there are " + strings.Join(addresses[:min(len(addresses), 5)], ", ")
	}
	return text
}

// simulate predicts the request of a page, as the host answers that browsers meet there.
func simulate(ctx context.Context, f *Fetch, seats, hosts []*policy.Host) *Exchange {
	fetch := exchange.Fetch{URL: f.URL, Method: f.Method, Origin: f.Origin, Credentials: browser.CredentialsSameOrigin}
	if f.Credentials {
		fetch.Credentials = browser.CredentialsInclude
	}
	fetch.HasBody = f.Method == "POST" || f.Method == "PUT" || f.Method == "PATCH"
	for _, h := range f.Headers {
		if h[0] != "" {
			fetch.Headers = append(fetch.Headers, browser.Header{Name: h[0], Value: h[1]})
		}
	}
	project := reach.Project{Seats: seats, Hosts: hosts}
	chain, layer, ok := project.Answering(f.URL)
	if !ok {
		return &Exchange{Error: nobody(f.URL, seats)}
	}
	x, err := exchange.Simulate(ctx, browser.Chromium, chain, fetch, exchange.Options{Entry: layer})
	if err != nil {
		return &Exchange{Error: err.Error()}
	}
	out := &Exchange{Verdict: string(x.Verdict())}
	for i := range x.Outcomes {
		o := &x.Outcomes[i]
		shown := Outcome{Verdict: string(o.Result.Verdict), Walls: []string{}, Assuming: []string{}, Witness: toWitness(x.Witness(o, chain[0].Name))}
		for _, failure := range o.Result.Failures {
			shown.Walls = append(shown.Walls, failure.Text)
		}
		for _, a := range o.Assuming {
			shown.Assuming = append(shown.Assuming, a.String())
		}
		out.Outcomes = append(out.Outcomes, shown)
		if out.Message == "" {
			out.Message = o.Result.Message
		}
	}
	return out
}

func toFinding(f *finding.Finding) Finding {
	out := Finding{Rule: f.Rule, Severity: f.Severity.String(), Message: f.Message, Because: f.Because, Change: f.Change, Browser: f.Browser.Chromium,
		Place: toPlace(f.Place), Related: []Related{}, Fixes: []Fix{}}
	for _, r := range f.Related {
		out.Related = append(out.Related, Related{toPlace(r.Span), r.Text})
	}
	if len(f.Witness) > 0 {
		w := toWitness(f.Witness[0])
		out.Witness, out.Fetch = &w, toFetch(f.Witness[0].Exchange)
	}
	for _, fix := range f.Fixes {
		shown := Fix{Title: fix.Title, Safe: fix.Safety == finding.Safe, Edits: []Edit{}}
		for _, e := range fix.Edits {
			shown.Edits = append(shown.Edits, Edit{toPlace(e.Span), e.Text})
		}
		out.Fixes = append(out.Fixes, shown)
	}
	return out
}

// toFetch returns the request of an exchange, which is a document; nil when it is none.
func toFetch(document any) *Fetch {
	var d struct {
		exchange.FetchDocument
		Headers [][2]string `json:"headers"`
	}
	text, err := json.Marshal(document)
	if document == nil || err != nil || json.Unmarshal(text, &d) != nil || d.URL == "" {
		return nil
	}
	f := &Fetch{URL: d.URL, Method: d.Method, Origin: d.Origin, Credentials: d.Credentials == "include", Headers: d.Headers}
	if f.Headers == nil {
		f.Headers = [][2]string{}
	}
	return f
}

func toWitness(w finding.Witness) Witness {
	out := Witness{Title: w.Title, Steps: []Step{}}
	for _, s := range w.Steps {
		step := Step{From: s.From, To: s.To, Start: s.Start, Lines: []Line{}}
		for _, l := range s.Lines {
			line := Line{Text: l.Text, Lost: l.Lost, Note: l.Note}
			if len(l.Places) > 0 {
				p := toPlace(l.Places[0])
				line.Place = &p
			}
			step.Lines = append(step.Lines, line)
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}

func position(s source.Span) source.Position {
	if s.IsZero() {
		return source.Position{}
	}
	return s.Position()
}

func toPlace(s source.Span) Place {
	if s.IsZero() {
		return Place{}
	}
	return Place{File: s.Path(), Line: s.Position().Line, Start: source.UTF16Len(s.File.Data[:s.Start]), End: source.UTF16Len(s.File.Data[:s.End])}
}
