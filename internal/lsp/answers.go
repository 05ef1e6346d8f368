package lsp

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// covers reports whether a question is about a span.
func (q *asked) covers(s source.Span) bool {
	return !s.IsZero() && s.Path() == q.path && rangeOf(s).contains(q.at)
}

// hoverAt shows the findings at a place with their proof, and the effective policy of the endpoint that is declared there.
func hoverAt(q asked) any {
	var parts []string
	var at textRange
	for _, f := range q.result.Findings {
		if q.covers(f.Place) || slices.ContainsFunc(f.Related, func(r finding.Related) bool { return q.covers(r.Span) }) {
			parts = append(parts, describe(f))
			if q.covers(f.Place) {
				at = rangeOf(f.Place)
			}
		}
	}
	for _, v := range q.result.Verdicts {
		if q.covers(v.Span) {
			parts = append(parts, v.Text)
			if at == (textRange{}) {
				at = rangeOf(v.Span)
			}
		}
	}
	if len(parts) == 0 {
		return nil
	}
	if at == (textRange{}) {
		at = textRange{q.at, q.at}
	}
	return hover{Contents: markup{"markdown", strings.Join(parts, "\n\n---\n\n")}, Range: at}
}

// describe writes a finding in Markdown.
func describe(f *finding.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** `%s`\n\n%s.\n\n→ %s\n", plain(f.Message), f.Rule, plain(f.Because), plain(f.Change))
	if f.Browser.Chromium != "" {
		b.WriteString("\n" + fence(f.Browser.Chromium))
	}
	for _, w := range f.Witness[:min(len(f.Witness), 1)] {
		b.WriteString("\n" + fence(transcript(w)))
	}
	return b.String()
}

// transcript writes a witness as text.
func transcript(w finding.Witness) string {
	lines := []string{w.Title, ""}
	for _, s := range w.Steps {
		who := s.From
		if s.To != "" {
			who += " → " + s.To
		}
		lines = append(lines, who+"  "+s.Start)
		for _, l := range s.Lines {
			mark := "    "
			if l.Lost {
				mark = "  - "
			}
			lines = append(lines, mark+l.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// fence writes text as a block of code, whatever is in it.
func fence(text string) string {
	marks := "```"
	for strings.Contains(text, marks) {
		marks += "`"
	}
	return marks + "http\n" + text + "\n" + marks + "\n"
}

// plain writes text so that Markdown takes none of it for its own.
func plain(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "[", `\[`, "#", `\#`).Replace(text)
}

// relatedAt leads from a finding to the places that have a part in it.
func relatedAt(q asked) any {
	out := []location{}
	for _, f := range q.result.Findings {
		if q.covers(f.Place) {
			for _, r := range f.Related {
				out = append(out, location{q.uri(r.Span.Path()), rangeOf(r.Span)})
			}
		}
	}
	return out
}

// uri returns the URI of a file of the same project.
func (q *asked) uri(path string) string {
	if path == q.path {
		return q.document.uri
	}
	root := strings.TrimSuffix(filepath.ToSlash(q.document.path), q.path)
	return toURI(root + path)
}

// hintsIn shows, behind the lines that declare endpoints, who may read them.
func hintsIn(q asked) any {
	out := []inlayHint{}
	for _, v := range q.result.Verdicts {
		if v.Span.IsZero() || v.Span.Path() != q.path {
			continue
		}
		at := endOfLine(v.Span)
		if at.Line < q.in.Start.Line || at.Line > q.in.End.Line {
			continue
		}
		out = append(out, inlayHint{Position: at, Label: v.Label, Tooltip: &markup{"markdown", v.Text}, PaddingLeft: true})
	}
	return out
}

// endOfLine returns the end of the line on which a span starts.
func endOfLine(s source.Span) position {
	text, starts := s.File.Data, lines(s.File.Data)
	at := toPosition(text, starts, s.Start)
	return toPosition(text, starts, toOffset(text, starts, position{at.Line, 1 << 30}))
}

// actionsIn offers the fixes of the findings in a range, and to suppress them.
func (s *server) actionsIn(q asked) any {
	out := []codeAction{}
	for _, f := range q.result.Findings {
		if f.Place.Path() != q.path || !overlap(rangeOf(f.Place), q.in) {
			continue
		}
		for _, fix := range f.Fixes {
			if fix.Safety == finding.Shown || len(fix.Edits) == 0 {
				continue
			}
			title := fix.Title
			if fix.Safety == finding.Unsafe {
				title += " (changes who is let in)"
			}
			out = append(out, codeAction{Title: title, Kind: "quickfix", IsPreferred: fix.Safety == finding.Safe, Edit: s.edit(&q, fix.Edits)})
		}
		if edit, ok := suppression(&q, f); ok {
			out = append(out, codeAction{Title: "Suppress " + f.Rule + ", and write the reason", Kind: "quickfix", Edit: s.edit(&q, []finding.Edit{edit})})
		}
	}
	return out
}

func overlap(a, b textRange) bool { return !before(a.End, b.Start) && !before(b.End, a.Start) }

// suppression is the comment that accepts a finding, on a line of its own above it. The reason is for people to write.
func suppression(q *asked, f *finding.Finding) (finding.Edit, bool) {
	open, end, ok := "", "", false
	if q.result.Comment != nil {
		open, end, ok = q.result.Comment(f.Place.Path())
	}
	if !ok {
		return finding.Edit{}, false
	}
	text := f.Place.File.Data
	starts := lines(text)
	at := starts[toPosition(text, starts, f.Place.Start).Line]
	indent := at
	for indent < len(text) && (text[indent] == ' ' || text[indent] == '\t') {
		indent++
	}
	lineEnd := "\n"
	if strings.Contains(string(text[:min(len(text), 1<<12)]), "\r\n") {
		lineEnd = "\r\n"
	}
	comment := fmt.Sprintf("%s%s corslint: ignore[%s] -- %s%s", text[at:indent], open, f.Rule, end, lineEnd)
	return finding.Edit{Span: source.Span{File: f.Place.File, Start: at, End: at}, Text: comment}, true
}

// edit makes a change of the editor's of edits.
func (s *server) edit(q *asked, edits []finding.Edit) *workspaceEdit {
	s.lock.Lock()
	defer s.lock.Unlock()
	out := &workspaceEdit{DocumentChanges: []documentEdit{}}
	for _, e := range edits {
		uri := q.uri(e.Span.Path())
		i := slices.IndexFunc(out.DocumentChanges, func(d documentEdit) bool { return d.TextDocument.URI == uri })
		if i < 0 {
			i = len(out.DocumentChanges)
			d := documentEdit{TextDocument: versionedDocument{URI: uri}, Edits: []textEdit{}}
			if open := s.documents[uri]; open != nil {
				d.TextDocument.Version = &open.version
			}
			out.DocumentChanges = append(out.DocumentChanges, d)
		}
		out.DocumentChanges[i].Edits = append(out.DocumentChanges[i].Edits, textEdit{rangeOf(e.Span), e.Text})
	}
	return out
}
