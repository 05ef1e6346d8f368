// What the analyst answered: findings, the exchange, and who may read what.

import { $, element, show } from './element.js';
import { edited, files, goTo } from './editor.js';

const plural = (n, one) => `${n} ${n === 1 ? one : `${one}s`}`;

// summary says the answer in one line.
export function summary({ error, findings, layers, gaps, more, exchange }) {
  if (error) return error[0].toUpperCase() + error.slice(1) + '.';
  const parts = ['error', 'warning', 'note'].map((s) => [findings.filter((f) => f.severity === s).length, s]).filter(([n]) => n > 0).map(([n, s]) => plural(n, s));
  if (more) parts.push(`${more} more`);
  const found = parts.join(', ') || nothing(layers, gaps);
  const verdict = exchange && !exchange.error ? ` The request is ${verdicts[exchange.verdict] ?? exchange.verdict}.` : '';
  return `${found}.${verdict}`;
}

function nothing(layers, gaps) {
  if (layers.length) return 'Nothing to report';
  return gaps.length ? 'Nothing is known: there is something that corslint could not follow' : 'Nothing here has to do with CORS';
}

const verdicts = { unknown: 'allowed or blocked, depending on what is not known here' };

// place returns a button that leads to a place; null when there is none.
function place(p) {
  if (!p?.file) return null;
  return element('button', { type: 'button', className: 'place', onclick: () => goTo(p) }, `${p.file}:${p.line}`);
}

// prose returns a text with what stands between backquotes as code.
function prose(text) { return text.split('`').map((part, i, all) => (i % 2 && i < all.length - 1 ? element('code', {}, part) : part)); }

function quiet(text) { return element('p', { className: 'quiet' }, text); }

// opened remembers which findings are unfolded, by what they say: a check of another text finds most of them again.
const opened = new Map();

// showFindings lists findings. Their bodies are made when they are unfolded, and their fixes asked for then; context says where
// rules are documented, how to ask for the fixes of a finding, and how to apply one.
export function showFindings(answer, context) {
  const seen = new Map();
  const cards = answer.findings.map((f, i) => {
    const said = `${f.rule} ${f.place.file} ${f.message}`;
    seen.set(said, (seen.get(said) ?? 0) + 1);
    const key = `${said} ${seen.get(said)}`;
    const card = element('details', { className: `card ${f.severity}`, open: opened.get(key) ?? i === 0 },
      element('summary', {}, element('span', { className: 'badge' }, f.severity), element('h3', {}, ...prose(f.message)),
        f.place.file ? element('span', { className: 'where' }, `${f.place.file}:${f.place.line}`) : null));
    const unfold = () => { if (card.open && card.children.length === 1) card.append(body(f, i, context)); };
    card.ontoggle = () => { opened.set(key, card.open); unfold(); };
    unfold();
    return card;
  });
  if (cards.length === 0 && !answer.error) cards.push(quiet(`${nothing(answer.layers, answer.gaps)}.`));
  if (answer.error) cards.push(element('p', { className: 'notice' }, summary(answer)));
  if (answer.more) cards.push(quiet(`${answer.more} more are not listed.`));
  if (answer.gaps.length) {
    cards.push(element('details', { className: 'gaps' }, element('summary', {}, `${plural(answer.gaps.length, 'thing')} that corslint could not follow`),
      element('ul', {}, ...answer.gaps.map((gap) => element('li', {}, gap)))));
  }
  show('findings', ...cards);
}

function body(f, i, context) {
  const made = element('div', { className: 'body' }, element('p', {}, ...prose(f.because)), element('p', { className: 'change' }, ...prose(f.change)));
  if (f.repairable) {
    const fixes = element('div', { className: 'fixes' }, quiet('Looking for a fix …'));
    made.append(fixes);
    context.fixes(i, (list) => fixes.replaceChildren(...list.map((fix) => repair(fix, context.apply))));
  }
  if (f.related.length) made.append(element('ul', { className: 'related' }, ...f.related.map((r) => element('li', {}, place(r), ' ', ...prose(r.text)))));
  if (f.witness) {
    made.append(element('details', {}, element('summary', {}, 'The exchange that proves it'), element('p', {}, element('code', {}, f.witness.title)), sequence(f.witness),
      f.fetch ? element('p', {}, element('button', { type: 'button', onclick: () => context.simulate(f.fetch) }, 'Make it the page’s request')) : null));
  }
  if (f.browser) made.append(element('details', {}, element('summary', {}, 'What the browser says'), console(f.browser)));
  const documented = element('a', { href: `${context.docs}rules/${f.rule}.html`, rel: 'noreferrer' }, f.rule);
  made.append(element('p', { className: 'source' }, place(f.place), ' ', documented));
  return made;
}

