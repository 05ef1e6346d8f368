package machine

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// An unknown value is a proxy that takes every use: reading a property, calling and constructing it give unknown values
// again. Where it becomes text, it is a marker between two characters of the private use area, so that a header made of it is
// seen to be so. Where the program decides on it, the machine is asked.
const (
	markStart = "\ue000"
	markEnd   = "\ue001"
	// textual is the kind of an unknown text; other unknown values may be anything.
	textual = "text"

	maxSubject  = 160 // bytes
	maxUnknowns = 20_000
)

type unknown struct {
	subject string
	kind    string
	number  int
	settled bool // what a promise gave: it is none itself
	own     map[string]goja.Value
}

// unknown returns the unknown value of a subject, always the same.
func (m *Machine) unknown(subject, kind string) *goja.Object {
	return m.unknownOf(subject, kind, false)
}

func (m *Machine) unknownOf(subject, kind string, settled bool) *goja.Object {
	if len(subject) > maxSubject {
		subject = subject[:maxSubject-3] + "..."
	}
	if len(m.numbered) >= maxUnknowns {
		subject = "too much to follow"
	}
	key := subject + "\x00" + kind
	if settled {
		key += "\x00settled"
	}
	if o := m.byName[key]; o != nil {
		return o
	}
	u := &unknown{subject: subject, kind: kind, number: len(m.numbered), settled: settled}
	m.numbered = append(m.numbered, u)
	o := m.rt.ToValue(m.rt.NewProxy(m.target, m.traps(u))).(*goja.Object)
	m.unknowns[o] = u
	m.byName[key] = o
	return o
}

func (u *unknown) marker() string { return markStart + strconv.Itoa(u.number) + markEnd }

// textMethods of a text give a text.
var textMethods = map[string]bool{"trim": true, "toLowerCase": true, "toUpperCase": true, "replace": true, "replaceAll": true, "slice": true, "substring": true, "substr": true, "concat": true, "toString": true,
	"trimEnd": true, "trimStart": true, "padEnd": true, "padStart": true, "normalize": true, "charAt": true, "at": true, "valueOf": true}

func (m *Machine) traps(u *unknown) *goja.ProxyTrapConfig {
	native := func(f func(c goja.FunctionCall) goja.Value) goja.Value { return m.rt.ToValue(f) }
	return &goja.ProxyTrapConfig{
		Get: func(_ *goja.Object, property string, _ goja.Value) goja.Value {
			if v, ok := u.own[property]; ok {
				return v
			}
			switch property {
			case "then", "catch", "finally":
				if u.settled || strings.HasSuffix(u.subject, ".prototype") {
					return goja.Undefined()
				}
				return native(func(c goja.FunctionCall) goja.Value { return m.promised(u, property, c.Arguments) })
			case "toString", "valueOf", "toJSON":
				return native(func(goja.FunctionCall) goja.Value { return m.rt.ToValue(u.marker()) })
			case "__esModule", "isApplication", "isRouter", "handle":
				return goja.Undefined()
			case "default", "promises":
				return m.unknown(u.subject, u.kind)
			case "name":
				return m.rt.ToValue(u.subject)
			}
			kind := ""
			if u.kind == textual && textMethods[property] {
				kind = "method of a text"
			}
			return m.unknown(u.subject+"."+property, kind)
		},
		GetSym: func(_ *goja.Object, property *goja.Symbol, _ goja.Value) goja.Value {
			switch property {
			case goja.SymToPrimitive:
				return native(func(goja.FunctionCall) goja.Value { return m.rt.ToValue(u.marker()) })
			case goja.SymIterator:
				return native(func(goja.FunctionCall) goja.Value { return m.once(m.unknownOf(u.subject+"[]", elementKind(u), true)) })
			case goja.SymHasInstance:
				return native(func(goja.FunctionCall) goja.Value {
					return m.rt.ToValue(m.decide(Question{Kind: "condition", Subject: "something is a " + u.subject}))
				})
			}
			return goja.Undefined()
		},
		Set: func(_ *goja.Object, property string, value goja.Value, _ goja.Value) bool {
			if u.own == nil {
				u.own = map[string]goja.Value{}
			}
			if len(u.own) < 1_000 {
				u.own[property] = value
			}
			return true
		},
		DefineProperty: func(_ *goja.Object, property string, d goja.PropertyDescriptor) bool {
			if u.own == nil {
				u.own = map[string]goja.Value{}
			}
			if d.Value != nil {
				u.own[property] = d.Value
			}
			return true
		},
		DeleteProperty: func(_ *goja.Object, property string) bool {
			delete(u.own, property)
			return true
		},
		Has:   func(*goja.Object, string) bool { return true },
		Apply: func(_ *goja.Object, _ goja.Value, args []goja.Value) goja.Value { return m.called(u, args) },
		Construct: func(_ *goja.Object, args []goja.Value, target *goja.Object) *goja.Object {
			if target != nil && m.unknowns[target] == nil { // a class that extends it
				if proto, ok := target.Get("prototype").(*goja.Object); ok {
					return m.rt.CreateObject(proto)
				}
			}
			return m.unknown("new "+u.subject+"("+m.arguments(args)+")", "")
		},
	}
}

