package report

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// maxBlock is how many lines a finding takes without --verbose.
const maxBlock = 12

// printer lays out findings as text.
type printer struct {
	Options
	paint
	report   *Report
	width    int
	fromRepo bool // paths are printed from the repository's root, not from Base
}

func newPrinter(r *Report, o Options) *printer {
	p := &printer{Options: o, paint: o.paint(), report: r, width: o.Width}
	if p.width <= 0 {
		p.width = 120
	}
	p.width = max(p.width, 40)
	return p
}

func writeText(w io.Writer, r *Report, o Options) error {
	if len(r.Findings) == 0 && (o.Hook || r.LayerCount == 0 && len(r.Gaps) == 0) {
		return nil // a hook is silent when all is well; for the other see NothingToCheck
	}
	p := newPrinter(r, o)
	var lines []string
	for _, b := range blocks(r.Findings) {
		lines = append(lines, p.block(b)...)
		lines = append(lines, "")
	}
	if o.Hook {
		lines = lines[:len(lines)-1]
	}
	return p.write(w, append(lines, p.summary()...))
}

func writeConcise(w io.Writer, r *Report, o Options) error {
	p := newPrinter(r, o)
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, p.header(f))
	}
	return p.write(w, lines)
}

// write writes the lines, on GitHub Actions in a form that gives the runner no orders.
func (p *printer) write(w io.Writer, lines []string) error {
	var b strings.Builder
	for _, line := range lines {
		line = strings.TrimRight(line, " ")
		if p.GitHubActions {
			line = inert(line)
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// block is what text prints as one: findings with one primary place, and copies of the whole in other files.
type block struct {
	head   *finding.Finding   // the gravest
	same   []*finding.Finding // others at the same place
	copies []*finding.Finding // heads of equal blocks in other files
}

// blocks groups findings that are ordered by place.
func blocks(findings []*finding.Finding) []*block {
	type identity struct {
		rules, message, text string
		at                   source.Position
	}
	var list []*block
	known := make(map[identity]*block)
	for len(findings) > 0 {
		n := 1
		for n < len(findings) && source.Compare(findings[0].Place, findings[n].Place) == 0 {
			n++
		}
		here := slices.SortedStableFunc(slices.Values(findings[:n]), func(a, b *finding.Finding) int {
			return cmp.Compare(b.Severity, a.Severity)
		})
		findings = findings[n:]

		b := &block{head: here[0], same: here[1:]}
		if b.head.Place.IsZero() {
			list = append(list, b)
			continue
		}
		id := identity{message: b.head.Message, at: b.head.Place.Position(), text: excerptOf(b.head.Place, maxLine).text}
		for _, f := range here {
			id.rules += f.Severity.String() + " " + f.Rule + "\n"
		}
		if first := known[id]; first != nil && first.head.Place.File != b.head.Place.File {
			first.copies = append(first.copies, b.head)
			continue
		}
		known[id] = b
		list = append(list, b)
	}
	return list
}

// part is some lines of a block. Where a block is too long the parts with the highest rank are left out.
type part struct {
	rank  int
	lines []string
}

// block returns the lines of a block.
func (p *printer) block(b *block) []string {
	f := b.head
	parts := []part{{0, []string{p.header(f)}}}
	excerpts, because := p.excerpts(f)
	parts = append(parts, excerpts...)
	parts = append(parts, part{1, because})
	if proof := p.proof(f); f.Category == finding.Security && len(proof) > 0 {
		parts = append(parts, part{2, p.label("proof", proof...)})
	} else {
		parts = append(parts, part{2, p.label("browser", p.wrapLabel(browserText(f.Browser.Chromium))...)})
	}
	parts = append(parts, part{1, p.label("change", p.hinted(p.wrapLabel(sentence(f.Change)), fixHint(f))...)})
	for i, other := range b.same {
		text := sentence(other.Message) + reasonOf(other) + " [" + clip(other.Rule, 60) + "]"
		parts = append(parts, part{3 + i, p.label("same line", p.wrapLabel(text)...)})
	}
	if len(b.copies) > 0 {
		parts = append(parts, part{2, []string{"  " + p.copies(b)}})
	}
	if len(f.Endpoints) > 1 {
		parts = append(parts, part{6, p.label("reached", p.list(f.Endpoints, 2))})
	}
	if p.CI || p.Hook {
		parts = append(parts, part{5, p.label("silence", silence(f))})
	}
	if p.Verbose {
		parts = append(parts, part{0, p.details(f)})
	}

	for !p.Verbose && countLines(parts) > maxBlock {
		last := 0
		for i, part := range parts {
			if part.rank >= parts[last].rank && len(part.lines) > 0 {
				last = i
			}
		}
		if parts[last].rank == 0 {
			break
		}
		parts[last].lines = nil
	}
	var lines []string
	for _, part := range parts {
		lines = append(lines, part.lines...)
	}
	return lines
}

func countLines(parts []part) int {
	n := 0
	for _, part := range parts {
		n += len(part.lines)
	}
	return n
}

// header returns the first line of a finding, which every format for people has: one regular expression matches it.
func (p *printer) header(f *finding.Finding) string {
	rule := clip(f.Rule, 60)
	return p.in(bold, p.place(f.Place)+":") + " " + p.in(severityColor(f.Severity), f.Severity.String()+":") + " " +
		p.in(bold, clip(f.Message, maxSentence)) + " [" + p.link(p.report.rule(f.Rule).HelpURL, rule) + "]"
}

func severityColor(s finding.Severity) string {
	switch s {
	case finding.Error:
		return red
	case finding.Warning:
		return yellow
	case finding.Note:
	}
	return cyan
}

// path returns a path as it is printed.
func (p *printer) path(name string) string {
	if p.fromRepo {
		return clip(p.report.inRepo(name), 300)
	}
	return clip(relative(p.Base, name), 300)
}

// place returns "path:line:column".
func (p *printer) place(s source.Span) string {
	if s.IsZero() {
		return p.report.Tool.Name
	}
	at := s.Position()
	return fmt.Sprintf("%s:%d:%d", p.path(s.Path()), at.Line, at.Column)
}

// excerpts returns the lines of the primary file that have a part in a finding, marked, in the order of the file. The
// reason is written beside the primary mark where there is room; otherwise it is returned as a part of its own.
func (p *printer) excerpts(f *finding.Finding) (parts []part, because []string) {
	reason := sentence(f.Because)
	if f.Place.IsZero() || len(f.Place.File.Data) == 0 {
		return nil, p.label("because", p.wrapLabel(reason)...)
	}

	type mark struct {
		span source.Span
		text string
		rank int
	}
	marks := []mark{{f.Place, reason, 0}}
	var elsewhere []part
	for i, related := range f.Related {
		switch rank := 10 + i; {
		case related.Span.IsZero():
		case related.Span.File == f.Place.File:
			marks = append(marks, mark{related.Span, sentence(related.Text), rank})
		default:
			elsewhere = append(elsewhere, part{rank, p.label("see", p.place(related.Span)+"  "+sentence(related.Text))})
		}
	}
	slices.SortStableFunc(marks, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.span.Position().Line, b.span.Position().Line), cmp.Compare(a.rank, b.rank))
	})

	digits := max(4, len(fmt.Sprint(marks[len(marks)-1].span.Position().Line)))
	room := p.width - digits - len(" | ")
	var previous string
	for _, m := range marks {
		x := excerptOf(m.span, min(room, maxLine))
		source := p.in(dim, fmt.Sprintf("%*d %s", digits, m.span.Position().Line, p.bar)) + " " + x.text
		var lines []string
		if source != previous { // a long line is cut around each of its places
			lines = append(lines, source)
		}
		previous = source
		under := p.in(dim, strings.Repeat(" ", digits)+" "+p.bar) + " " + strings.Repeat(" ", x.indent)
		switch left := room - x.indent - x.width - 1; {
		case m.rank == 0 && m.text == "":
			lines = append(lines, under+p.in(severityColor(f.Severity), strings.Repeat("^", x.width)))
		case m.rank == 0 && textWidth("because: "+m.text) <= left:
			lines = append(lines, under+p.in(severityColor(f.Severity), strings.Repeat("^", x.width)+" because: "+m.text))
		case m.rank == 0:
			lines = append(lines, under+p.in(severityColor(f.Severity), strings.Repeat("^", x.width)))
			because = p.label("because", p.wrapLabel(reason)...)
		case m.text != "":
			lines = append(lines, under+p.in(cyan, strings.Repeat("-", x.width)+" "+truncate(m.text, max(left, 30))))
		}
		parts = append(parts, part{m.rank, lines})
	}
	return append(parts, elsewhere...), because
}

