// Express 4 and 5: applications, routers, requests and responses, as far as they decide which handlers run and what headers
// and status an answer has.

const http = require('http');
const { compile4, compile5 } = require('%paths');

const verbs = http.METHODS.map((m) => m.toLowerCase());

const { encodeUrl } = http;
const isUnknown = $.isUnknown;

// ---- layers: one function under one path

function layer(router, path, options, handle) {
  const compile = router.major === 5 ? compile5 : compile4;
  const match = isUnknown(path) ? () => ($.decide(path, 'is the path') ? { path: '', params: {}, keys: [] } : null)
    : compile(path, { sensitive: !!router.caseSensitive, strict: !!router.strict && options.end, end: options.end });
  // An expression of the program may keep state, and an unknown path is decided upon: those are asked each time.
  const fixed = [].concat(path).flat(Infinity).every((p) => typeof p === 'string' && !isUnknown(p));
  return { path, handle, match, fixed, route: undefined, places: options.places, name: handle.name };
}

const maxPaths = 1000; // whose layers a router remembers

// layersFor returns the numbers of a router's layers that may match a path, in order. Most paths are asked many times, from other
// origins and with other methods.
function layersFor(router, path) {
  const { stack } = router;
  let known = router.known;
  if (!known || known.of !== stack || known.length !== stack.length || known.paths.size >= maxPaths) {
    known = router.known = { of: stack, length: stack.length, paths: new Map() };
  }
  let found = known.paths.get(path);
  if (!found) {
    found = [];
    for (let i = 0; i < stack.length; i++) if (!stack[i].fixed || mayMatch(stack[i], path)) found.push(i);
    known.paths.set(path, found);
  }
  return found;
}

function mayMatch(l, path) {
  try {
    return l.match(path) !== null;
  } catch (e) {
    $.rethrow(e);
    return true; // it throws again for whoever asks
  }
}

// call runs a handler; what it throws goes to next. Express 5 also takes a promise that is rejected.
function call(router, l, error, req, res, next) {
  const fn = l.handle;
  const failing = error !== undefined && error !== null;
  if (isUnknown(fn)) return $.unknownHandler(fn, l, failing, req, res, next, error);
  if (failing ? fn.length !== 4 : fn.length > 3) return next(failing ? error : undefined);
  $.entering(l, req, res);
  try {
    const result = failing ? fn(error, req, res, next) : fn(req, res, next);
    if (router.major === 5 && result && !isUnknown(result) && typeof result.then === 'function') {
      result.then(undefined, (e) => next(e || new Error('Rejected promise')));
    }
  } catch (e) {
    $.rethrow(e);
    next(e);
  }
}

// ---- routes: the handlers of one path, by method

class Route {
  constructor(path, router) {
    this.path = path;
    this.router = router;
    this.stack = [];
    this.methods = {};
    for (const verb of [...verbs, 'all']) {
      this[verb] = (...handlers) => {
        const places = $.siteHere(verb);
        this.add(verb, handlers.flat(Infinity), places, 0);
        return this;
      };
    }
  }
  add(verb, handlers, places, skip) {
    if (handlers.length === 0) throw new Error('Route.' + verb + '() requires a callback function but got a [object Undefined]');
    handlers.forEach((handle, i) => {
      if (typeof handle !== 'function') throw new TypeError('Route.' + verb + '() requires a callback function but got a [object ' + $.className(handle) + ']');
      const l = { handle, method: verb === 'all' ? undefined : verb, places: $.argument(places, handlers.length, i, skip), name: handle.name, last: i === handlers.length - 1, routed: true };
      if (verb === 'all') this.methods._all = true;
      else this.methods[verb] = true;
      this.stack.push(l);
    });
    $.registered(this, verb, places);
  }
  handles(method) {
    if (this.methods._all) return true;
    let name = method.toLowerCase();
    if (name === 'head' && !this.methods.head) name = 'get';
    return !!this.methods[name];
  }
  names() {
    const out = Object.keys(this.methods).filter((m) => m !== '_all');
    if (this.methods.get && !this.methods.head) out.push('head');
    return out.map((m) => m.toUpperCase());
  }
  dispatch(req, res, done) {
    let i = 0;
    let method = req.method.toLowerCase();
    if (method === 'head' && !this.methods.head) method = 'get';
    req.route = this;
    const next = (err) => {
      if (err === 'route') return done();
      if (err === 'router') return done(err);
      let l;
      do {
        if (i >= this.stack.length) return done(err);
        l = this.stack[i++];
      } while (l.method && l.method !== method);
      if (l.last && !err) {
        const thrown = $.handlerThrows(req);
        if (thrown) return next(thrown);
      }
      call(this.router, l, err || undefined, req, res, next);
    };
    next();
  }
}

