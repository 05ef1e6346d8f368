// Fastify 4 and 5 and the plugins of it that decide the status and the headers of an answer: routes, hooks, encapsulation,
// error handlers, @fastify/cors.
// https://github.com/fastify/fastify, https://github.com/fastify/fastify-cors

const http = require('http');

const isText = (v) => typeof v === 'string' || v instanceof String;
const failure = (status, message, more) => Object.assign(new Error(message), { statusCode: status }, more);
const isError = (v) => !$.isUnknown(v) && v instanceof Error;
const isPromise = (v) => v && !$.isUnknown(v) && typeof v.then === 'function';

// ---- routes: the patterns of find-my-way

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// compile makes a matcher of a pattern, with a key by which the most specific of those that match is found: at the first
// segment in which they differ a fixed one comes before a parameter, and that before a wildcard.
function compile(pattern) {
  if ($.isUnknown(pattern)) return { match: () => ($.decide(pattern, 'is the path') ? {} : null), key: '2' };
  const names = [];
  let source = '';
  let key = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === '*') {
      source += '(.*)';
      names.push('*');
      key += '3';
    } else if (c === ':' && pattern[i + 1] === ':') {
      source += ':';
      key += '0';
      i++;
    } else if (c === ':') {
      const name = /^\w+/.exec(pattern.slice(i + 1));
      i += name ? name[0].length : 0;
      names.push(name ? name[0] : 'x');
      let inner = '[^/]+?';
      key += '2';
      if (pattern[i + 1] === '(') {
        let depth = 0;
        let end = i + 1;
        for (; end < pattern.length; end++) {
          if (pattern[end] === '(') depth++;
          if (pattern[end] === ')' && --depth === 0) break;
        }
        inner = pattern.slice(i + 2, end).replace(/^\^/, '').replace(/\$$/, '').replace(/\((?!\?)/g, '(?:');
        key = key.slice(0, -1) + '1';
        i = end;
      }
      source += '(' + inner + ')';
      if (pattern[i + 1] === '?') {
        source = source.replace(/\/(\([^/]*\))$/, '(?:/$1)?');
        i++;
      }
    } else {
      source += escaped(c);
      key += '0';
    }
  }
  const regexp = new RegExp('^' + source + '$');
  return { key, match: (path) => {
    const m = regexp.exec(path);
    if (!m) return null;
    const params = {};
    names.forEach((n, i) => { params[n] = m[i + 1] === undefined ? '' : $.query('?x=' + m[i + 1].replace(/\+/g, '%2B').replace(/&/g, '%26')).x || ''; });
    return params;
  } };
}

// ---- replies

