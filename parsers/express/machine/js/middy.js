// Middy, and the middleware of it that decides the headers of a response. https://github.com/middyjs/middy

const { majors } = $;
const anyMethod = (event) => (event.version === '2.0' ? event.requestContext.http.method : event.httpMethod);

// run asks middleware in order. One that returns something ends the chain: it is the response.
async function run(request, list) {
  for (const fn of list) {
    if ($.isUnknown(fn)) {
      $.passedBy(fn);
      continue;
    }
    const r = await fn(request);
    if ($.isUnknown(r) || r !== undefined) {
      request.earlyResponse = request.response = r;
      return true;
    }
  }
  return false;
}

function middy(handler) {
  let base = typeof handler === 'function' ? handler : () => {};
  const before = [];
  const after = [];
  const onError = [];
  const made = async (event, context) => {
    const request = { event, context, response: undefined, error: undefined, internal: {} };
    try {
      if (!(await run(request, before))) {
        const r = base(event, context, {});
        request.response = await r;
        await run(request, after);
      }
    } catch (e) {
      $.rethrow(e);
      request.response = undefined;
      request.error = e;
      await run(request, onError);
      if (!$.isUnknown(request.response) && request.response === undefined) throw request.error;
    }
    return request.response;
  };
  Object.assign(made, {
    use(given) {
      for (const m of [].concat(given)) {
        if ($.isUnknown(m)) {
          before.push(m);
          continue;
        }
        if (m.before) made.before(m.before);
        if (m.after) made.after(m.after);
        if (m.onError) made.onError(m.onError);
      }
      return made;
    },
    before(fn) {
      before.push(fn);
      return made;
    },
    after(fn) {
      after.unshift(fn);
      return made;
    },
    onError(fn) {
      onError.unshift(fn);
      return made;
    },
    handler(fn) {
      base = fn;
      return made;
    },
  });
  return made;
}
middy.default = middy;

// normal gives a request a response with a status and headers.
function normal(request) {
  let r = request.response;
  if ($.isUnknown(r)) return r;
  if (r === undefined) r = {};
  else if (r === null || (r.statusCode === undefined && r.body === undefined && r.headers === undefined)) r = { statusCode: 200, body: r };
  if (r.statusCode === undefined) r.statusCode = 500;
  if (r.headers === undefined || r.headers === null) r.headers = {};
  request.response = r;
  return r;
}

// ---- @middy/http-cors: before release 6 it let everyone in by default, and answered preflights itself

const known = ['disableBeforePreflightResponse', 'getOrigin', 'credentials', 'headers', 'methods', 'origin', 'origins', 'exposeHeaders', 'maxAge', 'requestHeaders', 'requestMethods', 'cacheControl', 'vary'];