// open returns an object that was spread from an unknown one as one whose missing properties are unknown.
func (m *Machine) open(o *goja.Object) *goja.Object {
	if m.rest == nil || len(m.numbered) == 0 {
		return o
	}
	from, ok := o.GetSymbol(m.rest).(*goja.Object)
	if !ok {
		return o
	}
	u := m.unknowns[from]
	if u == nil {
		return o
	}
	traps := &goja.ProxyTrapConfig{Get: func(target *goja.Object, property string, _ goja.Value) goja.Value {
		if v := target.Get(property); v != nil && !goja.IsUndefined(v) || property == "then" || property == "toJSON" {
			return v
		}
		return m.unknown(u.subject+"."+property, "")
	}}
	return m.rt.ToValue(m.rt.NewProxy(o, traps)).(*goja.Object)
}

func elementKind(u *unknown) string {
	if strings.HasPrefix(u.subject, "process.env.") {
		return textual
	}
	return ""
}

// once returns an iterator of one value.
func (m *Machine) once(v goja.Value) goja.Value {
	list := m.rt.NewArray(v)
	values, _ := goja.AssertFunction(list.Get("values"))
	return m.must(values(list))
}

// promised is what then, catch and finally of an unknown value do: it is fulfilled, with an unknown value, unless what the
// program waits for fails.
func (m *Machine) promised(u *unknown, method string, args []goja.Value) goja.Value {
	promise, resolve, reject := m.rt.NewPromise()
	if m.answer != nil && slices.Contains(m.answer.request.Circumstances, "call-fails") {
		_ = reject(m.must(m.rt.New(m.rt.Get("Error"), m.rt.ToValue(u.subject+" fails"))))
	} else {
		_ = resolve(m.unknownOf(u.subject, u.kind, true))
	}
	o := m.rt.ToValue(promise).ToObject(m.rt)
	f, _ := goja.AssertFunction(o.Get(method))
	return m.must(f(o, args...))
}

// called is what a call of an unknown function does: nothing that is known. Functions that it is given are called once where
// it goes through a list, and else when nothing else is left to do.
func (m *Machine) called(u *unknown, args []goja.Value) goja.Value {
	method := u.subject[strings.LastIndexByte(u.subject, '.')+1:]
	if method == "bind" {
		return m.unknown(strings.TrimSuffix(u.subject, ".bind"), "")
	}
	for _, a := range args {
		o, ok := a.(*goja.Object)
		if !ok {
			continue
		}
		if m.answer != nil && o == m.answer.res {
			m.answer.handed = u.subject
		}
		f, callable := goja.AssertFunction(o)
		if !callable || m.unknowns[o] != nil {
			continue
		}
		switch method {
		case "forEach", "map", "filter", "some", "every", "find", "findIndex", "flatMap", "sort", "reduce":
			element := m.unknownOf(strings.TrimSuffix(u.subject, "."+method)+"[]", elementKind(u), true)
			if method == "reduce" && len(args) > 1 {
				m.must(f(goja.Undefined(), args[1], element, m.rt.ToValue(0)))
			} else {
				m.must(f(goja.Undefined(), element, m.rt.ToValue(0)))
			}
		default:
			m.wait(u, o, f)
		}
	}
	kind := ""
	if u.kind == "method of a text" {
		kind = textual
	}
	return m.unknown(u.subject+"("+m.arguments(args)+")", kind)
}