class Reply {
  constructor(res, request, route) {
    this.raw = res;
    this.request = request;
    this.route_ = route;
    this.log = silent;
  }
  get server() { return this.route_.instance; }
  get sent() { return !!this.hijacked_ || this.raw.finished; }
  get statusCode() { return this.raw.statusCode; }
  set statusCode(v) { this.code(v); }
  get routeOptions() { return this.request.routeOptions; }
  get elapsedTime() { return 1; }
  code(status) {
    const n = Number(status);
    if (!$.isUnknown(status) && !(n >= 100 && n <= 599)) throw failure(500, 'Called reply with an invalid status code: ' + status);
    this.raw.statusCode = $.isUnknown(status) ? status : n;
    this.hasStatus_ = true;
    return this;
  }
  status(status) { return this.code(status); }
  header(name, value) {
    const places = $.siteHere('header');
    return $.withSite(places, () => this.write_(name, value));
  }
  write_(name, value) {
    const key = String(name).toLowerCase();
    const text = value === undefined && !$.isUnknown(value) ? '' : value;
    if (key === 'set-cookie') this.raw.appendHeader(key, text);
    else this.raw.setHeader(key, text);
    return this;
  }
  headers(all) {
    const places = $.siteHere('headers');
    for (const name of Object.keys(all)) $.writing([...$.inLiteral(all, name), ...places], () => this.write_(name, all[name]));
    return this;
  }
  getHeader(name) { return this.raw.getHeader(name); }
  getHeaders() { return this.raw.getHeaders(); }
  hasHeader(name) { return this.raw.hasHeader(name); }
  removeHeader(name) {
    $.withSite($.siteHere('removeHeader'), () => this.raw.removeHeader(name));
    return this;
  }
  type(value) { return $.writing([], () => this.write_('content-type', value)); }
  serializer() { return this; }
  hijack() {
    this.hijacked_ = true;
    return this;
  }
  redirect(to, status) {
    let [url, code] = typeof to === 'number' ? [status, to] : [to, status]; // release 4 had them the other way round
    if (!code) code = this.hasStatus_ ? this.raw.statusCode : 302;
    $.writing($.siteHere('redirect'), () => this.write_('location', url));
    return this.code(code).send();
  }
  callNotFound() {
    const server = this.route_.instance;
    const route = notFoundRoute(server);
    if (this.route_.notFound) {
      this.code(404).send('404 Not Found');
      return this;
    }
    this.route_ = route;
    this.request.route_ = route;
    runHooks('preHandler', route, this.request, this, [], () => handle(route, this.request, this));
    return this;
  }
  send(payload) {
    if (this.sent) return this;
    if (this.isError_ || isError(payload)) {
      this.isError_ = false;
      fail(this, payload);
      return this;
    }
    if (!$.isUnknown(payload) && payload !== undefined && payload !== null && !this.hasHeader('content-type')) this.type(isText(payload) ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8');
    const finish = () => {
      runHooks('onSend', this.route_, this.request, this, [payload], () => {
        if (this.raw.finished) return;
        if (this.raw.statusCode === 204) this.raw.lines.delete('content-type');
        this.raw.end();
      });
    };
    if ($.isUnknown(payload) || (payload !== null && typeof payload === 'object' && typeof payload.pipe !== 'function')) runHooks('preSerialization', this.route_, this.request, this, [payload], finish);
    else finish();
    return this;
  }
}

// fail hands an error to the error handlers, from the innermost to Fastify's own, which keeps the headers that are set.
function fail(reply, error) {
  runHooks('onError', reply.route_, reply.request, reply, [error], () => {});
  const handlers = reply.handlers_ || (reply.handlers_ = errorHandlers(reply.route_));
  for (const name of ['content-type', 'content-length']) reply.raw.lines.delete(name);
  const status = () => {
    if (reply.hasStatus_ && reply.raw.statusCode !== 200) return;
    const own = !$.isUnknown(error) && error && [error.statusCode, error.status].find((s) => s >= 400 && s <= 599);
    reply.code(own || 500);
  };
  const next = handlers.shift();
  if (!next) {
    $.unhandled(error, reply.request.raw, reply.raw);
    const headers = !$.isUnknown(error) && error && error.headers;
    if (headers && typeof headers === 'object') $.writing([], () => { for (const name of Object.keys(headers)) reply.write_(name, headers[name]); });
    status();
    $.writing([], () => reply.write_('content-type', 'application/json; charset=utf-8'));
    return runHooks('onSend', reply.route_, reply.request, reply, ['{}'], () => reply.raw.end());
  }
  $.entering({ places: next.places }, reply.request.raw);
  try {
    const r = next.handle.call(reply.server, error, reply.request, reply);
    if (r === reply) return;
    if (isPromise(r)) r.then((v) => { if (v !== reply) reply.send(v); }, (e) => raise(reply, e));
    else if ($.isUnknown(r) || r !== undefined) reply.send(r);
  } catch (e) {
    $.rethrow(e);
    raise(reply, e);
  }
}

const raise = (reply, error) => {
  reply.isError_ = true;
  reply.send(error);
};

function errorHandlers(route) {
  const out = route.errorHandler ? [{ handle: route.errorHandler, places: route.site }] : [];
  for (let at = route.instance; at; at = at.parent_) if (at.errorHandler_ && !out.some((o) => o.handle === at.errorHandler_.handle)) out.push(at.errorHandler_);
  return out;
}

// ---- hooks

function runHooks(name, route, request, reply, more, done) {
  const list = hooksOf(route, name);
  let i = 0;
  const next = (error) => {
    if (error && !reply.sent) return raise(reply, error);
    if (reply.sent && name !== 'onResponse') return;
    if (i >= list.length) return done();
    const { handle, places } = list[i++];
    if ($.isUnknown(handle)) {
      return $.unknownHandler(handle, { places, routed: false }, false, request.raw, reply.raw, (e) => next(e));
    }
    $.entering({ places }, request.raw);
    try {
      const args = name === 'onError' ? [request, reply, ...more] : [request, reply, ...more];
      const result = handle.call(route.instance, ...args, (e) => next(e));
      if (isPromise(result) && result !== reply) result.then(() => next(), (e) => raise(reply, e));
    } catch (e) {
      $.rethrow(e);
      raise(reply, e);
    }
  };
  next();
}
const hooksOf = (route, name) => [...(route.instance.hooks_[name] || []), ...(route.hooks[name] || [])];

// ---- one request

function handle(route, request, reply) {
  const thrown = route.notFound ? undefined : $.handlerThrows(request.raw);
  if (thrown) return raise(reply, thrown);
  $.entering({ handle: route.handler, places: route.handlerSite, routed: true, last: true }, request.raw);
  if ($.isUnknown(route.handler)) return $.unknownHandler(route.handler, { places: route.handlerSite, routed: true, last: true }, false, request.raw, reply.raw, () => {});
  try {
    const r = route.handler.call(route.instance, request, reply);
    if (r === reply) return;
    if (isPromise(r)) r.then((v) => { if (v !== reply && !reply.sent) reply.send(v); }, (e) => raise(reply, e));
    else if ($.isUnknown(r) || r !== undefined) reply.send(r);
  } catch (e) {
    $.rethrow(e);
    raise(reply, e);
  }
}

const requestMarks = {};
class Request {
  constructor(raw, route, params) {
    this.raw = raw;
    this.route_ = route;
    this.id = 'req-1';
    this.params = params;
    this.log = silent;
    this.body = raw.headers['content-length'] > 0 || raw.headers['transfer-encoding'] ? $.unknown('the request body') : undefined;
    Object.assign(this, requestMarks, route.instance.root_.requestMarks_);
  }
  get method() { return this.raw.method; }
  get url() { return this.raw.url; }
  get originalUrl() { return this.raw.originalUrl; }
  get headers() { return this.raw.headers; }
  get query() { return $.query(this.raw.url); }
  get host() { return this.raw.headers.host || ''; }
  get hostname() { return this.host.replace(/:\d+$/, ''); }
  get port() { return 3000; }
  get protocol() { return this.raw.socket.encrypted ? 'https' : 'http'; }
  get ip() { return '127.0.0.1'; }
  get ips() { return []; }
  get socket() { return this.raw.socket; }
  get server() { return this.route_.instance; }
  get is404() { return !!this.route_.notFound; }
  get routeOptions() { return { method: this.method, url: this.route_.url, config: this.route_.config }; }
  get routerPath() { return this.route_.url; }
  get context() { return { config: this.route_.config }; }
}

const silent = {};
for (const name of ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']) silent[name] = () => {};
silent.child = () => silent;
silent.level = 'info';

function notFoundRoute(instance) {
  for (let at = instance; at; at = at.parent_) if (at.notFound_) return at.notFound_;
  return { instance: instance.root_, hooks: {}, config: {}, notFound: true, handler: (request, reply) => reply.code(404).send({}) };
}

function answer(root, req, res) {
  const path = req.url.split('?')[0];
  let best;
  for (const route of root.routes_) {
    if (!route.methods.includes(req.method)) continue;
    const params = route.match(path);
    if (params && (!best || route.key < best.route.key)) best = { route, params };
  }
  if (!best) {
    const level = root.levels_.filter((l) => path === l.prefix_ || path.startsWith(l.prefix_ + '/')).sort((a, b) => b.prefix_.length - a.prefix_.length)[0];
    best = { route: level ? level.notFound_ : notFoundRoute(root), params: {} };
  }
  const request = open(root, new Request(req, best.route, best.params), 'request');
  const reply = open(root, new Reply(res, request, best.route), 'reply');
  Object.assign(reply, root.replyMarks_);
  const run = (names) => {
    if (names.length === 0) return handle(best.route, request, reply);
    if (names[0] === 'body') {
      const type = req.headers['content-type'];
      const bodyless = req.method === 'GET' || req.method === 'HEAD' || type === undefined || best.route.notFound;
      if (!bodyless && !root.parsesAll_ && !/^(application\/json|text\/plain)\b/i.test(type) && request.body !== undefined) return raise(reply, failure(415, 'Unsupported Media Type'));
      if ($.befalls(req, 'body-too-large') && request.body !== undefined) return raise(reply, failure(413, 'Request body is too large'));
      return run(names.slice(1));
    }
    runHooks(names[0], best.route, request, reply, names[0] === 'preParsing' ? [{}] : [], () => run(names.slice(1)));
  };
  run(['onRequest', 'preParsing', 'body', 'preValidation', 'preHandler']);
}

// open returns a request or reply on which plugins that are not known may have left anything.
const open = (root, object, name) => (root.open_ ? new Proxy(object, { get: (t, key, self) => (typeof key === 'symbol' || key in t || key === 'then' ? Reflect.get(t, key, self) : $.unknown(name + '.' + key)) }) : object);

// ---- instances

const skipOverride = Symbol.for('skip-override');
const hookNames = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'preSerialization', 'onSend', 'onResponse', 'onError', 'onTimeout', 'onRequestAbort'];
const verbs = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT', 'OPTIONS'];

class Instance {
  constructor(parent, prefix) {
    this.parent_ = parent;
    this.root_ = parent ? parent.root_ : this;
    this.prefix_ = parent ? parent.prefix_ + prefix : '';
    this.hooks_ = {};
    if (parent) for (const name of Object.keys(parent.hooks_)) this.hooks_[name] = [...parent.hooks_[name]];
    this.queue_ = [];
    if (!parent) Object.assign(this, { routes_: [], levels_: [], requestMarks_: {}, replyMarks_: {}, open_: false });
    this.log = silent;
    this.initialConfig = {};
    this.version = '5.0.0';
    this.server = parent ? parent.server : http.createServer();
  }
  get prefix() { return this.prefix_; }
  register(plugin, options) {
    const places = $.siteHere('register');
    const known = plugin && plugin.default && typeof plugin !== 'function' && !$.isUnknown(plugin) ? plugin.default : plugin;
    this.queue_.push({ plugin: known, options, places });
    boot(this.root_);
    const instance = this;
    const later = Object.create(this);
    later.then = (yes, no) => drain(instance).then(() => yes && yes(instance), no);
    return later;
  }
  after(fn) {
    if (typeof fn === 'function') {
      this.queue_.push({ plugin: Object.assign((i, o, done) => {
        if (fn.length === 0) fn();
        else fn(null, fn.length > 1 ? i : () => {}, () => {});
        done();
      }, { [skipOverride]: true }), options: {}, places: [] });
      boot(this.root_);
      return this;
    }
    return drain(this);
  }
  ready(fn) {
    const done = drain(this.root_);
    if (typeof fn !== 'function') return done.then(() => this);
    done.then(() => fn(null, this, () => {}), (e) => fn(e));
    return this;
  }
  addHook(name, handle) {
    const places = $.siteHere('addHook');
    if (hookNames.includes(name)) (this.hooks_[name] = this.hooks_[name] || []).push({ handle, places: $.argument(places, 1, 0, 1) });
    else if (name === 'onReady' && typeof handle === 'function') this.queue_.push({ plugin: Object.assign(async () => {}, { [skipOverride]: true }), options: {}, places });
    return this;
  }
  route(o) { return this.add_(o, $.siteHere('route')); }
  add_(o, places) {
    const methods = [].concat(o.method).map((m) => String(m).toUpperCase());
    const urls = this.prefix_ && (o.url === '/' || o.path === '/') && o.prefixTrailingSlash !== 'no-slash' ? (o.prefixTrailingSlash === 'slash' ? ['/'] : ['', '/']) : [o.url === undefined ? o.path : o.url];
    for (const url of urls) {
      const full = $.isUnknown(url) ? url : (this.prefix_ + (this.prefix_.endsWith('/') && url[0] === '/' ? url.slice(1) : url)) || '/';
      const hooks = {};
      for (const name of hookNames) if (o[name]) hooks[name] = [].concat(o[name]).map((handle) => ({ handle, places }));
      const route = { instance: this, url: full, methods: methods.includes('GET') && o.exposeHeadRoute !== false ? [...methods, 'HEAD'] : methods, handler: o.handler, handlerSite: places, site: places, hooks, config: o.config || {}, errorHandler: o.errorHandler };
      Object.assign(route, compile(full));
      this.root_.routes_.push(route);
    }
    return this;
  }
  setErrorHandler(handle) {
    this.errorHandler_ = { handle, places: $.siteHere('setErrorHandler') };
    return this;
  }
  setNotFoundHandler(options, handler) {
    const places = $.siteHere('setNotFoundHandler');
    const [o, fn] = typeof options === 'function' ? [{}, options] : [options || {}, handler];
    const hooks = {};
    for (const name of hookNames) if (o[name]) hooks[name] = [].concat(o[name]).map((handle) => ({ handle, places }));
    this.notFound_ = { instance: this, hooks, config: {}, notFound: true, handler: fn || ((request, reply) => reply.code(404).send({})), handlerSite: places, site: places };
    if (this.parent_) this.root_.levels_.push(this);
    return this;
  }
  decorate(name, value) {
    if (value && (typeof value.get_ === 'function')) Object.defineProperty(this, name, { get: value.get_ });
    else Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true });
    return this;
  }
  decorateRequest(name, value) {
    this.root_.requestMarks_[name] = value;
    return this;
  }
  decorateReply(name, value) {
    this.root_.replyMarks_[name] = value;
    return this;
  }
  hasDecorator(name) { return name in this; }
  hasRequestDecorator(name) { return name in this.root_.requestMarks_; }
  hasReplyDecorator(name) { return name in this.root_.replyMarks_; }
  hasPlugin() { return true; }
  hasRoute() { return true; }
  addContentTypeParser() {
    this.root_.parsesAll_ = true;
    return this;
  }
  hasContentTypeParser() { return true; }
  removeContentTypeParser() {}
  removeAllContentTypeParsers() {}
  addSchema() { return this; }
  getSchema() {}
  getSchemas() { return {}; }
  setValidatorCompiler() { return this; }
  setSerializerCompiler() { return this; }
  setReplySerializer() { return this; }
  setSchemaController() { return this; }
  setSchemaErrorFormatter() { return this; }
  setGenReqId() { return this; }
  withTypeProvider() { return this; }
  printRoutes() { return ''; }
  printPlugins() { return ''; }
  addresses() { return []; }
  inject() { return $.unknown('inject()'); }
  close(fn) {
    if (typeof fn === 'function') setImmediate(fn);
    return Promise.resolve();
  }
  routing(req, res) { return this.root_.app_.handler(req, res); }
  listen(...args) {
    $.listening(this.root_.app_.handler, args, $.caller('listen'), this.root_.app_);
    const callback = args.find((a) => typeof a === 'function');
    const done = drain(this.root_).then(() => 'http://127.0.0.1:3000');
    if (!callback) return done;
    done.then((address) => callback.call(this, null, address), (e) => callback.call(this, e));
    return this;
  }
}
for (const verb of [...verbs, 'all']) {
  Instance.prototype[verb.toLowerCase()] = function (url, options, handler) {
    const [o, fn] = typeof options === 'function' ? [{}, options] : [options || {}, handler === undefined ? (options || {}).handler : handler];
    return this.add_(Object.assign({}, o, { method: verb === 'all' ? verbs : verb, url, handler: fn }), $.siteHere(verb.toLowerCase()));
  };
}

