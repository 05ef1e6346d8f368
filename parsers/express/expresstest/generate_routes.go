package expresstest

import (
	"fmt"
	"strings"
)

// common writes a middleware that many applications have, or one of their own.
func (m *module) common(app string) string {
	use := func(path, middleware string) string { return app + ".use(" + path + middleware + ");" }
	switch m.IntN(15) {
	case 11:
		return use("", m.use("passport")+".initialize()")
	case 0:
		return use("", m.use("morgan")+"('dev')")
	case 1:
		return use("", m.use("helmet")+m.pick("()", "()", "({ crossOriginResourcePolicy: false })", "({ crossOriginResourcePolicy: { policy: 'cross-origin' } })", "({ contentSecurityPolicy: false })"))
	case 2, 3:
		return use("", m.use("express")+".json("+m.pick("", "{ limit: '1mb' }")+")")
	case 4:
		return use("", m.use("express")+".urlencoded({ extended: "+m.pick("true", "false")+" })")
	case 5:
		return use("", m.use("body-parser")+".json()")
	case 6:
		return use("", m.use("cookie-parser")+"("+m.pick("", "'secret'")+")")
	case 7:
		return use("", m.use("compression")+"()")
	case 8:
		return use(m.pick("", "'/api', "), m.use("express-rate-limit")+"({ windowMs: 60000, "+m.pick("max", "limit")+": 100000"+m.pick("", ", standardHeaders: true, legacyHeaders: false")+" })")
	case 9:
		return use("", m.use("express-session")+"({ secret: 'secret', resave: false, saveUninitialized: "+m.pick("true", "false")+" })")
	case 10:
		return use(m.pick("", "", "'/static', "), m.use("express")+".static("+m.publicFolder()+")")
	}
	return use(m.pick("", "", "", "'/api', "), m.own())
}

// publicFolder makes a folder with two pages and names it.
func (m *module) publicFolder() string {
	m.Files["public/index.html"], m.Files["public/docs/index.html"], m.Files["public/app.css"] = "<h1>shop</h1>\n", "<h1>docs</h1>\n", "h1 {}\n"
	for _, file := range []string{"/app.css", "/docs", "/docs/", "/static/app.css", "/index.html"} {
		m.asked = append(m.asked, target{"GET", file})
	}
	if !m.chance(2) {
		return "'public'"
	}
	up := strings.Repeat("../", strings.Count(m.file, "/"))
	if m.syntax == esModules {
		return m.named("path", "join") + "(" + m.named("path", "dirname") + "(" + m.named("node:url", "fileURLToPath") + "(import.meta.url)), '" + up + "public')"
	}
	return m.use("path") + ".join(__dirname, '" + up + "public')"
}

// own writes a middleware of the application itself.
func (m *module) own() string {
	n := m.IntN(20)
	parameters := "req, res, next"
	if n == 19 {
		parameters = "async req, res, next"
	}
	return m.function(parameters, [][]string{
		{"console.log(req.method, req.url);", "next();"},
		{"res.locals.started = Date.now();", "res.on('finish', () => console.log(Date.now() - res.locals.started));", "next();"},
		{"res.set('X-Request-Id', req.get('x-request-id') || '1');", "next();"},
		{m.setter("Vary", "'Accept-Language'"), "next();"},
		{"res.vary(" + m.pick("'Accept'", "'Cookie'", "'Origin'") + ");", "next();"},
		{"if (req.headers['x-forwarded-proto'] === 'https') {\nreturn res.redirect(" + m.pick("", "301, ") + "'https://' + req.headers.host + req.url);\n}", "next();"},
		{"if (req.protocol === 'https') return res.redirect('http://' + req.hostname + req.originalUrl);", "next();"},
		{"req.url = req.url.replace(/^\\/old/, '/api');", "next();"},
		{"if (req.method === 'POST' && !req.is('application/json')) {\nreturn res.status(415).json({ error: 'type' });\n}", "next();"},
		{"if (" + m.pick("req.path === '/health'", "req.originalUrl.startsWith('/health')", "req.url == '/health'") + ") {\nreturn res.json({ ok: true });\n}", "next();"},
		{"if (req.headers.origin === 'https://evil.test') return res.status(403).end();", "next();"},
		{"if (req.xhr || req.query.q) {\nres.set('Cache-Control', 'no-store');\n}", "return next();"},
		{"if (req.method === 'TRACE' || req.method === 'PATCH') {\nres.set('Allow', 'GET, POST');\nreturn res.sendStatus(405);\n}", "next();"},
		{"setTimeout(next, 2);"},
		{"setImmediate(() => next());"},
		{"const end = res.end;", "res.end = function (...args‹: any[]›) {\nif (!res.headersSent) res.setHeader('X-Time', '1');\nreturn end.apply(this, args‹ as any›);\n};", "next();"},
		{"if (req.query.q === '1') return next(new Error('query'));", "next();"},
		{"next();", "res.locals.done = true;"},
		{"if (req.hostname !== 'localhost') return res.sendStatus(421);", "next();"},
		{"await Promise.resolve();", "next();"},
	}[n]...)
}

