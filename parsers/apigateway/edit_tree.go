package apigateway

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// This file writes fields into YAML and JSON documents as their neighbours are written.

// branch is a field to write: with fields of its own, with a list, or with a value as it stands in the file.
type branch struct {
	key    string
	fields []branch
	list   []string
	raw    string // a scalar as it is written; "" for the others
	text   string // a text, quoted as it has to be
}

func nested(key string, fields ...branch) branch { return branch{key: key, fields: fields} }
func listed(key string, list []string) branch    { return branch{key: key, list: list} }
func literal(key, value string) branch           { return branch{key: key, text: value} }
func bare(key, raw string) branch                { return branch{key: key, raw: raw} }
func (b branch) inline(json bool) string         { return b.name(json) + ": " + b.value(json) }

func (b branch) name(asJSON bool) string {
	if asJSON {
		return quote(b.key)
	}
	return b.key
}

// value returns a value on one line.
func (b branch) value(asJSON bool) string {
	var parts []string
	switch {
	case b.raw != "":
		return b.raw
	case b.fields != nil:
		for _, f := range b.fields {
			parts = append(parts, f.inline(asJSON))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case b.list != nil:
		for _, item := range b.list {
			parts = append(parts, written(item, asJSON))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return written(b.text, asJSON)
}

// block returns the lines of a field in a block of YAML.
func (b branch) block(step string) []string {
	if b.fields == nil {
		return []string{b.inline(false)}
	}
	lines := []string{b.key + ":"}
	for _, f := range b.fields {
		for _, line := range f.block(step) {
			lines = append(lines, step+line)
		}
	}
	return lines
}

// spread returns the lines of a field of JSON that has a line for each field.
func (b branch) spread(step string) []string {
	if b.fields == nil {
		return []string{b.inline(true)}
	}
	lines := []string{quote(b.key) + ": {"}
	for i, f := range b.fields {
		inner := f.spread(step)
		if i < len(b.fields)-1 {
			inner[len(inner)-1] += ","
		}
		for _, line := range inner {
			lines = append(lines, step+line)
		}
	}
	return append(lines, "}")
}

// written returns a text as it is written: in YAML without quotes where it means itself.
func written(value string, asJSON bool) string {
	plain := value != "" && !strings.ContainsFunc(value, func(c rune) bool {
		return c != '-' && c != '_' && c != ':' && c != '/' && c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}) && value[0] >= 'A' && !strings.HasSuffix(value, ":")
	if plain && !asJSON {
		return value
	}
	return quote(value)
}

func quote(value string) string {
	text, _ := json.Marshal(value) // of a string it never fails
	return string(text)
}

// insert writes fields before the i-th field of the way, where there are none of their names.
func (p spot) insert(i int, fields ...branch) (source.Edits, bool) {
	for _, f := range fields {
		if key, _ := p[i].in.Field(f.key); !key.IsZero() {
			return nil, false
		}
	}
	span, outer := p[i].key.Span(), p[i].in.Span()
	file := span.File
	line := bytes.LastIndexByte(file.Data[:span.Start], '\n') + 1
	indent := string(file.Data[line:span.Start])
	own := strings.Trim(indent, " \t") == "" // the key begins its line
	flow := file.Data[outer.Start] == '{'
	asJSON := file.Data[span.Start] == '"'
	newline := newlineOf(file.Data)
	var b strings.Builder
	switch step := p.step(i); {
	case !flow && !own: // the first field of an item of a list
		return nil, false
	case flow:
		for _, f := range fields {
			if own && asJSON {
				b.WriteString(strings.Join(f.spread(step), newline+indent) + "," + newline + indent)
			} else {
				b.WriteString(f.inline(asJSON) + ", ")
			}
		}
	default:
		for _, f := range fields {
			b.WriteString(indent + strings.Join(f.block(step), newline+indent) + newline)
		}
		at := aboveComments(file.Data, line, indent)
		return source.Edits{{Span: source.Span{File: file, Start: at, End: at}, Text: b.String()}}, true
	}
	return source.Edits{{Span: source.Span{File: file, Start: span.Start, End: span.Start}, Text: b.String()}}, true
}

// aboveComments returns where the comments begin that stand above a line, as deep as it.
func aboveComments(data []byte, line int, indent string) int {
	for line > 0 {
		above := bytes.LastIndexByte(data[:line-1], '\n') + 1
		if !bytes.HasPrefix(data[above:], []byte(indent+"#")) {
			break
		}
		line = above
	}
	return line
}

// step is how much deeper fields are indented than those around them.
func (p spot) step(i int) string {
	indent := func(f field) string {
		span := f.key.Span()
		line := span.File.Data[bytes.LastIndexByte(span.File.Data[:span.Start], '\n')+1 : span.Start]
		return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
	}
	for ; i > 0; i-- {
		if inner, outer := indent(p[i]), indent(p[i-1]); strings.HasPrefix(inner, outer) && len(inner) > len(outer) {
			return inner[len(outer):]
		}
	}
	if inner := indent(p[0]); inner != "" {
		return inner
	}
	return "  "
}

// replaceValue writes something in the place of the value of the i-th field.
func (p spot) replaceValue(i int, value string) source.Edits {
	if i < 0 || p[i].value.IsZero() {
		return nil
	}
	key, old := p[i].key.Span(), p[i].value.Span()
	start := old.Start
	if colon := bytes.IndexByte(key.File.Data[key.End:], ':'); colon >= 0 && bytes.IndexByte(key.File.Data[key.End:old.Start], '\n') >= 0 {
		start, value = key.End+colon+1, " "+value // a block below its key
	}
	return source.Edits{{Span: source.Span{File: key.File, Start: start, End: old.End}, Text: value}}
}

// newlineOf returns the line ends of a file, as its first line has them.
func newlineOf(data []byte) string {
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
