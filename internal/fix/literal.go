package fix

import (
	"bytes"
	"path"
	"strings"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
)

// literals edits the literals of files that hold data: YAML, JSON, HCL, .env. It knows their quotes and lists, and nothing of
// what they mean.
type literals struct{}

// Edit does the steps that change nothing but a literal or a list of them.
func (literals) Edit(step repair.Step) (source.Edits, bool) {
	at := step.Place()
	if at.IsZero() || !isData(at.Path()) || templated(at.File.Data) {
		return nil, false
	}
	switch s := step.(type) {
	case repair.Replace:
		return replaceLiteral(s.At, s.Text)
	case repair.AddToList:
		return extendList(s.At, s.Names)
	case repair.Remove:
		return removeItem(s.At)
	case repair.ChooseOrigin:
		return splitItem(s)
	}
	return nil, false
}

func isData(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json", ".tf", ".hcl", ".tfvars":
		return true
	}
	return strings.HasPrefix(path.Base(name), ".env")
}

// templated reports whether a file is a template of Helm or Jinja. CloudFormation resolves what it takes from elsewhere itself.
func templated(data []byte) bool {
	data = bytes.ReplaceAll(data, []byte("{{resolve:"), nil)
	return bytes.Contains(data, []byte("{{")) || bytes.Contains(data, []byte("{%"))
}

// replaceLiteral writes a text in the place of a literal, or of a part of one.
func replaceLiteral(at source.Span, text string) (source.Edits, bool) {
	data := at.File.Data
	old := at.Text()
	whole := len(old) > 1 && (old[0] == '"' || old[0] == '\'') && old[len(old)-1] == old[0]
	if whole && at.Start > 0 && data[at.Start-1] == '=' && !strings.HasPrefix(path.Base(at.Path()), ".env") {
		whole, old = false, "" // in KEY="value" of a list the quotes are part of the value
	}
	quote := byte(0)
	if q, ok := enclosing(data, at); ok {
		quote, whole = q, false
	}
	switch {
	case quote == 0 && !whole && old != "" && !plain(old) && !strings.ContainsAny(old, "*\"'"): // an expression, or a block
		return nil, false
	case text == "" || strings.ContainsAny(text, "\\\n\r\"") || strings.Contains(text, "${"):
		return nil, false
	case strings.Contains(text, "'") && quote == 0: // a value with quotes of its own
		text = `"` + text + `"`
	case whole && (old[0] == '"' || plain(text)):
		text = old[:1] + text + old[:1]
	case quote == 0 && !plain(text), quote == '\'' && strings.Contains(text, "'"):
		return nil, false
	}
	return source.Edits{{Span: at, Text: text}}, true
}

// enclosing returns the quote that opens on the line before a span and is closed behind it.
func enclosing(data []byte, at source.Span) (quote byte, ok bool) {
	line := data[bytes.LastIndexByte(data[:at.Start], '\n')+1 : at.Start]
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == '\\' && quote == '"':
			i++
		case c == quote:
			quote = 0
		}
	}
	return quote, quote != 0 && bytes.IndexByte(lineFrom(data, at.End), quote) >= 0
}

func lineFrom(data []byte, at int) []byte {
	if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
		return data[at : at+i]
	}
	return data[at:]
}

// plain reports whether a text means itself without quotes, in YAML and elsewhere.
func plain(text string) bool {
	for i := range len(text) {
		c := text[i]
		alone := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '.' || c == '_'
		inside := i > 0 && (c == '-' || c == ':' && i+1 < len(text))
		if !alone && !inside {
			return false
		}
	}
	return true
}

// extendList adds names to a list in brackets, to one with an item a line, or to a text that is a list itself.
func extendList(at source.Span, names []string) (source.Edits, bool) {
	data, end, quote := at.File.Data, at.End, ""
	text := at.Text()
	if q, ok := enclosing(data, at); ok {
		quote = string(q)
		if end < len(data) && data[end] == q && at.Start > 0 && data[at.Start-1] == q {
			end++
		}
	} else if text != "" && (text[0] == '"' || text[0] == '\'') {
		quote = text[:1]
	}
	for _, name := range names {
		if !plain(name) {
			return nil, false
		}
	}
	insert := func(where int, text string) (source.Edits, bool) {
		return source.Edits{{Span: source.Span{File: at.File, Start: where, End: where}, Text: text}}, true
	}
	start := at.Start
	if end > at.End { // with its quotes
		start--
	}
	before := bytes.TrimRight(data[:start], " \t\r\n")
	behind := bytes.TrimLeft(data[end:], " \t\r\n")
	switch {
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		inner := strings.TrimRight(text[1:len(text)-1], " \t\r\n,")
		if inner == "" {
			return nil, false
		}
		last := strings.TrimSpace(inner[strings.LastIndexByte(inner, ',')+1:])
		if quote = ""; last[0] == '"' || last[0] == '\'' {
			quote = last[:1]
		}
		return insert(at.Start+1+len(inner), each(", ", quote, names))
	case len(before) > 0 && (before[len(before)-1] == '[' || before[len(before)-1] == ',') && len(behind) > 0 && (behind[0] == ']' || behind[0] == ','):
		return insert(end, each(", ", quote, names))
	case len(before) > 0 && before[len(before)-1] == '-' && len(bytes.TrimSpace(lineFrom(data, end))) == 0:
		line := bytes.LastIndexByte(data[:start], '\n') + 1
		return insert(end, each("\n"+string(data[line:bytes.IndexByte(data[line:], '-')+line])+"- ", quote, names))
	case quote != "" && end == at.End: // a text within the quotes of another one
		return insert(end, each(",", "", names))
	}
	return nil, false
}

// splitItem makes several items of a list's item that holds several origins.
func splitItem(s repair.ChooseOrigin) (source.Edits, bool) {
	first, ok := replaceLiteral(s.At, s.Origins[0])
	if !ok || len(s.Origins) < 2 {
		return nil, false
	}
	rest, ok := extendList(s.At, s.Origins[1:])
	if !ok {
		return nil, false
	}
	return first.Merge(rest)
}

func each(separator, quote string, names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(separator + quote + name + quote)
	}
	return b.String()
}

// removeItem takes an item out of a list in brackets, with a comma, or out of one with an item a line.
func removeItem(at source.Span) (source.Edits, bool) {
	data, start, end := at.File.Data, at.Start, at.End
	if start > 0 && end < len(data) && (data[start-1] == '"' || data[start-1] == '\'') && data[end] == data[start-1] {
		start, end = start-1, end+1
	}
	before, behind := len(bytes.TrimRight(data[:start], " \t\r\n")), len(data)-len(bytes.TrimLeft(data[end:], " \t\r\n"))
	if before == 0 || behind == len(data) {
		return nil, false
	}
	opened, closed := data[before-1], data[behind]
	switch {
	case opened == ',' && (closed == ',' || closed == ']'):
		start = before - 1
	case opened == '[' && closed == ',':
		end = len(data) - len(bytes.TrimLeft(data[behind+1:], " \t\r\n"))
	case opened == '-' && len(bytes.TrimSpace(lineFrom(data, end))) == 0:
		start, end = bytes.LastIndexByte(data[:before], '\n')+1, min(end+len(lineFrom(data, end))+1, len(data))
	default:
		return nil, false
	}
	return source.Edits{{Span: source.Span{File: at.File, Start: start, End: end}}}, true
}
