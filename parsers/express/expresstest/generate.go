// Package expresstest writes Express applications and runs them under a real Node, for tests.
package expresstest

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/corslint/corslint/internal/differential"
)

// Application is one application as people write them, and the source of requests that tell its answers apart.
type Application struct {
	*rand.Rand
	Major int               // of express
	Port  int               // that its source names, and on which it listens; 0: it names 3000 and listens anywhere
	Files map[string]string // path → text

	syntax syntax          // of all its modules
	double bool            // quotes
	bare   bool            // no semicolons
	spread bool            // over several files
	typed  bool            // ES modules by package.json rather than by their names
	uses   map[string]bool // packages
	asked  []target        // what routes were written for
}

// syntax is how modules are written.
type syntax int

const (
	commonJS syntax = iota
	esModules
	typeScript
)

func (g *Application) extension() string {
	if g.syntax == esModules && g.typed {
		return "js"
	}
	return [...]string{"js", "mjs", "ts"}[g.syntax]
}

// target is a request line that a route was written for, or one nearby.
type target struct{ method, path string }

// Generate writes an application. The same seed and number give the same text.
func Generate(seed uint64, n, port int) *Application {
	g := &Application{Rand: rand.New(rand.NewPCG(seed, uint64(n))), Major: 4 + n%2, Port: port, Files: map[string]string{}, uses: map[string]bool{}}
	g.syntax = []syntax{commonJS, commonJS, commonJS, esModules, typeScript}[g.IntN(5)]
	g.double, g.bare, g.spread, g.typed = g.chance(3), g.chance(4), g.chance(2), g.chance(2)
	g.application()
	return g
}

func (g *Application) pick(texts ...string) string { return texts[g.IntN(len(texts))] }

// chance is true in one of n cases.
func (g *Application) chance(n int) bool { return g.IntN(n) == 0 }

// some returns up to n of the texts, in any order.
func (g *Application) some(n int, texts ...string) []string {
	g.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return texts[:min(g.IntN(n+1), len(texts))]
}

// module is a source file in the making. Types stand between ‹ and ›, which only TypeScript keeps.
type module struct {
	*Application
	file    string
	imports []string
	known   map[string]string // what a specifier is imported as
	names   map[string]bool
	body    []string
	inner   bool // the body is that of a function
}

func (g *Application) module(file string) *module {
	return &module{Application: g, file: file + "." + g.extension(), known: map[string]string{}, names: map[string]bool{}}
}

func (m *module) add(statements ...string) { m.body = append(m.body, statements...) }

// name returns an identifier that the module does not have yet.
func (m *module) name(base string) string {
	name := base
	for n := 2; m.names[name]; n++ {
		name = fmt.Sprint(base, n)
	}
	m.names[name] = true
	return name
}

// declare gives an expression a name.
func (m *module) declare(base, expression string) string {
	name := m.name(base)
	m.add("const " + name + " = " + expression + ";")
	return name
}

// use imports a package and returns the name of its default export.
func (m *module) use(specifier string) string {
	m.uses[specifier] = true
	words := strings.Split(path.Base(strings.TrimPrefix(specifier, "express-")), "-")
	for i := range words[1:] {
		words[i+1] = strings.ToUpper(words[i+1][:1]) + words[i+1][1:]
	}
	return m.useAs(specifier, strings.Join(words, ""))
}

// named imports one of the names that a package exports.
func (m *module) named(specifier, name string) string {
	if m.known[specifier+":"+name] == "" {
		m.known[specifier+":"+name] = m.name(name)
		line := fmt.Sprintf("import { %s } from '%s';", name, specifier)
		if m.syntax == commonJS {
			line = fmt.Sprintf("const { %s } = require('%s');", name, specifier)
		}
		m.imports = append(m.imports, line)
	}
	return name
}

// local imports the default export of another module of the application.
func (m *module) local(other *module, name string) string { return m.useAs(m.specifier(other), name) }

