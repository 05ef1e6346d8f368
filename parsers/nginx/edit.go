package nginx

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/repair"
	"github.com/corslint/corslint/internal/source"
	"github.com/corslint/corslint/parsers"
	"github.com/corslint/corslint/parsers/nginx/conf"
)

var _ parsers.Editor = Dialect{}

// Edit turns a step of a repair into edits of an nginx file. A template is not what runs, and the output of `nginx -T` is
// nobody's configuration: neither is edited.
func (d Dialect) Edit(step repair.Step) (source.Edits, bool) {
	at := step.Place()
	if at.IsZero() || conf.Sections(at.File) != nil {
		return nil, false
	}
	tree := treeAt(at)
	if tree == nil || tree.Broken || tree.Template {
		return nil, false
	}
	e := editor{options: d.Options, tree: tree}
	switch s := step.(type) {
	case repair.Replace:
		return e.replace(s.At, s.Text)
	case repair.AddToList:
		return e.addToList(s.At, s.Names)
	case repair.Rewrite:
		return e.rewrite(s)
	case repair.SendAlways:
		return e.sendAlways(s.At)
	case repair.Repeat:
		return e.repeat(s)
	case repair.Inherit:
		return e.inherit(s.At)
	case repair.SetValue:
		return e.setValue(s)
	case repair.SetHeader:
		return e.setHeader(s)
	case repair.Remove:
		return e.remove(s.At)
	case repair.HideUpstream:
		return e.hideUpstream(s)
	case repair.AnswerPreflight:
		return e.answerPreflight(s)
	case repair.ChooseOrigin:
		return e.chooseOrigin(s)
	}
	return nil, false
}

// treeAt returns the configuration that a place is in: of several in a file of ConfigMaps the one around it.
func treeAt(at source.Span) *conf.File {
	for _, found := range recognise(at.File) {
		for tree := range found.File.All() {
			if s := tree.Span; s.File == at.File && s.Start <= at.Start && at.End <= s.End {
				return tree
			}
		}
	}
	return nil
}

// editor edits one file.
type editor struct {
	options Options
	tree    *conf.File
}

// directive returns the directive that starts where a span does, and the blocks around it, the outermost first.
func (e *editor) directive(at source.Span) (d *conf.Directive, around []*conf.Directive) {
	body := e.tree.Body
	for {
		i := slices.IndexFunc(body, func(d *conf.Directive) bool { return d.Span.Start <= at.Start && at.Start < d.Span.End })
		if i < 0 || body[i].Kind != conf.Statement {
			return nil, nil
		}
		if body[i].Head.Start == at.Start {
			return body[i], around
		}
		around = append(around, body[i])
		body = body[i].Body
	}
}

// addHeader returns the add_header that starts where a span does.
func (e *editor) addHeader(at source.Span) (*conf.Directive, []*conf.Directive) {
	d, around := e.directive(at)
	if d == nil || d.Name != "add_header" || len(d.Args) < 2 {
		return nil, nil
	}
	return d, around
}

// word returns the word that a span lies in.
func (e *editor) word(at source.Span) (conf.Word, bool) {
	for d := range conf.Walk(e.tree.Body) {
		for _, w := range append([]conf.Word{d.Word}, d.Args...) {
			if w.Span.Start <= at.Start && at.End <= w.Span.End {
				return w, w.Known()
			}
		}
	}
	return conf.Word{}, false
}

func (e *editor) sendAlways(at source.Span) (source.Edits, bool) {
	d, _ := e.addHeader(at)
	if d == nil || len(d.Args) != 2 {
		return nil, false
	}
	return insert(d.Head.File, d.Head.End, " always"), true
}

