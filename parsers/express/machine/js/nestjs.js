// NestJS on Express: modules, controllers, guards and filters as far as they decide the status and the headers of an answer.
// What is injected is unknown. https://github.com/nestjs/nest, packages/core and packages/platform-express

const express = require('express');
const http = require('http');
const cors = require('cors');

const metas = new WeakMap(); // of classes, prototypes and methods
const meta = (target) => {
  if (!metas.has(target)) metas.set(target, { routes: [], headers: [], guards: [], filters: [], params: new Map() });
  return metas.get(target);
};
const known = (v) => v && !$.isUnknown(v) && (typeof v === 'object' || typeof v === 'function');

// A decorator of a class or a method writes into what is kept of it.
const decorator = (write) => (target, key, descriptor) => {
  const on = descriptor && known(descriptor.value) ? descriptor.value : key === undefined ? target : target[key];
  if (known(on)) write(meta(on));
};

// ---- errors

class HttpException extends Error {
  constructor(response, status) {
    super(typeof response === 'string' ? response : (response && response.message) || 'Http Exception');
    this.response = response;
    this.status = status;
  }
  getStatus() { return this.status; }
  getResponse() { return this.response; }
  initMessage() {}
}
const exceptions = { HttpException };
for (const [name, status] of Object.entries({ BadRequest: 400, Unauthorized: 401, Forbidden: 403, NotFound: 404, MethodNotAllowed: 405, NotAcceptable: 406, RequestTimeout: 408, Conflict: 409, Gone: 410, PreconditionFailed: 412,
  PayloadTooLarge: 413, UnsupportedMediaType: 415, ImATeapot: 418, Misdirected: 421, UnprocessableEntity: 422, InternalServerError: 500, NotImplemented: 501, BadGateway: 502, ServiceUnavailable: 503, GatewayTimeout: 504, HttpVersionNotSupported: 505 })) {
  exceptions[name + 'Exception'] = class extends HttpException {
    constructor(response) { super(response === undefined ? http.STATUS_CODES[status] || name : response, status); }
  };
}

// ---- classes

// make makes an object of a class whose dependencies are unknown, once.
const made = new Map();
function make(type) {
  if (!known(type) || typeof type !== 'function') return type;
  if (!made.has(type)) {
    const args = [];
    for (let i = 0; i < type.length; i++) args.push($.unknown('what is injected into ' + type.name));
    made.set(type, new type(...args));
  }
  return made.get(type);
}

// modulesOf returns the modules of an application, the root first, then what each imports.
function modulesOf(root, out) {
  const given = root && !$.isUnknown(root) && typeof root.forwardRef === 'function' ? root.forwardRef() : root;
  if (!known(given)) return out;
  const type = typeof given === 'function' ? given : given.module;
  if (out.some((m) => m.type === type)) return out;
  const own = known(type) ? meta(type).module || {} : {};
  const more = typeof given === 'function' ? {} : given;
  const list = (name) => [own[name], more[name]].flatMap((l) => (Array.isArray(l) ? l : []));
  out.push({ type, controllers: list('controllers'), providers: list('providers') });
  for (const next of list('imports')) modulesOf(next, out);
  return out;
}

// ---- applications

const slashed = (path) => {
  const text = String(path === undefined ? '' : path).replace(/\/+$/, '');
  return text === '' ? '' : text[0] === '/' ? text : '/' + text;
};
// Patterns of path-to-regexp 6 are rewritten for Express 5.
const converted = (path) => path.replace(/\/\(\.\*\)$|\/\*$/, '/{*path}').replace(/^\(\.\*\)$|^\*$/, '/{*path}');

