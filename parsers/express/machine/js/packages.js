// Packages of the npm registry as far as they decide what a cross-origin request gets. A package that is not here is unknown;
// one that hands every request on untouched is in passing.

const http = require('http');
const { bodyParser, bodyParsersOf, serveStatic } = require('%middleware');

const next = (name) => Object.defineProperty((req, res, next) => next(), 'name', { value: name });
const failure = (status, message, more) => Object.assign(new Error(message), { status, statusCode: status, expose: true }, more);
const wait = (fn) => setImmediate(fn);

// ---- who a request comes from: credentials are good unless the request's circumstances say that they are refused

const credentials = (req) => req.headers.authorization !== undefined || req.headers.cookie !== undefined || req.headers['x-api-key'] !== undefined;
const accepted = (req) => credentials(req) && !$.befalls(req, 'credentials-rejected');
const user = () => $.unknown('the user');

// ---- compression: it changes Vary when the headers are sent

const compressible = /^text\/|[/+](json|javascript|xml)\b|svg/i;
const compression = (options) => {
  const filter = options && options.filter;
  const places = $.caller('compression');
  return function compression(req, res, next) {
    (res.beforeHeaders = res.beforeHeaders || []).push(() => {
      const type = res.getHeader('Content-Type');
      if (filter ? !filter(req, res) : !type || !compressible.test(String(type))) return;
      if (/no-transform/.test(String(res.getHeader('Cache-Control') || ''))) return;
      $.writing(places, () => http.vary(res, 'Accept-Encoding'));
    });
    next();
  };
};
compression.filter = (req, res) => compressible.test(String(res.getHeader('Content-Type') || ''));

// ---- helmet: of its headers, the one that decides whether other sites may embed a response

function helmet(options) {
  const o = options || {};
  const places = $.caller('helmet');
  return function helmetMiddleware(req, res, next) {
    $.writing(places, () => {
      if (o.contentSecurityPolicy !== false) res.setHeader('Content-Security-Policy', "default-src 'self'");
      if (o.crossOriginOpenerPolicy !== false) res.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      if (o.crossOriginResourcePolicy !== false) {
        const policy = (o.crossOriginResourcePolicy && o.crossOriginResourcePolicy.policy) || 'same-origin';
        const at = $.property(o, 'crossOriginResourcePolicy');
        $.writing(at ? [at.all, ...places] : places, () => res.setHeader('Cross-Origin-Resource-Policy', policy));
      }
      if (o.noSniff !== false && o.xContentTypeOptions !== false) res.setHeader('X-Content-Type-Options', 'nosniff');
    });
    if (o.hidePoweredBy !== false && o.xPoweredBy !== false) res.lines.delete('x-powered-by');
    next();
  };
}
const corp = (options) => {
  const places = $.caller('crossOriginResourcePolicy');
  return (req, res, next) => {
    $.writing(places, () => res.setHeader('Cross-Origin-Resource-Policy', (options && options.policy) || 'same-origin'));
    next();
  };
};
for (const name of ['contentSecurityPolicy', 'crossOriginEmbedderPolicy', 'crossOriginOpenerPolicy', 'dnsPrefetchControl', 'expectCt', 'frameguard', 'hidePoweredBy', 'hsts', 'ieNoOpen', 'noSniff', 'originAgentCluster',
  'permittedCrossDomainPolicies', 'referrerPolicy', 'xssFilter', 'strictTransportSecurity', 'xContentTypeOptions', 'xFrameOptions', 'xXssProtection', 'xPoweredBy', 'xDownloadOptions', 'xDnsPrefetchControl']) {
  helmet[name] = () => next(name);
}
helmet.crossOriginResourcePolicy = corp;
helmet.default = helmet;

// ---- limits

