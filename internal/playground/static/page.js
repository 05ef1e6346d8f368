// The playground's page: what is typed goes to the analyst, what it answers is shown. Every text is set as text, never as HTML.

import { connect } from './analyst.js';
import { examples } from './examples.js';

const $ = (id) => document.getElementById(id);
const state = { files: [{ name: 'nginx.conf', text: '' }], at: 0, answer: null, touched: false };
let analyst;

// element makes an element of a tag, its properties and its children: elements or texts.
function element(tag, properties, ...children) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

function current() { return state.files[state.at]; }

// showFiles fills the list of files and the editor.
function showFiles() {
  $('file').replaceChildren(...state.files.map((f, i) => element('option', { value: i, selected: i === state.at }, f.name)));
  $('name').value = current().name;
  if ($('text').value !== current().text) $('text').value = current().text;
  $('remove').disabled = state.files.length === 1;
  mark();
}

// mark shades the places of the findings behind the text.
function mark() {
  const text = current().text;
  const places = [];
  for (const f of (state.answer && state.answer.findings) || []) if (f.place.file === current().name) places.push(f.place);
  places.sort((a, b) => a.start - b.start);
  const parts = [];
  let at = 0;
  for (const p of places) {
    if (p.start < at || p.end > text.length) continue;
    parts.push(text.slice(at, p.start), element('mark', {}, text.slice(p.start, p.end)));
    at = p.end;
  }
  parts.push(text.slice(at) + '\n');
  $('marks').replaceChildren(...parts);
  scroll();
}

function scroll() {
  $('marks').scrollTop = $('text').scrollTop;
  $('marks').scrollLeft = $('text').scrollLeft;
}

// goTo shows a place in the editor.
function goTo(place) {
  const i = state.files.findIndex((f) => f.name === place.file);
  if (i < 0) return;
  state.at = i;
  showFiles();
  const text = $('text');
  text.focus();
  text.setSelectionRange(place.start, place.end);
  const line = text.value.slice(0, place.start).split('\n').length;
  text.scrollTop = Math.max(0, (line - 6) * parseFloat(getComputedStyle(text).lineHeight));
  scroll();
}

function link(place) {
  if (!place || !place.file) return null;
  return element('button', { type: 'button', className: 'link', onclick: () => goTo(place) }, `${place.file}:${place.line}`);
}

function request() {
  const headers = [];
  for (const line of $('headers').value.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  return { url: $('url').value.trim(), method: $('method').value, origin: $('origin').value.trim(), credentials: $('credentials').checked, headers };
}

function setRequest(f) {
  $('url').value = f.url;
  $('method').value = f.method || 'GET';
  $('origin').value = f.origin;
  $('credentials').checked = !!f.credentials;
  $('headers').value = (f.headers || []).map(([name, value]) => `${name}: ${value}`).join('\n');
}

function sequence(witness) {
  const list = element('ol', { className: 'sequence' });
  for (const s of witness.steps) {
    const kind = !s.to ? 'inside' : s.from === 'browser' ? 'out' : 'back';
    const item = element('li', { className: kind }, element('p', { className: 'who' }, s.to ? `${s.from} → ${s.to}` : s.from), element('p', { className: 'start' }, s.start));
    if (s.lines.length) {
      item.append(element('ul', {}, ...s.lines.map((l) => element('li', { className: l.lost ? 'lost' : '' },
        l.lost ? element('span', { className: 'visually-hidden' }, 'not sent: ') : null, element('code', {}, l.text), ' ', link(l.place), l.note ? ` ${l.note}` : null))));
    }
    list.append(item);
  }
  return list;
}

function showFindings(answer) {
  const shown = answer.findings.map((f) => {
    const card = element('article', { className: f.severity }, element('h3', {}, element('span', { className: 'badge' }, f.severity), ` ${f.message}`),
      element('p', {}, link(f.place), ' ', element('span', { className: 'quiet' }, f.rule)), element('p', {}, f.because), element('p', { className: 'change' }, f.change));
    for (const r of f.related) card.append(element('p', { className: 'quiet' }, link(r), ` ${r.text}`));
    for (const fix of f.fixes) {
      card.append(element('p', {}, element('button', { type: 'button', onclick: () => apply(fix) }, `Apply: ${fix.title}`), fix.safe ? null : ' changes who is let in'));
    }
    if (f.witness) card.append(element('details', {}, element('summary', {}, 'The exchange that proves it'), element('p', {}, element('code', {}, f.witness.title)), sequence(f.witness)));
    if (f.browser) card.append(element('details', {}, element('summary', {}, 'What the browser says'), element('p', {}, element('code', {}, f.browser))));
    return card;
  });
  if (shown.length === 0) shown.push(element('p', { className: 'quiet' }, answer.layers.length ? 'Nothing to report.' : 'Nothing here has to do with CORS.'));
  for (const gap of answer.gaps.slice(0, 5)) shown.push(element('p', { className: 'quiet' }, gap));
  $('findings').replaceChildren(...shown);
}

function showExchange(x) {
  if (!x) return $('exchange').replaceChildren(element('p', { className: 'quiet' }, 'Choose a request on the left.'));
  if (x.error) return $('exchange').replaceChildren(element('p', {}, x.error));
  const shown = x.outcomes.map((o) => {
    const card = element('article', { className: o.verdict }, element('h3', {}, element('span', { className: 'badge' }, o.verdict)));
    if (o.assuming.length) card.append(element('p', { className: 'quiet' }, `assuming ${o.assuming.join(', ')}`));
    card.append(sequence(o.witness));
    if (o.walls.length) card.append(element('ol', {}, ...o.walls.map((w) => element('li', {}, w))));
    return card;
  });
  if (x.message) shown.push(element('p', { className: 'console' }, element('code', {}, x.message)));
  $('exchange').replaceChildren(...shown);
}

function showPolicy(layers) {
  const rows = [];
  for (const l of layers) {
    for (const e of l.endpoints) {
      rows.push(element('tr', {}, element('th', { scope: 'row' }, `${l.name} ${e.name}`), element('td', {}, e.anybody ? 'anybody' : e.origins.join(', ') || 'nobody'),
        element('td', {}, e.credentials ? 'yes' : 'no'), element('td', {}, link(e.place))));
    }
  }
  if (rows.length === 0) return $('policy').replaceChildren(element('p', { className: 'quiet' }, 'No endpoint lets a page of another origin read.'));
  const head = element('tr', {}, ...['endpoint', 'who', 'credentials', 'where'].map((t) => element('th', { scope: 'col' }, t)));
  $('policy').replaceChildren(element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)));
}

