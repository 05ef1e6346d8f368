// Koa 2 and 3, its router and its CORS package, as far as they decide the status and the headers of an answer.
// https://github.com/koajs/koa, https://github.com/koajs/router, https://github.com/koajs/cors

const http = require('http');
const { compile4, compile5 } = require('%paths');

const empty = (status) => status === 204 || status === 205 || status === 304;
const phrase = (status) => http.STATUS_CODES[status];
const isText = (v) => typeof v === 'string' || v instanceof String;

// raised is what ctx.throw throws: a status, a message and properties, in any order (http-errors).
function raised(args) {
  let status = 500;
  let message;
  let more;
  for (const a of args) {
    if (typeof a === 'number') status = a;
    else if (a instanceof Error) more = Object.assign({ message: a.message }, a);
    else if (a && typeof a === 'object' && !$.isUnknown(a)) more = a;
    else message = a;
  }
  const e = new Error(message === undefined ? phrase(status) || 'error' : String(message));
  return Object.assign(e, { expose: status < 500 }, more, { status, statusCode: status });
}

// ---- a request and its response, in one

class Context {
  constructor(app, req, res) {
    this.app = app;
    this.req = req;
    this.res = res;
    this.originalUrl = req.url;
    this.state = {};
    this.params = {};
    this.request = Object.create(this, { body: { value: $.unknown('the request body'), writable: true } });
    this.response = responseOf(this);
    this.rawBody = $.unknown('the request body', true);
    this.cookies = { get: (name) => (/(?:^|; *)([^=]+)=/.test(req.headers.cookie || '') ? $.unknown('the cookie ' + name, true) : undefined),
      set: (name, value) => $.writing([], () => res.appendHeader('Set-Cookie', name + '=' + value)) };
    this.ctx = this;
  }
  get method() { return this.req.method; }
  set method(v) { this.req.method = v; }
  get url() { return this.req.url; }
  set url(v) { this.req.url = v; }
  get path() { return this.req.url.split('?')[0]; }
  set path(v) { this.req.url = v + this.req.url.slice(this.path.length); }
  get query() { return $.query(this.req.url); }
  get querystring() { return this.req.url.split('?')[1] || ''; }
  get search() { return this.querystring && '?' + this.querystring; }
  get header() { return this.req.headers; }
  get headers() { return this.req.headers; }
  get host() { return (this.app.proxy && this.req.headers['x-forwarded-host']) || this.req.headers.host || ''; }
  get hostname() { return this.host.replace(/:\d+$/, ''); }
  get protocol() { return this.req.socket.encrypted || (this.app.proxy && this.req.headers['x-forwarded-proto'] === 'https') ? 'https' : 'http'; }
  get secure() { return this.protocol === 'https'; }
  get origin() { return this.protocol + '://' + this.host; }
  get href() { return this.origin + this.req.url; }
  get ip() { return '127.0.0.1'; }
  get ips() { return []; }
  get socket() { return this.req.socket; }
  get fresh() { return false; }
  get stale() { return true; }
  get idempotent() { return true; }
  get(name) {
    const key = String(name).toLowerCase();
    return this.req.headers[key === 'referrer' ? 'referer' : key] || '';
  }
  accepts(...types) {
    const list = types.flat();
    const accept = this.req.headers.accept;
    if (!accept || accept.includes('*/*')) return list.length ? list[0] : ['*/*'];
    return list.find((t) => accept.includes(t)) || false;
  }
  acceptsEncodings() { return 'identity'; }
  acceptsLanguages(...l) { return l.flat()[0]; }
  is(...types) {
    const type = this.req.headers['content-type'];
    return type ? types.flat().find((t) => type.includes(t)) || false : null;
  }

