package matrix

import (
	"encoding/json"
	"io"

	"github.com/corslint/corslint/internal/source"
)

// The JSON document; docs/schema/matrix.schema.json describes it.
type (
	document struct {
		Version      int            `json:"version"`
		Environments []string       `json:"environments"`
		Rows         []documentRow  `json:"rows"`
		Notes        []documentNote `json:"notes"`
		Counts       map[string]int `json:"counts"`
	}
	documentRow struct {
		Frontend  string         `json:"frontend"`
		API       string         `json:"api"`
		Operation string         `json:"operation,omitempty"`
		Reads     string         `json:"reads,omitempty"`
		Cells     []documentCell `json:"cells"`
	}
	documentCell struct {
		Environment string `json:"environment"`
		State       string `json:"state"`
		Note        string `json:"note,omitempty"`
		Message     string `json:"message,omitempty"`
	}
	documentNote struct {
		Mark   string `json:"mark"`
		Text   string `json:"text"`
		File   string `json:"file,omitempty"`
		Line   int    `json:"line,omitempty"`
		Column int    `json:"column,omitempty"`
	}
)

// states are the states' names in documents.
var states = map[State]string{Absent: "absent", Allowed: "allowed", Unknown: "unknown", Unreadable: "unreadable", Blocked: "blocked"}

// WriteJSON writes the whole table, a row for each operation.
func (t *Table) WriteJSON(w io.Writer) error {
	d := document{Version: 1, Environments: t.Environments, Rows: []documentRow{}, Notes: []documentNote{}, Counts: map[string]int{}}
	for _, r := range t.Rows {
		row := documentRow{Frontend: r.Frontend, API: r.API, Reads: r.Reads}
		if r.Reads == "" && r.Operations[0].Path != "" {
			row.Operation = r.What()
		}
		for i, c := range r.Cells {
			cell := documentCell{Environment: t.Environments[i], State: states[c.State], Message: c.Message}
			if c.Note > 0 {
				cell.Note = t.Notes[c.Note-1].Mark
			}
			row.Cells = append(row.Cells, cell)
			d.Counts[cell.State]++
		}
		d.Rows = append(d.Rows, row)
	}
	for _, n := range t.Notes {
		d.Notes = append(d.Notes, documentNote{n.Mark, n.Text, n.Place.Path(), position(n.Place).Line, position(n.Place).Column})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

func position(s source.Span) source.Position {
	if s.IsZero() {
		return source.Position{}
	}
	return s.Position()
}
