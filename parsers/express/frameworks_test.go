package express_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/corslint/corslint/analyzers/policy"
	"github.com/corslint/corslint/internal/differential"
	"github.com/corslint/corslint/parsers/express/expresstest"
)

// framework is a way to write applications of a framework, which the test fills with the arguments of its CORS package.
type framework struct {
	name, file string
	text       string   // with CORS in place of the arguments
	cors       []string // the arguments
}

// with returns the application with arguments of the CORS package. NestJS is given them in two ways.
func (f *framework) with(cors string) string {
	create, enable := "", "app.enableCors("+cors+");"
	if strings.HasPrefix(cors, "cors:") || cors == "none" {
		create, enable = strings.TrimPrefix(cors, "none"), ""
	}
	return strings.NewReplacer("CORS", cors, "CREATE", create, "ENABLE", enable).Replace(f.text)
}

// origins are values of the option "origin" that every package takes, each in its own way.
var origins = []string{`'*'`, `'https://app.example'`, `'https://app.example/'`, `['https://app.example', 'https://admin.example']`, `true`, `false`}

// arguments returns object literals: each origin with more options, and what else is worth asking.
func arguments(more string, others ...string) []string {
	out := slices.Clone(others)
	for _, o := range origins {
		out = append(out, "{ origin: "+o+" }", "{ origin: "+o+", "+more+" }")
	}
	return out
}

