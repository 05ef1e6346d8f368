package apigateway

import (
	"regexp"
	"slices"
	"strings"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/source"
)

// This file lowers response templates, which are written in Velocity, as far as they override headers: with them a mock
// integration picks an origin out of a list. The CDK, the Serverless Framework and people write them in the few shapes
// that are understood here: #set, #if, #foreach over a list, comparisons, matches, contains and the like. Where a
// template goes further, the headers that it overrides are not known.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html

// overrides is what a template makes of headers.
type overrides struct {
	headers []override
	steps   []policy.Step // that give the variables their values
	span    source.Span   // of the template
}

// override is a header that takes its value from a variable.
type override struct {
	name     string
	variable int
}

// variable returns the variable of a header that is overridden.
func (o *overrides) variable(name string) (int, bool) {
	for _, h := range o.headers {
		if strings.EqualFold(h.name, name) {
			return h.variable, true
		}
	}
	return 0, false
}

// before makes the steps that empty the variables of headers without a mapped value: a variable outlives the request's
// way through other templates.
func (o *overrides) before(mapped []mapping) []policy.Step {
	var out []policy.Step
	for _, h := range o.headers {
		if !slices.ContainsFunc(mapped, func(m mapping) bool { return strings.EqualFold(m.name, h.name) }) {
			out = append(out, &policy.Set{Var: h.variable, Value: policy.Text("")})
		}
	}
	return out
}

// overridden finds the headers that a template overrides.
var overridden = regexp.MustCompile(`\$context\.responseOverride\.header(?:\.([A-Za-z0-9-]+)|\[\s*["']([A-Za-z0-9-]+)["']\s*\])\s*=`)

// maxVelocity bounds a template; API Gateway's own limit is 300 KB, and nobody writes lists of origins that long.
const maxVelocity = 64 << 10

// overrides lowers the template of an integration response: that for JSON, which is the default, or the first.
func (b *builder) overrides(r *integrationResponse) *overrides {
	o := &overrides{}
	text, ok := fieldOf(r.templates, "application/json")
	if !ok && len(r.templates) > 0 {
		text, ok = r.templates[0].Value, true
	}
	if !ok {
		return o
	}
	o.span = text.Span
	program, known := text.Known()
	shown := text.Text().String()
	for _, m := range overridden.FindAllStringSubmatch(shown, -1) {
		name := m[1] + m[2]
		if _, found := o.variable(name); !found {
			o.headers = append(o.headers, override{name, b.variable("override " + strings.ToLower(name))})
		}
	}
	if len(o.headers) == 0 {
		return o
	}
	why := "the template is not known as a whole"
	if known && len(program) <= maxVelocity {
		v := velocity{builder: b, out: o, at: text.Span, lists: map[string][]string{}}
		if o.steps, why = v.compile(program); why == "" {
			return o
		}
	}
	b.gap(text.Span, "the response template is not modelled: %s", why)
	o.steps = nil
	for _, h := range o.headers {
		u := policy.Unknown{Kind: policy.UnknownVariable, Subject: "what the response template makes of " + h.name, Span: text.Span}
		o.steps = append(o.steps, &policy.Set{Var: h.variable, Value: &policy.UnknownExpr{Unknown: u}, Span: text.Span})
	}
	return o
}

// velocity compiles one template. It gives up, with a reason, on the first thing that it does not know.
type velocity struct {
	*builder
	out   *overrides
	at    source.Span
	text  string
	pos   int
	lists map[string][]string // variables that hold lists of literals
	// literals are the variables of loops, which are unrolled.
	literals map[string]string
	steps    int
	why      string
}

const maxVelocitySteps = 2000 // of loops that are unrolled

func (v *velocity) compile(text string) ([]policy.Step, string) {
	v.text, v.literals = text, map[string]string{}
	out := v.body(0)
	if v.why == "" && v.pos < len(v.text) {
		v.fail("an #end too many")
	}
	return out, v.why
}

func (v *velocity) fail(why string) {
	if v.why == "" {
		v.why = why
	}
	v.pos = len(v.text)
}

// directive matches the directives; what else stands in a template is its output, of which headers are no part.
var directive = regexp.MustCompile(`##[^\n]*|(?s:#\*.*?\*#)|#\{?(set|if|elseif|else|end|foreach|break|stop)\b\}?`)

