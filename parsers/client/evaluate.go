package client

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/environment"
)

// This file finds out what an expression is, as far as the text of the project says so. It computes nothing that a program
// would have to be run for; what is not known is a hole with a name.

const (
	maxSteps = 60_000  // of one request
	maxTotal = 600_000 // of all requests of a file
	maxLevel = 60      // of values in values
)

// evaluator evaluates the expressions of a module.
type evaluator struct {
	reader  *reader
	modules map[string]*module
	steps   int
	level   int
	busy    map[any]bool
	shared  *sender           // axios itself
	itself  map[*binding]bool // what is at work and was asked for itself
	env     map[string]values
	// alone and forwarding are what [evaluator.standsAlone] and [evaluator.forwards] found out.
	alone      map[*callSite]bool
	forwarding map[*function]bool

	environment []environment.Set

	total int // steps of the requests before
	gaps  []policy.Gap
	app   *application
}

// frame is a call of a function: what its parameters are.
type frame struct {
	fn     *function
	args   []*later
	spread bool // some of the arguments are not known
	this   *value
	parent *frame
}

func (f *frame) of(fn *function) *frame {
	for ; f != nil; f = f.parent {
		if f.fn == fn {
			return f
		}
	}
	return nil
}

func (f *frame) depth() (n int) {
	for ; f != nil; f = f.parent {
		n++
	}
	return n
}

// later evaluates an expression when somebody asks for it.
func (e *evaluator) later(x ast.Expression, s *scope, m *module, f *frame) *later {
	return &later{find: func() values { return e.eval(x, s, m, f) }}
}

// eval returns what an expression may be.
func (e *evaluator) eval(x ast.Expression, s *scope, m *module, f *frame) values {
	at := place{module: m, node: x}
	if e.steps++; x == nil || e.steps > maxSteps || e.level > maxLevel {
		return values{hole("value", at)}
	}
	e.level++
	defer func() { e.level-- }()
	switch x := x.(type) {
	case *ast.StringLiteral:
		return values{literal(x.Value.String(), at)}
	case *ast.NumberLiteral:
		return values{literal(x.Literal, at)}
	case *ast.BooleanLiteral:
		return values{{kind: truth, truth: x.Value, at: at}}
	case *ast.NullLiteral:
		return values{{kind: missing, at: at}}
	case *ast.TemplateLiteral:
		return e.templateOf(x, s, m, f)
	case *ast.Identifier:
		return e.identifier(x, s, m, f)
	case *ast.BinaryExpression:
		return e.binary(x, s, m, f)
	case *ast.ConditionalExpression:
		var out values
		yes, no := e.condition(x.Test, s, m, f)
		if !no {
			out = append(out, e.eval(x.Consequent, s, m, f)...)
		}
		if !yes {
			out = append(out, e.eval(x.Alternate, s, m, f)...)
		}
		return limit(out)
	case *ast.AssignExpression:
		return e.eval(x.Right, s, m, f)
	case *ast.AwaitExpression:
		return e.eval(x.Argument, s, m, f)
	case *ast.SequenceExpression:
		return e.eval(x.Sequence[len(x.Sequence)-1], s, m, f)
	case *ast.OptionalChain:
		return e.eval(x.Expression, s, m, f)
	case *ast.Optional:
		return e.eval(x.Expression, s, m, f)
	case *ast.UnaryExpression:
		switch x.Operator { //nolint:exhaustive // the others compute
		case token.NOT:
			return values{{kind: truth, truth: true, at: at}, {kind: truth, at: at}}
		case token.VOID:
			return values{{kind: missing, at: at}}
		}
	case *ast.ObjectLiteral:
		return values{e.objectOf(x, s, m, f)}
	case *ast.ArrayLiteral:
		v := value{kind: list, at: at}
		for _, item := range x.Value {
			if _, spread := item.(*ast.SpreadElement); spread || item == nil {
				v.open = true
				continue
			}
			v.items = append(v.items, e.later(item, s, m, f))
		}
		return values{v}
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
		if fn := m.functions[x]; fn != nil {
			return values{{kind: callable, fn: fn, frame: f, at: at}}
		}
	case *ast.ClassLiteral:
		return values{{kind: class, class: x, mod: m, at: at}}
	case *ast.ThisExpression:
		return e.thisOf(s, m, f)
	case *ast.DotExpression:
		return e.member(x.Left, x.Identifier.Name.String(), x, s, m, f)
	case *ast.BracketExpression:
		keys := e.eval(x.Member, s, m, f)
		if len(keys) == 1 {
			if name, ok := keys[0].known(); ok {
				return e.member(x.Left, name, x, s, m, f)
			}
		}
	case *ast.CallExpression:
		return e.callOf(x, s, m, f)
	case *ast.NewExpression:
		return e.construct(x, s, m, f)
	}
	return values{hole(holeName(x), at)}
}

