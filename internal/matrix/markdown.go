package matrix

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// The lines around the table in a committed document: between them everything is corslint's.
const (
	markdownStart = "<!-- corslint matrix; do not edit -->"
	markdownEnd   = "<!-- end of corslint matrix -->"
)

// WriteMarkdown writes the table for a document that lies in a directory of the project, "" for the root: places are links
// from there.
func (t *Table) WriteMarkdown(w io.Writer, dir string) error {
	_, err := io.WriteString(w, t.markdown(dir))
	return err
}

func (t *Table) markdown(dir string) string {
	var b strings.Builder
	b.WriteString(markdownStart + "\n\n")
	for i, row := range t.lines() {
		b.WriteString("|")
		for _, cell := range row {
			b.WriteString(" " + escape(cell) + " |")
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	if len(t.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, n := range t.Notes {
		line := n.Mark + ": " + escape(n.Text)
		if !n.Place.IsZero() {
			line += ", " + link(n.Place, dir)
		}
		b.WriteString("- " + line + "\n")
	}
	b.WriteString("\n" + escape(t.summary()) + "\n\n" + markdownEnd + "\n")
	return b.String()
}

// link is a place as a link to its line, relative to a directory.
func link(at source.Span, dir string) string {
	up := ""
	if dir != "" && !strings.HasPrefix(dir, "..") {
		up = strings.Repeat("../", strings.Count(path.Clean(dir), "/")+1)
	}
	target := strings.NewReplacer(" ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E").Replace(up + at.Path())
	return fmt.Sprintf("[%s:%d](%s#L%d)", escape(at.Path()), at.Position().Line, target, at.Position().Line)
}

// escape writes a text so that Markdown takes none of it for its own.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "[", `\[`, "]", `\]`, "#", `\#`).Replace(visible(text))
}

// Changes compares the table with one that a document holds, and says what differs, cell by cell; none: they are the same.
// It reports false where the document holds no table.
func (t *Table) Changes(text, dir string) (changes []string, found bool) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	_, rest, ok := strings.Cut(text, markdownStart)
	if !ok {
		return nil, false
	}
	old, _, _ := strings.Cut(rest, markdownEnd)
	now := strings.TrimSuffix(strings.TrimPrefix(t.markdown(dir), markdownStart), markdownEnd+"\n")
	if old == now {
		return nil, true
	}
	was, is := cells(old), cells(now)
	for _, key := range is.order {
		switch before, after := was.of[key], is.of[key]; {
		case before == after:
		case before == "":
			changes = append(changes, fmt.Sprintf("%s: new, %s", key, after))
		case after == "":
			changes = append(changes, key+": gone")
		default:
			changes = append(changes, fmt.Sprintf("%s: was %s, is %s", key, before, after))
		}
	}
	for _, key := range was.order {
		if _, there := is.of[key]; !there && was.of[key] != "" {
			changes = append(changes, key+": gone")
		}
	}
	if len(changes) == 0 {
		changes = append(changes, "every cell is the same, and the notes differ")
	}
	return changes, true
}

// cellTexts are the cells of a table without the marks of their notes: "web → orders GET /orders, production" is "allowed".
type cellTexts struct {
	of    map[string]string
	order []string
}

// cells reads a table in Markdown. A row of several methods is a row for each.
func cells(table string) cellTexts {
	out := cellTexts{of: map[string]string{}}
	var head []string
	for line := range strings.SplitSeq(table, "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		row := strings.Split(strings.Trim(line, "|"), " | ")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if head == nil {
			head = row
			continue
		}
		for i := 2; i < len(row) && i < len(head); i++ {
			state, _, _ := strings.Cut(row[i], "  ")
			for _, what := range each(row[1]) {
				key := row[0] + " " + what
				if head[i] != "" {
					key += ", " + head[i]
				}
				out.of[key] = state
				out.order = append(out.order, key)
			}
		}
	}
	return out
}

// each returns what a row is about, method by method: "GET, PUT /orders" is "GET /orders" and "PUT /orders".
func each(what string) []string {
	i := strings.LastIndexByte(what, ' ')
	if i < 0 || !strings.HasPrefix(what[i+1:], "/") {
		return []string{what}
	}
	methods := strings.Split(what[:i], ", ")
	for j := range methods {
		methods[j] += what[i:]
	}
	return methods
}