function cors(given) {
  const made = $.siteHere('cors httpCors');
  $.optionsFact('@middy/http-cors', given, made, known);
  const old = majors['@middy/http-cors'] && majors['@middy/http-cors'] < 6;
  const options = Object.assign({ disableBeforePreflightResponse: !old, credentials: undefined, origin: old ? '*' : undefined, origins: [] }, given);
  if (given && !$.isUnknown(given) && Array.isArray(given.origins)) $.originOption(given.origins, given, $.inLiteral(given, 'origins').slice(1));
  const at = (...names) => {
    for (const name of names) {
      const p = $.property(given, name);
      if (p) return [p.all, p.value, ...made];
    }
    return made;
  };
  const exact = new Set();
  const patterns = [];
  let any = false;
  let many = options.origins.length > 1;
  for (const origin of [options.origin, ...options.origins]) {
    if (!origin) continue;
    if (origin === '*') any = true;
    else if (!origin.includes('*')) exact.add(origin);
    else {
      many = true;
      patterns.push(new RegExp('^' + origin.replace(/\./g, '\\.').replace(/\*/g, '[^.]*') + '$'));
    }
  }
  const chosen = (asked) => {
    if (options.getOrigin) return options.getOrigin(asked, options);
    if (options.origins.length > 0) {
      if (asked && exact.has(asked)) return asked;
      if (any) return options.credentials ? asked : '*';
      if (patterns.some((p) => p.test(asked))) return asked;
      return null;
    }
    return asked && options.credentials && options.origin === '*' ? asked : options.origin;
  };
  const change = (headers, request) => {
    const has = (name) => Object.keys(headers).includes(name);
    const set = (name, value, where) => {
      headers[name] = value;
      $.headerPlace(headers, name, where);
    };
    if (has('Access-Control-Allow-Credentials')) options.credentials = headers['Access-Control-Allow-Credentials'] === 'true';
    if (options.credentials) set('Access-Control-Allow-Credentials', String(options.credentials), at('credentials'));
    if (options.headers && !has('Access-Control-Allow-Headers')) set('Access-Control-Allow-Headers', options.headers, at('headers'));
    if (options.methods && !has('Access-Control-Allow-Methods')) set('Access-Control-Allow-Methods', options.methods, at('methods'));
    let origin;
    if (!has('Access-Control-Allow-Origin')) {
      const asked = request.event.headers && (request.event.headers.Origin === undefined ? request.event.headers.origin : request.event.headers.Origin);
      origin = chosen(asked);
      if (origin) set('Access-Control-Allow-Origin', origin, at('origins', 'origin', 'getOrigin'));
    }
    const vary = (value) => {
      if (!value) return;
      const name = headers.vary ? 'vary' : 'Vary';
      set(name, headers[name] ? headers[name] + ', ' + value : value, at('vary', 'origins', 'origin'));
    };
    if (!headers.Vary) vary(options.vary);
    if (many || (any && origin !== '*') || (origin === '*' && options.credentials)) vary('Origin');
    if (options.exposeHeaders && !has('Access-Control-Expose-Headers')) set('Access-Control-Expose-Headers', options.exposeHeaders, at('exposeHeaders'));
    if (options.maxAge && !has('Access-Control-Max-Age')) set('Access-Control-Max-Age', String(options.maxAge), at('maxAge'));
  };
  const after = async (request) => {
    const r = normal(request);
    if ($.isUnknown(r)) return;
    const headers = $.isUnknown(r.headers) ? r.headers : $.headersCopy(r.headers);
    if (!$.isUnknown(headers)) change(headers, request);
    r.headers = headers;
  };
  return {
    before: async (request) => {
      if (options.disableBeforePreflightResponse || anyMethod(request.event) !== 'OPTIONS') return undefined;
      const headers = {};
      change(headers, request);
      $.answered(made);
      return { statusCode: 204, headers };
    },
    after,
    onError: async (request) => {
      if ($.isUnknown(request.response) || request.response !== undefined) await after(request);
    },
  };
}
cors.default = cors;

// ---- others

const errorHandler = (given) => {
  const o = given || {};
  return { onError: async (request) => {
    if ($.isUnknown(request.response) || request.response !== undefined) return;
    const e = request.error;
    const status = !$.isUnknown(e) && e && e.statusCode;
    if (status && (e.expose || e.expose === undefined)) {
      normal(request);
      request.response = { statusCode: status, body: '', headers: Object.assign({}, request.response.headers, { 'Content-Type': 'text/plain' }) };
    } else if (o.fallbackMessage || status) {
      request.response = { statusCode: status || 500, body: '', headers: { 'Content-Type': 'text/plain' } };
    }
  } };
};
errorHandler.default = errorHandler;
const jsonBody = () => ({ before: async (request) => {
  if (request.event.body) request.event.body = $.unknown('the request body');
} });
jsonBody.default = jsonBody;
const eventNormal = () => ({ before: async ({ event }) => {
  event.queryStringParameters = event.queryStringParameters || {};
  event.pathParameters = event.pathParameters || {};
} });
eventNormal.default = eventNormal;
const nothing = () => ({});
nothing.default = nothing;

const packages = { '@middy/core': middy, middy, '@middy/http-cors': cors, '@middy/http-error-handler': errorHandler, '@middy/http-json-body-parser': jsonBody, '@middy/http-urlencode-body-parser': jsonBody, '@middy/http-multipart-body-parser': jsonBody,
  '@middy/http-event-normalizer': eventNormal };
for (const name of ['http-header-normalizer', 'http-response-serializer', 'http-security-headers', 'http-content-negotiation', 'http-content-encoding', 'http-urlencode-path-parser', 'do-not-wait-for-empty-event-loop', 'warmup', 'input-output-logger', 'error-logger', 'cloudwatch-metrics',
  'validator', 'event-normalizer']) packages['@middy/' + name] = nothing;

module.exports = { packages };