const rateLimit = (options) => {
  const o = options || {};
  const limiter = function rateLimit(req, res, next) {
    const skip = typeof o.skip === 'function' && !$.isUnknown(o.skip) ? o.skip(req, res) : false;
    Promise.resolve(skip).then((skipped) => {
      if (skipped || !$.befalls(req, 'throttled')) return next();
      if (typeof o.handler === 'function') return o.handler(req, res, next, o);
      res.statusCode = o.statusCode || 429;
      $.writing([], () => res.setHeader('Retry-After', '60'));
      const message = o.message === undefined ? 'Too many requests, please try again later.' : typeof o.message === 'function' ? 'x' : o.message;
      if (res.send) res.send(message);
      else res.end();
    }, next);
  };
  limiter.resetKey = () => {};
  return limiter;
};
rateLimit.rateLimit = rateLimit.default = rateLimit;
rateLimit.ipKeyGenerator = (ip) => ip;

// ---- sessions and strategies

// sameSite is the attribute of a cookie that an option gives. https://github.com/jshttp/cookie#samesite
const sameSite = (option) => {
  if ($.isUnknown(option) || $.isUnknownText(option)) return 'SameSite=?';
  if (option === undefined || option === null || option === false) return '';
  const known = { true: 'SameSite=Strict', strict: 'SameSite=Strict', lax: 'SameSite=Lax', none: 'SameSite=None' };
  return known[String(option).toLowerCase()] || 'SameSite=?';
};
const secure = (option) => ($.isUnknown(option) ? 'Secure=?' : option === true ? 'Secure' : option === false ? '' : 'Secure=?');
// sessionCookie states the cookie of a session with its attributes, as [policy.FactSessionCookie] has them. Usual is what the option
// "secure" is where it is left out.
const sessionCookie = (options, cookie, name, usual, places) => {
  const open = [options, cookie].some((x) => $.isUnknown(x) || $.rest(x) || typeof x === 'function');
  const own = cookie || {};
  const option = (name, otherwise) => {
    const value = $.isUnknown(own) ? undefined : own[name];
    return $.isUnknown(value) || value !== undefined ? value : open ? $.unknown(name) : otherwise;
  };
  const attributes = [sameSite(option('sameSite')), secure(option('secure', usual))].filter(Boolean);
  const called = $.isUnknown(options) || !options ? name : options.name;
  const at = $.inLiteral(own, 'sameSite');
  $.fact('session-cookie', $.isUnknown(called) || $.isUnknownText(called) || !called ? name : called, attributes.join('; '), at.length ? at : places);
};

const session = (options) => {
  sessionCookie(options, options && options.cookie, 'connect.sid', false, $.caller('session'));
  return keepsSession(options);
};
// cookie-session keeps the session itself in the cookie; the options are the cookie's own.
const cookieSession = (options) => {
  sessionCookie(options, options, 'session', undefined, $.caller('cookieSession session'));
  return keepsSession(options);
};

const keepsSession = (options) => {
  return function session(req, res, next) {
    if (options && options.saveUninitialized && !req.session) { // a new session is stored before the response ends
      const end = res.end;
      res.end = function (...args) {
        res.end = end;
        wait(() => end.apply(res, args));
        return true;
      };
    }
    if (!req.session) {
      const known = accepted(req) ? { user: user(), userId: $.unknown('session.userId'), passport: {} } : {};
      req.session = Object.assign(known, { save: (cb) => cb && cb(), destroy: (cb) => cb && cb(), regenerate: (cb) => cb && cb(), reload: (cb) => cb && cb(), touch() {}, cookie: {} });
      req.sessionID = 'id';
    }
    next();
  };
};
session.Store = class {};
session.MemoryStore = class {};
session.Cookie = class {};

