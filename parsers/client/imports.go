package client

import "path"

// This file finds out what a module exports, and who else may stand in its place.

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
		out = e.eval(a.value, a.scope, nil)
	} else if name == "default" && m.whole != nil {
		out = e.eval(m.whole, m.top, nil)
	} else if m.whole != nil {
		all := e.eval(m.whole, m.top, nil)
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
				out = append(out, e.eval(a.value, a.scope, nil)...)
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
