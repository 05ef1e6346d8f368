// What the modelled packages share, and what a Node program finds around it. It runs once, before everything else, with %go,
// the functions that the machine offers; it returns $ and the functions that the machine calls.

const go = globalThis['%go'];
delete globalThis['%go'];

const $ = {};

// ---- unknown values

$.unknown = (subject, text) => go.unknown(subject, !!text);
$.isUnknown = go.isUnknown;
$.isUnknownText = go.isUnknownText;
$.decide = (value, what) => go.decide(go.describe(value) + ' ' + what);
$.text = String;
$.className = (v) => Object.prototype.toString.call(v).slice(8, -1);
$.rethrow = go.rethrow; // an interruption is no exception that a program may handle

// ---- places: texts that the machine reads. "s7" is a call, "s7.1" its second argument, "l3" an object or array literal,
// "l3.p.origin" a property of it, "l3.v.origin" its value, "l3.2" an element, "p4.120" an offset in the fourth script.

let forced; // the site of the call that a model makes on behalf of the program
let writing; // the places of the header that a model is about to write

// siteHere is the call of one of these names, separated by spaces, that the program has just made; else the place of the call.
$.siteHere = (names) => {
  if (forced !== undefined) return forced;
  const id = go.site(names);
  return id < 0 ? go.caller() : ['s' + id];
};
$.caller = $.siteHere;
$.withSite = (places, run) => {
  const before = forced;
  forced = places;
  try {
    return run();
  } finally {
    forced = before;
  }
};
$.writing = (places, run) => {
  const before = writing;
  writing = places;
  try {
    return run();
  } finally {
    writing = before;
  }
};
// The places of a header that is written now: the call, then the value.
$.places = (names) => {
  if (writing) return writing;
  const at = $.siteHere(names);
  return at.length === 1 && at[0][0] === 's' && !at[0].includes('.') ? [at[0], at[0] + '.1'] : at;
};
// argument is the place of one of several arguments.
$.argument = (places, count, i, skip) => {
  const at = places && places[0];
  return at && at[0] === 's' && !at.includes('.') ? [at + '.' + (i + skip), at] : places;
};
$.property = (object, name) => {
  const id = go.tagOf(object);
  if (id < 0 || !(name in object)) return undefined;
  return { all: 'l' + id + '.p.' + name, value: 'l' + id + '.v.' + name };
};
$.inLiteral = (object, name) => {
  const p = object && typeof object === 'object' && !$.isUnknown(object) ? $.property(object, name) : undefined;
  return p ? [p.all, p.value] : [];
};
// literal is the place of the object literal that made a value.
$.literal = (object) => {
  const id = object && typeof object === 'object' && !$.isUnknown(object) ? go.tagOf(object) : -1;
  return id < 0 ? undefined : ['l' + id];
};
$.element = (list, i) => {
  const id = go.tagOf(list);
  return id < 0 ? [] : ['l' + id + '.' + i];
};

// ---- what the machine learns about the application

const found = (globalThis['%found'] = { applications: [], frameworks: [], routers: [], listening: [], servers: [], facts: [], gaps: [] });

