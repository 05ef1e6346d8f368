package machine

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/corslint/corslint/internal/script"
	"github.com/corslint/corslint/internal/source"
	"github.com/dop251/goja"
)

// start runs the entry, and returns its exports.
func (m *Machine) start(entry string) (*goja.Object, error) {
	if err := m.awaited(entry, map[string]bool{}); err != nil {
		return nil, err
	}
	exports, err := m.module(entry)
	if err != nil {
		return nil, err
	}
	o, _ := exports.(*goja.Object)
	switch {
	case m.app.Export != "":
		if err := m.settle(); err != nil { // a module may await at its top level
			return nil, err
		}
		return nil, m.hand("%lambda", "deployed", m.modules[entry].Get("exports"), m.rt.ToValue(m.app.Export), m.rt.ToValue(m.app.Payload))
	case strings.HasPrefix(path.Base(entry), "next.config."):
		return nil, m.hand("%next", "configured", exports)
	}
	return o, nil
}

// awaited runs the modules below one that await at their top level: those that import them wait for them.
// https://tc39.es/ecma262/#sec-async-module-execution-fulfilled
func (m *Machine) awaited(name string, seen map[string]bool) error {
	seen[name] = true
	f, err := m.files.Open(name)
	if err != nil {
		return nil // for who needs it to say
	}
	s, err := m.library.read(f)
	if err != nil {
		return nil
	}
	for _, specifier := range s.Imports() {
		local := m.resolve(path.Dir(name), specifier)
		if local == "" || seen[local] || len(seen) >= maxFiles || !script.Is(local) {
			continue
		}
		if err := m.awaited(local, seen); err != nil {
			return err
		}
	}
	if !s.Async || name == m.app.Entry {
		return nil
	}
	if _, err := m.module(name); err != nil {
		return err
	}
	return m.settle()
}

// hand calls a function of a model.
func (m *Machine) hand(model, name string, args ...goja.Value) error {
	exports, err := m.require(model)
	if err != nil {
		return err
	}
	f, _ := goja.AssertFunction(exports.ToObject(m.rt).Get(name))
	_, err = f(goja.Undefined(), args...)
	return err
}

// settle turns the event loop until nothing is left to do.
func (m *Machine) settle() error {
	for range maxTurns {
		more, err := m.hooks.turn(goja.Undefined())
		if err != nil {
			return err
		}
		if more.ToBoolean() {
			continue
		}
		return nil
	}
	return nil
}

// complete goes on where an application waits for something that never comes here: callbacks that unknown functions were
// given, a factory that nobody calls.
func (m *Machine) complete(exports *goja.Object) error {
	for range 3 {
		if m.answering() || len(m.pending) == 0 {
			break
		}
		list := m.pending
		m.pending = nil
		for _, call := range list {
			if err := call(); m.fatal(err) {
				return err
			}
		}
		if err := m.settle(); err != nil {
			return err
		}
	}
	if m.answering() {
		return nil
	}
	return m.factories(exports)
}

// answering reports whether there is an application with something registered.
func (m *Machine) answering() bool {
	found := m.rt.GlobalObject().Get("%found").ToObject(m.rt)
	if list := found.Get("listening").ToObject(m.rt); list.Get("length").ToInteger() > 0 {
		return true
	}
	for _, app := range m.list(found.Get("frameworks")) {
		registered, _ := goja.AssertFunction(app.Get("registered"))
		if v, err := registered(app); err == nil && v.ToBoolean() {
			return true
		}
	}
	for _, app := range m.list(found.Get("applications")) {
		if router, ok := app.Get("router_").(*goja.Object); ok && len(m.list(router.Get("stack"))) > 0 {
			return true
		}
	}
	return false
}

func (m *Machine) list(v goja.Value) []*goja.Object {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	var out []*goja.Object
	for i := range min(o.Get("length").ToInteger(), 10_000) {
		if x, ok := o.Get(fmt.Sprint(i)).(*goja.Object); ok {
			out = append(out, x)
		}
	}
	return out
}

// factories calls exported functions that nobody called: "module.exports = () => { const app = express(); … }".
func (m *Machine) factories(exports *goja.Object) error {
	candidates := []*goja.Object{exports}
	for _, key := range exports.Keys() {
		if o, ok := exports.Get(key).(*goja.Object); ok {
			candidates = append(candidates, o)
		}
	}
	for _, c := range candidates {
		f, ok := goja.AssertFunction(c)
		if !ok || m.isUnknown(c) || c.Get("isApplication") != nil || c.Get("isRouter") != nil {
			continue
		}
		text := c.String()
		if !makesApplication.MatchString(text) {
			continue
		}
		var args []goja.Value
		for i := range c.Get("length").ToInteger() {
			args = append(args, m.unknown(fmt.Sprintf("argument %d of %s", i+1, c.Get("name")), ""))
		}
		if _, err := f(goja.Undefined(), args...); m.fatal(err) {
			return err
		}
		if err := m.settle(); err != nil {
			return err
		}
		if m.answering() {
			return nil
		}
	}
	return nil
}

// makesApplication is what a function's text has that makes an application.
var makesApplication = regexp.MustCompile(`express|Router|\.use\(|\.register\(|[kK]oa\b|[fF]astify\(|Hono\(|NestFactory`)

// fatal reports whether an error ends the machine, and not only what it ran.
func (m *Machine) fatal(err error) bool {
	_, interrupted := errors.AsType[*goja.InterruptedError](err)
	return interrupted
}

// failure says why an application did not start, and whether that is corslint's limit rather than its own mistake.
func (m *Machine) failure(err error) (Gap, bool) {
	if x, ok := errors.AsType[*goja.InterruptedError](err); ok {
		m.stopped = true
		return Gap{Why: fmt.Sprint(x.Value())}, true
	}
	if x, ok := errors.AsType[*goja.Exception](err); ok {
		text := x.Value().String()
		if o, isObject := x.Value().(*goja.Object); isObject && o.Get("message") != nil {
			text = o.Get("message").String()
		}
		for _, frame := range x.Stack() {
			if at := m.frame(&frame); at != nil {
				return Gap{Why: text, Place: at}, m.isUnknown(x.Value())
			}
		}
		return Gap{Why: text}, m.isUnknown(x.Value())
	}
	if x, ok := errors.AsType[*script.Error](err); ok {
		return Gap{Why: x.Text, Place: place(x.Span)}, false
	}
	return Gap{Why: err.Error()}, true
}

func place(s source.Span) *Place {
	if s.IsZero() {
		return nil
	}
	return &Place{File: s.Path(), Start: s.Start, End: s.End}
}