func frameworks() []framework {
	return []framework{
		{"koa", "index.js", `const Koa = require('koa');
const cors = require('@koa/cors');
const Router = require('@koa/router');
const app = new Koa();
app.on('error', () => {});
app.use(async (ctx, next) => { ctx.vary('Accept'); await next(); });
app.use(cors(CORS));
const router = new Router({ prefix: '/api' });
router.use(async (ctx, next) => { if (ctx.get('X-Refuse')) ctx.throw(401); return next(); });
router.get('/items', (ctx) => { ctx.body = [1]; });
router.post('/items', (ctx) => { ctx.status = 201; });
router.put('/items/:id', (ctx) => { ctx.set('Access-Control-Expose-Headers', 'X-Id'); ctx.body = ctx.params.id; });
router.get('/fails', () => { throw new Error('no'); });
router.get('/refuses', (ctx) => { ctx.throw(403, 'no', { headers: { Vary: 'Cookie' } }); });
router.get('/moves', (ctx) => { ctx.redirect('/api/items'); });
router.delete('/items/:id', (ctx) => { ctx.body = null; });
app.use(router.routes()).use(router.allowedMethods());
app.use((ctx, next) => { if (ctx.path !== '/plain') return next(); ctx.body = 'plain'; });
app.listen(3000);
`, arguments(`credentials: true, maxAge: 600, allowMethods: ['GET', 'PUT'], allowHeaders: ['X-One', 'X-Two'], exposeHeaders: 'X-Id'`, ``, `{}`, `{ credentials: true }`, `{ keepHeadersOnError: false }`,
			`{ origin: (ctx) => ctx.get('Origin').endsWith('.example') ? ctx.get('Origin') : '' }`, `{ origin: async () => 'https://app.example', credentials: () => true }`, `{ secureContext: true, privateNetworkAccess: true, allowMethods: '' }`)},
		{"fastify", "index.js", `const fastify = require('fastify')();
fastify.register(require('@fastify/cors'), CORS);
fastify.register(async (api) => {
  api.addHook('preHandler', async (request, reply) => { if (request.headers['x-refuse']) { reply.code(401); throw new Error('no'); } });
  api.get('/items', (request, reply) => { reply.send([1]); });
  api.post('/items', async (request, reply) => { reply.code(201); return {}; });
  api.put('/items/:id', { config: { cors: { origin: 'https://other.example', maxAge: 5 } } }, async (request, reply) => reply.header('Access-Control-Expose-Headers', 'X-Id').send(request.params.id));
  api.get('/fails', () => { throw new Error('no'); });
  api.get('/refuses', async (request, reply) => { reply.header('Vary', 'Cookie'); throw Object.assign(new Error('no'), { statusCode: 403 }); });
  api.get('/moves', (request, reply) => { reply.redirect('/api/items'); });
  api.delete('/items/:id', { config: { cors: false } }, async (request, reply) => reply.code(204).send());
  api.setErrorHandler((error, request, reply) => { if (error.message === 'no') throw error; reply.code(400).send({}); });
}, { prefix: '/api' });
fastify.get('/plain', async () => 'plain');
fastify.listen({ port: 3000, host: '127.0.0.1' });
`, arguments(`credentials: true, maxAge: 600, methods: ['GET', 'PUT'], allowedHeaders: ['X-One', 'X-Two'], exposedHeaders: 'X-Id'`, `{}`, `{ origin: /\.example$/g }`, `{ origin: ['*', 'https://app.example'] }`, `{ strictPreflight: false }`,
			`{ preflight: false }`, `{ preflightContinue: true }`, `{ optionsSuccessStatus: 200, hook: 'preHandler' }`, `{ hook: 'preParsing' }`, `{ origin: (origin, cb) => cb(null, /example$/.test(origin)) }`, `{ origin: async (origin) => origin === 'https://app.example' }`,
			`{ origin: (origin, cb) => origin ? cb(null, origin) : cb(new Error('no')) }`, `{ origin: '' }`, `{ delegator: (req, cb) => cb(null, { origin: req.headers.origin === 'https://app.example' }) }`, `() => (req, cb) => cb(null, { origin: req.headers.origin, credentials: true })`, `() => async (req) => ({ origin: 'https://app.example' })`,
			`{ methods: 'GET, DELETE', allowedHeaders: '*', exposedHeaders: ['A', 'B'], maxAge: 0 }`)},
		{"hono", "index.js", `const { Hono } = require('hono');
const { cors } = require('hono/cors');
const { HTTPException } = require('hono/http-exception');
const { serve } = require('@hono/node-server');
const app = new Hono();
const api = new Hono();
app.use('/api/*', cors(CORS));
api.use(async (c, next) => { if (c.req.header('X-Refuse')) throw new HTTPException(401, { message: 'no' }); c.header('Vary', 'Cookie'); await next(); });
api.get('/items', (c) => c.json([1]));
api.post('/items', (c) => c.text('made', 201, { Vary: 'Accept' }));
api.put('/items/:id{[0-9]+}', (c) => { c.header('Access-Control-Expose-Headers', 'X-Id'); return c.body(c.req.param('id')); });
api.get('/fails', () => { throw new Error('no'); });
api.get('/refuses', async (c) => { throw new HTTPException(403); });
api.get('/moves', (c) => c.redirect('/api/items'));
api.delete('/items/:id', () => new Response(null, { status: 204, headers: { 'Access-Control-Allow-Origin': 'https://other.example' } }));
app.route('/api', api);
app.get('/plain', (c) => c.text('plain'));
serve({ fetch: app.fetch, port: 3000 });
`, arguments(`credentials: true, maxAge: 600, allowMethods: ['GET', 'PUT'], allowHeaders: ['X-One', 'X-Two'], exposeHeaders: ['X-Id', 'X-Two']`, ``, `{}`, `{ credentials: true, allowMethods: [] }`,
			`{ origin: (origin) => origin.endsWith('.example') ? origin : 'https://app.example' }`, `{ origin: async (origin, c) => c.req.path === '/api/items' ? origin : null, maxAge: 0 }`, `{ allowMethods: (origin) => origin ? ['GET'] : [] }`)},
		{"nest", "main.ts", `import 'reflect-metadata';
import { Module, Controller, Get, Post, Put, Delete, Header, HttpCode, Redirect, Res, Param, Req, UseGuards, ForbiddenException, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
class Refuses {
  canActivate(context: any): boolean { return !context.switchToHttp().getRequest().headers['x-refuse']; }
}

@Controller('items')
@UseGuards(Refuses)
class Items {
  @Get() list() { return [1]; }
  @Post() @HttpCode(202) make(@Req() request: any) { return { method: request.method }; }
  @Put(':id') @Header('Access-Control-Expose-Headers', 'X-Id') set(@Param('id') id: string) { return id; }
  @Delete(':id') remove(@Res() response: any) { response.vary('Cookie').status(204).send(); }
}

@Controller()
class Others {
  @Get('fails') fails() { throw new Error('no'); }
  @Get('refuses') async refuses(@Res({ passthrough: true }) response: any) { response.vary('Cookie'); throw new ForbiddenException(); }
  @Get('moves') @Redirect('/api/items', 301) moves() {}
}

@Module({ controllers: [Items] })
class ItemsModule {}

@Module({ imports: [ItemsModule], controllers: [Others] })
class AppModule {
  configure(consumer: any) { consumer.apply((req: any, res: any, next: any) => { res.vary('Accept-Language'); next(); }).forRoutes('items'); }
}

async function bootstrap() {
  const app = await NestFactory.create(AppModule, { logger: false, CREATE });
  app.setGlobalPrefix('api');
  app.use((req: any, res: any, next: any) => { res.vary('Accept'); next(); });
  ENABLE
  app.use('/plain', (req: any, res: any) => res.send('plain'));
  await app.listen(3000);
}
bootstrap();
`, append(arguments(`credentials: true, maxAge: 600, methods: ['GET', 'PUT'], allowedHeaders: ['X-One', 'X-Two'], exposedHeaders: 'X-Id'`, ``, `{}`, `{ origin: (origin, cb) => cb(origin ? null : new Error('no'), true) }`,
			`{ preflightContinue: true }`, `(req, cb) => cb(null, { origin: req.header('Origin') })`), "cors: true", "cors: { origin: ['https://app.example'], credentials: true }", "none")},
	}
}

