// Hono 4: routes, middleware, the context's response, its CORS middleware, and what it is served by.
// https://github.com/honojs/hono

const { Headers, Response, request, send } = require('%web');

const isText = (v) => typeof v === 'string' || v instanceof String;
const isPromise = (v) => v && !$.isUnknown(v) && typeof v.then === 'function';

// ---- paths

const merge = (base, path) => {
  const a = base[0] === '/' ? base : '/' + base;
  if (path === '/') return a;
  return (a.endsWith('/') ? a : a + '/') + (path[0] === '/' ? path.slice(1) : path);
};
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function compile(path) {
  const names = [];
  const groups = [];
  const segments = path.replace(/\{[^}]+\}/g, (g) => '{' + (groups.push(g) - 1) + '}').split('/').slice(1);
  let source = '';
  segments.forEach((s, i) => {
    const last = i === segments.length - 1;
    const m = /^:([^{}?]+)(?:\{(\d+)\})?(\?)?$/.exec(s);
    if (s === '*') source += last ? '(?:/.*)?' : '/[^/]+';
    else if (m) {
      names.push(m[1]);
      const one = '/(' + (m[2] === undefined ? '[^/]+' : groups[m[2]].slice(1, -1).replace(/\((?!\?)/g, '(?:')) + ')';
      source += m[3] ? '(?:' + one + ')?' : one;
    } else source += '/' + escaped(s.replace(/\{(\d+)\}/g, (all, n) => groups[n]));
  });
  const regexp = new RegExp('^' + source + '$');
  return (text) => {
    const m = regexp.exec(text);
    if (!m) return null;
    const params = {};
    names.forEach((n, i) => {
      if (m[i + 1] !== undefined) params[n] = decodeURIComponent(m[i + 1].replace(/%(?![0-9A-Fa-f]{2})/g, '%25'));
    });
    return params;
  };
}

// ---- context

class HonoRequest {
  constructor(raw, path) {
    this.raw = raw;
    this.path = path;
    this.method = raw.method;
    this.url = raw.url;
    this.params_ = {};
  }
  header(name) {
    if (name === undefined) return Object.fromEntries(this.raw.headers.entries());
    const v = this.raw.headers.get(name);
    return v === null ? undefined : v;
  }
  param(name) { return name === undefined ? this.params_ : this.params_[name]; }
  query(name) {
    const all = $.query(this.url);
    return name === undefined ? all : all[name];
  }
  queries(name) { return [].concat($.query(this.url)[name] || []); }
  valid() { return $.unknown('what is valid of the request'); }
  json() { return this.raw.json(); }
  text() { return this.raw.text(); }
  parseBody() { return this.raw.json(); }
  formData() { return this.raw.json(); }
  arrayBuffer() { return this.raw.json(); }
  blob() { return this.raw.json(); }
  get routePath() { return this.path; }
}

