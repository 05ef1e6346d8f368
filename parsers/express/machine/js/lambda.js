// Functions that API Gateway, a load balancer or a function URL call: the event that they are given, and what is made of what
// they return. https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html,
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

const http = require('http');

const message = Symbol('the request that an event speaks of');
const isPromise = (v) => v && !$.isUnknown(v) && typeof v.then === 'function';

// ---- events

// A client's headers reach a REST API's function in the case that they were sent in, which is not known: both are there.
function headersOf(req, payload) {
  const out = {};
  for (const name of Object.keys(req.headers)) {
    out[name] = req.headers[name];
    const title = name.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase());
    if (payload === '1.0' && title !== name) Object.defineProperty(out, title, { value: req.headers[name], writable: true, configurable: true });
  }
  return out;
}

// What the gateway took out of the path is known to it alone.
const parameters = () => new Proxy({}, { get: (t, name) => (typeof name === 'symbol' || name in t ? t[name] : $.unknown('the path parameter ' + name, true)) });

function eventOf(req, payload) {
  const path = req.url.split('?')[0];
  const query = $.query(req.url);
  const asked = Object.keys(query).length > 0;
  const has = req.headers['content-length'] > 0 || req.headers['transfer-encoding'] !== undefined;
  const body = has ? $.unknown('the request body', true) : payload === '1.0' ? null : undefined;
  const headers = headersOf(req, payload);
  const context = { accountId: '123456789012', apiId: 'api', stage: 'prod', requestId: 'id', domainName: req.headers.host || '', domainPrefix: 'api', time: '', timeEpoch: 0, authorizer: $.unknown('the authorizer') };
  const first = (v) => (Array.isArray(v) ? v[v.length - 1] : v);
  let event;
  if (payload === '2.0') {
    event = { version: '2.0', routeKey: '$default', rawPath: path, rawQueryString: req.url.split('?')[1] || '', headers, isBase64Encoded: false, pathParameters: parameters(), stageVariables: undefined,
      requestContext: Object.assign(context, { routeKey: '$default', http: { method: req.method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: req.headers['user-agent'] || '' } }) };
    if (req.headers.cookie !== undefined) event.cookies = req.headers.cookie.split(/; */);
    if (asked) event.queryStringParameters = Object.fromEntries(Object.entries(query).map(([k, v]) => [k, [].concat(v).join(',')]));
    if (body !== undefined) event.body = body;
  } else {
    event = { resource: $.unknown('event.resource', true), path, httpMethod: req.method, headers, multiValueHeaders: Object.fromEntries(Object.keys(headers).map((k) => [k, [headers[k]]])), stageVariables: null, body, isBase64Encoded: false,
      queryStringParameters: asked ? Object.fromEntries(Object.entries(query).map(([k, v]) => [k, first(v)])) : null, multiValueQueryStringParameters: asked ? Object.fromEntries(Object.entries(query).map(([k, v]) => [k, [].concat(v)])) : null,
      pathParameters: parameters(), requestContext: Object.assign(context, { path: '/prod' + path, resourcePath: path, httpMethod: req.method, protocol: 'HTTP/1.1', identity: { sourceIp: '192.0.2.1', userAgent: req.headers['user-agent'] || null } }) };
  }
  Object.defineProperty(event, message, { value: req });
  return event;
}

// ---- results


