package conf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/corslint/corslint/internal/source"
)

// Check says of every directive of the file, which stands in a context, and of the files included in it, in what kind of
// block it is and what nginx knows of it, and reports those that nginx would refuse to start with: ngx_conf_handler's
// tests, and those of the directives themselves that are often met. A directive with a placeholder is not judged; nor is
// one that this package does not know.
func Check(f *File, in Context) {
	checkBody(f, f.Body, in)
}

func checkBody(f *File, body []*Directive, in Context) {
	control := slices.ContainsFunc(body, func(d *Directive) bool { return d.Kind == Control })
	for _, d := range body {
		d.Context = in
		schema, problem := judge(d, in)
		if control && problem.Text != "" {
			// A template's tags may move directives elsewhere ({{ define }}), so where they stand proves nothing.
			problem = Problem{}
			if rows := Schemas(d.Name); schema == nil && len(rows) > 0 {
				schema = &rows[0]
			}
		}
		d.Schema = schema
		if problem.Text != "" {
			f.refuse(d, problem)
		}
		for _, included := range d.Included {
			Check(included, in)
		}
		inner := Opaque
		if schema != nil && schema.Body != 0 {
			inner = schema.Body
		}
		checkBody(f, d.Body, inner)
	}
}

// refuse reports a directive that nginx refuses. If it has swallowed the next one, that is why: one problem, not two.
func (f *File) refuse(d *Directive, p Problem) {
	for i := range f.Problems {
		q := &f.Problems[i]
		if q.Kind == Suspicious && q.Span.File == d.Head.File && d.Head.Start <= q.Span.Start && q.Span.End <= d.Head.End {
			p.Hint, p.HintSpan = q.Hint, q.HintSpan
			*q = p
			return
		}
	}
	f.report(p)
}

// judge returns the row of the schema that a directive in a context falls under, and nginx's objection to it, with an
// empty Text if it has none.
func judge(d *Directive, in Context) (*Schema, Problem) {
	refused := func(span source.Span, format string, args ...any) Problem {
		return Problem{Kind: Rejected, Span: span, Text: fmt.Sprintf(format, args...)}
	}
	switch {
	case d.Kind != Statement || in == 0 || in&Opaque != 0:
		return nil, Problem{}
	case in&keyed != 0:
		return nil, judgeKey(d, in)
	case !d.Word.Known():
		return nil, Problem{}
	}
	rows := Schemas(d.Name)
	if len(rows) == 0 {
		return nil, judgeName(d)
	}
	for i := range rows {
		s := &rows[i]
		switch {
		case s.Where&in == 0:
		case s.Body == 0 && d.HasBlock:
			return s, refused(d.Head, `directive "%s" is not terminated by ";"`, d.Name)
		case s.Body != 0 && !d.HasBlock:
			return s, refused(d.Head, `directive "%s" has no opening "{"`, d.Name)
		case !d.Known():
			return s, Problem{}
		case !s.args.allows(len(d.Args)):
			return s, refused(d.Head, `invalid number of arguments in "%s" directive`, d.Name)
		case s.args&onOff != 0 && !strings.EqualFold(d.Args[0].Value, "on") && !strings.EqualFold(d.Args[0].Value, "off"):
			return s, refused(d.Args[0].Span, `invalid value "%s" in "%s" directive, it must be "on" or "off"`, d.Args[0].Value, d.Name)
		default:
			span, text := judgeArguments(s, d)
			return s, Problem{Kind: Rejected, Span: span, Text: text}
		}
	}
	if _, addon := Addon(d.Name); addon {
		return nil, Problem{}
	}
	return nil, refused(d.Word.Span, `"%s" directive is not allowed here`, d.Name)
}

// byteOrderMark is what nginx reads as part of the first word of a file.
const byteOrderMark = "\ufeff"

// judgeName refuses a name that no module can have given a directive. Any other unknown name may be of a module that this
// package does not know.
func judgeName(d *Directive) Problem {
	p := Problem{Kind: Rejected, Span: d.Word.Span, Text: fmt.Sprintf(`unknown directive "%s"`, d.Name)}
	switch name, _, parenthesis := strings.Cut(d.Name, "("); {
	case strings.HasPrefix(d.Name, byteOrderMark):
		p.Hint = "the file starts with a byte order mark, which nginx does not skip"
	case parenthesis && Schemas(name) != nil:
		p.Hint = "a space is missing before the parenthesis"
	case !strings.ContainsAny(d.Name, "(){}$\"'"):
		return Problem{}
	}
	return p
}

// judgeKey judges an entry of a body like map's, which nginx gives to a handler of its own.
func judgeKey(d *Directive, in Context) Problem {
	if d.HasBlock {
		brace := d.Head
		if i := strings.IndexByte(source.Span{File: d.Head.File, Start: d.Head.End, End: d.Span.End}.Text(), '{'); i >= 0 {
			brace.Start, brace.End = d.Head.End+i, d.Head.End+i+1
		}
		return Problem{Kind: Rejected, Span: brace, Text: `unexpected "{"`}
	}
	special := d.Name == "hostnames" || d.Name == "volatile" // ngx_http_map
	if in == Map && len(d.Args) != 1 && d.Known() && !(special && len(d.Args) == 0) {
		return Problem{Kind: Rejected, Span: d.Head, Text: "invalid number of the map parameters"}
	}
	return Problem{}
}