// condition reports whether a condition holds whatever is not known, or never does.
func (e *evaluator) condition(test ast.Expression, s *scope, m *module, f *frame) (yes, no bool) {
	all := e.eval(test, s, m, f)
	yes, no = len(all) > 0, len(all) > 0
	for i := range all {
		holds, known := all[i].truthy()
		known = known && !all[i].unset
		yes, no = yes && known && holds, no && known && !holds
	}
	return yes || isGiven(test, s, f), no
}

// isGiven reports whether a condition asks for an argument that the call has, whatever it is: "id ? '/items/' + id : '/items'".
func isGiven(test ast.Expression, s *scope, f *frame) bool {
	id, ok := test.(*ast.Identifier)
	if !ok {
		return false
	}
	b := s.lookup(id.Name.String())
	if b == nil || !b.parameter || len(b.path) > 1 || len(b.assigned) > 0 {
		return false
	}
	call := f.of(b.of)
	if call == nil || b.index >= len(call.args) {
		return false
	}
	given := call.args[b.index].get()
	if len(b.path) == 1 && len(given) == 1 { // "({ id })" of "{ id: x }"
		p, found := given[0].get(b.path[0].name)
		if !found || p.maybe || given[0].kind != object {
			return false
		}
		given = p.value.get()
	}
	return len(given) == 1 && given[0].kind == unknown
}

// holeName makes a name for people of an expression that nobody knows: "id" of "item.id" or "getId()".
func holeName(x ast.Expression) string {
	switch x := unwrap(x).(type) {
	case *ast.Identifier:
		return x.Name.String()
	case *ast.DotExpression:
		return x.Identifier.Name.String()
	case *ast.BracketExpression:
		if s, ok := x.Member.(*ast.StringLiteral); ok {
			return s.Value.String()
		}
		return holeName(x.Left)
	case *ast.CallExpression:
		if len(x.ArgumentList) == 1 {
			if name := holeName(x.ArgumentList[0]); name != "value" {
				return name
			}
		}
		if dot, ok := unwrap(x.Callee).(*ast.DotExpression); ok { // "id.toString()"
			if name := dot.Identifier.Name.String(); name == "toString" || name == "toLowerCase" || name == "trim" || name == "value" {
				return holeName(dot.Left)
			}
			return dot.Identifier.Name.String()
		}
		return holeName(x.Callee)
	case *ast.AwaitExpression:
		return holeName(x.Argument)
	}
	return "value"
}

// templateOf returns a template string.
func (e *evaluator) templateOf(x *ast.TemplateLiteral, s *scope, m *module, f *frame) values {
	out := values{{kind: text, at: place{module: m, node: x}}}
	if x.Tag != nil {
		return values{hole("value", out[0].at)}
	}
	for i, element := range x.Elements {
		if part := element.Parsed.String(); part != "" {
			for j := range out {
				out[j].pieces = appended(out[j].pieces, piece{text: part, at: place{module: m, node: x}})
			}
		}
		if i < len(x.Expressions) {
			out = e.joined(out, e.eval(x.Expressions[i], s, m, f), x.Expressions[i], m)
		}
	}
	return out
}

func appended(list []piece, more ...piece) []piece {
	return append(list[:len(list):len(list)], more...)
}

// joined returns each of some texts with each of some values behind it.
func (e *evaluator) joined(left, right values, expression ast.Expression, m *module) values {
	var out values
	for _, l := range left {
		for i := range right {
			v := l
			v.kind = text
			v.pieces = appended(l.pieces, right[i].asText(holeName(expression), place{module: m, node: expression})...)
			out = append(out, v)
		}
	}
	return limit(out)
}

