package report

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The most runes that a text of unknown origin is printed with. What rules write is far below.
const (
	maxSentence = 600
	maxLine     = 160
)

// clean returns s as one line of text that does nothing to a terminal: control characters, invisible format characters
// (U+202E turns text around, see https://trojansource.codes) and bytes that are not UTF-8 become escapes such as \x1b.
func clean(s string) string {
	if !strings.ContainsFunc(s, isDangerous) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		b.WriteString(cleanRune(r, s[:size]))
		s = s[size:]
	}
	return b.String()
}

// cleanRune returns a rune as [clean] prints it; raw are its bytes.
func cleanRune(r rune, raw string) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Sprintf(`\x%02x`, raw[0])
	case !isDangerous(r):
		return raw
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xFFFF:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// isDangerous reports whether a rune is not printed as it is. Of the format characters only the joiner of emoji is.
func isDangerous(r rune) bool {
	const zeroWidthJoiner = '\u200d'
	return unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' ||
		unicode.Is(unicode.Cf, r) && r != zeroWidthJoiner
}

// clip returns the cleaned text with at most n runes.
func clip(s string, n int) string {
	// An escape is longer than its rune, so the cut is made twice: before, to bound the work, and after.
	return truncate(clean(truncate(s, n)), n)
}

func truncate(s string, n int) string {
	for i := range s {
		if n--; n == 2 {
			if utf8.RuneCountInString(s[i:]) <= 3 {
				return s
			}
			return s[:i] + "..."
		}
	}
	return s
}

// sentence returns a cleaned text of a finding without a full stop at its end.
func sentence(s string) string {
	return strings.TrimSuffix(clip(strings.TrimSpace(s), maxSentence), ".")
}

// fullStop ends a sentence, but not one that ends in code.
func fullStop(s string) string {
	if strings.HasSuffix(s, ";") {
		return s
	}
	return s + "."
}

// inert makes a line of a log nothing but text for the GitHub Actions runner, which obeys a line that starts with "::"
// after white space and "##[" anywhere in a line. Invisible characters are skipped too, since the runner compares strings
// by culture and so does not see them.
//
// Source: github.com/actions/runner, src/Runner.Common/ActionCommand.cs, TryParseV2 and TryParse.
func inert(line string) string {
	line = strings.ReplaceAll(line, "##[", `##\[`)
	invisible := func(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Mn, unicode.Cc) }
	if rest := strings.TrimLeftFunc(line, invisible); strings.HasPrefix(rest, ":") {
		return line[:len(line)-len(rest)] + `\` + rest
	}
	return line
}

// relative returns the path, which is relative to the run's root, as seen from base.
func relative(base, name string) string {
	if base == "" || base == "." {
		return name
	}
	rel, err := filepath.Rel(filepath.FromSlash(base), filepath.FromSlash(name))
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// inRepo returns the path, which is relative to the run's root, as seen from the repository's root.
func (r *Report) inRepo(name string) string {
	if r.Repo == "" {
		return name
	}
	return path.Join(r.Repo, name)
}

// plural returns "1 error", "2 errors".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", thousands(n), noun)
}

// thousands returns a number with commas: 1,204.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