// judgeArguments makes the tests of single directives, whose number of arguments is right.
func judgeArguments(s *Schema, d *Directive) (source.Span, string) {
	args := d.Args
	last := len(args) - 1
	switch d.Name {
	case "add_header", "add_trailer":
		if len(args) == 3 && args[2].Value != "always" { // ngx_strcmp: ALWAYS is refused
			return args[2].Span, fmt.Sprintf(`invalid parameter "%s"`, args[2].Value)
		}
		return judgeValue(args[1])
	case "set":
		if name := args[0].Value; len(name) < 2 || name[0] != '$' {
			return args[0].Span, fmt.Sprintf(`invalid variable name "%s"`, name)
		}
		if len(args) == 2 {
			return judgeValue(args[1])
		}
	case "return":
		if s.Module == "http_rewrite" { // the stream module's takes any text
			return judgeReturn(args)
		}
	case "if":
		return judgeCondition(args)
	case "location":
		if modifier := args[0].Value; last == 1 {
			switch modifier {
			case "=", "^~", "~", "~*":
			default:
				return args[0].Span, fmt.Sprintf(`invalid location modifier "%s"`, modifier)
			}
		}
	}
	return source.Span{}, ""
}

// judgeValue refuses what ngx_http_script_compile cannot split at its variables.
func judgeValue(w Word) (source.Span, string) {
	if _, err := w.Parts(); err != nil {
		return w.Span, err.Error()
	}
	return source.Span{}, ""
}

// judgeReturn is ngx_http_rewrite_return.
func judgeReturn(args []Word) (source.Span, string) {
	code := args[0].Value
	n, err := strconv.ParseUint(code, 10, 32)
	if err != nil {
		url := strings.HasPrefix(code, "http://") || strings.HasPrefix(code, "https://") || strings.HasPrefix(code, "$")
		if len(args) > 1 || !url {
			return args[0].Span, fmt.Sprintf(`invalid return code "%s"`, code)
		}
	} else if n > 999 {
		return args[0].Span, fmt.Sprintf(`invalid return code "%s"`, code)
	}
	return judgeValue(args[len(args)-1])
}

// judgeCondition is ngx_http_rewrite_if_condition.
func judgeCondition(args []Word) (source.Span, string) {
	words, bad := Condition(args)
	if bad != nil {
		return bad.Span, fmt.Sprintf(`invalid condition "%s"`, bad.Value)
	}
	first := words[0]
	switch value := first.Value; {
	case len(value) > 1 && value[0] == '$':
		if len(words) != 1 && len(words) != 3 {
			return first.Span, fmt.Sprintf(`invalid condition "%s"`, value)
		}
		if len(words) == 3 {
			switch operator := words[1]; operator.Value {
			case "=", "!=", "~", "~*", "!~", "!~*":
			default:
				return operator.Span, fmt.Sprintf(`unexpected "%s" in condition`, operator.Value)
			}
		}
		return source.Span{}, ""
	case len(value) == 2 && value[0] == '-', len(value) == 3 && value[:2] == "!-":
		if len(words) == 2 && strings.IndexByte("fdex", value[len(value)-1]) >= 0 {
			return source.Span{}, ""
		}
	}
	return first.Span, fmt.Sprintf(`invalid condition "%s"`, first.Value)
}

// Condition returns the words between the parentheses of an if: operand, or operand, operator, operand, or test, file.
// nginx takes the parentheses off the first and the last argument, which may be quoted. If that cannot be done it
// returns the argument that nginx refuses.
func Condition(args []Word) (words []Word, bad *Word) {
	if len(args) == 0 {
		return nil, &Word{}
	}
	words = append(words, args...)
	first, last := &words[0], &words[len(words)-1]
	if !strings.HasPrefix(first.Value, "(") {
		return nil, &args[0]
	}
	if !strings.HasSuffix(last.Value, ")") {
		return nil, &args[len(args)-1]
	}
	first.trim(1, 0)
	last.trim(0, 1)
	if first.Value == "" && len(words) > 0 {
		words = words[1:]
	}
	if len(words) > 0 && words[len(words)-1].Value == "" {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return nil, &args[0]
	}
	return words, nil
}

// trim takes bytes off the ends of a word's value. A quoted word loses its quotes with them: they no longer enclose it.
func (w *Word) trim(front, back int) {
	front, back = min(front, len(w.Value)), min(back, len(w.Value))
	w.Value = w.Value[front:max(front, len(w.Value)-back)]
	w.Span = w.inside()
	w.Quote = 0
	w.Span.Start, w.Span.End = w.Span.Start+front, max(w.Span.Start+front, w.Span.End-back)
	tags := w.Placeholders
	w.Placeholders = nil
	for _, t := range tags {
		t.start, t.end = t.start-front, t.end-front
		w.Placeholders = append(w.Placeholders, t)
	}
}