// binary returns "a + b", "a || b", "a && b" and "a ?? b".
func (e *evaluator) binary(x *ast.BinaryExpression, s *scope, m *module, f *frame) values {
	left := e.eval(x.Left, s, m, f)
	at := place{module: m, node: x}
	switch x.Operator { //nolint:exhaustive // the others compute
	case token.PLUS:
		start := values{}
		for i := range left {
			start = append(start, value{kind: text, at: at, pieces: left[i].asText(holeName(x.Left), place{module: m, node: x.Left})})
		}
		return e.joined(start, e.eval(x.Right, s, m, f), x.Right, m)
	case token.LOGICAL_OR, token.COALESCE:
		var out values
		falls := false
		for i := range left {
			yes, known := left[i].truthy()
			if known && !yes && (x.Operator == token.LOGICAL_OR || left[i].kind == missing) {
				falls = true
				continue
			}
			falls = falls || !known || left[i].unset
			out = append(out, left[i])
		}
		if falls {
			out = append(out, e.eval(x.Right, s, m, f)...)
		}
		return limit(out)
	case token.LOGICAL_AND:
		var out values
		goes := false
		for i := range left {
			yes, known := left[i].truthy()
			if !known || yes {
				goes = true
			}
			if !known {
				out = append(out, value{kind: missing, at: at})
			} else if !yes {
				out = append(out, left[i])
			}
		}
		if goes {
			out = append(out, e.eval(x.Right, s, m, f)...)
		}
		return limit(out)
	case token.EQUAL, token.STRICT_EQUAL, token.NOT_EQUAL, token.STRICT_NOT_EQUAL, token.LESS, token.GREATER, token.LESS_OR_EQUAL, token.GREATER_OR_EQUAL, token.IN, token.INSTANCEOF:
		return values{{kind: truth, truth: true, at: at}, {kind: truth, at: at}}
	}
	return values{hole("value", at)}
}

// identifier returns what a name stands for.
func (e *evaluator) identifier(x *ast.Identifier, s *scope, m *module, f *frame) values {
	name := x.Name.String()
	at := place{module: m, node: x}
	b := s.lookup(name)
	if b == nil || name == "import_meta" { // which esbuild declares as nothing
		if name == "undefined" {
			return values{{kind: missing, at: at}}
		}
		return values{{kind: external, name: name, at: at, pieces: []piece{{hole: name, at: at}}}}
	}
	out := slices.Clone(e.binding(b, f, at))
	for i := range out { // a hole is named as it is used here
		if out[i].kind == unknown && len(out[i].pieces) == 1 && out[i].pieces[0].hole == "value" {
			out[i].pieces = []piece{{hole: name, at: at}}
		}
	}
	return out
}

// binding returns what a name that is declared stands for.
func (e *evaluator) binding(b *binding, f *frame, at place) values {
	if e.busy[b] {
		e.itself[b] = true
		return values{hole(b.name, at)}
	}
	e.busy[b] = true
	defer delete(e.busy, b)
	defer delete(e.itself, b)
	var out values
	switch {
	case b.function != nil:
		return values{{kind: callable, fn: b.function, frame: f, at: at}}
	case b.class != nil:
		return values{{kind: class, class: b.class, mod: b.module, at: at}}
	case b.parameter:
		out = e.parameter(b, f, at)
	case b.value != nil:
		out = e.taken(e.eval(b.value, b.scope, b.module, f), b, f)
	case len(b.assigned) == 0:
		return values{hole(b.name, at)}
	}
	if !b.parameter || f.of(b.of) == nil {
		for _, a := range b.assigned {
			if a.value != nil {
				out = append(out, e.eval(a.value, a.scope, b.module, f)...)
			}
			if a.value == nil || e.itself[b] { // "x += y", "x = x + y": no one of these is all of it
				return values{hole(b.name, at)}
			}
		}
	}
	return e.changed(limit(out), b.changes, b.module, f, b)
}

// parameter returns what a parameter is in a call; a hole without one.
func (e *evaluator) parameter(b *binding, f *frame, at place) values {
	call := f.of(b.of)
	unknownHere := hole(b.name, at)
	unknownHere.pieces[0].parameter = b.of
	if call == nil {
		if len(b.assigned) > 0 {
			return nil
		}
		out := values{unknownHere}
		return out
	}
	if b.rest {
		rest := value{kind: list, at: at, open: call.spread}
		if b.index < len(call.args) {
			rest.items = call.args[b.index:]
		}
		return values{rest}
	}
	var given values
	switch {
	case b.index < len(call.args):
		given = call.args[b.index].get()
	case call.spread:
		return values{hole(b.name, at)}
	default:
		given = values{{kind: missing, at: at}}
	}
	return e.taken(given, b, call.parent)
}

// taken takes a value apart as a pattern does.
func (e *evaluator) taken(all values, b *binding, f *frame) values {
	if whole := b.of; whole != nil && len(b.path) > 0 && b.index < len(whole.parameters) { // "({ a } = {})"
		all = e.orElse(all, whole.parameters[b.index].Initializer, whole.scope, b.module, f)
	}
	for _, st := range b.path {
		var next values
		for i := range all {
			if st.rest {
				v := all[i]
				v.props = slices.DeleteFunc(slices.Clone(v.props), func(p property) bool { return slices.Contains(st.without, p.name) })
				next = append(next, v)
			} else if st.name != "" {
				next = append(next, e.propertyOf(&all[i], st.name, all[i].at)...)
			} else if all[i].kind == list && st.index < len(all[i].items) {
				next = append(next, all[i].items[st.index].get()...)
			} else {
				next = append(next, hole(b.name, all[i].at))
			}
		}
		all = limit(next)
	}
	if slices.ContainsFunc(all, func(v value) bool { return v.kind == unknown }) && len(b.path) > 0 && b.fallback != nil {
		all = append(all[:len(all):len(all)], value{kind: missing}) // an argument that is given is mostly there, a property of it is not
	}
	return e.orElse(all, b.fallback, b.scope, b.module, f)
}