// drain loads what was registered, one after the other, each with all that it registers itself.
async function drain(instance) {
  while (instance.queue_.length) await load(instance, instance.queue_.shift());
}
function boot(root) {
  if (root.booting_) return;
  root.booting_ = true;
  Promise.resolve().then(() => Promise.resolve()).then(() => {
    root.booting_ = false;
    return drain(root);
  }).then(undefined, (e) => {
    $.rethrow(e);
    $.gap('a plugin fails when it is loaded: ' + String((e && e.message) || e), []);
  });
}

async function load(instance, { plugin: given, options, places }) {
  let plugin = await given; // a promise of a module, too
  if (plugin && !$.isUnknown(plugin) && typeof plugin !== 'function' && plugin.default) plugin = plugin.default;
  if ($.isUnknown(plugin) || typeof plugin !== 'function') {
    instance.root_.open_ = true;
    instance.root_.parsesAll_ = true;
    if (/cors/i.test($.describe(plugin))) $.gap($.describe(plugin) + ' is not modelled', places);
    return;
  }
  const own = plugin[skipOverride] ? instance : new Instance(instance, (options && !$.isUnknown(options) && options.prefix) || '');
  if (own !== instance) { // what was decorated is inherited
    for (const key of Object.keys(instance)) if (!(key in own)) own[key] = instance[key];
  }
  const o = typeof options === 'function' && !$.isUnknown(options) ? options(instance) : options === undefined ? {} : options;
  const target = opened(own);
  await $.withSite(plugin === fastifyCors ? places : undefined, () => new Promise((yes, no) => {
    const done = (e) => (e ? no(e) : yes());
    const r = plugin(target, o, done);
    if (isPromise(r)) r.then(() => yes(), no);
    else if (plugin.length < 3) yes();
  }));
  await drain(own);
}