class Context {
  constructor(app, raw, path) {
    this.app_ = app;
    this.req = new HonoRequest(raw, path);
    this.env = new Proxy({}, { get: (t, name) => (typeof name === 'symbol' || name === 'then' ? undefined : $.unknown('c.env.' + name, true)) });
    this.vars = {};
    this.finalized = false;
    this.executionCtx = { waitUntil() {}, passThroughOnException() {} };
    // They are used without the object, too.
    for (const name of ['header', 'status', 'set', 'get', 'body', 'text', 'json', 'html', 'redirect', 'notFound', 'newResponse', 'render']) this[name] = Context.prototype[name].bind(this);
  }
  get res() {
    if (!this.response_) this.response_ = new Response(null, { headers: this.prepared() });
    return this.response_;
  }
  set res(r) {
    if (this.response_ && r && !$.isUnknown(r)) {
      const before = this.response_;
      r = Object.assign(new Response(r.body, r), { open_: r.open_ });
      for (const name of before.headers.names_()) if (name !== 'content-type') r.headers.copy_(name, before.headers);
    }
    this.response_ = r;
    this.finalized = true;
  }
  prepared() { return this.prepared_ || (this.prepared_ = new Headers()); }
  get var() { return this.vars; }
  set(name, value) { this.vars[name] = value; }
  get(name) { return this.vars[name]; }
  header(name, value, options) {
    const places = $.places('header');
    if (this.finalized) this.response_ = Object.assign(new Response(this.response_.body, this.response_), { open_: this.response_.open_ });
    const headers = this.response_ ? this.response_.headers : this.prepared();
    $.writing(places, () => {
      if (value === undefined && !$.isUnknown(value)) headers.delete(name);
      else if (options && options.append) headers.append(name, value);
      else headers.set(name, value);
    });
  }
  status(status) { this.status_ = status; }
  newResponse(body, arg, more) {
    const headers = new Headers(this.response_ ? this.response_.headers : this.prepared_);
    const given = arg && typeof arg === 'object' && !$.isUnknown(arg) ? arg.headers : undefined;
    if (given) {
      const from = new Headers(given);
      for (const name of from.names_()) headers.copy_(name, from);
    }
    if (more && !$.isUnknown(more)) {
      const from = new Headers(Object.fromEntries(Object.keys(more).map((name) => [name, ''])));
      for (const name of Object.keys(more)) {
        const places = $.inLiteral(more, name);
        headers.delete(name);
        for (const v of [].concat(more[name])) $.writing(places.length ? places : from.lines.get(name.toLowerCase()).places, () => headers.append(name, v));
      }
    }
    let status = $.isUnknown(arg) || typeof arg === 'number' ? arg : (arg && arg.status) || this.status_;
    if ($.isUnknown(status)) status = 200;
    const r = new Response(body, { status, headers });
    if ($.isUnknown(given) || $.isUnknown(more)) r.open_ = $.isUnknown(given) ? given : more;
    return r;
  }
  typed(type, more) {
    if ($.isUnknown(more)) return more;
    return Object.assign({ 'Content-Type': type }, more);
  }
  body(data, arg, more) { return this.newResponse(data, arg, more); }
  text(text, arg, more) { return this.newResponse(text, arg, this.typed('text/plain; charset=UTF-8', more)); }
  json(value, arg, more) { return this.newResponse('{}', arg, this.typed('application/json', more)); }
  html(text, arg, more) { return this.newResponse('<p>', arg, this.typed('text/html; charset=UTF-8', more)); }
  render() { return this.html('<p>'); }
  setRenderer() {}
  setLayout() {}
  redirect(url, status) {
    $.writing($.siteHere('redirect'), () => this.header('Location', String(url)));
    return this.newResponse(null, status || 302);
  }
  notFound() { return this.app_.missing_(this); }
}

// ---- applications

const methods = ['get', 'post', 'put', 'delete', 'options', 'patch', 'query', 'all'];
const notFound = (c) => c.text('404 Not Found', 404);
const onError = (e, c) => {
  if (!$.isUnknown(e) && e && typeof e.getResponse === 'function') {
    const r = e.getResponse();
    return c.newResponse(r.body, r);
  }
  $.unhandled(e, c.req.raw.raw_);
  return c.text('Internal Server Error', 500);
};

// step runs one handler: what is unknown hands the request on, answers, or refuses.
function step(l, c, next) {
  const { raw_, res_ } = c.req.raw;
  if (!$.isUnknown(l.handle)) {
    $.entering(l, raw_);
    return l.handle(c, next);
  }
  return new Promise((yes, no) => {
    $.unknownHandler(l.handle, l, false, raw_, res_, () => next().then(yes, no));
    if (res_.finished) yes();
  });
}

const compose = (list, fails, missing) => (c, after) => {
  let last = -1;
  const dispatch = async (i) => {
    if (i <= last) throw new Error('next() called multiple times');
    last = i;
    let r;
    let failed = false;
    if (i < list.length || after) {
      try {
        if (i < list.length) {
          c.req.params_ = list[i].params || {};
          r = await step(list[i].l, c, () => dispatch(i + 1));
        } else if (i === list.length) r = await after();
      } catch (e) {
        $.rethrow(e);
        if (!fails || (!$.isUnknown(e) && !(e instanceof Error))) throw e;
        c.error = e;
        r = await fails(e, c);
        failed = true;
      }
    } else if (!c.finalized && missing) r = await missing(c);
    if (($.isUnknown(r) || r) && (!c.finalized || failed)) c.res = r;
    return c;
  };
  return dispatch(0);
};

