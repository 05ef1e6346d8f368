// The playground's page: what is typed goes to the analyst, what it answers is shown.

import { connect } from './analyst.js';
import { edit, files, listen, open, step, underline } from './editor.js';
import { $, element } from './element.js';
import { examples } from './examples.js';
import { pack, unpack } from './link.js';
import { showExchange, showFindings, showPolicy, summary } from './results.js';

const most = 1 << 20; // bytes of all files; the analyst reads no more
const patience = 10_000; // ms that an answer may take
const tooMuch = `this is more than the ${most >> 10} KB that the playground reads`;
const impatience = 2_000; // ms after which a question about an older text is given up

let analyst;
let docs = '';

// The request.

let chosen = false; // by the user: nothing else is suggested

function request() {
  const headers = [];
  for (const line of $('headers').value.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  const url = $('url').value.trim();
  return url ? { url, method: $('method').value, origin: $('origin').value.trim(), credentials: $('credentials').checked, headers } : null;
}

function setRequest(f) {
  $('url').value = f?.url ?? '';
  $('method').value = f?.method || 'GET';
  if ($('method').selectedIndex < 0) $('method').value = 'GET';
  $('origin').value = f?.origin ?? '';
  $('credentials').checked = !!f?.credentials;
  $('headers').value = (f?.headers ?? []).map(([name, value]) => `${name}: ${value}`).join('\n');
}

// asked is the question that the page poses.
function asked() { return { files: files.all, fetch: request(), ...($('pedantic').checked && { pedantic: true }) }; }

// simulate makes a request the page's, and goes to what becomes of it.
async function simulate(f) {
  chosen = true;
  setRequest(f);
  await ask();
  $('exchange-title').focus();
}

// Asking.

let asking = null; // since when, and the promise of the answer's being shown
let again = false;
let shown = {};

// ask asks about the present files and request. While an answer is awaited one further question waits.
function ask() {
  if (!analyst) return Promise.resolve();
  if (asking) {
    again = true;
    asking.giveUp ??= setTimeout(() => analyst.stop(), Math.max(0, impatience - (performance.now() - asking.since)));
    return asking.done;
  }
  wanted.length = 0; // fixes of another text
  asking = {};
  asking.done = answerAll().finally(() => { asking = null; repairNext(); });
  return asking.done;
}

async function answerAll() {
  do {
    again = false;
    const started = performance.now();
    const question = asked();
    asking.since = started;
    const answer = await answerOf(question);
    clearTimeout(asking.giveUp);
    asking.giveUp = null;
    if (again) continue; // of a text that has changed
    if (!chosen && !question.fetch && answer.suggest) {
      setRequest(answer.suggest);
      again = true;
      continue;
    }
    display(answer);
    document.documentElement.dataset.took = Math.round(performance.now() - started); // for who measures
    document.documentElement.dataset.first ??= Math.round(performance.now());
    document.documentElement.dataset.answers = Number(document.documentElement.dataset.answers ?? 0) + 1;
    remember();
  } while (again);
}

const nothing = { findings: [], gaps: [], layers: [] };
let turn = Promise.resolve();

// answerOf asks the analyst when it has answered what it was asked before.
function answerOf(question) {
  if (question.files.reduce((sum, f) => sum + f.text.length, 0) > most) {
    return { ...nothing, error: tooMuch };
  }
  turn = turn.then(() => patiently(question));
  return turn;
}

async function patiently(question) {
  let late = false;
  let timer;
  const begun = () => { timer = setTimeout(() => { late = true; analyst.stop(); }, patience); };
  try {
    return { ...nothing, ...await analyst.ask(question, begun) };
  } catch (error) {
    return { ...nothing, error: late ? `this took longer than ${patience / 1000} seconds and was stopped` : `there is no answer: ${error.message}` };
  } finally {
    clearTimeout(timer);
  }
}

// display shows an answer: what has not changed is left alone, with whatever is unfolded and focused there.
function display(answer) {
  const differs = (part, value) => {
    const text = JSON.stringify(value);
    const changed = shown[part] !== text;
    shown[part] = text;
    return changed;
  };
  if (differs('findings', [answer.findings, answer.gaps, answer.error, answer.layers.length])) showFindings(answer, { docs, fixes, apply, simulate });
  if (differs('exchange', answer.exchange)) showExchange(answer.exchange);
  if (differs('policy', answer.layers)) showPolicy(answer.layers, simulate);
  underline(answer.findings.map((f) => ({ ...f.place, severity: f.severity })));
  say(summary(answer));
}

// say shows a sentence, which screen readers read out.
function say(text) {
  if ($('status').textContent !== text) $('status').textContent = text;
}

// Fixes: each is tried by the analyst, which takes longer than an answer. They are asked for one by one, when nothing else is.

const wanted = [];
let repairing = false;

function fixes(i, tell) {
  wanted.push({ i, tell });
  if (!asking) repairNext();
}

async function repairNext() {
  if (repairing || asking) return;
  repairing = true;
  while (wanted.length && !asking) {
    const { i, tell } = wanted.shift();
    const about = JSON.stringify(files.all);
    const answer = await answerOf({ ...asked(), fetch: null, repair: [i] });
    if (JSON.stringify(files.all) === about) tell(answer.fixes?.[0] ?? []);
  }
  repairing = false;
}

async function apply(fix) {
  await remember({ now: true });
  edit(fix.edits);
  remember({ step: true });
  await ask();
  $('findings-title').focus(); // the button is gone
  say(`Applied: ${fix.title}. ${$('status').textContent}`);
}

// The address: the files and the request are kept in its fragment, which is sent to nobody. A step is one that the browser's back
// button takes back.

let remembering; // later
let written = Promise.resolve(); // one after another: what comes after a step belongs to it

function remember({ step: isStep = false, now = isStep } = {}) {
  clearTimeout(remembering);
  const write = async () => {
    const address = '#' + await pack(asked());
    if (location.hash === address) return;
    if (isStep) history.pushState(null, '', address); else history.replaceState(null, '', address);
  };
  const next = () => { written = written.then(write).catch(() => {}); return written; };
  if (now) return next();
  remembering = setTimeout(next, 250); // browsers refuse more than a few a second
}

// recall opens what the address holds, and reports whether it holds something.
async function recall() {
  const question = location.hash.length > 1 ? await unpack(location.hash.slice(1), 4 * most) : null;
  if (question) await start(question);
  return !!question;
}

function start({ files: all, fetch, pedantic }) {
  chosen = !!fetch?.url;
  shown = {};
  setRequest(fetch);
  $('pedantic').checked = !!pedantic;
  open(all);
  return ask();
}

function listenAll() {
  for (const kind of new Set(examples.map((e) => e.kind))) {
    const group = element('optgroup', { label: kind });
    examples.forEach((e, i) => { if (e.kind === kind) group.append(element('option', { value: i }, e.title)); });
    $('example').append(group);
  }
  $('example').onchange = async () => {
    const e = examples[$('example').value];
    $('example').value = '';
    if (!e) return;
    await remember({ now: true });
    start(e);
    remember({ step: true });
  };
  listen(ask, () => say(summary({ error: tooMuch })), most);
  $('request').oninput = () => { chosen = true; ask(); };
  $('pedantic').onchange = ask;
  $('request').onsubmit = (e) => e.preventDefault();
  $('share').onclick = async () => {
    await remember({ now: true });
    if (location.hash.length < 2) return say('This is too long for a link.');
    try {
      await navigator.clipboard.writeText(location.href);
      say('The link is copied.');
    } catch {
      say('The link is in the address bar.');
    }
  };
  $('skip').onclick = (e) => { e.preventDefault(); $('results').focus(); }; // the fragment is taken
  document.onkeydown = (e) => {
    if (e.key === 'F8') {
      e.preventDefault();
      step(e.shiftKey ? -1 : 1);
    } else if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      $('exchange-title').focus();
      $('exchange-title').scrollIntoView();
    }
  };
  window.onpopstate = recall;
}

listenAll();
connect(say).then(async (connected) => {
  ({ analyst, docs } = connected);
  $('docs').href = docs;
  $('docs').hidden = false;
  const linked = location.hash.length > 1;
  if (!await recall()) {
    await start(examples[0]);
    if (linked) say(`The link cannot be read: it was cut, or is of something else. This is an example. ${$('status').textContent}`);
  }
  document.documentElement.dataset.ready = 'yes';
}, (error) => say(`The analyzer does not start: ${error}`));