// next moves behind the next directive and returns its name.
func (v *velocity) next() string {
	for v.pos < len(v.text) {
		m := directive.FindStringSubmatchIndex(v.text[v.pos:])
		if m == nil {
			v.pos = len(v.text)
			return ""
		}
		name := ""
		if m[2] >= 0 {
			name = v.text[v.pos+m[2] : v.pos+m[3]]
		}
		v.pos += m[1]
		if name != "" {
			return name
		}
	}
	return ""
}

// body compiles up to the directive that ends a block, which stays to be read.
func (v *velocity) body(depth int) []policy.Step {
	var out []policy.Step
	if depth > 20 {
		v.fail("nested too deep")
	}
	for v.why == "" {
		from := v.pos
		switch name := v.next(); name {
		case "set":
			out = append(out, v.set()...)
		case "if":
			out = append(out, v.conditional(depth)...)
		case "foreach":
			out = append(out, v.loop(depth)...)
		case "break", "stop": // what follows in the loop sets the same header once more, if anything
		case "":
			return out
		default:
			v.pos = from
			return out
		}
		if v.steps++; v.steps > maxVelocitySteps {
			v.fail("it is too long")
		}
	}
	return out
}

// parenthesis returns what stands in the parenthesis that follows.
func (v *velocity) parenthesis() string {
	rest := strings.TrimLeft(v.text[v.pos:], " \t\r\n")
	v.pos = len(v.text) - len(rest)
	if !strings.HasPrefix(rest, "(") {
		v.fail("a directive without a parenthesis")
		return ""
	}
	end := closing(rest)
	if end < 0 {
		v.fail("a parenthesis is not closed")
		return ""
	}
	v.pos += end + 1
	return rest[1:end]
}

// closing returns where the bracket closes that a text begins with; brackets in quotes do not count.
func closing(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return -1
			}
			i += end + 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// set compiles an assignment, to a variable or to a header of the response.
func (v *velocity) set() []policy.Step {
	text := v.parenthesis()
	at := within(v.at, text)
	left, right, ok := strings.Cut(text, "=")
	if !ok {
		v.fail("an assignment without a value")
		return nil
	}
	left, right = strings.TrimSpace(left), strings.TrimSpace(right)
	if m := overridden.FindStringSubmatch(left + "="); m != nil {
		variable, _ := v.out.variable(m[1] + m[2])
		e := v.expr(right)
		if strings.EqualFold(m[1]+m[2], "Access-Control-Allow-Origin") {
			switch e := e.(type) {
			case policy.Text:
				v.mentionOrigin(policy.Literal(string(e)), at)
			case *policy.RequestHeader:
				v.mention(policy.Mention{Kind: policy.MentionReflected, Span: at})
			}
		}
		return steps(&policy.Set{Var: variable, Value: e, Span: at})
	}
	if strings.HasPrefix(left, "$context.responseOverride") {
		v.fail("it overrides more than headers")
		return nil
	}
	name := variableName(left)
	if list, ok := v.list(right); ok {
		v.lists[name] = list
		return nil
	}
	return steps(&policy.Set{Var: v.builder.variable("vtl $" + name), Value: v.expr(right), Span: at})
}

// variableName returns the name in $name, ${name} and $!name.
func variableName(text string) string {
	return strings.Trim(strings.TrimPrefix(text, "$"), "!{}")
}

// conditional compiles #if with what belongs to it.
func (v *velocity) conditional(depth int) []policy.Step {
	text := v.parenthesis()
	s := &policy.If{Cond: v.cond(text), Span: within(v.at, strings.TrimSpace(text))}
	s.Then = v.body(depth + 1)
	switch v.next() {
	case "elseif":
		s.Else = v.conditional(depth + 1) // which takes the #end
		return steps(s)
	case "else":
		s.Else = v.body(depth + 1)
		if v.next() != "end" {
			v.fail("an #if is not closed")
		}
	case "end":
	default:
		v.fail("an #if is not closed")
	}
	return steps(s)
}