// asked are the requests that every application is asked.
func asked() []differential.Request {
	var out []differential.Request
	for _, path := range []string{"/api/items", "/api/items/7", "/api/fails", "/api/refuses", "/api/moves", "/api/none", "/plain", "/"} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"} {
			for _, origin := range []string{"", "https://app.example", "https://evil.test"} {
				r := differential.Request{Method: method, Host: authority, Path: path}
				if origin != "" {
					r.Headers = append(r.Headers, [2]string{"Origin", origin})
				}
				out = append(out, r)
				if method != "OPTIONS" || origin == "" {
					continue
				}
				r.Headers = append(slices.Clone(r.Headers), [2]string{"Access-Control-Request-Method", "PUT"})
				out = append(out, r)
				r.Headers = append(slices.Clone(r.Headers), [2]string{"Access-Control-Request-Headers", "x-one, content-type"})
				out = append(out, r)
			}
		}
	}
	return append(out, differential.Request{Method: "GET", Host: authority, Path: "/api/items", Headers: [][2]string{{"Origin", "https://app.example"}, {"X-Refuse", "1"}}})
}

// TestFrameworks holds predictions for the other frameworks against the real packages: status, Access-Control-*, Vary, Allow
// and Location.
func TestFrameworks(t *testing.T) {
	n := expresstest.Start(t, setup)
	for _, f := range frameworks() {
		t.Run(f.name, func(t *testing.T) {
			requests, equal, shown := 0, 0, 0
			for i, cors := range f.cors {
				app := &expresstest.Application{Major: 5, Files: map[string]string{f.file: f.with(cors), "package.json": fmt.Sprintf(`{"main": %q}`, f.file)}}
				dir, port, err := n.Run(t, filepath.Join(f.name, fmt.Sprint(i)), app)
				if err != nil {
					t.Errorf("%s does not start with %s: %v", f.name, cors, err)
					continue
				}
				chain, said := read(t, dir)
				for _, r := range asked() {
					got, err := compared.Ask(port, r)
					if err != nil {
						t.Fatal(err)
					}
					requests++
					outcomes, err := predict(chain, r)
					if err == nil && len(outcomes) == 1 && outcomes[0].Open == nil && unordered(shownOf(outcomes)) == unordered(got) {
						equal++
					} else if shown++; shown <= *show {
						t.Logf("%s, %s\n%s\n%s\nreal:     %s\ncorslint: %s %v", f.name, cors, said, r, got, shownOf(outcomes), err)
					}
				}
			}
			t.Logf("%s: %d of %d answers equal", f.name, equal, requests)
			if equal != requests {
				t.Errorf("%d of %d answers differ", requests-equal, requests)
			}
		})
	}
}

func shownOf(outcomes []policy.Outcome) string {
	var out []string
	for i := range outcomes {
		text := compared.Shown(&outcomes[i])
		if outcomes[i].Open != nil {
			text += fmt.Sprintf(" | open: %v", outcomes[i].Open)
		}
		out = append(out, text)
	}
	return strings.Join(out, " or ")
}

// unordered is an answer whose lines are sorted: these frameworks write headers in an order that means nothing.
func unordered(answer string) string {
	lines := strings.Split(answer, " | ")
	slices.Sort(lines[1:])
	return strings.Join(lines, " | ")
}