// ---- routers

const RouterProto = Object.create(Function.prototype);

function makeRouter(major, options) {
  const router = function router(req, res, next) {
    router.handle(req, res, next);
  };
  Object.setPrototypeOf(router, RouterProto);
  const o = options || {};
  router.major = major;
  router.caseSensitive = o.caseSensitive;
  router.strict = o.strict;
  router.mergeParams = o.mergeParams;
  router.stack = [];
  router.params = {};
  router.isRouter = true;
  return router;
}

function functionsOf(path, args, what) {
  let at = '/';
  let skip = 0;
  let first = args[0];
  while (Array.isArray(first) && first.length) first = first[0];
  if (typeof first !== 'function' || (isUnknown(first) && args.length > 1 && $.isUnknownText(first))) {
    at = args[0];
    skip = 1;
  }
  const fns = args.slice(skip).flat(Infinity);
  if (fns.length === 0) throw new TypeError(what + ' requires a middleware function');
  return { at, fns, skip };
}

Object.assign(RouterProto, {
  use(...args) {
    const places = $.siteHere('use');
    return this.useAt(args, places);
  },
  useAt(args, places) {
    const { at, fns, skip } = functionsOf('/', args, 'Router.use()');
    fns.forEach((fn, i) => {
      if (typeof fn !== 'function') throw new TypeError('Router.use() requires a middleware function but got a ' + $.className(fn));
      const l = layer(this, at, { end: false, places: $.argument(places, fns.length, i, skip) }, fn);
      l.middleware = true;
      this.stack.push(l);
      $.used(this, l, at);
    });
    return this;
  },
  route(path) {
    const places = $.siteHere('route ' + verbs.join(' ') + ' all');
    const route = new Route(path, this);
    const l = layer(this, path, { end: true, places }, function handle(req, res, next) {
      route.dispatch(req, res, next);
    });
    l.route = route;
    this.stack.push(l);
    $.routed(this, route, path, places);
    return route;
  },
  param(name, fn) {
    if (typeof name !== 'string') return this;
    const key = name[0] === ':' ? name.slice(1) : name;
    (this.params[key] = this.params[key] || []).push(fn);
    return this;
  },
  handle(req, res, out) {
    const self = this;
    const major = this.major;
    let index = 0;
    let removed = '';
    let slashAdded = false;
    const called = {};
    const offered = [];
    let offeredBy;
    const stack = this.stack;
    const parentParams = req.params;
    const parentUrl = req.baseUrl || '';
    const saved = [req.baseUrl, req.next, req.params];
    const leave = (err) => {
      [req.baseUrl, req.next, req.params] = saved;
      if (req.method === 'OPTIONS' && !err && offered.length > 0) {
        try {
          const allow = major === 5 ? [...new Set(offered)].sort().join(', ') : [...new Set(offered)].join(',');
          $.answered(offeredBy); // express itself, for the route that has no handler for it
          $.unreached(self, stack, index, req, res);
          if (major === 5) {
            res.setHeader('Allow', allow);
            $.writing([], () => {
              res.setHeader('Content-Length', '1');
              res.setHeader('Content-Type', 'text/plain');
              res.setHeader('X-Content-Type-Options', 'nosniff');
            });
            res.end(allow);
          } else {
            res.set('Allow', allow);
            res.send(allow);
          }
        } catch (e) {
          out(e);
        }
        return;
      }
      out(err);
    };
    req.baseUrl = parentUrl;
    req.originalUrl = req.originalUrl || req.url;

    function next(err) {
      let error = err === 'route' ? null : err;
      if (error && error !== 'router') $.failing();
      if (slashAdded) {
        if (major === 4 || req.url === '/' || req.url.startsWith('/?') || (removed.endsWith('/') && req.url[0] === '/')) req.url = req.url.slice(1);
        slashAdded = false;
      }
      if (removed) {
        req.baseUrl = parentUrl;
        req.url = removed + req.url;
        removed = '';
      }
      if (error === 'router') return void setImmediate(leave, null);
      if (index >= stack.length) return void setImmediate(leave, error);
      const path = req.url.split('?')[0];
      let l, match, route;
      const numbers = layersFor(self, path);
      for (let n = 0; !match; n++) {
        while (numbers[n] < index) n++;
        if (n >= numbers.length) {
          index = stack.length;
          break;
        }
        l = stack[numbers[n]];
        index = numbers[n] + 1;
        route = l.route;
        try {
          match = l.match(path);
        } catch (e) {
          $.rethrow(e);
          error = error || e;
          match = null;
        }
        if (!match || !route) continue;
        if (error) {
          match = null;
          continue;
        }
        const handles = route.handles(req.method);
        if (!handles && req.method === 'OPTIONS') {
          offered.push(...route.names());
          offeredBy = offeredBy || l.places;
        }
        if (!handles && req.method !== 'HEAD') match = null;
      }
      if (!match) return leave(error);
      if (route) req.route = route;
      req.params = self.mergeParams ? merged(match.params, parentParams) : match.params;
      if (!error) $.reached(self, l, index, req, res);
      parameters(self, match.keys, called, req, res, (e) => {
        if (e) return next(error || e);
        if (route) return call(self, l, undefined, req, res, next);
        trim(l, error, match.path, path);
      });
    }

    function trim(l, error, prefix, path) {
      if (prefix.length) {
        if (prefix !== path.slice(0, prefix.length)) return next(error);
        const c = path[prefix.length];
        if (c && c !== '/' && !(major === 4 && c === '.')) return next(error);
        removed = prefix;
        req.url = req.url.slice(removed.length);
        if (req.url[0] !== '/') {
          req.url = '/' + req.url;
          slashAdded = true;
        }
        req.baseUrl = parentUrl + (removed.endsWith('/') ? removed.slice(0, -1) : removed);
      }
      call(self, l, error || undefined, req, res, next);
    }

    req.next = next;
    next();
  },
});

