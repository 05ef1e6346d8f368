package conf

import (
	"fmt"
	"math"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// bufferSize is NGX_CONF_BUFFER: nginx gives up on a word, or a comment, that does not fit into it with the byte after.
const bufferSize = 4096

// ending is what ended a run of words.
type ending int

const (
	endFailed ending = iota // a lexical error, in lexer.problem
	endStatement
	endBlockStart
	endBlock
	endFile
	endTag // a template tag that stands where a statement does, in lexer.tag
)

// lexer splits a text into words. It is ngx_conf_read_token with the file in one piece, which also notes where each word
// stands, keeps the comments, and steps over template tags.
type lexer struct {
	span source.Span // what is read
	text string      // its bytes
	pos  int         // in text
	line int         // of pos, counted from 0

	tags     []tag // those not yet passed
	nextTag  int   // where the first of them starts
	aloneEnd int   // up to here tags are known to stand alone
	rendered bool  // a tag was met: the text is a template

	words    []Word
	lines    []int // line of each word
	comments []Comment
	tag      tag
	problem  Problem
}

func newLexer(span source.Span) *lexer {
	l := &lexer{span: span, text: span.Text()}
	l.tags = findTags(l.text, span.Path())
	l.skipTags()
	return l
}

// skipTags drops the tags that start before the position.
func (l *lexer) skipTags() {
	for len(l.tags) > 0 && l.tags[0].start < l.pos {
		l.tags = l.tags[1:]
	}
	l.nextTag = math.MaxInt
	if len(l.tags) > 0 {
		l.nextTag = l.tags[0].start
	}
}

// takeTag moves past the tag that starts at the position, if one does.
func (l *lexer) takeTag() (tag, bool) {
	l.skipTags()
	if l.nextTag != l.pos {
		return tag{}, false
	}
	t := l.tags[0]
	l.pos = t.end
	l.skipTags()
	l.rendered = true
	return t, true
}

// at returns the span of a part of the text.
func (l *lexer) at(start, end int) source.Span {
	return source.Span{File: l.span.File, Start: l.span.Start + start, End: l.span.Start + end}
}

// next reads the words up to the next ; { or }, leaves them in l.words, and says which it was.
// The names of the variables, and the order of the tests, are nginx's.
func (l *lexer) next() ending {
	l.words, l.lines = l.words[:0], l.lines[:0]
	var (
		needSpace = false // after a closing quote
		lastSpace = true
		variable  = false // after a $
		quoted    = false // after a backslash
		quote     = byte(0)
		start     = l.pos // of the word, or of the content of its quotes
		wordLine  = l.line
		wordTags  []tag // the tags in the word
	)
	for {
		if l.pos >= len(l.text) {
			if len(l.words) > 0 || !lastSpace {
				return l.failAtEnd(quote, start)
			}
			return endFile
		}
		if l.pos-start == bufferSize && !l.rendered {
			return l.failTooLong(quote, start)
		}
		if l.pos >= l.nextTag {
			if t, ok := l.takeTag(); ok {
				switch {
				case t.kind == tagComment && (lastSpace || needSpace):
					lastSpace, needSpace, start = true, false, l.pos
				case lastSpace && len(l.words) == 0 && (t.kind == tagControl || l.standsAlone(t)):
					l.tag = t
					l.line += strings.Count(l.text[t.start:t.end], "\n")
					return endTag
				case lastSpace || needSpace: // it starts a word; right after a quote too, nginx never sees that
					lastSpace, needSpace = false, false
					start, wordLine, wordTags = t.start, l.line, []tag{t}
				default:
					wordTags = append(wordTags, t)
				}
				variable = false
				l.line += strings.Count(l.text[t.start:t.end], "\n")
				continue
			}
		}

		ch := l.text[l.pos]
		l.pos++
		if ch == '\n' {
			l.line++
		}
		if quoted {
			quoted = false
			continue
		}
		if needSpace {
			switch ch {
			case ' ', '\t', '\r', '\n':
				lastSpace, needSpace = true, false
				continue
			case ';':
				return endStatement
			case '{':
				return endBlockStart
			case ')': // so that `if ($a = "b")` can be written
				lastSpace, needSpace = true, false
			default:
				return l.failUnexpected(ch)
			}
		}

		if lastSpace {
			start, wordLine, wordTags = l.pos-1, l.line, nil
			switch ch {
			case ' ', '\t', '\r', '\n':
				continue
			case ';', '{':
				if len(l.words) == 0 {
					return l.failUnexpected(ch)
				}
				if ch == '{' {
					return endBlockStart
				}
				return endStatement
			case '}':
				if len(l.words) > 0 {
					return l.failUnexpected(ch)
				}
				return endBlock
			case '#':
				if !l.comment(start) {
					return l.failTooLong(0, start)
				}
				continue
			case '\\':
				quoted = true
			case '"', '\'':
				start++
				quote = ch
			case '$':
				variable = true
			}
			lastSpace = false
			continue
		}

		if ch == '{' && variable {
			continue
		}
		variable = false
		switch {
		case ch == '\\':
			quoted = true
			continue
		case ch == '$':
			variable = true
			continue
		case quote != 0:
			if ch != quote {
				continue
			}
			needSpace = true
		case ch == ' ', ch == '\t', ch == '\r', ch == '\n', ch == ';', ch == '{':
			lastSpace = true
		default:
			continue
		}
		l.word(start, l.pos-1, quote, wordTags)
		l.lines = append(l.lines, wordLine)
		quote, wordTags = 0, nil
		switch ch {
		case ';':
			return endStatement
		case '{':
			return endBlockStart
		}
	}
}

// word appends the word whose content is text[start:end].
func (l *lexer) word(start, end int, quote byte, tags []tag) {
	w := Word{Quote: quote, Span: l.at(start, end)}
	if quote != 0 {
		w.Span = l.at(start-1, end+1)
	}
	if len(tags) == 0 {
		w.Value = decode(l.text[start:end])
	} else {
		var value strings.Builder
		for _, t := range tags {
			value.WriteString(decode(l.text[start:t.start]))
			p := Placeholder{Span: l.at(t.start, t.end), Expr: t.expr(l.text), start: value.Len()}
			value.WriteString(l.text[t.start:t.end])
			p.end = value.Len()
			w.Placeholders = append(w.Placeholders, p)
			start = t.end
		}
		value.WriteString(decode(l.text[start:end]))
		w.Value = value.String()
	}
	l.words = append(l.words, w)
}

// comment keeps the comment that starts at start and moves to the end of its line; false if it is too long for nginx,
// which keeps a comment in its buffer like a word.
func (l *lexer) comment(start int) bool {
	end := len(l.text)
	if i := strings.IndexByte(l.text[start:], '\n'); i >= 0 {
		end = start + i
	}
	if full := start + bufferSize; full <= end && full < len(l.text) && !l.rendered {
		return false
	}
	l.pos = end
	text := strings.TrimSuffix(l.text[start:end], "\r")
	l.comments = append(l.comments, Comment{
		Span: l.at(start, start+len(text)),
		Text: strings.TrimSpace(strings.TrimLeft(text, "#")),
	})
	return true
}

// standsAlone reports whether nothing but blanks, tags and a comment shares the tag's line, up to the end of the block:
// such a tag is not the first word of a directive but stands for whole directives.
func (l *lexer) standsAlone(t tag) bool {
	if t.start < l.aloneEnd {
		return true
	}
	tags := l.tags
	for pos := t.end; pos < len(l.text); {
		if len(tags) > 0 && tags[0].start == pos {
			pos, tags = tags[0].end, tags[1:]
			continue
		}
		switch l.text[pos] {
		case ' ', '\t', '\r':
			pos++
		case '\n', '}', '#':
			l.aloneEnd = pos
			return true
		default:
			return false
		}
	}
	l.aloneEnd = len(l.text)
	return true
}

func (l *lexer) fail(p Problem) ending {
	p.Kind = ParseError
	if l.rendered {
		// What the template becomes may well be valid.
		p.Kind, p.Text = Gap, "template that could not be read: "+p.Text
	}
	l.problem = p
	return endFailed
}

func (l *lexer) failUnexpected(ch byte) ending {
	p := Problem{Span: l.at(l.pos-1, l.pos), Text: `unexpected "` + string([]byte{ch}) + `"`}
	if n := len(l.words); n > 0 && ch == '}' {
		p.Hint, p.HintSpan = "a ; is missing after this word", l.words[n-1].Span
	} else if n > 0 && ch != ';' && ch != '{' {
		p.Hint, p.HintSpan = "a space is missing after this closing quote", l.words[n-1].Span
	}
	return l.fail(p)
}

func (l *lexer) failTooLong(quote byte, start int) ending {
	p := Problem{Span: l.at(start, l.pos), Text: fmt.Sprintf(`too long parameter "%s..." started`, l.text[start:start+10])}
	if l.text[start] == '#' && quote == 0 {
		p.Span.End = p.Span.Start + bufferSize
	}
	if quote != 0 {
		p.Span.Start--
		p.Text = `too long parameter, probably missing terminating "` + string(rune(quote)) + `" character`
	}
	return l.fail(p)
}

// failAtEnd reports the end of the file inside a statement, which started at a word, maybe in quotes.
func (l *lexer) failAtEnd(quote byte, start int) ending {
	p := Problem{Span: l.at(l.pos, l.pos), Text: `unexpected end of file, expecting ";" or "}"`}
	switch n := len(l.words); {
	case quote != 0:
		p.Hint, p.HintSpan = "this quote is never closed", l.at(start-1, start)
	case n > 0:
		p.Hint, p.HintSpan = "this directive is never ended", l.words[0].Span
	}
	return l.fail(p)
}
