package environment

import (
	"regexp"
	"strings"
)

// expandAll expands ${NAME} and $NAME in the values of a .env file as dotenv-expand does behind dotenv: a reference reads
// what the file says as it is written, its own references are expanded in turn, and a value that is met again inside
// itself is dropped. A name that the file does not give, and that has no default, is not known: the shell that starts the
// program may give it.
//
// Source: github.com/motdotla/dotenv-expand, lib/main.js, expand and expandValue (version 12).
func expandAll(list []assignment) []Value {
	raw := make(map[string]string, len(list)) // as dotenv put it into process.env
	for _, a := range list {
		raw[a.name] = a.raw
	}
	done := make(map[string]string, len(list))
	values := make([]Value, 0, len(list))
	left := maxExpanded
	for _, a := range list {
		if a.raw != raw[a.name] {
			continue // a later line gives the name again
		}
		v := Value{Name: a.name, Span: a.span}
		if v.Text, v.Unknown = expandDotenv(a.raw, raw, done, &left); v.Unknown == "" {
			v.Text = strings.ReplaceAll(v.Text, `\$`, "$")
			done[a.name] = v.Text
		}
		if strings.HasPrefix(v.Text, "encrypted:") { // https://dotenvx.com/docs/advanced/encrypt
			v.Text, v.Unknown = "", "a key that is not in the project decrypts it"
		}
		values = append(values, v)
	}
	return values
}

// expandDotenv expands one value. left is how many bytes may still be written: some expansions never end.
func expandDotenv(text string, raw, done map[string]string, left *int) (expanded, unknown string) {
	seen := map[string]bool{}
	for len(text) <= maxText && *left > 0 {
		start, end, expression := dotenvReference(text)
		if start < 0 {
			return text, ""
		}
		seen[text] = true
		name, operator, word := cutOperator(expression)
		value, given := raw[name]
		if operator == "" && !given {
			return "", "$" + name
		}
		replacement := word
		switch {
		case strings.HasSuffix(operator, "+"):
			if value == "" {
				replacement = ""
			}
		case value != "" && !seen[value]:
			replacement = value
		}
		// JavaScript replaces the first text that looks like the reference, which may be one with a backslash before it.
		template := text[start:end]
		text = replaceFirst(text, template, replacement)
		*left -= len(text)
		if already, ok := done[name]; ok && text == already {
			return text, ""
		}
	}
	return "", endless
}

// endless is why a value is not known whose expansion has no end, or none that anyone would wait for.
const endless = "values that refer to each other without end"

// dotenvReference returns the first ${expression} or $name without a backslash before it; start is -1 without one.
func dotenvReference(text string) (start, end int, expression string) {
	for i := 0; i < len(text); i++ {
		if text[i] != '$' || i > 0 && text[i-1] == '\\' {
			continue
		}
		if rest, ok := strings.CutPrefix(text[i+1:], "{"); ok {
			if n := strings.IndexAny(rest, "{}"); n > 0 && rest[n] == '}' {
				return i, i + len("${") + n + len("}"), rest[:n]
			}
			continue
		}
		if n := nameLength(text[i+1:]); n > 0 {
			return i, i + 1 + n, text[i+1 : i+1+n]
		}
	}
	return -1, 0, ""
}

// nameLength is the length of the variable's name that a text begins with.
func nameLength(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || 'a' <= s[n]|0x20 && s[n]|0x20 <= 'z' || n > 0 && '0' <= s[n] && s[n] <= '9') {
		n++
	}
	return n
}

// cutOperator cuts an expression at its first :+, +, :- or -.
func cutOperator(expression string) (name, operator, word string) {
	i := strings.IndexAny(expression, "+-")
	if i < 0 {
		return expression, "", ""
	}
	start := i
	if i > 0 && expression[i-1] == ':' {
		start--
	}
	return expression[:start], expression[start : i+1], expression[i+1:]
}

