package matrix

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/source"
)

// WriteText writes the table for people. Places are written by place.
func (t *Table) WriteText(w io.Writer, place func(source.Span) string) error {
	rows := t.lines()
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
		}
		b.WriteString(visible(strings.TrimRight(line, " ")) + "\n")
	}
	if len(t.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, n := range t.Notes {
		line := n.Mark + "  " + n.Text
		if !n.Place.IsZero() {
			line += strings.Repeat(" ", max(2, 72-utf8.RuneCountInString(line))) + place(n.Place)
		}
		b.WriteString(visible(line) + "\n")
	}
	b.WriteString(t.summary() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// visible replaces what would do something to a terminal, or turn a text around, instead of being seen.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return utf8.RuneError
		}
		return r
	}, text)
}

// lines returns the table as text, cell by cell, its head first. A pair of frontend and API, and a method, have a column each.
func (t *Table) lines() [][]string {
	c := t.Collapsed()
	head := []string{"", ""}
	head = append(head, c.Environments...)
	rows := [][]string{head}
	for _, r := range c.Rows {
		row := []string{r.Title(), r.What()}
		for _, cell := range r.Cells {
			row = append(row, t.text(cell))
		}
		rows = append(rows, row)
	}
	return rows
}

// text is a cell in words, with the mark of its note.
func (t *Table) text(c Cell) string {
	if c.Note == 0 {
		return c.State.String()
	}
	return c.State.String() + "  " + t.Notes[c.Note-1].Mark
}

// summary counts the cells.
func (t *Table) summary() string {
	frontends := map[string]bool{}
	for _, r := range t.Rows {
		frontends[r.Frontend] = true
	}
	counts := []string{plural(t.Count(Allowed), "cell") + " allowed"}
	for _, s := range [...]State{Blocked, Unreadable, Unknown} {
		if n := t.Count(s); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, strings.ToLower(s.String())))
		}
	}
	return fmt.Sprintf("%s × %s, %s", plural(len(frontends), "frontend"), plural(len(t.Environments), "environment"), strings.Join(counts, ", "))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