$.applicationMade = (app, places) => {
  app.places_ = places;
  found.applications.push(app);
};
// frameworkMade notes an application of a framework other than express: {name, handler, places, endpoints(), registered()}. A path
// of an endpoint is a pattern in express's manner.
$.frameworkMade = (app) => {
  found.frameworks.push(app);
  return app;
};
$.routerMade = (router, places) => {
  router.places_ = places;
  found.routers.push(router);
};
$.listening = (handler, args, places, app) => {
  const port = args[0] && typeof args[0] === 'object' && !$.isUnknown(args[0]) ? args[0].port : args[0];
  found.listening.push({ handler, port: $.isUnknown(port) ? 0 : Number(port) || 0, places, app });
};
$.serverMade = (server) => found.servers.push(server);
$.used = (router, l, path) => {};
$.routed = (router, route, path, places) => {
  route.places_ = places;
};
$.registered = (route, verb, places) => {
  (route.registered_ = route.registered_ || []).push({ verb, places });
};
$.registeredAll = (route) => {
  route.registered_ = [{ verb: 'all', places: route.registered_[0].places }];
};
$.fact = (kind, subject, text, places) => found.facts.push({ kind, subject: String(subject), text, places });
$.gap = (why, places) => found.gaps.push({ why, places: places || [] });
// optionsFact states the options of a cors() call: those that the package does not know, and the places of all.
$.optionsFact = (name, options, made, known) => {
  found.cors = (found.cors || 0) + 1;
  if (!options || typeof options !== 'object' || $.isUnknown(options)) return;
  $.originOption(options.origin, options);
  for (const key of Object.keys(options)) {
    const place = $.property(options, key);
    if (!known.includes(key)) $.fact('option-unknown', key, name, place ? [place.all] : made);
  }
};
// originOption notes the origins that an option names.
$.originOption = (origin, options, at) => {
  const places = at || ($.property(options, 'origin') ? [$.property(options, 'origin').value] : []);
  if ($.isUnknown(origin)) return;
  if (typeof origin === 'string') {
    if ((origin !== '*' || at) && origin !== '') go.mention('literal', origin, false, places); // an asterisk in a list is compared
  } else if (origin instanceof RegExp) {
    go.mention('pattern', origin.source, origin.flags.includes('i'), places);
  } else if (Array.isArray(origin)) {
    origin.forEach((o, i) => {
      const own = $.element(origin, i);
      $.originOption(o, options, own.length ? own : places);
    });
  }
};

// Headers in a plain object, as functions return them, have the places of its literal, or those that a model gives them.
const headerPlaces = new WeakMap();
$.headerPlace = (headers, name, places) => {
  if (!headerPlaces.has(headers)) headerPlaces.set(headers, {});
  headerPlaces.get(headers)[name] = places;
};
$.placesOfHeader = (headers, name) => (headerPlaces.has(headers) && headerPlaces.get(headers)[name]) || $.inLiteral(headers, name);
$.headersCopy = (headers) => {
  const out = Object.assign({}, headers);
  for (const name of Object.keys(headers)) $.headerPlace(out, name, $.placesOfHeader(headers, name));
  return out;
};

// Adapters make the handler of a function of an application that answers messages.
const adapters = new WeakMap();
$.adapter = (target, app) => {
  const handler = (event, context, callback) => $.require('%lambda').through(target, event, callback);
  adapters.set(handler, { target, app });
  return handler;
};
$.adapted = (fn) => (adapters.has(fn) ? adapters.get(fn).target : undefined);
$.adaptedApplication = (fn) => (adapters.has(fn) ? adapters.get(fn).app : undefined);
// only says that one application is asked for, whatever else there is.
$.only = (app) => {
  found.only = app;
};
// shadow: what a response loses that is another's in the making is lost for that one.
$.shadow = (res) => {
  if (current) res.lost = current.res.lost;
};
$.passedBy = (fn) => go.assume(go.describe(fn), 'module');

const corsMiddleware = new WeakMap();
$.corsMiddleware = (fn, made) => corsMiddleware.set(fn, made);

// ---- one answer

let current; // the request that is being answered

$.entering = (l, req) => {
  if (current && l.places) current.by = l.places;
  if (current && l.routed && l.last) go.quiet(inert(l.handle));
};
$.answered = (places) => {
  if (current && places) current.by = places;
};
$.reached = (router, l, index, req) => {
  if (!current) return;
  let frame = current.frames.find((f) => f.router === router && f.base === req.baseUrl);
  if (!frame) current.frames.push((frame = { router, base: req.baseUrl }));
  frame.index = index;
  frame.path = req.url.split('?')[0];
};
$.unreached = () => {};
// failing notes who raised the error that is handed on: handlers of errors come later, and answer for it.
$.failing = () => {
  if (current && !current.raisedBy) current.raisedBy = current.by;
};
$.unhandled = (err, req) => {
  if (current && err) {
    current.error = err;
    if ($.isUnknown(err)) current.poisoned = current.poisoned || err;
  }
};
$.handlerThrows = (req) => (req.circumstances && req.circumstances.includes('handler-throws') ? new Error('a handler threw') : undefined);
$.befalls = (req, what) => !!req.circumstances && req.circumstances.includes(what);
// sending notes the call by which the program sends a response.
$.sending = (res) => {
  if (!current || res !== current.res) return;
  const id = go.site('end send json jsonp sendStatus sendFile redirect render writeHead status');
  current.sent = forced || (id < 0 ? [] : ['s' + id]);
};
$.ended = (res) => {
  if (current && res === current.res) current.done = true;
};
// poison says that the response depends on something unknown that cannot be followed.
$.poison = (res, what, ...names) => {
  if (current) current.poisoned = { subject: go.describe(what), names };
};
// answersElse says that something unknown answers, beside the headers that are set.
$.answersElse = (res, what) => {
  res.statusCode = 200;
  if (current) current.poisoned = { subject: what, names: [], soft: true };
  res.end();
};
// forward says that what stands behind answers.
$.forward = (res, to, path, places) => {
  if (current && res === current.res) {
    current.forward = { to: String(to), path, places };
    res.finished = res.writableEnded = res.headersSent = true;
    current.done = true;
  }
};