for (const verb of [...verbs, 'all']) {
  RouterProto[verb] = function (path, ...handlers) {
    const places = $.siteHere(verb);
    const route = $.withSite(places, () => this.route(path));
    route.add(verb, handlers.flat(Infinity), places, 1);
    return this;
  };
}
RouterProto.del = RouterProto.delete;

function merged(params, parent) {
  if (typeof parent !== 'object' || !parent) return params;
  const out = Object.assign({}, parent);
  if (!(0 in params) || !(0 in parent)) return Object.assign(out, params);
  let have = 0;
  while (have in parent) have++;
  for (const key of Object.keys(params)) out[/^\d+$/.test(key) ? Number(key) + have : key] = params[key];
  return out;
}

// parameters runs the callbacks of param().
function parameters(router, keys, called, req, res, done) {
  let i = 0;
  const param = (err) => {
    if (err) return done(err);
    if (i >= keys.length) return done();
    const name = keys[i++];
    const value = req.params[name];
    const callbacks = router.params[name];
    if (value === undefined || !callbacks) return param();
    const before = called[name];
    if (before && (before.match === value || (before.error && before.error !== 'route'))) {
      req.params[name] = before.value;
      return param(before.error);
    }
    const state = (called[name] = { error: null, match: value, value });
    let j = 0;
    const next = (e) => {
      const fn = callbacks[j++];
      state.value = req.params[name];
      if (e) {
        state.error = e;
        return param(e);
      }
      if (!fn) return param();
      try {
        const result = fn(req, res, next, value, name);
        if (router.major === 5 && result && !isUnknown(result) && typeof result.then === 'function') result.then(undefined, (x) => next(x || new Error('Rejected promise')));
      } catch (x) {
        $.rethrow(x);
        next(x);
      }
    };
    next();
  };
  param();
}

