package machine

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// bridge makes %go.
func (m *Machine) bridge() *goja.Object {
	b := m.rt.NewObject()
	set := func(name string, f func(c goja.FunctionCall) goja.Value) { _ = b.Set(name, f) }
	truth := func(v bool) goja.Value { return m.rt.ToValue(v) }
	set("unknown", func(c goja.FunctionCall) goja.Value {
		kind := ""
		if c.Argument(1).ToBoolean() {
			kind = textual
		}
		return m.unknown(c.Argument(0).String(), kind)
	})
	set("isUnknown", func(c goja.FunctionCall) goja.Value { return truth(m.isUnknown(c.Argument(0))) })
	set("anyUnknown", func(c goja.FunctionCall) goja.Value {
		list := c.Argument(0).ToObject(m.rt)
		for i := range min(list.Get("length").ToInteger(), 1_000) {
			if v := list.Get(strconv.Itoa(int(i))); v != nil && m.isUnknown(v) {
				return truth(true)
			}
		}
		return truth(false)
	})
	set("isUnknownText", func(c goja.FunctionCall) goja.Value { return truth(m.isUnknownText(c.Argument(0))) })
	set("describe", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(m.show(c.Argument(0))) })
	set("decide", func(c goja.FunctionCall) goja.Value {
		return truth(m.decide(Question{Kind: "condition", Subject: c.Argument(0).String()}))
	})
	set("decideFile", func(c goja.FunctionCall) goja.Value {
		return truth(m.decide(Question{Kind: "file-exists", Subject: c.Argument(0).String()}))
	})
	set("assume", func(c goja.FunctionCall) goja.Value {
		m.assume(Answered{Question: Question{Kind: "passes", Subject: c.Argument(0).String()}, Holds: true})
		return goja.Undefined()
	})
	set("responding", func(c goja.FunctionCall) goja.Value {
		if m.answer != nil {
			m.answer.res, _ = c.Argument(0).(*goja.Object)
		}
		return goja.Undefined()
	})
	set("passes", func(c goja.FunctionCall) goja.Value { return truth(passes.MatchString(c.Argument(0).String())) })
	set("callee", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(callee(c.Argument(0).String())) })
	set("quiet", func(c goja.FunctionCall) goja.Value {
		if m.answer != nil {
			m.answer.quiet = c.Argument(0).ToBoolean()
		}
		return goja.Undefined()
	})
	set("rethrow", func(c goja.FunctionCall) goja.Value { return goja.Undefined() })
	set("test", func(c goja.FunctionCall) goja.Value { return truth(m.test(c.Argument(0))) })
	set("compare", func(c goja.FunctionCall) goja.Value {
		return truth(m.compare(c.Argument(0).String(), c.Argument(1), c.Argument(2), -1))
	})
	set("site", func(c goja.FunctionCall) goja.Value {
		id := m.site
		if id < 0 {
			return m.rt.ToValue(-1)
		}
		name, names := m.siteOf(id).Name, c.Argument(0).String()
		for want := range strings.SplitSeq(names, " ") {
			if want == name {
				m.site = -1
				return m.rt.ToValue(id)
			}
		}
		return m.rt.ToValue(-1)
	})
	set("tested", func(c goja.FunctionCall) goja.Value {
		if m.watching != nil {
			m.watching.tested(c.Argument(0).String(), c.Argument(1), c.Argument(2))
		}
		return goja.Undefined()
	})
	set("listed", func(c goja.FunctionCall) goja.Value {
		if m.watching != nil {
			m.watching.listed(c.Argument(0), c.Argument(1).ToObject(m.rt))
		}
		return goja.Undefined()
	})
	set("mention", func(c goja.FunctionCall) goja.Value {
		m.mention(Mention{Kind: c.Argument(0).String(), Text: c.Argument(1).String(), Fold: c.Argument(2).ToBoolean(), Place: m.firstPlace(c.Argument(3))})
		return goja.Undefined()
	})
	set("caller", func(goja.FunctionCall) goja.Value { return m.caller() })
	set("tagOf", func(c goja.FunctionCall) goja.Value {
		if o, ok := c.Argument(0).(*goja.Object); ok {
			if id, tagged := m.tags[o]; tagged {
				return m.rt.ToValue(id)
			}
		}
		return m.rt.ToValue(-1)
	})
	set("env", func(c goja.FunctionCall) goja.Value { return m.variable(c.Argument(0).String()) })
	set("entry", func(goja.FunctionCall) goja.Value { return m.rt.ToValue("/" + m.app.Entry) })
	set("cwd", func(goja.FunctionCall) goja.Value { return m.rt.ToValue(path.Dir("/" + m.app.Entry)) })
	set("entry", func(goja.FunctionCall) goja.Value { return m.rt.ToValue("/" + m.app.Entry) })
	set("exit", func(goja.FunctionCall) goja.Value {
		panic(m.rt.NewTypeError("the process exits"))
	})
	set("builtin", func(c goja.FunctionCall) goja.Value { return m.builtin(c.Argument(0).String()) })
	return b
}

