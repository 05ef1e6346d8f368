// Uses the playground in a real Chromium, as people do. On standard input a line of JSON says where it is:
// { executable, server, files, shots }: the address that the analyst serves it at, the directory of its static files, and where
// screenshots go, if anywhere. Each check is a line of JSON on standard output: { name, ms, failure, numbers }.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { chromium } = require('playwright-core');

const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const CHECK_MS = 180_000;
const WAIT_MS = 30_000; // for whatever is awaited, on a very busy machine

// serve serves the static files as any server of files does.
function serve(root) {
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml', '.gz': 'application/gzip' };
  const sent = new Map(); // bytes, by file
  const server = http.createServer((request, response) => {
    const name = path.join('/', new URL(request.url, 'http://x').pathname.replace(/\/$/, '/index.html'));
    const file = path.join(root, name);
    if (!fs.existsSync(file)) return response.writeHead(404).end();
    const bytes = fs.readFileSync(file);
    sent.set(name.slice(1), bytes.length);
    response.writeHead(200, { 'Content-Type': types[path.extname(file)] ?? '' }).end(bytes);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({
    url: `http://127.0.0.1:${server.address().port}/`, sent, close() { server.close(); server.closeAllConnections(); },
  })));
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const card = (page, rule) => page.locator('#findings details.card', { has: page.locator(`a[href$="rules/${rule}.html"]`) });
const rulesOf = (page) => page.evaluate(() => { // unfolds everything
  for (const d of document.querySelectorAll('#findings details.card')) d.open = true;
}).then(() => page.waitForFunction(() => [...document.querySelectorAll('#findings details.card')].every((d) => d.children.length > 1)))
  .then(() => page.locator('#findings .source a').allTextContents());

const answers = (page) => page.evaluate(() => Number(document.documentElement.dataset.answers ?? 0));

// after does something, and waits for the next answer to be shown.
async function after(page, act) {
  const before = await answers(page);
  await act();
  await page.waitForFunction((n) => Number(document.documentElement.dataset.answers ?? 0) > n, before, { timeout: WAIT_MS });
}

async function open(page, url) {
  await page.goto(url);
  await page.waitForSelector('html[data-ready]', { timeout: WAIT_MS });
}

const choose = (page, label) => after(page, () => page.selectOption('#example', { label }));

// type changes the text at once: Chromium takes a minute to insert what is very large, as a keyboard would.
const type = (page, text) => after(page, () => page.evaluate((value) => {
  const editor = document.getElementById('text');
  editor.value = value;
  editor.dispatchEvent(new Event('input', { bubbles: true }));
}, text));

// locations is a configuration of about 200 lines with some locations.
function locations(n) {
  const rest = '        proxy_set_header X-A b;\n'.repeat(Math.max(0, Math.floor((190 - 4 * n) / n)));
  const all = Array.from({ length: n }, (_, i) => `    location /v${i}/ {\n        add_header Access-Control-Allow-Origin https://app.shop.example;\n        proxy_pass http://orders:3000;\n${rest}    }\n`);
  return `server {\n    listen 80;\n    server_name api.shop.example;\n${all.join('')}}\n`;
}

async function violations(page, where) {
  await page.evaluate(axe); // through the debugger: the page's policy lets no script in
  const { violations: list } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(list.map((v) => `${where}: ${v.id}: ${v.nodes.map((n) => `${n.html} ${n.failureSummary}`).join(' | ')}`), []);
}

// checks, by name: each has a page of its own, in a browser that knows nothing yet. Those of the wasm side use the static files.
const checks = {
  async 'server: first result, editing, the exchange'({ page, server }) {
    await open(page, server);
    assert.match(await page.textContent('#status'), /error.*The request is/);
    await page.locator('#exchange .sequence li').first().waitFor();
    assert.match(await page.textContent('#exchange .console'), /has been blocked by CORS policy/);
    await type(page, 'server { listen 80; }');
    assert.match(await page.textContent('#findings'), /Nothing/);
    await type(page, 'server { listen 80; location / { add_header Access-Control-Allow-Origin * always; add_header Vary Origin always; } }');
    assert.ok(!(await rulesOf(page)).includes('vary-origin-unneeded'));
    await after(page, () => page.check('#pedantic'));
    assert.ok((await rulesOf(page)).includes('vary-origin-unneeded'));
  },

  async 'server: every example has its finding'({ page, server, examples }) {
    await open(page, server);
    for (const e of examples) {
      await choose(page, e.title);
      assert.ok((await rulesOf(page)).includes(e.rule), `${e.title}: ${await rulesOf(page)}`);
    }
  },

  async 'server: a request of one\'s own, step by step'({ page, server, shoot }) {
    await open(page, server);
    await page.fill('#url', 'https://api.shop.example/orders');
    await page.selectOption('#method', 'PUT');
    await page.uncheck('#credentials');
    await page.fill('#headers', 'Content-Type: application/json\nX-Odd: 1');
    await after(page, () => page.fill('#origin', 'https://app.shop.example'));
    const starts = await page.locator('#exchange .start').allTextContents();
    assert.match(starts[0], /^OPTIONS/, starts.join('; '));
    assert.match(await page.textContent('#exchange .console'), /Request header field x-odd is not allowed/);
    await shoot('exchange');
    await after(page, () => page.fill('#headers', 'Content-Type: application/json'));
    assert.match((await page.locator('#exchange .start').allTextContents()).join('; '), /PUT/);
    await after(page, () => page.check('#credentials'));
    assert.match(await page.textContent('#exchange .console'), /credentials/);
    await after(page, () => page.fill('#url', 'https://elsewhere.example/'));
    assert.match(await page.textContent('#exchange'), /Nothing here answers/);
    await after(page, () => page.fill('#url', 'no address'));
    assert.ok((await page.textContent('#exchange')).length > 10);
    await after(page, () => page.getByRole('button', { name: /^Try / }).first().click());
    assert.equal(await page.inputValue('#url'), 'https://api.shop.example/');
  },

  async 'server: a fix ends its finding, and back takes it back'({ page, server, shoot }) {
    await open(page, server);
    const rule = 'nginx-if-drops-headers';
    const before = await page.inputValue('#text');
    await card(page, rule).getByRole('button', { name: /^Apply/ }).waitFor();
    await shoot('finding');
    await after(page, () => card(page, rule).getByRole('button', { name: /^Apply/ }).first().click());
    await page.waitForFunction(() => document.getElementById('status').textContent.startsWith('Applied'));
    assert.equal(await page.evaluate(() => document.activeElement.id), 'findings-title');
    assert.ok(!(await rulesOf(page)).includes(rule));
    const repaired = await page.inputValue('#text');
    assert.notEqual(repaired, before);
    await after(page, () => page.goBack());
    assert.equal(await page.inputValue('#text'), before);
    await after(page, () => page.goForward());
    assert.equal(await page.inputValue('#text'), repaired);
  },

  async 'server: a link opens the same elsewhere, and nothing of it is sent'({ page, server, browser }) {
    await open(page, server);
    await choose(page, 'Both speak of CORS');
    await after(page, () => page.fill('#origin', 'https://other.example'));
    await page.click('#share');
    await page.waitForFunction(() => /link is/.test(document.getElementById('status').textContent));
    const state = (p) => p.evaluate(() => [document.getElementById('text').value, document.getElementById('file').textContent, document.getElementById('origin').value,
      document.getElementById('url').value, document.getElementById('exchange').textContent]);
    const context = await browser.newContext();
    try {
      const other = await context.newPage();
      const asked = [];
      other.on('request', (r) => asked.push(`${r.url()} ${r.postData() ?? ''}`));
      await open(other, page.url());
      assert.deepEqual(await state(other), await state(page));
      const fragment = new URL(page.url()).hash.slice(1);
      assert.ok(fragment.length > 100 && asked.length > 5);
      for (const a of asked) assert.ok(a.startsWith(server) && !a.split('#')[0].includes(fragment), a);
    } finally {
      await context.close();
    }
  },

  async 'server: links that are cut, wrong or swollen'({ page, server }) {
    const swollen = require('node:zlib').deflateRawSync(Buffer.alloc(60 << 20, 32), { level: 9 }).toString('base64url');
    for (const bad of ['#VJBR7tMwDIevYvKSVK', '#results', '#%%%', '#e30', `#${swollen}`]) {
      await page.goto('about:blank');
      await open(page, server + bad);
      assert.match(await page.textContent('#status'), /^The link cannot be read/, bad.slice(0, 40));
    }
  },

  async 'server: the keyboard alone'({ page, server }) {
    await open(page, server);
    await page.locator('.fix button').first().waitFor();
    await page.evaluate(() => document.activeElement.blur());
    const met = [];
    const seen = async () => page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      return { id: e.id || e.className || e.tagName, outline: e.matches(':focus-visible') && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0, area: box.width * box.height };
    });
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const e = await seen();
      if (e.id === 'BODY') break;
      assert.ok(e.outline && e.area > 0, `the focus cannot be seen on ${JSON.stringify(e)}`);
      met.push(e.id);
    }
    const order = ['skip', 'example', 'share', 'docs', 'name', 'add', 'text', 'method', 'url', 'origin', 'headers', 'credentials'];
    assert.deepEqual(met.slice(0, order.length), order);
    assert.ok(met.length > order.length + 5, met.join(' '));
    await page.focus('#skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'results');
    await page.focus('#text');
    await page.evaluate(() => document.getElementById('text').setSelectionRange(0, 0));
    await page.keyboard.press('F8');
    const first = await page.evaluate(() => document.getElementById('text').selectionStart);
    assert.ok(first > 0);
    await page.keyboard.press('Control+Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'exchange-title');
    await page.focus('#text');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'method');
    const keys = await page.getAttribute('#text', 'aria-describedby');
    assert.match(await page.textContent(`#${keys}`), /F8/);
    const button = page.locator('.fix button').first();
    await button.focus();
    await after(page, () => page.keyboard.press('Enter'));
    await page.waitForFunction(() => document.getElementById('status').textContent.startsWith('Applied'));
  },

  async 'server: what screen readers meet, in light and dark'({ page, server, shoot }) {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.goto('about:blank');
      await open(page, server);
      await page.locator('.fix button').first().waitFor();
      await shoot(colorScheme);
      await violations(page, colorScheme);
      await rulesOf(page);
      await page.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true; });
      await violations(page, `${colorScheme}, unfolded`);
      await choose(page, 'Both speak of CORS');
      await violations(page, `${colorScheme}, two files`);
      await type(page, 'x'.repeat((1 << 20) + 1));
      await violations(page, `${colorScheme}, an error`);
    }
    assert.equal(await page.getAttribute('#status', 'role'), 'status');
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((e) => {
      const s = getComputedStyle(e);
      return s.animationName !== 'none' || parseFloat(s.transitionDuration) > 0 || s.scrollBehavior === 'smooth';
    }).length);
    assert.equal(moving, 0);
  },

  async 'server: 320 pixels, and twice the size'({ page, server, shoot }) {
    for (const [width, height] of [[320, 640], [640, 400]]) { // 1280 × 800 at 200 %
      await page.setViewportSize({ width, height });
      await page.goto('about:blank');
      await open(page, server);
      await page.locator('.fix button').first().waitFor();
      await page.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true; });
      await shoot(`wide-${width}`);
      const wide = await page.evaluate(() => [document.documentElement.scrollWidth, [...document.querySelectorAll('body *')].filter((e) => {
        const box = e.getBoundingClientRect();
        return box.right > innerWidth + 1 && !e.closest('.editor, pre, .table, .visually-hidden, .skip');
      }).map((e) => e.outerHTML.slice(0, 80))]);
      assert.deepEqual(wide, [width, []]);
    }
  },

  async 'server: hostile files'({ page, server }) { await hostile(page, server); },

  async 'wasm: first result'({ browser, files, numbers }) {
    const first = [];
    let loaded = 0;
    for (let i = 0; i < 5; i++) {
      const site = await serve(files);
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        await page.goto(site.url, { waitUntil: 'commit' });
        await page.waitForFunction(() => Number(document.documentElement.dataset.answers) > 0, null, { timeout: WAIT_MS });
        first.push(await page.evaluate(() => Number(document.documentElement.dataset.first) - performance.getEntriesByType('navigation')[0].loadEventEnd));
        loaded = [...site.sent.values()].reduce((a, b) => a + b, 0);
        assert.deepEqual([...site.sent.keys()].filter((name) => name.endsWith('.gz')), ['nginx.wasm.gz']);
      } finally {
        await context.close();
        site.close();
      }
    }
    Object.assign(numbers, { 'first result after load, ms (median)': Math.round(median(first)), 'max': Math.round(Math.max(...first)), 'loaded before, bytes': loaded });
  },

  async 'wasm: re-checks while typing'({ page, site, numbers }) {
    await open(page, site.url);
    for (const n of [8, 48]) {
      const text = locations(n);
      await type(page, text);
      await page.focus('#text');
      await page.evaluate(() => document.getElementById('text').setSelectionRange(1e9, 1e9));
      const took = [];
      for (let i = 0; i < 25; i++) {
        await after(page, () => page.keyboard.type('#'));
        took.push(Number(await page.evaluate(() => document.documentElement.dataset.took)));
        await page.waitForTimeout(50);
      }
      numbers[`${n} locations, ${text.split('\n').length} lines: re-check, ms (median)`] = median(took);
      numbers[`${n}: max`] = Math.max(...took);
    }
  },

  async 'wasm: every example has its finding'({ page, site, examples, numbers }) {
    await open(page, site.url);
    for (const e of examples) {
      const started = Date.now();
      await choose(page, e.title);
      numbers[`${e.title}, ms`] = Date.now() - started;
      assert.ok((await rulesOf(page)).includes(e.rule), `${e.title}: ${await rulesOf(page)}`);
    }
    for (const name of ['configurations', 'all']) numbers[`${name}.wasm.gz, bytes`] = site.sent.get(`${name}.wasm.gz`);
    await choose(page, 'An if that drops headers');
    await after(page, () => page.locator('.fix button').first().click());
    await page.waitForFunction(() => document.getElementById('status').textContent.startsWith('Applied'));
  },

  async 'wasm: hostile files'({ page, site }) { await hostile(page, site.url); },

  async 'wasm: without a network after the first load'({ page, site, context }) {
    await open(page, site.url);
    await page.waitForFunction(async () => (await (await caches.open('corslint-playground')).keys()).some((r) => r.url.endsWith('nginx.wasm.gz')), null, { timeout: WAIT_MS });
    await page.waitForFunction(async () => { // every script that the page loaded is kept
      const kept = (await (await caches.open('corslint-playground')).keys()).map((r) => r.url);
      return performance.getEntriesByType('resource').every((e) => kept.includes(e.name));
    }, null, { timeout: WAIT_MS });
    const text = await page.inputValue('#text');
    site.close();
    await context.setOffline(true);
    await page.reload();
    await page.waitForSelector('html[data-ready]', { timeout: WAIT_MS });
    assert.equal(await page.inputValue('#text'), text);
    await page.locator('#findings details.card').first().waitFor();
    await type(page, 'server { listen 80; }');
    assert.match(await page.textContent('#findings'), /Nothing/);
    await choose(page, 'Login in front of cors()');
    assert.match(await page.textContent('#status'), /no network/);
    await choose(page, 'An if that drops headers');
    assert.match(await page.textContent('#status'), /error/);
  },
};