// orElse puts a default in the place of what is missing.
func (e *evaluator) orElse(all values, fallback ast.Expression, s *scope, m *module, f *frame) values {
	if fallback == nil || !slices.ContainsFunc(all, func(v value) bool { return v.kind == missing }) {
		return all
	}
	out := slices.DeleteFunc(slices.Clone(all), func(v value) bool { return v.kind == missing })
	return limit(append(out, e.eval(fallback, s, m, f)...))
}

// changed applies what is assigned to the properties of a value.
func (e *evaluator) changed(all values, changes []change, m *module, f *frame, b *binding) values {
	all = slices.Clone(all)
	for i := range all {
		if all[i].kind == library {
			all[i].sends = e.configured(all[i].sends, b, f)
			continue
		}
		if all[i].kind != object {
			continue
		}
		for n := range changes {
			if n == 50 {
				all[i].open = true
				break
			}
			all[i] = e.change(all[i], &changes[n], changes[n].keys, m, f)
		}
	}
	return all
}

// change applies one change to an object.
func (e *evaluator) change(v value, c *change, keys []ast.Expression, m *module, f *frame) value {
	if v.kind != object || len(keys) > 5 {
		return v
	}
	names := e.eval(keys[0], c.scope, m, f)
	name, ok := "", false
	if len(names) == 1 {
		name, ok = names[0].known()
	}
	if !ok {
		v.open = true
		return v
	}
	p := property{name: name, at: place{module: m, node: keys[0]}, maybe: c.sometimes}
	if len(keys) > 1 {
		inner := value{kind: object, at: v.at}
		if old, found := v.get(name); found && len(old.value.get()) == 1 && old.value.get()[0].kind == object {
			inner = old.value.get()[0]
			p.at = old.at
		}
		p.value = now(e.change(inner, c, keys[1:], m, f))
		p.maybe = false
	} else {
		p.value = e.later(c.value, c.scope, m, f)
	}
	v.props = set(v.props, p)
	return v
}

// objectOf returns an object literal.
func (e *evaluator) objectOf(x *ast.ObjectLiteral, s *scope, m *module, f *frame) value {
	v := value{kind: object, at: place{module: m, node: x}}
	for _, p := range x.Value {
		switch p := p.(type) {
		case *ast.PropertyShort:
			v.props = set(v.props, property{name: p.Name.Name.String(), at: place{module: m, node: &p.Name}, value: e.later(&p.Name, s, m, f)})
		case *ast.PropertyKeyed:
			name := keyName(p.Key, p.Computed)
			if p.Computed {
				if keys := e.eval(p.Key, s, m, f); len(keys) == 1 {
					name, _ = keys[0].known()
				}
			}
			if name == "" {
				v.open = true
				continue
			}
			entry := property{name: name, at: place{module: m, node: p.Key}}
			if p.Kind == ast.PropertyKindGet || p.Kind == ast.PropertyKindSet {
				entry.value = now(hole(name, entry.at))
			} else {
				entry.value = e.later(p.Value, s, m, f)
			}
			v.props = set(v.props, entry)
		case *ast.SpreadElement:
			v = spread(v, e.eval(p.Expression, s, m, f))
		}
	}
	return v
}

// spread adds the properties of what may be several objects.
func spread(v value, all values) value {
	for i := range all {
		w := &all[i]
		switch w.kind {
		case object:
			v.open = v.open || w.open
			for _, p := range w.props {
				if len(all) > 1 && !everywhere(all, p.name) {
					p.maybe = true
				}
				v.props = set(v.props, p)
			}
		case missing, truth, text:
		default:
			v.open = true
		}
	}
	return v
}

// everywhere reports whether all of some values have a property.
func everywhere(all values, name string) bool {
	return !slices.ContainsFunc(all, func(v value) bool {
		p, found := v.get(name)
		return !found || p.maybe
	})
}

