package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Stats says what a run did, beyond what it found.
type Stats struct {
	Files    int // of the tree
	Walking  time.Duration
	Earlier  time.Duration // analysing the state that was compared with; 0 without one
	Dialects []DialectStats
}

// DialectStats says what a run did for a dialect.
type DialectStats struct {
	Name                                   string
	Candidates, Recognised, Loaded, Layers int
	Scanning, Loading, Checking            time.Duration // of all workers together
}

// WriteStats writes where findings, gaps and time are.
func WriteStats(w io.Writer, r *Report, s Stats, o Options) error {
	p := newPrinter(r, o)
	var lines []string
	row := func(name, text string) {
		if text != "" {
			lines = append(lines, fmt.Sprintf("%-13s %s", name+":", text))
		}
	}
	rules, folders, gaps := map[string]int{}, map[string]int{}, map[string]int{}
	for _, f := range r.Findings {
		rules[f.Rule]++
		folders[p.path(folder(f.Place.Path()))]++
	}
	for _, g := range r.Gaps {
		gaps[sentence(g.Why)]++
	}
	row("by rule", ranking(rules))
	row("by folder", ranking(folders))
	row("not modelled", ranking(gaps))
	row("not known", fmt.Sprint(len(r.Unknown)))
	row("files", fmt.Sprintf("%s in the tree, %s analyzed, %s skipped", thousands(s.Files), thousands(r.Analyzed), thousands(r.Skipped)))
	for _, d := range s.Dialects {
		if d.Candidates > 0 {
			row(d.Name, fmt.Sprintf("%s looked at, %s recognised, %s read, %s", plural(d.Candidates, "file"), thousands(d.Recognised),
				plural(d.Loaded, "configuration"), plural(d.Layers, "layer")))
		}
	}
	row("time", Times(r, s))
	return p.write(w, lines)
}

// Times says in one line where the time of a run went.
func Times(r *Report, s Stats) string {
	var scanning, loading, checking time.Duration
	for _, d := range s.Dialects {
		scanning, loading, checking = scanning+d.Scanning, loading+d.Loading, checking+d.Checking
	}
	var parts []string
	for _, part := range []struct {
		name string
		took time.Duration
	}{{"listing files", s.Walking}, {"recognising", scanning}, {"reading", loading}, {"checking", checking}, {"the earlier state", s.Earlier}} {
		if part.took > 0 {
			parts = append(parts, part.name+" "+elapsed(part.took))
		}
	}
	return elapsed(r.Elapsed) + parenthesis("work of all processors: "+strings.Join(parts, ", "))
}

// folder is the directory that a file's finding is counted for: two levels say which service it is.
func folder(name string) string {
	elements := strings.Split(path.Dir(name), "/")
	return path.Join(elements[:min(2, len(elements))]...)
}

// ranking lists what there is most of first, and counts what is beyond ten.
func ranking(counts map[string]int) string {
	const most = 10
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, key := range keys[:min(most, len(keys))] {
		parts = append(parts, clip(key, 100)+" "+thousands(counts[key]))
	}
	if rest := len(keys) - most; rest > 0 {
		parts = append(parts, thousands(rest)+" others")
	}
	return strings.Join(parts, ", ")
}