class Application {
  constructor(root, options, instance, places) {
    this.root = root;
    this.options = options && !$.isUnknown(options) ? options : {};
    this.instance = instance || express();
    this.instance.places_ = places;
    this.prefix = '';
    this.guards = [];
    this.filters = [];
    this.httpAdapter = { getInstance: () => this.instance, getHttpServer: () => this.getHttpServer(), getType: () => 'express', constructor: { name: 'ExpressAdapter' }, use: (...args) => this.use(...args), get: (...args) => this.instance.get(...args),
      enableCors: (o) => this.enableCors(o), reply: (res, body, status) => reply(res, body, status), setHeader: (res, name, value) => res.set(name, value), getRequestUrl: (req) => req.originalUrl, getRequestMethod: (req) => req.method };
  }
  use(...args) {
    this.instance.use(...args);
    return this;
  }
  enableCors(options) {
    $.withSite($.siteHere('enableCors create'), () => this.instance.use(cors(options)));
  }
  set(...args) {
    this.instance.set(...args);
    return this;
  }
  enable(name) { return this.set(name, true); }
  disable(name) { return this.set(name, false); }
  engine() { return this; }
  setViewEngine() { return this; }
  setBaseViewsDir() { return this; }
  setLocal() { return this; }
  useBodyParser(type, options) { return this.use(express[type](options)); }
  useStaticAssets(root, options) { return options && options.prefix ? this.use(options.prefix, express.static(root)) : this.use(express.static(root)); }
  setGlobalPrefix(prefix, options) {
    this.prefix = slashed(prefix);
    this.excluded = ((options && options.exclude) || []).map((e) => slashed(known(e) ? e.path : e));
    return this;
  }
  enableVersioning(options) {
    const o = options || {};
    if (o.type === undefined || o.type === 0) this.versions = { prefix: o.prefix === undefined ? 'v' : o.prefix || '', default: o.defaultVersion };
    return this;
  }
  useGlobalGuards(...list) {
    this.guards.push(...list);
    return this;
  }
  useGlobalFilters(...list) {
    this.filters.push(...list);
    return this;
  }
  useGlobalPipes() { return this; }
  useGlobalInterceptors() { return this; }
  useWebSocketAdapter() { return this; }
  useLogger() {}
  flushLogs() {}
  enableShutdownHooks() { return this; }
  connectMicroservice() { return $.unknown('a microservice'); }
  startAllMicroservices() { return Promise.resolve(this); }
  getHttpAdapter() { return this.httpAdapter; }
  getHttpServer() { return http.createServer(this.instance); }
  getUrl() { return Promise.resolve('http://localhost:3000'); }
  get(what) { return $.unknown('app.get(' + (known(what) && what.name ? what.name : $.describe(what)) + ')'); }
  resolve(what) { return Promise.resolve(this.get(what)); }
  select() { return this; }
  close() { return Promise.resolve(); }
  async listen(...args) {
    const places = $.caller('listen');
    await this.init();
    $.withSite(places, () => this.instance.listen(...args));
    return this.getHttpServer();
  }
  listenAsync(...args) { return this.listen(...args); }
  async init() {
    if (this.started) return this;
    this.started = true;
    const { options, instance } = this;
    const places = $.property(options, 'cors');
    if (options.cors) $.withSite(places ? [places.all] : instance.places_, () => this.instance.use(cors(options.cors === true ? undefined : options.cors)));
    if (options.bodyParser !== false) $.withSite([], () => instance.use(express.json(), express.urlencoded({ extended: true })));
    const modules = modulesOf(this.root, []);
    for (const m of modules) {
      for (const p of m.providers) {
        if (!known(p) || !known(p.provide)) continue;
        const value = p.useClass ? p.useClass : p.useValue;
        if (p.provide === APP_GUARD) this.guards.push(value || $.unknown('a guard'));
        if (p.provide === APP_FILTER && value) this.filters.push(value);
      }
    }
    for (const m of modules) this.middleware(m.type);
    for (const m of modules) for (const c of m.controllers) if (known(c)) this.controller(c);
    $.withSite([], () => {
      instance.use((req) => { throw new exceptions.NotFoundException('Cannot ' + req.method + ' ' + req.url); });
      instance.use((err, req, res, next) => this.fails(err, req, res, next, this.filters));
    });
    return this;
  }
  // middleware registers what a module's configure() asks for.
  middleware(type) {
    if (!known(type) || typeof type !== 'function' || typeof type.prototype.configure !== 'function') return;
    const app = this;
    const consumer = { apply: (...list) => {
      const places = $.siteHere('apply');
      const config = { exclude: (...paths) => {
        config.excluded = paths.flat().map((p) => slashed(known(p) ? p.path : p));
        return config;
      }, forRoutes: (...routes) => {
        for (const fn of list.flat()) {
          const isClass = known(fn) && typeof fn === 'function' && fn.prototype && typeof fn.prototype.use === 'function';
          const run = isClass ? (req, res, next) => make(fn).use(req, res, next) : fn;
          for (const route of routes.flat()) app.middlewareAt(run, route, config.excluded || [], places);
        }
        return consumer;
      } };
      return config;
    } };
    make(type).configure(consumer);
  }
  middlewareAt(fn, route, excluded, places) {
    const own = known(route) && typeof route === 'function' ? { path: meta(route).path } : known(route) ? route : { path: route };
    const path = slashed([].concat(own.path)[0]).replace(/\/(\(\.\*\)|\{?\*\w*\}?)$/, '');
    const handle = $.isUnknown(fn) && excluded.length === 0 && !own.method ? fn : (req, res, next) => {
      const at = req.originalUrl.split('?')[0];
      if (excluded.some((e) => at === e || at === this.prefix + e)) return next();
      if (own.method !== undefined && own.method !== RequestMethod.ALL && RequestMethod[own.method] !== req.method) return next();
      return fn(req, res, next);
    };
    $.withSite(places, () => (path === '' ? this.instance.use(handle) : this.instance.use(this.prefix + path, handle)));
  }
  controller(type) {
    const own = meta(type);
    if (!own.isController) return;
    const names = [];
    for (let proto = type.prototype; proto && proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
      for (const name of Object.getOwnPropertyNames(proto)) {
        const d = Object.getOwnPropertyDescriptor(proto, name);
        if (name !== 'constructor' && d && typeof d.value === 'function' && !names.includes(name)) names.push(name);
      }
    }
    for (const name of names) {
      const method = type.prototype[name];
      for (const { verb, paths, places } of meta(method).routes) {
        for (const base of [].concat(own.path === undefined ? '' : own.path)) {
          for (const path of paths) this.route(type, name, verb, slashed(base), slashed(path), places);
        }
      }
    }
  }
  route(type, name, verb, base, path, places) {
    const own = meta(type);
    const at = meta(type.prototype[name]);
    const version = at.version === undefined ? own.version : at.version;
    let full = base + path;
    if (this.versions) {
      const v = version === undefined ? this.versions.default : version;
      if (v !== undefined && typeof v === 'string') full = '/' + this.versions.prefix + v + full;
    }
    if (!(this.excluded && this.excluded.includes(full))) full = this.prefix + full;
    const guards = [...this.guards, ...own.guards, ...at.guards];
    const filters = [...at.filters, ...own.filters, ...this.filters];
    const run = async (req, res, next) => {
      const context = contextOf(type, name, req, res, next);
      try {
        for (const guard of guards) if (!(await allowed(guard, context, req))) throw new exceptions.ForbiddenException('Forbidden resource');
        const thrown = $.handlerThrows(req);
        if (thrown) throw thrown;
        res.status(at.status !== undefined ? at.status : req.method === 'POST' ? 201 : 200);
        for (const h of at.headers) $.writing(h.places, () => res.set(h.name, typeof h.value === 'function' ? h.value() : h.value));
        const result = await make(type)[name](...argumentsOf(type.prototype[name], type, name, req, res, next));
        if (at.params_ && at.params_.sends) return;
        if (res.finished) return;
        if (at.redirect) {
          const to = known(result) && result.url ? result : at.redirect;
          return $.withSite(at.redirect.places, () => res.redirect(to.statusCode || 302, to.url));
        }
        reply(res, result);
      } catch (e) {
        $.rethrow(e);
        this.fails(e, req, res, next, filters);
      }
    };
    // What the method's text says is what the last handler of the route is known by.
    $.writesLike(run, type.prototype[name]);
    $.withSite(places, () => this.instance[verb](converted(full) || '/', run));
  }
  // fails answers an error: by the first filter that catches it, or as Nest does. Headers that are set stay.
  fails(err, req, res, next, filters) {
    if (res.finished) return;
    for (const given of filters) {
      if (!known(given)) continue;
      const types = meta(typeof given === 'function' ? given : given.constructor).catches || [];
      if (types.length && !types.some((t) => known(t) && typeof t === 'function' && !$.isUnknown(err) && err instanceof t)) continue;
      const filter = make(given);
      if (typeof filter.catch === 'function' && !isBase(filter)) return filter.catch(err, contextOf(undefined, '', req, res, next));
    }
    $.unhandled(err, req, res);
    const status = !$.isUnknown(err) && err && (err instanceof HttpException ? err.getStatus() : err.statusCode && err.message ? err.statusCode : err instanceof SyntaxError || err instanceof URIError ? 400 : 0);
    res.status(typeof status === 'number' && status ? status : 500).json({});
  }
}