const named = /^(local|jwt|bearer|basic|digest|headerapikey|localapikey|custom|session|anonymous|token|api-?key|firebase|cognito|azure|oauth-bearer)/i;
const passport = {
  initialize: () => function initialize(req, res, next) {
    req.login = req.logIn = (u, o, cb) => {
      const done = cb || o;
      if (typeof done === 'function') done();
    };
    req.logout = req.logOut = (o, cb) => {
      const done = cb || o;
      if (typeof done === 'function') done();
    };
    req.isAuthenticated = () => accepted(req);
    req.isUnauthenticated = () => !accepted(req);
    if (accepted(req)) req.user = user();
    next();
  },
  session: () => next('session'),
  authenticate: (strategy, options, callback) => {
    const cb = typeof options === 'function' ? options : callback;
    const o = typeof options === 'function' ? {} : options || {};
    const names = [].concat(strategy).map(String);
    const places = $.caller('authenticate');
    return function authenticate(req, res, next) {
      const good = accepted(req) || names.includes('anonymous');
      if (typeof cb === 'function') return cb(null, good ? user() : false, good ? undefined : { message: 'x' }, good ? undefined : 401);
      if (good) {
        req.user = user();
        if (o.successRedirect) return $.withSite(places, () => res.redirect(o.successRedirect));
        return next();
      }
      if (o.failureRedirect) return $.withSite(places, () => res.redirect(o.failureRedirect));
      if (names.every((n) => !named.test(n))) { // a provider's login page
        res.statusCode = 302;
        $.writing(places, () => res.setHeader('Location', 'https://login.example/' + $.unknown('the login page of ' + names[0], true)));
        $.writing([], () => res.setHeader('Content-Length', '0'));
        return res.end();
      }
      if (o.failWithError) return next(failure(401, 'Unauthorized'));
      res.statusCode = 401;
      res.end('Unauthorized');
    };
  },
  authorize: (...args) => passport.authenticate(...args),
  use() { return passport; }, unuse() { return passport; }, serializeUser() {}, deserializeUser() {}, framework() { return passport; }, strategies: {},
};
passport.Passport = passport.Authenticator = class { constructor() { return passport; } };
passport.default = passport;

// verified tells a token that is good from one that is not.
const rejected = () => $.befallsNow('credentials-rejected');
const verify = (token, key, options, callback) => {
  const cb = typeof options === 'function' ? options : callback;
  const bad = !token || token === 'null' || token === 'undefined' || rejected();
  const error = bad ? Object.assign(new Error(token ? 'invalid token' : 'jwt must be provided'), { name: 'JsonWebTokenError' }) : null;
  if (typeof cb === 'function') return void wait(() => cb(error, bad ? undefined : $.unknown('the token')));
  if (error) throw error;
  return $.unknown('the token');
};
const jsonwebtoken = { verify, sign: (payload, key, o, cb) => {
  const done = typeof o === 'function' ? o : cb;
  return typeof done === 'function' ? done(null, 'token') : 'token';
}, decode: () => $.unknown('the token'), TokenExpiredError: class extends Error {}, JsonWebTokenError: class extends Error {}, NotBeforeError: class extends Error {} };

const unless = (middleware) => {
  middleware.unless = (options) => {
    const o = options || {};
    const skip = (req) => {
      if (typeof o === 'function') return o(req);
      if (o.custom && o.custom(req)) return true;
      if (o.method && [].concat(o.method).includes(req.method)) return true;
      const path = (o.useOriginalUrl === false ? req.url : req.originalUrl || req.url).split('?')[0];
      return [].concat(o.path || []).some((p) => {
        if (p instanceof RegExp) return p.test(path);
        if (typeof p === 'string') return p === path;
        if (p && p.url) return (p.url instanceof RegExp ? p.url.test(path) : p.url === path) && (!(p.method || p.methods) || [].concat(p.method || p.methods).includes(req.method));
        return false;
      });
    };
    return unless(function unless(req, res, next) {
      if (skip(req)) return next();
      middleware(req, res, next);
    });
  };
  return middleware;
};

const expressjwt = (options) => unless(function expressJwt(req, res, next) {
  const o = options || {};
  if (req.method === 'OPTIONS' && 'access-control-request-headers' in req.headers) {
    const asked = req.headers['access-control-request-headers'].split(',').map((h) => h.trim());
    if (asked.some((h) => h.toLowerCase() === 'authorization')) return next();
  }
  const token = typeof o.getToken === 'function' ? o.getToken(req) : (req.headers.authorization || '').split(' ')[1];
  if (!token) {
    if (o.credentialsRequired === false) return next();
    return next(failure(401, 'No authorization token was found', { name: 'UnauthorizedError', code: 'credentials_required' }));
  }
  wait(() => {
    if ($.befalls(req, 'credentials-rejected')) return next(failure(401, 'invalid token', { name: 'UnauthorizedError', code: 'invalid_token' }));
    req.auth = req.user = $.unknown('the token');
    next();
  });
});
expressjwt.expressjwt = expressjwt;
expressjwt.UnauthorizedError = class extends Error {};