// opened is an instance that plugins which are not known may have decorated.
const opened = (instance) => (instance.root_.open_ ? new Proxy(instance, { get: (t, key, self) => (typeof key === 'symbol' || key in t || key === 'then' || key.endsWith('_') ? Reflect.get(t, key, t) : $.unknown('fastify.' + key)) }) : instance);

function fastify() {
  const root = new Instance();
  root.app_ = $.frameworkMade({ name: 'Fastify', places: $.caller('fastify Fastify'), handler: (req, res) => answer(root, req, res), registered: () => root.routes_.length > 0,
    endpoints: () => root.routes_.filter((r) => !r.own_).map((r) => ({ path: $.isUnknown(r.url) ? r.url : String(r.url).replace(/\*/g, '*x'), methods: r.methods.filter((m) => m !== 'HEAD'), places: r.site })) });
  return opened(root);
}
fastify.fastify = fastify.default = fastify;

// ---- @fastify/cors 11; its releases before 10 had more methods by default

const known = ['origin', 'methods', 'hook', 'preflightContinue', 'optionsSuccessStatus', 'credentials', 'exposedHeaders', 'allowedHeaders', 'maxAge', 'cacheControl', 'preflight', 'strictPreflight', 'hideOptionsRoute', 'delegator', 'logLevel', 'prefix'];
const older = $.majors['@fastify/cors'] < 10 || !!$.majors['fastify-cors'];
const defaults = { origin: '*', methods: older ? 'GET,HEAD,PUT,PATCH,POST,DELETE' : 'GET,HEAD,POST', hook: 'onRequest', preflightContinue: false, optionsSuccessStatus: 204, credentials: false, exposedHeaders: null, allowedHeaders: null, maxAge: null, preflight: true, strictPreflight: true };
const listed = (v) => (Array.isArray(v) ? v.join(', ') : v);