// label returns the lines of a text behind its label: "  change:  ..."; nothing for no text.
func (p *printer) label(name string, lines ...string) []string {
	if len(lines) == 0 || len(lines) == 1 && lines[0] == "" {
		return nil
	}
	head := fmt.Sprintf("  %-9s", name+": ")
	labelled := make([]string, len(lines))
	for i, line := range lines {
		labelled[i] = head + line
		head = strings.Repeat(" ", len(head))
	}
	return labelled
}

// wrapLabel breaks a text into the lines that fit behind a label, at most two without --verbose.
func (p *printer) wrapLabel(text string) []string {
	const indent, most = len("  browser: "), 2
	lines := wrap(text, p.width-indent)
	if !p.Verbose && len(lines) > most {
		lines = lines[:most]
		lines[most-1] += " ..."
	}
	return lines
}

// reasonOf returns the reason of a finding that is printed with another one.
func reasonOf(f *finding.Finding) string {
	if f.Because == "" {
		return ""
	}
	return ", because " + sentence(f.Because)
}

// browserText returns the part of a console line that people search for.
func browserText(line string) string {
	if _, tail, ok := strings.Cut(line, "blocked by CORS policy: "); ok {
		line = tail
	}
	return clip(line, maxSentence)
}

// proof returns the last request of a finding's first witness and its answer, one line each, with the headers that decide.
func (p *printer) proof(f *finding.Finding) []string {
	if len(f.Witness) == 0 {
		return nil
	}
	var lines []string
	for _, step := range f.Witness[0].Steps {
		if step.To == "" {
			continue // nothing is sent
		}
		var headers []string
		for _, line := range step.Lines {
			if !line.Lost && decides(line.Text) {
				headers = append(headers, clip(line.Text, maxLine))
			}
		}
		lines = append(lines, clip(step.Start, maxLine)+"  "+strings.Join(headers, ", "))
	}
	return lines[max(0, len(lines)-2):]
}