// hostile pastes what is too large, no text, nested too deeply or endless. Each is answered in bounded time, by a message where there
// is nothing else to say, and the page is usable afterwards.
async function hostile(page, url) {
  await open(page, url);
  const good = await page.inputValue('#text');
  await page.evaluate((text) => navigator.clipboard.writeText(text), 'location / { add_header A b; }\n'.repeat(170_000)); // 5 MB
  await page.focus('#text');
  await page.keyboard.press('Control+V');
  await page.waitForFunction(() => /more than/.test(document.getElementById('status').textContent));
  assert.equal(await page.inputValue('#text'), good);
  const files = {
    'large.conf': 'location / { add_header A b; }\n'.repeat(170_000),
    'binary.conf': Array.from({ length: 200_000 }, (_, i) => String.fromCharCode((i * 7919) % 0x10000)).join(''),
    'nested.conf': 'location / {'.repeat(50_000),
    'many.conf': `server { listen 80;\n${Array.from({ length: 8_000 }, (_, i) => `location /${i}/ { add_header Access-Control-Allow-Origin https://a.example; }`).join('\n')}\n}`,
    'nested.yaml': `openapi: 3.0.0\npaths: ${'['.repeat(100_000)}`,
    'bomb.yaml': `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'.split('').map((c, i) => `${c}: &${c} [${Array(9).fill('*' + 'abcdefghij'[i]).join(',')}]`).join('\n')}\nopenapi: 3.0.0\n`,
    'loop.js': "const app = require('express')();\nwhile (true) {}\napp.listen(3000);\n",
    'handler.js': "const app = require('express')();\napp.use(require('cors')({ origin: (o, done) => { for (;;); } }));\napp.get('/', (q, r) => r.json({}));\napp.listen(3000);\n",
    'memory.js': "const app = require('express')();\nconst kept = []; for (;;) kept.push(new Array(1e6).fill(kept.length));\napp.listen(3000);\n",
    'nested.js': `require('express')().get('/', ${'['.repeat(50_000)});`,
    'regex.js': "const app = require('express')();\napp.use(require('cors')({ origin: /^(a+)+$/ }));\napp.get('/', (q, r) => r.json({}));\nif (/^(a+)+$/.test('a'.repeat(40) + 'b')) app.listen(1);\napp.listen(3000);\n",
  };
  const took = {};
  for (const [name, text] of Object.entries(files)) {
    await page.fill('#name', name);
    await page.keyboard.press('Tab');
    const started = Date.now();
    await type(page, text);
    took[name] = Date.now() - started;
    assert.ok(took[name] < 25_000, `${name} took ${took[name]} ms`);
    assert.ok((await page.textContent('#status')).length > 3);
    if (process.env.PLAYGROUND_VERBOSE) process.stderr.write(`${name} ${took[name]} ${(await page.textContent('#status')).slice(0, 90)}\n`);
    took[name] += ' ' + (await page.textContent('#status')).slice(0, 90);
  }
  await page.fill('#name', 'nginx.conf');
  await page.keyboard.press('Tab');
  await type(page, good);
  assert.match(await page.textContent('#status'), /error/);
  process.stderr.write(process.env.PLAYGROUND_VERBOSE ? `${JSON.stringify(took, null, 1)}\n` : '');
}

// timely fails what takes too long.
async function timely(done) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`this took more than ${CHECK_MS} ms`)), CHECK_MS); });
  await Promise.race([done, late]).finally(() => clearTimeout(timer));
}

