// Headers and Response of the fetch standard, as far as a server's answer is made of them. Each header knows the places that
// wrote it. https://fetch.spec.whatwg.org/#headers-class

class Headers {
  constructor(init) {
    this.lines = new Map(); // by lower-case name: {values, places}
    if (init instanceof Headers) {
      for (const [name, { values, places }] of init.lines) this.lines.set(name, { values: [...values], places });
    } else if (Array.isArray(init)) {
      for (const [name, value] of init) this.append(name, value);
    } else if (init && typeof init === 'object' && !$.isUnknown(init)) {
      const at = $.caller();
      for (const name of Object.keys(init)) {
        const own = $.inLiteral(init, name);
        $.writing(own.length ? [...own, ...at] : at, () => this.append(name, init[name]));
      }
    }
  }
  append(name, value) {
    const places = $.places('append header');
    const key = String(name).toLowerCase();
    const old = this.lines.get(key);
    if (old) {
      old.values.push($.text(value));
      old.places = [...old.places, ...places];
    } else this.lines.set(key, { values: [$.text(value)], places });
  }
  set(name, value) {
    const places = $.places('set header');
    this.lines.set(String(name).toLowerCase(), { values: [$.text(value)], places });
  }
  get(name) {
    const line = this.lines.get(String(name).toLowerCase());
    return line ? line.values.join(', ') : null;
  }
  has(name) { return this.lines.has(String(name).toLowerCase()); }
  delete(name) { this.lines.delete(String(name).toLowerCase()); }
  getSetCookie() { return this.lines.has('set-cookie') ? [...this.lines.get('set-cookie').values] : []; }
  names_() { return [...this.lines.keys()].sort(); }
  *entries() { for (const name of this.names_()) yield [name, this.get(name)]; }
  *keys() { for (const name of this.names_()) yield name; }
  *values() { for (const name of this.names_()) yield this.get(name); }
  [Symbol.iterator]() { return this.entries(); }
  forEach(fn) { for (const [name, value] of this.entries()) fn(value, name, this); }
  // copy_ takes a header of another list over, with its places.
  copy_(name, from) {
    const line = from.lines.get(name);
    this.lines.set(name, { values: [...line.values], places: line.places });
  }
}

class Response {
  constructor(body, init) {
    const o = init && !$.isUnknown(init) ? init : {};
    this.body = body === undefined ? null : body;
    this.status = o.status === undefined ? 200 : o.status;
    this.ok = this.status >= 200 && this.status < 300;
    this.statusText = o.statusText || '';
    this.headers = new Headers(o.headers);
    this.bodyUsed = false;
    if ($.isUnknown(init) || $.isUnknown(o.headers)) this.open_ = $.isUnknown(init) ? init : o.headers;
    if ((typeof body === 'string' || $.isUnknownText(body)) && !this.headers.has('content-type')) $.writing([], () => this.headers.set('content-type', 'text/plain;charset=UTF-8'));
  }
  clone() { return new Response(this.body, this); }
  json() { return Promise.resolve($.unknown('the body')); }
  text() { return Promise.resolve($.unknown('the body', true)); }
  static json(value, init) {
    const r = new Response(JSON.stringify(value), init);
    if (!(init && init.headers && new Headers(init.headers).has('content-type'))) $.writing([], () => r.headers.set('content-type', 'application/json'));
    return r;
  }
  static redirect(url, status) {
    const r = new Response(null, { status: status || 302 });
    $.writing($.siteHere('redirect'), () => r.headers.set('location', String(url)));
    return r;
  }
  static error() { return new Response(null, { status: 500 }); }
}

// request makes a Request of a message.
function request(req) {
  const url = (req.socket.encrypted ? 'https' : 'http') + '://' + (req.headers.host || 'localhost') + req.url;
  const headers = new Headers();
  $.writing([], () => { for (const name of Object.keys(req.headers)) headers.set(name, req.headers[name]); });
  const body = () => Promise.resolve($.unknown('the request body'));
  return { method: req.method, url, headers, json: body, text: () => Promise.resolve($.unknown('the request body', true)), formData: body, arrayBuffer: body, blob: body, body: null, signal: {}, clone() { return this; }, raw_: req };
}

// send writes a Response out.
function send(res, response) {
  if ($.isUnknown(response) || !response || !response.headers || !response.headers.lines) {
    if ($.isUnknown(response)) {
      $.poison(res, response);
      res.statusCode = 200;
    } else res.statusCode = 500;
    return res.end();
  }
  if (response.open_) $.poison(res, response.open_);
  res.statusCode = response.status;
  for (const name of response.headers.names_()) {
    const { values, places } = response.headers.lines.get(name);
    $.writing(places, () => res.setHeader(name, name === 'set-cookie' ? values : values.join(', ')));
  }
  res.end();
}

module.exports = { Headers, Response, request, send };
