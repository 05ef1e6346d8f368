package client

import (
	"github.com/corslint/corslint/internal/environment"
)

// isEnvironment reports whether the properties of an object are the environment's variables.
// https://vite.dev/guide/env-and-mode https://webpack.js.org/plugins/environment-plugin/
func isEnvironment(name string) bool {
	return name == "process.env" || name == "import_meta.env" || name == "window.process.env"
}

// variable returns what a variable of the environment may be when the code is built: what the project's .env files say, each a
// possibility. What only a template of one says counts where no other does.
func (e *evaluator) variable(name string, at place) values {
	switch name {
	case "BASE_URL":
		return values{literal("/", at)}
	case "PUBLIC_URL":
		return values{literal("", at)}
	}
	if known, ok := e.env[name]; ok {
		return known
	}
	var set, meant values
	always := false
	for _, s := range e.sets() {
		v, found := s.Get(name)
		if s.Kind != environment.DotEnv || !found || v.Unknown != "" {
			continue
		}
		value := literal(v.Text, place{direct: v.Span})
		if s.Example {
			meant = append(meant, value)
			continue
		}
		set = append(set, value)
		always = always || s.Name == ".env" || s.Name == ".env.local"
	}
	out := set
	if len(out) == 0 {
		out, always = meant, true
	}
	if len(out) == 0 {
		out = values{hole(name, at)}
	} else if !always { // in some modes only
		for i := range out {
			out[i].unset = true
		}
	}
	out = limit(out)
	e.env[name] = out
	return out
}

func (e *evaluator) sets() []environment.Set {
	if e.environment == nil {
		e.environment = e.reader.environment.Read(e.app.dir)
		if e.environment == nil {
			e.environment = []environment.Set{}
		}
	}
	return e.environment
}
