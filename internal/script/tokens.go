package script

import "slices"

// Token is a piece of a program as it is written, comments left out.
type Token struct {
	Kind       TokenKind
	Start, End int
	// Match is the index of the bracket that closes this one, or that this one closes; -1 for what is no bracket. Around is that
	// of the innermost bracket that is open where the token stands; -1 outside of all.
	Match, Around int
}

// TokenKind says what a [Token] is.
type TokenKind uint8

// The kinds of token.
const (
	Word        TokenKind = iota + 1 // a name, a keyword or a number
	String                           // with its quotes; also a template, with what is put into it
	Regexp                           // with its slashes and flags
	Punctuation                      // one character
)

// beforeExpression are the words behind which a slash begins a regular expression.
var beforeExpression = []string{"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "instanceof", "await", "yield"}

// Tokens splits a program, JavaScript or TypeScript, into tokens. It reports false where the brackets do not match: then it is
// no program, or one that this simple reading gets wrong. What is written in JSX is not read.
func Tokens(data []byte) ([]Token, bool) {
	var out []Token
	around := -1
	for at := 0; at < len(data); {
		c := data[at]
		switch {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			at++
			continue
		case c == '/' && at+1 < len(data) && (data[at+1] == '/' || data[at+1] == '*'):
			at = commentEnd(data, at)
			continue
		}
		t := Token{Kind: Punctuation, Start: at, End: at + 1, Match: -1, Around: around}
		switch {
		case isName(c):
			t.Kind, t.End = Word, tokenEnd(data, at)
		case c == '"' || c == '\'':
			t.Kind, t.End = String, tokenEnd(data, at)
		case c == '`':
			t.Kind, t.End = String, templateEnd(data, at, 0)
		case c == '/' && beginsExpression(data, out):
			if end := tokenEnd(data, at); end > at+1 {
				t.Kind, t.End = Regexp, end
			}
		case c == '(' || c == '[' || c == '{':
			around = len(out)
		case c == ')' || c == ']' || c == '}':
			if around < 0 || !closes(data[out[around].Start], c) {
				return nil, false
			}
			t.Match, out[around].Match = around, len(out)
			around = out[around].Around
			t.Around = around
		}
		out = append(out, t)
		at = t.End
	}
	return out, around < 0
}

func closes(open, close byte) bool {
	return open == '(' && close == ')' || open == '[' && close == ']' || open == '{' && close == '}'
}

func commentEnd(data []byte, at int) int {
	block := data[at+1] == '*'
	for at += 2; at < len(data); at++ {
		if !block && data[at] == '\n' {
			return at
		}
		if block && data[at] == '/' && data[at-1] == '*' {
			return at + 1
		}
	}
	return at
}

// beginsExpression reports whether an expression begins behind tokens, and no operator.
func beginsExpression(data []byte, before []Token) bool {
	if len(before) == 0 {
		return true
	}
	switch last := before[len(before)-1]; last.Kind {
	case Word:
		return slices.Contains(beforeExpression, string(data[last.Start:last.End]))
	case Punctuation:
		return data[last.Start] != ')' && data[last.Start] != ']'
	case String, Regexp:
	}
	return false
}

// maxTemplates bounds how deep templates stand in templates.
const maxTemplates = 20

// templateEnd returns the offset behind a template that begins at an offset.
func templateEnd(data []byte, at, depth int) int {
	for at++; at < len(data); at++ {
		switch {
		case data[at] == '\\':
			at++
		case data[at] == '`':
			return at + 1
		case data[at] == '$' && at+1 < len(data) && data[at+1] == '{':
			at = substitutionEnd(data, at+2, depth) - 1
		}
	}
	return len(data)
}

// substitutionEnd returns the offset behind the brace that closes what is put into a template.
func substitutionEnd(data []byte, at, depth int) int {
	for open := 1; at < len(data); {
		switch c := data[at]; {
		case c == '"' || c == '\'':
			at = tokenEnd(data, at)
			continue
		case c == '`':
			if depth >= maxTemplates {
				return len(data)
			}
			at = templateEnd(data, at, depth+1)
			continue
		case c == '{':
			open++
		case c == '}':
			if open--; open == 0 {
				return at + 1
			}
		}
		at++
	}
	return len(data)
}