class BaseExceptionFilter {
  catch(err, host) {
    const res = host.switchToHttp().getResponse();
    res.status(err instanceof HttpException ? err.getStatus() : 500).json({});
  }
}
const isBase = (filter) => filter.catch === BaseExceptionFilter.prototype.catch;

function reply(res, body, status) {
  if (status) res.status(status);
  if (!$.isUnknown(body) && (body === undefined || body === null)) return res.send();
  if (!$.isUnknown(body) && typeof body !== 'object') return res.send(String(body));
  return res.json(body);
}

const contextOf = (type, name, req, res, next) => ({
  switchToHttp: () => ({ getRequest: () => req, getResponse: () => res, getNext: () => next }), getClass: () => type, getHandler: () => (type ? type.prototype[name] : undefined), getArgs: () => [req, res, next],
  getArgByIndex: (i) => [req, res, next][i], getType: () => 'http', switchToRpc: () => $.unknown('the RPC'), switchToWs: () => $.unknown('the socket'),
});

// allowed asks a guard. One that is not known either lets a request pass or does not.
function allowed(guard, context, req) {
  const has = req.headers.authorization !== undefined || req.headers.cookie !== undefined;
  if ($.isUnknown(guard)) return $.decide(guard, has ? 'lets the request pass' : 'lets a request without credentials pass');
  const object = make(guard);
  const r = object.canActivate(context);
  return known(r) && typeof r.subscribe === 'function' ? true : r;
}

