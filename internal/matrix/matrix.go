// Package matrix makes the table of a contract: what each frontend needs in each environment, and what the browser does. It
// imports engine, probe, exchange, browser, policy, contract, finding and source, and writes the table as text, Markdown, JSON
// and HTML.
package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/analyzers/probe"
	"github.com/corslint/corslint/internal/engine"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// State is what becomes of a need. The order is that of their weight: of several exchanges the gravest counts.
type State int

// The states.
const (
	Absent     State = iota // there is no such frontend or API in the environment
	Allowed                 // the browser allows it
	Unknown                 // it depends on something that is not known
	Unreadable              // the response is there, and the header cannot be read
	Blocked                 // the browser refuses it
)

func (s State) String() string {
	return [...]string{"", "allowed", "unknown", "unreadable", "BLOCKED"}[s]
}

// Table is the contract's table.
type Table struct {
	Environments []string // "" alone where the contract has none
	Rows         []Row
	Notes        []Note // in the order in which the cells name them
}

// Row is a need, or several that fare alike in every environment.
type Row struct {
	Frontend, API string
	Operations    []contract.Operation // at least one, unless Reads is set
	Reads         string               // the response header that is read
	Cells         []Cell               // parallel to the environments
}

// Cell is what becomes of a need in one environment.
type Cell struct {
	State State
	Note  int // index of a note + 1; 0: none
	// Witness shows the exchange; nil where nobody is asked, or nobody asked for it.
	Witness *finding.Witness
	Message string // Chromium's console line
	instead *Cell  // of a header: what is in the way of the request, where nothing is known of the header itself
}

// Note says why a cell is not allowed: what is wrong and where, or what it depends on.
type Note struct {
	State State
	Text  string
	Place source.Span // zero where there is none
	Mark  string      // "1", or "a" of an unknown one
}

// Builder collects what the engine says about the needs of a contract.
type Builder struct {
	contract *contract.Contract
	rows     map[rowKey]*Row
	order    []rowKey
	notes    []Note
	witness  bool
	server   string // who answers what is added
}

type rowKey struct{ frontend, api, method, path, reads string }

// New returns a builder for a contract. Witnesses says whether cells have theirs: written down, they are most of a large table.
func New(c *contract.Contract, witnesses bool) *Builder {
	return &Builder{contract: c, rows: map[rowKey]*Row{}, witness: witnesses}
}

// write writes an outcome down, where that is wanted.
func (b *Builder) write(x *exchange.Exchange, o *exchange.Outcome) *finding.Witness {
	if !b.witness {
		return nil
	}
	w := x.Witness(o, b.server)
	return &w
}

// Add takes what became of the needs of one frontend of one API in one environment.
func (b *Builder) Add(a engine.Agreed) {
	environment := slices.Index(b.contract.Names(), a.Cell.Environment)
	if a.Survey == nil {
		cell := b.row(rowKey{frontend: a.Cell.Frontend, api: a.Cell.API, method: "any", path: "operation"}, contract.Operation{}).cell(environment)
		b.set(cell, Cell{State: Unknown}, Note{State: Unknown, Text: a.Why})
		return
	}
	b.server = a.Survey.Host.Name
	for _, e := range a.Survey.Stated {
		for _, w := range e.Wanted {
			b.need(environment, e, w, a.Findings)
			b.reads(environment, w, a.Findings)
		}
	}
}

func (b *Builder) row(key rowKey, o contract.Operation) *Row {
	if b.rows[key] == nil {
		r := &Row{Frontend: key.frontend, API: key.api, Reads: key.reads, Cells: make([]Cell, len(b.contract.Names()))}
		if key.reads == "" {
			r.Operations = []contract.Operation{o}
		}
		b.rows[key] = r
		b.order = append(b.order, key)
	}
	return b.rows[key]
}

func (r *Row) cell(environment int) *Cell { return &r.Cells[environment] }

