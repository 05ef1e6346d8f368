package express

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
)

var _ parsers.Editor = Dialect{}

// Edit turns a step of a repair into edits of a JavaScript or TypeScript file. It looks at tokens alone: what becomes of the
// program is for the simulation to say, which runs it.
func (Dialect) Edit(step repair.Step) (source.Edits, bool) {
	at := step.Place()
	if at.IsZero() || !script.Is(at.Path()) {
		return nil, false
	}
	tokens, ok := script.Tokens(at.File.Data)
	if !ok {
		return nil, false
	}
	e := editor{file: at.File, tokens: tokens}
	switch s := step.(type) {
	case repair.Replace:
		return e.replace(s.At, s.Text)
	case repair.AddToList:
		return e.addToList(s.At, s.Names)
	case repair.Rewrite:
		return e.rewrite(s)
	case repair.SetHeader:
		return e.setHeader(s)
	case repair.SetValue:
		return e.setValue(s)
	case repair.Remove:
		return e.remove(s.At)
	case repair.ChooseOrigin:
		return e.chooseOrigin(s)
	case repair.Refuse:
		return e.refuse(s.At)
	case repair.MoveBefore:
		return e.moveBefore(s)
	}
	return nil, false
}

// editor edits one file. Places in it are indexes of tokens; -1 is none.
type editor struct {
	file   *source.File
	tokens []script.Token
}

func (e *editor) edit(start, end int, text string) source.Edits {
	return source.Edits{{Span: source.Span{File: e.file, Start: start, End: end}, Text: text}}
}

// at returns the token that an offset lies in.
func (e *editor) at(offset int) int {
	i, _ := slices.BinarySearchFunc(e.tokens, offset, func(t script.Token, offset int) int { return t.End - 1 - offset })
	if i < len(e.tokens) && e.tokens[i].Start <= offset {
		return i
	}
	return -1
}

// text returns how a token is written, "" for none.
func (e *editor) text(i int) string {
	if i < 0 || i >= len(e.tokens) {
		return ""
	}
	return string(e.file.Data[e.tokens[i].Start:e.tokens[i].End])
}

func (e *editor) around(i int) int {
	if i < 0 || i >= len(e.tokens) {
		return -1
	}
	return e.tokens[i].Around
}

func (e *editor) replace(at source.Span, text string) (source.Edits, bool) {
	i := e.at(at.Start)
	if i < 0 || at.End > e.tokens[i].End {
		return nil, false
	}
	switch t := e.tokens[i]; t.Kind {
	case script.String:
		quote := e.file.Data[t.Start]
		if t.End-t.Start < 2 || e.file.Data[t.End-1] != quote { // never closed
			return nil, false
		}
		if at.Start == t.Start && at.End == t.End {
			at.Start++
			at.End--
		}
		if at.Start == t.Start || at.End == t.End || strings.ContainsAny(text, "\\\n\r"+string(quote)) || quote == '`' && strings.Contains(text, "${") {
			return nil, false
		}
		return e.edit(at.Start, at.End, text), true
	case script.Word:
		// A name for a name, a number for a number.
		if at.Start != t.Start || at.End != t.End || strings.ContainsFunc(text, func(c rune) bool { return !isName(c) }) {
			return nil, false
		}
		return e.edit(at.Start, at.End, text), true
	case script.Regexp, script.Punctuation:
	}
	return nil, false
}