function argumentsOf(method, type, name, req, res, next) {
  const list = meta(method).params;
  const out = [];
  for (let i = 0; i < method.length || list.has(i); i++) {
    const p = list.get(i);
    out.push(p ? p(req, res, next) : $.unknown('parameter ' + (i + 1) + ' of ' + name));
  }
  return out;
}

// ---- decorators

const on = (verb) => (path) => {
  const places = $.siteHere(verb[0].toUpperCase() + verb.slice(1));
  return decorator((m) => m.routes.push({ verb, paths: [].concat(path === undefined ? '' : path), places }));
};
const RequestMethod = { 0: 'GET', 1: 'POST', 2: 'PUT', 3: 'DELETE', 4: 'PATCH', 5: 'ALL', 6: 'OPTIONS', 7: 'HEAD', 8: 'SEARCH', GET: 0, POST: 1, PUT: 2, DELETE: 3, PATCH: 4, ALL: 5, OPTIONS: 6, HEAD: 7, SEARCH: 8 };
const parameter = (read, sends) => (...args) => (target, key, index) => {
  if (!known(target) || key === undefined) return;
  const m = meta(target[key]);
  m.params.set(index, (req, res, next) => read(req, res, next, ...args));
  const passes = args.some((a) => known(a) && a.passthrough);
  if (sends && !passes) m.params_ = { sends: true };
};
const of = (object, name) => ($.isUnknown(object) ? object : typeof name === 'string' ? (object || {})[name] : object);

const APP_GUARD = { token: 'APP_GUARD' };
const APP_FILTER = { token: 'APP_FILTER' };

