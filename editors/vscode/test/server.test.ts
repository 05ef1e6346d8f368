import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as anyTest } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  CancellationTokenSource, CodeActionKind, DefinitionRequest, DidChangeWatchedFilesNotification, ErrorCodes, ExecuteCommandRequest, ExitNotification, FileChangeType,
  HoverRequest, InlayHintRequest, LSPErrorCodes, ResponseError, SnippetTextEdit, StreamMessageReader, TextDocumentEdit, TextEdit, type Location, type MarkupContent,
} from 'vscode-languageserver-protocol/node';
import { Editor, program, Project } from './client';

const test = (name: string, run: () => Promise<void>) => void anyTest(name, { skip: program === undefined && 'CORSLINT_PROGRAM is not set', timeout: 60_000 }, run);

const api = `server {
    listen 80;
    server_name api.shop.example;

    location /v1/ {
        # 😀 é
        add_header Access-Control-Allow-Origin https://app.shop.example/ always;
        proxy_pass http://orders:3000;
    }
}
`;

/** A project in an editor. */
class Session {
  readonly project: Project;
  readonly editor = new Editor();

  constructor(files: Record<string, string>) {
    this.project = new Project(files);
  }

  [Symbol.dispose](): void {
    this.editor[Symbol.dispose]();
    this.project[Symbol.dispose]();
  }
}

async function start(files: Record<string, string>, ...open: string[]): Promise<Session> {
  const session = new Session(files);
  await session.editor.initialize(pathToFileURL(session.project.root).href);
  for (const name of open) await session.editor.open(session.project.uri(name), files[name] ?? '');
  return session;
}

test('a finding comes, goes with the fault, and comes back when the file is closed without saving', async () => {
  using session = await start({ 'api.conf': api }, 'api.conf');
  const { project, editor } = session;
  const uri = project.uri('api.conf');
  const [first] = await editor.diagnostics(uri);
  assert.equal(first?.code, 'origin-trailing-slash');
  assert.equal(first.source, 'corslint');
  assert.match(first.codeDescription?.href ?? '', /^https:.*origin-trailing-slash/);
  assert.equal(editor.document(uri).getText(first.range).includes('https://app.shop.example/'), true, JSON.stringify(first.range));
  await editor.replace(uri, '.example/ always', '.example always');
  assert.equal((await editor.rules(uri)).includes('origin-trailing-slash'), false);
  await editor.close(uri);
  await editor.until('the finding of the file on the disk', () => editor.published.get(uri)?.diagnostics.some((d) => d.code === 'origin-trailing-slash') === true);
  assert.equal(await editor.quit(), 0);
});

test('several edits in one message, among characters of several units, and CRLF', async () => {
  const text = api.replaceAll('\n', '\r\n');
  using session = await start({ 'api.conf': text }, 'api.conf');
  const { project, editor } = session;
  const uri = project.uri('api.conf');
  const emoji = editor.position(uri, '😀');
  await editor.edit(uri,
    TextEdit.insert(emoji, '👩‍👩‍👧 '),
    TextEdit.del({ start: emoji, end: { line: emoji.line, character: emoji.character + 9 } }),
    TextEdit.insert({ line: emoji.line, character: emoji.character + 3 }, '🇩🇪\r\n        # '));
  const [found] = await editor.diagnostics(uri);
  assert.equal(found?.code, 'origin-trailing-slash');
  assert.match(editor.document(uri).getText(found.range), /https:\/\/app\.shop\.example\//);
});

test('hover, definition and hints', async () => {
  const text = api.replace('example/ always', 'example always').replace('        proxy_pass', `        if ($request_method = OPTIONS) {
            add_header Access-Control-Allow-Methods PUT;
            return 204;
        }
        proxy_pass`);
  using session = await start({ 'api.conf': text }, 'api.conf');
  const { project, editor } = session;
  const uri = project.uri('api.conf');
  const all = await editor.diagnostics(uri);
  const withPlaces = all.find((d) => d.relatedInformation !== undefined && d.relatedInformation.length > 0);
  assert.ok(withPlaces, JSON.stringify(all));
  const at = { textDocument: { uri }, position: withPlaces.range.start };
  const hover = await editor.connection.sendRequest(HoverRequest.type, at);
  const markdown = (hover?.contents as MarkupContent).value;
  assert.match(markdown, new RegExp(String(withPlaces.code)));
  assert.match(markdown, /What the browser does/);
  assert.match(markdown, /browser → /);
  const places = (await editor.connection.sendRequest(DefinitionRequest.type, at)) as Location[];
  assert.ok(places.some((p) => JSON.stringify(p) === JSON.stringify(withPlaces.relatedInformation?.[0]?.location)), JSON.stringify(places));
  const location = editor.position(uri, 'location /v1/');
  const policy = await editor.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: location });
  assert.match((policy?.contents as MarkupContent).value, /https:\/\/app\.shop\.example/);
  const hints = await editor.connection.sendRequest(InlayHintRequest.type, { textDocument: { uri }, range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } } });
  const hint = hints?.find((h) => h.position.line === location.line);
  assert.ok(typeof hint?.label === 'string' && hint.label.startsWith('cors: '), JSON.stringify(hints));
  assert.equal(hint.position.character, location.character + 'location /v1/ {'.length);
  const none = await editor.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: editor.position(uri, '😀') });
  assert.equal(none, null);
});