func (m *module) specifier(other *module) string {
	file := other.file
	if m.syntax != esModules {
		file = strings.TrimSuffix(file, path.Ext(file))
	}
	rel, _ := filepath.Rel(path.Dir(m.file), file)
	if !strings.HasPrefix(rel, ".") {
		rel = "./" + rel
	}
	return rel
}

func (m *module) useAs(specifier, base string) string {
	if name, ok := m.known[specifier]; ok {
		return name
	}
	name := m.name(base)
	m.known[specifier] = name
	if m.syntax == commonJS {
		m.imports = append(m.imports, fmt.Sprintf("const %s = require('%s');", name, specifier))
	} else {
		m.imports = append(m.imports, fmt.Sprintf("import %s from '%s';", name, specifier))
	}
	return name
}

// export makes an expression the default export, and the module a file of the application.
func (m *module) export(expression string) *module {
	if m.syntax == commonJS {
		m.add("module.exports = " + expression + ";")
	} else {
		m.add("export default " + expression + ";")
	}
	return m.done()
}

func (m *module) done() *module {
	text := strings.Join(m.imports, "\n") + "\n\n" + strings.Join(m.body, "\n") + "\n"
	if m.syntax == typeScript {
		text = "import type { Request, Response, NextFunction } from 'express';\n" + strings.NewReplacer("‹", "", "›", "").Replace(text)
	} else {
		text = withoutTypes(text)
	}
	if m.double && !strings.Contains(text, `"`) {
		text = strings.ReplaceAll(text, "'", `"`)
	}
	if m.bare {
		text = withoutSemicolons(text)
	}
	m.Files[m.file] = indented(text)
	return m
}

func withoutTypes(text string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(text, "‹") {
		if _, after, ok := strings.Cut(part, "›"); ok {
			part = after
		}
		b.WriteString(part)
	}
	return b.String()
}

// withoutSemicolons leaves those that separate a line from one that would continue it.
func withoutSemicolons(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines[:len(lines)-1] {
		if next := strings.TrimLeft(lines[i+1], " "); next == "" || !strings.ContainsAny(next[:1], "([`/.") {
			lines[i] = strings.TrimSuffix(line, ";")
		}
	}
	return strings.Join(lines, "\n")
}

// indented moves lines by the brackets that are open; of several that one line opens, only the first counts.
func indented(text string) string {
	var b strings.Builder
	var open []int // by how much each open bracket moves what it holds
	depth := 0
	for line := range strings.Lines(text) {
		line = strings.TrimLeft(line, " ")
		code := strings.TrimLeft(line, "}]")
		indent, opened := depth, 0
		for i, c := range line {
			switch c {
			case '{', '[':
				open = append(open, 1-min(1, opened))
				opened++
				depth += open[len(open)-1]
			case '}', ']':
				if len(open) > 0 {
					depth -= open[len(open)-1]
					open = open[:len(open)-1]
				}
				opened = max(0, opened-1)
			}
			if i < len(line)-len(code) {
				indent = depth
			}
		}
		b.WriteString(strings.Repeat("  ", indent) + line)
	}
	return b.String()
}

// function writes a function of some of the parameters req, res, next, err, origin, callback.
func (g *Application) function(parameters string, statements ...string) string {
	types := strings.NewReplacer("req", "req‹: Request›", "res", "res‹: Response›", "next", "next‹: NextFunction›", "err", "err‹: any›",
		"origin", "origin‹: string | undefined›", "callback", "callback‹: (err: any, allow?: any) => void›")
	async := ""
	if rest, ok := strings.CutPrefix(parameters, "async "); ok {
		async, parameters = "async ", rest
	}
	parameters = types.Replace(parameters)
	body := strings.Join(statements, "\n")
	switch {
	case g.chance(3):
		return async + "function (" + parameters + ") {\n" + body + "\n}"
	case len(statements) == 1 && g.chance(2) && !strings.Contains(body, "\n") && strings.HasPrefix(body, "res.") && strings.Count(body, ";") == 1:
		return async + "(" + parameters + ") => " + strings.TrimSuffix(body, ";")
	}
	return async + "(" + parameters + ") => {\n" + body + "\n}"
}

