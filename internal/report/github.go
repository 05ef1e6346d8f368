package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/finding"
)

// Limits of GitHub Actions: annotations of one kind that a step may make, and bytes of its summary, which is refused whole
// when it is longer. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
const (
	githubAnnotations = 10
	githubSummary     = 1 << 20
)

// writeGitHub writes workflow commands for the gravest findings, and all of them to the step summary.
func writeGitHub(w io.Writer, r *Report, o Options) error {
	var b strings.Builder
	total := r.count()
	written := make(map[finding.Severity]int)
	for _, f := range r.gravestFirst() {
		written[f.Severity]++
		switch n := written[f.Severity]; {
		case n < githubAnnotations:
			r.annotate(&b, f, 0)
		case n == githubAnnotations:
			r.annotate(&b, f, total[f.Severity]-n)
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil || o.Summary == nil {
		return err
	}
	_, err := io.WriteString(o.Summary, r.stepSummary(o))
	return err
}

// annotate writes one workflow command. more is how many findings of its severity have none.
func (r *Report) annotate(b *strings.Builder, f *finding.Finding, more int) {
	command := "error"
	switch f.Severity {
	case finding.Warning:
		command = "warning"
	case finding.Note:
		command = "notice"
	case finding.Error:
	}
	fmt.Fprintf(b, "::%s ", command)
	if start, end := f.Place.Position(), f.Place.EndPosition(); !f.Place.IsZero() {
		fmt.Fprintf(b, "file=%s,line=%d,", escapeProperty(clean(r.inRepo(f.Place.Path()))), start.Line)
		if start.Line == end.Line { // columns of several lines are refused
			fmt.Fprintf(b, "col=%d,endLine=%d,endColumn=%d,", start.Column, end.Line, end.Column)
		}
	}
	title := fmt.Sprintf("CORS: %s [%s]", clip(r.rule(f.Rule).Title, 120), clip(f.Rule, 60))
	fmt.Fprintf(b, "title=%s::", escapeProperty(title))

	text := capital(fullStop(sentence(f.Message)))
	if f.Because != "" {
		text += "\nBecause: " + fullStop(sentence(f.Because))
	}
	if f.Change != "" {
		text += "\nChange: " + fullStop(sentence(f.Change))
	}
	if more > 0 {
		text += fmt.Sprintf("\nAnd %s more, see the summary.", plural(more, f.Severity.String()))
	}
	b.WriteString(escapeData(text) + "\n")
}

// escapeData and escapeProperty escape as the toolkit does that GitHub's own actions are built with.
//
// Source: github.com/actions/toolkit, packages/core/src/command.ts.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// stepSummary returns the report in Markdown: a table, the last lines of the text format, and under a fold the exchanges.
// What does not fit is counted.
func (r *Report) stepSummary(o Options) string {
	const (
		tableEnd = githubSummary * 2 / 3 // the rest is for the exchanges
		reserve  = 1 << 10               // for the sentence that says what was left out
	)
	var b strings.Builder
	b.WriteString("### corslint\n\n")
	findings := r.gravestFirst()
	if len(findings) > 0 {
		b.WriteString("| | finding | where | rule |\n|---|---|---|---|\n")
	}
	for i, f := range findings {
		row := fmt.Sprintf("| %s | %s | %s | %s |\n", f.Severity, markdown(sentence(f.Message)), r.codePlace(f), markdown(clip(f.Rule, 60)))
		if b.Len()+len(row) > tableEnd-reserve {
			fmt.Fprintf(&b, "\n%s more\n", plural(len(findings)-i, "finding"))
			break
		}
		b.WriteString(row)
	}

	p := newPrinter(r, Options{Unicode: o.Unicode})
	p.fromRepo = true
	for _, line := range p.summary() {
		b.WriteString("\n" + markdown(clip(line, 4*maxSentence)) + "\n")
	}

	p.Verbose = true
	for i, f := range findings {
		fold := r.fold(p, f)
		if b.Len()+len(fold) > githubSummary-reserve {
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

// markdown escapes a cleaned text so that GitHub's Markdown shows it as it is, in a table too.
// https://github.github.com/gfm/#backslash-escapes: any ASCII punctuation can be escaped, and with ":" and "."
// nothing becomes a link by itself; "<" and "&" are made entities.
func markdown(s string) string {
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
