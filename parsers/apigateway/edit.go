package apigateway

import (
	"bytes"
	"path"
	"strings"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

var _ parsers.Editor = Dialect{}

// Edit turns the steps that change the structure of a SAM template or of an OpenAPI export into edits of the YAML file, written
// in blocks. What changes a literal alone needs no knowledge of gateways.
func (Dialect) Edit(step repair.Step) (source.Edits, bool) {
	at := step.Place()
	if ext := strings.ToLower(path.Ext(at.Path())); ext != ".yaml" && ext != ".yml" {
		return nil, false
	}
	e := editor{file: at.File}
	switch s := step.(type) {
	case repair.FreePreflight:
		return e.freePreflight(s.At)
	case repair.SetOwnErrors:
		return e.setOwnErrors(s)
	}
	return nil, false
}

// editor edits one YAML file by its lines.
type editor struct{ file *source.File }

// freePreflight takes preflights out of the default authorizer of a SAM template, or gives the operation that answers them a
// security of its own.
func (e editor) freePreflight(at source.Span) (source.Edits, bool) {
	start, key := e.line(at.Start)
	switch key {
	case "DefaultAuthorizer":
		return e.beside(start, "AddDefaultAuthorizerToCorsPreflight: false"), true
	case "security":
		if above, ok := e.outer(start); !ok || above != "options" {
			return nil, false
		}
		colon := start + bytes.IndexByte(e.file.Data[start:], ':')
		return e.replace(colon+1, e.blockEnd(start), " []"), true
	}
	return nil, false
}

// setOwnErrors writes gateway responses beside the Cors property of a SAM API.
func (e editor) setOwnErrors(s repair.SetOwnErrors) (source.Edits, bool) {
	start, key := e.line(s.At.Start)
	for key != "Cors" {
		outer, ok := e.outerLine(start)
		if !ok {
			return nil, false
		}
		start = outer
		_, key = e.line(start)
	}
	indent := e.indent(start)
	step := e.step(start)
	lines := []string{"GatewayResponses:"}
	for _, kind := range []string{"DEFAULT_4XX", "DEFAULT_5XX"} {
		lines = append(lines, step+kind+":", step+step+"ResponseParameters:", step+step+step+"Headers:")
		for _, h := range s.Headers {
			if strings.ContainsAny(h[1], "'\"\\\n") {
				return nil, false
			}
			lines = append(lines, step+step+step+step+h[0]+`: "'`+h[1]+`'"`)
		}
	}
	if e.has(start, "GatewayResponses") {
		return nil, false
	}
	newline := e.newline()
	return e.replace(start, start, indent+strings.Join(lines, newline+indent)+newline), true
}

// line returns where the line of an offset starts, and the key that it begins with.
func (e editor) line(at int) (start int, key string) {
	start = bytes.LastIndexByte(e.file.Data[:at], '\n') + 1
	text := e.file.Data[start:]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	name, _, ok := bytes.Cut(bytes.TrimSpace(text), []byte(":"))
	if !ok || bytes.ContainsAny(name, "{[-#") {
		return start, ""
	}
	return start, strings.Trim(string(name), `"' `)
}

func (e editor) indent(start int) string {
	text := e.file.Data[start:]
	return string(text[:len(text)-len(bytes.TrimLeft(text, " "))])
}

// outerLine returns the line of the block around a line.
func (e editor) outerLine(start int) (int, bool) {
	depth := len(e.indent(start))
	for at := start; at > 0; {
		at = bytes.LastIndexByte(e.file.Data[:at-1], '\n') + 1
		text := bytes.TrimSpace(lineAt(e.file.Data, at))
		if len(text) > 0 && text[0] != '#' && len(e.indent(at)) < depth {
			return at, true
		}
	}
	return 0, false
}

func (e editor) outer(start int) (key string, ok bool) {
	at, ok := e.outerLine(start)
	if !ok {
		return "", false
	}
	_, key = e.line(at)
	return key, true
}

// blockEnd returns the end of the block that a line begins, without its last line feed.
func (e editor) blockEnd(start int) int {
	depth := len(e.indent(start))
	end := start + len(lineAt(e.file.Data, start))
	for at := end + 1; at < len(e.file.Data); {
		text := lineAt(e.file.Data, at)
		if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 {
			inner := len(e.indent(at)) > depth || len(e.indent(at)) == depth && trimmed[0] == '-'
			if !inner {
				break
			}
			end = at + len(bytes.TrimRight(text, "\r"))
		}
		at += len(text) + 1
	}
	return end
}

// has reports whether a key stands beside a line.
func (e editor) has(start int, key string) bool {
	outer, ok := e.outerLine(start)
	if !ok {
		return true // nothing says what stands around it
	}
	depth := len(e.indent(start))
	for at := outer; at < e.blockEnd(outer); at += len(lineAt(e.file.Data, at)) + 1 {
		if _, found := e.line(at); found == key && len(e.indent(at)) == depth {
			return true
		}
	}
	return false
}

// step is how much deeper a block is indented than the one around it.
func (e editor) step(start int) string {
	if outer, ok := e.outerLine(start); ok {
		return strings.Repeat(" ", len(e.indent(start))-len(e.indent(outer)))
	}
	return "  "
}

// beside writes a line below another one, as deep.
func (e editor) beside(start int, text string) source.Edits {
	end := start + len(bytes.TrimRight(lineAt(e.file.Data, start), "\r"))
	return e.replace(end, end, e.newline()+e.indent(start)+text)
}

func (e editor) replace(start, end int, text string) source.Edits {
	return source.Edits{{Span: source.Span{File: e.file, Start: start, End: end}, Text: text}}
}

// newline returns the line ends of the file, as its first line has them.
func (e editor) newline() string {
	if i := bytes.IndexByte(e.file.Data, '\n'); i > 0 && e.file.Data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// lineAt returns the line that starts at an offset, without its line feed.
func lineAt(data []byte, start int) []byte {
	text := data[start:]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i]
	}
	return text
}