// wait keeps a callback. Its parameters are unknown, but an error by its name: that nothing fails is taken for granted.
func (m *Machine) wait(u *unknown, o *goja.Object, f goja.Callable) {
	if len(m.pending) >= 1_000 {
		return
	}
	m.pending = append(m.pending, func() error {
		var args []goja.Value
		for i := range o.Get("length").ToInteger() {
			if i == 0 && firstIsError(o.String()) {
				args = append(args, goja.Null())
				continue
			}
			args = append(args, m.unknownOf(fmt.Sprintf("what %s gives", u.subject), "", true))
		}
		_, err := f(goja.Undefined(), args...)
		return err
	})
}

// firstIsError reports whether a function's text names its first parameter as an error.
func firstIsError(text string) bool {
	text = strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(text, "async "), "function"), " *")
	if open := strings.IndexByte(text, '('); open >= 0 && (open < strings.Index(text+"=>", "=>")) {
		text = text[open+1:]
	}
	text = strings.ToLower(strings.TrimLeft(text, " "))
	return strings.HasPrefix(text, "err") || strings.HasPrefix(text, "e,") || strings.HasPrefix(text, "e)") || strings.HasPrefix(text, "_err")
}

// arguments shows the arguments of a call.
func (m *Machine) arguments(args []goja.Value) string {
	var parts []string
	for _, a := range args[:min(len(args), 4)] {
		parts = append(parts, m.show(a))
	}
	if len(args) > 4 {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}

// show describes a value to people.
func (m *Machine) show(v goja.Value) string {
	if o, ok := v.(*goja.Object); ok {
		if u := m.unknowns[o]; u != nil {
			return u.subject
		}
		if _, callable := goja.AssertFunction(o); callable {
			return "…"
		}
		if o.ClassName() == "RegExp" {
			return short(o.String())
		}
		if o.ClassName() == "Array" {
			return "[…]"
		}
		return "{…}"
	}
	if v == nil || goja.IsUndefined(v) {
		return "undefined"
	}
	text := v.String()
	if _, isText := v.Export().(string); isText {
		if strings.Contains(text, markStart) {
			var b strings.Builder
			for _, p := range m.parts(text) {
				if p.Unknown != nil {
					b.WriteString(p.Unknown.Subject)
				} else {
					b.WriteString(p.Text)
				}
			}
			return short(b.String())
		}
		return strconv.Quote(short(text))
	}
	return short(text)
}

func short(text string) string {
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:57], "") + "..."
	}
	return text
}

// parts reads the markers in a text.
func (m *Machine) parts(text string) []Part {
	var out []Part
	for text != "" {
		before, after, found := strings.Cut(text, markStart)
		if before != "" {
			out = append(out, Part{Text: before})
		}
		if !found {
			break
		}
		number, rest, _ := strings.Cut(after, markEnd)
		text = rest
		if n, err := strconv.Atoi(number); err == nil && n >= 0 && n < len(m.numbered) {
			out = append(out, Part{Unknown: &Question{Kind: "variable", Subject: m.numbered[n].subject}})
		}
	}
	return out
}

func (m *Machine) isUnknown(v goja.Value) bool {
	if o, ok := v.(*goja.Object); ok {
		return m.unknowns[o] != nil
	}
	return m.isMarked(v)
}

// isMarked reports whether a value is a text with an unknown part.
func (m *Machine) isMarked(v goja.Value) bool {
	text, ok := v.(goja.String)
	return ok && len(m.numbered) > 0 && strings.Contains(text.String(), markStart)
}

func (m *Machine) isUnknownText(v goja.Value) bool {
	if o, ok := v.(*goja.Object); ok {
		u := m.unknowns[o]
		return u != nil && u.kind == textual
	}
	return m.isMarked(v)
}