// application writes all files of an application.
func (g *Application) application() {
	main := g.pick("index", "app", "server")
	if g.syntax == typeScript || g.chance(5) {
		main = "src/" + main
	}
	m := g.module(main)
	if g.chance(8) {
		m.environment()
	}
	switch {
	case g.spread && g.chance(3): // the application and its start are two modules
		m.file = "src/start." + g.extension()
		other := g.module("src/app")
		app := other.application()
		other.export(app)
		m.add(m.start(m.local(other, "app")))
	case g.chance(8):
		class := g.module(m.file)
		class.known, class.names, class.inner = m.known, m.names, true
		class.names["app"] = true
		express := m.use("express")
		class.sequence("app")
		m.imports = append(m.imports, class.imports...)
		m.add("class Server {\n‹app: any;\n›constructor() {\nthis.app = "+express+"();\nthis.setup();\n}\nsetup() {\nconst { app } = this;\n"+strings.Join(class.body, "\n")+"\n}\n}",
			m.start("new Server().app"))
	case g.chance(8): // a factory
		express := m.use("express")
		inner := g.module(m.file)
		inner.known, inner.names, inner.inner = m.known, m.names, true
		inner.names["createApp"], inner.names["app"] = true, true
		inner.sequence("app")
		m.imports = append(m.imports, inner.imports...)
		m.add("function createApp() {\nconst app = " + express + "();\n" + strings.Join(inner.body, "\n") + "\nreturn app;\n}")
		m.add(m.start("createApp()"))
	default:
		app := m.application()
		m.add(m.start(app))
	}
	m.done()
	g.Files["package.json"] = g.manifest(m.file)
	if g.Files[".env"] == "" && slices.ContainsFunc(slices.Collect(maps.Values(g.Files)), func(text string) bool {
		return strings.Contains(strings.ReplaceAll(text, "process.env.PORT", ""), "process.env.")
	}) {
		g.Files[".env"] = g.pick("NODE_ENV=development\n", "NODE_ENV=production\nCORS_ORIGIN=https://app.a.example\n", "NODE_ENV=test\nENABLE_CORS=yes\nCORS_OFF=\n", "NODE_ENV=\nORIGINS=https://b.example\n")
	}
}

// manifest writes package.json.
func (g *Application) manifest(main string) string {
	versions := map[string]string{"body-parser": "^2.2.0", "compression": "^1.7.4", "cookie-parser": "^1.4.6", "cors": "^2.8.5", "dotenv": "^17.0.0", "express": fmt.Sprintf("^%d.1.0", g.Major),
		"express-rate-limit": "^8.0.0", "express-session": "^1.18.0", "helmet": "^8.0.0", "morgan": "^1.10.0", "passport": "^0.7.0"}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		if g.uses[name] {
			lines = append(lines, fmt.Sprintf("    %q: %q", name, versions[name]))
		}
	}
	kind := ""
	if g.syntax == esModules && g.typed {
		kind = "  \"type\": \"module\",\n"
	}
	return fmt.Sprintf("{\n  \"name\": \"shop\",\n  \"main\": %q,\n%s  \"dependencies\": {\n%s\n  }\n}\n", main, kind, strings.Join(lines, ",\n"))
}

// environment gives the application variables of its own.
func (m *module) environment() {
	m.Files[".env"] = m.pick("CORS_ORIGIN=https://a.example\n", "# settings\nCORS_ORIGIN=\"https://b.example\"\nCLIENT_URL=http://localhost:5173\n", "NODE_ENV=production\nORIGINS=https://a.example,https://app.a.example\n",
		"ENABLE_CORS=1\nCORS=1\nCLIENT_URL=https://a.example\n")
	m.uses["dotenv"] = true
	if m.syntax == commonJS {
		m.imports = append(m.imports, "require('dotenv').config();")
	} else {
		m.imports = append(m.imports, "import 'dotenv/config';")
	}
}