// inert reports whether a handler cannot change a header that matters: then its other branches are of no interest.
const inertBy = new WeakMap();
function inert(fn) {
  if (!inertBy.has(fn)) inertBy.set(fn, !/header|\.set\(|append|vary|redirect|location|cors|writeHead|access-control/i.test(Function.prototype.toString.call(fn)));
  return inertBy.get(fn);
}

// writesLike makes a handler that a model wraps around a function of the program known by that function's text.
$.writesLike = (handler, fn) => {
  inertBy.set(handler, inert(fn));
};

// writesCors reports whether a function is, by its text, one that writes Access-Control headers.
const writesBy = new WeakMap();
function writesCors(fn) {
  if (typeof fn !== 'function' || $.isUnknown(fn)) return false;
  if (corsMiddleware.has(fn)) return true;
  if (!writesBy.has(fn)) writesBy.set(fn, !fn.isRouter && !fn.isApplication && /access-control-allow/i.test(Function.prototype.toString.call(fn)));
  return writesBy.get(fn);
}

// What unknown middleware does is not known. One whose name speaks of access may refuse; any other is taken to hand on.
$.unknownHandler = (fn, l, failing, req, res, next, error) => {
  if (failing) return next(error);
  const name = go.describe(fn);
  if (current) current.by = l.places;
  if (l.routed && l.last) { // a handler: it answers
    if (!res.finished) {
      res.statusCode = 200;
      current.poisoned = current.poisoned || { subject: name, names: [], soft: true };
      res.end();
    }
    return;
  }
  if (go.passes(name)) return next();
  if (/auth(?!or)|jwt|token|session|login|guard|protect|permission|acl|verify|access|secur|passport|role|require|ensure|check/i.test(go.callee(name))) {
    const has = req.headers.authorization !== undefined || req.headers.cookie !== undefined;
    if (!go.decide(name + (has ? ' lets the request pass' : ' lets a request without credentials pass'))) {
      res.statusCode = 401;
      current.poisoned = { subject: name, names: [] };
      return res.end();
    }
    return next();
  }
  go.assume(name, 'module');
  next();
};

// run answers a request. It returns a function that says how far it is; the machine turns the event loop in between.
function run(handler, asked) {
  const http = require_('http');
  const req = new http.IncomingMessage(asked);
  const res = new http.ServerResponse(req);
  current = { req, res, frames: [], by: undefined, done: false };
  go.responding(res);
  const failed = (e) => {
    go.rethrow(e);
    if (!current.done) res.destroy();
  };
  try {
    const r = handler(req, res);
    if (r && !$.isUnknown(r) && typeof r.then === 'function') r.then(undefined, () => {});
  } catch (e) {
    failed(e);
  }
}

const isDone = () => current.done;

// outcome describes the answer.
function outcome() {
  const { res, by, poisoned, forward } = current;
  const lines = [];
  for (const { name, values, places, each } of res.lines.values()) values.forEach((v, i) => lines.push([name, v, (each && each[i]) || places]));
  const out = { status: res.finished || forward ? Number(res.sentStatus === undefined ? res.statusCode : res.sentStatus) || 0 : -1, headers: lines, by: by || [], raised: current.raisedBy || [], sent: current.sent || [], lost: lostOf(res), poisoned: undefined, forward, error: current.error && !$.isUnknown(current.error) ? String(current.error.message || current.error) : '' };
  if (poisoned) out.poisoned = $.isUnknown(poisoned) ? { subject: go.describe(poisoned), names: [] } : poisoned;
  if (!res.finished && !forward) out.headers = [];
  current = undefined;
  return out;
}

// lostOf returns the Access-Control headers that this very response lost: replaced or removed ones, and those of middleware
// that was registered too late to be reached.
function lostOf(res) {
  const out = [];
  const note = (l) => {
    if (/^access-control-/i.test(l.name)) out.push({ name: l.name, value: l.value, at: l.at, by: l.by, why: l.why });
  };
  res.lost.forEach(note);
  if (res.lines.has('access-control-allow-origin')) return out;
  const { frames, req, raisedBy } = current;
  const by = raisedBy || current.by;
  const done = current;
  for (const frame of frames) {
    const rest = frame.router.stack.slice(frame.index);
    for (const l of rest) {
      if (l.route || !writesCors(l.handle)) continue;
      let match;
      try {
        match = l.match(frame.path);
      } catch {
        continue;
      }
      if (!match) continue;
      const other = dry(l.handle, req);
      for (const { name, values, places } of other.lines.values()) note({ name, value: values.join(', '), at: l.places || places, by: by || l.places, why: 'not-reached' });
      break;
    }
  }
  current = done;
  return out;
}

// dry runs a middleware for its headers only.
function dry(handle, req) {
  const http = require_('http');
  const res = Object.create(Object.getPrototypeOf(current.res));
  Object.assign(res, new http.ServerResponse(req));
  current = { req, res, frames: [], done: false };
  try {
    handle(req, res, () => {});
  } catch (e) {
    go.rethrow(e);
  }
  return res;
}

// ---- the event loop, on a clock of its own

let tasks = [];
let serial = 0;
let now = 0;

const schedule = (fn, args, delay) => {
  const task = { fn, args, at: now + Math.max(0, Number(delay) || 0), serial: serial++, unref() { return this; }, ref() { return this; }, hasRef: () => true, refresh() { return this; } };
  if (typeof fn === 'function') tasks.push(task);
  return task;
};

function turn() {
  if (tasks.length === 0) return false;
  let first = 0;
  for (let i = 1; i < tasks.length; i++) {
    if (tasks[i].at < tasks[first].at || (tasks[i].at === tasks[first].at && tasks[i].serial < tasks[first].serial)) first = i;
  }
  const [task] = tasks.splice(first, 1);
  if (task.at > now + 600000) return false; // nobody waits so long
  now = task.at;
  try {
    task.fn(...task.args);
  } catch (e) {
    go.rethrow(e);
    if (current && !current.done) current.res.destroy(); // an uncaught exception ends the process
  }
  return true;
}

const dropTasks = () => {
  tasks = [];
};

const clear = (task) => {
  tasks = tasks.filter((t) => t !== task);
};
const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });

