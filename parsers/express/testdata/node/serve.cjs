// Serves many applications from one process, as if each ran alone: a port (0 for any) and a directory come on standard
// input, one pair a line; for each, a line of JSON says on which port of 127.0.0.1 it listens, or why it did not start. Ends
// with standard input.
//
// What an application may see of the others is kept apart: its environment, working directory, main module and port. The
// context of its code, also of what runs later, is followed by AsyncLocalStorage.
'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');
const fs = require('node:fs');
const http = require('node:http');
const Module = require('node:module');
const net = require('node:net');
const path = require('node:path');
const readline = require('node:readline');
const { pathToFileURL } = require('node:url');
const esbuild = require('esbuild');
const dotenv = require('dotenv');

const START_MS = 5000; // for an application to listen
const ANSWER_MS = 500; // for a request to be answered: the applications themselves wait for a few milliseconds at most

const contexts = new AsyncLocalStorage(); // { app, socket }: whose code runs, and the connection of the request it serves
const current = () => contexts.getStore();

const print = process.stdout.write.bind(process.stdout);
const complain = process.stderr.write.bind(process.stderr);
process.stdout.write = process.stderr.write = () => true; // request logs and stack traces

const outside = process.env;
Object.defineProperty(process, 'env', { get: () => current()?.app.env ?? outside });
const cwd = process.cwd;
process.cwd = () => current()?.app.dir ?? cwd();
const exit = process.exit;
process.exit = (code) => { throw new Error(`exit with status ${code}`); };

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const app = current().app;
  const callback = args.find((arg) => typeof arg === 'function');
  this.once('listening', () => app.started({ port: this.address().port }));
  if (callback) this.once('listening', callback);
  this.app = app;
  return listen.call(this, app.port, '127.0.0.1');
};

const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, req, res) {
  if (event !== 'request') return emit.apply(this, arguments);
  let late = setTimeout(() => { // in two steps: the process itself may have waited for the first
    late = setTimeout(() => req.socket.destroy(), ANSWER_MS / 2);
  }, ANSWER_MS / 2);
  res.once('close', () => clearTimeout(late));
  return contexts.run({ app: this.app, socket: req.socket }, () => emit.apply(this, arguments));
};

// An error that nobody handles ends a Node process, and with it the connection.
function crash(err) {
  const context = current();
  if (!context) {
    complain(`${err?.stack ?? err}\n`); // of this program itself
    exit(1);
  }
  if (context.socket) context.socket.destroy();
  else context.app.started({ error: String(err?.message ?? err) });
}
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);

require.extensions['.ts'] = (module, file) => {
  const { code } = esbuild.transformSync(fs.readFileSync(file, 'utf8'), { loader: 'ts', format: 'cjs', target: 'node20', tsconfigRaw: { compilerOptions: { experimentalDecorators: true } } });
  module._compile(code, file);
};

async function start(port, dir) {
  const { main, type } = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
  const entry = path.join(dir, main);
  let app;
  const env = {}; // as "node --env-file-if-exists=.env" gives it
  if (fs.existsSync(path.join(dir, '.env'))) Object.assign(env, dotenv.parse(fs.readFileSync(path.join(dir, '.env'))));
  const listening = new Promise((resolve) => { app = { dir, port, env, started: resolve }; });
  await contexts.run({ app }, async () => {
    process.argv[1] = entry;
    try {
      if (entry.endsWith('.mjs') || (type === 'module' && entry.endsWith('.js'))) await import(pathToFileURL(entry));
      else Module._load(entry, null, true);
    } catch (err) {
      app.started({ error: String(err?.message ?? err) });
    }
    setTimeout(() => app.started({ error: 'does not listen' }), START_MS).unref();
  });
  return listening;
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [, port, dir] = /^(\d+) (.*)$/.exec(line);
    print(JSON.stringify({ dir, ...await start(Number(port), dir) }) + '\n');
  }
  exit(0);
})();