// thisOf returns what "this" is.
func (e *evaluator) thisOf(s *scope, m *module, f *frame) values {
	if f != nil && f.this != nil {
		return values{*f.this}
	}
	for fn := s.fn; fn != nil; fn = fn.parent {
		if fn.method != nil {
			return values{{kind: instance, class: fn.method, mod: m}}
		}
	}
	return values{{kind: external, name: "this", pieces: []piece{{hole: "this"}}}}
}

// member returns a property of an expression.
func (e *evaluator) member(left ast.Expression, name string, whole ast.Expression, s *scope, m *module, f *frame) values {
	at := place{module: m, node: whole}
	var out values
	all := e.eval(left, s, m, f)
	for i := range all {
		out = append(out, e.propertyOf(&all[i], name, at)...)
	}
	return limit(out)
}

// propertyOf returns a property of a value.
func (e *evaluator) propertyOf(v *value, name string, at place) values {
	switch v.kind {
	case object:
		if p, found := v.get(name); found {
			if p.maybe {
				return append(slices.Clone(p.value.get()), value{kind: missing, at: at})
			}
			return p.value.get()
		}
		if !v.open {
			return values{{kind: missing, at: at}}
		}
	case list:
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(v.items) && !v.open {
			return v.items[n].get()
		}
	case project:
		return e.export(v.mod, name, 0)
	case instance:
		return e.field(v, name, at)
	case class:
		if found := e.field(&value{kind: instance, class: v.class, mod: v.mod}, name, at); len(found) > 0 {
			return found
		}
	case external:
		if isEnvironment(v.name) {
			return e.variable(name, at)
		}
		return values{{kind: external, name: v.name + "." + name, at: at, pieces: externalPieces(v.name+"."+name, name, at)}}
	case library:
		if name == "default" {
			return values{*v}
		}
	case text:
		if name == "href" || name == "value" {
			return values{*v}
		}
	case unknown, missing, truth, callable, formData:
	}
	out := hole(name, at)
	if len(v.pieces) == 1 {
		out.pieces[0].parameter = v.pieces[0].parameter
	}
	return values{out}
}

// externalPieces are the text that something of the browser is: of its own address the page knows what corslint does not.
func externalPieces(full, name string, at place) []piece {
	full = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(full, "window."), "document."), "self.")
	p := piece{hole: name, at: at}
	if full == "location.origin" {
		p = piece{hole: "origin", own: true, at: at}
	}
	return []piece{p}
}

// field returns a field or a method of an instance.
func (e *evaluator) field(v *value, name string, at place) values {
	key := fieldKey{v.class, name}
	if e.busy[key] {
		return values{hole(name, at)}
	}
	e.busy[key] = true
	defer delete(e.busy, key)
	if fn := v.mod.methods[v.class][name]; fn != nil {
		return values{{kind: callable, fn: fn, this: v, at: at, frame: v.frame}}
	}
	var out values
	for _, a := range v.mod.fields[v.class][name] {
		if a.value == nil {
			out = append(out, hole(name, at))
			continue
		}
		f := v.frame
		out = append(out, e.eval(a.value, a.scope, v.mod, f)...)
	}
	if len(out) > 0 {
		out = limit(out)
		for i := range out {
			if out[i].kind == library {
				out[i].sends = e.configuredField(out[i].sends, v, name)
			}
		}
		return out
	}
	if v.class.SuperClass != nil && e.level < maxLevel {
		e.level++
		defer func() { e.level-- }()
		for _, super := range e.eval(v.class.SuperClass, v.mod.classes[v.class], v.mod, nil) {
			if super.kind == class && super.class != v.class {
				if e.steps++; e.steps > maxSteps {
					break
				}
				return e.field(&value{kind: instance, class: super.class, mod: super.mod, frame: v.frame}, name, at)
			}
		}
	}
	return values{{kind: external, name: "this." + name, at: at, pieces: []piece{{hole: name, at: at}}}}
}

type fieldKey struct {
	class *ast.ClassLiteral
	name  string
}

// maxInlined bounds how many calls of functions are followed in one another.
const maxInlined = 6

// callOf returns what a call returns.
func (e *evaluator) callOf(x *ast.CallExpression, s *scope, m *module, f *frame) values {
	at := place{module: m, node: x}
	callee := bare(x.Callee)
	if id, ok := callee.(*ast.Identifier); ok && s.lookup(id.Name.String()) == nil || ok && strings.HasPrefix(id.Name.String(), "__to") {
		if v, known := e.global(id.Name.String(), x, s, m, f); known {
			return v
		}
	}
	if dot, ok := callee.(*ast.DotExpression); ok {
		if v, known := e.method(dot, x, s, m, f); known {
			return v
		}
	}
	var out values
	all := e.eval(callee, s, m, f)
	for i := range all {
		switch v := &all[i]; v.kind {
		case callable:
			out = append(out, e.inline(v, x.ArgumentList, s, m, f, at)...)
		case external, library:
			if made, ok := e.made(v, x, s, m, f); ok {
				out = append(out, made...)
				continue
			}
			out = append(out, hole(holeName(x), at))
		default:
			out = append(out, hole(holeName(x), at))
		}
	}
	return limit(out)
}