class Hono {
  constructor(options) {
    const o = options || {};
    this.strict_ = o.strict === undefined || o.strict;
    this.base_ = '/';
    this.path_ = '/';
    this.routes = [];
    this.missing_ = notFound;
    this.errorHandler = onError;
    this.fetch = (raw, env) => this.dispatch_(raw, raw.method);
    this.request = () => Promise.resolve($.unknown('a response'));
    this.app_ = $.frameworkMade({ name: 'Hono', hono_: this, places: $.caller('Hono OpenAPIHono'), handler: (req, res) => this.serve_(req, res), registered: () => this.routes.length > 0 && !this.mounted_,
      endpoints: () => this.routes.filter((r) => r.l.routed).map((r) => ({ path: r.path.replace(/\{[^}]+\}/g, '').replace(/\/\*$/, '/*x'), methods: r.method === 'ALL' ? [] : [r.method], places: r.site })) });
  }
  add_(method, path, handlers, places, routed, skip) {
    handlers.forEach((handle, i) => {
      const last = i === handlers.length - 1;
      const at = merge(this.base_, path);
      this.routes.push({ method, path: at, match: compile(at), site: places, l: { handle, places: $.argument(places, handlers.length, i, skip), last, routed: routed && last } });
    });
    return this;
  }
  on(method, path, ...handlers) {
    const places = $.siteHere('on');
    for (const p of [].concat(path)) for (const m of [].concat(method)) this.add_(m.toUpperCase(), p, handlers, places, true, 2);
    return this;
  }
  use(first, ...more) {
    const places = $.siteHere('use');
    const named = isText(first);
    if (named) this.path_ = first;
    else this.path_ = '*';
    return this.add_('ALL', this.path_, named ? more : [first, ...more], places, false, named ? 1 : 0);
  }
  route(path, app) {
    if ($.isUnknown(app)) {
      $.gap('the routes of ' + $.describe(app) + ' are not known', $.siteHere('route'));
      return this;
    }
    app.mounted_ = true;
    const base = merge(this.base_, path);
    for (const r of app.routes) {
      const l = app.errorHandler === onError ? r.l : Object.assign({}, r.l, { handle: async (c, next) => (await compose([], app.errorHandler)(c, () => r.l.handle(c, next))).res });
      const at = merge(base, r.path);
      this.routes.push({ method: r.method, path: at, match: compile(at), site: r.site, l });
    }
    return this;
  }
  basePath(path) {
    const sub = Object.create(this);
    sub.base_ = merge(this.base_, path);
    return sub;
  }
  onError(fn) {
    this.errorHandler = fn;
    return this;
  }
  notFound(fn) {
    this.missing_ = fn;
    return this;
  }
  mount(path, other) {
    const places = $.siteHere('mount');
    return this.add_('ALL', path.replace(/\/$/, '') + '/*', [(c) => ($.isUnknown(other) ? other : other(c.req.raw))], places, true, 1);
  }
  get router() { return { name: 'SmartRouter' }; }
  async dispatch_(raw, method) {
    if (method === 'HEAD') return this.dispatch_(raw, 'GET');
    let path = raw.url.replace(/^[a-z]+:\/\/[^/]*/, '').split('?')[0];
    if (!this.strict_ && path.length > 1) path = path.replace(/\/$/, '');
    const c = new Context(this, raw, path);
    const list = [];
    for (const r of this.routes) {
      if (r.method !== 'ALL' && r.method !== method) continue;
      const params = r.match(path);
      if (params) list.push({ l: r.l, params });
    }
    const fails = (e) => this.errorHandler(e, c);
    try {
      if (list.length === 1) { // then what it returns needs no merging
        c.req.params_ = list[0].params;
        const r = await step(list[0].l, c, async () => {
          c.res = await this.missing_(c);
        });
        return $.isUnknown(r) || r ? r : c.finalized ? c.res : this.missing_(c);
      }
      await compose(list, this.errorHandler, this.missing_)(c);
      if (!c.finalized && !raw.res_.finished) throw new Error('Context is not finalized');
      return c.res;
    } catch (e) {
      $.rethrow(e);
      return fails(e);
    }
  }
  serve_(req, res) {
    return serveFetch(this.fetch, req, res);
  }
}
for (const method of methods) {
  Hono.prototype[method] = function (first, ...more) {
    const places = $.siteHere(method);
    const named = isText(first) || $.isUnknownText(first);
    if (named) this.path_ = String(first);
    return this.add_(method.toUpperCase(), this.path_, named ? more.flat() : [first, ...more], places, true, named ? 1 : 0);
  };
}

