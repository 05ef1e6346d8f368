package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/corslint/corslint/internal/finding"
)

// githubAnnotations is how many annotations of one kind a step may make.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
const githubAnnotations = 10

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
	_, err := io.WriteString(o.Summary, r.markdown(o))
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
		if hint := fixHint(f); hint != "" {
			text += " " + hint
		}
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