// builtin returns a function that fills the exports of a package, undefined for one that is not modelled.
func (m *Machine) builtin(name string) goja.Value {
	file := strings.TrimPrefix(name, "%")
	switch name {
	case "https", "http2":
		file = "http"
	case "events", "node:events":
		file = "events"
	}
	if compile := programs()[file]; compile != nil && (strings.HasPrefix(name, "%") || slices.Contains([]string{"http", "https", "http2", "events", "cors"}, name)) {
		p, err := compile()
		if err != nil {
			panic(m.thrown(err))
		}
		return m.must(m.rt.RunProgram(p))
	}
	if strings.HasPrefix(name, "%") {
		return goja.Undefined()
	}
	alias := func(get func() (goja.Value, error)) goja.Value {
		return m.rt.ToValue(func(c goja.FunctionCall) goja.Value {
			value := m.must(get())
			_ = c.Argument(2).ToObject(m.rt).Set("exports", value)
			return goja.Undefined()
		})
	}
	if name == "express" {
		return alias(func() (goja.Value, error) {
			model, err := m.require("%express")
			if err != nil {
				return nil, err
			}
			makeExpress, _ := goja.AssertFunction(model.ToObject(m.rt).Get("make"))
			return makeExpress(goja.Undefined(), m.rt.ToValue(m.app.Major))
		})
	}
	models := []string{"%node", "%packages"}
	if framework := frameworkOf(name); framework != "" {
		models = []string{framework}
	}
	for _, model := range models {
		exports, err := m.require(model)
		if err != nil {
			panic(m.thrown(err))
		}
		list := exports.ToObject(m.rt)
		if inner, ok := list.Get("packages").(*goja.Object); ok {
			list = inner
		}
		if value := list.Get(name); value != nil && !goja.IsUndefined(value) {
			return alias(func() (goja.Value, error) { return value, nil })
		}
	}
	return goja.Undefined()
}

// frameworkOf returns the model that may hold a package of a framework other than express.
func frameworkOf(name string) string {
	switch scope, _, _ := strings.Cut(name, "/"); scope {
	case "@koa", "koa", "fastify", "@fastify", "hono", "@hono", "@nestjs", "@middy", "middy":
		return "%" + strings.TrimPrefix(scope, "@")
	}
	for _, framework := range []string{"koa", "fastify"} {
		if strings.HasPrefix(name, framework+"-") {
			return "%" + framework
		}
	}
	return ""
}

