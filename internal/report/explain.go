package report

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Explain writes all there is to say about one finding of a report: what happens, message by message, how to see it, why
// corslint thinks it matters, when it does not, and what to change.
func Explain(w io.Writer, r *Report, f *finding.Finding, o Options) error {
	o.Verbose = true
	p := newPrinter(r, o)
	rule := r.rule(f.Rule)

	how := f.Severity.String() + ", confidence " + f.Confidence.String()
	if len(f.Assuming) > 0 {
		how += " (assuming " + p.list(f.Assuming, len(f.Assuming)) + ")"
	}
	lines := []string{p.in(bold, clip(f.Rule, 60)) + "   " + how, p.header(f)}
	excerpts, because := p.excerpts(f)
	for _, part := range excerpts {
		lines = append(lines, part.lines...)
	}
	lines = append(lines, because...)

	section := func(title string, body []string) {
		if len(body) > 0 {
			lines = append(lines, "", p.in(bold, title))
			lines = append(lines, body...)
		}
	}
	section("What happens", append(p.transcripts(f), p.browsers(f)...))
	section("See it yourself", p.curl(f))
	section("Why corslint thinks this is meant", p.paragraph(f.Evidence))
	section("When this is fine", p.paragraph(docSection(rule.Doc, "when")))

	lines = append(lines, "")
	for _, row := range [][2]string{
		{"Change", strings.TrimSpace(sentence(f.Change) + "   " + fixHint(f))},
		{"Endpoints", p.list(f.Endpoints, len(f.Endpoints))},
		{"Also", p.list(f.Also, len(f.Also))},
		{"Silence", silence(f)},
		{"More", "corslint explain " + clip(f.Rule, 60)},
	} {
		if row[1] != "" {
			lines = append(lines, p.in(bold, fmt.Sprintf("%-11s", row[0]))+row[1])
		}
	}
	return p.write(w, lines)
}

// details returns what --verbose adds to a finding.
func (p *printer) details(f *finding.Finding) []string {
	lines := p.label("need", p.wrapLabel(sentence(f.Evidence))...)
	lines = append(lines, p.label("assuming", p.wrapLabel(p.list(f.Assuming, len(f.Assuming)))...)...)
	lines = append(lines, p.label("also", p.wrapLabel(p.list(f.Also, len(f.Also)))...)...)
	lines = append(lines, p.transcripts(f)...)
	lines = append(lines, p.browsers(f)...)
	return append(lines, p.curl(f)...)
}

func (p *printer) paragraph(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	lines := wrap(clip(strings.Join(strings.Fields(text), " "), 2*maxSentence), p.width-2)
	for i, line := range lines {
		lines[i] = "  " + line
	}
	return lines
}

// browsers returns what each engine's console says.
func (p *printer) browsers(f *finding.Finding) []string {
	var lines []string
	for _, b := range [][2]string{{"Chromium", f.Browser.Chromium}, {"Firefox", f.Browser.Firefox}, {"Safari", f.Browser.WebKit}} {
		if b[1] == "" {
			continue
		}
		head := fmt.Sprintf("  %-10s", b[0])
		for _, line := range wrap(clip(b[1], 2*maxSentence), p.width-len(head)) {
			lines = append(lines, head+line)
			head = strings.Repeat(" ", len(head))
		}
	}
	return lines
}

func (p *printer) curl(f *finding.Finding) []string {
	var lines []string
	for _, command := range f.Curl {
		lines = append(lines, "  "+clip(CurlFor(p.GOOS, command), 4*maxSentence))
	}
	return lines
}

// CurlFor returns a curl line as the shells of a system take it: in Windows PowerShell 5.1, curl is another command.
func CurlFor(goos, line string) string {
	if rest, ok := strings.CutPrefix(line, "curl "); ok && goos == "windows" {
		return "curl.exe " + rest
	}
	return line
}

// transcripts returns the exchanges that prove a finding.
func (p *printer) transcripts(f *finding.Finding) []string {
	var lines []string
	for _, w := range f.Witness {
		if w.Title != "" {
			lines = append(lines, "  "+clip(w.Title, maxSentence), "")
		}
		lines = append(lines, p.transcript(w.Steps, f.Place.File)...)
		lines = append(lines, "")
	}
	return lines
}

// transcript returns messages with their headers, and to the right of each the place that wrote it. A header that the
// configuration wrote and that is not sent has a minus.
func (p *printer) transcript(steps []finding.Step, home *source.File) []string {
	type row struct{ left, note string }
	var rows []row
	labelWidth := 0
	label := func(s finding.Step) string {
		if s.To == "" {
			return clip(s.From, 40)
		}
		return clip(s.From, 40) + " " + p.arrow + " " + clip(s.To, 40)
	}
	for _, s := range steps {
		labelWidth = max(labelWidth, textWidth(label(s)))
	}
	for _, s := range steps {
		name := label(s)
		pad := strings.Repeat(" ", labelWidth-textWidth(name))
		rows = append(rows, row{"    " + name + pad + "   " + clip(s.Start, 200), p.short(s.Place, home)})
		for _, line := range s.Lines {
			var notes []string
			for _, place := range line.Places {
				notes = append(notes, p.short(place, home))
			}
			mark := "   "
			if line.Lost {
				mark = " - "
				notes = append(notes, strings.TrimSuffix("lost: "+sentence(line.Note), ": "))
			}
			rows = append(rows, row{strings.Repeat(" ", 4+labelWidth) + mark + clip(line.Text, 200), strings.Join(notes, ", ")})
		}
	}

	const widest = 80 // a longer line pushes only its own note to the right
	column := 0
	for _, r := range rows {
		if w := textWidth(r.left); r.note != "" && w <= widest {
			column = max(column, w)
		}
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = r.left
		if r.note != "" {
			lines[i] += strings.Repeat(" ", max(0, column-textWidth(r.left))) + "  " + p.in(dim, r.note)
		}
	}
	return lines
}

// short returns a place as "file:line": the file's name alone where it is the one that the finding is about.
func (p *printer) short(s source.Span, home *source.File) string {
	if s.IsZero() {
		return ""
	}
	name := p.path(s.Path())
	if s.File == home {
		name = path.Base(name)
	}
	return fmt.Sprintf("%s:%d", name, s.Position().Line)
}

// docSection returns the text under the first Markdown heading of a rule's document that starts with a word, up to the
// next heading.
func docSection(doc, word string) string {
	var text strings.Builder
	inside := false
	for line := range strings.Lines(doc) {
		if title, ok := strings.CutPrefix(line, "#"); ok {
			if inside {
				break
			}
			title = strings.TrimLeft(title, "# ")
			inside = strings.HasPrefix(strings.ToLower(title), word)
			continue
		}
		if inside {
			text.WriteString(line)
		}
	}
	return text.String()
}