// ---- requests

function decorateRequest(request) {
  const get = function (name) {
    const key = String(name).toLowerCase();
    if (key === 'referer' || key === 'referrer') return this.headers.referrer || this.headers.referer;
    return this.headers[key];
  };
  Object.assign(request, {
    get, header: get,
    accepts(...types) {
      const list = types.flat();
      const accept = this.headers.accept;
      if (!accept || accept.includes('*/*')) return list.length ? list[0] : ['*/*'];
      return list.find((t) => accept.includes(t)) || false;
    },
    acceptsEncodings: () => false, acceptsCharsets: (...c) => c[0], acceptsLanguages: (...l) => l[0],
    is(...types) {
      const type = this.headers['content-type'];
      if (!type || !this.headers['content-length'] && !this.headers['transfer-encoding']) return this.headers['transfer-encoding'] || this.headers['content-length'] ? false : null;
      return types.flat().find((t) => type.includes(t)) || false;
    },
    param(name, fallback) {
      for (const from of [this.params, this.body, this.query]) if (from && from[name] !== undefined) return from[name];
      return fallback;
    },
    range: () => undefined,
  });
  const getter = (name, fn) => Object.defineProperty(request, name, { get: fn, set(v) { Object.defineProperty(this, name, { value: v, writable: true, configurable: true }); }, configurable: true });
  getter('path', function () { return this.url.split('?')[0]; });
  getter('query', function () { return $.query(this.url); });
  getter('protocol', function () { return this.socket.encrypted || (this.app && this.app.enabled('trust proxy') && this.headers['x-forwarded-proto'] === 'https') ? 'https' : 'http'; });
  getter('secure', function () { return this.protocol === 'https'; });
  const authority = (req) => {
    const forwarded = req.app && req.app.enabled('trust proxy') && req.headers['x-forwarded-host'];
    return forwarded ? forwarded.split(',')[0].trim() : req.headers.host || '';
  };
  getter('hostname', function () { return authority(this).replace(/:\d+$/, ''); });
  getter('host', function () { return this.app && this.app.major === 5 ? authority(this) : this.hostname; });
  getter('ip', function () { return '127.0.0.1'; });
  getter('ips', function () { return []; });
  getter('subdomains', function () { return this.hostname.split('.').slice(0, -2).reverse(); });
  getter('xhr', function () { return (this.headers['x-requested-with'] || '').toLowerCase() === 'xmlhttprequest'; });
  getter('fresh', function () { return false; });
  getter('stale', function () { return true; });
}

// ---- responses

const types = { txt: 'text/plain', text: 'text/plain', html: 'text/html', json: 'application/json', xml: 'application/xml', css: 'text/css', js: 'text/javascript',
  bin: 'application/octet-stream', png: 'image/png', svg: 'image/svg+xml', jpg: 'image/jpeg', pdf: 'application/pdf', csv: 'text/csv' };