// arguments evaluates the arguments of a call.
func (e *evaluator) arguments(given []ast.Expression, s *scope, m *module, f *frame) (args []*later, open bool) {
	for _, a := range given {
		if more, ok := a.(*ast.SpreadElement); ok {
			all := e.eval(more.Expression, s, m, f)
			if len(all) != 1 || all[0].kind != list || all[0].open {
				return args, true
			}
			args = append(args, all[0].items...)
			continue
		}
		args = append(args, e.later(a, s, m, f))
	}
	return args, false
}

// inline returns what a function of the project returns.
func (e *evaluator) inline(v *value, list []ast.Expression, s *scope, m *module, f *frame, at place) values {
	if f.depth() >= maxInlined || e.busy[v.fn] || len(v.fn.returns) == 0 {
		return values{hole(v.fn.name, at)}
	}
	args, open := e.arguments(list, s, m, f)
	e.busy[v.fn] = true
	defer delete(e.busy, v.fn)
	call := &frame{fn: v.fn, args: args, spread: open, this: v.this, parent: f}
	var out values
	for _, r := range v.fn.returns[:min(len(v.fn.returns), maxAlternatives)] {
		always := false
		if r.when != nil {
			yes, no := e.condition(r.when, r.scope, v.fn.module, call)
			if no {
				continue
			}
			always = yes
		}
		if out = append(out, e.eval(r.value, r.scope, v.fn.module, call)...); always {
			break
		}
	}
	return limit(out)
}

// global returns what a function of the language or of esbuild's returns.
func (e *evaluator) global(name string, x *ast.CallExpression, s *scope, m *module, f *frame) (values, bool) {
	if len(x.ArgumentList) == 0 {
		return nil, false
	}
	first := x.ArgumentList[0]
	switch name {
	case "require":
		if spec, ok := first.(*ast.StringLiteral); ok {
			return values{e.required(m, spec.Value.String(), place{module: m, node: x})}, true
		}
	case "__toESM", "__toCommonJS":
		return e.eval(first, s, m, f), true
	case "encodeURIComponent", "encodeURI", "String", "decodeURIComponent", "escape":
		all := e.eval(first, s, m, f)
		for i := range all {
			if _, known := all[i].known(); !known && len(all[i].pieces) != 1 {
				all[i] = hole(holeName(first), place{module: m, node: first})
			}
		}
		return all, true
	}
	return nil, false
}

// method returns what a method of the language returns.
func (e *evaluator) method(dot *ast.DotExpression, x *ast.CallExpression, s *scope, m *module, f *frame) (values, bool) {
	name := dot.Identifier.Name.String()
	switch name {
	case "toString", "trim", "toLowerCase", "toUpperCase", "valueOf", "replace", "replaceAll", "concat", "join", "assign", "stringify", "freeze", "set", "append", "fromEntries":
	default:
		return nil, false
	}
	at := place{module: m, node: x}
	if id, ok := unwrap(dot.Left).(*ast.Identifier); ok && s.lookup(id.Name.String()) == nil {
		switch id.Name.String() + "." + name {
		case "Object.assign":
			v := value{kind: object, at: at}
			for _, a := range x.ArgumentList {
				v = spread(v, e.eval(a, s, m, f))
			}
			return values{v}, true
		case "Object.freeze":
			if len(x.ArgumentList) == 1 {
				return e.eval(x.ArgumentList[0], s, m, f), true
			}
		case "JSON.stringify":
			return values{{kind: text, at: at, pieces: []piece{{hole: "json", at: at}}}}, true
		}
	}
	left := e.eval(dot.Left, s, m, f)
	var out values
	for i := range left {
		v := &left[i]
		known, isKnown := v.known()
		switch {
		case name == "join" && v.kind == list:
			out = append(out, e.join(v, x, s, m, f)...)
		case name == "concat" && v.kind == text:
			all := values{*v}
			for _, a := range x.ArgumentList {
				all = e.joined(all, e.eval(a, s, m, f), a, m)
			}
			out = append(out, all...)
		case (name == "set" || name == "append") && v.kind == object && len(x.ArgumentList) == 2: // of Angular's HttpHeaders
			c := change{keys: x.ArgumentList[:1], value: x.ArgumentList[1], scope: s}
			out = append(out, e.change(*v, &c, c.keys, m, f))
		case v.kind != text && v.kind != unknown || name == "join" || name == "set" || name == "append":
			return nil, false
		case (name == "replace" || name == "replaceAll") && !isKnown || name == "replace" && len(x.ArgumentList) != 2:
			out = append(out, hole(holeName(dot.Left), at))
		case name == "replace" || name == "replaceAll":
			out = append(out, replaced(*v, known, x, name == "replaceAll"))
		case name == "toLowerCase" && isKnown:
			out = append(out, literal(strings.ToLower(known), v.at))
		case name == "toUpperCase" && isKnown:
			out = append(out, literal(strings.ToUpper(known), v.at))
		case name == "trim" && isKnown:
			out = append(out, literal(strings.TrimSpace(known), v.at))
		default:
			out = append(out, *v)
		}
	}
	return limit(out), true
}