// answer makes a response of what a function returned. Each header knows the property that gave it.
function answer(res, result, payload) {
  if ($.isUnknown(result)) return $.answersElse(res, $.describe(result));
  if (payload === '2.0' && (result === null || typeof result !== 'object' || result.statusCode === undefined)) {
    $.writing([], () => res.setHeader('Content-Type', 'application/json'));
    res.statusCode = 200;
    return res.end();
  }
  $.answered($.literal(result));
  if (result === null || typeof result !== 'object' || (!$.isUnknown(result.statusCode) && !(Number(result.statusCode) >= 100 && Number(result.statusCode) <= 599))) return fail(res, new Error('what it returns is no response'));
  const rest = $.rest(result);
  if (rest) $.poison(res, rest);
  const own = result.headers === undefined && rest ? rest.headers : result.headers;
  const write = (headers, list) => {
    if ($.isUnknown(headers)) return $.poison(res, headers);
    if (!headers || typeof headers !== 'object') return undefined;
    if ($.rest(headers)) $.poison(res, $.rest(headers));
    for (const name of Object.keys(headers)) {
      const value = headers[name];
      if (!$.isUnknown(value) && (value === undefined || value === null)) continue;
      $.writing($.placesOfHeader(headers, name), () => res.setHeader(name, list && Array.isArray(value) ? value.map(String) : String(value)));
    }
  };
  write(own, false);
  if (payload === '1.0') write(result.multiValueHeaders, true);
  else if (Array.isArray(result.cookies)) $.writing([], () => res.setHeader('Set-Cookie', result.cookies.map(String)));
  res.statusCode = $.isUnknown(result.statusCode) ? 200 : Number(result.statusCode);
  $.withSite([], () => res.end()); // it is the result that decides, and no call
}

// fail is what becomes of an error: the gateway answers for the function, in its own way.
function fail(res, e) {
  $.unhandled(e, res.req, res);
  $.answersElse(res, 'the gateway, since the function fails: ' + ($.isUnknown(e) ? $.describe(e) : String((e && e.message) || e)));
}

// call gives a function an event. It answers by what it returns, or by its callback.
function call(fn, req, res, payload) {
  const event = eventOf(req, payload);
  const done = (e, result) => {
    if (res.finished) return;
    try {
      if (e) fail(res, e);
      else answer(res, result, payload);
    } catch (x) {
      $.rethrow(x);
      fail(res, x);
    }
  };
  const context = { awsRequestId: 'id', functionName: 'function', functionVersion: '$LATEST', memoryLimitInMB: '128', logGroupName: '', logStreamName: '', invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:function', callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => 3000, succeed: (r) => done(null, r), fail: (e) => done(e || new Error('failed')), done };
  const result = fn(event, context, done);
  if ($.isUnknown(result)) return done(null, result);
  if (isPromise(result)) result.then((r) => done(null, r), (e) => done(e || new Error('failed')));
}

// through lets an application answer an event, and makes a result of its response.
function through(target, event, callback) {
  const req = event && event[message];
  if (!req) return Promise.resolve($.unknown('the response of the application'));
  const res = new http.ServerResponse(req);
  const result = new Promise((yes) => {
    res.on('finish', () => {
      const headers = {};
      for (const { name, values, places } of res.lines.values()) {
        headers[name] = values.join(', ');
        $.headerPlace(headers, name, places);
      }
      yes({ statusCode: res.sentStatus === undefined ? res.statusCode : res.sentStatus, headers, body: '', isBase64Encoded: false });
    });
  });
  $.shadow(res);
  target(req, res);
  if (typeof callback === 'function') result.then((r) => callback(null, r));
  return result;
}

// deployed takes the exports of the module that a template names.
function deployed(exports, name, payload) {
  let fn = exports;
  for (const part of name.split('.')) fn = fn === undefined || fn === null ? undefined : fn[part];
  if (fn === undefined && exports && exports.default) fn = exports.default[name];
  if (typeof fn !== 'function') return $.gap('it exports no function ' + name, []);
  const target = $.adapted(fn);
  const handler = target || ((req, res) => {
    const thrown = $.handlerThrows(req);
    if (thrown) return fail(res, thrown);
    try {
      call(fn, req, res, payload);
    } catch (e) {
      $.rethrow(e);
      fail(res, e);
    }
  });
  $.only($.frameworkMade({ name: 'Lambda', places: [], handler, registered: () => true, endpoints: () => [], inner: $.adaptedApplication(fn) }));
}

module.exports = { deployed, through };
