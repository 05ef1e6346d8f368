package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed" // of the style sheet
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

//go:embed html.css
var htmlStyle string

// htmlDetails is how many findings, the gravest, are shown in full: a page with more is no use, and slow. The others
// have a line in the table.
const htmlDetails = 500

// writeHTML writes one page that loads nothing and runs nothing: its policy forbids even its own scripts, so that what
// came from a hostile file stays text. The filters are check boxes and a few rules of the style sheet.
func writeHTML(w io.Writer, r *Report, o Options) error {
	h := &htmlPage{printer: newPrinter(r, Options{Unicode: true, Verbose: true, Width: o.Width})}
	h.fromRepo = true
	h.page()
	_, err := io.WriteString(w, h.b.String())
	return err
}

type htmlPage struct {
	*printer
	b strings.Builder
}

// put writes HTML in which each %s is replaced by a text, cleaned and escaped: there is no other way in for a text.
func (h *htmlPage) put(format string, texts ...string) {
	args := make([]any, len(texts))
	for i, text := range texts {
		args[i] = html.EscapeString(clip(text, 4*maxSentence))
	}
	fmt.Fprintf(&h.b, format, args...)
}

func (h *htmlPage) page() {
	r := h.report
	sum := sha256.Sum256([]byte(htmlStyle))
	h.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
	h.put("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s'\">\n", base64.StdEncoding.EncodeToString(sum[:]))
	h.put("<title>%s - corslint</title>\n", r.counts())
	h.b.WriteString("<style>" + htmlStyle + "</style>\n</head>\n<body>\n")
	h.put("<header class=\"top\">\n<h1>corslint</h1>\n<p class=\"counts\">%s</p>\n<p>in %s</p>\n", r.counts(), newPrinter(r, Options{Unicode: true}).scope())
	if accepted := r.accepted(); accepted != "" {
		h.put("<p class=\"quiet\">%s</p>\n", accepted)
	}
	if hidden := h.hidden(); hidden != "" {
		h.put("<p class=\"quiet\">not shown: %s</p>\n", hidden)
	}
	h.put("</header>\n")
	h.filters()
	h.put("<main>\n")
	findings := r.gravestFirst()
	ids := anchors(findings)
	if len(findings) > 0 {
		h.table(findings, ids)
		h.put("<h2>Findings</h2>\n")
	}
	for i, f := range findings[:min(len(findings), htmlDetails)] {
		h.finding(f, ids[i])
	}
	if rest := len(findings) - htmlDetails; rest > 0 {
		h.put("<p class=\"quiet\">%s more, see the table above.</p>\n", plural(rest, "finding"))
	}
	h.unknown()
	h.put("</main>\n<footer><p>corslint %s. This page loads nothing and runs nothing.</p></footer>\n</body>\n</html>\n", r.Tool.Version)
}

// filters writes a check box for each severity and category that there is more than one of. They stand beside the main
// part, so that the style sheet can hide what is not checked.
func (h *htmlPage) filters() {
	n := h.report.count()
	categories := map[string]int{}
	for _, f := range h.report.Findings {
		categories[string(f.Category)]++
	}
	box := func(name, label string) {
		h.put("<input type=\"checkbox\" class=\"filter\" id=\"show-%s\" checked><label for=\"show-%s\">%s</label>\n", name, name, label)
	}
	if len(n) > 1 {
		for _, s := range finding.Severities {
			if n[s] > 0 {
				box(s.String(), plural(n[s], s.String()))
			}
		}
	}
	if len(categories) > 1 {
		h.put("<span class=\"gap\"></span>\n")
		for _, c := range htmlCategories {
			if k := string(c); categories[k] > 0 {
				box(k, k+" "+thousands(categories[k]))
			}
		}
	}
}

// htmlCategories are the categories that the style sheet knows.
var htmlCategories = [...]finding.Category{finding.Blocked, finding.Security, finding.Caching, finding.Consistency, finding.Hygiene,
	finding.Contract, finding.Suppression, finding.Input}

// class returns the classes that the filters look for.
func class(f *finding.Finding) string {
	if !slices.Contains(htmlCategories[:], f.Category) {
		return f.Severity.String()
	}
	return f.Severity.String() + " " + string(f.Category)
}

// anchors returns the ids of findings on the page: each is the same in the next report.
func anchors(findings []*finding.Finding) []string {
	ids := make([]string, len(findings))
	seen := map[string]int{}
	for i, f := range findings {
		fingerprint := f.Fingerprint()
		seen[fingerprint]++
		ids[i] = "f" + nth(fingerprint, seen[fingerprint])
	}
	return ids
}