function decorateResponse(response, major) {
  const header = function (...given) {
    const [name, value] = given;
    const places = $.siteHere('set header');
    return $.withSite(places, () => {
      if (given.length === 2) {
        const isType = name.toLowerCase() === 'content-type';
        if (isType && Array.isArray(value)) throw new TypeError('Content-Type cannot be set to an Array');
        this.setHeader(name, Array.isArray(value) ? value.map($.text) : $.text(value));
      } else {
        for (const key in name) $.writing([...$.inLiteral(name, key), ...places], () => this.setHeader(key, Array.isArray(name[key]) ? name[key].map($.text) : $.text(name[key])));
      }
      return this;
    });
  };
  Object.assign(response, {
    set: header, header,
    get(name) { return this.getHeader(name); },
    append(name, value) {
      const places = $.siteHere('append');
      const old = this.getHeader(name);
      return this.adding(name, places, () => this.set(name, old ? [].concat(old, value) : value));
    },
    status(code) {
      if (isUnknown(code)) return this; // which one makes no difference to what a page may read
      if (major === 5 && !isUnknown(code)) {
        if (!Number.isInteger(code)) throw new TypeError('Invalid status code: ' + JSON.stringify(code) + '. Status code must be an integer.');
        if (code < 100 || code > 999) throw new RangeError('Invalid status code: ' + JSON.stringify(code) + '. Status code must be greater than 99 and less than 1000.');
      }
      this.statusCode = code;
      return this;
    },
    sendStatus(code) {
      if (major === 5) this.status(code);
      else if (!isUnknown(code)) this.statusCode = code;
      this.type('txt');
      return this.send(http.STATUS_CODES[code] || String(code));
    },
    type(name) {
      return $.writing([], () => this.set('Content-Type', name.includes('/') ? name : types[name.replace(/^\./, '')] || 'application/octet-stream'));
    },
    contentType(name) { return this.type(name); },
    links() { return this; },
    vary(field) {
      const places = $.siteHere('vary');
      if (major === 4 && (!field || (Array.isArray(field) && !field.length))) return this;
      $.writing(places, () => http.vary(this, field));
      return this;
    },
    send(body, other) {
      let chunk = body;
      if (major === 4) {
        if (arguments.length === 2) {
          if (typeof body !== 'number' && typeof other === 'number') this.statusCode = other;
          else [this.statusCode, chunk] = [body, other];
        } else if (typeof chunk === 'number') {
          this.statusCode = chunk;
          chunk = http.STATUS_CODES[chunk];
        }
      }
      if (!isUnknown(chunk) && (typeof chunk === 'number' || typeof chunk === 'boolean' || (typeof chunk === 'object' && chunk !== null && !ArrayBuffer.isView(chunk)))) return this.json(chunk);
      $.writing([], () => {
        if (chunk !== undefined) {
          if (!this.getHeader('Content-Type')) this.setHeader('Content-Type', 'text/html; charset=utf-8');
          this.setHeader('Content-Length', '1');
        }
        if (this.statusCode === 204 || this.statusCode === 304) {
          this.removeHeader('Content-Type');
          this.removeHeader('Content-Length');
        }
      });
      this.end();
      return this;
    },
    json(value, other) {
      if (major === 4 && arguments.length === 2) {
        if (typeof other === 'number') this.statusCode = other;
        else [this.statusCode, value] = [value, other];
      }
      if (!isUnknown(value)) JSON.stringify(value); // it may throw
      if (!this.getHeader('Content-Type')) $.writing([], () => this.set('Content-Type', 'application/json'));
      return this.send('{}');
    },
    jsonp(value, other) { return arguments.length === 2 ? this.json(value, other) : this.json(value); },
    location(url) {
      const places = $.siteHere('location redirect');
      let to = url;
      if (major === 4 && !isUnknown(url) && url === 'back') to = this.req.get('Referrer') || '/';
      return $.writing(places, () => this.set('Location', encodeUrl(to)));
    },
    redirect(status, url) {
      const places = $.siteHere('redirect');
      let code = 302;
      let to = status;
      if (arguments.length === 2) {
        if (major === 5 || typeof status === 'number') [code, to] = [status, url];
        else code = url;
      }
      $.withSite(places, () => this.location(to));
      const type = this.req.accepts('text', 'html');
      $.writing(places, () => http.vary(this, 'Accept'));
      if (type) this.type(type);
      if (major === 5) this.status(code);
      else this.statusCode = code;
      $.writing([], () => this.setHeader('Content-Length', '1'));
      $.withSite(places, () => this.end());
    },
    format(handlers) {
      const places = $.siteHere('format');
      const keys = Object.keys(handlers).filter((k) => k !== 'default');
      const key = keys.length > 0 ? this.req.accepts(keys) : false;
      $.writing(places, () => http.vary(this, 'Accept'));
      if (key) {
        this.type(key);
        handlers[key](this.req, this, this.req.next);
      } else if (handlers.default) handlers.default(this.req, this, this.req.next);
      else this.req.next(Object.assign(new Error('Not Acceptable'), { status: 406, statusCode: 406 }));
      return this;
    },
    cookie(name, value) { return $.writing([], () => this.append('Set-Cookie', String(name) + '=' + $.text(value))); },
    clearCookie(name) { return this.cookie(name, ''); },
    attachment() { return $.writing([], () => this.set('Content-Disposition', 'attachment')); },
    sendFile(...args) { return sendsFile(this, args); },
    sendfile(...args) { return sendsFile(this, args); },
    download(...args) {
      this.attachment();
      return sendsFile(this, args);
    },
    render(name, ...rest) {
      const callback = rest.find((a) => typeof a === 'function');
      if (callback) return callback(null, '<p>');
      return this.send('<p>');
    },
  });
}