// apply edits the files, the last place first so that the others stay where they are.
function apply(fix) {
  for (const e of [...fix.edits].sort((a, b) => b.start - a.start)) {
    const f = state.files.find((x) => x.name === e.file);
    if (f) f.text = f.text.slice(0, e.start) + e.text + f.text.slice(e.end);
  }
  showFiles();
  ask();
}

let asking = false;
let again = false;

// ask asks the analyst about the present files and request; while it works one further question waits.
async function ask() {
  if (!analyst) return;
  if (asking) { again = true; return; }
  asking = true;
  do {
    again = false;
    const started = performance.now();
    const fetch = request();
    let answer;
    try {
      answer = await analyst.ask({ files: state.files, fetch: fetch.url ? fetch : null });
    } catch (error) {
      answer = { error: String(error), findings: [], gaps: [], layers: [] };
    }
    if (again) continue;
    state.answer = answer;
    if (!state.touched && answer.suggest && !fetch.url) {
      setRequest(answer.suggest);
      again = true;
    }
    const errors = answer.findings.filter((f) => f.severity === 'error').length;
    $('status').textContent = answer.error || `${errors} ${errors === 1 ? 'error' : 'errors'}, ${answer.findings.length - errors} other`;
    document.documentElement.dataset.took = Math.round(performance.now() - started);
    showFindings(answer);
    showExchange(answer.exchange);
    showPolicy(answer.layers);
    mark();
    remember();
  } while (again);
  asking = false;
}

// The files and the request are kept in the fragment, which is sent to nobody.
async function pack(value) {
  const stream = new Blob([JSON.stringify(value)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = '';
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

async function unpack(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const stream = new Blob([Uint8Array.from(binary, (c) => c.charCodeAt(0))]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return JSON.parse(await new Response(stream).text());
}

async function remember() {
  history.replaceState(null, '', '#' + await pack({ files: state.files, fetch: request() }));
}

async function recall() {
  if (location.hash.length < 2) return false;
  try {
    const { files, fetch } = await unpack(location.hash.slice(1));
    if (!Array.isArray(files) || files.length === 0) return false;
    open(files.slice(0, 50).map((f) => ({ name: String(f.name), text: String(f.text) })), fetch);
    return true;
  } catch {
    return false; // a link that was cut
  }
}

function open(files, fetch) {
  state.files = files.map((f) => ({ ...f }));
  state.at = 0;
  state.answer = null;
  state.touched = !!(fetch && fetch.url);
  setRequest(fetch || { url: '', method: 'GET', origin: '', credentials: false, headers: [] });
  showFiles();
  ask();
}

function listen() {
  $('example').append(...examples.map((e, i) => element('option', { value: i }, e.title)));
  $('example').onchange = () => { const e = examples[$('example').value]; if (e) open(e.files, e.fetch); };
  $('file').onchange = () => { state.at = Number($('file').value); showFiles(); };
  $('name').onchange = () => { current().name = $('name').value.trim() || 'nginx.conf'; showFiles(); ask(); };
  $('add').onclick = () => { state.files.push({ name: `file${state.files.length + 1}.conf`, text: '' }); state.at = state.files.length - 1; showFiles(); $('name').focus(); };
  $('remove').onclick = () => { state.files.splice(state.at, 1); state.at = 0; showFiles(); ask(); };
  $('text').oninput = () => { current().text = $('text').value; mark(); ask(); };
  $('text').onscroll = scroll;
  $('request').oninput = () => { state.touched = true; ask(); };
  $('request').onsubmit = (e) => e.preventDefault();
  $('share').onclick = async () => {
    await remember();
    try { await navigator.clipboard.writeText(location.href); $('status').textContent = 'The link is copied.'; } catch { $('status').textContent = 'The link is in the address bar.'; }
  };
  window.onhashchange = recall;
}

listen();
showFiles();
connect((text) => { $('status').textContent = text; }).then(async (a) => {
  analyst = a;
  document.documentElement.dataset.ready = 'yes';
  if (!await recall()) open(examples[0].files, examples[0].fetch);
}, (error) => { $('status').textContent = `The analyzer does not start: ${error}`; });
