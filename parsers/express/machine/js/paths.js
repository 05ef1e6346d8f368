// Path patterns of express 4 (path-to-regexp 0.1) and express 5 (path-to-regexp 8), as far as they decide which layer
// matches. compile4 and compile5 return a function from a path to null or {path, params, keys}; they throw what the real
// ones throw, so that an application that cannot start is seen not to.

const escapeRegExp = (text) => text.replace(/[.+*?^${}()[\]|/\\]/g, '\\$&');

function decode(value) {
  if (typeof value !== 'string' || value.length === 0) return value;
  try {
    return decodeURIComponent(value);
  } catch (e) {
    e.message = "Failed to decode param '" + value + "'";
    e.status = e.statusCode = 400;
    throw e;
  }
}

// Groups of a regular expression by number; a named one has its name.
function groupsOf(pattern) {
  const keys = [];
  let unnamed = 0;
  for (let i = 0, inClass = false; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === '\\') i++;
    else if (c === '[') inClass = true;
    else if (c === ']') inClass = false;
    else if (c === '(' && !inClass) {
      const named = /^\(\?<([^=!].*?)>/.exec(pattern.slice(i));
      if (named) keys.push(named[1]);
      else if (pattern[i + 1] !== '?') keys.push(unnamed++);
    }
  }
  return keys;
}

function matcher(regexp, keys) {
  return (path) => {
    const m = regexp.exec(path);
    if (!m) return null;
    const params = {};
    for (let i = 1; i < m.length; i++) {
      const value = decode(m[i]);
      if (value !== undefined || !(keys[i - 1] in params)) params[keys[i - 1]] = value;
    }
    return { path: m[0], params, keys };
  };
}

