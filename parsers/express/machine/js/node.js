// The modules of Node that a program needs to start: small, without a file, a network or a process behind them. What is not
// here is unknown.

const slash = (p) => String(p);

function normalize(path) {
  const text = slash(path);
  const absolute = text[0] === '/';
  const out = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && out.length && out[out.length - 1] !== '..') out.pop();
    else if (part !== '..' || !absolute) out.push(part);
  }
  const trailing = text.endsWith('/') && out.length ? '/' : '';
  return (absolute ? '/' : '') + out.join('/') + trailing || (absolute ? '/' : '.');
}

const path = {
  sep: '/', delimiter: ':', normalize,
  join: (...parts) => normalize(parts.filter((p) => p !== '').join('/')),
  resolve: (...parts) => {
    let out = '';
    for (const p of [process.cwd(), ...parts]) if (p !== '') out = slash(p)[0] === '/' ? p : out + '/' + p;
    out = normalize(out);
    return out.length > 1 && out.endsWith('/') ? out.slice(0, -1) : out;
  },
  dirname: (p) => {
    const i = slash(p).replace(/\/+$/, '').lastIndexOf('/');
    return i < 0 ? '.' : i === 0 ? '/' : slash(p).slice(0, i);
  },
  basename: (p, ext) => {
    const base = slash(p).replace(/\/+$/, '').split('/').pop();
    return ext && base.endsWith(ext) ? base.slice(0, -ext.length) : base;
  },
  extname: (p) => {
    const m = /[^/.]+(\.[^./]*)$/.exec(slash(p));
    return m ? m[1] : '';
  },
  isAbsolute: (p) => slash(p)[0] === '/',
  relative: (from, to) => to,
  parse: (p) => ({ root: slash(p)[0] === '/' ? '/' : '', dir: path.dirname(p), base: path.basename(p), ext: path.extname(p), name: path.basename(p, path.extname(p)) }),
  format: (o) => (o.dir ? o.dir + '/' : '') + (o.base || (o.name || '') + (o.ext || '')),
};
path.posix = path.win32 = path;

// The files of the project can be read, and nothing else.
const missing = (name) => Object.assign(new Error("ENOENT: no such file or directory, open '" + name + "'"), { code: 'ENOENT', errno: -2, syscall: 'open', path: name });
const fs = new Proxy({
  existsSync: (name) => ($.isUnknown(name) ? $.unknown('fs.existsSync()') : $.files.has(slash(name))),
  readFileSync: (name, options) => {
    if ($.isUnknown(name)) return $.unknown('fs.readFileSync()', true);
    const text = $.files.read(slash(name));
    return text === undefined ? $.unknown('the file ' + path.basename(name), true) : text;
  },
  readdirSync: (name) => ($.isUnknown(name) ? $.unknown('fs.readdirSync()') : $.files.list(slash(name))),
  statSync: (name) => ({ isFile: () => $.files.has(slash(name)), isDirectory: () => !$.files.has(slash(name)), size: 1, mtime: new Date(0) }),
  mkdirSync: () => undefined, writeFileSync: () => undefined, accessSync: () => undefined, unlinkSync: () => undefined, appendFileSync: () => undefined,
}, { get: (t, name) => (name in t ? t[name] : typeof name === 'symbol' ? undefined : $.unknown('fs.' + name)) });

// ---- URLs: the WHATWG parser is the machine's.

class URLSearchParams {
  constructor(init) {
    this.list = [];
    if (typeof init === 'string') {
      for (const pair of init.replace(/^\?/, '').split('&')) {
        if (!pair) continue;
        const [k, ...v] = pair.split('=');
        this.list.push([unescaped(k), unescaped(v.join('='))]);
      }
    } else if (init && typeof init[Symbol.iterator] === 'function') {
      for (const [k, v] of init) this.list.push([String(k), String(v)]);
    } else if (init) for (const k of Object.keys(init)) this.list.push([k, String(init[k])]);
  }
  get(name) {
    const found = this.list.find(([k]) => k === name);
    return found ? found[1] : null;
  }
  getAll(name) { return this.list.filter(([k]) => k === name).map(([, v]) => v); }
  has(name) { return this.list.some(([k]) => k === name); }
  append(name, value) { this.list.push([name, String(value)]); }
  set(name, value) {
    this.delete(name);
    this.append(name, value);
  }
  delete(name) { this.list = this.list.filter(([k]) => k !== name); }
  forEach(fn) { for (const [k, v] of this.list) fn(v, k, this); }
  entries() { return this.list[Symbol.iterator](); }
  keys() { return this.list.map(([k]) => k)[Symbol.iterator](); }
  values() { return this.list.map(([, v]) => v)[Symbol.iterator](); }
  [Symbol.iterator]() { return this.entries(); }
  toString() { return this.list.map(([k, v]) => encodeURIComponent(k) + '=' + encodeURIComponent(v)).join('&'); }
}