// auth writes a middleware that wants to know who asks.
func (m *module) auth() string {
	refuse := m.pick("return res.sendStatus(401);", "return res.status(401).json({ error: 'unauthorized' });", "return res.status(401).send('unauthorized');", "res.set('WWW-Authenticate', 'Basic');\nreturn res.status(401).end();",
		"return next(Object.assign(new Error('unauthorized'), { status: 401 }));", "throw new HttpError('unauthorized', 401);", "const err‹: any› = new Error('unauthorized');\nerr.status = 401;\nthrow err;", "return res.redirect('/login');", "return res.status(403).end();")
	if strings.Contains(refuse, "HttpError") {
		m.declareHTTPError()
	}
	var body []string
	if m.chance(4) {
		body = append(body, "if (req.method === 'OPTIONS') return next();")
	}
	switch m.IntN(7) {
	case 6:
		body = append(body, "const [scheme, encoded] = (req.headers.authorization || '').split(' ');", "const [user, password] = Buffer.from(encoded || '', 'base64').toString().split(':');",
			"if (scheme !== 'Basic' || user !== 'u' || password !== 'p') {\n"+refuse+"\n}")
	case 0, 1:
		body = append(body, "if (!req.headers.authorization) {\n"+refuse+"\n}")
	case 2:
		body = append(body, "const token = (req.headers.authorization || '').split(' ')[1];", "if (!token) {\n"+refuse+"\n}")
	case 3:
		body = append(body, "const header = req.get('Authorization');", "if (header !== 'Bearer secret') {\n"+refuse+"\n}")
	case 4:
		body = append(body, "if (req.header('x-api-key') !== 'secret') {\n"+refuse+"\n}")
	case 5:
		body = append(body, "if (!(req.headers.cookie || '').includes('sid=')) {\n"+refuse+"\n}")
	}
	f := m.function(m.pick("", "", "", "async ")+"req, res, next", append(body, "next();")...)
	if m.chance(2) {
		return m.declare(m.pick("auth", "requireAuth", "authenticate"), f)
	}
	return f
}

// declareHTTPError declares a class of errors that have a status.
func (m *module) declareHTTPError() {
	if !m.names["HttpError"] {
		m.add("class " + m.name("HttpError") + " extends Error {\n‹status: number;\n›constructor(message‹: string›, status‹: number›) {\nsuper(message);\nthis.name = this.constructor.name;\nthis.status = status;\n" +
			m.pick("", "Error.captureStackTrace(this, this.constructor);\n") + "}\n}")
	}
}

// route is a path pattern as written in the source, and paths that tell whether it is read right.
type route struct {
	pattern string
	urls    []string
}