test('a fix that is applied is the end of its finding', async () => {
  using session = await start({ 'api.conf': api }, 'api.conf');
  const { project, editor } = session;
  const uri = project.uri('api.conf');
  const [found] = await editor.diagnostics(uri);
  assert.ok(found);
  const actions = await editor.actions(uri, found);
  const fix = actions.find((a) => a.isPreferred);
  assert.ok(fix, JSON.stringify(actions));
  assert.equal(fix.kind, CodeActionKind.QuickFix);
  assert.equal(fix.diagnostics?.[0]?.code, found.code);
  await editor.apply(fix);
  assert.equal((await editor.rules(uri)).includes('origin-trailing-slash'), false);
  assert.match(editor.document(uri).getText(), /# 😀 é\n {8}add_header Access-Control-Allow-Origin https:\/\/app\.shop\.example always;/);
});

test('to suppress leaves the cursor for the reason', async () => {
  using session = await start({ 'api.conf': api });
  const { project, editor } = session;
  const uri = project.uri('api.conf');
  await editor.open(uri, api);
  const [found] = await editor.diagnostics(uri);
  assert.ok(found);
  const suppress = (await editor.actions(uri, found)).find((a) => a.title.startsWith('Suppress'));
  assert.ok(suppress);
  assert.equal(suppress.command, undefined, 'this client shows no documents');
  await editor.apply(suppress);
  assert.match(editor.document(uri).getText(), /# corslint: ignore\[origin-trailing-slash\] -- \n {8}add_header/);
  const without = await editor.rules(uri);
  await editor.replace(uri, 'slash] -- ', 'slash] -- the browser of our kiosk');
  assert.deepEqual((await editor.rules(uri)).filter((r) => r.includes('slash') || r.includes('suppress') || r.includes('ignore')), [], `after ${without.join()}`);

  using other = new Editor();
  await other.initialize(null, { workspace: { workspaceEdit: { documentChanges: true, snippetEditSupport: true } } });
  await other.open(uri, api);
  const [again] = await other.diagnostics(uri);
  assert.ok(again);
  const snippet = (await other.actions(uri, again)).find((a) => a.title.startsWith('Suppress'))?.edit?.documentChanges?.[0];
  assert.ok(TextDocumentEdit.is(snippet));
  assert.ok(SnippetTextEdit.is(snippet.edits[0]));
  assert.match(snippet.edits[0].snippet.value, /\$\{1:reason\}\n$/);
});

test('two files that are not saved and include each other', async () => {
  const a = 'server {\n    listen 80;\n    include b.inc;\n}\n';
  using session = await start({ 'a.conf': a, 'b.inc': '' }, 'a.conf', 'b.inc');
  const { project, editor } = session;
  const [ua, ub] = [project.uri('a.conf'), project.uri('b.inc')];
  assert.deepEqual(await editor.rules(ub), []);
  await editor.edit(ub, TextEdit.insert({ line: 0, character: 0 }, 'location / { add_header Access-Control-Allow-Origin https://app.example/ always; }\n'));
  await editor.until('the finding in what is included', () => editor.published.get(ub)?.diagnostics.some((d) => d.code === 'origin-trailing-slash') === true);
  const version = await editor.edit(ub, TextEdit.insert({ line: 0, character: 0 }, 'include a.conf;\n'));
  await editor.until('something about the circle', () => editor.published.get(ub)?.version === version);
  await editor.replace(ub, 'include a.conf;\n', '');
  await editor.replace(ub, '.example/', '.example');
  await editor.diagnostics(ub);
  await editor.until('nothing left', () => editor.published.get(ub)?.diagnostics.every((d) => d.code !== 'origin-trailing-slash') === true);
  await editor.diagnostics(ua);
  assert.equal(await editor.quit(), 0);
});

test('what is saved, written by others, and deleted on the disk', async () => {
  using session = await start({ 'api.conf': api, 'other.conf': api.replace('api.', 'other.') }, 'api.conf');
  const { project, editor } = session;
  const [uri, other] = [project.uri('api.conf'), project.uri('other.conf')];
  await editor.until('the finding of a file that is not open', () => editor.published.get(other)?.diagnostics[0]?.code === 'origin-trailing-slash');
  project.remove('other.conf');
  await editor.connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes: [{ uri: other, type: FileChangeType.Deleted }] });
  await editor.until('nothing about a file that is gone', () => editor.published.get(other)?.diagnostics.length === 0);
  project.remove('api.conf'); // while it is open: what the editor has counts
  await editor.connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes: [{ uri, type: FileChangeType.Deleted }] });
  await editor.replace(uri, 'listen 80', 'listen 81');
  assert.equal((await editor.rules(uri)).includes('origin-trailing-slash'), true);
  project.write('api.conf', editor.document(uri).getText());
  await editor.save(uri);
  await editor.replace(uri, 'listen 81', 'listen 82');
  assert.equal((await editor.rules(uri)).includes('origin-trailing-slash'), true);
  project.remove('api.conf');
  await editor.close(uri);
  await editor.until('nothing about a closed file that is gone', () => editor.published.get(uri)?.diagnostics.length === 0);
});