// replaced does what people do to addresses: they take a slash from the end, or put one text in place of another.
func replaced(v value, known string, x *ast.CallExpression, all bool) value {
	to, ok := x.ArgumentList[1].(*ast.StringLiteral)
	if !ok {
		return hole("value", v.at)
	}
	switch from := x.ArgumentList[0].(type) {
	case *ast.StringLiteral:
		n := 1
		if all {
			n = -1
		}
		return literal(strings.Replace(known, from.Value.String(), to.Value.String(), n), v.at)
	case *ast.RegExpLiteral:
		switch from.Pattern {
		case `\/+$`, `\/$`, `/$`, `/+$`, `\/*$`:
			return literal(strings.TrimRight(known, "/")+to.Value.String(), v.at)
		case `^\/+`, `^\/`, `^\/*`:
			return literal(to.Value.String()+strings.TrimLeft(known, "/"), v.at)
		}
	}
	return hole("value", v.at)
}

// join returns "[a, b].join('/')".
func (e *evaluator) join(v *value, x *ast.CallExpression, s *scope, m *module, f *frame) values {
	separator := ","
	if len(x.ArgumentList) > 0 {
		all := e.eval(x.ArgumentList[0], s, m, f)
		known := false
		if separator, known = all[0].known(); !known {
			return values{hole("value", v.at)}
		}
	}
	if v.open {
		return values{hole("value", v.at)}
	}
	out := values{{kind: text, at: v.at}}
	for i, item := range v.items {
		if i > 0 {
			out = e.joined(out, values{literal(separator, v.at)}, nil, m)
		}
		out = e.joined(out, item.get(), nil, m)
	}
	return out
}

// required returns what a module is: one of the project, or a package.
func (e *evaluator) required(from *module, spec string, at place) value {
	if name := e.reader.resolve(from.file.Path, spec); name != "" {
		if path.Ext(name) == ".json" {
			return value{kind: unknown, at: at, pieces: []piece{{hole: "value", at: at}}}
		}
		if m := e.module(name); m != nil {
			return value{kind: project, mod: m, at: at}
		}
		return hole("value", at)
	}
	return value{kind: external, name: "package " + spec, at: at, pieces: []piece{{hole: "value", at: at}}}
}

// module returns a module of the project, the same one every time.
func (e *evaluator) module(name string) *module {
	if m, ok := e.modules[name]; ok {
		return m
	}
	if len(e.modules) >= maxModules {
		return nil
	}
	m := e.reader.module(name)
	e.modules[name] = m
	return m
}

// maxModules bounds how many modules are read for the requests of one.
const maxModules = 400

// export returns what a module exports under a name.
func (e *evaluator) export(m *module, name string, depth int) values {
	key := exportKey{m, name}
	if depth > 10 || e.busy[key] {
		return values{hole(name, place{})}
	}
	e.busy[key] = true
	defer delete(e.busy, key)
	var out values
	if a, ok := m.exports[name]; ok {
		out = e.eval(a.value, a.scope, m, nil)
	} else if name == "default" && m.whole != nil {
		out = e.eval(m.whole, m.top, m, nil)
	} else if m.whole != nil {
		all := e.eval(m.whole, m.top, m, nil)
		for i := range all {
			out = append(out, e.propertyOf(&all[i], name, all[i].at)...)
		}
	} else {
		for _, star := range m.stars {
			if other := e.required(m, star, place{}); other.kind == project {
				if found := e.export(other.mod, name, depth+1); len(found) > 0 && found[0].kind != unknown {
					out = found
					break
				}
			}
		}
	}
	for _, other := range e.reader.replacements(m.file.Path) {
		if o := e.module(other); o != nil && o != m {
			if a, ok := o.exports[name]; ok {
				out = append(out, e.eval(a.value, a.scope, o, nil)...)
			}
		}
	}
	if len(out) == 0 {
		return values{hole(name, place{})}
	}
	return limit(out)
}

