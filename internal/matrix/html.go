package matrix

import (
	"crypto/sha256"
	_ "embed" // of the style sheet
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

//go:embed page.css
var style string

//go:embed page.html
var pageText string

// htmlExchanges is how many cells, at most, show their exchange: a page with more is slow and no use.
const htmlExchanges = 400

// WriteHTML writes the table as one page that loads nothing and runs nothing: a cell that is not allowed links to its exchange,
// written as a sequence of messages between the browser and the layers.
func (t *Table) WriteHTML(w io.Writer) error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"state": func(s State) string { return states[s] },
		"place": func(s source.Span) string {
			if s.IsZero() {
				return ""
			}
			return fmt.Sprintf("%s:%d", s.Path(), s.Position().Line)
		},
		"side":  side,
		"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // it is our own
	}).Parse(pageText)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(style))
	return page.Execute(w, t.page(base64.StdEncoding.EncodeToString(sum[:])))
}

// side says where a step of a sequence takes place, seen from the browser.
func side(s finding.Step) string {
	switch {
	case s.To == "":
		return "inside"
	case s.From == "browser":
		return "out"
	case s.To == "browser":
		return "back"
	}
	return "deeper"
}

// What the page shows.
type (
	htmlPage struct {
		StyleHash    string
		Summary      string
		Environments []string
		Rows         []htmlRow
		Notes        []Note
		Exchanges    []htmlExchange
	}
	htmlRow struct {
		Title, What string
		Cells       []htmlCell
	}
	htmlCell struct {
		State        State
		Text, Mark   string
		ID, NoteText string
	}
	htmlExchange struct {
		ID, Title, Environment string
		State                  State
		Note                   *Note
		Message                string
		Witness                *finding.Witness
	}
)

func (t *Table) page(hash string) htmlPage {
	c := t.Collapsed()
	p := htmlPage{StyleHash: hash, Summary: t.summary(), Environments: c.Environments, Notes: t.Notes}
	for i, r := range c.Rows {
		row := htmlRow{Title: r.Title(), What: r.What()}
		for j, cell := range r.Cells {
			shown := htmlCell{State: cell.State, Text: cell.State.String()}
			x := htmlExchange{ID: fmt.Sprintf("x%d-%d", i+1, j+1), Title: r.Title() + ", " + r.What(), Environment: c.Environments[j], State: cell.State,
				Message: cell.Message, Witness: cell.Witness}
			if cell.Note > 0 {
				n := t.Notes[cell.Note-1]
				shown.Mark, shown.NoteText, x.Note = n.Mark, n.Text, &n
			}
			if cell.Witness != nil && len(p.Exchanges) < htmlExchanges {
				shown.ID = x.ID
				p.Exchanges = append(p.Exchanges, x)
			}
			row.Cells = append(row.Cells, shown)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}
