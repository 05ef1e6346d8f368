// Package rules holds the catalogue: one file is one rule. A rule looks at what probing found out about a layer and
// reports; it knows no dialect's syntax. The package imports probe, exchange, browser, policy and internal/finding.
package rules

import (
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/contract"
	"github.com/corslint/corslint/internal/finding"
)

// Rule is a rule with its documentation. The value is the only copy: tests, `corslint explain`, the rule pages and the
// SARIF help are made of it.
type Rule struct {
	Name     string   // for ever; reads after "ignore"
	Aliases  []string // former names and abbreviations: they work wherever the name does
	Title    string   // one line
	Category finding.Category
	Severity finding.Severity // the gravest it reports
	Since    string
	// Explains names the symptom rules whose failing exchanges this cause claims.
	Explains []string
	Refs     []string
	CWE      []int
	// Doc says, in Markdown with the headings of [DocHeadings], what the browser does, who is hurt, when it is fine and
	// how to fix it; at most 25 lines.
	Doc      string
	Examples []Example
	// Check reports what it finds in a layer; nil for a rule that another part of corslint reports.
	Check func(*Pass)
	// CheckNeeds reports what is wrong with needs that no layer answers; nil for most.
	CheckNeeds func([]contract.Need) []finding.Finding
}

// DocHeadings are the headings of a rule's documentation, in order.
var DocHeadings = [...]string{"What the browser does", "Who is hurt", "When it is fine", "How to fix"}

// Example is a file, or a txtar archive of files, that shows a rule. A comment `want "regexp"` at the end of a line says that
// the rule reports there with such a message; an example without one is a good one, about which no rule says anything.
type Example struct {
	Dialect string // "nginx"
	Name    string // "always on the header"
	Text    string
}

// Good reports whether the example shows how it is done right.
func (e Example) Good() bool {
	return !strings.Contains(e.Text, "want \"") && !strings.Contains(e.Text, "want `")
}

// All returns the catalogue, ordered by name.
func All() []*Rule {
	all := catalogue()
	slices.SortFunc(all, func(a, b *Rule) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Lookup returns the rule with a name or alias.
func Lookup(name string) (*Rule, bool) {
	name = strings.ToLower(strings.TrimPrefix(name, "corslint/"))
	for _, r := range catalogue() {
		if r.Name == name || slices.Contains(r.Aliases, name) {
			return r, true
		}
	}
	return nil, false
}

// Canonical returns the name of the rule with a name or alias.
func Canonical(name string) (string, bool) {
	r, ok := Lookup(name)
	if !ok {
		return "", false
	}
	return r.Name, true
}