// set puts a state into a cell, unless a graver one is there.
func (b *Builder) set(to *Cell, c Cell, n Note) {
	if c.State <= to.State {
		return
	}
	if n.Text != "" {
		i := slices.IndexFunc(b.notes, func(x Note) bool { return x.Text == n.Text && x.Place == n.Place })
		if i < 0 {
			i = len(b.notes)
			b.notes = append(b.notes, n)
		}
		c.Note = i + 1
	}
	*to = c
}

// need takes the fetch of one need.
func (b *Builder) need(environment int, e *probe.Endpoint, w *probe.Probe, findings []*finding.Finding) {
	n := w.Stated
	key := rowKey{frontend: n.Cell.Frontend, api: n.Cell.API, method: n.Method, path: n.Path}
	cell := b.row(key, contract.Operation{Method: n.Method, Path: n.Path, Span: n.Span}).cell(environment)
	x := &w.Exchange
	if len(x.Outcomes) == 0 {
		b.set(cell, Cell{State: Unknown}, Note{State: Unknown, Text: "it cannot be asked"})
		return
	}
	outcome := &x.Outcomes[0]
	c := Cell{State: Allowed}
	var note Note
	switch verdict := x.Verdict(); {
	case verdict == browser.Blocked && certain(e, w):
		c.State, note = Blocked, why(e, w, findings)
		c.Message = outcome.Result.Message
	case verdict != browser.Allowed:
		c.State, note = Unknown, Note{State: Unknown, Text: "depends on " + dependsOn(x)}
	}
	c.Witness = b.write(x, outcome)
	b.set(cell, c, note)
}

// certain reports whether a blocked fetch does not rest on what somebody unknown may send after all.
func certain(e *probe.Endpoint, w *probe.Probe) bool {
	failures := w.Failures(e)
	return len(failures) == 0 || slices.ContainsFunc(failures, func(f *probe.Failure) bool {
		return f.Answer == nil || f.Answer.Open == nil || f.Header != "" && (e.Owns(f.Header) || slices.Contains(f.Answer.Fixed, strings.ToLower(f.Header)))
	})
}

// why says what is in the way of a need: what a finding says about it, else what the browser checks.
func why(e *probe.Endpoint, w *probe.Probe, findings []*finding.Finding) Note {
	var best *finding.Finding
	for _, f := range findings {
		if slices.Contains(f.Needs, w.Stated.Key()) && (best == nil || f.Severity > best.Severity) {
			best = f
		}
	}
	if best != nil {
		return Note{State: Blocked, Text: reason(best), Place: best.Place}
	}
	n := Note{State: Blocked, Text: "the browser refuses it", Place: w.NeedAt}
	outcome := &w.Exchange.Outcomes[0]
	all := outcome.Result.Failures // of what it depends on whether they come to pass
	if certain := w.Failures(e); len(certain) > 0 {
		all = []browser.Failure{certain[0].Failure}
	}
	if len(all) > 0 {
		n.Text = strings.TrimSuffix(all[0].Text, ".")
		if a := outcome.Answer(all[0].Hop, all[0].Phase); a != nil && len(a.Trail) > 0 {
			n.Place = a.Trail[len(a.Trail)-1]
		}
	}
	return n
}

// reason is what a finding's message says to be wrong, without who is hurt: the row says that.
func reason(f *finding.Finding) string {
	if before, after, ok := strings.Cut(f.Message, ": "); ok && strings.HasPrefix(before, "the browser ") {
		return after
	}
	return f.Message
}