// replaceFirst is String.prototype.replace with a string: $$, $&, $` and $' in the replacement have a meaning.
// https://tc39.es/ecma262/#sec-getsubstitution
func replaceFirst(text, template, replacement string) string {
	before, after, _ := strings.Cut(text, template)
	replacement = substitution.ReplaceAllStringFunc(replacement, func(mark string) string {
		switch mark[1] {
		case '$':
			return "$"
		case '&':
			return template
		case '`':
			return before
		}
		return after
	})
	return before + replacement + after
}

var substitution = regexp.MustCompile("\\$[$&`']") // never written to

// lookup answers what a variable is; not given is not the same as empty.
type lookup func(name string) (text, unknown string, given bool)

// expandShell expands references in the way of a shell, as Compose and Dockerfiles do: $NAME, ${NAME}, and ${NAME} with
// :- - :+ + :? ? and a word. What is asked for and not given is unknown.
func expandShell(text string, get lookup, left *int) (expanded, unknown string) {
	e := shell{get: get, left: left}
	for i := 0; i < len(text); {
		if text[i] != '$' {
			n := cutIndex(text[i:], "$")
			e.write(text[i : i+n])
			i += n
			continue
		}
		i += e.reference(text[i:], 0)
	}
	return e.result()
}

// shell collects an expanded text.
type shell struct {
	get     lookup
	left    *int // how many bytes the file's values may still have
	text    strings.Builder
	unknown string
}

func (e *shell) write(s string) {
	if *e.left -= len(s); *e.left < 0 || e.text.Len()+len(s) > maxText {
		e.doubt(endless)
		return
	}
	e.text.WriteString(s)
}

func (e *shell) doubt(reason string) {
	if e.unknown == "" {
		e.unknown = reason
	}
}

func (e *shell) result() (text, unknown string) {
	if e.unknown != "" {
		return "", e.unknown
	}
	return e.text.String(), ""
}

const maxNesting = 10 // of references in the words of references

// reference expands the reference that a text begins with and returns its length. $$ is a dollar sign, and so is one
// that begins nothing.
func (e *shell) reference(s string, depth int) int {
	switch {
	case strings.HasPrefix(s, "$$"):
		e.write("$")
		return 2
	case !strings.HasPrefix(s, "${"):
		n := nameLength(s[1:])
		if n == 0 {
			e.write("$")
			return 1
		}
		e.variable(s[1:1+n], "", "", depth)
		return 1 + n
	}
	end := closingBrace(s)
	inside := s[2:min(end, len(s))]
	name := inside[:nameLength(inside)]
	operator, word := "", inside[len(name):]
	for _, o := range []string{":-", ":+", ":?", "-", "+", "?"} {
		if rest, ok := strings.CutPrefix(word, o); ok {
			operator, word = o, rest
			break
		}
	}
	if name == "" || end == len(s) || operator == "" && word != "" || depth > maxNesting {
		e.doubt("an expression that corslint does not read: " + s[:min(end+1, len(s), 40)])
		return min(end+1, len(s))
	}
	e.variable(name, operator, word, depth)
	return end + 1
}

func (e *shell) variable(name, operator, word string, depth int) {
	text, unknown, given := e.get(name)
	set := given && (text != "" || unknown != "" || !strings.HasPrefix(operator, ":"))
	switch {
	case strings.HasSuffix(operator, "-") && !set, strings.HasSuffix(operator, "+") && set:
		for i := 0; i < len(word); {
			if word[i] == '$' {
				i += e.reference(word[i:], depth+1)
				continue
			}
			n := cutIndex(word[i:], "$")
			e.write(word[i : i+n])
			i += n
		}
	case strings.HasSuffix(operator, "+"):
	case !given:
		e.doubt("$" + name)
	case unknown != "":
		e.doubt(unknown)
	default:
		e.write(text)
	}
}

// closingBrace is the index of the brace that ends the reference at the start of a text, or the text's length.
func closingBrace(s string) int {
	depth := 0
	for i := range len(s) {
		switch {
		case s[i] == '{' && i > 0 && s[i-1] == '$':
			depth++
		case s[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s)
}