  get status() { return this.res.statusCode; }
  set status(code) {
    if (this.res.headersSent) return;
    if (!$.isUnknown(code) && !Number.isInteger(code)) throw new TypeError('status code must be a number');
    this.explicit = true;
    this.res.statusCode = code;
    if (this.given && empty(code)) this.body = null;
  }
  get message() { return phrase(this.status); }
  set message(v) {}
  get body() { return this.given; }
  set body(v) {
    this.given = v;
    if (!$.isUnknown(v) && (v === null || v === undefined)) {
      if (!empty(this.status)) this.status = 204;
      for (const name of ['Content-Type', 'Content-Length', 'Transfer-Encoding']) this.remove(name);
      return;
    }
    if (!this.explicit) this.status = 200;
    if (!this.res.hasHeader('Content-Type')) this.type = isText(v) ? 'text/plain' : 'application/json';
  }
  get type() { return String(this.res.getHeader('Content-Type') || '').split(';')[0]; }
  set type(v) {
    $.writing([], () => this.res.setHeader('Content-Type', String(v)));
  }
  set length(n) {
    $.writing([], () => this.res.setHeader('Content-Length', String(n)));
  }
  get length() { return undefined; }
  set lastModified(v) {}
  set etag(v) {}
  get headerSent() { return this.res.headersSent; }
  get writable() { return !this.res.finished; }
  get respond() { return this.answers !== false; }
  set respond(v) { this.answers = v; }
  has(name) { return this.res.hasHeader(name); }
  set(name, value) {
    if (this.headerSent || !name) return;
    const places = $.siteHere('set');
    if (typeof name === 'string') return void $.withSite(places, () => this.res.setHeader(name, value));
    for (const key of Object.keys(name)) $.writing([...$.inLiteral(name, key), ...places], () => this.res.setHeader(key, name[key]));
  }
  append(name, value) {
    if (!this.headerSent) $.withSite($.siteHere('append'), () => this.res.appendHeader(name, value));
  }
  remove(name) {
    if (!this.headerSent) $.withSite($.siteHere('remove'), () => this.res.removeHeader(name));
  }
  vary(name) {
    if (!this.headerSent) $.writing($.siteHere('vary'), () => http.vary(this.res, name));
  }
  redirect(url) {
    const places = $.siteHere('redirect');
    $.writing(places, () => this.res.setHeader('Location', http.encodeUrl(url)));
    if (![300, 301, 302, 303, 305, 307, 308].includes(this.status)) this.status = 302;
    this.type = 'text/html';
    this.body = 'Redirecting';
  }
  back(otherwise) { this.redirect(otherwise || '/'); }
  attachment() { $.writing([], () => this.res.setHeader('Content-Disposition', 'attachment')); }
  flushHeaders() { this.res.flushHeaders(); }
  throw(...args) {
    $.answered($.siteHere('throw'));
    throw raised(args);
  }
  assert(value, ...args) {
    if (!value) throw raised(args);
  }
  // onerror answers an error. It removes all headers but those that the error brings.
  onerror(err) {
    const res = this.res;
    $.unhandled(err, this.req, res);
    this.app.emit('error', err, this);
    if (res.headersSent || res.finished) return;
    const known = !$.isUnknown(err) && err;
    const brought = Object.keys((known && known.headers) || {});
    for (const name of res.getHeaderNames()) {
      if (brought.some((b) => b.toLowerCase() === name)) res.lines.delete(name); // it is written again
      else $.writing([], () => res.removeHeader(name));
    }
    for (const name of brought) {
      if (!/^content-(type|length)$/i.test(name)) $.writing((err.places_ && err.places_[name.toLowerCase()]) || [], () => res.setHeader(name, err.headers[name]));
    }
    const status = known && (err.status || err.statusCode);
    this.type = 'text/plain';
    res.statusCode = typeof status === 'number' && phrase(status) ? status : 500;
    res.end();
  }
}

// responseOf is ctx.response, which reads the headers of the response where ctx reads those of the request.
function responseOf(ctx) {
  const own = { get: { value: (name) => ctx.res.getHeader(name) || '' }, headers: { get: () => ctx.res.getHeaders() }, header: { get: () => ctx.res.getHeaders() } };
  for (const name of ['status', 'body', 'type', 'length', 'message']) {
    own[name] = { get: () => ctx[name], set: (v) => {
      ctx[name] = v;
    } };
  }
  return Object.create(ctx, own);
}

function respond(ctx) {
  const { res } = ctx;
  if (!ctx.respond || res.finished) return;
  if (empty(ctx.status)) {
    ctx.body = null;
    return void res.end();
  }
  if (ctx.body === undefined || ctx.body === null) ctx.type = 'text/plain';
  res.end();
}

// ---- middleware

// step runs one: what is unknown hands the request on, or refuses it.
function step(l, ctx, next) {
  if (!$.isUnknown(l.handle)) {
    $.entering(l, ctx.req);
    return l.handle(ctx, next);
  }
  return new Promise((yes, no) => {
    $.unknownHandler(l.handle, l, false, ctx.req, ctx.res, () => next().then(yes, no));
    if (ctx.res.finished) yes();
  });
}

