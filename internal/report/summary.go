package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/corslint/corslint/internal/finding"
)

// NothingToCheck returns the sentence for a run that found nothing because there was nothing to look at, "" for any other.
// It is for standard error: the formats print nothing then, or an empty report.
func NothingToCheck(r *Report) string {
	if r.LayerCount > 0 || len(r.Findings) > 0 {
		return ""
	}
	files := r.Analyzed + r.Skipped
	return "nothing to check: no CORS policy and nothing that serves HTTP that corslint reads, in " +
		plural(files, "file") + parenthesis(elapsed(r.Elapsed))
}

// summary returns the last lines: what was looked at, what is not shown, what is not known. "0 findings" without them says
// nothing.
func (p *printer) summary() []string {
	r := p.report
	lines := []string{p.in(bold, r.counts()) + parenthesis(r.accepted()) + " in " + p.scope()}
	if p.Hook {
		return lines // who commits wants to know what to repair, not what else there is
	}
	if hidden := p.hidden(); hidden != "" {
		lines = append(lines, "not shown: "+hidden)
	}
	if r.Skipped > 0 {
		lines = append(lines, "not read: "+plural(r.Skipped, "file")+" (file-skipped, --pedantic)")
	}
	lines = append(lines, p.gaps()...)
	if len(r.Unknown) > 0 {
		lines = append(lines, p.continued("not known: ", r.Unknown, 3)...)
	}
	return lines
}

// counts returns "3 errors, 2 warnings", or "0 findings"; where others were accepted before, "3 new errors".
func (r *Report) counts() string {
	if r.Baseline != nil {
		return counts(r.count(), "new ")
	}
	return counts(r.count(), "")
}

// accepted returns "21 in the baseline, 2 repaired: corslint baseline --prune".
func (r *Report) accepted() string {
	if r.Baseline == nil {
		return ""
	}
	text := thousands(r.Baseline.Accepted) + " in the baseline"
	if n := r.Baseline.Repaired; n > 0 {
		text += ", " + thousands(n) + " repaired: corslint baseline --prune"
	}
	return text
}

// counts returns "3 errors, 2 warnings", or "0 findings", with an adjective before each noun.
func counts(n map[finding.Severity]int, adjective string) string {
	var list []string
	for _, s := range finding.Severities {
		if n[s] > 0 {
			list = append(list, plural(n[s], adjective+s.String()))
		}
	}
	if len(list) == 0 {
		return "0 " + adjective + "findings"
	}
	return strings.Join(list, ", ")
}

// scope returns what was looked at: the named files for a hook, else the layers.
func (p *printer) scope() string {
	r := p.report
	if p.Hook && r.Named != nil {
		return p.namedScope()
	}
	if r.LayerCount == 0 {
		return commas(plural(r.Analyzed, "file"), elapsed(r.Elapsed))
	}

	layers := plural(r.LayerCount, "layer")
	if len(r.Findings) > 0 && r.LayerCount > 1 {
		layers = thousands(len(r.Layers)) + " of " + layers
	}
	if n := len(r.Layers); n > 0 && (n <= 3 || p.Verbose) {
		layers += parenthesis(p.list(r.Layers, n))
	}
	endpoints := plural(r.Endpoints, "endpoint")
	if len(r.Findings) == 0 && r.NoCORS {
		return layers + ", " + endpoints +
			": none sends CORS headers, so browsers allow same-origin pages only. If that is meant, all is well."
	}
	return commas(layers, endpoints, elapsed(r.Elapsed))
}

// namedScope returns "1 of 1 changed file (read with the 3 files that include it)".
func (p *printer) namedScope() string {
	named := p.report.Named
	concerned := 0
	for _, name := range named.Files {
		if slices.ContainsFunc(p.report.Findings, func(f *finding.Finding) bool { return touches(f, name) }) {
			concerned++
		}
	}
	it := "it"
	if len(named.Files) != 1 {
		it = "them"
	}
	with := ""
	switch {
	case named.Context == 1:
		with = "read with the file that includes " + it
	case named.Context > 1:
		with = fmt.Sprintf("read with the %s files that include %s", thousands(named.Context), it)
	}
	return thousands(concerned) + " of " + plural(len(named.Files), "changed file") + parenthesis(with)
}

// touches reports whether one of a finding's places is in a file.
func touches(f *finding.Finding, name string) bool {
	return f.Place.Path() == name ||
		slices.ContainsFunc(f.Related, func(r finding.Related) bool { return r.Span.Path() == name })
}

func (p *printer) hidden() string {
	var list []string
	if n := counts(p.report.Hidden, ""); n != "0 findings" {
		list = append(list, n+" (--pedantic)")
	}
	if n := p.report.Suppressed; n > 0 {
		list = append(list, thousands(n)+" suppressed")
	}
	return strings.Join(list, ", ")
}

// gaps returns the lines about what is not modelled: how many there are and the first, or with --verbose all.
func (p *printer) gaps() []string {
	gaps := p.report.Gaps
	if len(gaps) == 0 {
		return nil
	}
	texts := make([]string, len(gaps))
	for i, gap := range gaps {
		texts[i] = p.place(gap.Span) + " " + sentence(gap.Why)
	}
	return p.continued("not modelled: ", texts, 1)
}

// continued returns the first n items behind a label, or with --verbose all of them, one a line.
func (p *printer) continued(label string, items []string, n int) []string {
	if !p.Verbose {
		shown := make([]string, min(n, len(items)))
		for i := range shown {
			shown[i] = clip(items[i], 300)
		}
		text := strings.Join(shown, "; ")
		if rest := len(items) - len(shown); rest > 0 {
			text += fmt.Sprintf("; %s more (--verbose)", thousands(rest))
		}
		return []string{label + text}
	}
	lines := make([]string, len(items))
	for i, item := range items {
		lines[i] = label + clip(item, 300)
		label = strings.Repeat(" ", len(label))
	}
	return lines
}

// elapsed returns "41 ms" or "1.2 s", "" for no time.
func elapsed(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Second:
		return fmt.Sprintf("%d ms", max(1, d.Milliseconds()))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// parenthesis returns " (text)", "" for no text.
func parenthesis(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// commas joins with commas what is not empty.
func commas(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), ", ")
}
