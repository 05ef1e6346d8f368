// The cors package, 2.8: how its middleware answers.
// https://github.com/expressjs/cors

const { vary } = require('%http');

const known = ['origin', 'methods', 'allowedHeaders', 'headers', 'exposedHeaders', 'credentials', 'maxAge', 'preflightContinue', 'optionsSuccessStatus'];

const isText = (v) => typeof v === 'string' || v instanceof String;

function allows(rule, origin) {
  if (Array.isArray(rule)) {
    for (const r of rule) if (allows(r, origin)) return true;
    return false;
  }
  if (isText(rule)) return origin === rule;
  if (rule instanceof RegExp) return rule.test(origin);
  return !!rule;
}

const joined = (v) => (v && v.join ? v.join(',') : v);

// The places of a header: the option that makes it, or the call.
const placesOf = (options, made, ...names) => {
  for (const name of names) {
    const place = $.property(options, name);
    if (place) return [place.all, place.value, made];
  }
  return [made];
};

// The place of the rule of a list that lets an origin in.
function entry(options, rules, origin) {
  if (!Array.isArray(rules)) return [];
  for (let i = 0; i < rules.length; i++) {
    if (allows(rules[i], origin)) return $.element(rules, i);
  }
  return [];
}

function answer(options, written, made, req, res, next) {
  const preflight = req.method.toUpperCase() === 'OPTIONS';
  const origin = req.headers.origin;
  const set = (name, value, places) => {
    if (value) $.writing(places, () => res.setHeader(name, value));
  };
  const varies = (name, places) => $.writing(places, () => vary(res, name));
  const at = placesOf(written, made, 'origin');
  if (!$.isUnknown(options.origin) && (!options.origin || options.origin === '*')) {
    set('Access-Control-Allow-Origin', '*', at);
  } else if (isText(options.origin)) {
    set('Access-Control-Allow-Origin', options.origin, at);
    varies('Origin', at);
  } else {
    const allowed = allows(options.origin, origin);
    set('Access-Control-Allow-Origin', allowed ? origin : false, [...entry(written, options.origin, origin), ...at]);
    varies('Origin', at);
  }
  if (options.credentials === true) set('Access-Control-Allow-Credentials', 'true', placesOf(written, made, 'credentials'));
  if (preflight) {
    set('Access-Control-Allow-Methods', options.methods.join ? joined(options.methods) : options.methods, placesOf(written, made, 'methods'));
    const places = placesOf(written, made, 'allowedHeaders', 'headers');
    let headers = options.allowedHeaders || options.headers;
    if (!headers) {
      headers = req.headers['access-control-request-headers'];
      varies('Access-Control-Request-Headers', places);
    } else headers = joined(headers);
    if (headers && headers.length) set('Access-Control-Allow-Headers', headers, places);
    const age = (typeof options.maxAge === 'number' || options.maxAge) && options.maxAge.toString();
    if (age && age.length) set('Access-Control-Max-Age', age, placesOf(written, made, 'maxAge'));
  }
  const exposed = joined(options.exposedHeaders);
  if (exposed && exposed.length) set('Access-Control-Expose-Headers', exposed, placesOf(written, made, 'exposedHeaders'));
  if (!preflight || options.preflightContinue) return next();
  res.statusCode = options.optionsSuccessStatus;
  res.setHeader('Content-Length', '0');
  $.answered(made);
  res.end();
}

const defaults = { origin: '*', methods: 'GET,HEAD,PUT,PATCH,POST,DELETE', preflightContinue: false, optionsSuccessStatus: 204 };

function cors(given) {
  const made = $.caller('cors');
  if (typeof given !== 'function') $.optionsFact('cors', given, made, known);
  const ask = typeof given === 'function' && !$.isUnknown(given) ? given : (req, cb) => cb(null, given);
  const middleware = function corsMiddleware(req, res, next) {
    ask(req, (err, chosen) => {
      if (err) return next(err);
      if ($.isUnknown(chosen)) {
        $.poison(res, chosen, 'access-control-*', 'vary');
        return next();
      }
      const options = Object.assign({}, defaults, chosen);
      const decide = (err2, origin) => {
        if (err2 || !origin) return next(err2);
        options.origin = origin;
        if ($.isWatching()) $.originOption(origin, chosen);
        if ($.isUnknown(origin)) return unknownOrigin(options, origin, chosen, made, req, res, next);
        answer(options, chosen, made, req, res, next);
      };
      if (typeof options.origin === 'function' && !$.isUnknown(options.origin)) {
        options.origin(req.headers.origin, decide);
      } else decide(null, options.origin);
    });
  };
  $.corsMiddleware(middleware, made);
  return middleware;
}

// An origin that nobody here knows is a text, a list or true. An environment variable is a text.
function unknownOrigin(options, origin, written, made, req, res, next) {
  if ($.isUnknownText(origin)) {
    options.origin = String(origin);
    return answer(options, written, made, req, res, next);
  }
  const who = req.headers.origin === undefined ? 'a request without Origin' : req.headers.origin;
  options.origin = $.decide(origin, 'lets ' + who + ' in') ? [true] : [];
  answer(options, written, made, req, res, next);
}

cors.default = cors;
module.exports = cors;