define('setTimeout', (fn, delay, ...args) => schedule(fn, args, delay));
define('setInterval', () => ({ unref() { return this; }, ref() { return this; } }));
define('setImmediate', (fn, ...args) => schedule(fn, args, -1));
define('clearTimeout', clear);
define('clearInterval', () => {});
define('clearImmediate', clear);
define('queueMicrotask', (fn) => void Promise.resolve().then(fn));
define('global', globalThis);
define('awslambda', $.unknown('awslambda')); // by which functions stream their responses

const silent = () => {};
define('console', new Proxy({}, { get: (t, name) => (name in t ? t[name] : silent) }));

// ---- process

const env = new Proxy({}, {
  get: (t, name) => (typeof name === 'symbol' ? undefined : name in t ? t[name] : go.env(name)),
  has: (t, name) => name in t || go.env(name) !== undefined,
  set: (t, name, value) => {
    t[name] = value;
    return true;
  },
});

const process = { env, argv: ['/usr/local/bin/node', go.entry()], argv0: 'node', execArgv: [], title: 'node', pid: 1, ppid: 0, platform: 'linux', arch: 'x64', version: 'v22.0.0',
  versions: { node: '22.0.0' }, release: { name: 'node' }, exitCode: undefined, config: {}, features: {}, stdin: { on: silent, isTTY: false }, stdout: { write: () => true, isTTY: false, on: silent },
  stderr: { write: () => true, isTTY: false, on: silent }, cwd: () => go.cwd(), uptime: () => 1, hrtime: Object.assign(() => [1, 0], { bigint: () => 1n }), memoryUsage: () => ({ heapUsed: 1, rss: 1 }),
  nextTick: (fn, ...args) => void Promise.resolve().then(() => fn(...args)), exit: () => go.exit(), abort: () => go.exit(), kill: silent, umask: () => 18, emitWarning: silent, loadEnvFile: silent,
  getuid: () => 1, cpuUsage: () => ({}), binding: () => ({}), getBuiltinModule: (name) => require_(name) };