func (e *editor) repeat(s repair.Repeat) (source.Edits, bool) {
	lines := make([]string, len(s.Lines))
	for i, line := range s.Lines {
		lines[i] = line.Text()
		if !strings.HasPrefix(lines[i], "add_header") || strings.Contains(lines[i], "\n") {
			return nil, false
		}
		if s.Always && !strings.HasSuffix(lines[i], " always") {
			lines[i] += " always"
		}
		lines[i] += ";"
	}
	if d, _ := e.addHeader(s.Beside); d != nil {
		return after(d, lines...), true
	}
	d, around := e.directive(s.Beside)
	if d == nil || d.HasBlock || !e.ownHeaders(around) {
		return nil, false
	}
	return before(d, lines...), true
}

// ownHeaders reports whether a header in the innermost of some blocks takes no other ones away: it is a location or a block in
// one, and the first level with headers, if there is any.
func (e *editor) ownHeaders(around []*conf.Directive) bool {
	header := func(d *conf.Directive) bool { return d.Name == "add_header" }
	if !slices.ContainsFunc(around, func(d *conf.Directive) bool { return d.Name == "location" }) {
		return false
	}
	for i, level := range slices.Backward(around) {
		if slices.ContainsFunc(level.Body, header) {
			return i == len(around)-1
		}
	}
	return !slices.ContainsFunc(e.tree.Body, header)
}

func (e *editor) inherit(at source.Span) (source.Edits, bool) {
	d, around := e.addHeader(at)
	if d == nil || !e.options.Version.HasHeaderInherit() {
		return nil, false
	}
	if len(around) == 0 || around[len(around)-1].Name == "if" { // it may not stand there
		return nil, false
	}
	return before(d, "add_header_inherit merge;"), true
}

func (e *editor) setHeader(s repair.SetHeader) (source.Edits, bool) {
	d, around := e.addHeader(s.Beside)
	switch {
	case d == nil:
		return nil, false
	case !s.Outside:
		return after(d, e.header(d, s.Name, s.Value)), true
	case len(around) == 0 || around[len(around)-1].Name != "if":
		return nil, false
	}
	return before(around[len(around)-1], e.header(d, s.Name, s.Value)), true
}

func (e *editor) setValue(s repair.SetValue) (source.Edits, bool) {
	d, _ := e.addHeader(s.At)
	if d == nil {
		return nil, false
	}
	return source.Edits{{Span: d.Args[1].Span, Text: quoted(s.Value, d.Args[1].Quote)}}, true
}

// header writes an add_header in the manner of another one.
func (e *editor) header(like *conf.Directive, name, value string) string {
	line := "add_header " + quoted(name, like.Args[0].Quote) + " " + quoted(value, like.Args[1].Quote)
	for _, w := range like.Args[2:] {
		line += " " + w.Span.Text()
	}
	return line + ";"
}

func (e *editor) remove(at source.Span) (source.Edits, bool) {
	d, _ := e.directive(at)
	if d == nil || d.HasBlock {
		return nil, false
	}
	f, from, to := d.Span.File, d.Span.Start, d.Span.End
	start, end := lineOf(f, from, to)
	if blank(f.Data[start:from]) && blank(f.Data[to:end]) {
		from, to = start, min(end+1, len(f.Data))
	} else {
		for to < end && (f.Data[to] == ' ' || f.Data[to] == '\t') {
			to++
		}
	}
	return source.Edits{{Span: source.Span{File: f, Start: from, End: to}}}, true
}

// hiders are the directives that keep a header of an upstream away, by what asks the upstream.
var hiders = map[string]string{
	"proxy_pass": "proxy_hide_header", "fastcgi_pass": "fastcgi_hide_header", "uwsgi_pass": "uwsgi_hide_header",
	"scgi_pass": "scgi_hide_header", "grpc_pass": "grpc_hide_header",
}

func (e *editor) hideUpstream(s repair.HideUpstream) (source.Edits, bool) {
	d, around := e.directive(s.At)
	if d == nil || len(around) == 0 {
		return nil, false
	}
	for _, d := range around[len(around)-1].Body {
		if hiders[d.Name] != "" {
			return after(d, hiders[d.Name]+" "+s.Header+";"), true
		}
	}
	return nil, false
}