const basicAuth = (options) => {
  const o = options || {};
  return function authMiddleware(req, res, next) {
    const header = req.headers.authorization;
    if (header && /^basic /i.test(header) && !$.befalls(req, 'credentials-rejected')) {
      req.auth = { user: $.unknown('the user', true), password: $.unknown('the password', true) };
      return next();
    }
    if (o.challenge) $.writing([], () => res.setHeader('WWW-Authenticate', 'Basic'));
    res.status(401);
    const body = typeof o.unauthorizedResponse === 'function' ? 'x' : o.unauthorizedResponse || '';
    return typeof body === 'string' ? res.send(body) : res.json(body);
  };
};

// ---- proxies: what stands behind answers

function proxyTo(options, filter) {
  const o = options || {};
  const target = o.target === undefined ? o.router : o.target;
  const places = $.property(o, 'target') ? [$.property(o, 'target').value] : $.caller('use');
  return function proxy(req, res, next) {
    const path = req.originalUrl && major(o) < 3 ? req.originalUrl : req.url;
    const matches = (f) => (typeof f === 'function' ? f(path.split('?')[0], req) : [].concat(f).some((p) => {
      const text = String(p);
      if (text.startsWith('!')) return false;
      return text.includes('*') ? new RegExp('^' + text.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\/?\*\*/g, '.*').replace(/(?<!\.)\*/g, '[^/]*') + '$').test(path.split('?')[0]) : path.startsWith(text);
    }));
    const given = filter !== undefined ? filter : o.pathFilter;
    if (given !== undefined && !matches(given)) return next();
    let to = path;
    if (typeof o.pathRewrite === 'function') to = o.pathRewrite(path, req);
    else if (o.pathRewrite && !$.isUnknown(o.pathRewrite)) {
      for (const key of Object.keys(o.pathRewrite)) {
        const re = new RegExp(key);
        if (re.test(to)) {
          to = to.replace(re, o.pathRewrite[key]);
          break;
        }
      }
    }
    if ($.befalls(req, 'upstream-down')) {
      res.statusCode = 504;
      return res.end('Error occurred while trying to proxy');
    }
    const change = o.onProxyRes || (o.on && o.on.proxyRes);
    if (typeof change === 'function') $.note(res, 'what onProxyRes changes');
    $.forward(res, target === undefined ? $.unknown('the proxy target', true) : target && target.href ? target.href : target, to, places);
  };
}
const major = (o) => (o.on || o.pathFilter ? 3 : 2);
const createProxyMiddleware = (a, b) => (b === undefined && (typeof a === 'object' || $.isUnknown(a)) ? proxyTo(a) : typeof a === 'string' && b === undefined ? proxyTo({ target: a }) : proxyTo(b, a));
const httpProxyMiddleware = Object.assign((...args) => createProxyMiddleware(...args), { createProxyMiddleware, legacyCreateProxyMiddleware: createProxyMiddleware, fixRequestBody: () => {}, responseInterceptor: (f) => f, default: createProxyMiddleware });
const expressHttpProxy = (host, options) => function handleProxy(req, res, next) {
  const o = options || {};
  if (typeof o.filter === 'function' && !o.filter(req, res)) return next();
  const path = typeof o.proxyReqPathResolver === 'function' ? o.proxyReqPathResolver(req) : req.url;
  $.forward(res, typeof host === 'function' ? host(req) : host, path, $.caller('use'));
};
class ProxyServer extends require('events') {
  constructor(options) {
    super();
    this.options = options || {};
  }
  web(req, res, options) {
    const o = Object.assign({}, this.options, options);
    $.forward(res, (o.target && o.target.href) || o.target, req.url, $.caller('web'));
  }
  ws() {}
  listen() { return this; }
}
const httpProxy = Object.assign(() => new ProxyServer(), { createProxyServer: (o) => new ProxyServer(o), createProxy: (o) => new ProxyServer(o), createServer: (o) => new ProxyServer(o), default: undefined });

// ---- adapters: the application behind a gateway