// extend adds to $ what needs the machine.
func (m *Machine) extend() {
	set := func(name string, f func(c goja.FunctionCall) goja.Value) { _ = m.hooks.api.Set(name, f) }
	_ = m.hooks.api.Set("major", m.app.Major)
	_ = m.hooks.api.Set("bodyParser", m.app.BodyParser)
	majors := m.rt.NewObject()
	for name, major := range m.app.Majors {
		_ = majors.Set(name, major)
	}
	_ = m.hooks.api.Set("majors", majors)
	set("describe", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(m.show(c.Argument(0))) })
	set("decideFile", func(c goja.FunctionCall) goja.Value {
		return m.rt.ToValue(m.decide(Question{Kind: "file-exists", Subject: c.Argument(0).String()}))
	})
	set("befallsNow", func(c goja.FunctionCall) goja.Value {
		return m.rt.ToValue(m.answer != nil && slices.Contains(m.answer.request.Circumstances, c.Argument(0).String()))
	})
	set("parseURL", func(c goja.FunctionCall) goja.Value { return m.parseURL(c.Argument(0).String(), c.Argument(1)) })
	set("query", func(c goja.FunctionCall) goja.Value {
		out := m.rt.NewObject()
		_, query, _ := strings.Cut(c.Argument(0).String(), "?")
		values := map[string][]string{}
		for pair := range strings.SplitSeq(query, "&") {
			key, value, _ := strings.Cut(pair, "=")
			if key != "" && len(values) < 1_000 {
				values[unescaped(key)] = append(values[unescaped(key)], unescaped(value))
			}
		}
		for key, list := range values {
			if len(list) == 1 {
				_ = out.Set(key, list[0])
			} else {
				_ = out.Set(key, list)
			}
		}
		return out
	})
	set("base64", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(decodeBase64(c.Argument(0).String())) })
	set("note", func(c goja.FunctionCall) goja.Value {
		if m.answer != nil {
			m.answer.noted = c.Argument(1).String()
		}
		return goja.Undefined()
	})
	set("localRequire", func(c goja.FunctionCall) goja.Value {
		file := strings.TrimPrefix(c.Argument(0).String(), "file://")
		return m.requireFrom(strings.TrimPrefix(path.Dir(path.Clean("/"+file)), "/"))
	})
	files := m.rt.NewObject()
	_ = m.hooks.api.Set("files", files)
	clean := func(v goja.Value) string { return strings.TrimPrefix(path.Clean("/"+v.String()), "/") }
	_ = files.Set("has", func(c goja.FunctionCall) goja.Value {
		name := clean(c.Argument(0))
		return m.rt.ToValue(m.files.Has(name) || len(m.files.Paths(name)) > 0)
	})
	_ = files.Set("read", func(c goja.FunctionCall) goja.Value {
		f, err := m.files.Open(clean(c.Argument(0)))
		if err != nil {
			return goja.Undefined()
		}
		return m.rt.ToValue(string(f.Data))
	})
	_ = files.Set("list", func(c goja.FunctionCall) goja.Value { return m.rt.ToValue(m.entries(clean(c.Argument(0)))) })
	_ = files.Set("kind", func(c goja.FunctionCall) goja.Value {
		root := clean(c.Argument(0))
		if len(m.files.Paths(root)) == 0 {
			return goja.Undefined()
		}
		name := strings.TrimPrefix(path.Join("/", root, c.Argument(1).String()), "/")
		switch {
		case m.files.Has(name) && !strings.HasSuffix(c.Argument(1).String(), "/"):
			return m.rt.ToValue("file")
		case len(m.files.Paths(name)) > 0:
			return m.rt.ToValue("directory")
		}
		return m.rt.ToValue("nothing")
	})
}

// unescaped decodes a part of a query, and leaves alone what cannot be decoded.
func unescaped(text string) string {
	if out, err := url.QueryUnescape(text); err == nil {
		return out
	}
	return text
}

// entries returns the names in a folder of the project.
func (m *Machine) entries(dir string) []string {
	out := []string{}
	prefix := dir + "/"
	if dir == "" {
		prefix = ""
	}
	for _, p := range m.files.Paths(dir) {
		name, _, _ := strings.Cut(strings.TrimPrefix(p, prefix), "/")
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
		if len(out) >= 1_000 {
			break
		}
	}
	return out
}

// variable returns the value of an environment variable.
func (m *Machine) variable(name string) goja.Value {
	if !m.seen[name] {
		m.seen[name] = true
		v := Variable{Name: name}
		if at, ok := m.callerPlace(); ok {
			v.Place = &at
		}
		m.variables = append(m.variables, v)
	}
	if text, set := m.app.Environment[name]; set {
		return m.rt.ToValue(text)
	}
	if m.app.Others == Anything || slices.Contains(m.app.Unknown, name) {
		return m.unknown("process.env."+name, textual)
	}
	return goja.Undefined()
}

// passes are packages whose middleware hands every request on, or answers what is wrong with a form: none of it is about
// who asks from where.
var passes = regexp.MustCompile(`^(new )?(express-validator|celebrate|joi|yup|zod|express-joi-validation|express-validation|express-yup-middleware|class-validator|i18n|i18next|express-winston|winston|pino|swagger-ui-express|` +
	`connect-mongo|prom-client|@sentry/node|express-graphql|express-mung|lusca|express-enforces-ssl|express-minify-html|express-handlebars|nunjucks|connect-history-api-fallback|webpack-dev-middleware|webpack-hot-middleware)\b`)

// callee is the name of what is called, without the arguments.
func callee(subject string) string {
	for open := strings.IndexByte(subject, '('); open >= 0; open = strings.IndexByte(subject, '(') {
		depth, end := 0, len(subject)
		for i := open; i < len(subject); i++ {
			if subject[i] == '(' {
				depth++
			} else if subject[i] == ')' {
				if depth--; depth == 0 {
					end = i + 1
					break
				}
			}
		}
		subject = subject[:open] + subject[end:]
	}
	return subject
}