function allows(rule, origin) {
  if (Array.isArray(rule)) {
    for (const r of rule) if (allows(r, origin)) return true;
    return false;
  }
  if (isText(rule)) return origin === rule;
  if (rule instanceof RegExp) {
    return new RegExp(rule.source, rule.flags.replace('g', '')).test(origin); // the package resets what g remembers
  }
  return !!rule;
}

function fastifyCors(fastify, given, next) {
  const made = $.siteHere('register');
  if (typeof given !== 'function') $.optionsFact('@fastify/cors', given, made, known);
  fastify.decorateRequest('corsPreflightEnabled', false);
  const normal = (o, dynamic) => {
    const options = Object.assign({}, defaults, o);
    if (Array.isArray(options.origin) && options.origin.indexOf('*') !== -1) options.origin = '*';
    return Object.assign(options, { dynamic });
  };
  const apply = (options, written) => (req, reply, done) => answerCors(fastify, options, written, made, req, reply, done);
  const delegated = (ask) => (req, reply, done) => {
    const take = (o) => apply(normal(o, true), o)(req, reply, done);
    if (ask.length === 2) return ask(req, (err, o) => (err ? done(err) : take(o)));
    const r = ask(req);
    if (isPromise(r)) return void r.then(take).catch(done);
    done(new Error('Invalid CORS origin option'));
  };
  let hook = defaults.hook;
  let run;
  if (typeof given === 'function' && !$.isUnknown(given)) run = delegated(given);
  else {
    hook = given.hook || hook;
    run = given.delegator ? delegated(given.delegator) : apply(normal(given, false), given);
  }
  if (!['onRequest', 'preParsing', 'preValidation', 'preHandler', 'preSerialization'].includes(hook)) return next(new TypeError('@fastify/cors: Invalid hook option provided.'));
  const withPayload = hook === 'preSerialization' || hook === 'preParsing';
  const middleware = withPayload ? (req, reply, payload, done) => run(req, reply, done) : run;
  $.corsMiddleware(middleware, made);
  (fastify.hooks_[hook] = fastify.hooks_[hook] || []).push({ handle: middleware, places: made });
  fastify.add_({ method: 'OPTIONS', url: '*', handler: (req, reply) => {
    if (!req.corsPreflightEnabled) return void reply.callNotFound();
    reply.send();
  } }, made);
  fastify.root_.routes_[fastify.root_.routes_.length - 1].own_ = true;
  next();
}
fastifyCors[skipOverride] = true;
fastifyCors.fastifyCors = fastifyCors.default = fastifyCors;