const adapted = (app) => {
  if ($.isUnknown(app)) return app;
  const given = app && app.app ? app.app : app;
  const framework = frameworkOf(given);
  const target = framework ? framework.handler : (req, res) => given(req, res);
  const own = framework || given;
  $.listening(target, [], $.caller('serverless'), own);
  return $.adapter(target, own);
};
const frameworkOf = (app) => globalThis['%found'].frameworks.find((f) => f === (app.server_ || app.app_));
const vendia = (o) => adapted(o);
vendia.configure = vendia;
vendia.default = vendia;
// The older adapter is called inside of a function, with the event.
const servers = new WeakMap();
const awsServerlessExpress = { createServer: (app) => {
  const server = http.createServer(app);
  servers.set(server, adapted(app));
  return server;
}, proxy: (server, event, context, how, callback) => {
  if (!servers.has(server)) return $.unknown('the response');
  const result = servers.get(server)(event, context);
  const done = how === 'CALLBACK' && callback ? callback : context && context.done;
  if (how !== 'PROMISE' && done) result.then((r) => done(null, r));
  return how === 'PROMISE' ? { promise: result } : result;
}, default: undefined };
awsServerlessExpress.default = awsServerlessExpress;

// ---- small ones

const httpErrors = (status, message, more) => {
  const code = typeof status === 'number' ? status : 500;
  const text = typeof status === 'string' ? status : message;
  return failure(code, text || http.STATUS_CODES[code] || 'error', typeof more === 'object' ? more : undefined);
};
for (const [code, text] of Object.entries(http.STATUS_CODES)) {
  if (code < 400) continue;
  const name = text.replace(/[^A-Za-z ]/g, '').split(' ').map((w) => w[0].toUpperCase() + w.slice(1)).join('');
  const Made = function (message) {
    return failure(Number(code), message || text, { expose: code < 500 });
  };
  Made.prototype = Error.prototype;
  httpErrors[name] = httpErrors[code] = Made;
}
httpErrors.HttpError = Error;
httpErrors.isHttpError = (e) => !!(e && e.status);

