package report

import (
	"encoding/json"
	"io"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// jsonVersion changes when a reader of an earlier version would misread the document; new fields do not change it.
const jsonVersion = 1

// The types below are docs/schema/check.schema.json. Lists are never null.
type (
	jsonReport struct {
		Version    int            `json:"version"`
		Tool       Tool           `json:"tool"`
		Findings   []jsonFinding  `json:"findings"`
		Hidden     map[string]int `json:"hidden"`
		Gaps       []jsonGap      `json:"gaps"`
		Unknown    []string       `json:"unknown"`
		Files      jsonFiles      `json:"files"`
		Layers     int            `json:"layers"`
		Endpoints  int            `json:"endpoints"`
		Suppressed int            `json:"suppressed"`
		Baseline   *jsonBaseline  `json:"baseline,omitempty"`
	}
	jsonBaseline struct {
		Accepted int `json:"accepted"`
		Repaired int `json:"repaired"`
	}
	jsonFiles struct {
		Analyzed int `json:"analyzed"`
		Skipped  int `json:"skipped"`
	}
	jsonGap struct {
		File   string `json:"file"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
		Why    string `json:"why"`
	}
	jsonFinding struct {
		Rule        string           `json:"rule"`
		Category    finding.Category `json:"category"`
		Severity    string           `json:"severity"`
		Confidence  string           `json:"confidence"`
		Fingerprint string           `json:"fingerprint"`
		Message     string           `json:"message"`
		Because     string           `json:"because"`
		Change      string           `json:"change"`
		Evidence    string           `json:"evidence"`
		Place       jsonPlace        `json:"place"`
		Related     []jsonPlaceText  `json:"related"`
		Endpoints   []string         `json:"endpoints"`
		Also        []string         `json:"also"`
		Assuming    []string         `json:"assuming"`
		Witness     []any            `json:"witness"`
		Browser     finding.Browser  `json:"browser"`
		Curl        []string         `json:"curl"`
		Fixes       []jsonFix        `json:"fixes"`
	}
	// jsonPlace counts lines and columns from 1, columns in runes; start and end are byte offsets.
	jsonPlace struct {
		File      string `json:"file"`
		Line      int    `json:"line"`
		Column    int    `json:"column"`
		EndLine   int    `json:"endLine"`
		EndColumn int    `json:"endColumn"`
		Start     int    `json:"start"`
		End       int    `json:"end"`
	}
	jsonPlaceText struct {
		jsonPlace
		Text string `json:"text"`
	}
	jsonFix struct {
		Title  string          `json:"title"`
		Safety finding.Safety  `json:"safety"`
		Edits  []jsonPlaceText `json:"edits"`
	}
)

func writeJSON(w io.Writer, r *Report, _ Options) error {
	doc := jsonReport{
		Version:    jsonVersion,
		Tool:       r.Tool,
		Findings:   []jsonFinding{},
		Hidden:     map[string]int{},
		Gaps:       []jsonGap{},
		Unknown:    orEmpty(r.Unknown),
		Files:      jsonFiles{r.Analyzed, r.Skipped},
		Layers:     r.LayerCount,
		Endpoints:  r.Endpoints,
		Suppressed: r.Suppressed,
	}
	if b := r.Baseline; b != nil {
		doc.Baseline = &jsonBaseline{b.Accepted, b.Repaired}
	}
	for _, f := range r.Findings {
		doc.Findings = append(doc.Findings, toJSON(f))
	}
	for severity, n := range r.Hidden {
		if n > 0 {
			doc.Hidden[severity.String()] = n
		}
	}
	for _, gap := range r.Gaps {
		at := gap.Span.Position()
		doc.Gaps = append(doc.Gaps, jsonGap{gap.Span.Path(), at.Line, at.Column, gap.Why})
	}
	return encode(w, doc)
}

func toJSON(f *finding.Finding) jsonFinding {
	doc := jsonFinding{
		Rule:        f.Rule,
		Category:    f.Category,
		Severity:    f.Severity.String(),
		Confidence:  f.Confidence.String(),
		Fingerprint: f.Fingerprint(),
		Message:     f.Message,
		Because:     f.Because,
		Change:      f.Change,
		Evidence:    f.Evidence,
		Place:       toPlace(f.Place),
		Related:     []jsonPlaceText{},
		Endpoints:   orEmpty(f.Endpoints),
		Also:        orEmpty(f.Also),
		Assuming:    orEmpty(f.Assuming),
		Witness:     []any{},
		Browser:     f.Browser,
		Curl:        orEmpty(f.Curl),
		Fixes:       []jsonFix{},
	}
	for _, related := range f.Related {
		if !related.Span.IsZero() {
			doc.Related = append(doc.Related, jsonPlaceText{toPlace(related.Span), related.Text})
		}
	}
	for _, witness := range f.Witness {
		if witness.Exchange != nil {
			doc.Witness = append(doc.Witness, witness.Exchange)
		}
	}
	for _, fix := range f.Fixes {
		edits := []jsonPlaceText{}
		for _, edit := range fix.Edits {
			edits = append(edits, jsonPlaceText{toPlace(edit.Span), edit.Text})
		}
		doc.Fixes = append(doc.Fixes, jsonFix{fix.Title, fix.Safety, edits})
	}
	return doc
}

func toPlace(s source.Span) jsonPlace {
	start, end := s.Position(), s.EndPosition()
	return jsonPlace{s.Path(), start.Line, start.Column, end.Line, end.Column, s.Start, s.End}
}

// encode writes an indented document and leaves <, > and & as they are: it is no part of an HTML page.
func encode(w io.Writer, doc any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(doc)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