const compose = (stack) => (ctx, next) => {
  let last = -1;
  const dispatch = (i) => {
    if (i <= last) return Promise.reject(new Error('next() called multiple times'));
    last = i;
    if (i === stack.length) return next ? Promise.resolve(next()) : Promise.resolve();
    try {
      return Promise.resolve(step(stack[i], ctx, () => dispatch(i + 1)));
    } catch (e) {
      $.rethrow(e);
      return Promise.reject(e);
    }
  };
  return dispatch(0);
};
const composed = (list) => compose(list.flat().map((handle) => ({ handle })));

const EventEmitter = require('events');

class Koa extends EventEmitter {
  constructor(options) {
    super();
    this.middleware = [];
    this.stack = [];
    this.proxy = !!(options && options.proxy);
    this.env = 'development';
    this.context = {};
    this.request = {};
    this.response = {};
    this.on('error', () => {}); // else one that nobody listens to is thrown
    this.server_ = $.frameworkMade({ name: 'Koa', places: $.caller('Koa'), handler: this.callback(), endpoints: () => this.endpoints(), registered: () => this.stack.length > 0 });
  }
  use(fn) {
    const places = $.siteHere('use');
    if (typeof fn !== 'function') throw new TypeError('middleware must be a function!');
    this.middleware.push(fn);
    this.stack.push({ handle: fn, places: $.argument(places, 1, 0, 0) });
    return this;
  }
  callback() {
    return (req, res) => {
      const ctx = Object.assign(new Context(this, req, res), this.context);
      res.statusCode = 404;
      return compose(this.stack)(ctx).then(() => respond(ctx)).catch((e) => ctx.onerror(e));
    };
  }
  listen(...args) {
    $.listening(this.server_.handler, args, $.caller('listen'), this.server_);
    const callback = args.find((a) => typeof a === 'function');
    const server = http.createServer();
    if (callback) setImmediate(() => callback.call(server));
    return server;
  }
  endpoints() {
    const out = [];
    for (const { handle } of this.stack) {
      if (!$.isUnknown(handle) && handle.router) for (const l of handle.router.stack) if (l.methods.length) out.push({ path: l.path, methods: l.methods.filter((m) => m !== 'HEAD'), places: l.site });
    }
    return out;
  }
}
Koa.default = Koa;
Koa.HttpError = Error;

// ---- the router

// Releases up to 12 have the patterns of path-to-regexp 6, later ones those of 8.
function compile(path, options) {
  if ($.isUnknown(path)) return () => ($.decide(path, 'is the path') ? { path: '', params: {} } : null);
  try {
    return compile5(path, options);
  } catch {
    return compile4(path, options);
  }
}

const verbs = http.METHODS.map((m) => m.toLowerCase());