// serveFetch answers a message by a function of requests, as the adapters do.
async function serveFetch(fetch, req, res) {
  const raw = Object.assign(request(req), { res_: res });
  let r;
  try {
    r = await fetch(raw, {}, {});
  } catch (e) {
    $.rethrow(e);
    res.statusCode = 500;
    return void res.end();
  }
  if (!res.finished) send(res, r);
}

// ---- hono/cors

const known = ['origin', 'allowMethods', 'allowHeaders', 'maxAge', 'credentials', 'exposeHeaders'];

function cors(given) {
  const made = $.siteHere('cors');
  $.optionsFact('hono/cors', given, made, known);
  const options = Object.assign({ origin: '*', allowMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'QUERY'], allowHeaders: [], exposeHeaders: [] }, given);
  const at = (name) => {
    const p = $.property(given, name);
    return p ? [p.all, p.value, ...made] : made;
  };
  const allowed = (origin, c) => {
    const o = options.origin;
    if (typeof o === 'function' && !$.isUnknown(o)) return o(origin, c);
    if ($.isUnknown(o)) return $.decide(o, 'lets ' + (origin || 'a request without Origin') + ' in') ? origin : null;
    if (isText(o)) return o === '*' ? o : o === origin ? origin : null;
    return o.includes(origin) ? origin : null;
  };
  const middleware = async function cors(c, next) {
    const set = (name, value, places) => $.writing(places, () => c.res.headers.set(name, value));
    const append = (name, value, places) => $.writing(places, () => c.res.headers.append(name, value));
    const origin = c.req.header('origin') || '';
    const allow = await allowed(origin, c);
    if ($.isWatching() && typeof options.origin === 'function') $.originOption(allow, given);
    if (allow) set('Access-Control-Allow-Origin', allow, at('origin'));
    if (options.credentials) set('Access-Control-Allow-Credentials', 'true', at('credentials'));
    const exposed = options.exposeHeaders;
    if (exposed && exposed.length) set('Access-Control-Expose-Headers', exposed.join(','), at('exposeHeaders'));
    if (c.req.method !== 'OPTIONS') {
      await next();
      if (options.origin !== '*') $.writing(at('origin'), () => c.header('Vary', 'Origin', { append: true }));
      return;
    }
    if (options.origin !== '*') append('Vary', 'Origin', at('origin'));
    if (options.maxAge !== undefined && options.maxAge !== null) set('Access-Control-Max-Age', String(options.maxAge), at('maxAge'));
    let list = options.allowMethods;
    if (typeof list === 'function' && !$.isUnknown(list)) list = await list(origin, c);
    if (Array.isArray(list) && list.length) set('Access-Control-Allow-Methods', list.join(','), at('allowMethods'));
    let headers = options.allowHeaders && options.allowHeaders.length ? options.allowHeaders.join(',') : '';
    if (!headers) headers = (c.req.header('Access-Control-Request-Headers') || '').split(',').map((h) => h.trim()).filter(Boolean).join(',');
    if (headers) {
      set('Access-Control-Allow-Headers', headers, at('allowHeaders'));
      append('Vary', 'Access-Control-Request-Headers', at('allowHeaders'));
    }
    c.res.headers.delete('Content-Length');
    c.res.headers.delete('Content-Type');
    $.answered(made);
    return new Response(null, { status: 204, headers: c.res.headers });
  };
  $.corsMiddleware(middleware, made);
  return middleware;
}

// ---- what serves it

