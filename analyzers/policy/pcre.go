package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// perl rewrites a Perl-compatible expression for the backtracking engine in its RE2 mode, which reads some of it otherwise
// without a word:
//   - named groups are numbered where they stand, not after all groups without a name;
//   - "$" and \Z stand before a last newline, too;
//   - \h, \v, \R and \N are classes, \s holds the vertical tab, \b and \B go by the same letters as \w, and an unknown escape
//     is an error, not the letter itself;
//   - a "[" inside a class is that character, not a class to subtract.
//
// https://www.pcre.org/current/doc/html/pcre2pattern.html
type perl struct {
	text                string
	pos                 int
	out                 strings.Builder
	names               []string // of the groups by number, "" for one without a name
	multiline, extended bool     // (?m) and (?x) stand somewhere before
}

// fromPerl returns the rewritten expression and the names of its groups by number.
func fromPerl(text string) (string, []string, error) {
	p := perl{text: text, names: []string{""}}
	for p.pos < len(text) {
		if err := p.next(); err != nil {
			return "", nil, err
		}
	}
	return p.out.String(), p.names, nil
}

const endOfSubject = `(?=\n?\z)`

// next rewrites what stands at the position.
func (p *perl) next() error {
	rest := p.text[p.pos:]
	switch c := rest[0]; {
	case c == '\\':
		return p.escape()
	case c == '[':
		return p.class()
	case c == '(':
		return p.group()
	case c == '$' && !p.multiline:
		p.emit(1, endOfSubject)
	case c == '#' && p.extended:
		p.copyTo("\n")
	default:
		p.emit(1, rest[:1])
	}
	return nil
}

// emit writes a replacement for n bytes.
func (p *perl) emit(n int, replacement string) {
	p.out.WriteString(replacement)
	p.pos += n
}

// copyTo copies everything up to and with the mark.
func (p *perl) copyTo(mark string) {
	rest := p.text[p.pos:]
	if n := strings.Index(rest, mark); n >= 0 {
		rest = rest[:n+len(mark)]
	}
	p.emit(len(rest), rest)
}

// group rewrites the opening of a group.
func (p *perl) group() error {
	rest := p.text[p.pos:]
	if !strings.HasPrefix(rest, "(?") {
		p.names = append(p.names, "")
		p.emit(1, "(")
		return nil
	}
	if strings.HasPrefix(rest, "(?#") {
		p.copyTo(")")
		return nil
	}
	if name, ok := between(rest, "(?P=", ")"); ok {
		return p.reference(len("(?P=)")+len(name), name)
	}
	for _, quotes := range [...][2]string{{"(?P<", ">"}, {"(?<", ">"}, {"(?'", "'"}} {
		if name, ok := between(rest, quotes[0], quotes[1]); ok && isWord(name) {
			p.names = append(p.names, name)
			p.emit(len(quotes[0])+len(name)+1, "(")
			return nil
		}
	}
	for _, flag := range strings.TrimLeft(rest[2:], "^") {
		if !('a' <= flag && flag <= 'z') {
			break
		}
		p.multiline = p.multiline || flag == 'm'
		p.extended = p.extended || flag == 'x'
	}
	p.emit(2, "(?")
	return nil
}