func isName(c rune) bool {
	return c == '_' || c == '$' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// addToList adds to the array that a place is in or has, each name as a string of its own; to a string that is a list itself
// where there is no array.
func (e *editor) addToList(at source.Span, names []string) (source.Edits, bool) {
	i := e.at(at.Start)
	if i < 0 {
		return nil, false
	}
	open := -1
	if around := e.around(i); e.tokens[i].Kind == script.String && e.text(around) == "[" {
		open = around
	}
	for j := i; open < 0 && j < len(e.tokens) && e.tokens[j].Start < at.End; j++ {
		if e.text(j) == "[" && e.tokens[j].Match > 0 && e.tokens[e.tokens[j].Match].End <= at.End {
			open = j
		}
	}
	if open >= 0 {
		return e.addElements(open, names)
	}
	if t := e.tokens[i]; t.Kind != script.String || at.End > t.End {
		return nil, false
	}
	separator := ","
	if strings.Contains(at.Text(), ", ") {
		separator = ", "
	}
	list := strings.Trim(at.Text(), "'\"`")
	return e.replace(at, list+separator+strings.Join(names, separator))
}

// addElements adds strings to an array, in the manner of its last element.
func (e *editor) addElements(open int, names []string) (source.Edits, bool) {
	last := e.tokens[open].Match - 1
	comma := e.text(last) == ","
	if comma {
		last--
	}
	if last <= open || e.tokens[last].Kind != script.String {
		return nil, false
	}
	t, quote := e.tokens[last], e.text(last)[:1]
	separator := ", "
	if start := lineStart(e.file.Data, t.Start); len(bytes.TrimSpace(e.file.Data[start:t.Start])) == 0 { // each on a line of its own
		separator = "," + newline(e.file.Data) + string(e.file.Data[start:t.Start])
	}
	var b strings.Builder
	for _, name := range names {
		if strings.ContainsAny(name, "'\"`\\\n") {
			return nil, false
		}
		b.WriteString(separator + quote + name + quote)
	}
	return e.edit(t.End, t.End, b.String()), true
}

func (e *editor) rewrite(s repair.Rewrite) (source.Edits, bool) {
	i := e.at(s.At.Start)
	if i < 0 || e.tokens[i].Kind != script.Regexp {
		return nil, false
	}
	t, text := e.tokens[i], e.text(i)
	end := strings.LastIndexByte(text, '/')
	if end < 1 || text[1:end] != s.Old || strings.Contains(s.New, "\n") {
		return nil, false
	}
	return e.edit(t.Start+1, t.Start+end, s.New), true
}

// options are the options of the cors package by the header that they make.
var corsOptions = map[string]string{
	"access-control-allow-methods": "methods", "access-control-allow-headers": "allowedHeaders",
	"access-control-expose-headers": "exposedHeaders", "access-control-allow-credentials": "credentials",
}

// setHeader writes a header beside another one: an option beside an option, a statement behind a statement.
func (e *editor) setHeader(s repair.SetHeader) (source.Edits, bool) {
	i := e.at(s.Beside.Start)
	if i < 0 {
		return nil, false
	}
	if option := corsOptions[strings.ToLower(s.Name)]; option != "" && e.text(i+1) == ":" && e.text(e.around(i)) == "{" && !s.Outside {
		return e.addOption(i, s.Beside.End, option, s.Value)
	}
	st, ok := e.statement(i)
	if !ok || e.text(i+1) != "(" || i < 2 || e.text(i-1) != "." || st.first != i-2 {
		return nil, false
	}
	method := e.text(i)
	call := ""
	switch {
	case s.Name == "Vary" && (method == "set" || method == "header" || method == "vary"):
		call = e.text(i-2) + ".vary('" + s.Value + "')"
	case s.Name == "Vary" && method == "setHeader":
		call = e.text(i-2) + ".appendHeader('Vary', '" + s.Value + "')" // since Node 18.3
	case method == "set" || method == "header" || method == "setHeader":
		call = e.text(i-2) + "." + method + "('" + s.Name + "', '" + s.Value + "')"
	default:
		return nil, false
	}
	if s.Outside {
		return e.outside(st, call)
	}
	if !st.ownLines {
		return e.edit(st.end, st.end, " "+call+";"), true
	}
	end := lineEnd(e.file.Data, st.end)
	for end > st.end && e.file.Data[end-1] == '\r' {
		end--
	}
	return e.edit(end, end, newline(e.file.Data)+st.indent+call+st.semicolon), true
}

// addOption adds an option behind a property of an object.
func (e *editor) addOption(property, end int, option, value string) (source.Edits, bool) {
	open := e.around(property)
	for j := open + 1; j < e.tokens[open].Match; j++ {
		if e.around(j) == open && e.text(j) == option {
			return nil, false
		}
	}
	quote := "'"
	for j := property; j < len(e.tokens) && e.tokens[j].Start < end; j++ {
		if e.tokens[j].Kind == script.String && e.text(j)[0] == '"' {
			quote = `"`
		}
	}
	text := "true"
	if option != "credentials" {
		items := strings.Split(value, ", ")
		text = "[" + quote + strings.Join(items, quote+", "+quote) + quote + "]"
	}
	separator := ", "
	if start := lineStart(e.file.Data, e.tokens[property].Start); len(bytes.TrimSpace(e.file.Data[start:e.tokens[property].Start])) == 0 {
		separator = "," + newline(e.file.Data) + string(e.file.Data[start:e.tokens[property].Start])
	}
	return e.edit(end, end, separator+option+": "+text), true
}

// setValue gives a header another value, where a call writes it by its name.
func (e *editor) setValue(s repair.SetValue) (source.Edits, bool) {
	i := e.at(s.At.Start)
	if i < 0 || e.text(i+1) != "(" || i+4 >= len(e.tokens) || e.tokens[i+2].Kind != script.String || e.text(i+3) != "," || strings.Contains(s.Value, "'") {
		return nil, false
	}
	from, to := e.tokens[i+4].Start, e.tokens[e.tokens[i+1].Match-1].End
	if from >= to {
		return nil, false
	}
	return e.edit(from, to, "'"+s.Value+"'"), true
}

// remove takes out an element of a list, or a statement.
func (e *editor) remove(at source.Span) (source.Edits, bool) {
	i := e.at(at.Start)
	if i < 0 {
		return nil, false
	}
	if around := e.around(i); e.tokens[i].Kind == script.String && e.text(around) == "[" {
		return e.removeElement(i)
	}
	if e.text(e.around(i)) == "{" && e.text(i+1) == ":" {
		return e.removeProperty(i)
	}
	if i < 2 || e.text(i-1) != "." || e.text(i+1) != "(" {
		return nil, false
	}
	st, ok := e.statement(i)
	if !ok || st.first != i-2 || e.tokens[e.tokens[i+1].Match].End+len(st.semicolon) != st.end {
		return nil, false
	}
	if st.ownLines {
		return e.edit(lineStart(e.file.Data, st.start), min(lineEnd(e.file.Data, st.end)+1, len(e.file.Data)), ""), true
	}
	return e.edit(st.start, st.end, ""), true
}

// removeProperty takes a property out of an object: with the comma behind it or, of the last one, before it; with its line,
// where nothing else stands there.
func (e *editor) removeProperty(i int) (source.Edits, bool) {
	around, last := e.around(i), i
	for last+1 < e.tokens[around].Match && !(e.text(last+1) == "," && e.around(last+1) == around) {
		last++
	}
	data, start, end := e.file.Data, e.tokens[i].Start, e.tokens[last].End
	behind, before := e.text(last+1), e.text(i-1)
	line, rest := lineStart(data, start), lineEnd(data, end)
	switch {
	case behind == "," && len(bytes.TrimSpace(data[line:start])) == 0 && string(bytes.TrimSpace(data[end:rest])) == ",":
		return e.edit(line, min(rest+1, len(data)), ""), true
	case behind == ",":
		return e.edit(start, e.tokens[last+2].Start, ""), len(bytes.TrimSpace(data[e.tokens[last+1].End:e.tokens[last+2].Start])) == 0
	case before == ",":
		return e.edit(e.tokens[i-1].Start, end, ""), len(bytes.TrimSpace(data[e.tokens[i-1].End:start])) == 0
	}
	return e.edit(start, end, ""), true
}

// chooseOrigin makes a list of the origins that the option of cors has in one text: the package chooses then.
func (e *editor) chooseOrigin(s repair.ChooseOrigin) (source.Edits, bool) {
	i := e.at(s.At.Start)
	for ; i >= 0 && i < len(e.tokens) && e.tokens[i].Start < s.At.End && e.tokens[i].Kind != script.String; i++ {
	}
	if i < 2 || i >= len(e.tokens) || e.tokens[i].Kind != script.String || e.text(i-1) != ":" || e.text(i-2) != "origin" {
		return nil, false
	}
	if next := e.text(i + 1); next != "," && next != "}" {
		return nil, false
	}
	quote := e.text(i)[:1]
	return e.edit(e.tokens[i].Start, e.tokens[i].End, "["+quote+strings.Join(s.Origins, quote+", "+quote)+quote+"]"), true
}

// removeElement takes a string out of an array, with the comma behind it or before.
func (e *editor) removeElement(i int) (source.Edits, bool) {
	start, end := e.tokens[i].Start, e.tokens[i].End
	behind, before := e.text(i+1), e.text(i-1)
	switch {
	case behind != "," && behind != "]" || before != "," && before != "[":
		return nil, false // part of an expression
	case before == ",":
		start = e.tokens[i-1].Start
	case behind == "," && i+2 < len(e.tokens):
		end = e.tokens[i+2].Start
	}
	if before == "," && bytes.Contains(e.file.Data[start:end], []byte("/")) && bytes.ContainsAny(e.file.Data[e.tokens[i-1].End:e.tokens[i].Start], "/") {
		return nil, false // a comment stands between
	}
	return e.edit(start, end, ""), true
}

// refuse replaces the arguments of a callback: no error, and no.
func (e *editor) refuse(at source.Span) (source.Edits, bool) {
	i := e.at(at.Start)
	if i < 0 || e.tokens[i].Kind != script.Word || e.text(i+1) != "(" {
		return nil, false
	}
	return e.edit(e.tokens[i+1].End, e.tokens[e.tokens[i+1].Match].Start, "null, false"), true
}

// moveBefore moves a statement before another one of the same block, with the declarations between them that it needs.
func (e *editor) moveBefore(s repair.MoveBefore) (source.Edits, bool) {
	if s.Before.File != e.file {
		return nil, false
	}
	moved, ok := e.statement(e.at(s.At.Start))
	before, found := e.statement(e.at(s.Before.Start))
	if !ok || !found || !moved.ownLines || !before.ownLines || moved.around != before.around || moved.start <= before.start {
		return nil, false
	}
	var between []placed
	for i := before.first; i < moved.first; {
		st, ok := e.statement(i)
		if !ok {
			return nil, false
		}
		between = append(between, st)
		for i < len(e.tokens) && e.tokens[i].Start < st.end {
			i++
		}
	}
	moves, needed := []placed{moved}, e.words(moved)
	for _, st := range slices.Backward(between) {
		if name, ok := e.declares(st); ok && needed[name] {
			if !st.ownLines {
				return nil, false
			}
			moves = append(moves, st)
			maps.Copy(needed, e.words(st))
		}
	}
	var text strings.Builder
	target := lineStart(e.file.Data, before.start)
	var edits source.Edits
	for _, st := range slices.Backward(moves) {
		from, to := lineStart(e.file.Data, st.start), min(lineEnd(e.file.Data, st.end)+1, len(e.file.Data))
		text.Write(e.file.Data[from:to])
		if to == len(e.file.Data) && !strings.HasSuffix(text.String(), "\n") {
			text.WriteString(newline(e.file.Data))
		}
		edits = append(edits, e.edit(from, to, "")...)
	}
	return append(e.edit(target, target, text.String()), edits...), true
}

// words returns the names in a statement.
func (e *editor) words(st placed) map[string]bool {
	out := map[string]bool{}
	for i := st.first; i < len(e.tokens) && e.tokens[i].Start < st.end; i++ {
		if e.tokens[i].Kind == script.Word && e.text(i-1) != "." {
			out[e.text(i)] = true
		}
	}
	return out
}

// declares returns the name that a statement declares, and that cannot be used above it.
func (e *editor) declares(st placed) (string, bool) {
	switch e.text(st.first) {
	case "const", "let", "class", "var":
		return e.text(st.first + 1), true
	}
	return "", false
}

// placed is a statement of a block or of the file.
type placed struct {
	first, around int // its first token, and the brace around it
	start, end    int // the end is behind its semicolon
	semicolon     string
	indent        string
	ownLines      bool // nothing else but comments stands on its lines
}

// statement returns the statement that a token is part of: from the start of a line, or what ends the statement before, in
// the innermost block.
func (e *editor) statement(i int) (placed, bool) {
	if i < 0 {
		return placed{}, false
	}
	// Out of the parentheses and literals that the token stands in.
	for open := e.around(i); open >= 0; open = e.around(open) {
		if e.text(open) != "{" || !e.block(open) {
			i = open
			continue
		}
		break
	}
	first := i
	for first > 0 && e.around(first-1) == e.around(i) && !e.ends(first-1) {
		if m := e.tokens[first-1].Match; m >= 0 && m < first-1 {
			first = m
		} else {
			first--
		}
	}
	last := i
	for last+1 < len(e.tokens) && e.text(last) != ";" {
		if m := e.tokens[last].Match; m > last {
			last = m
			continue
		}
		if next := e.text(last + 1); next == "}" || e.ends(last) && e.text(last) != "," {
			break
		}
		last++
	}
	s := placed{first: first, around: e.around(first), start: e.tokens[first].Start, end: e.tokens[last].End}
	if e.text(last) == ";" {
		s.semicolon = ";"
	}
	head := e.file.Data[lineStart(e.file.Data, s.start):s.start]
	tail := bytes.TrimSpace(e.file.Data[s.end:lineEnd(e.file.Data, s.end)])
	s.indent = string(head)
	s.ownLines = len(bytes.TrimSpace(head)) == 0 && (len(tail) == 0 || bytes.HasPrefix(tail, []byte("//")))
	return s, true
}

// block reports whether a brace opens a block of statements: behind a parenthesis, an arrow or a word such as else.
func (e *editor) block(open int) bool {
	before := e.text(open - 1)
	return open == 0 || before == ")" || before == "else" || before == "try" || before == "finally" || before == "do" ||
		before == ">" && e.text(open-2) == "=" || before == ";" || before == "}" || before == "{"
}

// ends reports whether a statement ends with a token: a semicolon, a brace, or the end of a line behind which another
// statement begins.
func (e *editor) ends(i int) bool {
	switch text := e.text(i); text {
	case ";", "{":
		return true
	case "}":
		return e.tokens[i].Match < 0 || e.block(e.tokens[i].Match)
	}
	if i+1 >= len(e.tokens) {
		return true
	}
	between := e.file.Data[e.tokens[i].End:e.tokens[i+1].Start]
	if !bytes.Contains(between, []byte("\n")) || e.tokens[i+1].Kind != script.Word {
		return false
	}
	return e.tokens[i].Kind != script.Punctuation || e.text(i) == ")" || e.text(i) == "]"
}

// outside writes a call before the if around a statement.
func (e *editor) outside(s placed, call string) (source.Edits, bool) {
	if s.around < 0 || e.text(s.around-1) != ")" {
		return nil, false
	}
	condition := e.tokens[s.around-1].Match
	if e.text(condition-1) != "if" || e.text(condition-2) == "else" {
		return nil, false
	}
	at := e.tokens[condition-1].Start
	start := lineStart(e.file.Data, at)
	if len(bytes.TrimSpace(e.file.Data[start:at])) > 0 {
		return nil, false
	}
	return e.edit(at, at, call+";"+newline(e.file.Data)+string(e.file.Data[start:at])), true
}

func lineStart(data []byte, at int) int { return bytes.LastIndexByte(data[:at], '\n') + 1 }

// lineEnd returns the offset of the line feed that ends a line.
func lineEnd(data []byte, at int) int {
	if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(data)
}

// newline returns the line ends of a file, as its first line has them.
func newline(data []byte) string {
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