class HTTPException extends Error {
  constructor(status, options) {
    super((options && options.message) || '');
    this.status = status === undefined ? 500 : status;
    this.res = options && options.res;
  }
  getResponse() {
    return this.res ? new Response(this.res.body, { status: this.status, headers: this.res.headers }) : new Response(this.message, { status: this.status });
  }
}

const serve = (options, listening) => {
  const o = options && options.fetch ? options : { fetch: options };
  const app = applicationOf(o.fetch);
  const handler = app ? app.handler : (req, res) => serveFetch(o.fetch, req, res);
  $.listening(handler, [o.port || 3000], $.siteHere('serve'), app);
  if (typeof listening === 'function') setImmediate(() => listening({ port: 3000, address: '127.0.0.1' }));
  return $.require('http').createServer();
};
const served = (app) => {
  $.listening(app.app_.handler, [], $.siteHere('handle'), app.app_);
  return $.adapter(app.app_.handler, app.app_);
};
function applicationOf(fetch) {
  return globalThis['%found'].frameworks.find((f) => f.hono_ && f.hono_.fetch === fetch);
}

const passing = () => async (c, next) => next();
const refusing = (accepts) => async (c, next) => {
  const has = accepts(c.req.header('authorization') || '');
  if (!has || $.befalls(c.req.raw.raw_, 'credentials-rejected')) throw new HTTPException(401, { res: new Response('Unauthorized', { status: 401 }) });
  c.set('jwtPayload', $.unknown('the token'));
  return next();
};
const secureHeaders = (options) => async (c, next) => {
  await next();
  if (!(options && options.crossOriginResourcePolicy === false)) $.writing([], () => c.res.headers.set('Cross-Origin-Resource-Policy', (options && isText(options.crossOriginResourcePolicy) && options.crossOriginResourcePolicy) || 'same-origin'));
};
const createMiddleware = (fn) => fn;
const createFactory = () => ({ createApp: () => new Hono(), createMiddleware, createHandlers: (...handlers) => handlers });
const cookies = { getCookie: (c, name) => (c.req.header('cookie') === undefined ? undefined : $.unknown('the cookie ' + name, true)), setCookie: () => {}, deleteCookie: () => {}, getSignedCookie: () => Promise.resolve($.unknown('a cookie', true)), setSignedCookie: () => Promise.resolve() };

const packages = {
  hono: { Hono }, 'hono/tiny': { Hono }, 'hono/quick': { Hono }, '@hono/zod-openapi': { OpenAPIHono: Hono, createRoute: (r) => r, z: $.unknown('z') }, 'hono/cors': { cors }, 'hono/http-exception': { HTTPException }, '@hono/node-server': { serve, createAdaptorServer: serve }, 'hono/aws-lambda': { handle: served }, 'hono/vercel': { handle: served }, 'hono/cloudflare-pages': { handle: served },
  'hono/logger': { logger: passing }, 'hono/pretty-json': { prettyJSON: passing }, 'hono/etag': { etag: passing }, 'hono/timing': { timing: passing }, 'hono/request-id': { requestId: passing }, 'hono/timeout': { timeout: passing }, 'hono/trailing-slash': { trimTrailingSlash: passing, appendTrailingSlash: passing },
  'hono/body-limit': { bodyLimit: passing }, 'hono/context-storage': { contextStorage: passing }, 'hono/powered-by': { poweredBy: passing }, 'hono/secure-headers': { secureHeaders }, 'hono/cookie': cookies, 'hono/factory': { createMiddleware, createFactory },
  'hono/jwt': { jwt: () => refusing((h) => h !== ''), verify: () => Promise.resolve($.unknown('the token')), sign: () => Promise.resolve('token'), decode: () => $.unknown('the token') }, 'hono/bearer-auth': { bearerAuth: () => refusing((h) => /^bearer /i.test(h)) }, 'hono/basic-auth': { basicAuth: () => refusing((h) => /^basic /i.test(h)) },
  'hono/validator': { validator: passing }, '@hono/zod-validator': { zValidator: passing }, 'hono/adapter': { env: (c) => process.env, getRuntimeKey: () => 'node' }, 'hono/types': {},
};

module.exports = { Hono, serveFetch, packages };
