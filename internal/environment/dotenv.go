package environment

import (
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/corslint/corslint/internal/source"
)

// isDotEnv reports whether a file is one that dotenv reads, or a template of one. Encrypted ones (.env.vault, .env.enc)
// and the keys for them hold no values.
func isDotEnv(base string) bool {
	rest, ok := strings.CutPrefix(base, ".env")
	return ok && (rest == "" || rest[0] == '.') &&
		!slices.Contains([]string{".vault", ".keys", ".enc", ".gpg", ".age", ".sops", ".me"}, rest)
}

// isExample reports whether a .env file is one to be copied.
func isExample(base string) bool {
	return slices.ContainsFunc(strings.Split(base, ".")[1:], func(part string) bool {
		switch part {
		case "example", "sample", "template", "tmpl", "dist", "defaults":
			return true
		}
		return false
	})
}

func (r *Reader) dotenv(name string) []Set {
	values, ok := r.envFile(name)
	if !ok {
		return nil
	}
	s := Set{Name: path.Base(name), Kind: DotEnv, Path: name, Values: slices.Clone(values), Example: isExample(path.Base(name))}
	if f := r.open(name); f != nil {
		s.Span = source.Span{File: f}
	}
	return []Set{s}
}

// envFile returns the values of a .env file, which must not be changed; it is not ok if the file cannot be read.
func (r *Reader) envFile(name string) ([]Value, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	values, done := r.env[name]
	if !done {
		if f := r.open(name); f != nil {
			values = tidy(expandAll(parseDotenv(f)))
			if values == nil {
				values = []Value{}
			}
		}
		r.env[name] = values
	}
	return values, values != nil
}

// assignment is a line of a .env file as it is written.
type assignment struct {
	name string
	raw  string      // without quotes; the escapes \n and \r of double quotes are done
	span source.Span // of raw
}

// parseDotenv reads the grammar of dotenv: one regular expression, tried at the start of each line, whose reading of
// white space crosses lines and whose quoted values do. The function follows the choices of that expression, in its
// order, without its backtracking:
//
//	^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"…"|\s*`…`|[^#\r\n]+)?\s*(?:#.*)?$
//
// Source: github.com/motdotla/dotenv, lib/main.js, LINE and parse (versions 15 to 17).
func parseDotenv(f *source.File) []assignment {
	p := dotenvParser{file: f, data: string(f.Data)}
	var list []assignment
	for p.at < len(p.data) && len(list) < 2*maxValues {
		if a, ok := p.assignment(); ok && a.name != "__proto__" { // which no JavaScript object takes as a key
			list = append(list, a)
		}
		p.at = p.nextLine(p.at)
	}
	return list
}

type dotenvParser struct {
	file *source.File
	data string
	at   int
}

// assignment reads an assignment from the start of a line, or of a later one if blank lines come first. When there is
// none it leaves the place on the line that is none.
func (p *dotenvParser) assignment() (assignment, bool) {
	p.at = p.skipSpace(p.at)
	start := p.at
	if rest, ok := strings.CutPrefix(p.data[start:], "export"); ok {
		if key := p.skipSpace(len(p.data) - len(rest)); key > len(p.data)-len(rest) {
			if a, ok := p.keyAndValue(key); ok {
				return a, true
			}
		}
	}
	a, ok := p.keyAndValue(start)
	if !ok {
		p.at = start
	}
	return a, ok
}

// keyAndValue reads from a key on and moves the place behind the value.
func (p *dotenvParser) keyAndValue(start int) (assignment, bool) {
	end := start
	for end < len(p.data) && isKeyByte(p.data[end]) {
		end++
	}
	if end == start {
		return assignment{}, false
	}
	a := assignment{name: p.data[start:end]}
	if equals := p.skipSpace(end); strings.HasPrefix(p.data[equals:], "=") {
		p.value(&a, equals+1)
		return a, true
	}
	if strings.HasPrefix(p.data[end:], ":") {
		if _, size := p.space(end + 1); size > 0 {
			p.value(&a, end+1+size)
			return a, true
		}
	}
	return assignment{}, false
}