// One pattern of express 4 as the source of a regular expression: ":name", "(group)", "*", "?" and "+" of a name or group.
function source4(path, options, keys) {
  if (path instanceof RegExp) {
    keys.push(...groupsOf(path.source));
    return path.source;
  }
  if (typeof path !== 'string') throw new TypeError('path must be a string, array of strings, or regular expression');
  const named = []; // [offset of the group, name]
  let out = '';
  let since = ''; // what stands between the last parameter and here
  const token = /\\.|(\/)?(\.)?:(\w+)(\(.*?\))?(\*)?(\?)?|[.*]|\/\(/g;
  let from = 0;
  for (let m; (m = token.exec(path)); from = token.lastIndex) {
    const text = path.slice(from, m.index);
    out += text;
    const [all, slash, format, name, capture, star, optional] = m;
    if (all[0] === '\\') {
      since += all;
      out += all;
      continue;
    }
    if (all === '.') {
      since += '\\.';
      out += '\\.';
      continue;
    }
    since = slash || format ? '' : since + text;
    if (all === '*') {
      since = '';
      out += '(.*)';
      continue;
    }
    if (all === '/(') {
      since += '/';
      out += '/(?:';
      continue;
    }
    const dot = format ? '\\.' : '';
    let group = since ? '((?:(?!/|' + since + ').)+?)' : '([^/' + dot + ']+?)';
    if (capture) group = capture.replace(/\\.|\*/, (c) => (c === '*' ? '(.*)' : c));
    const lead = '(?:' + dot + (slash || '');
    named.push([out.length + lead.length, name]);
    out += lead + group + (star ? '((?:[/' + dot + '].+?)?)' : '') + ')' + (optional || '');
    since = '';
  }
  out += path.slice(from);
  // Names by the groups of the whole: what is not a parameter's own group has a number.
  const offsets = [];
  for (let i = 0; i < out.length; i++) {
    if (out[i] === '\\') i++;
    else if (out[i] === '(' && out[i + 1] !== '?') offsets.push(i);
  }
  let unnamed = keys.filter((k) => typeof k === 'number').length;
  for (const at of offsets) {
    const own = named.find(([start]) => start === at);
    keys.push(own ? own[1] : unnamed++);
  }
  if (!options.strict) out += out.endsWith('/') ? '?' : '/?';
  if (options.end) out += '$';
  else if (!out.endsWith('/')) out += '(?=/|$)';
  return '^' + out;
}

function compile4(path, options) {
  const keys = [];
  const flags = options.sensitive ? '' : 'i';
  if (!options.end && path === '/') return () => ({ path: '', params: {}, keys });
  if (path === '*') return (text) => ({ path: text, params: { 0: decode(text) }, keys: [0] });
  if (path instanceof RegExp) {
    keys.push(...groupsOf(path.source));
    return matcher(path, keys);
  }
  if (Array.isArray(path)) {
    const sources = path.map((p) => (Array.isArray(p) ? p.map((q) => source4(q, options, keys)).join('|') : source4(p, options, keys)));
    return matcher(new RegExp(sources.join('|'), flags), keys);
  }
  return matcher(new RegExp(source4(path, options, keys), flags), keys);
}

function pathError(text, path) {
  const e = new TypeError(text + ': ' + path + '; visit https://git.new/pathToRegexpError for info');
  e.invalidPath = path;
  return e;
}

// The tokens of a pattern of express 5: text, ":name", "*name" and "{group}".
function tokens5(path) {
  const chars = [...path];
  let i = 0;
  const until = (end) => {
    const out = [];
    let text = '';
    const flush = () => {
      if (text) out.push({ type: 'text', value: text });
      text = '';
    };
    while (i < chars.length) {
      const c = chars[i++];
      if (c === end) {
        flush();
        return out;
      }
      if (c === '\\') {
        if (i === chars.length) throw pathError('Unexpected end after \\ at index ' + i, path);
        text += chars[i++];
      } else if (c === ':' || c === '*') {
        let name = '';
        if (chars[i] === '"') {
          const quote = i++;
          while (i < chars.length && chars[i] !== '"') {
            if (chars[i] === '\\') i++;
            name += chars[i++];
          }
          if (i++ >= chars.length) throw pathError('Unterminated quote at index ' + quote, path);
        } else {
          while (i < chars.length && (name ? /[\w$\u0080-\uffff]/ : /[A-Za-z_$\u0080-\uffff]/).test(chars[i])) name += chars[i++];
        }
        if (!name) throw pathError('Missing parameter name at index ' + i, path);
        flush();
        out.push({ type: c === ':' ? 'param' : 'wildcard', name });
      } else if (c === '{') {
        flush();
        out.push({ type: 'group', tokens: until('}') });
      } else if ('}()[]+?!'.includes(c)) {
        throw pathError('Unexpected ' + c + ' at index ' + (i - 1), path);
      } else {
        text += c;
      }
    }
    if (end) throw pathError('Unexpected end at index ' + i + ', expected ' + end, path);
    flush();
    return out;
  };
  return until('');
}

// Every way to leave groups out, the longest first.
function ways(tokens) {
  let out = [[]];
  for (const t of tokens) {
    if (t.type !== 'group') {
      for (const way of out) way.push(t);
      continue;
    }
    const inner = ways(t.tokens);
    const next = [];
    for (const way of out) {
      for (const more of inner) next.push([...way, ...more]);
      next.push(way);
    }
    out = next;
    if (out.length > 256) throw pathError('Too many path combinations', '');
  }
  return out;
}

function without(a, b) {
  if (b.length > a.length) return without(b, a);
  if (a === b) b = '';
  if (b.length > 1) return '(?:(?!' + escapeRegExp(a) + '|' + escapeRegExp(b) + ')[^])';
  if (a.length > 1) return '(?:(?!' + escapeRegExp(a) + ')[^' + escapeRegExp(b) + '])';
  return '[^' + escapeRegExp(a + b) + ']';
}

function source5(tokens, keys, path) {
  let out = '', since = '', sinceWildcard = '';
  let last = ''; // the kind of the last capture
  let seen = { param: false, wildcard: false }; // in this segment
  const wildcardFollows = (i) => {
    for (; i < tokens.length; i++) {
      if (tokens[i].type === 'wildcard') return true;
      if (tokens[i].type === 'text' && tokens[i].value.includes('/')) return false;
    }
    return false;
  };
  const textFrom = (i) => {
    let text = '';
    for (; i < tokens.length && tokens[i].type === 'text'; i++) text += tokens[i].value;
    return text;
  };
  tokens.forEach((t, i) => {
    if (t.type === 'text') {
      out += escapeRegExp(t.value);
      since += t.value;
      if (last === 'wildcard') sinceWildcard += t.value;
      if (t.value.includes('/')) seen = { param: false, wildcard: false };
      return;
    }
    if (last && !since) throw pathError('Missing text before "' + t.name + '" ' + t.type, path);
    if (t.type === 'param') {
      if (seen.wildcard) out += '(' + without('/', since) + '+)';
      else if (wildcardFollows(i + 1)) out += '(' + without('/', textFrom(i + 1)) + '+)';
      else if (seen.param) out += '(' + without('/', since) + '+|' + escapeRegExp(since) + ')';
      else out += '([^/]+)';
    } else {
      if (seen.wildcard) out += '(' + without(since, '') + '+)';
      else if (sinceWildcard) out += '(' + without(sinceWildcard, '') + '+|[^/]+)';
      else out += '([^]+)';
      sinceWildcard = '';
    }
    seen[t.type] = true;
    last = t.type;
    keys.push({ name: t.name, list: t.type === 'wildcard' });
    since = '';
  });
  return out;
}

function one5(path, options) {
  if (path instanceof RegExp) return matcher(path, groupsOf(path.source));
  if (typeof path !== 'string') throw new TypeError('path must be a string, array of strings, or regular expression');
  const keys = [];
  const text = options.strict || path === '/' ? path : path.replace(/\/+$/, '');
  const sources = ways(tokens5(text)).map((way) => source5(way, keys, path));
  let pattern = '^(?:' + sources.join('|') + ')';
  if (!options.strict) pattern += '(?:/$)?';
  pattern += options.end ? '$' : '(?=/|$)';
  const regexp = new RegExp(pattern, options.sensitive ? '' : 'i');
  return (p) => {
    const m = regexp.exec(p);
    if (!m) return null;
    const params = Object.create(null);
    for (let i = 1; i < m.length; i++) {
      if (m[i] === undefined) continue;
      const key = keys[i - 1];
      params[key.name] = key.list ? m[i].split('/').map(decode) : decode(m[i]);
    }
    return { path: m[0], params, keys: keys.map((k) => k.name) };
  };
}

function compile5(path, options) {
  if (!options.end && path === '/') return () => ({ path: '', params: {}, keys: [] });
  if (!Array.isArray(path)) return one5(path, options);
  const all = path.flat(Infinity).map((p) => one5(p, options));
  return (text) => {
    for (const match of all) {
      const m = match(text);
      if (m) return m;
    }
    return null;
  };
}

module.exports = { compile4, compile5 };
