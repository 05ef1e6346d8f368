package machine

import (
	"path"
	"strings"

	"github.com/dop251/goja"
)

// module returns the exports of a file, which it runs the first time.
func (m *Machine) module(name string) (goja.Value, error) {
	if module := m.modules[name]; module != nil {
		return module.Get("exports"), nil
	}
	if len(m.modules) >= maxFiles {
		return m.unknown(path.Base(name), ""), nil
	}
	f, err := m.files.Open(name)
	if err != nil {
		return nil, err
	}
	module := m.rt.NewObject()
	exports := m.rt.NewObject()
	_ = module.Set("exports", exports)
	_ = module.Set("id", name)
	_ = module.Set("filename", "/"+name)
	_ = module.Set("children", m.rt.NewArray())
	_ = module.Set("paths", m.rt.NewArray())
	m.modules[name] = module
	m.read = append(m.read, name)
	if path.Ext(name) == ".json" {
		value, err := m.json(string(f.Data))
		if err != nil {
			return nil, err
		}
		_ = module.Set("exports", value)
		return value, nil
	}
	s, err := m.library.read(f)
	if err != nil {
		gap, _ := m.failure(err)
		m.mistake = append(m.mistake, gap)
		unread := m.unknown(name, "")
		_ = module.Set("exports", unread)
		return unread, nil
	}
	value, err := m.rt.RunProgram(s.Program)
	if err != nil {
		return nil, err
	}
	run, _ := goja.AssertFunction(value)
	dir := path.Dir("/" + name)
	result, err := run(exports, exports, m.requireFrom(path.Dir(name)), module, m.rt.ToValue("/"+name), m.rt.ToValue(dir), m.rt.ToValue("/"+name))
	if err != nil {
		return nil, err
	}
	if s.Async {
		if p, ok := result.Export().(*goja.Promise); ok && p.State() == goja.PromiseStateRejected {
			return nil, m.rejection(p)
		}
	}
	return module.Get("exports"), nil
}

func (m *Machine) rejection(p *goja.Promise) error {
	_, err := m.rt.RunString("(function (e) { throw e })")
	if err != nil {
		return err
	}
	throw, _ := goja.AssertFunction(m.rt.ToValue(func(goja.FunctionCall) goja.Value { panic(p.Result()) }))
	_, err = throw(goja.Undefined())
	return err
}

func (m *Machine) json(text string) (goja.Value, error) {
	parse, _ := goja.AssertFunction(m.rt.GlobalObject().Get("JSON").ToObject(m.rt).Get("parse"))
	return parse(goja.Undefined(), m.rt.ToValue(text))
}

// requireFrom returns the function "require" of a file in a folder.
func (m *Machine) requireFrom(dir string) goja.Value {
	require := m.rt.ToValue(func(c goja.FunctionCall) goja.Value {
		return m.must(m.required(dir, c.Argument(0)))
	}).(*goja.Object)
	_ = require.Set("resolve", func(c goja.FunctionCall) goja.Value { return c.Argument(0) })
	_ = require.Set("cache", m.rt.NewObject())
	_ = require.Set("main", m.modules[m.app.Entry])
	return require
}

func (m *Machine) required(dir string, specifier goja.Value) (goja.Value, error) {
	name := specifier.String()
	if m.isUnknown(specifier) {
		return m.unknown("require("+m.show(specifier)+")", ""), nil
	}
	if local := m.resolve(dir, name); local != "" {
		return m.module(local)
	}
	if !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "/") {
		bare := strings.TrimPrefix(name, "node:")
		if v, err := m.require(bare); err != nil || !goja.IsUndefined(v) {
			return v, err
		}
	}
	return m.unknown(name, ""), nil
}

// extensions are tried in this order, as bundlers and ts-node do.
var extensions = []string{"", ".js", ".ts", ".mjs", ".cjs", ".json", ".tsx", ".jsx", ".mts", ".cts", "/index.js", "/index.ts", "/index.mjs", "/index.cjs", "/index.tsx", "/index.json"}

// resolve returns the path of a local module, "" when there is none.
func (m *Machine) resolve(dir, name string) string {
	switch {
	case name == "." || name == "..", strings.HasPrefix(name, "./"), strings.HasPrefix(name, "../"):
		return m.find(path.Join("/", dir, name))
	case strings.HasPrefix(name, "/"):
		return m.find(path.Clean(name))
	}
	for _, a := range m.app.Aliases {
		rest, ok := strings.CutPrefix(name, a.Name)
		if !ok || !a.Prefix && rest != "" {
			continue
		}
		for _, to := range a.Paths {
			if found := m.find(path.Join("/", to+rest)); found != "" {
				return found
			}
		}
	}
	return ""
}

func (m *Machine) find(abs string) string {
	name := strings.TrimPrefix(abs, "/")
	for _, ext := range extensions {
		if m.files.Has(name+ext) && !strings.Contains(name, "node_modules/") {
			return name + ext
		}
	}
	for from, to := range map[string]string{".js": ".ts", ".jsx": ".tsx", ".mjs": ".mts", ".cjs": ".cts"} { // TypeScript names what it will be
		if base, ok := strings.CutSuffix(name, from); ok && m.files.Has(base+to) {
			return base + to
		}
	}
	return ""
}
