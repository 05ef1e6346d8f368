package expresstest

import (
	"strings"
)

// policy writes what an application does about CORS as a whole.
func (m *module) policy(app string) []string {
	switch m.IntN(12) {
	case 0:
		return nil
	case 1, 2, 3: // by hand
		return []string{app + ".use(" + m.byHand() + ");"}
	case 4:
		return []string{app + "." + m.pick("use", "all") + "('" + m.everything() + "', " + m.byHand() + ");"}
	case 5: // twice
		return []string{app + ".use(" + m.cors() + ");", app + ".use(" + m.pick("", "'/api', ") + m.corsOrByHand() + ");"}
	case 6: // some paths
		return []string{app + ".use('/api', " + m.cors() + ");"}
	case 7: // preflights and the rest apart
		options := app + ".options('" + m.everything() + "', "
		if m.chance(3) {
			return []string{options + m.function("req, res", m.byHandPreflight()...) + ");", app + ".use(" + m.cors() + ");"}
		}
		shared := m.cors()
		if m.chance(2) {
			return []string{app + ".use(" + shared + ");", options + shared + ");"}
		}
		return []string{options + shared + ");", app + ".use(" + shared + ");"}
	case 8:
		if m.chance(20) {
			return []string{app + ".use(" + m.use("cors") + ");"} // the call is forgotten
		}
		if m.chance(3) {
			return []string{m.pick("if (process.env.NODE_ENV !== 'production') {\n", "if (process.env.ENABLE_CORS) {\n", "if (!process.env.CORS_OFF) {\n") + app + ".use(" + m.cors() + ");\n}"}
		}
	}
	return []string{app + ".use(" + m.cors() + ");"}
}

func (m *module) corsOrByHand() string {
	if m.chance(2) {
		return m.byHand()
	}
	return m.cors()
}

// cors writes a call of the cors package.
func (m *module) cors() string {
	cors := m.use("cors")
	switch {
	case m.chance(8):
		return cors + "()"
	case m.chance(12):
		return cors + "(" + m.delegate() + ")"
	case m.chance(20):
		return m.function("req, res, next", "const middleware = "+cors+"("+m.corsOptions()+");", "middleware(req, res, next);")
	case m.chance(30):
		return m.function("req, res, next", "if ("+m.pick("req.path.startsWith('/api')", "req.method === 'OPTIONS'", "req.headers.origin")+") return "+cors+"("+m.pick("", "{ origin: 'https://a.example' }")+")(req, res, next);", "next();")
	}
	options := m.corsOptions()
	switch {
	case m.chance(3):
		return cors + "(" + m.declare("corsOptions", options) + ")"
	case m.spread && m.chance(3):
		other := m.module(m.pick("config/cors", "src/cors-options"))
		if m.Files[other.file] != "" {
			break
		}
		text := other.corsOptions()
		other.export(other.declare("options", text))
		return cors + "(" + m.local(other, "corsOptions") + ")"
	case m.chance(15):
		return cors + "({ ..." + m.declare("defaults", options) + ", " + m.pick("credentials: true", "maxAge: 600", "origin: true", "methods: ['GET', 'POST']") + " })"
	case m.chance(20):
		return cors + "(Object.assign({}, " + options + ", { credentials: true }))"
	}
	return cors + "(" + options + ")"
}

func (m *module) corsOptions() string {
	var options []string
	if !m.chance(12) {
		options = append(options, "origin: "+m.origin())
	}
	rare := func(n int, texts ...string) {
		if m.chance(n) {
			options = append(options, m.pick(texts...))
		}
	}
	rare(2, "credentials: true", "credentials: true", "credentials: true", "credentials: false", "credentials: 'true'", "credentials: 1")
	rare(3, "methods: 'GET,POST'", "methods: 'GET, POST, PUT, DELETE, OPTIONS'", "methods: ['GET', 'POST']", "methods: ['GET', 'PUT', 'PATCH', 'DELETE']", "methods: ['get', 'post']",
		"methods: '*'", "methods: []", "methods: undefined", "methods: ''", "method: ['GET']")
	rare(3, "allowedHeaders: ['Content-Type', 'Authorization']", "allowedHeaders: 'Content-Type,Authorization'", "allowedHeaders: '*'", "allowedHeaders: ''", "allowedHeaders: []",
		"allowedHeaders: undefined", "headers: ['X-Custom']", "allowedHeaders: ['*']", "allowHeaders: ['X-Custom']")
	rare(5, "exposedHeaders: ['X-Total-Count', 'Link']", "exposedHeaders: 'X-Total-Count'", "exposedHeaders: []", "exposedHeaders: '*'", "exposeHeaders: ['Link']")
	rare(5, "maxAge: 86400", "maxAge: 600", "maxAge: 0", "maxAge: '3600'", "maxAge: undefined", "maxAge: -1", "maxAge: 60 * 60")
	rare(15, "preflightContinue: true", "preflightContinue: true", "preflightContinue: false")
	rare(4, "optionsSuccessStatus: 200", "optionsSuccessStatus: 200", "optionsSuccessStatus: 204", "optionSuccessStatus: 200", "optionsSuccessStatus: undefined")
	if len(options) == 0 {
		return "{}"
	}
	if m.chance(2) {
		return "{ " + strings.Join(options, ", ") + " }"
	}
	return "{\n" + strings.Join(options, ",\n") + m.pick("", ",") + "\n}"
}