func (h *htmlPage) table(findings []*finding.Finding, ids []string) {
	h.put("<table>\n<thead><tr><th>severity</th><th>finding</th><th>where</th><th>rule</th></tr></thead>\n<tbody>\n")
	for i, f := range findings {
		h.put("<tr class=\"%s\"><td><span class=\"badge\">%s</span></td><td>", class(f), f.Severity.String())
		if i < htmlDetails {
			h.put("<a href=\"#%s\">%s</a>", ids[i], sentence(f.Message))
		} else {
			h.put("%s", sentence(f.Message))
		}
		h.put("</td><td>")
		h.breakable(h.place(f.Place))
		h.put("</td><td>%s</td></tr>\n", f.Rule)
	}
	h.put("</tbody>\n</table>\n")
}

// breakable writes a place so that a narrow column breaks it behind a slash, and not in the middle of a number.
func (h *htmlPage) breakable(place string) {
	h.put("<code>")
	for part := range strings.SplitAfterSeq(place, "/") {
		h.put("%s<wbr>", part)
	}
	h.put("</code>")
}

func (h *htmlPage) finding(f *finding.Finding, id string) {
	rule := h.report.rule(f.Rule)
	h.put("<article id=\"%s\" class=\"%s\">\n", id, class(f))
	h.put("<p class=\"kind\"><span class=\"badge\">%s</span> ", f.Severity.String())
	if strings.HasPrefix(rule.HelpURL, "https://") {
		h.put("<a href=\"%s\" rel=\"noreferrer\">%s</a>", rule.HelpURL, f.Rule)
	} else {
		h.put("%s", f.Rule)
	}
	h.put(" <span class=\"quiet\">confidence %s</span></p>\n", f.Confidence.String())
	h.put("<h3>%s</h3>\n<p class=\"where\"><code>%s</code></p>\n", sentence(f.Message), h.place(f.Place))
	h.excerpt(f)

	h.put("<dl>\n")
	h.row("because", sentence(f.Because))
	h.row("change", sentence(f.Change))
	h.row("browser", browserText(f.Browser.Chromium))
	h.row("need", sentence(f.Evidence))
	h.row("assuming", h.list(f.Assuming, len(f.Assuming)))
	h.row("reached", h.list(f.Endpoints, len(f.Endpoints)))
	h.row("also", h.list(f.Also, len(f.Also)))
	h.put("</dl>\n")

	if len(f.Witness) > 0 {
		h.put("<details open><summary>The exchange that proves it</summary>\n")
		for _, w := range f.Witness {
			h.witness(w)
		}
		h.put("</details>\n")
	}
	if len(f.Curl) > 0 {
		h.put("<details><summary>See it yourself</summary>\n<pre>")
		for _, command := range f.Curl {
			h.put("%s\n", command)
		}
		h.put("</pre>\n</details>\n")
	}
	h.browsers(f)
	if text := strings.Join(strings.Fields(docSection(rule.Doc, "when")), " "); text != "" {
		h.put("<details><summary>When this is fine</summary><p>%s</p></details>\n", text)
	}
	h.put("</article>\n")
}

func (h *htmlPage) row(name, text string) {
	if text != "" {
		h.put("<dt>%s</dt><dd>%s</dd>\n", name, text)
	}
}

// excerpt writes the lines of the primary file that have a part in a finding, and the lines around the primary one;
// places in other files are named below.
func (h *htmlPage) excerpt(f *finding.Finding) {
	if f.Place.IsZero() || len(f.Place.File.Data) == 0 {
		return
	}
	type line struct {
		number int
		mark   source.Span // zero for a line around the primary one
		note   string
		rank   int
	}
	const around = 2
	home := f.Place.File
	at := f.Place.Position().Line
	lines := []line{{number: at, mark: f.Place}}
	var elsewhere []finding.Related
	for i, related := range f.Related {
		switch {
		case related.Span.IsZero():
		case related.Span.File == home:
			lines = append(lines, line{related.Span.Position().Line, related.Span, sentence(related.Text), 1 + i})
		default:
			elsewhere = append(elsewhere, related)
		}
	}
	for n := max(1, at-around); n <= min(home.Lines(), at+around); n++ {
		if !slices.ContainsFunc(lines, func(l line) bool { return l.number == n }) {
			lines = append(lines, line{number: n})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.rank, b.rank)) })

	h.put("<pre class=\"code\">")
	for i, l := range lines {
		if i == 0 || lines[i-1].number != l.number {
			if i > 0 && l.number > lines[i-1].number+1 {
				h.put("<span class=\"skip\">     ...</span>\n")
			}
			h.put("<span class=\"number\">%s</span> ", fmt.Sprintf("%4d", l.number))
			h.line(home, l.number, l.mark, l.rank == 0)
			h.put("\n")
		}
		if l.note != "" {
			h.put("<span class=\"remark\">     %s</span>\n", l.note)
		}
	}
	h.put("</pre>\n")
	for _, related := range elsewhere {
		h.put("<p class=\"where\"><code>%s</code> %s</p>\n", h.place(related.Span), sentence(related.Text))
	}
}