// loop unrolls #foreach($x in $list).
func (v *velocity) loop(depth int) []policy.Step {
	name, of, ok := strings.Cut(v.parenthesis(), " in ")
	list, isList := v.list(strings.TrimSpace(of))
	if !ok || !isList {
		v.fail("a loop over something that is not known")
		return nil
	}
	name = variableName(strings.TrimSpace(name))
	before, was := v.literals[name]
	var out []policy.Step
	from := v.pos
	if len(list) == 0 {
		list = []string{""} // for its end
	}
	for _, item := range list {
		v.pos, v.literals[name] = from, item
		out = append(out, v.body(depth+1)...)
		if v.next() != "end" {
			v.fail("a #foreach is not closed")
		}
		if v.why != "" {
			return nil
		}
	}
	if delete(v.literals, name); was {
		v.literals[name] = before
	}
	return out
}

// list returns the elements of a list of literals: ["a", "b"], a variable that holds one, or a text that is split.
func (v *velocity) list(text string) ([]string, bool) {
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		out := []string{}
		for _, part := range splitTop(text[1:len(text)-1], ",") {
			item, ok := v.expr(strings.TrimSpace(part)).(policy.Text)
			if !ok {
				return nil, false
			}
			out = append(out, string(item))
		}
		return out, true
	}
	if head, argument, ok := invocation(text, "split"); ok {
		whole, isText := v.expr(head).(policy.Text)
		by, known := v.expr(argument).(policy.Text)
		if isText && known {
			return strings.Split(string(whole), string(by)), true
		}
		return nil, false
	}
	if strings.HasPrefix(text, "$") {
		list, ok := v.lists[variableName(text)]
		return list, ok
	}
	return nil, false
}

// invocation splits a call "head.name(argument)" at the end of a text.
func invocation(text, name string) (head, argument string, ok bool) {
	at := strings.LastIndex(text, "."+name+"(")
	if at < 0 || !strings.HasSuffix(text, ")") {
		return "", "", false
	}
	inside := text[at+len(name)+1:]
	if closing(inside) != len(inside)-1 {
		return "", "", false
	}
	return text[:at], inside[1 : len(inside)-1], true
}

// splitTop splits a text at separators that stand outside of brackets and quotes.
func splitTop(text, separator string) []string {
	var out []string
	depth, from := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\'':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return append(out, text[from:])
			}
			i += end + 1
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			depth--
		case depth == 0 && strings.HasPrefix(text[i:], separator):
			out = append(out, text[from:i])
			i += len(separator) - 1
			from = i + 1
		}
	}
	return append(out, text[from:])
}

// headerOfRequest matches the ways in which a template reads a request header.
var headerOfRequest = regexp.MustCompile(`^\$!?\{?input\.params\(\s*(?:['"]([A-Za-z0-9-]+)['"]\s*\)|\)\.(?:get\(['"]header['"]\)|header)(?:\.get\(\s*['"]([A-Za-z0-9-]+)['"]\s*\)|\.([A-Za-z0-9-]+)|\[['"]([A-Za-z0-9-]+)['"]\]))\}?$`)

// expr compiles a value.
func (v *velocity) expr(text string) policy.Expr {
	text = strings.TrimSpace(text)
	unknown := &policy.UnknownExpr{Unknown: policy.Unknown{Kind: policy.UnknownVariable, Subject: text, Span: within(v.at, text)}}
	switch {
	case len(text) >= 2 && text[0] == '\'' && text[len(text)-1] == '\'':
		return policy.Text(text[1 : len(text)-1])
	case len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"':
		return v.interpolate(text[1 : len(text)-1])
	case text == "true" || text == "false" || strings.Trim(text, "0123456789") == "" && text != "":
		return policy.Text(text)
	case strings.HasPrefix(text, "("):
		if closing(text) == len(text)-1 {
			return v.expr(text[1 : len(text)-1])
		}
	}
	if m := headerOfRequest.FindStringSubmatch(text); m != nil {
		return &policy.RequestHeader{Name: strings.ToLower(m[1] + m[2] + m[3] + m[4])}
	}
	for _, idle := range [...]string{"trim", "toString"} {
		if head, _, ok := invocation(text, idle); ok {
			return v.expr(head)
		}
	}
	if strings.HasPrefix(text, "$") {
		name := variableName(text)
		if literal, ok := v.literals[name]; ok {
			return policy.Text(literal)
		}
		if i, ok := v.builder.vars["vtl $"+name]; ok {
			return policy.Variable(i)
		}
	}
	return unknown
}

// variableIn matches a variable within double quotes.
var variableIn = regexp.MustCompile(`\$!?\{?([A-Za-z_][A-Za-z0-9_]*)\}?`)