// A file that the application names is taken to be there.
function sendsFile(res, args) {
  const callback = args.find((a) => typeof a === 'function');
  if (res.finished) return;
  $.writing([], () => {
    if (!res.getHeader('Content-Type')) res.setHeader('Content-Type', 'application/octet-stream');
    res.setHeader('Cache-Control', 'public, max-age=0');
    res.setHeader('Accept-Ranges', 'bytes');
  });
  res.end();
  if (callback) setImmediate(callback);
}

// ---- applications

const applicationProto = {
  init() {},
  set(name, value) {
    if (arguments.length === 1) return this.settings[name];
    this.settings[name] = value;
    if (name === 'case sensitive routing' && this.router_) this.router_.caseSensitive = value;
    if (name === 'strict routing' && this.router_) this.router_.strict = value;
    return this;
  },
  enabled(name) { return !!this.settings[name]; },
  disabled(name) { return !this.settings[name]; },
  enable(name) { return this.set(name, true); },
  disable(name) { return this.set(name, false); },
  path() { return this.parent ? this.parent.path() + this.mountpath : ''; },
  engine() { return this; },
  // The router is made when it is needed first: settings before that count.
  routing() {
    if (!this.router_) {
      this.router_ = makeRouter(this.major, { caseSensitive: this.enabled('case sensitive routing'), strict: this.enabled('strict routing') });
      this.router_.app = this;
    }
    return this.router_;
  },
  use(...args) {
    const places = $.siteHere('use');
    const { at, fns, skip } = functionsOf('/', args, 'app.use()');
    const router = this.routing();
    fns.forEach((fn, i) => {
      const place = $.argument(places, fns.length, i, skip);
      if (!fn || isUnknown(fn) || !fn.isApplication) return router.useAt([at, fn], place);
      fn.mountpath = at;
      fn.parent = this;
      const mounted = function mounted_app(req, res, next) {
        const before = [req.app, res.app];
        fn.handle(req, res, (err) => {
          [req.app, res.app] = before;
          next(err);
        });
      };
      mounted.application = fn;
      router.useAt([at, mounted], place);
      fn.emit('mount', this);
    });
    return this;
  },
  route(path) { return $.withSite($.siteHere('route'), () => this.routing().route(path)); },
  param(name, fn) {
    for (const n of [].concat(name)) this.routing().param(n, fn);
    return this;
  },
  all(path, ...handlers) {
    const places = $.siteHere('all');
    const route = $.withSite(places, () => this.routing().route(path));
    if (this.major === 5) route.add('all', handlers.flat(Infinity), places, 1);
    else for (const verb of verbs) route.add(verb, handlers.flat(Infinity), places, 1);
    if (this.major === 4) $.registeredAll(route);
    return this;
  },
  handle(req, res, callback) {
    req.app = res.app = this;
    if (this.major === 5 || this.router_) {
      if (this.enabled('x-powered-by')) $.writing([], () => res.setHeader('X-Powered-By', 'Express'));
    }
    const done = callback || finalHandler(req, res);
    if (!this.router_) return done();
    this.router_.handle(req, res, done);
  },
  listen(...args) {
    const places = $.caller('listen');
    $.listening((req, res) => this(req, res), args, places, this);
    const callback = args.find((a) => typeof a === 'function');
    const server = http.createServer();
    if (callback) setImmediate(() => callback.call(server));
    return server;
  },
  render(name, ...rest) {
    const callback = rest.find((a) => typeof a === 'function');
    if (callback) callback(null, '<p>');
  },
};