func (g *Application) route() route {
	routes := []route{
		{"'/'", []string{"/"}}, {"'/users'", []string{"/users"}}, {"'/users/:id'", []string{"/users/42", "/users/me"}}, {"'/items'", []string{"/items"}}, {"'/items/:id'", []string{"/items/7"}},
		{"'/orders/:orderId/lines/:lineId'", []string{"/orders/1/lines/2"}}, {"'/health'", []string{"/health"}}, {"'/login'", []string{"/login"}}, {"'/search'", []string{"/search?q=1"}},
		{"'/:slug'", []string{"/page"}}, {"'/flights/:from-:to'", []string{"/flights/LAX-SFO"}}, {"'/files/:name.json'", []string{"/files/a.json", "/files/a"}}, {"'/admin/'", []string{"/admin", "/admin/"}},
		{`/^\/v(\d+)\/things$/`, []string{"/v2/things", "/vx/things"}}, {`/.*fly$/`, []string{"/butterfly", "/flyer"}}, {`/^\/(left|right)\/?$/i`, []string{"/left", "/RIGHT/"}},
		{"['/one', '/two/:n']", []string{"/one", "/two/2"}}, {`['/three', /^\/four/]`, []string{"/three", "/fourteen"}}, {"'/caf%C3%A9'", []string{"/caf%C3%A9"}}, {"'/a b'", []string{"/a%20b"}},
	}
	four := []route{
		{"'/all/*'", []string{"/all/x/y", "/all"}}, {"'/docs/:page?'", []string{"/docs", "/docs/intro"}}, {"'/ab?cd'", []string{"/acd", "/abcd"}}, {"'/ab+cd'", []string{"/abbbcd", "/acd"}},
		{"'/ab*cd'", []string{"/abxxcd"}}, {"'/a(bc)?d'", []string{"/ad", "/abcd"}}, {`'/num/:id(\\d+)'`, []string{"/num/12", "/num/x"}}, {"'/:kind(cats|dogs)/list'", []string{"/dogs/list", "/cows/list"}},
		{"'/files/*.*'", []string{"/files/a.txt"}}, {"'*'", []string{"/any/thing"}}, {"'/at/:from..:to'", []string{"/at/1..2"}},
	}
	five := []route{
		{"'/all/*rest'", []string{"/all/x/y", "/all"}}, {"'/docs{/:page}'", []string{"/docs", "/docs/intro"}}, {"'/file/:name{.:ext}'", []string{"/file/a", "/file/a.txt"}}, {"'/{*splat}'", []string{"/any/thing"}},
		{"'/opt/{:page}'", []string{"/opt/", "/opt/2"}}, {`'/esc\\:x'`, []string{"/esc:x"}}, {"'/deep{/a{/b}}'", []string{"/deep", "/deep/a/b"}}, {`'/:"two words"/end'`, []string{"/x/end"}},
	}
	if !g.chance(4) {
		return routes[g.IntN(len(routes))]
	}
	if g.Major == 4 || g.chance(60) { // what express 5 refuses
		return four[g.IntN(len(four))]
	}
	return five[g.IntN(len(five))]
}