func (e *editor) replace(at source.Span, text string) (source.Edits, bool) {
	w, ok := e.word(at)
	if !ok {
		return nil, false
	}
	if at == w.Span && w.Quote != 0 { // the whole word, with its quotes
		at.Start++
		at.End--
	}
	return put(w, at, text), true
}

// put replaces a part of a word, and quotes the word if it has to be then.
func put(w conf.Word, at source.Span, text string) source.Edits {
	if w.Quote == 0 && needsQuotes(text) {
		raw := at.File.Data[w.Span.Start:at.Start]
		rest := at.File.Data[at.End:w.Span.End]
		return source.Edits{{Span: w.Span, Text: `"` + string(raw) + escaped(text, '"', len(rest) == 0) + string(rest) + `"`}}
	}
	return source.Edits{{Span: at, Text: escaped(text, w.Quote, at.End >= w.Span.End-1)}}
}

func (e *editor) addToList(at source.Span, names []string) (source.Edits, bool) {
	w, ok := e.word(at)
	if !ok {
		return nil, false
	}
	if at == w.Span && w.Quote != 0 {
		at.Start++
		at.End--
	}
	separator := ","
	if text := at.Text(); w.Quote != 0 && (strings.Contains(text, ", ") || !strings.Contains(text, ",")) {
		separator = ", "
	}
	list := strings.Join(names, separator)
	if strings.TrimSpace(at.Text()) != "" {
		list = separator + list
	}
	at.Start = at.End
	return put(w, at, list), true
}

func (e *editor) rewrite(s repair.Rewrite) (source.Edits, bool) {
	w, ok := e.word(s.At)
	if !ok || !strings.HasSuffix(w.Value, s.Old) || s.Old == "" {
		return nil, false
	}
	// The word of a map begins with what makes it an expression.
	part := w.Slice(len(w.Value)-len(s.Old), len(w.Value))
	return put(w, part.Span, s.New), true
}

func (e *editor) answerPreflight(s repair.AnswerPreflight) (source.Edits, bool) {
	d, around := e.directive(s.At)
	if d == nil {
		return nil, false
	}
	// In an if of a server no header may stand, and what an if of a location does there shows only by running it.
	around = append(around, d)
	i := slices.IndexFunc(around, func(d *conf.Directive) bool { return d.Name == "location" })
	if i < 0 || len(around[i].Body) == 0 || around[len(around)-1].Name == "if" {
		return nil, false
	}
	for _, inner := range around[i:] {
		if inner.Name == "location" {
			d = inner
		}
	}
	if len(d.Body) == 0 || d.Body[0].Kind != conf.Statement {
		return nil, false
	}
	lines := []string{"if ($request_method = OPTIONS) {"}
	step := indentStep(d)
	var like *conf.Directive
	for _, line := range s.Lines {
		header, _ := e.addHeader(line)
		if header == nil {
			return nil, false
		}
		like = header
		lines = append(lines, step+header.Head.Text()+";")
	}
	for _, h := range s.Headers {
		line := fmt.Sprintf("add_header %s %s;", h[0], quoted(h[1], 0))
		if like != nil {
			line = e.header(like, h[0], h[1])
		}
		lines = append(lines, step+line)
	}
	return before(d.Body[0], append(lines, step+"return 204;", "}")...), true
}

func (e *editor) chooseOrigin(s repair.ChooseOrigin) (source.Edits, bool) {
	d, around := e.addHeader(s.At)
	i := slices.IndexFunc(around, func(d *conf.Directive) bool { return d.Name == "server" })
	if d == nil || i < 0 {
		return nil, false
	}
	name := "$cors_origin"
	for n := 2; strings.Contains(e.text(), name); n++ {
		name = fmt.Sprintf("$cors_origin_%d", n)
	}
	step := indentStep(around[i])
	lines := []string{"map $http_origin " + name + " {", step + `default "";`}
	for _, origin := range s.Origins {
		lines = append(lines, step+quoted(origin, '"')+" $http_origin;")
	}
	return append(before(around[i], append(lines, "}")...), source.Edit{Span: d.Args[1].Span, Text: name}), true
}

