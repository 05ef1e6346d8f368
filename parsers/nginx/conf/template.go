package conf

import (
	"path"
	"regexp"
	"strings"
)

// Limits of the search for template tags.
const (
	maxTagSize = 16 << 10
	maxTags    = 200_000
	maxTries   = 1000 // opening delimiters without a closing one
)

// tagKind says what a template tag does where it stands.
type tagKind int

const (
	tagValue   tagKind = iota // becomes text
	tagControl                // decides whether, or how often, what follows is there
	tagComment                // becomes nothing
)

// tag is a template tag in a text.
type tag struct {
	start, end int // with its delimiters
	open       int // length of the opening delimiter, of the closing one as well
	kind       tagKind
}

// expr returns the text between the tag's delimiters.
func (t tag) expr(text string) string {
	inner := text[t.start:t.end]
	switch inner[0] {
	case '$':
		return strings.Trim(inner, "${}()")
	case '_', '@':
		return strings.Trim(inner, "_@")
	case '>':
		return strings.TrimSpace(inner[1:])
	}
	return strings.TrimSpace(strings.Trim(inner[t.open:len(inner)-t.open], "-~+"))
}

// dialects are the template languages whose tags have delimiters.
var dialects = [...]struct {
	open, shut string
	kind       func(expr string) tagKind
}{
	{"{{", "}}", goKind}, // Go, Helm, Jinja, Handlebars
	{"{%", "%}", func(string) tagKind { return tagControl }}, // Jinja, Twig, Liquid
	{"{#", "#}", func(string) tagKind { return tagComment }}, // Jinja; only in a file with Jinja's other tags
	{"<%", "%>", erbKind},
	{"[[", "]]", goKind}, // Go with the delimiters that Nomad's and Consul's users choose
}

// goKind tells the actions of Go templates, and the blocks of Handlebars, apart.
func goKind(expr string) tagKind {
	expr = strings.TrimSpace(strings.TrimPrefix(expr, "-"))
	if expr == "" {
		return tagValue
	}
	switch expr[0] {
	case '/':
		if strings.HasPrefix(expr, "/*") {
			return tagComment
		}
		return tagControl
	case '!':
		return tagComment
	case '#', '^':
		return tagControl
	}
	word, rest, _ := strings.Cut(expr, " ")
	switch strings.TrimSuffix(word, "-") {
	case "if", "else", "end", "range", "with", "define", "block", "break", "continue":
		return tagControl
	}
	if rest = strings.TrimSpace(rest); word[0] == '$' && (strings.HasPrefix(rest, ":=") || strings.HasPrefix(rest, "= ")) {
		return tagComment // an assignment writes nothing
	}
	return tagValue
}

func erbKind(expr string) tagKind {
	switch {
	case strings.HasPrefix(expr, "="):
		return tagValue
	case strings.HasPrefix(expr, "#"):
		return tagComment
	}
	return tagControl
}

// findTags returns the template tags of a text in order. The text of a file that is no template has none, unless it
// writes a variable's name in capitals and braces: then what it stands for is taken for unknown, which is never wrong.
func findTags(text, name string) []tag {
	f := tagFinder{text: text, bare: templateName(name)}
	f.jinja = strings.Contains(text, "{%") || strings.Contains(text, "{{")
	if !f.jinja && !f.bare && !containsAny(text, "<%", "[[", "@@", "__", "${") {
		return nil
	}
	starts := "{<[@_$"
	if strings.Contains(text, "\n> end") {
		starts += ">" // Kong's templates: a line that starts with > is code, and $(...) a value
		f.kong = true
	}
	for f.pos < len(text) && len(f.tags) < maxTags {
		i := strings.IndexAny(text[f.pos:], starts)
		if i < 0 {
			break
		}
		f.pos += i
		if t, ok := f.tag(); ok {
			f.tags = append(f.tags, t)
			f.pos = t.end
		} else {
			f.pos++
		}
	}
	return f.tags
}

func containsAny(s string, subs ...string) bool {
	for _, sub := range subs {
		if strings.Contains(s, sub) {
			return true
		}
	}
	return false
}

// templateName reports whether a file's name says that it is a template.
func templateName(name string) bool {
	base := strings.ToLower(path.Base(name))
	for _, mark := range [...]string{".template", ".tmpl", ".tpl", ".j2", ".jinja", ".erb", ".ctmpl", ".gotmpl", ".envsubst", ".mustache", ".hbs"} {
		if strings.Contains(base, mark) {
			return true
		}
	}
	return strings.HasSuffix(base, ".in")
}

type tagFinder struct {
	text  string
	pos   int
	jinja bool // {# #} is a comment
	kong  bool // $(...) is a value
	bare  bool // $NAME without braces is a placeholder
	tags  []tag
	tries int // opening delimiters without a closing one
	own   map[string]bool
}

