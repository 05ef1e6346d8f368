package policy

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// Dialect is the kind of regular expression a [Pattern] is written in: what its syntax means and which part of the text
// has to match.
type Dialect uint8

// The dialects.
const (
	PCRE       Dialect = iota + 1 // Perl syntax, searches anywhere; bytes, not characters
	JavaScript                    // ECMAScript syntax, searches anywhere
)

// matchTimeout bounds a backtracking match; an expression that needs longer gives [ErrPatternTimeout].
const matchTimeout = 50 * time.Millisecond

// Pattern is a compiled regular expression. Go's linear-time engine runs it where that gives the same answer as the
// dialect's own, a backtracking engine with a time limit otherwise. It is safe for concurrent use.
type Pattern struct {
	Text     string
	Dialect  Dialect
	FoldCase bool

	linear *regexp.Regexp  // nil when the expression needs backtracking
	full   *regexp2.Regexp // nil when it cannot be compiled there
	names  []string        // capture names by number, "" for an unnamed one
}

// CompilePattern compiles an expression. An error means that neither engine knows its syntax.
func CompilePattern(text string, dialect Dialect, foldCase bool) (*Pattern, error) {
	p := &Pattern{Text: text, Dialect: dialect, FoldCase: foldCase}
	if isASCII(text) && sameInGo(text) {
		flags := ""
		if foldCase {
			flags = "(?i)"
		}
		if re, err := regexp.Compile(flags + text); err == nil {
			p.linear = re
			p.names = re.SubexpNames()
		}
	}
	full, names, err := backtracking(text, dialect, foldCase)
	switch {
	case err == nil:
		p.full, p.names = full, names
	case p.linear == nil:
		return nil, fmt.Errorf("regular expression %q: %w", text, err)
	}
	return p, nil
}

// backtracking compiles an expression for the engine that follows every path, and returns its capture names by number.
func backtracking(text string, dialect Dialect, foldCase bool) (*regexp2.Regexp, []string, error) {
	if dialect == JavaScript {
		return ecmaScript(text, foldCase)
	}
	rewritten, names, err := fromPerl(text)
	if err != nil {
		return nil, nil, err
	}
	// RE2 mode gives the ASCII classes of PCRE; text is read as Latin-1 so that a rune is a byte.
	options := regexp2.RE2
	if foldCase {
		options |= regexp2.IgnoreCase
	}
	full, err := regexp2.Compile(latin1(rewritten), regexp2.RegexOptions(options))
	if err != nil {
		return nil, nil, err
	}
	full.MatchTimeout = matchTimeout
	return full, names, nil
}

func ecmaScript(text string, foldCase bool) (*regexp2.Regexp, []string, error) {
	options := regexp2.ECMAScript
	if foldCase {
		options |= regexp2.IgnoreCase
	}
	full, err := regexp2.Compile(text, regexp2.RegexOptions(options))
	if err != nil {
		return nil, nil, err
	}
	full.MatchTimeout = matchTimeout
	names := full.GetGroupNames()
	for i, name := range names {
		if name == fmt.Sprint(i) {
			names[i] = ""
		}
	}
	return full, names, nil
}

// Match searches s and returns the captures, number 0 the whole match, or nil when nothing matches. A capture that took
// no part is "". The error says that the search was given up.
func (p *Pattern) Match(s string) ([]string, error) {
	// In Go "$" is the end of the text; in PCRE also the place before a final newline. Go's \s knows no vertical tab. Case
	// folding of non-ASCII characters and invalid UTF-8 differ too.
	if p.linear != nil && (p.full == nil || isASCII(s) && !strings.ContainsAny(s, "\n\v")) {
		at := p.linear.FindStringSubmatchIndex(s)
		if at == nil {
			return nil, nil
		}
		captures := make([]string, len(at)/2)
		for i := range captures {
			if at[2*i] >= 0 {
				captures[i] = s[at[2*i]:at[2*i+1]]
			}
		}
		return captures, nil
	}
	if p.Dialect != JavaScript {
		s = latin1(s)
	}
	m, err := p.full.FindStringMatch(s)
	if err != nil {
		return nil, fmt.Errorf("regular expression %q took too long", p.Text)
	}
	if m == nil {
		return nil, nil
	}
	captures := make([]string, m.GroupCount())
	for i, g := range m.Groups() {
		captures[i] = bytesOf(g.String())
	}
	return captures, nil
}

// Names returns the capture names by number, "" for an unnamed one.
func (p *Pattern) Names() []string { return p.names }

// sameInGo reports whether Go reads an expression that it accepts as PCRE does. Not so verbs such as "(*UTF8)" and \v, which
// is one character there and a class here.
func sameInGo(text string) bool {
	return !strings.Contains(text, "(*") && !strings.Contains(text, `\v`)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// latin1 returns a string with one rune for each byte of s.
func latin1(s string) string {
	if isASCII(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// bytesOf undoes latin1.
func bytesOf(s string) string {
	if isASCII(s) {
		return s
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		out = append(out, byte(r))
	}
	return string(out)
}