for (const name of ['on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'emit', 'prependListener', 'setMaxListeners']) process[name] = () => process;
process.listeners = () => [];
process.listenerCount = () => 0;
define('process', process);

// ---- text that is partly unknown

const contains = go.isUnknown;
const anyUnknown = go.anyUnknown;
const shown = (v) => go.describe(v);

// While the machine watches what the origin is compared with, every test of a text is told to it.
let watching = false;
$.watch = (on) => {
  watching = on;
};
$.isWatching = () => watching;

for (const name of ['includes', 'startsWith', 'endsWith', 'indexOf', 'lastIndexOf', 'match', 'matchAll', 'search', 'split', 'localeCompare', 'charAt', 'charCodeAt', 'slice', 'substring', 'substr', 'at']) {
  const native = String.prototype[name];
  const text = ['charAt', 'slice', 'substring', 'substr', 'at'].includes(name);
  Object.defineProperty(String.prototype, name, { writable: true, configurable: true, value: function (...args) {
    if (watching) go.tested(name, this + '', args[0]);
    if (contains(this + '') || anyUnknown(args)) {
      return $.unknown(shown(this + '') + '.' + name + '(' + args.map(shown).join(', ') + ')', text);
    }
    return native.apply(this, args);
  } });
}

const NativeRegExp = RegExp;
const nativeTest = RegExp.prototype.test;
const matching = (method, pattern, text) => {
  if (watching) go.tested('pattern', text, pattern);
  return contains(text) ? $.unknown(String(pattern) + '.' + method + '(' + shown(text) + ')') : undefined;
};
Object.defineProperty(RegExp.prototype, 'test', { writable: true, configurable: true, value: function (text) {
  const u = matching('test', this, text);
  if (u !== undefined) return u;
  if (!current || !this.global) return nativeTest.call(this, text);
  // With the flag g it goes on where it ended in the request before.
  this.lastIndex = 0;
  const found = nativeTest.call(this, text);
  this.lastIndex = 0;
  return found && go.decide(String(this) + ' begins at the start of the text');
} });
const exec = (object, text) => {
  if (!$.isUnknown(object) && object instanceof NativeRegExp) {
    const u = matching('exec', object, text);
    if (u !== undefined) return u;
  }
  return object.exec(text);
};
// A constructor that is a proxy is none to goja's instanceof.
function PatternOf(pattern, flags) {
  if (contains(pattern) || contains(flags)) return $.unknown('new RegExp(' + shown(pattern) + ')');
  return flags === undefined ? new NativeRegExp(pattern) : new NativeRegExp(pattern, flags);
}
PatternOf.prototype = NativeRegExp.prototype;
Object.defineProperty(PatternOf, 'name', { value: 'RegExp' });
NativeRegExp.prototype.constructor = PatternOf;
PatternOf.escape = (text) => String(text).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
define('RegExp', PatternOf);

const same = (a, b) => go.compare('===', a, b);
for (const [name, find] of [['includes', (list, x) => list.some((v) => same(v, x))], ['indexOf', (list, x) => list.findIndex((v) => same(v, x))]]) {
  const native = Array.prototype[name];
  Object.defineProperty(Array.prototype, name, { writable: true, configurable: true, value: function (...args) {
    if (watching) go.listed(args[0], this);
    if (this && this.length <= 1000 && (anyUnknown(args) || anyUnknown(Array.prototype.slice.call(this)))) return find(Array.prototype.slice.call(this), args[0]);
    return native.apply(this, args);
  } });
}
for (const name of ['some', 'every', 'find', 'findIndex', 'filter', 'findLast']) {
  const native = Array.prototype[name];
  if (!native) continue;
  Object.defineProperty(Array.prototype, name, { writable: true, configurable: true, value: function (fn, ...rest) {
    if (typeof fn !== 'function') return native.call(this, fn, ...rest);
    return native.call(this, function (...args) {
      const r = fn.apply(this, args);
      return typeof r === 'boolean' ? r : go.test(r);
    }, ...rest);
  } });
}
for (const proto of [Set.prototype, Map.prototype]) {
  const native = proto.has;
  Object.defineProperty(proto, 'has', { writable: true, configurable: true, value: function (x) {
    if (watching) go.listed(x, [...this.keys()]);
    if (this.size <= 1000 && (contains(x) || anyUnknown([...this.keys()]))) return [...this.keys()].some((v) => same(v, x));
    return native.call(this, x);
  } });
}
for (const name of ['parseInt', 'parseFloat']) {
  const native = globalThis[name];
  define(name, (...args) => (anyUnknown(args) ? $.unknown(name + '(' + args.map(shown).join(', ') + ')') : native(...args)));
}
Number.parseInt = parseInt;
Number.parseFloat = parseFloat;
const nativeParse = JSON.parse;
JSON.parse = (text, ...rest) => (contains(text) ? $.unknown('JSON.parse(' + shown(text) + ')') : nativeParse(text, ...rest));

// An object that takes over everything of an unknown one is unknown where it says nothing itself.
const rest = Symbol('rest of');
$.rest = (object) => (object && typeof object === 'object' ? object[rest] : undefined);
// Decorators change a class or a member; unknown ones leave it as it is.
const decorate = (decorators, target, key, kind) => {
  let result = kind > 1 ? undefined : kind ? Object.getOwnPropertyDescriptor(target, key) : target;
  for (let i = decorators.length - 1; i >= 0; i--) {
    const decorator = decorators[i];
    if (!decorator || $.isUnknown(decorator)) continue;
    const made = kind ? decorator(target, key, result) : decorator(result);
    if (made && !$.isUnknown(made)) result = made;
  }
  if (kind && result) Object.defineProperty(target, key, result);
  return result;
};
const meta = (filename) => ({ url: 'file://' + filename, filename, dirname: filename.replace(/\/[^/]*$/, ''), main: filename === go.entry(), resolve: (name) => name });
const spread = (value) => ($.isUnknown(value) ? { [rest]: value } : value);
const nativeAssign = Object.assign;
Object.assign = (target, ...sources) => nativeAssign(target, ...sources.map((s) => ($.isUnknown(s) && typeof s !== 'string' ? { [rest]: s } : s)));
// https://nodejs.org/api/errors.html#errorcapturestacktracetargetobject-constructoropt; no answer depends on a stack.
Error.captureStackTrace = () => {};

// ---- modules

const cache = new Map();
const NativePromise = Promise;
let require_ = (name) => {
  if (cache.has(name)) return cache.get(name).exports;
  const load = go.builtin(name);
  if (!load) return undefined;
  const module = { exports: {} };
  cache.set(name, module);
  load(module.exports, require_, module, $, NativePromise);
  return module.exports;
};
$.require = require_;

// What "import" makes of a module: its default export is the module itself, unless it was an ES module before.
const wrapped = new WeakMap();
const importing = (module) => {
  if ($.isUnknown(module)) return module;
  if (module === null || (typeof module !== 'object' && typeof module !== 'function')) return { default: module };
  if (module.__esModule) return module;
  if (!wrapped.has(module)) {
    const out = {};
    for (const key of Object.getOwnPropertyNames(module)) {
      if (key !== 'default') Object.defineProperty(out, key, { get: () => module[key], enumerable: true, configurable: true });
    }
    Object.defineProperty(out, 'default', { get: () => module, enumerable: true });
    wrapped.set(module, out);
  }
  return wrapped.get(module);
};

return { $, run, isDone, outcome, turn, dropTasks, importing, spread, exec, meta, decorate, rest, require: require_ };