function varies(reply, name, places) {
  const old = reply.getHeader('vary');
  const text = Array.isArray(old) ? old.join(', ') : old;
  if (text === '*') return;
  if (text && text.toLowerCase().split(',').some((v) => v.trim() === name.toLowerCase() || v.trim() === '*')) return;
  $.writing(places, () => reply.write_('vary', text ? text + ', ' + name : name));
}

function answerCors(fastify, all, written, made, req, reply, next) {
  const own = req.routeOptions.config && req.routeOptions.config.cors;
  if (own === false) return next();
  const options = Object.assign({}, all, own);
  const at = (name) => {
    const p = $.property(own && name in own ? own : written, name);
    return p ? [p.all, p.value, ...made] : made;
  };
  const set = (name, value, places) => $.writing(places, () => reply.write_(name, value));
  if (options.dynamic || (options.origin !== false && !isText(options.origin) && !$.isUnknownText(options.origin))) varies(reply, 'Origin', at('origin'));
  const decide = (error, origin) => {
    if (error !== null && error !== undefined) return next(error);
    if (!$.isUnknown(origin) && origin === false) return next();
    if (!$.isUnknown(origin) && !origin) return next(new Error('Invalid CORS origin option'));
    if ($.isWatching()) $.originOption(origin, written);
    if ($.isUnknown(origin) && !$.isUnknownText(origin)) origin = $.decide(origin, 'lets ' + (req.headers.origin === undefined ? 'a request without Origin' : req.headers.origin) + ' in') ? [true] : ['-'];
    const allowed = isText(origin) || $.isUnknownText(origin) ? String(origin) : Array.isArray(origin) && origin.indexOf('*') !== -1 ? '*' : allows(origin, req.headers.origin) ? req.headers.origin : false;
    if (allowed) set('access-control-allow-origin', allowed, at('origin'));
    if (options.credentials) set('access-control-allow-credentials', 'true', at('credentials'));
    if (options.exposedHeaders !== null) set('access-control-expose-headers', listed(options.exposedHeaders), at('exposedHeaders'));
    if (req.raw.method !== 'OPTIONS' || options.preflight !== true) return next();
    if (options.strictPreflight === true && (!req.headers.origin || !req.headers['access-control-request-method'])) {
      $.answered(made);
      reply.status(400).type('text/plain').send('Invalid Preflight Request');
      return;
    }
    req.corsPreflightEnabled = true;
    set('access-control-allow-methods', listed(options.methods), at('methods'));
    if (options.allowedHeaders === null) {
      varies(reply, 'Access-Control-Request-Headers', at('allowedHeaders'));
      const asked = req.headers['access-control-request-headers'];
      if (asked !== undefined) set('access-control-allow-headers', asked, at('allowedHeaders'));
    } else set('access-control-allow-headers', listed(options.allowedHeaders), at('allowedHeaders'));
    if (options.maxAge !== null) set('access-control-max-age', String(options.maxAge), at('maxAge'));
    if (options.preflightContinue) return next();
    $.answered(made);
    reply.code(options.optionsSuccessStatus).send();
  };
  if (typeof options.origin === 'function' && !$.isUnknown(options.origin)) {
    const r = options.origin.call(fastify, req.headers.origin, (e, o) => decide(e === undefined ? null : e, o));
    if (isPromise(r)) r.then((o) => decide(null, o), decide);
  } else decide(null, options.origin);
}