function unescaped(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    return text;
  }
}

class URL {
  constructor(url, base) {
    if ($.isUnknown(url) || $.isUnknown(base)) return $.unknown('new URL(' + $.describe(url) + ')');
    const parts = $.parseURL(String(url), base === undefined ? undefined : String(base));
    if (!parts) throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: String(url) });
    Object.assign(this, parts);
    this.searchParams = new URLSearchParams(this.search);
  }
  toString() { return this.href; }
  toJSON() { return this.href; }
  static canParse(url, base) { return !!$.parseURL(String(url), base === undefined ? undefined : String(base)); }
  static parse(url, base) { return URL.canParse(url, base) ? new URL(url, base) : null; }
}

const urlModule = {
  URL, URLSearchParams,
  fileURLToPath: (u) => String(u.href || u).replace(/^file:\/\//, ''),
  pathToFileURL: (p) => ({ href: 'file://' + p, toString: () => 'file://' + p }),
  parse: (text, query) => {
    const m = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/(?:([^@/?#]*)@)?([^/?#:]*)(?::(\d*))?)?([^?#]*)(\?[^#]*)?(#.*)?$/.exec(String(text)) || [];
    const host = m[3] === undefined ? null : m[3].toLowerCase();
    return { href: String(text), protocol: m[1] || null, slashes: m[1] ? true : null, auth: m[2] || null, hostname: host, port: m[4] || null, host: host === null ? null : host + (m[4] ? ':' + m[4] : ''),
      pathname: m[5] || null, search: m[6] || null, query: query ? $.query(String(text)) : m[6] ? m[6].slice(1) : null, hash: m[7] || null, path: (m[5] || '') + (m[6] || '') || null };
  },
  format: (o) => (typeof o === 'string' ? o : o.href || (o.protocol || 'http:') + '//' + (o.host || o.hostname + (o.port ? ':' + o.port : '')) + (o.pathname || '') + (o.search || '')),
  resolve: (from, to) => {
    const p = $.parseURL(String(to), String(from));
    return p ? p.href : String(to);
  },
};

// ---- util

const promisify = (fn) => ($.isUnknown(fn) ? fn : (...args) => new Promise((yes, no) => fn(...args, (err, value) => (err ? no(err) : yes(value)))));
const inspect = Object.assign((v) => {
  try {
    return typeof v === 'string' ? "'" + v + "'" : JSON.stringify(v) || String(v);
  } catch {
    return String(v);
  }
}, { custom: Symbol('inspect') });
const util = {
  promisify, inspect, callbackify: (fn) => (...args) => {
    const cb = args.pop();
    fn(...args).then((v) => cb(null, v), cb);
  },
  inherits: (child, parent) => {
    Object.defineProperty(child, 'super_', { value: parent, writable: true, configurable: true });
    Object.setPrototypeOf(child.prototype, parent.prototype);
  },
  format: (f, ...args) => {
    let i = 0;
    const text = String(f).replace(/%[sdifjoOc%]/g, (m) => (m === '%%' ? '%' : i < args.length ? (m === '%j' ? JSON.stringify(args[i++]) : String(args[i++])) : m));
    return [text, ...args.slice(i).map(String)].join(' ');
  },
  deprecate: (fn) => fn, isDeepStrictEqual: (a, b) => JSON.stringify(a) === JSON.stringify(b), debuglog: () => () => {}, types: { isPromise: (v) => v instanceof Promise, isRegExp: (v) => v instanceof RegExp },
  isArray: Array.isArray, TextEncoder: $.unknown('TextEncoder'), TextDecoder: $.unknown('TextDecoder'), parseArgs: () => ({ values: {}, positionals: [] }),
};

// ---- buffers: enough to compare and to hand on

class Buffer extends Uint8Array {
  static from(value, encoding) {
    if (typeof value === 'string') {
      if (encoding === 'base64' || encoding === 'base64url') return Object.assign(new Buffer(0), { text: $.base64(value) });
      return Object.assign(new Buffer(0), { text: value });
    }
    return new Buffer(value && value.length ? Math.min(value.length, 1 << 20) : 0);
  }
  static alloc(n) { return new Buffer(Math.min(Number(n) || 0, 1 << 20)); }
  static allocUnsafe(n) { return Buffer.alloc(n); }
  static concat() { return new Buffer(0); }
  static isBuffer(b) { return b instanceof Buffer; }
  static byteLength(text) { return String(text).length; }
  toString(encoding) {
    const text = this.text === undefined ? '' : this.text;
    return encoding === 'base64' || encoding === 'hex' ? encodeURIComponent(text) : text;
  }
  equals(other) { return this.toString() === other.toString(); }
  write() { return 0; }
}

const assert = Object.assign((value, message) => {
  if (!value) throw message instanceof Error ? message : new Error(message || 'assertion failed');
}, { ok: (v, m) => assert(v, m), equal: (a, b, m) => assert(a == b, m), strictEqual: (a, b, m) => assert(a === b, m), notEqual: (a, b, m) => assert(a != b, m), deepEqual: () => {}, deepStrictEqual: () => {}, fail: (m) => assert(false, m), throws: () => {} });

const timers = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };

class AsyncLocalStorage {
  run(store, fn, ...args) {
    const before = this.store;
    this.store = store;
    try {
      return fn(...args);
    } finally {
      this.store = before;
    }
  }
  getStore() { return this.store; }
  enterWith(store) { this.store = store; }
  exit(fn) { return fn(); }
}

const modules = {
  path, 'path/posix': path, fs, url: urlModule, util, assert, 'assert/strict': assert, timers, buffer: { Buffer }, process,
  'timers/promises': { setTimeout: (ms, v) => new Promise((yes) => setTimeout(() => yes(v), ms)), setImmediate: (v) => Promise.resolve(v) },
  querystring: { parse: (t) => $.query('?' + t), stringify: (o) => new URLSearchParams(o).toString(), escape: encodeURIComponent, unescape: unescaped },
  async_hooks: { AsyncLocalStorage, AsyncResource: class {} },
  cluster: Object.assign(Object.create(null), { isMaster: false, isPrimary: false, isWorker: true, worker: { id: 1 }, on() {}, fork() {} }),
  worker_threads: { isMainThread: true, parentPort: null, workerData: undefined, Worker: $.unknown('Worker') },
  module: { createRequire: (url) => $.localRequire(String((url && url.href) || url)), builtinModules: [] },
  os: { cpus: () => [{}], hostname: () => 'host', platform: () => 'linux', tmpdir: () => '/tmp', EOL: '\n', networkInterfaces: () => ({}), homedir: () => '/', type: () => 'Linux', totalmem: () => 1, freemem: () => 1, loadavg: () => [0, 0, 0], release: () => '', arch: () => 'x64', uptime: () => 1 },
  perf_hooks: { performance: { now: () => 0, mark() {}, measure() {} } },
};

Object.assign(globalThis, { URL, URLSearchParams, Buffer, performance: modules.perf_hooks.performance, structuredClone: (v) => v, fetch: $.unknown('fetch'), AbortController: class { constructor() { this.signal = {}; } abort() {} },
  TextEncoder: util.TextEncoder, TextDecoder: util.TextDecoder, Request: $.unknown('Request'), crypto: $.unknown('crypto'), btoa: encodeURIComponent, atob: unescaped });

for (const name of ['Headers', 'Response']) { // made when a program asks for them
  Object.defineProperty(globalThis, name, { configurable: true, get: () => $.require('%web')[name], set(v) { Object.defineProperty(globalThis, name, { value: v, writable: true, configurable: true }); } });
}

module.exports = modules;
