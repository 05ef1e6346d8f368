package yamltree

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The library says where a node starts. Where it ends is found in the text, by the rules of the style it is written in.

// extent returns the byte offsets of a node. A node that is not written out, such as the value behind "key:", is empty.
func (d *document) extent(n *yaml.Node) (start, end int) {
	if d.offsets {
		return n.Line, n.Column
	}
	start = d.places.offset(n.Line, n.Column)
	switch n.Kind {
	case yaml.ScalarNode:
		return start, d.scalarEnd(n, d.value(start))
	case yaml.AliasNode:
		return start, min(start+1+len(n.Value), len(d.file.Data))
	case yaml.MappingNode, yaml.SequenceNode:
		return start, d.collectionEnd(n, start)
	case yaml.DocumentNode, yaml.StreamNode:
	}
	return start, start
}

// value is the offset behind a node's tag and anchor.
func (d *document) value(at int) int {
	for range 2 {
		rest := d.file.Data[at:]
		if len(rest) == 0 || rest[0] != '!' && rest[0] != '&' {
			break
		}
		word := bytes.IndexAny(rest, " \t\r\n")
		if word < 0 {
			return at + len(rest)
		}
		at += word
		at += len(d.file.Data[at:]) - len(bytes.TrimLeft(d.file.Data[at:], " \t\r\n"))
	}
	return at
}

func (d *document) scalarEnd(n *yaml.Node, at int) int {
	rest := d.file.Data[at:]
	switch {
	case n.Style&yaml.SingleQuotedStyle != 0:
		return at + quotedEnd(rest, '\'')
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return at + quotedEnd(rest, '"')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return at + blockEnd(rest, n.Value)
	}
	return at + plainEnd(rest, n.Value)
}

// quotedEnd returns the length of a quoted scalar: a quote is escaped by doubling it or with a backslash.
func quotedEnd(text []byte, quote byte) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] != quote:
		case quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return len(text)
}

// plainEnd returns the length of a scalar without quotes. It may run over several lines, which are folded: white space
// differs from the value, nothing else.
func plainEnd(text []byte, value string) int {
	at := 0
	for word := range strings.FieldsSeq(value) {
		from := at + len(text[at:]) - len(bytes.TrimLeft(text[at:], " \t\r\n"))
		if !bytes.HasPrefix(text[from:], []byte(word)) {
			break
		}
		at = from + len(word)
	}
	return at
}

// blockEnd returns the length of a block scalar with its header: all lines that are blank or indented at least as deep
// as its first one, without the blank ones at the end.
func blockEnd(text []byte, value string) int {
	end, indent, pos := 0, -1, 0
	for line := range bytes.Lines(text) {
		content := bytes.TrimRight(line, " \t\r\n")
		depth := len(line) - len(bytes.TrimLeft(line, " "))
		switch {
		case pos == 0 && strings.TrimSpace(value) == "":
			return len(content) // nothing but the header
		case pos == 0:
			end = len(content)
		case len(content) == 0:
		case depth < indent:
			return end
		default:
			if indent < 0 {
				indent = depth
			}
			end = pos + len(content)
		}
		pos += len(line)
	}
	return end
}

// collectionEnd is the end of the last value, or of the bracket behind it.
func (d *document) collectionEnd(n *yaml.Node, start int) int {
	end := start
	if len(n.Content) > 0 {
		_, end = d.extent(n.Content[len(n.Content)-1])
	}
	if n.Style&yaml.FlowStyle == 0 {
		return max(start, end)
	}
	if len(n.Content) == 0 {
		end = d.value(start) + 1
	}
	for end < len(d.file.Data) {
		switch c := d.file.Data[end]; c {
		case ']', '}':
			return end + 1
		case '#':
			line := bytes.IndexByte(d.file.Data[end:], '\n')
			if line < 0 {
				return end
			}
			end += line
		default:
			if !strings.ContainsRune(" \t\r\n,:", rune(c)) {
				return end
			}
			end++
		}
	}
	return min(end, len(d.file.Data))
}
