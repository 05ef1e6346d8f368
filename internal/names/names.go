// Package names knows the rules by name only: which there are, what they were once called, and which one a misspelt
// word was meant to be. It lets the machinery check names without importing the rules. It imports nothing of corslint.
package names

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Set is a set of names with aliases. The zero Set and a nil *Set are empty. It is safe for concurrent use.
type Set struct {
	canonical map[string]string // from every name and alias
	sorted    []string          // the names and aliases
}

// New returns the set of the given names; aliases leads from an old name to the present one.
func New(names []string, aliases map[string]string) *Set {
	s := &Set{canonical: maps.Clone(aliases)}
	if s.canonical == nil {
		s.canonical = map[string]string{}
	}
	for _, name := range names {
		s.canonical[name] = name
	}
	s.sorted = slices.Sorted(maps.Keys(s.canonical))
	return s
}

// Canonical returns the present name for a name or an alias.
func (s *Set) Canonical(name string) (string, bool) {
	if s == nil {
		return "", false
	}
	canonical, ok := s.canonical[name]
	return canonical, ok
}

// Nearest returns the present name of the rule that a misspelt one was most likely meant to be, "" if none is near.
func (s *Set) Nearest(name string) string {
	if s == nil {
		return ""
	}
	return s.canonical[Nearest(name, s.sorted)]
}

// Nearest returns the candidate with the fewest edits to a word, "" if each differs in more than a third of the word.
// Of several it is the first.
func Nearest(word string, candidates []string) string {
	const longest = 64 // runes; a longer word is no misspelling of anything
	if utf8.RuneCountInString(word) > longest {
		return ""
	}
	word = strings.ToLower(word)
	best, least := "", max(1, utf8.RuneCountInString(word)/3)+1
	for _, c := range candidates {
		if d := distance([]rune(word), []rune(strings.ToLower(c))); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of runes to insert, delete, replace or swap with their neighbour that makes a into b
// (optimal string alignment).
func distance(a, b []rune) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			replaced := above[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(above[j+1]+1, row[j]+1, replaced)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