test('a document outside of every project, and one that is no file', async () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'corslint-')));
  using editor = new Editor();
  await editor.initialize(null);
  const uri = pathToFileURL(join(directory, 'not saved.conf')).href;
  await editor.open(uri, api);
  assert.deepEqual(await editor.rules(uri), ['origin-trailing-slash']);
  await editor.open('untitled:Untitled-1', api);
  const hover = await editor.connection.sendRequest(HoverRequest.type, { textDocument: { uri: 'untitled:Untitled-1' }, position: { line: 6, character: 60 } });
  assert.equal(hover, null);
  assert.deepEqual(editor.messages, []);
});

test('a request that is cancelled ends at once, as cancelled or with its answer', async () => {
  using session = await start({ 'api.conf': api }, 'api.conf');
  const { project, editor } = session;
  const uri = project.uri('api.conf');
  for (let n = 0; n < 20; n++) {
    await editor.edit(uri, TextEdit.insert({ line: 0, character: 0 }, '#\n'));
    const source = new CancellationTokenSource();
    const answer = editor.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position: { line: 0, character: 0 } }, source.token);
    source.cancel();
    await assert.doesNotReject(answer.catch((error: unknown) => {
      assert.ok(error instanceof ResponseError);
      assert.ok(([LSPErrorCodes.RequestCancelled, LSPErrorCodes.ContentModified] as number[]).includes(error.code), error.message);
    }));
  }
  assert.equal((await editor.rules(uri)).includes('origin-trailing-slash'), true);
});

test('the command that checks a project', async () => {
  using session = await start({ 'api.conf': api });
  const { project, editor } = session;
  const check = () => editor.connection.sendRequest(ExecuteCommandRequest.type, { command: 'corslint.check', arguments: [pathToFileURL(project.root).href] }) as Promise<unknown>;
  const first = (await check()) as { root: string; errors: number };
  assert.equal(first.root, project.root);
  assert.ok(first.errors >= 1);
  assert.equal(editor.published.get(project.uri('api.conf'))?.diagnostics[0]?.code, 'origin-trailing-slash');
  project.write('.corslint.yml', 'rules: [');
  await check();
  await editor.until('a mistake in the configuration is told', () => editor.messages.some((m) => m.includes('.corslint.yml')));
});

test('what the server says that it can do, and what it asks for', async () => {
  using project = new Project({});
  using editor = new Editor();
  const { capabilities, serverInfo } = await editor.initialize(pathToFileURL(project.root).href, { workspace: { didChangeWatchedFiles: { dynamicRegistration: true } } });
  assert.equal(serverInfo?.name, 'corslint');
  assert.equal(capabilities.positionEncoding, 'utf-16');
  assert.equal(capabilities.hoverProvider, true);
  await editor.until('the files are watched', () => editor.watched.includes('workspace/didChangeWatchedFiles'));
  await assert.rejects(editor.connection.sendRequest('textDocument/rename', {}), (error: ResponseError<unknown>) => error.code === ErrorCodes.MethodNotFound);
});

test('exit without shutdown is status 1, and so is nothing at all after a stream that ends', async () => {
  using editor = new Editor();
  await editor.initialize(null);
  await editor.connection.sendNotification(ExitNotification.type);
  assert.equal(await editor.ended(), 1);
  using cut = new Editor();
  await cut.initialize(null);
  cut.server.stdin.end();
  assert.equal(await cut.ended(), 0, 'an editor that has gone');
});

test('messages that are none are answered, and the session goes on', async () => {
  assert.ok(program);
  const server = spawn(program, ['lsp']);
  const answers: { id?: unknown; error?: { code: number } }[] = [];
  let wake: (() => void) | undefined;
  new StreamMessageReader(server.stdout).listen((message) => { answers.push(message as (typeof answers)[number]); wake?.(); });
  const send = (text: string) => server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  send('{"jsonrpc":');
  send('[]');
  send('"x"');
  send('{"jsonrpc":"2.0","id":1,"method":"textDocument/hover","params":{}}');
  send('{"jsonrpc":"2.0","method":"exit"}');
  while (answers.length < 4) await new Promise<void>((resolve) => { wake = resolve; });
  assert.deepEqual(answers.map((a) => a.error?.code), [ErrorCodes.ParseError, ErrorCodes.InvalidRequest, ErrorCodes.InvalidRequest, ErrorCodes.ServerNotInitialized]);
  const [status] = (await once(server, 'exit')) as [number];
  assert.equal(status, 1);
});
