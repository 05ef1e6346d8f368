package lsp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// asked is a question about a place in a document, with what is known about the project as it stands.
type asked struct {
	server   *server
	project  *project
	result   *Result
	document document // a copy
	path     string   // in the project
	places   places

	at         int // bytes
	start, end int // bytes
	lines      textRange
	only       []string // kinds of actions
}

// covers reports whether a question is about a span. A cursor behind a word is at it.
func (q *asked) covers(s source.Span) bool {
	return !s.IsZero() && s.Path() == q.path && s.Start <= q.at && q.at <= s.End
}

// hoverAt shows the findings at a place with their proof, the effective policy of the endpoint that is declared there, and what
// there is to know about the rules.
func hoverAt(_ context.Context, q *asked) any {
	var parts, rules []string
	at := source.Span{}
	for _, f := range q.result.Findings {
		if q.covers(f.Place) || slices.ContainsFunc(f.Related, func(r finding.Related) bool { return q.covers(r.Span) }) {
			parts = append(parts, describe(f))
			if q.covers(f.Place) {
				at = f.Place
			}
			if !slices.Contains(rules, f.Rule) {
				rules = append(rules, f.Rule)
			}
		}
	}
	for _, v := range q.result.Verdicts {
		if q.covers(v.Span) {
			parts = append(parts, v.Text)
			if at.IsZero() {
				at = v.Span
			}
		}
	}
	if len(parts) == 0 {
		return nil
	}
	for _, rule := range rules {
		if doc, href := q.server.options.Rule(rule); doc != "" {
			parts = append(parts, fmt.Sprintf("[%s](%s)\n\n%s", rule, href, doc))
		}
	}
	h := hover{Contents: markup{"markdown", strings.Join(parts, "\n\n---\n\n")}}
	if !at.IsZero() {
		r := q.places.of(at)
		h.Range = &r
	}
	return h
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

// relatedAt leads from a finding to the places that have a part in it, and from those back.
func relatedAt(_ context.Context, q *asked) any {
	out := []location{}
	add := func(s source.Span) {
		l := location{q.uri(s.Path()), q.places.of(s)}
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	for _, f := range q.result.Findings {
		for _, r := range f.Related {
			switch {
			case q.covers(f.Place):
				add(r.Span)
			case q.covers(r.Span):
				add(f.Place)
			}
		}
	}
	return out
}

// uri returns the URI of a file of the same project.
func (q *asked) uri(path string) string {
	q.server.lock.Lock()
	defer q.server.lock.Unlock()
	return q.project.uri(path)
}

// hintsIn shows, behind the lines that declare endpoints, who may read them.
func hintsIn(_ context.Context, q *asked) any {
	out := []inlayHint{}
	for _, v := range q.result.Verdicts {
		if v.Span.IsZero() || v.Span.Path() != q.path {
			continue
		}
		at := q.places.endOfLine(v.Span)
		if at.Line < q.lines.Start.Line || at.Line > q.lines.End.Line {
			continue
		}
		out = append(out, inlayHint{Position: at, Label: v.Label, Tooltip: &markup{"markdown", v.Text}, PaddingLeft: true})
	}
	return out
}

const quickFix = "quickfix"

// actionsIn offers the fixes of the findings in a range, and to suppress them.
func actionsIn(ctx context.Context, q *asked) any {
	out := []codeAction{}
	if len(q.only) > 0 && !slices.Contains(q.only, quickFix) && !slices.Contains(q.only, "") {
		return out
	}
	var found []*finding.Finding
	for _, f := range q.result.Findings {
		if !f.Place.IsZero() && f.Place.Path() == q.path && f.Place.Start <= q.end && q.start <= f.Place.End {
			found = append(found, f)
		}
	}
	for i, fixes := range q.project.fixes(ctx, q.result, found) {
		for _, fix := range fixes {
			if fix.Safety == finding.Shown || len(fix.Edits) == 0 {
				continue
			}
			title := fix.Title
			if fix.Safety == finding.Unsafe {
				title += " (changes behaviour that somebody may rely on)"
			}
			out = append(out, codeAction{Title: title, Kind: quickFix, IsPreferred: fix.Safety == finding.Safe, Diagnostics: q.diagnostics(found[i]), Edit: q.edit(fix.Edits)})
		}
	}
	for _, f := range found {
		if action, ok := q.suppression(f); ok {
			out = append(out, action)
		}
	}
	return out
}

// diagnostics are what the client knows a finding by.
func (q *asked) diagnostics(f *finding.Finding) []diagnostic {
	q.server.lock.Lock()
	defer q.server.lock.Unlock()
	return []diagnostic{q.project.diagnostic(f, q.places)}
}

// edit makes a change of the editor's of edits.
func (q *asked) edit(edits []finding.Edit) *workspaceEdit {
	var out []documentEdit
	for _, e := range edits {
		uri := q.uri(e.Span.Path())
		i := slices.IndexFunc(out, func(d documentEdit) bool { return d.TextDocument.URI == uri })
		if i < 0 {
			i = len(out)
			out = append(out, documentEdit{TextDocument: q.versioned(uri)})
		}
		out[i].Edits = append(out[i].Edits, textEdit{Range: q.places.of(e.Span), NewText: &e.Text})
	}
	return q.server.change(out)
}

// versioned names a document as the edits are for it.
func (q *asked) versioned(uri string) versionedDocument {
	q.server.lock.Lock()
	defer q.server.lock.Unlock()
	v := versionedDocument{URI: uri}
	if open := q.server.documents[uri]; open != nil {
		version := open.version
		v.Version = &version
	}
	return v
}

// change makes edits of documents a change that the client understands.
func (s *server) change(edits []documentEdit) *workspaceEdit {
	if s.client.Capabilities.Workspace.WorkspaceEdit.DocumentChanges {
		return &workspaceEdit{DocumentChanges: edits}
	}
	out := &workspaceEdit{Changes: map[string][]textEdit{}}
	for _, e := range edits {
		out.Changes[e.TextDocument.URI] = e.Edits
	}
	return out
}

// suppression accepts a finding, by a comment on a line of its own above it. The reason is for people to write: the cursor is
// put where it belongs, by a snippet where the client takes those in edits, else by a command that has the client show the place.
func (q *asked) suppression(f *finding.Finding) (codeAction, bool) {
	if q.result.Comment == nil {
		return codeAction{}, false
	}
	before, after, ok := q.result.Comment(f.Place.Path())
	if !ok {
		return codeAction{}, false
	}
	text := f.Place.File.Data
	starts := q.places.lines(f.Place.File)
	line := toPosition(text, starts, f.Place.Start).Line
	indent := starts[line]
	for indent < len(text) && (text[indent] == ' ' || text[indent] == '\t') {
		indent++
	}
	comment := fmt.Sprintf("%s%s corslint: ignore[%s] -- ", text[starts[line]:indent], before, f.Rule)
	rest := after + lineEnd(text)
	at := textEdit{Range: textRange{position{line, 0}, position{line, 0}}}
	action := codeAction{Title: "Suppress " + f.Rule + ", and write the reason", Kind: quickFix, Diagnostics: q.diagnostics(f)}
	if q.server.client.Capabilities.Workspace.WorkspaceEdit.SnippetEditSupport {
		at.Snippet = &stringValue{"snippet", snippetText(comment) + "${1:reason}" + snippetText(rest)}
	} else {
		all := comment + rest
		at.NewText = &all
		if q.server.client.Capabilities.Window.ShowDocument.Support {
			action.Command = &command{Title: "Write the reason", Command: commandShow, Arguments: []any{q.document.uri, position{line, source.UTF16Len([]byte(comment))}}}
		}
	}
	action.Edit = q.server.change([]documentEdit{{TextDocument: q.versioned(q.document.uri), Edits: []textEdit{at}}})
	return action, true
}

// snippetText writes text so that a snippet has it as it is.
func snippetText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "$", `\$`, "}", `\}`).Replace(text)
}

// lineEnd is what ends the first line of a text.
func lineEnd(text []byte) string {
	for i, c := range text {
		switch {
		case c == '\n':
			return "\n"
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
			return "\r\n"
		case c == '\r':
			return "\r"
		}
	}
	return "\n"
}
