// What an application registered: its layers, and their endpoints with a path that reaches each.

const found = globalThis['%found'];

// example makes a path that a pattern matches; undefined for one that is not a text.
function example(pattern) {
  if ($.isUnknown(pattern)) return undefined;
  if (Array.isArray(pattern)) {
    for (const p of pattern) {
      const e = example(p);
      if (e !== undefined) return e;
    }
    return undefined;
  }
  if (pattern instanceof RegExp) {
    const m = /^\^?((?:\\\/|\\\.|[\w\-/])*)/.exec(pattern.source);
    return m ? m[1].replace(/\\(.)/g, '$1') || '/' : undefined;
  }
  if (typeof pattern !== 'string') return undefined;
  let out = pattern;
  for (let before; before !== out; ) {
    before = out;
    out = out.replace(/\{[^{}]*\}/g, ''); // optional groups of express 5
  }
  out = out.replace(/\/?:\w+(\([^()]*\))?\?/g, '');
  out = out.replace(/:(\w+)(\((.*?)\))?/g, (all, name, group, inner) => (inner && /^(\\d|\[0-9\])/.test(inner) ? '1' : inner && /^\w+\|/.test(inner) ? inner.split('|')[0] : /id$|num|page|year|day|month/i.test(name) ? '1' : 'x'));
  out = out.replace(/\*\w*/g, 'x').replace(/\(([^()|]*)[^()]*\)[?+*]?/g, '$1').replace(/([\w])\?/g, '$1').replace(/\\(.)/g, '$1').replace(/\+/g, '');
  return out;
}

const patternText = (p) => (p instanceof RegExp ? String(p) : Array.isArray(p) ? p.map(patternText).join(', ') : $.isUnknown(p) ? '‹' + $.describe(p) + '›' : String(p));
const join = (a, b) => ((a.endsWith('/') ? a.slice(0, -1) : a) + (b.startsWith('/') || b === '' ? b : '/' + b)) || '/';

function walk(router, at, pattern, out, seen) {
  if (seen.includes(router) || out.length > 2000) return;
  seen = [...seen, router];
  for (const l of router.stack) {
    const e = example(l.path);
    const full = join(pattern, l.path === '/' ? '' : patternText(l.path));
    if (l.route) {
      const methods = new Map();
      for (const { verb, places } of l.route.registered_ || []) methods.set(verb, places);
      if (methods.has('all')) {
        out.push({ pattern: full, example: e === undefined || at === undefined ? '' : join(at, e), methods: [], places: methods.get('all') });
      } else {
        const verbs = [...methods.keys()].map((v) => v.toUpperCase());
        const first = verbs.find((v) => v !== 'OPTIONS') || verbs[0];
        const each = verbs.map((v) => methods.get(v.toLowerCase()));
        if (first) out.push({ pattern: full, example: e === undefined || at === undefined ? '' : join(at, e), methods: verbs, each, places: methods.get(first.toLowerCase()) });
      }
      continue;
    }
    const inner = l.handle && !$.isUnknown(l.handle) && (l.handle.isRouter ? l.handle : l.handle.application && l.handle.application.router_);
    if (inner) walk(inner, e === undefined || at === undefined ? undefined : join(at, e === '/' ? '' : e), full, out, seen);
    else if (l.path !== '/' && ($.isUnknown(l.handle) || l.handle.length < 3)) $.fact('hides-routes', full, 'what is mounted here', l.places);
  }
}

// Registrations of one path in several calls are one endpoint.
function grouped(list) {
  const out = [];
  for (const e of list) {
    const same = out.find((o) => o.pattern === e.pattern);
    if (!same) {
      out.push({ ...e, methods: [...e.methods], each: [...(e.each || [])] });
    } else if (e.methods.length === 0) {
      same.methods = [];
    } else if (same.methods.length) {
      e.methods.forEach((method, i) => {
        if (same.methods.includes(method)) return;
        same.each[same.methods.length] = e.each && e.each[i];
        same.methods.push(method);
      });
    }
  }
  return out;
}

function describe() {
  const layers = [];
  const add = (handler, app, port, places) => {
    if (layers.some((l) => (app && l.app === app) || l.handler === handler)) return;
    const endpoints = [];
    const router = app && app.router_;
    if (router) walk(router, '', '', endpoints, []);
    const framework = app && found.frameworks.includes(app) ? app : undefined;
    if (framework) {
      for (const e of framework.endpoints()) {
        const path = example(e.path);
        endpoints.push({ pattern: patternText(e.path) || '/', example: path === undefined ? '' : path || '/', methods: e.methods.length > 8 ? [] : e.methods, places: e.places });
      }
    }
    const real = endpoints.filter((e) => !(e.methods.length === 1 && e.methods[0] === 'OPTIONS'));
    const list = grouped(real);
    if (list.length === 0) list.push({ pattern: '/', example: '/', methods: [], places: places });
    layers.push({ handler, app, port, places, endpoints: list, name: framework ? framework.name : '' });
  };
  if (found.only) {
    const { handler, inner, places } = found.only;
    if (inner && (inner.isApplication || found.frameworks.includes(inner))) add(handler, inner, 0, inner.places_ || inner.places);
    else add(handler, found.only, 0, places);
    return { layers, facts: found.facts, gaps: found.gaps };
  }
  for (const { handler, port, places, app } of found.listening) {
    const own = app || (handler && handler.isApplication ? handler : undefined);
    if (own && own.handler) add(own.handler, own, port, own.places);
    else add(own || handler, own, port, (own && own.places_) || places);
  }
  if (layers.length === 0) for (const app of found.frameworks) if (app.registered()) add(app.handler, app, 0, app.places);
  if (layers.length === 0) {
    for (const app of found.applications) if (!app.parent && app.router_ && app.router_.stack.length) add(app, app, 0, app.places_);
  }
  if (layers.length === 0) {
    const mounted = new Set();
    const mark = (router) => router.stack.forEach((l) => l.handle && l.handle.isRouter && mounted.add(l.handle));
    found.routers.forEach(mark);
    found.applications.forEach((a) => a.router_ && mark(a.router_));
    for (const router of found.routers) {
      if (mounted.has(router) || router.stack.length === 0) continue;
      const app = require('express')();
      app.use(router);
      add(app, app, 0, router.places_);
    }
  }
  for (const server of found.servers) if (layers.length === 0 && server.handler) add(server.handler, server.handler.isApplication ? server.handler : undefined, 0, []);
  return { layers, facts: found.facts, gaps: found.gaps };
}

module.exports = { describe };