// value reads what stands behind a separator.
func (p *dotenvParser) value(a *assignment, from int) {
	start, end := from, from
	if open := p.skipSpace(from); open < len(p.data) && strings.IndexByte("'\"`", p.data[open]) >= 0 {
		if last := p.closing(open); last > 0 {
			start, end = open, last+1
		}
	}
	if end == from { // not quoted: up to a comment or the end of the line
		end = from + cutIndex(p.data[from:], "#\r\n")
	}
	p.at = end

	// What the expression matched is trimmed and freed of its quotes, whatever made it match.
	for start < end {
		if r, size := utf8.DecodeRuneInString(p.data[start:end]); isSpace(r) {
			start += size
		} else if r, size := utf8.DecodeLastRuneInString(p.data[start:end]); isSpace(r) {
			end -= size
		} else {
			break
		}
	}
	doubled := start < end && p.data[start] == '"'
	if end-start >= 2 && strings.IndexByte("'\"`", p.data[start]) >= 0 && p.data[start] == p.data[end-1] {
		start, end = start+1, end-1
	}
	a.span = source.Span{File: p.file, Start: start, End: end}
	a.raw = strings.ReplaceAll(strings.ReplaceAll(p.data[start:end], "\r\n", "\n"), "\r", "\n")
	if doubled {
		a.raw = strings.ReplaceAll(strings.ReplaceAll(a.raw, `\n`, "\n"), `\r`, "\r")
	}
	a.raw = strings.ToValidUTF8(a.raw, "\uFFFD")
}

// closing returns the place of the quote that ends a quoted value, 0 if there is none behind which the line ends. That
// is the first one without a backslash before it, or else the last one with. All scans together are linear: an opening
// quote never has a backslash before it, so that each scan ends where the next one of its kind can begin.
func (p *dotenvParser) closing(open int) int {
	escaped := 0 // the last quote with a backslash behind which the line ends
	for i := open + 1; i < len(p.data); i++ {
		if p.data[i] != p.data[open] {
			continue
		}
		isEscaped := p.data[i-1] == '\\' && i-1 > open
		switch ends := p.lineEnds(i + 1); {
		case !isEscaped && ends:
			return i
		case !isEscaped:
			return escaped
		case ends:
			escaped = i
		}
	}
	return escaped
}

// lineEnds reports whether nothing but white space or a comment follows on a line.
func (p *dotenvParser) lineEnds(at int) bool {
	for at < len(p.data) {
		r, size := p.space(at)
		switch {
		case isLineEnd(r):
			return true
		case size == 0:
			return p.data[at] == '#'
		}
		at += size
	}
	return true
}

func (p *dotenvParser) nextLine(at int) int {
	for at < len(p.data) {
		r, size := utf8.DecodeRuneInString(p.data[at:])
		at += size
		if isLineEnd(r) {
			break
		}
	}
	return at
}

func (p *dotenvParser) skipSpace(at int) int {
	for at < len(p.data) {
		_, size := p.space(at)
		if size == 0 {
			break
		}
		at += size
	}
	return at
}

// space returns the white space at a place and its size, 0 if there is none. CRLF is one, as dotenv makes it LF.
func (p *dotenvParser) space(at int) (rune, int) {
	if strings.HasPrefix(p.data[at:], "\r\n") {
		return '\n', 2
	}
	r, size := utf8.DecodeRuneInString(p.data[at:])
	if !isSpace(r) {
		return r, 0
	}
	return r, size
}

// isSpace is \s of JavaScript. https://tc39.es/ecma262/#prod-WhiteSpace and #prod-LineTerminator
func isSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF:
		return true
	}
	return 0x2000 <= r && r <= 0x200A
}

func isLineEnd(r rune) bool { return r == '\n' || r == '\r' || r == 0x2028 || r == 0x2029 }

func isKeyByte(c byte) bool {
	return c == '_' || c == '.' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// cutIndex is the index of the first of some bytes, or the length.
func cutIndex(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}
