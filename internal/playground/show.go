package playground

import (
	"bytes"

	"github.com/corslint/corslint/analyzers/browser"
	"github.com/corslint/corslint/analyzers/exchange"
	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// shower turns what corslint says into what the page shows. It remembers, for every file that it met, how many UTF-16 code units
// stand before each of its lines.
type shower map[*source.File][]int

func (s shower) place(span source.Span) Place {
	if span.IsZero() {
		return Place{}
	}
	return Place{File: span.Path(), Line: span.Position().Line, Start: s.units(span.File, span.Start), End: s.units(span.File, span.End)}
}

// units returns how many UTF-16 code units stand before an offset of a file.
func (s shower) units(f *source.File, offset int) int {
	before, ok := s[f]
	if !ok {
		before = []int{0}
		for line := range bytes.Lines(f.Data) {
			before = append(before, before[len(before)-1]+source.UTF16Len(line))
		}
		s[f] = before
	}
	at := f.Position(offset)
	return before[at.Line-1] + at.UTF16 - 1
}

func (s shower) finding(f *finding.Finding) Finding {
	out := Finding{Rule: f.Rule, Severity: f.Severity.String(), Message: f.Message, Because: f.Because, Change: f.Change, Browser: f.Browser.Chromium,
		Place: s.place(f.Place), Related: []Related{}, Repairable: len(f.Repairs) > 0}
	for _, r := range f.Related {
		out.Related = append(out.Related, Related{s.place(r.Span), r.Text})
	}
	if len(f.Witness) > 0 {
		w := s.witness(f.Witness[0])
		out.Witness, out.Fetch = &w, toFetch(f.Witness[0].Exchange)
	}
	return out
}

func (s shower) fixes(fixes []finding.Fix) []Fix {
	out := []Fix{}
	for _, fix := range fixes {
		shown := Fix{Title: fix.Title, Safety: string(fix.Safety), Edits: []Edit{}}
		for _, e := range fix.Edits {
			shown.Edits = append(shown.Edits, Edit{s.place(e.Span), e.Text})
		}
		out = append(out, shown)
	}
	return out
}

// toFetch returns the request of a proof; nil when the page's form cannot make it, such as one that shows only when a server is
// down.
func toFetch(proof any) *Fetch {
	d, ok := proof.(exchange.WitnessDocument)
	if !ok || d.URL == "" || len(d.Circumstances) > 0 {
		return nil
	}
	f := &Fetch{URL: d.URL, Method: d.Method, Origin: d.Origin, Credentials: d.Credentials == string(browser.CredentialsInclude), Headers: [][2]string{}}
	for _, h := range d.Headers {
		f.Headers = append(f.Headers, [2]string{h.Name, h.Value})
	}
	return f
}

func (s shower) witness(w finding.Witness) Witness {
	out := Witness{Title: w.Title, Steps: []Step{}}
	for _, step := range w.Steps {
		shown := Step{From: step.From, To: step.To, Start: step.Start, Lines: []Line{}}
		for _, l := range step.Lines {
			line := Line{Text: l.Text, Lost: l.Lost, Note: l.Note}
			if len(l.Places) > 0 {
				p := s.place(l.Places[0])
				line.Place = &p
			}
			shown.Lines = append(shown.Lines, line)
		}
		out.Steps = append(out.Steps, shown)
	}
	return out
}
