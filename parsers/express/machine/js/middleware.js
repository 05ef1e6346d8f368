// The middleware that express brings along: parsers of request bodies, and static files.

const http = require('http');

const failure = (status, message, more) => Object.assign(new Error(message), { status, statusCode: status, expose: true }, more);
const wait = (fn) => setImmediate(fn);

// ---- bodies

const hasBody = (req) => req.headers['transfer-encoding'] !== undefined || !isNaN(parseInt(req.headers['content-length']));
const bodyTypes = { json: /json/, urlencoded: /urlencoded/, text: /^text\/plain/, raw: /octet-stream/, bodyParser: /json|urlencoded/ };
function bodyParser(name, type, leaves) {
  return () => {
    const places = $.caller(name);
    if (type) $.fact('reads-body', type, name, places);
    return function (req, res, next) {
      const read = hasBody(req) && bodyTypes[name].test(req.headers['content-type'] || '');
      if (read && req.read_) { // by another parser; body-parser 1 does not see that version 2 was there
        if (leaves || req._body) return next();
        return wait(() => next(failure(500, 'stream is not readable')));
      }
      if (req.body === undefined && read) req.body = req.headers['content-length'] === '0' ? {} : $.unknown('the request body');
      else if (req.body === undefined && !leaves) req.body = {};
      if (read) [req.read_, req._body] = [true, !leaves || undefined];
      if ($.befalls(req, 'body-too-large')) return wait(() => next(failure(413, 'request entity too large', { type: 'entity.too.large' })));
      next();
    };
  };
}
// From body-parser 2 on, and with express 5, a request without a body has no req.body.
const bodyParsersOf = (leaves) => ({ json: bodyParser('json', 'application/json', leaves), urlencoded: bodyParser('urlencoded', '', leaves), raw: bodyParser('raw', '', leaves), text: bodyParser('text', '', leaves) });
const bodyParsers = bodyParsersOf($.major >= 5);

// ---- files

function serveStatic(root, options) {
  const o = options || {};
  const places = $.caller('static');
  $.fact('serves-pages', $.isUnknown(root) ? 'files' : String(root), 'static', places);
  return Object.defineProperty(function serveStatic(req, res, next) {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      if (o.fallthrough !== false) return next();
      res.statusCode = 405;
      $.writing(places, () => res.setHeader('Allow', 'GET, HEAD'));
      $.writing([], () => res.setHeader('Content-Length', '0'));
      return res.end();
    }
    let path = req.url.split('?')[0];
    const original = req.originalUrl.split('?')[0];
    if (path === '/' && !original.endsWith('/')) path = '';
    const slash = path.endsWith('/'); // as it is written
    try {
      path = decodeURIComponent(path);
    } catch {
      return o.fallthrough === false ? next(failure(400, 'Bad Request')) : next();
    }
    const absent = () => (o.fallthrough === false ? next(failure(404, 'Not Found')) : next());
    if ($.befalls(req, 'file-missing') || path.includes('\0') || /(^|\/)\.\.(\/|$)/.test(path)) return absent();
    if (/(^|\/)\.[^./]/.test(path) && o.dotfiles !== 'allow') return o.dotfiles === 'deny' ? next(failure(403, 'Forbidden')) : absent();
    const index = o.index === undefined ? 'index.html' : o.index;
    let kind = $.isUnknown(root) ? undefined : $.files.kind(String(root), path);
    if (kind === undefined) { // the folder is not part of the project: it is built, or kept elsewhere
      if (!/\.\w+$/.test(path) && original !== '/') return absent();
      kind = go_decide(path) ? 'file' : 'nothing';
    }
    if (kind === 'directory') {
      if (!slash) {
        if (o.redirect === false) return absent();
        res.statusCode = 301;
        $.writing([], () => {
          res.setHeader('Content-Type', 'text/html; charset=UTF-8');
          res.setHeader('Content-Security-Policy', "default-src 'none'");
          res.setHeader('X-Content-Type-Options', 'nosniff');
        });
        $.writing(places, () => res.setHeader('Location', http.encodeUrl(original.replace(/^\/+/, '/') + '/' + req.originalUrl.slice(original.length))));
        return wait(() => res.end());
      }
      if (index === false || $.files.kind(String(root), path + index) !== 'file') return absent();
      kind = 'file';
    }
    if (kind !== 'file') return o.extensions && o.extensions.some((e) => $.files.kind(String(root), path + '.' + e) === 'file') ? send() : absent();
    send();
    function send() {
      wait(() => {
        res.statusCode = 200;
        if (typeof o.setHeaders === 'function') o.setHeaders(res, path, {});
        $.writing([], () => {
          res.setHeader('Accept-Ranges', 'bytes');
          if (!res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'public, max-age=0');
          if (!res.hasHeader('Content-Type')) res.setHeader('Content-Type', /\.(png|jpe?g|gif|woff2?|ico)$/.test(path) ? 'image/png' : 'text/html; charset=UTF-8');
        });
        res.end();
      });
    }
  }, 'name', { value: 'serveStatic' });
}
const go_decide = (path) => $.decideFile(path);
serveStatic.mime = { define() {}, lookup: () => 'text/plain' };

module.exports = { bodyParser, bodyParsers, bodyParsersOf, serveStatic };