async function main() {
  const { executable, server, files, shots, only } = JSON.parse(fs.readFileSync(0, 'utf8'));
  const { examples } = await import(pathToFileURL(path.join(files, 'examples.js')));
  const browser = await chromium.launch({ executablePath: executable });
  for (const [name, check] of Object.entries(checks)) {
    if (only && !new RegExp(only).test(name)) continue;
    const started = Date.now();
    const numbers = {};
    const site = await serve(files);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const wrong = new Set();
      page.on('pageerror', (error) => wrong.add(`the page: ${error}`));
    page.on('console', (message) => { if (message.type() === 'error' && !/Failed to load resource: net::ERR_|ERR_INTERNET/.test(message.text())) wrong.add(`the console: ${message.text()}`); });
    page.on('request', (r) => { if (![server, site.url].some((u) => r.url().startsWith(u)) && r.url() !== 'about:blank') wrong.add(`asked for ${r.url()}`); });
    const shoot = async (what) => { if (shots) await page.screenshot({ path: path.join(shots, `${what}.png`), fullPage: true }); };
    let failure = '';
    try {
      await timely(check({ page, context, browser, server, site, files, examples, numbers, shoot }));
      assert.deepEqual([...wrong], []);
    } catch (error) {
      failure = `${error.stack}\n${[...wrong].join('\n')}`;
      await shoot(`failed-${name.replace(/\W+/g, '-')}`).catch(() => {});
    }
    await context.close();
    site.close();
    process.stdout.write(JSON.stringify({ name, ms: Date.now() - started, failure, numbers }) + '\n');
  }
  await browser.close();
}

main();