// line writes a line of a file with a place in it marked.
func (h *htmlPage) line(f *source.File, number int, mark source.Span, primary bool) {
	if mark.IsZero() {
		list, cut := head(cells([]byte(truncate(f.Line(number), 2*maxLine))), maxLine)
		h.put("%s", join(list))
		if cut {
			h.put("...")
		}
		return
	}
	x := excerptOf(mark, maxLine)
	before, marked, after := x.split()
	name := "related"
	if primary {
		name = "primary"
	}
	h.put("%s<mark class=\"%s\">%s</mark>%s", before, name, marked, after)
}

// split returns the text of an excerpt before, in and after its place.
func (x excerpt) split() (before, marked, after string) {
	cut := func(s string, width int) int {
		for i, r := range s {
			if w := runeWidth(r); width < w || width == 0 && w > 0 {
				return i
			}
			width -= runeWidth(r)
		}
		return len(s)
	}
	n := cut(x.text, x.indent)
	m := n + cut(x.text[n:], x.width)
	return x.text[:n], x.text[n:m], x.text[m:]
}

// witness writes an exchange: each message with its headers, and with each the lines that wrote it.
func (h *htmlPage) witness(w finding.Witness) {
	if w.Title != "" {
		h.put("<pre>%s</pre>\n", w.Title)
	}
	h.put("<ol class=\"exchange\">\n")
	for _, s := range w.Steps {
		if s.To == "" {
			h.put("<li><p><b>%s</b> %s", s.From, s.Start)
		} else {
			h.put("<li><p><b>%s &rarr; %s</b> <code>%s</code>", s.From, s.To, s.Start)
		}
		h.places([]source.Span{s.Place})
		h.put("</p>\n")
		if len(s.Lines) > 0 {
			h.put("<ul>\n")
		}
		for _, l := range s.Lines {
			if l.Lost {
				h.put("<li class=\"lost\"><del>%s</del>", l.Text)
			} else {
				h.put("<li><code>%s</code>", l.Text)
			}
			h.places(l.Places)
			if l.Lost {
				h.put(" <em>%s</em>", strings.TrimSuffix("lost: "+sentence(l.Note), ": "))
			}
			h.put("</li>\n")
		}
		if len(s.Lines) > 0 {
			h.put("</ul>\n")
		}
		h.put("</li>\n")
	}
	h.put("</ol>\n")
}

func (h *htmlPage) places(places []source.Span) {
	for _, place := range places {
		if !place.IsZero() {
			h.put(" <span class=\"place\">%s:%s</span>", h.path(place.Path()), fmt.Sprint(place.Position().Line))
		}
	}
}

// browsers writes what the consoles say.
func (h *htmlPage) browsers(f *finding.Finding) {
	b := f.Browser
	if b.Chromium == "" && b.Firefox == "" && b.WebKit == "" {
		return
	}
	h.put("<details><summary>What the consoles say</summary>\n<dl>\n")
	h.row("Chromium", b.Chromium)
	h.row("Firefox", b.Firefox)
	h.row("Safari", b.WebKit)
	h.put("</dl>\n</details>\n")
}

// unknown writes what was seen and is not modelled, and what is not known.
func (h *htmlPage) unknown() {
	r := h.report
	if len(r.Unknown) > 0 {
		h.put("<h2>Not known</h2>\n<ul>\n")
		for _, text := range r.Unknown {
			h.put("<li>%s</li>\n", text)
		}
		h.put("</ul>\n")
	}
	if len(r.Gaps) > 0 {
		h.put("<h2>Not modelled</h2>\n<ul>\n")
		for _, gap := range r.Gaps {
			h.put("<li><code>%s</code> %s</li>\n", h.place(gap.Span), sentence(gap.Why))
		}
		h.put("</ul>\n")
	}
}