func (m *module) application() string {
	app := m.name(m.pick("app", "app", "app", "app", "server", "api"))
	m.add("const " + app + " = " + m.use("express") + "();")
	m.sequence(app)
	return app
}

func (m *module) start(app string) string {
	port := fmt.Sprint(cmp.Or(m.Port, 3000))
	listen := app + m.pick(".listen("+port+");", ".listen(process.env.PORT || "+port+");", ".listen("+port+", () => console.log('listening'));",
		".listen("+port+", '0.0.0.0', () => {\nconsole.log('listening');\n});")
	switch {
	case m.chance(12) && m.syntax == commonJS && app != "createApp()":
		return "if (require.main === module) {\n" + listen + "\n}"
	case m.chance(6) && m.syntax == esModules:
		return "if (process.argv[1] === " + m.named("node:url", "fileURLToPath") + "(import.meta.url)) {\n" + listen + "\n}"
	case m.chance(12):
		return "async function main() {\nawait Promise.resolve();\n" + listen + "\n}\nmain().catch(console.error);"
	case m.chance(12):
		return m.use("http") + ".createServer(" + app + ").listen(process.env.PORT || " + port + ");"
	}
	return listen
}

// sequence writes what an application registers, mostly in the order that works.
func (m *module) sequence(app string) {
	m.add(m.some(2, m.settings(app)...)...)
	var before []string
	for range m.IntN(4) {
		before = append(before, m.common(app))
	}
	policy := m.policy(app)
	var auth []string
	if m.chance(3) {
		auth = append(auth, app+".use("+m.pick("", "", "'/api', ")+m.auth()+");")
	}
	routes := m.routes(app)
	tail := m.tail(app)

	switch {
	case m.chance(10): // cors after the routes
		m.add(slices.Concat(before, auth, routes, policy, tail)...)
	case m.chance(4): // authentication before cors
		m.add(slices.Concat(before, auth, policy, routes, tail)...)
	case m.chance(3): // other middleware after cors
		m.add(slices.Concat(policy, before, auth, routes, tail)...)
	default:
		m.add(slices.Concat(before, policy, auth, routes, tail)...)
	}
}

func (m *module) settings(app string) []string {
	return []string{app + ".set('trust proxy', 1);", app + ".disable('x-powered-by');", app + ".set('case sensitive routing', true);", app + ".set('strict routing', true);",
		app + ".enable('strict routing');", app + ".set('json spaces', 2);", app + ".set('etag', false);", app + ".set('query parser', 'simple');", app + ".set('port', process.env.PORT || 3000);"}
}

// tail writes what comes last: handlers of what nothing else answered, and of errors.
func (m *module) tail(app string) []string {
	var out []string
	if m.chance(3) {
		all := m.pick("", "", "'"+m.everything()+"', ")
		out = append(out, app+m.pick(
			".use("+all+m.function("req, res", "res.status(404).json({ error: 'not found' });")+");",
			".use("+all+m.function("req, res, next", "res.status(404).send('not found');")+");",
			".use("+m.function("req, res, next", "const err‹: any› = new Error('not found');", "err.status = 404;", "next(err);")+");",
			".all('"+m.everything()+"', "+m.function("req, res", "res.sendStatus(404);")+");",
			".get('"+m.everything()+"', "+m.function("req, res", "res.redirect('/');")+");"))
	}
	if m.chance(3) {
		out = append(out, app+".use("+m.function("err, req, res, next", m.errorHandler()...)+");")
	}
	return out
}

// everything is the path pattern that people write for all paths.
func (g *Application) everything() string {
	if g.Major == 5 && !g.chance(40) {
		return g.pick("/{*splat}", "/{*splat}", "/*splat", "/{*any}")
	}
	return g.pick("*", "*", "/*")
}

