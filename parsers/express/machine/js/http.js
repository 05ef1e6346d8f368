// What of Node's http module decides an answer: the request, and the response with its headers in wire order.

const EventEmitter = require('events');

const messages = {
  100: 'Continue', 200: 'OK', 201: 'Created', 202: 'Accepted', 203: 'Non-Authoritative Information', 204: 'No Content', 205: 'Reset Content', 206: 'Partial Content',
  300: 'Multiple Choices', 301: 'Moved Permanently', 302: 'Found', 303: 'See Other', 304: 'Not Modified', 307: 'Temporary Redirect', 308: 'Permanent Redirect',
  400: 'Bad Request', 401: 'Unauthorized', 402: 'Payment Required', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 406: 'Not Acceptable', 409: 'Conflict',
  410: 'Gone', 413: 'Payload Too Large', 415: 'Unsupported Media Type', 418: "I'm a Teapot", 422: 'Unprocessable Entity', 429: 'Too Many Requests',
  500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout',
};

const methods = ['ACL', 'BIND', 'CHECKOUT', 'CONNECT', 'COPY', 'DELETE', 'GET', 'HEAD', 'LINK', 'LOCK', 'M-SEARCH', 'MERGE', 'MKACTIVITY', 'MKCALENDAR', 'MKCOL', 'MOVE',
  'NOTIFY', 'OPTIONS', 'PATCH', 'POST', 'PROPFIND', 'PROPPATCH', 'PURGE', 'PUT', 'QUERY', 'REBIND', 'REPORT', 'SEARCH', 'SOURCE', 'SUBSCRIBE', 'TRACE', 'UNBIND', 'UNLINK',
  'UNLOCK', 'UNSUBSCRIBE'];

class IncomingMessage extends EventEmitter {
  constructor(asked) {
    super();
    this.method = asked.method;
    this.url = asked.url;
    this.originalUrl = asked.url;
    this.httpVersion = '1.1';
    this.httpVersionMajor = 1;
    this.httpVersionMinor = 1;
    this.headers = {};
    this.rawHeaders = [];
    for (const [name, value] of asked.headers) {
      const key = name.toLowerCase();
      this.rawHeaders.push(name, value);
      if (!(key in this.headers)) this.headers[key] = value;
      else if (key === 'cookie') this.headers[key] += '; ' + value;
      else if (!['origin', 'host', 'authorization', 'content-type', 'referer', 'user-agent', 'content-length'].includes(key)) this.headers[key] += ', ' + value;
    }
    this.socket = this.connection = { remoteAddress: '127.0.0.1', encrypted: asked.secure, destroy() {}, on() {}, setTimeout() {} };
    this.readable = true;
    this.complete = true;
    this.circumstances = asked.circumstances;
  }
  on(name, listener) {
    super.on(name, listener);
    if (name === 'end') setImmediate(() => this.emit('end')); // there is no body
    return this;
  }
  once(name, listener) {
    super.once(name, listener);
    if (name === 'end') setImmediate(() => this.emit('end'));
    return this;
  }
  setEncoding() { return this; }
  resume() { return this; }
  pause() { return this; }
  pipe(to) { return to; }
  unpipe() { return this; }
  destroy() { return this; }
  setTimeout() { return this; }
}

const tokenPattern = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/;

function coded(type, code, text) {
  const e = new type(text);
  e.code = code;
  return e;
}