// routes writes the routes of an application: its own, and those of routers.
func (m *module) routes(app string) []string {
	var out []string
	if m.chance(8) {
		out = append(out, m.parameter(app))
	}
	for range 1 + m.IntN(4) {
		out = append(out, m.register(app, ""))
	}
	if other := m.module(m.pick("routes/index", "src/register")); m.spread && m.chance(4) && m.Files[other.file] == "" {
		other.inner = true
		other.add(other.register("router", ""), other.register("router", ""))
		body := other.body
		other.body = nil
		other.export("function (router‹: any›) {\n" + strings.Join(body, "\n") + "\n}")
		out = append(out, m.local(other, "register")+"("+app+");")
	}
	for n := range m.IntN(3) {
		prefix := m.pick("/api", "/api", "/users", "/v1", "/shop")
		mount := "'" + prefix + "', "
		switch {
		case m.chance(8):
			mount, prefix = "", ""
		case m.chance(12):
			mount, prefix = "['/x', '/y']"+", ", "/y"
		case m.chance(10):
			mount, prefix = "'/teams/:team', ", "/teams/7"
		}
		guard := ""
		switch {
		case m.chance(10):
			guard = m.auth() + ", "
		case m.chance(10):
			guard = m.cors() + ", "
		}
		out = append(out, app+".use("+mount+guard+m.router(prefix, n)+");")
	}
	if m.chance(3) {
		m.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// router writes a router, or a whole application that is mounted like one, and returns its name.
func (m *module) router(prefix string, n int) string {
	if m.spread && m.chance(2) {
		other := m.module(fmt.Sprintf("%s/routes%d", m.pick("routes", "src/routes"), n+1))
		if m.Files[other.file] == "" && other.file != m.file {
			return m.local(other.export(other.routerHere(prefix, 1)), m.pick("routes", "userRoutes", "apiRouter"))
		}
	}
	return m.routerHere(prefix, 0)
}

func (m *module) routerHere(prefix string, depth int) string {
	name := m.name("router")
	made := m.use("express") + ".Router(" + m.pick("", "", "", "{ mergeParams: true }", "{ strict: true }", "{ caseSensitive: true }") + ")"
	if m.chance(8) {
		made = m.use("express") + "()"
	}
	m.add("const " + name + " = " + made + ";")
	if m.chance(5) {
		m.add(name + ".use(" + m.corsOrByHand() + ");")
	}
	if m.chance(6) {
		m.add(name + ".use(" + m.auth() + ");")
	}
	if m.chance(10) {
		m.add(m.parameter(name))
	}
	for range 1 + m.IntN(4) {
		m.add(m.register(name, prefix))
	}
	if depth < 2 && m.chance(6) {
		inner := m.routerHere(prefix+"/inner", depth+2)
		m.add(name + ".use('/inner', " + inner + ");")
	}
	if m.chance(15) {
		m.add(name + ".use(" + m.function("err, req, res, next", m.errorHandler()...) + ");")
	}
	return name
}

func (m *module) parameter(app string) string {
	return app + ".param('id', " + m.pick(
		"(req‹: any›, res‹: any›, next‹: any›, id‹: any›) => {\nif (!/^\\d+$/.test(id)) return res.status(400).json({ error: 'id' });\nnext();\n}",
		"(req‹: any›, res‹: any›, next‹: any›, id‹: any›) => {\nreq.item = { id };\nnext(id === 'me' ? new Error('me') : undefined);\n}",
		"function (req‹: any›, res‹: any›, next‹: any›, id‹: any›) {\nif (id === 'me') return next('route');\nres.vary('X-Id');\nnext();\n}") + ");"
}

// register writes one registration of a route.
func (m *module) register(app, prefix string) string {
	r := m.route()
	method := m.pick("get", "get", "get", "post", "post", "put", "delete", "patch")
	for _, url := range r.urls {
		m.asked = append(m.asked, target{strings.ToUpper(method), prefix + url})
	}
	switch m.IntN(16) {
	case 0:
		return app + ".route(" + r.pattern + ")\n." + method + "(" + m.handler() + ")\n." + m.pick("post", "all", "options", "patch") + "(" + m.handler() + ");"
	case 1:
		return app + ".all(" + r.pattern + ", " + m.handler() + ");"
	case 2: // with its own cors
		return app + "." + method + "(" + r.pattern + ", " + m.cors() + ", " + m.handler() + ");"
	case 3:
		shared := m.declare("routeCors", m.cors())
		return app + ".options(" + r.pattern + ", " + shared + ");\n" + app + "." + method + "(" + r.pattern + ", " + shared + ", " + m.handler() + ");"
	case 4:
		return app + "." + method + "(" + r.pattern + ", " + m.auth() + ", " + m.handler() + ");"
	case 5:
		return app + "." + method + "(" + r.pattern + ", [" + m.corsOrByHand() + m.pick("", ", "+m.function("req, res, next", "next();")) + "], " + m.handler() + ");"
	case 6:
		return app + ".use(" + r.pattern + ", " + m.handler() + ");"
	case 7:
		return app + ".options(" + r.pattern + ", " + m.function("req, res", m.byHandPreflight()...) + ");"
	case 8:
		if m.chance(2) {
			return "for (const method of ['get', 'post']‹ as const›) {\n" + app + "[method](" + r.pattern + ", " + m.handler() + ");\n}"
		}
		m.asked = append(m.asked, target{"GET", prefix + "/l2"})
		return "['/l1', '/l2'].forEach((path) => {\n" + app + ".get(path, " + m.handler() + ");\n});"
	}
	return app + "." + method + "(" + r.pattern + ", " + m.handler() + ");"
}

// handler writes what answers a route.
func (m *module) handler() string {
	sync := func(statements ...string) string { return m.function("req, res", statements...) }
	next := func(statements ...string) string { return m.function("req, res, next", statements...) }
	async := func(statements ...string) string {
		return m.function(m.pick("async req, res", "async req, res, next"), statements...)
	}
	if other := m.module(m.pick("controllers/main", "src/controller")); m.spread && m.chance(8) && m.Files[other.file] == "" {
		return m.local(other.export("{\nlist: "+other.function("req, res", "res.json([]);")+",\nshow: "+other.function("async req, res, next", "try {\nres.json(await Promise.resolve({}));\n} catch (err) {\nnext(err);\n}")+",\n}"),
			"controller") + m.pick(".list", ".show")
	}
	switch m.IntN(24) {
	case 0:
		return sync(m.pick("res.redirect('/users');", "res.redirect(301, 'https://a.example/new');", "res.redirect('back');", "res.redirect('../up');", "res.redirect(req.originalUrl + '/');", "res.redirect('https://a.example/?q=a b');",
			"res.redirect(307, req.query.to || '/');", "res.status(302).location('/x').end();", "res.location('/users/1').status(201).json({});", "res.writeHead(302, { Location: '/moved' });\nres.end();", "res.redirect('/é');"))
	case 1:
		return next("next(" + m.pick("", "'route'", "'router'", "new Error('boom')", "Object.assign(new Error('no'), { status: 403 })", "Object.assign(new Error('no'), { statusCode: 418 })", "'text'",
			"Object.assign(new Error('no'), { status: 200 })", "Object.assign(new Error('wait'), { status: 503, headers: { 'Retry-After': '5' } })", "null") + ");")
	case 2:
		return m.pick(sync("throw new Error('boom');"), sync("throw Object.assign(new Error('gone'), { status: 410 });"), sync("throw 'text';"), sync("const found‹: any› = undefined;", "res.json(found.name);"))
	case 3:
		return m.pick(async("await Promise.resolve();", "throw new Error('late');"), async("throw new Error('boom');"), async("await Promise.reject(new Error('rejected'));"),
			m.function("async req, res, next", "try {\nawait Promise.reject(new Error('caught'));\n} catch (err) {\nnext(err);\n}"))
	case 4, 5:
		return async("const rows = await Promise.resolve([1, 2]);", "res.json(rows);")
	case 6:
		return sync("setTimeout(() => res.json({ late: true }), 3);")
	case 7:
		return sync(m.setter("Access-Control-Allow-Origin", m.pick("'*'", "'https://a.example'", "req.headers.origin || '*'")), "res.json({ ok: true });")
	case 8:
		return sync("res.writeHead("+m.pick("200", "201", "404")+", { "+m.pick("'Content-Type': 'text/plain'", "'Access-Control-Allow-Origin': '*'", "'Vary': 'Accept'", "'Access-Control-Allow-Credentials': 'true', Vary: 'Cookie'")+" });", "res.end('ok');")
	case 9:
		return sync("if (" + m.pick("req.params.id === 'me'", "!req.query.q", "!req.headers.authorization", "Number.isNaN(Number(req.params.id))") + ") {\nreturn res.status(" + m.pick("400", "404", "401") + ").json({ error: 'x' });\n}\nres.json({});")
	case 10:
		return sync("const { name } = req.body;", "res.status(201).json({ name });")
	case 11:
		return sync(m.pick("res.format({\njson: () => res.json({}),\nhtml: () => res.send('<p>'),\n});", "res.vary('Cookie').json({});", "res.jsonp({});", "res.type('txt').send('x');", "res.cookie('a', 'b').json({});",
			"res.set('Vary', 'Cookie').send('x');", "res.set({ Vary: 'Accept', 'X-A': '1' }).end();", "res.append('Vary', 'X-Mode');\nres.sendStatus(200);", "res.set('Vary', '*').json([]);", "res.vary('*').json([]);"))
	case 12:
		return sync(m.pick("res.removeHeader('Access-Control-Allow-Origin');\nres.json({});", "res.header('Access-Control-Expose-Headers', 'X-Total-Count');\nres.header('X-Total-Count', '3').json([]);",
			"const before = res.get('Access-Control-Allow-Origin');\nres.set('X-Before', before || 'none').json({});", "res.setHeader('Access-Control-Allow-Origin', ['https://a.example', 'https://b.example']);\nres.json({});"))
	}
	return sync(m.pick("res.json({ ok: true });", "res.json([]);", "res.send('ok');", "res.send({ a: 1 });", "res.status(201).json({});", "res.status(204).end();", "res.sendStatus(204);", "res.sendStatus(202);",
		"res.end();", "res.end('done');", "res.status(500).json({ error: 'x' });", "res.status(404).send('none');", "res.status(304).end();", "res.status(200).send(Buffer.from('x'));"))
}