func (g *Application) errorHandler() []string {
	return [][]string{
		{"res.status(err.status || 500).json({ error: err.message });"},
		{"if (res.headersSent) {\nreturn next(err);\n}", "res.status(500).send('error');"},
		{"console.error(err.stack);", "res.sendStatus(500);"},
		{"if (err.message === 'Not allowed by CORS') {\nreturn res.status(403).json({ error: err.message });\n}", "next(err);"},
		{"res.header('Access-Control-Allow-Origin', '*');", "res.status(err.statusCode || 500).json({ error: err.message });"},
		{"const status = err.status ?? 400;", "res.status(status);", "res.end();"},
		{"next(err);"},
	}[g.IntN(7)]
}

// Request returns a request to the application.
func (g *Application) Request() differential.Request {
	r := differential.Request{
		Method: g.pick("GET", "GET", "GET", "OPTIONS", "OPTIONS", "OPTIONS", "OPTIONS", "POST", "PUT", "HEAD", "DELETE", "PATCH"),
		Path:   g.pick("/", "/missing", "/api", "/api/none", "/users/1", "/app.css", "/docs"),
	}
	if len(g.asked) > 0 && !g.chance(6) {
		to := g.asked[g.IntN(len(g.asked))]
		r.Path = to.path
		if r.Method != "OPTIONS" && r.Method != "HEAD" && !g.chance(4) {
			r.Method = to.method
		}
	}
	switch g.IntN(24) {
	case 0:
		r.Path += "/"
	case 1:
		r.Path = strings.ToUpper(r.Path)
	case 2:
		r.Path += g.pick("/more", "x", "%20", "%2F", "/%zz", "//", "/../users")
	case 3:
		r.Path += g.pick("?q=1", "?to=/elsewhere", "?", "?q=%zz", "?id[]=1")
	case 4:
		r.Path = "/" + g.pick("%61pi", "/api", "API", "./api", "old/users") + r.Path
	}
	add := func(name, value string) { r.Headers = append(r.Headers, [2]string{name, value}) }
	if origin := g.pick("", "", "https://a.example", "https://a.example", "https://a.example", "https://b.example", "https://app.a.example", "https://evil.test", "http://localhost:3000",
		"http://localhost:5173", "null", "HTTPS://A.EXAMPLE", "https://a.example.evil.test", "https://xa.example", "https://a.example:8443", "http://a.example", "http://127.0.0.1:8080"); origin != "" {
		add("Origin", origin)
	}
	if r.Method == "POST" || r.Method == "PUT" {
		add("Content-Length", "0") // https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch
	}
	if r.Method == "OPTIONS" && !g.chance(4) {
		add("Access-Control-Request-Method", g.pick("GET", "PUT", "POST", "DELETE"))
		if headers := g.pick("", "authorization", "content-type", "authorization,content-type", "x-custom, content-type"); headers != "" {
			add("Access-Control-Request-Headers", headers)
		}
	} else if g.chance(3) {
		add("Authorization", g.pick("Bearer secret", "Bearer secret", "Basic dTpw", "secret"))
	}
	for _, rare := range [][2]string{{"Cookie", "sid=1; theme=dark"}, {"X-Api-Key", "secret"}, {"Content-Type", "application/json"}, {"Accept", "text/html"}, {"Accept", "application/json"},
		{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "shop.example"}, {"X-Requested-With", "XMLHttpRequest"}, {"Referer", "https://a.example/page"}} {
		if g.chance(12) {
			add(rare[0], rare[1])
		}
	}
	return r
}

// String returns the source of the application.
func (g *Application) String() string {
	var b strings.Builder
	for _, file := range slices.Sorted(maps.Keys(g.Files)) {
		if !strings.HasPrefix(file, "public/") && file != "package.json" {
			fmt.Fprintf(&b, "-- %s --\n%s", file, g.Files[file])
		}
	}
	return b.String()
}