// tag returns the tag that starts at f.pos.
func (f *tagFinder) tag() (tag, bool) {
	rest := f.text[f.pos:]
	switch rest[0] {
	case '$':
		return f.environment(rest)
	case '@', '_':
		return f.marker(rest)
	case '>':
		if f.pos > 0 && f.text[f.pos-1] != '\n' {
			return tag{}, false
		}
		line, _, _ := strings.Cut(rest, "\n")
		return tag{start: f.pos, end: f.pos + len(line), kind: tagControl}, true
	}
	for _, d := range dialects {
		if !strings.HasPrefix(rest, d.open) || d.open == "{#" && !f.jinja || d.open == "[[" && !strings.HasPrefix(rest[2:], " ") {
			continue // [[:alnum:]] and [[a-z]] are character classes
		}
		if f.tries > maxTries {
			return tag{}, false
		}
		end := closing(rest[:min(len(rest), maxTagSize)], d.open, d.shut)
		if end < 0 {
			f.tries++
			return tag{}, false
		}
		return tag{start: f.pos, end: f.pos + end, open: 2, kind: d.kind(rest[2 : end-2])}, true
	}
	return tag{}, false
}

// closing returns where the tag at the start of text ends, -1 if it does not. Quotes and braces inside the tag count:
// {{ "}}" }}, {{ {"a": {"b": 1}} }}. A quote that the line does not close is an apostrophe.
func closing(text, open, shut string) int {
	last := strings.LastIndex(text, shut)
	if last < 2 {
		return -1
	}
	inner := strings.TrimLeft(text[2:], "- ")
	if open == "{#" || open == "<%" || strings.HasPrefix(inner, "/*") || strings.HasPrefix(inner, "!--") {
		return 2 + strings.Index(text[2:], shut) + len(shut)
	}
	depth, lines := 0, 0
	for i := 2; i <= last; i++ {
		switch c := text[i]; {
		case depth == 0 && strings.HasPrefix(text[i:], shut):
			return i + len(shut)
		case c == '"' || c == '\'' || c == '`':
			if j := strings.IndexAny(text[i+1:], string(rune(c))+"\n"); j >= 0 && text[i+1+j] == c && i+1+j < last {
				i += j + 1
			}
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case c == '\n':
			lines++
			if open == "[[" {
				return -1
			}
		case (c == ';' || c == '#') && lines > 0 && open == "{{":
			return -1 // directives: the closing delimiter is missing
		}
	}
	return -1
}

// environment reads the ${NAME}, ${NAME:-default} and $NAME of envsubst. Names in capitals that the file itself defines
// are nginx variables.
func (f *tagFinder) environment(rest string) (tag, bool) {
	if f.kong && strings.HasPrefix(rest, "$(") {
		if i := strings.IndexAny(rest[:min(len(rest), 256)], ")\n"); i > 0 && rest[i] == ')' {
			return tag{start: f.pos, end: f.pos + i + 1, open: 2}, true
		}
	}
	braced := strings.HasPrefix(rest, "${")
	if !braced && !f.bare {
		return tag{}, false
	}
	from := 1
	if braced {
		from = 2
	}
	end := from
	for end < len(rest) && isCapital(rest[end], end > from) {
		end++
	}
	name := rest[from:end]
	switch {
	case name == "" || f.defines(name):
		return tag{}, false
	case !braced:
		if len(name) < 2 || end < len(rest) && isNameByte(rest[end]) {
			return tag{}, false
		}
		return tag{start: f.pos, end: f.pos + end, open: 1}, true
	}
	if strings.HasPrefix(rest[end:], ":") {
		i := strings.IndexAny(rest[end:min(len(rest), end+256)], "}\n")
		if i < 0 || f.tries > maxTries {
			f.tries++
			return tag{}, false
		}
		end += i
	}
	if !strings.HasPrefix(rest[end:], "}") {
		return tag{}, false
	}
	return tag{start: f.pos, end: f.pos + end + 1, open: 2}, true
}

// definition matches a directive that gives a variable with a name in capitals a value.
var definition = regexp.MustCompile(`\b(?:set|map\s+\S+|geo(?:\s+\S+)?|split_clients\s+\S+)\s+\$\{?([A-Z][A-Z0-9_]*)`)

// defines reports whether the file itself gives the variable a value.
func (f *tagFinder) defines(name string) bool {
	if f.own == nil {
		f.own = map[string]bool{}
		for _, m := range definition.FindAllStringSubmatch(f.text, maxTags) {
			f.own[m[1]] = true
		}
	}
	return f.own[name]
}

// marker reads @@NAME@@, @NAME@ and __NAME__, which scripts replace with sed.
func (f *tagFinder) marker(rest string) (tag, bool) {
	mark := rest[:1]
	if strings.HasPrefix(rest, mark+mark) {
		mark = rest[:2]
	}
	if mark == "_" || mark != "__" && f.pos > 0 && isNameByte(f.text[f.pos-1]) {
		return tag{}, false
	}
	end := len(mark)
	for end < len(rest) && isCapital(rest[end], end > len(mark)) && !strings.HasPrefix(rest[end:], mark) {
		end++
	}
	if end == len(mark) || !strings.HasPrefix(rest[end:], mark) {
		return tag{}, false
	}
	return tag{start: f.pos, end: f.pos + end + len(mark), open: len(mark)}, true
}

func isCapital(c byte, inner bool) bool {
	return 'A' <= c && c <= 'Z' || inner && (c == '_' || '0' <= c && c <= '9')
}
