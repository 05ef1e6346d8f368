package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/finding"
)

// markdownLimit is how many bytes a report in Markdown has at most: a step summary of GitHub Actions is refused whole when
// it is longer. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
const markdownLimit = 1 << 20

func writeMarkdown(w io.Writer, r *Report, o Options) error {
	_, err := io.WriteString(w, r.markdown(o))
	return err
}

// markdown returns the report in Markdown: a table, the last lines of the text format, and under a fold the exchanges.
// What does not fit is counted.
func (r *Report) markdown(o Options) string {
	const (
		tableEnd = markdownLimit * 2 / 3 // the rest is for the exchanges
		reserve  = 1 << 10               // for the sentence that says what was left out
	)
	var b strings.Builder
	b.WriteString("### corslint\n\n")
	findings := r.gravestFirst()
	if len(findings) > 0 {
		b.WriteString("| | finding | where | rule |\n|---|---|---|---|\n")
	}
	for i, f := range findings {
		row := fmt.Sprintf("| %s | %s | %s | %s |\n", f.Severity, escapeMarkdown(sentence(f.Message)), r.codePlace(f), escapeMarkdown(clip(f.Rule, 60)))
		if b.Len()+len(row) > tableEnd-reserve {
			fmt.Fprintf(&b, "\n%s more\n", plural(len(findings)-i, "finding"))
			break
		}
		b.WriteString(row)
	}

	p := newPrinter(r, Options{Unicode: o.Unicode})
	p.fromRepo = true
	for _, line := range p.summary() {
		b.WriteString("\n" + escapeMarkdown(clip(line, 4*maxSentence)) + "\n")
	}

	p.Verbose = true
	for i, f := range findings {
		fold := r.fold(p, f)
		if b.Len()+len(fold) > markdownLimit-reserve {
			fmt.Fprintf(&b, "\nThe exchanges of %s more are not shown.\n", plural(len(findings)-i, "finding"))
			break
		}
		b.WriteString(fold)
	}
	return b.String()
}

// fold returns the exchanges of a finding, folded; "" where it has none.
func (r *Report) fold(p *printer, f *finding.Finding) string {
	lines := append(append(p.transcripts(f), p.browsers(f)...), p.curl(f)...)
	if len(lines) == 0 {
		return ""
	}
	text := strings.Join(lines, "\n")
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fmt.Sprintf("\n<details><summary>%s %s</summary>\n\n%stext\n%s\n%s\n\n</details>\n",
		htmlEscape(clip(f.Rule, 60)), r.codePlace(f), fence, text, fence)
}

// codePlace returns "path:line" as code. A code span in backticks could not hold every path.
func (r *Report) codePlace(f *finding.Finding) string {
	return fmt.Sprintf("<code>%s:%d</code>", htmlEscape(clip(r.inRepo(f.Place.Path()), 300)), f.Place.Position().Line)
}

// escapeMarkdown escapes a cleaned text so that GitHub's Markdown shows it as it is, in a table too.
// https://github.github.com/gfm/#backslash-escapes: any ASCII punctuation can be escaped, and with ":" and "."
// nothing becomes a link by itself; "<" and "&" are made entities.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '<' || r == '>' || r == '&':
			b.WriteString(htmlEscape(string(r)))
			continue
		case r < utf8.RuneSelf && strings.ContainsRune("\\`*_{}[]()#+!|~@$:.", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// htmlEscape escapes for HTML inside Markdown: the characters of HTML, and those that Markdown would still read.
func htmlEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;",
		"[", "&#91;", "]", "&#93;", "\\", "&#92;", "~", "&#126;", "@", "&#64;", ":", "&#58;").Replace(s)
}