class Router {
  constructor(options) {
    const o = options || {};
    this.opts = o;
    this.prefix_ = o.prefix || '';
    this.methods = o.methods || ['HEAD', 'OPTIONS', 'GET', 'PUT', 'PATCH', 'POST', 'DELETE'];
    this.stack = [];
  }
  layer(path, methods, handlers, places, options) {
    const full = $.isUnknown(path) || path instanceof RegExp ? path : path === '/' && this.prefix_ && !this.opts.strict ? this.prefix_ : this.prefix_ + path;
    const l = { path: full, methods: methods.includes('GET') ? ['HEAD', ...methods] : methods, site: places, options,
      stack: handlers.map((handle, i) => ({ handle, routed: methods.length > 0, last: i === handlers.length - 1, places: $.argument(places, handlers.length, i, 1) })) };
    l.match = compile(full, { sensitive: !!this.opts.sensitive, strict: !!this.opts.strict, end: options.end });
    this.stack.push(l);
    return l;
  }
  register(path, methods, handlers, options) {
    const places = $.siteHere('register');
    for (const p of [].concat(path)) this.layer(p, methods.map((m) => m.toUpperCase()), [].concat(handlers), places, Object.assign({ end: true }, options));
    return this;
  }
  route_(methods, args, places) {
    if (args.length > 1 && typeof args[0] === 'string' && (typeof args[1] === 'string' || args[1] instanceof RegExp)) args = args.slice(1); // a name
    for (const p of [].concat(args[0])) this.layer(p, methods, args.slice(1).flat(), places, { end: true });
    return this;
  }
  all(...args) { return this.route_(verbs.map((m) => m.toUpperCase()), args, $.siteHere('all')); }
  use(...args) {
    const places = $.siteHere('use');
    let paths = [undefined];
    if (typeof args[0] === 'string' || args[0] instanceof RegExp) paths = [args.shift()];
    else if (Array.isArray(args[0]) && args[0].every((p) => typeof p === 'string')) paths = args.shift();
    for (const path of paths) {
      for (const handle of args.flat()) {
        if (!$.isUnknown(handle) && handle.router) {
          for (const l of handle.router.stack) {
            const under = l.path instanceof RegExp || $.isUnknown(l.path) ? l.path : path === undefined ? l.path : path.replace(/\/$/, '') + (l.path === '/' ? '' : l.path);
            this.layer(under, l.methods, l.stack.map((s) => s.handle), l.site, l.options);
          }
        } else this.layer(path === undefined ? '' : path, [], [handle], places, { end: path === '/' });
      }
    }
    return this;
  }
  prefix(prefix) {
    this.prefix_ = prefix.replace(/\/$/, '');
    const before = this.stack;
    this.stack = [];
    for (const l of before) this.layer(l.path, l.methods, l.stack.map((s) => s.handle), l.site, l.options);
    return this;
  }
  param() { return this; }
  redirect(from, to, code) {
    return this.route_(verbs.map((m) => m.toUpperCase()), [from, (ctx) => {
      ctx.redirect(to);
      ctx.status = code || 301;
    }], $.siteHere('redirect'));
  }
  routes() {
    const router = this;
    const dispatch = (ctx, next) => {
      if (router.opts.host && router.opts.host !== ctx.host) return next();
      const path = router.opts.routerPath || ctx.routerPath || ctx.path;
      const matched = [];
      for (const l of router.stack) {
        const m = l.match(path);
        if (m) matched.push({ l, params: m.params });
      }
      ctx.matched = (ctx.matched || []).concat(matched.map((m) => m.l));
      ctx.router = router;
      const run = matched.filter(({ l }) => l.methods.length === 0 || l.methods.includes(ctx.method));
      if (!run.some(({ l }) => l.methods.length > 0)) return next();
      const chain = run.flatMap(({ l, params }) => [{ handle: (c, n) => {
        c.params = Object.assign({}, c.params, params);
        return n();
      } }, ...l.stack]);
      return compose(chain)(ctx, next);
    };
    dispatch.router = this;
    return dispatch;
  }
  middleware() { return this.routes(); }
  allowedMethods(options) {
    const o = options || {};
    const places = $.siteHere('allowedMethods');
    return (ctx, next) => next().then(() => {
      if (!ctx.matched || (ctx.status && ctx.status !== 404)) return;
      const allowed = [...new Set(ctx.matched.flatMap((l) => l.methods))];
      const refuse = (status) => {
        if (o.throw) throw raised([status]);
        ctx.status = status;
        $.writing(places, () => ctx.res.setHeader('Allow', allowed.join(', ')));
      };
      if (!this.methods.includes(ctx.method)) return refuse(501);
      if (allowed.length === 0) return;
      if (ctx.method === 'OPTIONS') {
        $.answered(places, 'the router answers OPTIONS itself: no handler does');
        ctx.status = 200;
        ctx.body = '';
        $.writing(places, () => ctx.res.setHeader('Allow', allowed.join(', ')));
      } else if (!allowed.includes(ctx.method)) refuse(405);
    });
  }
}
for (const verb of [...verbs, 'del']) {
  Router.prototype[verb] = function (...args) {
    return this.route_([verb === 'del' ? 'DELETE' : verb.toUpperCase()], args, $.siteHere(verb));
  };
}
// It may be called without new.
function makeRouter(options) {
  return new Router(options);
}
makeRouter.prototype = Router.prototype;
makeRouter.Router = makeRouter.default = makeRouter;

// ---- @koa/cors 5

const known = ['origin', 'allowMethods', 'exposeHeaders', 'allowHeaders', 'maxAge', 'credentials', 'keepHeadersOnError', 'secureContext', 'privateNetworkAccess'];
const joined = (v) => (Array.isArray(v) ? v.join(',') : v);