type exportKey struct {
	module *module
	name   string
}

// construct returns what "new" makes.
func (e *evaluator) construct(x *ast.NewExpression, s *scope, m *module, f *frame) values {
	at := place{module: m, node: x}
	args := x.ArgumentList
	if id, ok := bare(x.Callee).(*ast.Identifier); ok && s.lookup(id.Name.String()) == nil {
		switch id.Name.String() {
		case "URL":
			return e.urlOf(args, s, m, f, at)
		case "Headers", "HttpHeaders", "AxiosHeaders":
			return e.headersObject(args, s, m, f, at)
		case "Request":
			return e.requestObject(args, s, m, f, at)
		case "FormData", "Blob", "File", "URLSearchParams":
			return values{{kind: formData, name: id.Name.String(), at: at, pieces: []piece{{hole: "query", at: at}}}}
		case "String":
			if len(args) == 1 {
				return e.eval(args[0], s, m, f)
			}
		case "Promise":
			return values{hole("value", at)}
		}
		return values{{kind: external, name: "new " + id.Name.String(), at: at, pieces: []piece{{hole: "value", at: at}}}}
	}
	for _, v := range e.eval(bare(x.Callee), s, m, f) {
		switch v.kind { //nolint:exhaustive // nothing else says anything
		case class:
			made := value{kind: instance, class: v.class, mod: v.mod, at: at}
			if constructor := v.mod.methods[v.class]["constructor"]; constructor != nil {
				given, open := e.arguments(args, s, m, f)
				made.frame = &frame{fn: constructor, args: given, spread: open}
			}
			return values{made}
		case external:
			if strings.HasPrefix(v.name, "package @angular/common/http") && strings.HasSuffix(v.name, ".HttpHeaders") {
				return e.headersObject(args, s, m, f, at)
			}
			return values{{kind: external, name: "new " + v.name, at: at, pieces: []piece{{hole: "value", at: at}}}}
		}
	}
	return values{hole("value", at)}
}

// urlOf returns "new URL(path, base)".
func (e *evaluator) urlOf(args []ast.Expression, s *scope, m *module, f *frame, at place) values {
	switch len(args) {
	case 1:
		return e.eval(args[0], s, m, f)
	case 2:
		var out values
		paths, bases := e.eval(args[0], s, m, f), e.eval(args[1], s, m, f)
		for i := range bases {
			for j := range paths {
				out = append(out, resolved(&bases[i], &paths[j], at))
			}
		}
		return limit(out)
	}
	return values{hole("url", at)}
}

// resolved returns an address relative to another. Only the plain cases are known.
func resolved(base, rel *value, at place) value {
	if rel.kind != text || len(rel.pieces) == 0 {
		return hole("url", at)
	}
	first := rel.pieces[0]
	if first.hole == "" && strings.Contains(first.text, "://") {
		return *rel
	}
	b, known := base.known()
	if !known {
		if len(base.pieces) == 1 && strings.HasPrefix(first.text, "/") {
			return value{kind: text, at: at, pieces: appended(base.pieces, rel.pieces...)}
		}
		return hole("url", at)
	}
	scheme, rest, absolute := strings.Cut(b, "://")
	if !absolute || first.hole != "" {
		return hole("url", at)
	}
	host, dir, _ := strings.Cut(rest, "/")
	prefix := scheme + "://" + host
	if !strings.HasPrefix(first.text, "/") {
		prefix += "/" + dir[:strings.LastIndexByte(dir, '/')+1]
	}
	return value{kind: text, at: at, pieces: appended([]piece{{text: prefix, at: base.at}}, rel.pieces...)}
}

// headersObject returns "new Headers(…)".
func (e *evaluator) headersObject(args []ast.Expression, s *scope, m *module, f *frame, at place) values {
	if len(args) == 0 {
		return values{{kind: object, at: at}}
	}
	return e.eval(args[0], s, m, f)
}

// requestObject returns "new Request(url, init)": the init, with the address under a name of its own.
func (e *evaluator) requestObject(args []ast.Expression, s *scope, m *module, f *frame, at place) values {
	v := value{kind: object, at: at, name: "Request"}
	if len(args) > 1 {
		v = spread(v, e.eval(args[1], s, m, f))
	}
	if len(args) > 0 {
		v.props = set(v.props, property{name: requestURL, value: e.later(args[0], s, m, f), at: place{module: m, node: args[0]}})
	}
	return values{v}
}

// requestURL is the name under which a Request keeps its address. No property is written so.
const requestURL = "\x00url"