const common = Object.assign({
  Module: (o) => decorator((m) => { m.module = known(o) ? o : {}; }),
  Controller: (o) => decorator((m) => {
    m.isController = true;
    m.path = known(o) && !Array.isArray(o) ? o.path : o;
    if (known(o)) m.version = o.version;
  }),
  Version: (v) => decorator((m) => { m.version = v; }),
  All: on('all'), Get: on('get'), Post: on('post'), Put: on('put'), Delete: on('delete'), Patch: on('patch'), Options: on('options'), Head: on('head'), Search: on('search'), Sse: on('get'),
  RequestMapping: (o) => {
    const places = $.siteHere('RequestMapping');
    return decorator((m) => m.routes.push({ verb: (RequestMethod[o.method === undefined ? 0 : o.method] || 'GET').toLowerCase(), paths: [].concat(o.path || ''), places }));
  },
  HttpCode: (status) => decorator((m) => { m.status = status; }),
  Header: (name, value) => {
    const places = $.places('Header');
    return decorator((m) => m.headers.push({ name, value, places }));
  },
  Redirect: (url, statusCode) => {
    const places = $.siteHere('Redirect');
    return decorator((m) => { m.redirect = { url, statusCode, places }; });
  },
  Render: () => decorator(() => {}),
  UseGuards: (...list) => decorator((m) => m.guards.push(...list)),
  UseFilters: (...list) => decorator((m) => m.filters.push(...list)),
  UsePipes: () => () => {}, UseInterceptors: () => () => {}, SetMetadata: () => () => {}, Injectable: () => () => {}, Global: () => () => {}, Inject: () => () => {}, Optional: () => () => {}, Dependencies: () => () => {},
  Catch: (...types) => decorator((m) => { m.catches = types; }),
  applyDecorators: (...list) => (target, key, descriptor) => {
    for (const d of list) if (known(d)) d(target, key, descriptor);
  },
  createParamDecorator: (read) => parameter((req, res, next, data) => ($.isUnknown(read) ? read : read(data, contextOf(undefined, '', req, res, next)))),
  Req: parameter((req) => req), Request: parameter((req) => req), Res: parameter((req, res) => res, true), Response: parameter((req, res) => res, true), Next: parameter((req, res, next) => next, true),
  Body: parameter((req, res, next, name) => of($.unknown('the request body'), name)), Query: parameter((req, res, next, name) => of(req.query, name)), Param: parameter((req, res, next, name) => of(req.params, name)),
  Headers: parameter((req, res, next, name) => of(req.headers, typeof name === 'string' ? name.toLowerCase() : name)), Session: parameter((req) => req.session), Ip: parameter((req) => req.ip), HostParam: parameter(() => $.unknown('a part of the host', true)),
  UploadedFile: parameter(() => $.unknown('the file')), UploadedFiles: parameter(() => $.unknown('the files')), RawBody: parameter(() => $.unknown('the request body')),
  forwardRef: (fn) => ({ forwardRef: fn }), RequestMethod, VersioningType: { URI: 0, HEADER: 1, MEDIA_TYPE: 2, CUSTOM: 3 }, VERSION_NEUTRAL: Symbol('VERSION_NEUTRAL'),
  Scope: {}, Logger: Object.assign(class { log() {} error() {} warn() {} debug() {} verbose() {} fatal() {} }, { log() {}, error() {}, warn() {}, debug() {}, verbose() {}, overrideLogger() {} }), ConsoleLogger: class { log() {} error() {} warn() {} debug() {} setContext() {} },
  HttpStatus: Object.assign({ ...Object.fromEntries(Object.entries(http.STATUS_CODES).map(([code, text]) => [text.toUpperCase().replace(/[^A-Z]+/g, '_'), Number(code)])) }),
  ValidationPipe: class {}, ParseIntPipe: class {}, ParseUUIDPipe: class {}, ParseBoolPipe: class {}, DefaultValuePipe: class {}, ParseArrayPipe: class {}, ClassSerializerInterceptor: class {}, StreamableFile: class {},
}, exceptions);

const factory = {
  create: async (root, adapter, options) => {
    const places = $.siteHere('create');
    let instance;
    let o = adapter;
    if (adapter && (options !== undefined || adapter.isAdapter_ || $.isUnknown(adapter))) {
      o = options;
      if (known(adapter) && adapter.isFastify_) $.gap('the Fastify adapter of NestJS is not modelled; it is taken for Express', places);
      if (known(adapter) && adapter.instance && adapter.instance.isApplication) instance = adapter.instance;
    }
    return new Application(root, o, instance, places);
  },
  createMicroservice: async () => $.unknown('a microservice'),
  createApplicationContext: async () => $.unknown('the application context'),
};
const core = { NestFactory: factory, APP_GUARD, APP_FILTER, APP_PIPE: {}, APP_INTERCEPTOR: {}, BaseExceptionFilter, HttpAdapterHost: class {}, Reflector: class { get() { return $.unknown('metadata'); } getAllAndOverride() { return $.unknown('metadata'); } getAllAndMerge() { return $.unknown('metadata'); } } };

// AuthGuard lets in whoever has credentials that are good.
const AuthGuard = () => class {
  canActivate(context) {
    const req = context.switchToHttp().getRequest();
    const has = req.headers.authorization !== undefined || req.headers.cookie !== undefined || req.headers['x-api-key'] !== undefined;
    if (!has || $.befalls(req, 'credentials-rejected')) throw new exceptions.UnauthorizedException();
    req.user = $.unknown('the user');
    return true;
  }
  handleRequest(err, user) { return user; }
  getRequest(context) { return context.switchToHttp().getRequest(); }
};

// What a package exports beside is unknown by its name.
const openPackage = (list) => new Proxy(Object.assign(list, { __esModule: true }), { get: (t, name) => (name in t || typeof name === 'symbol' || name === 'default' ? t[name] : $.unknown(name)), has: () => true });

const packages = {
  '@nestjs/common': openPackage(common), '@nestjs/core': openPackage(core), '@nestjs/passport': openPackage({ AuthGuard }),
  '@nestjs/platform-express': openPackage({ ExpressAdapter: class {
    constructor(instance) {
      this.isAdapter_ = true;
      this.instance = instance;
    }
  } }),
  '@nestjs/platform-fastify': openPackage({ FastifyAdapter: class {
    constructor() {
      this.isAdapter_ = this.isFastify_ = true;
    }
    register() {}
    getInstance() { return $.unknown('fastify'); }
  } }),
};

module.exports = { packages };