func (e *editor) text() string { return e.tree.Span.Text() }

func insert(f *source.File, at int, text string) source.Edits {
	return source.Edits{{Span: source.Span{File: f, Start: at, End: at}, Text: text}}
}

// after writes lines behind a directive: below it where it ends its line, else on the same line.
func after(d *conf.Directive, lines ...string) source.Edits {
	f, at := d.Span.File, d.Span.End
	start, end := lineOf(f, d.Span.Start, at)
	indent := f.Data[start:d.Span.Start]
	if rest := strings.TrimSpace(string(f.Data[at:end])); blank(indent) && (rest == "" || rest[0] == '#') {
		separator := newline(f) + string(indent)
		for at = end; at > 0 && f.Data[at-1] == '\r'; {
			at--
		}
		return insert(f, at, separator+strings.Join(lines, separator))
	}
	return insert(f, at, " "+strings.Join(lines, " "))
}

// before writes lines in front of a directive: above it where it begins its line, else on the same line.
func before(d *conf.Directive, lines ...string) source.Edits {
	f, at := d.Span.File, d.Span.Start
	start, _ := lineOf(f, at, at)
	if indent := f.Data[start:at]; blank(indent) {
		separator := newline(f) + string(indent)
		return insert(f, at, strings.Join(lines, separator)+separator)
	}
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return insert(f, at, strings.Join(lines, " ")+" ")
}

// indentStep is how much deeper the body of a block is indented than the block.
func indentStep(d *conf.Directive) string {
	indent := func(d *conf.Directive) (string, bool) {
		start, _ := lineOf(d.Span.File, d.Span.Start, d.Span.Start)
		text := d.Span.File.Data[start:d.Span.Start]
		return string(text), blank(text)
	}
	outer, ok := indent(d)
	if ok && len(d.Body) > 0 {
		if inner, ok := indent(d.Body[0]); ok && strings.HasPrefix(inner, outer) && len(inner) > len(outer) {
			return inner[len(outer):]
		}
	}
	return "    "
}

// lineOf returns where the line of an offset starts, and where that of a later offset ends, before its line feed.
func lineOf(f *source.File, from, to int) (start, end int) {
	start = bytes.LastIndexByte(f.Data[:from], '\n') + 1
	end = len(f.Data)
	if i := bytes.IndexByte(f.Data[to:], '\n'); i >= 0 {
		end = to + i
	}
	return start, end
}

func blank(text []byte) bool { return len(bytes.TrimSpace(text)) == 0 }

// newline returns the line ends of a file, as its first line has them.
func newline(f *source.File) string {
	if i := bytes.IndexByte(f.Data, '\n'); i > 0 && f.Data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// needsQuotes reports whether a text ends an unquoted word early, or is none.
func needsQuotes(text string) bool { return text == "" || strings.ContainsAny(text, " \t;{}\"'#") }

// quoted writes a word with the quotes of another one, or with some if it needs them.
func quoted(text string, quote byte) string {
	if quote == 0 && !needsQuotes(text) {
		return escaped(text, 0, true)
	}
	if quote == 0 {
		quote = '"'
	}
	return string(quote) + escaped(text, quote, true) + string(quote)
}

// escaped writes a text so that nginx reads it as it is: a backslash is doubled where nginx would take it for the start of an
// escape sequence. last: the word ends behind it.
func escaped(text string, quote byte, last bool) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		special := i+1 < len(text) && strings.IndexByte(`"'\trn`, text[i+1]) >= 0 || i+1 == len(text) && last
		if c == '\\' && special || quote != 0 && c == quote {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
