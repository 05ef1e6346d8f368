import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { findProgram, languages } from '../src/settings';
import { summary, toMarkdown } from '../src/texts';

interface Manifest {
  main: string;
  version: string;
  activationEvents: string[];
  contributes: {
    commands: { command: string; title: string; category: string }[];
    configuration: { properties: Record<string, { description?: string; markdownDescription?: string; default: unknown }> };
    languages: { configuration: string }[];
  };
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const source = readFileSync('src/extension.ts', 'utf8');

test('the manifest and the source speak of the same commands and settings', () => {
  const registered = [...source.matchAll(/registerCommand\('([^']+)'/g)].map((m) => m[1]);
  assert.deepEqual(manifest.contributes.commands.map((c) => c.command).sort(), registered.sort());
  for (const c of manifest.contributes.commands) assert.equal(c.category, 'corslint');
  for (const [name, p] of Object.entries(manifest.contributes.configuration.properties)) {
    assert.ok((p.markdownDescription ?? p.description ?? '').length > 20, `${name} is described`);
    assert.notEqual(p.default, undefined, `${name} has a default`);
  }
  for (const [, name] of source.matchAll(/\.get(?:<\w+>)?\('(\w+)'/g)) {
    assert.ok(`corslint.${String(name)}` in manifest.contributes.configuration.properties, `corslint.${String(name)} is declared`);
  }
  assert.deepEqual(manifest.activationEvents.filter((e) => e.startsWith('onLanguage:')), languages.map((l) => `onLanguage:${l}`));
  for (const l of manifest.contributes.languages) assert.ok(existsSync(l.configuration));
});

test('what was built can be loaded, and is what the manifest names', () => {
  // Of the editor's interface nothing is there but that everything is a class.
  const anything: unknown = new Proxy(function () { /* a class */ }, { get: (target, name) => (name in target ? Reflect.get(target, name) as unknown : name === Symbol.toPrimitive ? undefined : anything), apply: () => anything });
  const loader = Module as unknown as { _load: (name: string, ...rest: unknown[]) => unknown };
  const load = loader._load;
  loader._load = (name, ...rest) => (name === 'vscode' ? anything : load(name, ...rest));
  try {
    const built = Module.createRequire(join(process.cwd(), 'package.json'))(manifest.main) as Record<string, unknown>;
    assert.equal(typeof built['activate'], 'function');
    assert.equal(typeof built['deactivate'], 'function');
  } finally {
    loader._load = load;
  }
});

test('the program is found as a shell finds it, and never in a directory that is not named', { skip: process.platform === 'win32' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'corslint-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'bin', 'directory'));
  const path = join(folder, 'bin', 'corslint');
  writeFileSync(path, '');
  const find = (setting: string, PATH = '', where: string | undefined = folder) => findProgram(setting, { env: { PATH }, platform: 'linux', folder: where });
  assert.equal(find(path), undefined, 'it cannot be run');
  chmodSync(path, 0o755);
  assert.equal(find(path), path);
  assert.equal(find('bin/corslint'), path);
  assert.equal(find('./bin/corslint'), path);
  assert.equal(find('${workspaceFolder}/bin/corslint'), path);
  assert.equal(findProgram('${workspaceFolder}/bin/corslint', { env: {}, platform: 'linux', folder: undefined }), undefined);
  assert.equal(findProgram('bin/corslint', { env: {}, platform: 'linux', folder: undefined }), undefined);
  assert.equal(find('corslint'), undefined);
  assert.equal(find('', ['/nowhere', join(folder, 'bin')].join(delimiter)), path);
  assert.equal(find('corslint', ['bin', '.', ''].join(delimiter)), undefined, 'relative directories of PATH do not count');
  assert.equal(find('directory', join(folder, 'bin')), undefined);
  writeFileSync(join(folder, 'bin', 'corslint.EXE'), '');
  assert.equal(findProgram(join(folder, 'bin', 'corslint.EXE').slice(0, -4) + 'x', { env: {}, platform: 'win32', folder }), undefined);
  assert.equal(findProgram('corslint2', { env: { PATHEXT: '.COM;.EXE', Path: join(folder, 'bin') }, platform: 'win32', folder }), undefined);
});

test('a summary counts each project once', () => {
  const c = (root: string, errors: number, warnings: number, notes = 0) => ({ root, errors, warnings, notes });
  assert.equal(summary([c('/a', 1, 2), c('/a', 1, 2)]), 'corslint: 1 error, 2 warnings');
  assert.equal(summary([c('/a', 0, 1), c('/b', 2, 0, 1)]), 'corslint: 2 errors, 1 warning, 1 note in 2 projects');
  assert.equal(summary([c('/a', 0, 0)]), 'corslint: nothing to report');
});

test('a hover in every form of the protocol is Markdown', () => {
  assert.equal(toMarkdown({ kind: 'markdown', value: '*x*' }), '*x*');
  assert.equal(toMarkdown(['a', { language: 'http', value: 'GET /' }]), 'a\n\n---\n\n```http\nGET /\n```');
  assert.equal(toMarkdown(null), '');
});