for (const verb of verbs) {
  applicationProto[verb] = function (path, ...handlers) {
    if (verb === 'get' && handlers.length === 0) return this.set(path);
    const places = $.siteHere(verb);
    const route = $.withSite(places, () => this.routing().route(path));
    route.add(verb, handlers.flat(Infinity), places, 1);
    return this;
  };
}
applicationProto.del = applicationProto.delete;

// finalHandler answers what nobody answered, and errors that nobody handled. Headers that are set stay.
function finalHandler(req, res) {
  return (err) => {
    if (!err && res.headersSent) return;
    if (res.headersSent) return void res.destroy();
    let status = 404;
    let headers;
    if (err) {
      const own = [err.status, err.statusCode].find((s) => typeof s === 'number' && s >= 400 && s < 600);
      if (own !== undefined) {
        status = own;
        headers = err.headers;
      } else {
        status = typeof res.statusCode === 'number' && res.statusCode >= 400 && res.statusCode <= 599 ? res.statusCode : 500;
      }
    }
    $.unhandled(err, req, res);
    res.statusCode = status;
    $.writing([], () => {
      for (const name of ['Content-Encoding', 'Content-Language', 'Content-Range']) res.removeHeader(name);
      for (const name of Object.keys((headers && typeof headers === 'object' && headers) || {})) res.setHeader(name, headers[name]);
      res.setHeader('Content-Security-Policy', "default-src 'none'");
      res.setHeader('X-Content-Type-Options', 'nosniff');
      res.setHeader('Content-Type', 'text/html; charset=utf-8');
    });
    res.end();
  };
}

function make(major) {
  const EventEmitter = require('events');
  const request = Object.create(http.IncomingMessage.prototype);
  const response = Object.create(http.ServerResponse.prototype);
  decorateRequest(request);
  decorateResponse(response, major);

  function express() {
    const app = function (req, res, next) {
      if (Object.getPrototypeOf(req) !== request && !Object.prototype.isPrototypeOf.call(request, req)) {
        Object.setPrototypeOf(req, app.request);
        Object.setPrototypeOf(res, app.response);
      }
      app.handle(req, res, next);
    };
    for (const name of Object.getOwnPropertyNames(EventEmitter.prototype)) if (name !== 'constructor') app[name] = EventEmitter.prototype[name];
    Object.assign(app, applicationProto);
    app.isApplication = true;
    app.major = major;
    app.settings = { 'x-powered-by': true, etag: 'weak', 'trust proxy': false, 'subdomain offset': 2 };
    let env; // asked for only when the program asks
    Object.defineProperty(app.settings, 'env', { get: () => env || process.env.NODE_ENV || 'development', set: (v) => { env = v; }, enumerable: true });
    app.locals = Object.create(null);
    app.locals.settings = app.settings;
    app.mountpath = '/';
    app.request = Object.create(request, { app: { value: app, writable: true, configurable: true } });
    app.response = Object.create(response, { app: { value: app, writable: true, configurable: true } });
    Object.defineProperty(app, major === 5 ? 'router' : '_router', { get() { return major === 5 ? app.routing() : app.router_; }, configurable: true });
    $.applicationMade(app, $.caller('express'));
    return app;
  }
  express.application = applicationProto;
  express.request = request;
  express.response = response;
  express.Router = function Router(options) {
    const router = makeRouter(major, options);
    $.routerMade(router, $.caller('Router'));
    return router;
  };
  express.Route = Route;
  const { bodyParsers, serveStatic } = require('%middleware');
  Object.assign(express, bodyParsers, { static: serveStatic });
  return express;
}

module.exports = { make, finalHandler };