// decides reports whether a header line is one that the browser's decision rests on.
func decides(line string) bool {
	name, _, _ := strings.Cut(strings.ToLower(line), ":")
	return name == "origin" || name == "vary" || strings.HasPrefix(name, "access-control-")
}

// fixHint names the flag that makes the change.
func fixHint(f *finding.Finding) string {
	hint := ""
	switch f.Offer.Safety {
	case finding.Safe:
		hint = "--fix"
	case finding.Unsafe:
		hint = "--unsafe-fixes"
	case finding.Shown, "":
		return ""
	}
	if f.Offer.Tried {
		hint += " tries it"
	}
	if f.Offer.Why != "" {
		hint += ": " + sentence(f.Offer.Why)
	}
	return "(" + hint + ")"
}

// hinted returns the lines of a label with a hint behind them, which is never cut off.
func (p *printer) hinted(lines []string, hint string) []string {
	const indent, gap = len("  change:  "), "   "
	last := len(lines) - 1
	switch {
	case hint == "" || lines[last] == "":
	case indent+textWidth(lines[last])+len(gap)+textWidth(hint) <= p.width:
		lines[last] += gap + hint
	default:
		lines = append(lines, hint)
	}
	return lines
}

// silence returns what suppresses a finding where it is.
func silence(f *finding.Finding) string {
	rule := clip(f.Rule, 60)
	switch path.Ext(f.Place.Path()) {
	case ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx":
		return "// corslint: ignore[" + rule + "] -- <why>"
	case ".json":
		return ".corslint.yml, ignore: [{rule: " + rule + ", path: " + clip(f.Place.Path(), 300) + ", reason: <why>}]"
	}
	return "# corslint: ignore[" + rule + "] -- <why>"
}

// copies returns the sentence about the files in which a block is found again.
func (p *printer) copies(b *block) string {
	names := make([]string, len(b.copies))
	for i, f := range b.copies {
		names[i] = f.Place.Path()
	}
	files := "in 1 other file: "
	if len(names) > 1 {
		files = fmt.Sprintf("in %s other files: ", thousands(len(names)))
	}
	shown := p.brace(names)
	if shown == "" {
		for i, name := range names {
			names[i] = relative(p.Base, name)
		}
		shown = p.list(names, 2)
	}
	return "the same text at the same place " + files + shown
}

// brace returns paths that differ in one element as one: services/{billing,carts,...}/nginx.conf. It returns "" for others.
func (p *printer) brace(names []string) string {
	if len(names) < 2 || p.Verbose {
		return ""
	}
	first := strings.Split(names[0], "/")
	at := -1
	var middle []string
	for _, name := range names {
		elements := strings.Split(name, "/")
		if len(elements) != len(first) {
			return ""
		}
		for i, element := range elements {
			switch {
			case element == first[i] || i == at:
			case at < 0:
				at = i
			default:
				return ""
			}
		}
	}
	if at < 0 {
		return ""
	}
	for _, name := range names[:min(2, len(names))] {
		middle = append(middle, strings.Split(name, "/")[at])
	}
	if len(names) > 2 {
		middle = append(middle, "...")
	}
	first[at] = "{" + strings.Join(middle, ",") + "}"
	text := clip(relative(p.Base, strings.Join(first, "/")), 300)
	if len(names) > 2 {
		text += " (--verbose)"
	}
	return text
}

// list returns the items with commas; without --verbose only the first n where there are more.
func (p *printer) list(items []string, n int) string {
	if p.Verbose || len(items) <= n+1 {
		n = len(items)
	}
	cleaned := make([]string, n)
	for i, item := range items[:n] {
		cleaned[i] = clip(item, 200)
	}
	text := strings.Join(cleaned, ", ")
	if rest := len(items) - n; rest > 0 {
		text += fmt.Sprintf(" and %s more (--verbose)", thousands(rest))
	}
	return text
}