// The tables of status codes, by the names of each package.
const byName = {};
const byConstant = {};
for (const [code, text] of Object.entries(http.STATUS_CODES)) {
  const constant = text.toUpperCase().replace(/'/g, '').replace(/[^A-Z]+/g, '_');
  byName[code] = text;
  byName[constant] = byConstant[constant] = Number(code);
}
byConstant.PERMANENT_REDIRECT = 308;
byConstant.MOVED_TEMPORARILY = 302;
byConstant.REQUEST_TOO_LONG = 413;
const httpStatus = Object.assign(byName, { default: undefined });
httpStatus.default = httpStatus;
httpStatus.status = httpStatus;
const phrases = (code) => http.STATUS_CODES[code];
const statusCodes = Object.assign({}, byConstant, { StatusCodes: byConstant, ReasonPhrases: Object.fromEntries(Object.keys(byConstant).map((k) => [k, http.STATUS_CODES[byConstant[k]]])), getReasonPhrase: phrases, getStatusText: phrases, getStatusCode: (t) => Number(Object.keys(http.STATUS_CODES).find((c) => http.STATUS_CODES[c] === t)) });

// bluebird is a promise with more methods; promisified functions take a callback.
const promisify = (fn) => ($.isUnknown(fn) ? fn : (...args) => new Promise((yes, no) => fn(...args, (e, v) => (e ? no(e) : yes(v)))));
const bluebird = Object.assign(function Bluebird(run) {
  return new Promise(run);
}, { resolve: (v) => Promise.resolve(v), reject: (e) => Promise.reject(e), all: (l) => Promise.all(l), race: (l) => Promise.race(l), allSettled: (l) => Promise.allSettled(l), promisify, promisifyAll: (o) => o, delay: (ms, v) => new Promise((yes) => setTimeout(() => yes(v), ms)),
  map: (list, fn) => Promise.resolve(list).then((l) => Promise.all([...l].map(fn))), each: (list, fn) => Promise.resolve(list).then((l) => Promise.all([...l].map(fn))), method: (fn) => async (...a) => fn(...a), try: (fn) => new Promise((yes) => yes(fn())), config() {}, longStackTraces() {} });
bluebird.prototype = Promise.prototype;
bluebird.default = bluebird.Promise = bluebird;

const asyncHandler = (fn) => function asyncUtilWrap(...args) {
  const next = args[args.length - 1];
  return Promise.resolve(fn(...args)).catch(next);
};
asyncHandler.default = asyncHandler;

const dotenv = { config: () => ({ parsed: {} }), parse: () => ({}), default: undefined, expand: (o) => o, populate() {} };
dotenv.default = dotenv;

const cookieParser = () => function cookieParser(req, res, next) {
  if (!req.cookies) {
    req.cookies = req.headers.cookie === undefined ? {} : Object.fromEntries(req.headers.cookie.split(/; */).filter((c) => c.includes('=')).map((c) => [c.split('=')[0].trim(), c.split('=').slice(1).join('=')]));
    req.signedCookies = {};
  }
  next();
};

const asyncErrors = {}; // express-async-errors: handlers of express 4 whose promise is rejected go to next

const debug = () => Object.assign(() => {}, { enabled: false, extend: debug, log() {} });
debug.enable = debug.disable = () => {};
debug.default = debug.debug = debug;

// multer reads forms; what it makes of them is unknown.
const upload = () => next('multer');
const multer = Object.assign(() => ({ single: upload, array: upload, fields: upload, none: upload, any: upload }), { diskStorage: () => ({}), memoryStorage: () => ({}), MulterError: class extends Error {} });
multer.default = multer;

// passing hand every request on and set nothing that matters.
const passing = ['morgan', 'method-override', 'hpp', 'xss-clean', 'express-mongo-sanitize', 'connect-flash', 'express-flash', 'serve-favicon', 'response-time', 'express-fileupload', 'express-useragent', 'express-winston',
  'express-pino-logger', 'pino-http', 'express-status-monitor', 'express-prom-bundle', 'express-request-id', 'express-ejs-layouts', 'connect-livereload', 'express-bunyan-logger', 'express-slow-down', 'express-device', 'request-ip',
  'express-actuator', 'errorhandler', 'express-correlation-id', 'cls-rtracer', 'express-xss-sanitizer', 'nocache', 'express-request-language', 'express-http-context', 'express-session-sequelize', 'connect-timeout'];

const passes = (name) => {
  const make = () => next(name);
  const exports = new Proxy(make, { get: (t, key) => (key === 'default' ? exports : typeof key === 'symbol' || key in t ? t[key] : () => next(name)) });
  return exports;
};

const leavesBody = $.bodyParser !== 1;

const packages = {
  'body-parser': Object.assign(bodyParser('bodyParser', 'application/json', leavesBody), bodyParsersOf(leavesBody)), 'serve-static': serveStatic, compression, helmet, 'express-rate-limit': rateLimit, 'express-session': session, 'cookie-session': cookieSession,
  passport, jsonwebtoken, 'express-jwt': expressjwt, 'express-unless': Object.assign(() => {}, { unless }), 'express-basic-auth': basicAuth, 'http-proxy-middleware': httpProxyMiddleware, 'express-http-proxy': expressHttpProxy, 'http-proxy': httpProxy,
  'serverless-http': Object.assign(adapted, { default: adapted }), '@vendia/serverless-express': vendia, '@codegenie/serverless-express': vendia, 'aws-serverless-express': awsServerlessExpress, 'http-errors': httpErrors, 'express-async-handler': asyncHandler,
  'express-async-errors': asyncErrors, dotenv, 'dotenv/config': {}, 'dotenv-expand': dotenv, 'cookie-parser': cookieParser, debug, vary: Object.assign(http.vary, { append: (h, f) => h + ', ' + f }), 'object-assign': Object.assign,
  'http-status': httpStatus, 'http-status-codes': statusCodes, bluebird, multer,
  'cross-env': {}, 'source-map-support': { install() {} }, 'source-map-support/register': {}, 'reflect-metadata': {}, 'module-alias/register': {}, 'module-alias': Object.assign(() => {}, { addAlias() {}, addAliases() {} }), 'express-validator': undefined,
};
delete packages['express-validator'];
for (const name of passing) packages[name] = passes(name);

module.exports = { packages };