// test returns whether a value is true. An unknown one is both, in turn.
func (m *Machine) test(v goja.Value) bool {
	if o, ok := v.(*goja.Object); ok {
		u := m.unknowns[o]
		if u == nil {
			return true
		}
		m.unclear = true
		subject := u.subject
		if u.kind == textual {
			subject += " is set"
		} else {
			subject += " is truthy"
		}
		return m.decide(Question{Kind: "condition", Subject: subject})
	}
	m.unclear = false
	return v != nil && v.ToBoolean()
}

// loop returns whether a loop goes on. One whose end is not known is gone through once.
func (m *Machine) loop(id int, holds bool) bool {
	if !m.unclear || !holds {
		delete(m.loops, id)
		return holds
	}
	if m.loops[id]++; m.loops[id] > 1 {
		delete(m.loops, id)
		return false
	}
	return true
}

func (m *Machine) typeOf(v goja.Value) goja.Value {
	if o, ok := v.(*goja.Object); ok {
		if u := m.unknowns[o]; u != nil {
			if u.kind == textual {
				return m.rt.ToValue("string")
			}
			return m.unknown("typeof "+u.subject, textual)
		}
	}
	return m.rt.ToValue(typeName(v))
}

// typeName is what typeof says. https://tc39.es/ecma262/#sec-typeof-operator
func typeName(v goja.Value) string {
	switch v := v.(type) {
	case nil:
		return "undefined"
	case goja.String:
		return "string"
	case *goja.Symbol:
		return "symbol"
	case *goja.Object:
		if _, callable := goja.AssertFunction(v); callable {
			return "function"
		}
		return "object"
	default:
		switch v.Export().(type) {
		case bool:
			return "boolean"
		case *big.Int:
			return "bigint"
		case int64, float64:
			return "number"
		}
		if goja.IsUndefined(v) {
			return "undefined"
		}
		return "object" // null
	}
}

// compare compares as the operator does. With an unknown side the answer is both, in turn.
func (m *Machine) compare(operator string, a, b goja.Value, at int) bool {
	if m.watching != nil && at >= 0 {
		m.watching.compared(operator, a, b, at)
	}
	if m.unclear = m.isUnknown(a) || m.isUnknown(b); m.unclear {
		return m.compareUnknown(operator, a, b)
	}
	switch operator {
	case "===":
		return a.StrictEquals(b)
	case "!==":
		return !a.StrictEquals(b)
	case "!=":
		return !m.must(m.operator["=="](goja.Undefined(), a, b)).ToBoolean()
	}
	return m.must(m.operator[operator](goja.Undefined(), a, b)).ToBoolean()
}

func (m *Machine) compareUnknown(operator string, a, b goja.Value) bool {
	x, y := m.show(a), m.show(b)
	positive := true
	switch operator {
	case "!==", "!=":
		operator, positive = strings.Replace(operator, "!", "=", 1), false
	}
	if operator == "instanceof" {
		if !m.isUnknown(a) && !m.extendsUnknown(a) {
			return false // it was made here, of what is known
		}
		operator = "is a"
	}
	if operator == "===" || operator == "==" {
		if x == y {
			return positive
		}
		operator = "is"
	}
	return m.decide(Question{Kind: "condition", Subject: x + " " + operator + " " + y}) == positive
}

// extendsUnknown reports whether an object is one of a class that extends an unknown one.
func (m *Machine) extendsUnknown(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	for range 100 {
		if !ok || o == nil {
			return false
		}
		if m.unknowns[o] != nil {
			return true
		}
		o = o.Prototype()
	}
	return false
}

// decide answers a question that is not known: while the application starts, with yes; while a request is answered, as was
// assumed before, or both ways in turn.
func (m *Machine) decide(q Question) bool {
	switch {
	case m.watching != nil:
		return true
	case m.answer != nil:
		return m.answer.decide(q)
	case m.starting != nil:
		return m.starting.decide(q)
	}
	return true
}

func (m *Machine) assume(a Answered) {
	if m.answer != nil {
		m.answer.assume(a)
	}
}