class ServerResponse extends EventEmitter {
  constructor(req) {
    super();
    this.req = req;
    this.statusCode = 200;
    this.headersSent = false;
    this.finished = this.writableEnded = this.writableFinished = false;
    this.sendDate = true;
    this.lines = new Map(); // by lower-case name: {name, values, places}
    this.lost = [];
    this.locals = Object.create(null);
    this.socket = this.connection = req.socket;
  }
  setHeader(name, value) {
    const places = $.places('setHeader set header append vary writeHead appendHeader location redirect setHeaders');
    if (this.headersSent) throw coded(Error, 'ERR_HTTP_HEADERS_SENT', 'Cannot set headers after they are sent to the client');
    if (typeof name !== 'string' || !tokenPattern.test(name)) throw coded(TypeError, 'ERR_INVALID_HTTP_TOKEN', 'Header name must be a valid HTTP token ["' + String(name) + '"]');
    if (!$.isUnknown(value) && value === undefined) throw coded(TypeError, 'ERR_HTTP_INVALID_HEADER_VALUE', 'Invalid value "undefined" for header "' + name + '"');
    const values = (Array.isArray(value) ? value : [value]).map((v) => $.text(v));
    for (const v of values) {
      if (!$.isUnknown(v) && /[^\t\x20-\x7e\x80-\xff\ue000\ue001]/.test(v)) throw coded(TypeError, 'ERR_INVALID_CHAR', 'Invalid character in header content ["' + name + '"]');
    }
    const key = name.toLowerCase();
    const old = this.lines.get(key);
    if (old) {
      if (old.values.join() !== values.join()) this.lose(old, places, 'overridden');
      old.name = name;
      old.values = values;
      old.listed = Array.isArray(value);
      old.places = places;
      old.each = undefined;
    } else {
      this.lines.set(key, { name, values, places, listed: Array.isArray(value) });
    }
    return this;
  }
  lose(line, by, why) {
    this.lost.push({ name: line.name, value: line.values.join(', '), at: line.places, by, why });
  }
  setHeaders(headers) {
    for (const [name, value] of headers) this.setHeader(name, value);
    return this;
  }
  appendHeader(name, value) {
    const old = this.lines.get(String(name).toLowerCase());
    return this.adding(name, $.places('appendHeader'), () => this.setHeader(name, old ? [...old.values, ...(Array.isArray(value) ? value : [value])] : value));
  }
  // adding sets a header to what it was and more: nothing is lost by it, and what was there keeps its places.
  adding(name, places, set) {
    const key = String(name).toLowerCase();
    const before = this.lines.get(key);
    const each = before ? before.values.map((v, i) => (before.each && before.each[i]) || before.places) : [];
    const lost = this.lost.length;
    const result = $.writing(places, set);
    const line = this.lines.get(key);
    this.lost.length = lost;
    line.each = line.values.map((v, i) => each[i] || places);
    return result;
  }
  getHeader(name) {
    const line = this.lines.get(String(name).toLowerCase());
    if (!line) return undefined;
    return line.listed ? line.values : line.values[0];
  }
  hasHeader(name) { return this.lines.has(String(name).toLowerCase()); }
  getHeaderNames() { return [...this.lines.keys()]; }
  getHeaders() {
    const out = Object.create(null);
    for (const name of this.lines.keys()) out[name] = this.getHeader(name);
    return out;
  }
  removeHeader(name) {
    if (this.headersSent) throw coded(Error, 'ERR_HTTP_HEADERS_SENT', 'Cannot remove headers after they are sent to the client');
    const key = String(name).toLowerCase();
    const old = this.lines.get(key);
    if (old) this.lose(old, $.places('removeHeader'), 'cleared');
    this.lines.delete(key);
  }
  writeHead(status, reason, headers) {
    if (this.headersSent) throw coded(Error, 'ERR_HTTP_HEADERS_SENT', 'Cannot write headers after they are sent to the client');
    const places = $.places('writeHead');
    if (typeof reason !== 'string') headers = reason;
    const valid = () => {
      if (!(status >= 100 && status <= 999)) throw coded(RangeError, 'ERR_HTTP_INVALID_STATUS_CODE', 'Invalid status code: ' + status);
      this.statusCode = status | 0;
    };
    if (!this.beforeHeaders) valid();
    const raw = this.lines.size === 0 && !this.beforeHeaders; // then the headers are written as they are given
    const each = (name, value) => {
      if (value === undefined && !raw) return;
      $.writing([...$.inLiteral(headers, name), ...places], () => {
        const old = raw && this.lines.get(String(name).toLowerCase());
        this.setHeader(name, old ? [].concat(old.values, value) : value);
      });
    };
    if (Array.isArray(headers)) {
      if (Array.isArray(headers[0])) for (const [name, value] of headers) each(name, value);
      else for (let i = 0; i + 1 < headers.length; i += 2) each(headers[i], headers[i + 1]);
    } else if (headers) {
      for (const name of Object.keys(headers)) if (name) each(name, headers[name]);
    }
    if (this.beforeHeaders) {
      this.statusCode = status; // what is asked before looks at it, whether it is one or not
      this.emitHeaders();
      valid();
    }
    this.headersSent = true;
    this.sentStatus = this.statusCode; // what is set later is not sent
    return this;
  }
  // emitHeaders lets packages change the headers just before they are sent, as on-headers does: the last to ask is first.
  emitHeaders() {
    const list = this.beforeHeaders;
    this.beforeHeaders = undefined;
    if (list) for (const listener of list.reverse()) listener.call(this);
  }
  flushHeaders() {
    if (!this.headersSent) this.writeHead(this.statusCode);
  }
  writeContinue() {}
  assignSocket() {}
  setTimeout() { return this; }
  cork() {}
  uncork() {}
  write(chunk, encoding, callback) {
    this.flushHeaders();
    if (typeof callback === 'function') setImmediate(callback);
    return true;
  }
  end(chunk, encoding, callback) {
    if (this.finished) return this;
    $.sending(this);
    if (!this.headersSent) {
      if ($.isUnknown(this.statusCode)) this.statusCode = 200;
      this.writeHead(this.statusCode);
    }
    this.finished = this.writableEnded = this.writableFinished = true;
    for (const f of [chunk, encoding, callback]) {
      if (typeof f === 'function') setImmediate(f);
    }
    if (this.listeners_) {
      setImmediate(() => {
        this.emit('finish');
        this.emit('close');
      });
    }
    $.ended(this);
    return this;
  }
  destroy() {
    if (this.finished) return this; // what was sent is sent
    this.finished = true;
    this.sentStatus = this.statusCode = 0;
    this.lines.clear();
    $.ended(this);
    return this;
  }
}

