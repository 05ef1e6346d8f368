// Runs fetches in a real Chromium: on standard input first a line of JSON with { executable, resolver }, then a line for each
// fetch: { page, url, init }. For each, in any order, a line of JSON says what the page got and what the console said:
// { id, status, type } or { id, error }, and console. Ends with standard input.
//
// Every fetch has a browser context of its own, so that no cache knows what an earlier one did.
'use strict';

const readline = require('node:readline');
const { chromium } = require('playwright-core');

const AT_ONCE = 3;
const PAGE_MS = 15000; // for a page to load, and for a fetch to end
const LINE_MS = 500; // for the console to say why a fetch failed

async function run(browser, { page: url, url: to, init }) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const lines = [];
    let said;
    const explained = new Promise((resolve) => { said = resolve; });
    page.on('console', (message) => {
      lines.push(message.text());
      if (/^Failed to load resource|^Mixed Content|^Fetch API cannot load/.test(message.text())) said();
    });
    await page.goto(url, { timeout: PAGE_MS });
    lines.length = 0; // a page has no icon
    const result = await page.evaluate(async ({ to, init, ms }) => {
      try {
        const response = await fetch(to, { ...init, signal: AbortSignal.timeout(ms) });
        return { status: response.status, type: response.type };
      } catch (err) {
        return { error: `${err.name}: ${err.message}` };
      }
    }, { to, init, ms: PAGE_MS });
    if (result.error) await Promise.race([explained, new Promise((resolve) => setTimeout(resolve, LINE_MS))]);
    return { ...result, console: lines };
  } finally {
    await context.close();
  }
}

(async () => {
  const input = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { executable, resolver } = JSON.parse((await input.next()).value);
  const browser = await chromium.launch({
    executablePath: executable,
    args: ['--ignore-certificate-errors', `--host-resolver-rules=${resolver}`],
  });
  const work = async () => {
    for (;;) {
      const { value, done } = await input.next();
      if (done) return;
      const asked = JSON.parse(value);
      const answer = await run(browser, asked).catch((err) => ({ failure: String(err) }));
      process.stdout.write(JSON.stringify({ id: asked.id, ...answer }) + '\n');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await browser.close();
})();