// reads takes the response headers that a page is to read.
func (b *Builder) reads(environment int, w *probe.Probe, findings []*finding.Finding) {
	n := w.Stated
	if len(w.Exchange.Outcomes) == 0 || w.Optional {
		return
	}
	o := &w.Exchange.Outcomes[0]
	blocked := w.Exchange.Verdict() == browser.Blocked
	for _, read := range n.Reads {
		key := rowKey{frontend: n.Cell.Frontend, api: n.Cell.API, reads: read.Name}
		cell := b.row(key, contract.Operation{}).cell(environment)
		answer := o.Answer(len(o.Hops)-1, browser.PhaseActual)
		if answer == nil || blocked {
			// Whatever is in its way is in the way of the header, too, unless another operation brings it.
			key.reads, key.method, key.path = "", n.Method, n.Path
			if cell.State == Absent && b.rows[key] != nil {
				cell.instead = b.rows[key].cell(environment)
			}
			continue
		}
		readable, known := exposes(answer, read.Name, w.Exchange.Fetch.Credentials)
		witness := b.write(&w.Exchange, o)
		switch {
		case !known:
			b.set(cell, Cell{State: Unknown, Witness: witness}, Note{State: Unknown, Text: "depends on " + dependsOn(&w.Exchange)})
		case readable:
			b.set(cell, Cell{State: Allowed, Witness: witness}, Note{})
		default:
			note := Note{State: Unreadable, Text: read.Name + " is not in Access-Control-Expose-Headers", Place: read.Span}
			for _, f := range findings {
				if f.Rule == "expose-headers-missing" {
					note.Place = f.Place
				}
			}
			b.set(cell, Cell{State: Unreadable, Witness: witness}, note)
		}
	}
}

// exposes reports whether a page can read a header of an answer, as far as that is known.
func exposes(answer *policy.Outcome, name string, credentials browser.Credentials) (readable, known bool) {
	var headers []browser.Header
	for _, h := range answer.Headers {
		text, ok := h.Value.Known()
		if !ok && strings.EqualFold(h.Name, "Access-Control-Expose-Headers") {
			return false, false
		}
		headers = append(headers, browser.Header{Name: h.Name, Value: text})
	}
	if browser.CanRead(browser.Response{Status: answer.Status, Headers: headers}, name, credentials) {
		return true, true
	}
	return false, answer.Open == nil || answer.Fixes("Access-Control-Expose-Headers")
}