// between returns what stands between two marks at the beginning of a text.
func between(text, open, end string) (string, bool) {
	rest, ok := strings.CutPrefix(text, open)
	if !ok {
		return "", false
	}
	inner, _, ok := strings.Cut(rest, end)
	return inner, ok
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// reference writes a back reference, by name or by number, in place of n bytes.
func (p *perl) reference(n int, to string) error {
	number, err := strconv.Atoi(to)
	switch {
	case err == nil && number < 0: // counted back from here
		number += len(p.names)
	case err != nil:
		number = slices.Index(p.names[1:], to) + 1
	}
	if number < 1 {
		return fmt.Errorf("reference to a group %q that does not stand before it", to)
	}
	p.emit(n, fmt.Sprintf(`(?:\%d)`, number))
	return nil
}

// The escapes that stand for a class, as the inside of one. The negated letters are not allowed in a class here.
func classEscape(c byte) (string, bool) {
	switch c {
	case 'h':
		return `\t \xa0`, true
	case 'v':
		return `\n\x0b\f\r\x85`, true
	case 's':
		return `\s\x0b`, true
	}
	return "", false
}

// escape rewrites an escape outside a class.
func (p *perl) escape() error {
	rest := p.text[p.pos:]
	if len(rest) < 2 {
		return errors.New(`\ at the end`)
	}
	c := rest[1]
	if inner, ok := classEscape(c); ok {
		p.emit(2, "["+inner+"]")
		return nil
	}
	if inner, ok := classEscape(c | 0x20); ok && c != 's' {
		p.emit(2, "[^"+inner+"]")
		return nil
	}
	switch c {
	case 'Z':
		p.emit(2, endOfSubject)
	case 'R':
		p.emit(2, `(?>\r\n|[\n\x0b\f\r\x85])`)
	case 'N':
		p.emit(2, `[^\n]`)
	case 'b':
		p.emit(2, `(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))`)
	case 'B':
		p.emit(2, `(?:(?<=\w)(?=\w)|(?<!\w)(?!\w))`)
	case 'C':
		p.emit(2, `[\x00-\xff]`)
	case 'E': // without \Q it means nothing
		p.emit(2, "")
	case 'Q':
		p.quoted()
	case 'k', 'g':
		for _, quotes := range [...]string{"{}", "<>", "''"} {
			name, ok := between(rest[2:], quotes[:1], quotes[1:])
			if ok && (c == 'k' || quotes == "{}") { // \g<name> calls the group anew
				return p.reference(len(name)+4, name)
			}
		}
		if digits := rest[2:]; c == 'g' && digits != "" {
			n := len(digits) - len(strings.TrimLeft(digits, "-0123456789"))
			return p.reference(n+2, digits[:n])
		}
		return p.unknown(c)
	default:
		return p.common(c, "dDwWAzGpP")
	}
	return nil
}

// common copies an escape that means the same to the engine: a character, or one of the letters.
func (p *perl) common(c byte, letters string) error {
	if isWord(string(rune(c))) && c != '_' && !strings.ContainsRune("nrtfaexc0123456789"+letters, rune(c)) {
		return p.unknown(c)
	}
	p.emit(2, p.text[p.pos:p.pos+2])
	return nil
}

func (p *perl) unknown(c byte) error { return fmt.Errorf(`\%c is not known here`, c) }

// quoted writes the text between \Q and \E with every sign escaped.
func (p *perl) quoted() {
	text, _, closed := strings.Cut(p.text[p.pos+2:], `\E`)
	for i := range len(text) {
		if c := text[i]; c < 0x80 && !isWord(text[i:i+1]) {
			p.out.WriteByte('\\')
		}
		p.out.WriteByte(text[i])
	}
	p.pos += 2 + len(text)
	if closed {
		p.pos += 2
	}
}

// class rewrites a class up to its closing bracket; the first character is none.
func (p *perl) class() error {
	p.emit(1, "[")
	if strings.HasPrefix(p.text[p.pos:], "^") {
		p.emit(1, "^")
	}
	for first := true; p.pos < len(p.text); first = false {
		rest := p.text[p.pos:]
		switch c := rest[0]; {
		case c == ']' && !first:
			p.emit(1, "]")
			return nil
		case c == ']':
			p.emit(1, `\]`)
		case strings.HasPrefix(rest, "[:") && strings.Contains(rest, ":]"):
			p.copyTo(":]")
		case c == '[':
			p.emit(1, `\[`)
		case c == '\\':
			if err := p.classEscape(rest); err != nil {
				return err
			}
		default:
			p.emit(1, rest[:1])
		}
	}
	return errors.New("a class is not closed")
}

func (p *perl) classEscape(rest string) error {
	if len(rest) < 2 {
		return errors.New(`\ at the end`)
	}
	c := rest[1]
	if inner, ok := classEscape(c); ok {
		p.emit(2, inner)
		return nil
	}
	if c == 'Q' {
		p.quoted()
		return nil
	}
	return p.common(c, "dDwWSbpPE")
}
