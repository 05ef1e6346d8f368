// The headers that next.config sends with every answer of a path. What answers there, a page or a route handler, is not known.
// https://nextjs.org/docs/app/api-reference/config/next-config-js/headers

// compile makes a matcher of a pattern of path-to-regexp 6, as far as sources of headers use it.
function compile(path) {
  const group = '\\((?:\\\\.|[^()\\\\]|\\([^()]*\\))*\\)';
  const token = new RegExp('(\\\\.)|(/)?(?::(\\w+)(' + group + ')?|(' + group + '))([*+?])?|([^])', 'g');
  let source = '';
  for (const [, literal, slash, name, own, unnamed, modifier, other] of path.matchAll(token)) {
    if (literal || other) {
      source += (literal ? literal[1] : other).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      continue;
    }
    const pattern = own || unnamed ? (own || unnamed).slice(1, -1) : '[^/#?]+?';
    const prefix = slash || '';
    const repeated = modifier === '*' || modifier === '+';
    const one = prefix + '(?:' + pattern + ')' + (repeated ? '(?:' + prefix + '(?:' + pattern + '))*' : '');
    source += modifier === '*' || modifier === '?' ? '(?:' + one + ')?' : one;
  }
  const regexp = new RegExp('^' + source + '/?$', 'i');
  return (text) => regexp.test(text);
}

// holds tests a condition of a rule: a header, cookie, query parameter or host.
function holds(req, c) {
  const host = (req.headers.host || '').replace(/:\d+$/, '');
  let value;
  if (c.type === 'header') value = req.headers[String(c.key).toLowerCase()];
  else if (c.type === 'host') value = host;
  else if (c.type === 'query') value = $.query(req.url)[c.key];
  else if (c.type === 'cookie') {
    const found = new RegExp('(?:^|; *)' + c.key + '=([^;]*)').exec(req.headers.cookie || '');
    value = found ? found[1] : undefined;
  }
  if (c.value === undefined) return value !== undefined;
  return value !== undefined && new RegExp('^' + c.value + '$').test(value);
}

// configured takes the exports of a configuration.
async function configured(exports) {
  let config = exports && exports.default !== undefined ? exports.default : exports;
  if (typeof config === 'function' && !$.isUnknown(config)) config = config('phase-production-server', { defaultConfig: {} });
  config = await config;
  if (!config || $.isUnknown(config) || typeof config.headers !== 'function' || $.isUnknown(config.headers)) {
    if ($.isUnknown(config)) $.gap('the configuration is made by ' + $.describe(config) + ', which is not known', []);
    return;
  }
  const rules = await config.headers();
  if ($.isUnknown(rules) || !Array.isArray(rules)) return $.gap('what headers() returns is not known', []);
  const base = typeof config.basePath === 'string' ? config.basePath : '';
  const list = rules.filter((r) => r && !$.isUnknown(r) && typeof r.source === 'string' && Array.isArray(r.headers)).map((r) => {
    const source = r.basePath === false ? r.source : base + r.source;
    return { rule: r, source, match: compile(source), places: $.inLiteral(r, 'source').slice(1) };
  });
  const handler = (req, res) => {
    const path = req.url.split('?')[0];
    for (const { rule, match } of list) {
      if (!match(path) || !(rule.has || []).every((c) => holds(req, c)) || (rule.missing || []).some((c) => holds(req, c))) continue;
      for (const h of rule.headers) {
        if (h && !$.isUnknown(h)) $.writing([...$.inLiteral(h, 'value').slice(1), ...$.inLiteral(h, 'key').slice(1)], () => res.setHeader(h.key, h.value));
      }
    }
    $.answersElse(res, 'what the page or the route handler sends');
  };
  $.frameworkMade({ name: 'Next.js', places: [], handler, registered: () => list.length > 0, endpoints: () => list.map((r) => ({ path: r.source, methods: [], places: r.places })) });
}

module.exports = { configured };
