// Package report writes what a run found: for people ([Explain] and the formats text, concise, markdown and html), for
// machines (json, sarif, junit, checkstyle) and for forges (github, gitlab). It knows findings and nothing of what they
// are about, and reads no file.
//
// Everything that is printed came from files that nobody vouches for. [clean] is the one way into a line of text.
package report

import (
	"io"
	"slices"
	"time"

	"github.com/corslint/corslint/internal/finding"
	"github.com/corslint/corslint/internal/source"
)

// Report is the result of a run.
type Report struct {
	Tool  Tool
	Rules []Rule // all there are, ordered by name

	// Repo is the path of the run's root inside its repository, slash-separated; "" where it is the repository's root.
	// Formats that others read (all but text, concise and json) print paths from there.
	Repo string

	Findings []*finding.Finding       // those to show: suppressed ones gone, ordered by [finding.Sort]
	Hidden   map[finding.Severity]int // how many there are that --pedantic would show

	Gaps    []Gap    // what was seen and is not modelled
	Unknown []string // what is not known, each a phrase: "what http://orders:3000 sends"

	Analyzed, Skipped int      // files
	Layers            []string // names of the layers that findings are about: "nginx api.shop.example"
	LayerCount        int      // all layers
	NoCORS            bool     // no layer sends any CORS header
	Endpoints         int
	Suppressed        int
	Elapsed           time.Duration // 0 is not printed

	Named    *Named    // nil where the whole project was asked for
	Baseline *Baseline // nil where nothing was accepted before
	Since    *Since    // nil where nothing was compared
}

// Since says what the findings of the report are new to.
type Since struct {
	Revision string // as it was named: "main"
	Older    int    // findings that were there already
}

// Baseline says what a project accepted before; then the findings of the report are the others.
type Baseline struct {
	Accepted int // findings that are still there
	Repaired int // accepted ones that are gone
}

// Tool names the program and its version.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Rule documents a rule.
type Rule struct {
	Name     string
	Title    string // one line
	Category finding.Category
	Severity finding.Severity // the gravest it reports
	Since    string
	Doc      string // Markdown: what the browser does, who is hurt, when it is fine, how to fix
	Refs     []string
	CWE      []int
	HelpURL  string
}

// Gap is a construct that is not modelled.
type Gap struct {
	Span source.Span
	Why  string
}

// Named describes a run over files that were named, as a commit hook names them.
type Named struct {
	Files   []string // paths as [source.File] has them
	Context int      // how many other files were read because they include a named one
}

// Options say how and where a report is read. The zero Options are a file.
type Options struct {
	Width   int  // columns of the terminal; 0 is not a terminal
	Color   bool // ANSI colours
	Unicode bool // box characters and arrows
	Links   bool // OSC 8 hyperlinks
	Verbose bool

	CI            bool // print how to silence a finding: there is no second terminal to ask
	Hook          bool // a commit hook: nothing is printed when nothing was found
	GitHubActions bool // standard output is scanned for workflow commands

	GOOS    string    // the system whose shells are to take curl lines; "" for any but Windows
	Base    string    // directory, relative to the run's root, that text and concise print paths from
	Summary io.Writer // where the github format writes its step summary; nil for nowhere
}

// Format is a way to write a report.
type Format struct {
	Name  string
	Help  string // one line
	Write func(io.Writer, *Report, Options) error
}

// Formats returns all formats in the order that the help lists them.
func Formats() []Format {
	return []Format{
		{"text", "for people: excerpt, reason, change and a summary", writeText},
		{"concise", "one line a finding", writeConcise},
		{"json", "the whole report, described by docs/schema/check.schema.json", writeJSON},
		{"sarif", "SARIF 2.1.0 for code scanning and editors", writeSARIF},
		{"github", "annotations and a step summary of GitHub Actions", writeGitHub},
		{"gitlab", "GitLab Code Quality, for artifacts:reports:codequality", writeGitLab},
		{"junit", "JUnit XML: one failed test a finding", writeJUnit},
		{"checkstyle", "Checkstyle XML", writeCheckstyle},
		{"markdown", "a summary for a comment or a wiki page", writeMarkdown},
		{"html", "one page that needs nothing else: every finding with its exchange", writeHTML},
	}
}

// LookupFormat returns the format with that name.
func LookupFormat(name string) (Format, bool) {
	formats := Formats()
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// joined returns the three sentences of a finding as one text, for formats that have room for one.
func joined(f *finding.Finding) string {
	text := capital(fullStop(sentence(f.Message)))
	for _, more := range []string{f.Because, f.Change} {
		if more != "" {
			text += " " + capital(fullStop(sentence(more)))
		}
	}
	return text
}

// rule returns the documentation of a rule; for a rule that the report does not list, its name alone.
func (r *Report) rule(name string) Rule {
	if i := slices.IndexFunc(r.Rules, func(rule Rule) bool { return rule.Name == name }); i >= 0 {
		return r.Rules[i]
	}
	return Rule{Name: name, Title: name}
}

// gravestFirst returns the findings ordered by severity, those of one severity in the report's order.
func (r *Report) gravestFirst() []*finding.Finding {
	return slices.SortedStableFunc(slices.Values(r.Findings), func(a, b *finding.Finding) int {
		return int(b.Severity) - int(a.Severity)
	})
}

// count returns how many findings of each severity there are.
func (r *Report) count() map[finding.Severity]int {
	n := make(map[finding.Severity]int)
	for _, f := range r.Findings {
		n[f.Severity]++
	}
	return n
}