// dependsOn says what an exchange depends on.
func dependsOn(x *exchange.Exchange) string {
	var all []string
	for i := range x.Outcomes {
		for _, a := range x.Outcomes[i].Assuming {
			text := probe.Phrase(a)
			if a.Kind == policy.UnknownFile || a.Kind == policy.UnknownDirectory { // here it is what the cell hangs on
				text = "whether " + a.Unknown.String()
			}
			if text != "" && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	if len(all) == 0 {
		return "something that is not known"
	}
	return strings.Join(all[:min(len(all), 2)], ", and ")
}

// Table returns the table: rows in the order of the contract, notes in the order in which its cells name them.
func (b *Builder) Table() *Table {
	slices.SortFunc(b.order, func(x, y rowKey) int {
		return cmp.Or(cmp.Compare(b.frontend(x.frontend), b.frontend(y.frontend)), cmp.Compare(b.api(x.api), b.api(y.api)),
			cmp.Compare(x.reads, y.reads), cmp.Compare(x.path, y.path), cmp.Compare(method(x.method), method(y.method)), cmp.Compare(x.method, y.method))
	})
	t := &Table{Environments: b.contract.Names()}
	for _, key := range b.order {
		for i, c := range b.rows[key].Cells {
			if c.State == Absent && c.instead != nil {
				b.rows[key].Cells[i] = *c.instead
			}
		}
		if r := b.rows[key]; slices.ContainsFunc(r.Cells, func(c Cell) bool { return c.State != Absent }) {
			t.Rows = append(t.Rows, *r)
		}
	}
	t.number(b.notes)
	return t
}

func (b *Builder) frontend(name string) int {
	return slices.IndexFunc(b.contract.Frontends, func(f contract.Frontend) bool { return f.Name == name })
}

func (b *Builder) api(name string) int {
	return slices.IndexFunc(b.contract.APIs, func(a contract.API) bool { return a.Name == name })
}

// method is the place of a method in the usual order.
func method(m string) int {
	i := slices.Index([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, m)
	if i < 0 {
		return 6
	}
	return i
}

// number gives the notes their marks, in the order in which the table is read: numbers, and then letters for what is not known.
func (t *Table) number(notes []Note) {
	moved := map[int]int{}
	take := func(unknown bool, mark func(n int) string) {
		n := 0
		for i := range t.Rows {
			for j := range t.Rows[i].Cells {
				c := &t.Rows[i].Cells[j]
				if c.Note == 0 || moved[c.Note] > 0 || (notes[c.Note-1].State == Unknown) != unknown {
					continue
				}
				note := notes[c.Note-1]
				note.Mark = mark(n)
				n++
				t.Notes = append(t.Notes, note)
				moved[c.Note] = len(t.Notes)
			}
		}
	}
	take(false, func(n int) string { return fmt.Sprint(n + 1) })
	take(true, letter)
	for i := range t.Rows {
		for j := range t.Rows[i].Cells {
			t.Rows[i].Cells[j].Note = moved[t.Rows[i].Cells[j].Note]
		}
	}
}

// letter is the n-th mark of letters: a ... z, aa, ab ...
func letter(n int) string {
	if n < 26 {
		return string(rune('a' + n))
	}
	return letter(n/26-1) + letter(n%26)
}

// Count returns how many cells are in a state.
func (t *Table) Count(s State) int {
	n := 0
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			if c.State == s {
				n++
			}
		}
	}
	return n
}

// Fails reports whether a cell is blocked; where it is strict, also whether one is not known or not readable.
func (t *Table) Fails(strict bool) bool {
	return t.Count(Blocked) > 0 || strict && t.Count(Unknown)+t.Count(Unreadable) > 0
}

// Title names the pair of a row: "web → orders".
func (r *Row) Title() string { return r.Frontend + " → " + r.API }

// What says what a row is about: "GET, PUT /orders", "37 operations", "read X-Total".
func (r *Row) What() string {
	if r.Reads != "" {
		return "read " + r.Reads
	}
	methods, same := []string{}, true
	for _, o := range r.Operations {
		same = same && o.Path == r.Operations[0].Path
		methods = append(methods, o.Method)
	}
	switch {
	case same && r.Operations[0].Path == "":
		return "any operation"
	case same:
		return strings.Join(methods, ", ") + " " + r.Operations[0].Path
	}
	return fmt.Sprintf("%d operations", len(r.Operations))
}

// many is how many operations that fare alike have a row each, at most.
const many = 3

// Collapsed returns the table with one row for what fares alike: the methods of a path, and many operations of one API.
func (t *Table) Collapsed() *Table {
	out := *t
	out.Rows = nil
	group := func(rows []Row, same func(a, b *Row) bool) []Row {
		var merged []Row
		for i := range rows {
			r := rows[i]
			j := slices.IndexFunc(merged, func(m Row) bool {
				return m.Reads == "" && r.Reads == "" && m.Title() == r.Title() && alike(&m, &r) && same(&m, &r)
			})
			if j < 0 {
				merged = append(merged, r)
				continue
			}
			merged[j].Operations = append(slices.Clone(merged[j].Operations), r.Operations...)
		}
		return merged
	}
	byPath := group(t.Rows, func(a, b *Row) bool { return a.Operations[0].Path == b.Operations[0].Path })
	all := group(t.Rows, func(_, _ *Row) bool { return true })
	var written []string
	for _, r := range byPath {
		i := slices.IndexFunc(all, func(a Row) bool { return a.Reads == r.Reads && a.Title() == r.Title() && alike(&a, &r) })
		if r.Reads != "" || len(all[i].Operations) <= many || len(r.Operations) == len(all[i].Operations) {
			out.Rows = append(out.Rows, r)
		} else if key := fmt.Sprint(i); !slices.Contains(written, key) {
			written = append(written, key)
			out.Rows = append(out.Rows, all[i])
		}
	}
	return &out
}

// alike reports whether two rows have the same cells.
func alike(a, b *Row) bool {
	return slices.EqualFunc(a.Cells, b.Cells, func(x, y Cell) bool { return x.State == y.State && x.Note == y.Note })
}