func (v *velocity) interpolate(text string) policy.Expr {
	found := variableIn.FindAllStringIndex(text, -1)
	if len(found) == 0 {
		return policy.Text(text)
	}
	var parts policy.Concat
	from := 0
	for _, m := range found {
		if m[0] > from {
			parts = append(parts, policy.Text(text[from:m[0]]))
		}
		parts = append(parts, v.expr(text[m[0]:m[1]]))
		from = m[1]
	}
	if from < len(text) {
		parts = append(parts, policy.Text(text[from:]))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

// cond compiles a condition.
func (v *velocity) cond(text string) policy.Cond {
	text = strings.TrimSpace(text)
	if parts := splitTop(text, "||"); len(parts) > 1 {
		var all []policy.Cond
		for _, p := range parts {
			all = append(all, v.cond(p))
		}
		return some(all...)
	}
	if parts := splitTop(text, "&&"); len(parts) > 1 {
		var all policy.All
		for _, p := range parts {
			all = append(all, v.cond(p))
		}
		return all
	}
	if strings.HasPrefix(text, "(") && closing(text) == len(text)-1 {
		return v.cond(text[1 : len(text)-1])
	}
	if rest, ok := strings.CutPrefix(text, "!"); ok {
		return &policy.Not{Cond: v.cond(rest)}
	}
	if parts := splitTop(text, "=="); len(parts) == 2 {
		return v.same(parts[0], parts[1])
	}
	if parts := splitTop(text, "!="); len(parts) == 2 {
		return &policy.Not{Cond: v.same(parts[0], parts[1])}
	}
	if c := v.test(text); c != nil {
		return c
	}
	if e := v.expr(text); strings.HasPrefix(text, "$") { // a value that is there
		if _, unknown := e.(*policy.UnknownExpr); !unknown {
			return &policy.Not{Cond: &policy.OneOf{Of: e, Texts: []string{"", "false"}}}
		}
	}
	return &policy.Ask{Unknown: policy.Unknown{Kind: policy.UnknownCondition, Subject: text, Span: within(v.at, text)}}
}

func (v *velocity) same(a, b string) policy.Cond {
	x, y := v.expr(a), v.expr(b)
	if text, ok := x.(policy.Text); ok {
		x, y = y, text
	}
	if text, ok := y.(policy.Text); ok {
		return &policy.Equal{Of: x, Text: string(text)}
	}
	return &policy.Same{A: x, B: y}
}

// test compiles a method that tests a text; nil when it is none that is known.
func (v *velocity) test(text string) policy.Cond {
	for _, name := range [...]string{"matches", "contains", "containsKey", "equals", "equalsIgnoreCase", "startsWith", "endsWith", "isEmpty"} {
		head, argument, ok := invocation(text, name)
		if !ok {
			continue
		}
		if list, isList := v.list(head); isList && name == "contains" {
			return &policy.OneOf{Of: v.expr(argument), Texts: list}
		}
		of := v.expr(head)
		if name == "isEmpty" {
			return &policy.Equal{Of: of, Text: ""}
		}
		operand, known := v.expr(argument).(policy.Text)
		if !known {
			if literal, ok := of.(policy.Text); ok && name == "equals" {
				return &policy.Equal{Of: v.expr(argument), Text: string(literal)}
			}
			return nil
		}
		switch name {
		case "matches": // Java's matches all of the text
			return matching(of, "^(?:"+string(operand)+")$")
		case "contains":
			return matching(of, regexp.QuoteMeta(string(operand)))
		case "equals":
			return &policy.Equal{Of: of, Text: string(operand)}
		case "equalsIgnoreCase":
			return &policy.Equal{Of: of, Text: string(operand), FoldCase: true}
		case "startsWith":
			return &policy.HasPrefix{Of: of, Text: string(operand)}
		case "endsWith":
			return &policy.HasSuffix{Of: of, Text: string(operand)}
		}
	}
	return nil
}

// matching searches a value for a pattern; nil when the pattern cannot be read.
func matching(of policy.Expr, text string) policy.Cond {
	p, err := policy.CompilePattern(text, policy.PCRE, false)
	if err != nil {
		return nil
	}
	return &policy.Matches{Of: of, Pattern: p, Keeps: true}
}