// encodeUrl percent-encodes what a URL cannot have, and nothing twice.
const encodeUrl = (url) => String(url).replace(/(?:[^\x21\x23-\x3B\x3D\x3F-\x5F\x61-\x7A\x7C\x7E\ue000\ue001]|%(?:[^0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]|$))+/g, encodeURI);

// vary adds names to the Vary header.
function vary(res, field) {
  if (!field) throw new TypeError('field argument is required');
  const names = Array.isArray(field) ? field : String(field).split(',').map((f) => f.trim());
  const old = res.getHeader('Vary') || '';
  let value = Array.isArray(old) ? old.join(', ') : String(old);
  if (value === '*') return;
  const have = value.toLowerCase().split(',').map((f) => f.trim());
  if (names.includes('*') || have.includes('*')) {
    value = '*';
  } else {
    for (const name of names) {
      if (have.includes(name.toLowerCase())) continue;
      have.push(name.toLowerCase());
      value = value ? value + ', ' + name : name;
    }
  }
  if (value) res.setHeader('Vary', value);
}

class Server extends EventEmitter {
  constructor(handler) {
    super();
    this.handler = handler;
    if (handler) this.on('request', handler);
  }
  listen(...args) {
    $.listening(this.handler || ((req, res) => this.emit('request', req, res)), args, $.caller('listen'));
    const callback = args.find((a) => typeof a === 'function');
    if (callback) setImmediate(() => callback.call(this));
    return this;
  }
  address() { return { address: '127.0.0.1', family: 'IPv4', port: 3000 }; }
  close(callback) { if (typeof callback === 'function') setImmediate(callback); return this; }
  setTimeout() { return this; }
  unref() { return this; }
  ref() { return this; }
}

function createServer(options, handler) {
  if (typeof options === 'function') handler = options;
  const server = new Server(typeof handler === 'function' ? handler : undefined);
  $.serverMade(server);
  return server;
}

class Agent {}

module.exports = { IncomingMessage, ServerResponse, OutgoingMessage: ServerResponse, Server, Agent, createServer, vary, encodeUrl, METHODS: methods, STATUS_CODES: messages,
  globalAgent: new Agent(), request: $.unknown('http.request'), get: $.unknown('http.get') };