// ---- other plugins that matter

const plugin = (fn) => Object.assign(fn, { [skipOverride]: true, default: fn });
const jwt = plugin((fastify, o, next) => {
  fastify.decorateRequest('jwtVerify', function () {
    const bad = this.headers.authorization === undefined && this.headers.cookie === undefined;
    if (bad || $.befalls(this.raw, 'credentials-rejected')) return Promise.reject(failure(401, 'No Authorization was found in request.headers'));
    this.user = $.unknown('the token');
    return Promise.resolve(this.user);
  });
  fastify.decorateRequest('user', null);
  fastify.decorate('jwt', { sign: () => 'token', verify: () => $.unknown('the token'), decode: () => $.unknown('the token') });
  next();
});
const helmet = plugin((fastify, options, next) => {
  const set = $.require('helmet')(options);
  fastify.addHook('onRequest', (req, reply, done) => set(req.raw, reply.raw, () => done()));
  next();
});
const rateLimit = plugin((fastify, options, next) => {
  fastify.addHook('onRequest', (req, reply, done) => ($.befalls(req.raw, 'throttled') ? done(failure(429, 'Rate limit exceeded')) : done()));
  next();
});
const nothing = plugin((fastify, options, next) => next());
const parsing = plugin((fastify, options, next) => {
  fastify.addContentTypeParser();
  next();
});
const cookie = plugin((fastify, options, next) => {
  fastify.decorateRequest('cookies', $.unknown('the cookies'));
  fastify.decorateReply('setCookie', function () { return this; });
  fastify.decorateReply('clearCookie', function () { return this; });
  next();
});
const onLambda = (app) => ($.isUnknown(app) ? app : $.adapter(app.root_.app_.handler, app.root_.app_));
onLambda.default = onLambda;
const wrap = (fn) => Object.assign(fn, { [skipOverride]: true });
wrap.default = wrap.fastifyPlugin = wrap;

module.exports = { fastify, packages: { fastify, '@fastify/cors': fastifyCors, 'fastify-cors': fastifyCors, 'fastify-plugin': wrap, '@fastify/jwt': jwt, '@fastify/helmet': helmet, '@fastify/rate-limit': rateLimit, '@fastify/cookie': cookie,
  '@fastify/aws-lambda': onLambda, 'aws-lambda-fastify': onLambda, '@fastify/formbody': parsing, '@fastify/multipart': parsing, '@fastify/swagger': nothing, '@fastify/swagger-ui': nothing, '@fastify/compress': nothing, '@fastify/etag': nothing, '@fastify/under-pressure': nothing } };