function cors(given) {
  const made = $.siteHere('cors');
  $.optionsFact('@koa/cors', given, made, known);
  const options = Object.assign({ allowMethods: 'GET,HEAD,PUT,POST,DELETE,PATCH', secureContext: false }, given);
  const keep = options.keepHeadersOnError === undefined || !!options.keepHeadersOnError;
  const at = (name) => {
    const p = $.property(given, name);
    return p ? [p.all, p.value, ...made] : made;
  };
  const middleware = async function cors(ctx, next) {
    const asked = ctx.get('Origin');
    const sent = {};
    const set = (name, value, places) => {
      $.writing(places, () => ctx.res.setHeader(name, value));
      sent[name] = value;
      places_[name.toLowerCase()] = places;
    };
    const places_ = { vary: made };
    $.writing(made, () => http.vary(ctx.res, 'Origin'));
    let origin;
    if (typeof options.origin === 'function' && !$.isUnknown(options.origin)) {
      origin = await options.origin(ctx);
      if (!origin) return next();
      if ($.isWatching()) $.originOption(origin, given);
    } else origin = options.origin || '*';
    let credentials = typeof options.credentials === 'function' && !$.isUnknown(options.credentials) ? await options.credentials(ctx) : !!options.credentials;
    if (credentials && origin === '*') origin = asked;
    if (ctx.method === 'OPTIONS') {
      if (!ctx.get('Access-Control-Request-Method')) return next();
      set('Access-Control-Allow-Origin', origin, at('origin'));
      if (credentials === true) set('Access-Control-Allow-Credentials', 'true', at('credentials'));
      if (options.maxAge) set('Access-Control-Max-Age', String(options.maxAge), at('maxAge'));
      if (options.privateNetworkAccess && ctx.get('Access-Control-Request-Private-Network')) set('Access-Control-Allow-Private-Network', 'true', at('privateNetworkAccess'));
      if (options.allowMethods) set('Access-Control-Allow-Methods', joined(options.allowMethods), at('allowMethods'));
      const headers = joined(options.allowHeaders) || ctx.get('Access-Control-Request-Headers');
      if (headers) set('Access-Control-Allow-Headers', headers, at('allowHeaders'));
      $.answered(made);
      ctx.status = 204;
      return;
    }
    set('Access-Control-Allow-Origin', origin, at('origin'));
    if (credentials === true) set('Access-Control-Allow-Credentials', 'true', at('credentials'));
    if (options.exposeHeaders) set('Access-Control-Expose-Headers', joined(options.exposeHeaders), at('exposeHeaders'));
    if (!keep) return next();
    try {
      return await next();
    } catch (err) {
      $.rethrow(err);
      if (!$.isUnknown(err) && err && typeof err === 'object') {
        const own = err.headers || {};
        const vary = own.vary || own.Vary;
        delete own.Vary;
        err.headers = Object.assign({}, own, sent, { vary: vary ? (String(vary).toLowerCase().split(/ *, */).includes('origin') ? vary : vary + ', Origin') : 'Origin' });
        err.places_ = places_;
      }
      throw err;
    }
  };
  $.corsMiddleware(middleware, made);
  return middleware;
}
cors.default = cors;

const helmet = (options) => {
  const set = $.require('helmet')(options);
  return (ctx, next) => {
    set(ctx.req, ctx.res, () => {});
    return next();
  };
};
helmet.default = helmet;
const passing = () => Object.assign(() => (ctx, next) => next(), { default: undefined });
const packages = { koa: Koa, '@koa/router': makeRouter, 'koa-router': makeRouter, '@koa/cors': cors, 'koa-helmet': helmet, 'koa-compose': (list) => composed(list), '@koa/bodyparser': Object.assign(passing(), { bodyParser: passing() }) };
for (const name of ['koa-bodyparser', 'koa-logger', 'koa-json', 'koa-body', 'koa-morgan', 'koa-compress', 'koa-conditional-get', 'koa-etag', 'koa-session', 'koa-pino-logger', 'koa-response-time', 'koa-favicon',
  'koa-json-error', 'koa-useragent', 'koa-i18n', 'koa-views', 'koa-requestid']) packages[name] = Object.assign(passing(), { koaBody: passing(), bodyParser: passing() });
packages['koa-mount'] = (path, app) => {
  const [prefix, inner] = app === undefined ? ['/', path] : [path.replace(/\/$/, '') || '/', app];
  const run = inner instanceof Koa ? compose(inner.stack) : (ctx, next) => inner(ctx, next);
  return async (ctx, next) => {
    if (prefix === '/') return run(ctx, next);
    if (ctx.path !== prefix && !ctx.path.startsWith(prefix + '/')) return next();
    const before = ctx.path;
    ctx.path = before.slice(prefix.length) || '/';
    await run(ctx, async () => {
      const inside = ctx.path;
      ctx.path = before;
      await next();
      ctx.path = inside;
    });
    ctx.path = before;
  };
};
module.exports = { packages };