// origin writes the origin option.
func (m *module) origin() string {
	switch m.IntN(20) {
	case 0:
		return "'*'"
	case 1:
		return m.pick("true", "false", "''", "undefined", "null", "['*']", "[]", "'null'", "['null', 'https://a.example']", "!!process.env.CORS", "[true]")
	case 2, 3:
		return m.pick("'https://a.example'", "'https://a.example'", "'http://localhost:3000'", "'https://a.example/'", "'https://*.a.example'", "'a.example'",
			"'https://a.example,https://b.example'", "'HTTPS://A.example'")
	case 4, 5, 6:
		return m.list()
	case 7:
		return m.declare(m.pick("allowedOrigins", "whitelist"), m.list())
	case 8, 9:
		return m.pattern()
	case 10:
		return m.pick("process.env.CORS_ORIGIN || '*'", "process.env.CORS_ORIGIN || 'https://a.example'", "process.env.CLIENT_URL", "(process.env.ORIGINS || 'https://a.example,https://b.example').split(',')",
			"process.env.NODE_ENV === 'production' ? 'https://a.example' : true", "process.env.ORIGINS?.split(',') ?? ['https://a.example']")
	}
	return m.originFunction()
}

func (m *module) list() string {
	if m.chance(12) && m.syntax != esModules { // from a file of its own
		m.Files["config.json"] = "{ \"cors\": { \"origins\": [\"https://a.example\", \"http://localhost:3000\"] }, \"port\": 3000 }\n"
		return m.useAs("./"+strings.Repeat("../", strings.Count(m.file, "/"))+"config.json", "config") + ".cors.origins"
	}
	if m.chance(8) && m.syntax == esModules && !m.inner {
		return m.declare("origins", "await Promise.resolve(['https://a.example', 'https://b.example'])")
	}
	items := m.some(5, "'https://a.example'", "'https://b.example'", "'http://localhost:3000'", "'https://app.a.example'", "'https://a.example/'", "'http://127.0.0.1:8080'", m.pattern())
	if m.chance(3) {
		return "[\n" + strings.Join(items, ",\n") + "\n]"
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func (m *module) pattern() string {
	if m.chance(40) {
		return `/a\.example$/g` // remembers where it stopped
	}
	return m.pick(`/\.a\.example$/`, `/^https:\/\/([a-z]+\.)?a\.example$/`, `/a.example/`, `/^https?:\/\/localhost(:\d+)?$/`, `/^https:\/\/a\.example/i`, `new RegExp('^https://(.+\\.)?a\\.example$')`,
		`/https:\/\/.*\.a\.example/`, `/^http:\/\/(localhost|127\.0\.0\.1):[0-9]+$/`, `/^https:\/\/a\.example(?!\.)/`)
}

// test writes an expression that decides over a variable that may be undefined.
func (m *module) test(origin string) string {
	lists := func() string {
		return m.declare(m.pick("allowedOrigins", "whitelist", "allowlist", "origins"), "['https://a.example', "+m.pick("'https://b.example'", "'http://localhost:3000'", "'https://app.a.example', 'https://b.example'")+"]")
	}
	var test string
	switch m.IntN(16) {
	case 0, 1, 2:
		test = lists() + ".includes(" + origin + ")"
	case 3, 4:
		test = lists() + ".indexOf(" + origin + ")" + m.pick(" !== -1", " > -1", " >= 0", " != -1")
	case 5:
		test = m.declare("allowed", "new Set(["+m.pick("'https://a.example'", "'https://a.example', 'https://b.example'")+"])") + ".has(" + origin + ")"
	case 6:
		test = lists() + m.pick(".some((o) => ORIGIN.startsWith(o))", ".find((o) => o === ORIGIN)", ".some(function (o) { return ORIGIN === o; })", ".filter((o) => o === ORIGIN).length > 0",
			".some((o) => new RegExp(o).test(ORIGIN))", ".map((o) => o.toLowerCase()).includes(ORIGIN.toLowerCase())")
	case 7, 8:
		test = m.pattern() + ".test(" + origin + ")"
	case 9:
		test = m.pick("ORIGIN.endsWith('.a.example')", "ORIGIN.endsWith('a.example')", "ORIGIN.startsWith('http://localhost')", "ORIGIN.includes('a.example')", "ORIGIN.indexOf('localhost') > 0",
			"ORIGIN.match(/a\\.example$/)", "/a\\.example/.exec(ORIGIN)", "ORIGIN.search(/localhost/) !== -1", "ORIGIN.split('//')[1] === 'a.example'")
	case 10:
		test = m.pick("ORIGIN === 'https://a.example'", "'https://a.example' === ORIGIN", "ORIGIN == 'https://a.example' || ORIGIN == 'https://b.example'", "ORIGIN !== 'https://evil.test'")
	case 11:
		test = m.pick("new URL(ORIGIN).hostname.endsWith('a.example')", "new URL(ORIGIN).hostname === 'a.example'", "new URL(ORIGIN).host === 'a.example'", "new URL(ORIGIN).protocol === 'https:'")
	case 12:
		test = m.declare("known", "{ 'https://a.example': true, 'https://b.example': false }") + "[" + origin + "‹ as string›]"
	case 13:
		name := m.name("isAllowed")
		inner := m.pick("try {\nconst url = new URL(value);\nreturn url.protocol === 'https:' && url.hostname.split('.').slice(-2).join('.') === 'a.example';\n} catch {\nreturn false;\n}",
			"for (const allowed of ['https://a.example', 'https://b.example']) {\nif (allowed === value) return true;\n}\nreturn false;",
			"switch (value) {\ncase 'https://a.example':\ncase 'https://b.example':\nreturn true;\ndefault:\nreturn false;\n}",
			"if (!value) return false;\nreturn ['a.example', 'b.example'].some((domain) => value === `https://${domain}` || value.endsWith(`.${domain}`));")
		m.add("function " + name + "(value‹: any›) {\n" + inner + "\n}")
		test = name + "(" + origin + ")"
	case 14:
		test = m.declare("patterns", "["+m.pattern()+", 'https://b.example']") + ".some((p) => (p instanceof RegExp ? p.test(ORIGIN) : p === ORIGIN))"
	case 15:
		test = m.declare("hosts", "new Map([['https://a.example', { credentials: true }]])") + ".has(" + origin + ")"
	}
	return strings.ReplaceAll(test, "ORIGIN", origin)
}

// originFunction writes a function for the origin option.
func (m *module) originFunction() string {
	test := m.test("origin")
	guarded := m.pick("!origin || ", "!origin || ", "origin === undefined || ", "") + test
	if strings.Contains(test, "||") {
		guarded = "!origin || (" + test + ")"
	}
	refuse := m.pick("callback(new Error('Not allowed by CORS'));", "callback(new Error('Not allowed by CORS'));", "callback(new Error('CORS'), false);", "callback(null, false);", "callback(null);",
		"callback('Not allowed');", "callback(Object.assign(new Error('Not allowed by CORS'), { status: 403 }));", "throw new Error('refused');", "callback(null, []);", "callback(null, 'https://a.example');")
	accept := m.pick("callback(null, true);", "callback(null, true);", "callback(null, true);", "callback(null, origin);", "callback(null, [origin]);", "callback(null, /a\\.example$/);", "callback(null, '*');",
		"callback(undefined, true);", "callback(null, 1);")
	f := func(statements ...string) string { return m.function("origin, callback", statements...) }
	switch m.IntN(14) {
	case 0, 1, 2:
		return f("if (" + guarded + ") {\n" + accept + "\n} else {\n" + refuse + "\n}")
	case 3, 4:
		return f("if (!origin) return "+accept, "if ("+test+") {\nreturn "+accept+"\n}", refuse)
	case 5:
		return f("callback(null, " + test + ");")
	case 6:
		return f("if (!("+guarded+")) {\nconst message = 'The CORS policy of this site does not allow ' + origin;\nreturn callback(new Error(message), false);\n}", "return callback(null, true);")
	case 7:
		return f("const ok = "+guarded+";", m.pick("callback(null, ok ? origin : false);", "callback(ok ? null : new Error('refused'), ok);", "callback(null, ok && origin);"))
	case 8: // later
		decide := "if (" + guarded + ") {\n" + accept + "\n} else {\n" + refuse + "\n}"
		return f(m.pick("setTimeout(() => {\n", "setImmediate(() => {\n", "process.nextTick(() => {\n") + decide + "\n}" + m.pick(", 5);", ");", ");"))
	case 9:
		load := m.name("loadOrigins")
		m.add("async function " + load + "() {\n" + m.pick("return ['https://a.example', 'https://b.example'];", "await new Promise((resolve) => setTimeout(resolve, 2));\nreturn ['https://a.example'];",
			"return Promise.resolve(['https://a.example']);") + "\n}")
		if m.chance(2) {
			return f(load + "()\n.then((list) => callback(null, " + m.pick("list", "list.includes(origin‹ as string›)", "!origin || list.includes(origin)") + "))\n.catch(callback);")
		}
		return m.function("async origin, callback", "try {\nconst list = await "+load+"();\ncallback(null, list.includes(origin‹ as string›));\n} catch (err) {\ncallback(err);\n}")
	case 10:
		return m.function("origin, callback", "callback(null, "+m.pick("true", "origin", "'*'", "false", m.list(), m.pattern())+");")
	case 11: // the list in the function
		return f("const origins = "+m.list()+";", "callback(null, origins);")
	case 12:
		if m.chance(4) {
			return "(origin‹: any›) => " + test // never calls back
		}
		return "(origin‹: any›, cb‹: any›) => cb(null, " + guarded + ")"
	}
	return m.declare("checkOrigin", f("if ("+guarded+") {\nreturn "+accept+"\n}", refuse))
}

// delegate writes a function that chooses the options of each request.
func (m *module) delegate() string {
	origin := m.pick("req.header('Origin')", "req.headers.origin", "req.get('origin')")
	switch m.IntN(6) {
	case 0, 1:
		return m.declare("corsOptionsDelegate", m.function("req, callback", "let corsOptions;", "if ("+m.test(origin)+") {\ncorsOptions = { origin: true"+m.pick("", ", credentials: true")+" };\n} else {\ncorsOptions = { origin: false };\n}", "callback(null, corsOptions);"))
	case 2:
		return m.function("req, callback", "callback(null, { origin: req.path.startsWith('/api') ? 'https://a.example' : '*', credentials: true });")
	case 3:
		return m.function("req, callback", "if (req.method === 'OPTIONS') return callback(null, { origin: true, maxAge: 600 });", "callback(null, "+m.corsOptions()+");")
	case 4:
		return m.function("req, callback", "setImmediate(() => callback(null, "+m.corsOptions()+"));")
	}
	return m.function("req, callback", "const origin = "+origin+";", "if (!origin) return callback(null, { origin: false });", "callback("+m.pick("null", "new Error('refused')", "null")+", { origin });")
}

// setter writes a statement that sets a header of the response.
func (m *module) setter(name, value string) string {
	if m.chance(40) {
		name = strings.ToLower(name)
	}
	if m.chance(15) {
		return "res.set({ '" + name + "': " + value + " });"
	}
	return "res." + m.pick("header", "header", "setHeader", "setHeader", "set", m.pick("set", "append")) + "('" + name + "', " + value + ");"
}

// byHand writes a middleware that sets the headers itself, or imports it.
func (m *module) byHand() string {
	if other := m.module(m.pick("middleware/cors", "src/allow-cors")); m.spread && m.chance(2) && m.Files[other.file] == "" {
		return m.local(other.export(other.headers()), "allowCors")
	}
	f := m.headers()
	if m.chance(3) {
		return m.declare(m.pick("allowCrossDomain", "allowCors"), f)
	}
	return f
}

func (m *module) headers() string {
	var body []string
	origin := m.pick("req.headers.origin", "req.headers['origin']", "req.get('origin')", "req.header('Origin')", "req.get('Origin')")
	allow := func(value string) string { return m.setter("Access-Control-Allow-Origin", value) }
	switch m.IntN(10) {
	case 0, 1, 2:
		body = append(body, allow("'*'"))
	case 3:
		body = append(body, allow("'https://a.example'"))
	case 4:
		body = append(body, allow(origin))
	case 5:
		body = append(body, allow(origin+m.pick(" || '*'", " ?? '*'", " || ''", " ? "+origin+" : 'https://a.example'")))
	case 6:
		body = append(body, "const origin = "+origin+";", "if (origin) {\n"+allow("origin")+m.pick("", "\nres.vary('Origin');", "\n"+m.setter("Vary", "'Origin'"))+"\n}")
	case 7, 8:
		body = append(body, m.pick("const origin = "+origin+";", "const origin‹: any› = "+origin+";", "const { origin } = req.headers;"),
			"if ("+m.pick("origin && ", "")+"("+m.test("origin")+")) {\n"+allow("origin")+"\n}"+m.pick("", " else {\n"+allow("'https://a.example'")+"\n}", " else {\nreturn res.status(403).json({ error: 'origin' });\n}"))
	case 9:
		body = append(body, "const list = ['https://a.example', 'https://b.example'];", "const origin‹: any› = "+origin+";", allow("list.includes(origin) ? origin : list[0]"))
	}
	mirror := "req.headers['access-control-request-headers']"
	if !m.chance(6) {
		mirror += " || ''" // without, setHeader throws
	}
	body = append(body, m.some(5,
		m.setter("Access-Control-Allow-Methods", m.pick("'GET, POST, PUT, DELETE, OPTIONS'", "'GET,PUT,POST,DELETE'", "'*'", "['GET', 'POST']", "req.headers['access-control-request-method'] || 'GET'")),
		m.setter("Access-Control-Allow-Headers", m.pick("'Origin, X-Requested-With, Content-Type, Accept'", "'Content-Type, Authorization'", "'*'", mirror,
			"['Content-Type', 'X-Custom']")),
		m.setter("Access-Control-Allow-Credentials", m.pick("'true'", "'true'", "true", "false")),
		m.setter("Access-Control-Max-Age", m.pick("'86400'", "86400", "600", "'0'")),
		m.setter("Access-Control-Expose-Headers", "'X-Total-Count'"),
		m.pick("res.vary('Origin');", m.setter("Vary", "'Origin'"), "res.vary(['Origin', 'Accept-Encoding']);"),
		m.pick(m.setter("Access-Control-Allow-Private-Network", "'true'"), "res.removeHeader('X-Powered-By');"))...)
	if m.chance(10) {
		body = append(body, "const headers = { 'Access-Control-Allow-Methods': 'GET, POST', 'Access-Control-Max-Age': '600' };",
			m.pick("Object.entries(headers).forEach(([name, value]) => res.setHeader(name, value));", "for (const [name, value] of Object.entries(headers)) {\nres.header(name, value);\n}", "res.set(headers);"))
	}
	options := m.pick("req.method === 'OPTIONS'", "req.method === 'OPTIONS'", "req.method == 'OPTIONS'", "'OPTIONS' === req.method", "req.method.toLowerCase() === 'options'", "req.method === 'OPTIONS' && req.headers['access-control-request-method']")
	preflight := strings.Join(m.byHandPreflight(), "\n")
	switch m.IntN(8) {
	case 0, 1:
		body = append(body, "next();")
	case 2, 3, 4:
		body = append(body, "if ("+options+") {\n"+returning(preflight)+"\n}", m.pick("next();", "return next();"))
	case 5, 6:
		body = append(body, "if ("+options+") {\n"+preflight+"\n} else {\nnext();\n}")
	case 7:
		if m.chance(3) { // the return is forgotten
			body = append(body, "if ("+options+") {\nres.sendStatus(200);\n}", "next();")
		} else {
			body = append(body, m.pick("if ("+options+") return res.sendStatus(204);", "if ("+options+") return res.status(200).end();", "if ("+options+") return res.end();"), "next();")
		}
	}
	return m.function("req, res, next", body...)
}

// returning puts a return before the last statement.
func returning(statements string) string {
	at := strings.LastIndex(statements, "\n") + 1
	return statements[:at] + "return " + statements[at:]
}

func (m *module) byHandPreflight() []string {
	answer := m.pick("res.sendStatus(200);", "res.sendStatus(204);", "res.status(200).end();", "res.status(204).end();", "res.status(204).send();", "res.end();", "res.send();", "res.status(200).json({});",
		"res.status(200).send('OK');", "res.writeHead(204, { 'Access-Control-Max-Age': '60' }).end();", "res.writeHead(200).end();")
	return append(m.some(2,
		m.setter("Access-Control-Allow-Methods", m.pick("'PUT, POST, PATCH, DELETE, GET'", "'GET, POST'", "req.header('Access-Control-Request-Method')")),
		m.setter("Access-Control-Allow-Headers", m.pick("'Content-Type, Authorization'", "req.header('Access-Control-Request-Headers')")),
		m.setter("Access-Control-Max-Age", "'600'")), answer)
}