// repair shows a fix: what it changes, and a button where it may be applied.
function repair(fix, apply) {
  const about = { safe: 'Tried: nothing else gets worse.', unsafe: 'Changes behaviour that somebody may rely on.', shown: 'Not applied: look at it first.' }[fix.safety];
  const lines = changes(fix).map(([sign, text]) => element(sign === '+' ? 'ins' : 'del', {}, `${sign} ${text}\n`));
  return element('div', { className: 'fix' },
    element('p', {}, fix.safety === 'shown' ? `${fix.title} ` : element('button', { type: 'button', onclick: () => apply(fix) }, `Apply: ${fix.title}`), element('span', { className: 'quiet' }, ` ${about}`)),
    element('pre', { tabIndex: 0, role: 'group', ariaLabel: 'What it changes' }, ...lines));
}

// changes returns the lines that a fix takes out and puts in.
function changes(fix) {
  const out = [];
  for (const f of files.all) {
    if (!fix.edits.some((e) => e.file === f.name)) continue;
    const before = f.text.split('\n');
    const after = edited(f, fix.edits).split('\n');
    // Lines that are equal at both ends are of no interest; what is between them is compared line by line.
    let head = 0;
    while (head < before.length && head < after.length && before[head] === after[head]) head++;
    let tail = 0;
    while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
    const gone = before.slice(head, before.length - tail);
    const come = after.slice(head, after.length - tail);
    out.push(...gone.filter((l) => !come.includes(l)).map((l) => ['-', l]), ...come.filter((l) => !gone.includes(l)).map((l) => ['+', l]));
  }
  return out.slice(0, 40);
}

// sequence shows the messages of an exchange.
function sequence(witness) {
  const list = element('ol', { className: 'sequence' });
  for (const s of witness.steps) {
    const kind = !s.to ? 'inside' : s.from === 'browser' ? 'out' : 'back';
    const who = s.to ? [s.from, element('span', { className: 'arrow', ariaHidden: true }, ' → '), element('span', { className: 'visually-hidden' }, ' to '), s.to] : [s.from];
    const item = element('li', { className: kind }, element('p', { className: 'who' }, ...who), element('p', { className: 'start' }, s.start));
    if (s.lines.length) item.append(element('ul', {}, ...s.lines.map(header)));
    list.append(item);
  }
  return list;
}

function header(l) {
  return element('li', { className: l.lost ? 'lost' : '' }, l.lost ? element('span', { className: 'visually-hidden' }, 'not sent: ') : null,
    element('code', {}, l.text), ' ', place(l.place), l.note ? element('span', { className: 'quiet' }, ` ${l.note}`) : null);
}

function console(text) { return element('p', { className: 'console' }, element('code', {}, text)); }

// showExchange shows how the page's request goes, in every way in which it can.
export function showExchange(x) {
  if (!x) return show('exchange', quiet('Enter a URL that one of the files answers.'));
  if (x.error) return show('exchange', element('p', { className: 'notice' }, `${x.error[0].toUpperCase()}${x.error.slice(1)}.`));
  const shown = x.outcomes.map((o) => {
    const card = element('article', { className: `card ${o.verdict}` }, element('h3', {}, element('span', { className: 'badge' }, o.verdict)));
    if (o.assuming.length) card.append(quiet(`assuming ${o.assuming.join(', ')}`));
    card.append(sequence(o.witness));
    if (o.walls.length > 1) card.append(quiet('Every check that fails, the one that the browser prints first:'));
    if (o.walls.length) card.append(element('ol', { className: 'walls' }, ...o.walls.map((w) => element('li', {}, w))));
    return card;
  });
  if (x.message) shown.push(element('h3', { className: 'says' }, 'The browser’s console'), console(x.message));
  show('exchange', ...shown);
}

// showPolicy shows who may read what; simulate makes a request of an endpoint the page's.
export function showPolicy(layers, simulate) {
  const rows = [];
  show('urls', ...layers.flatMap((l) => l.endpoints).filter((e) => e.url).map((e) => element('option', { value: e.url })));
  for (const l of layers) {
    for (const e of l.endpoints) {
      const request = { url: e.url, method: 'GET', origin: e.origins[0] ?? 'https://app.example', credentials: e.credentials, headers: [] };
      rows.push(element('tr', {}, element('th', { scope: 'row' }, element('code', {}, e.name), element('span', { className: 'quiet' }, ` ${l.name}`)),
        element('td', { className: 'who' }, e.anybody ? 'anybody' : e.origins.join(', ') || 'nobody'), element('td', {}, e.credentials ? 'yes' : 'no'), element('td', {}, place(e.place)),
        element('td', {}, e.url ? element('button', { type: 'button', ariaLabel: `Try ${e.name}`, onclick: () => simulate(request) }, 'Try') : null)));
    }
  }
  if (rows.length === 0) return show('policy', quiet('No endpoint lets a page of another origin read.'));
  const head = ['Endpoint', 'Who', 'Credentials', 'Where', 'Request'].map((t) => element('th', { scope: 'col' }, t));
  show('policy', element('div', { className: 'table', tabIndex: 0, role: 'group', ariaLabel: 'Table' },
    element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows))));
}
