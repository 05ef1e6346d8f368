import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createProtocolConnection, CodeActionRequest, DidChangeTextDocumentNotification, DidCloseTextDocumentNotification, DidOpenTextDocumentNotification,
  DidSaveTextDocumentNotification, ExitNotification, InitializedNotification, InitializeRequest, PublishDiagnosticsNotification, RegistrationRequest,
  ShowDocumentRequest, ShowMessageNotification, ShutdownRequest, StreamMessageReader, StreamMessageWriter,
  TextDocumentEdit, TextEdit,
  type ClientCapabilities, type CodeAction, type Diagnostic, type InitializeResult, type Position, type ProtocolConnection, type PublishDiagnosticsParams, type Range,
  type ShowDocumentParams,
} from 'vscode-languageserver-protocol/node';
import { TextDocument } from 'vscode-languageserver-textdocument';

/** The program under test; undefined where there is none. */
export const program = process.env['CORSLINT_PROGRAM'];

/** A project on the disk. */
export class Project {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'corslint-')));

  constructor(files: Record<string, string>) {
    mkdirSync(join(this.root, '.git'));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.root, name)), { recursive: true });
    writeFileSync(join(this.root, name), text);
  }

  remove(name: string): void {
    rmSync(join(this.root, name));
  }

  uri(name: string): string {
    return pathToFileURL(join(this.root, name)).href;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** An editor that has started the language server. */
export class Editor {
  readonly server: ChildProcessWithoutNullStreams;
  readonly connection: ProtocolConnection;
  readonly published = new Map<string, PublishDiagnosticsParams>();
  readonly messages: string[] = [];
  readonly places: ShowDocumentParams[] = [];
  readonly watched: string[] = [];
  private readonly documents = new Map<string, TextDocument>();
  private waiting: (() => void)[] = [];
  private exited = false;

  constructor() {
    if (program === undefined) throw new Error('CORSLINT_PROGRAM is not set');
    this.server = spawn(program, ['lsp', '--stdio']);
    this.server.on('exit', () => { this.exited = true; });
    this.connection = createProtocolConnection(new StreamMessageReader(this.server.stdout), new StreamMessageWriter(this.server.stdin));
    this.connection.onNotification(PublishDiagnosticsNotification.type, (p) => {
      this.published.set(p.uri, p);
      for (const wake of this.waiting.splice(0)) wake();
    });
    this.connection.onNotification(ShowMessageNotification.type, (p) => { this.messages.push(p.message); });
    this.connection.onRequest(ShowDocumentRequest.type, (p) => { this.places.push(p); return { success: true }; });
    this.connection.onRequest(RegistrationRequest.type, (p) => { this.watched.push(...p.registrations.map((r) => r.method)); });
    this.connection.onRequest('workspace/inlayHint/refresh', () => null);
    this.connection.listen();
  }

  async initialize(root: string | null, capabilities: ClientCapabilities = { workspace: { workspaceEdit: { documentChanges: true } } }): Promise<InitializeResult> {
    const folders = root === null ? null : [{ uri: root, name: 'project' }];
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the protocol wants it said, although nobody looks at it
    const result = await this.connection.sendRequest(InitializeRequest.type, { processId: process.pid, rootUri: root, workspaceFolders: folders, capabilities });
    await this.connection.sendNotification(InitializedNotification.type, {});
    return result;
  }

  async open(uri: string, text: string, languageId = 'nginx'): Promise<void> {
    this.documents.set(uri, TextDocument.create(uri, languageId, 1, text));
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument: { uri, languageId, version: 1, text } });
  }

  document(uri: string): TextDocument {
    const document = this.documents.get(uri);
    if (document === undefined) throw new Error(`${uri} is not open`);
    return document;
  }

  /** Makes edits, each of which sees the text that those before it left, and returns the version. */
  async edit(uri: string, ...edits: TextEdit[]): Promise<number> {
    let document = this.document(uri);
    for (const e of edits) document = TextDocument.create(uri, document.languageId, document.version + 1, TextDocument.applyEdits(document, [e]));
    this.documents.set(uri, document);
    const contentChanges = edits.map((e) => ({ range: e.range, text: e.newText }));
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, { textDocument: { uri, version: document.version }, contentChanges });
    return document.version;
  }

  /** Replaces the first occurrence of a text. */
  replace(uri: string, what: string, by: string): Promise<number> {
    return this.edit(uri, TextEdit.replace(this.range(uri, what), by));
  }

  range(uri: string, what: string): Range {
    const document = this.document(uri);
    const at = document.getText().indexOf(what);
    if (at < 0) throw new Error(`no ${what} in ${document.getText()}`);
    return { start: document.positionAt(at), end: document.positionAt(at + what.length) };
  }

  position(uri: string, what: string): Position {
    return this.range(uri, what).start;
  }

  async save(uri: string): Promise<void> {
    await this.connection.sendNotification(DidSaveTextDocumentNotification.type, { textDocument: { uri } });
  }

  async close(uri: string): Promise<void> {
    this.documents.delete(uri);
    await this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  }

  /** Waits until what was published satisfies. */
  async until(what: string, satisfied: () => boolean): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!satisfied()) {
      if (Date.now() > deadline) throw new Error(`never: ${what}; there is ${JSON.stringify([...this.published.values()], null, 1)}`);
      await new Promise<void>((wake) => { this.waiting.push(wake); setTimeout(wake, 250); });
    }
  }

  /** The diagnostics of the present version of a document. */
  async diagnostics(uri: string): Promise<Diagnostic[]> {
    const { version } = this.document(uri);
    await this.until(`diagnostics of version ${version} of ${uri}`, () => this.published.get(uri)?.version === version);
    return this.published.get(uri)?.diagnostics ?? [];
  }

  async rules(uri: string): Promise<string[]> {
    return (await this.diagnostics(uri)).map((d) => String(d.code));
  }

  async actions(uri: string, diagnostic: Diagnostic): Promise<CodeAction[]> {
    const actions = await this.connection.sendRequest(CodeActionRequest.type, { textDocument: { uri }, range: diagnostic.range, context: { diagnostics: [diagnostic] } });
    return (actions ?? []) as CodeAction[];
  }

  /** Does what an action says, in the documents that are open. */
  async apply(action: CodeAction): Promise<void> {
    for (const change of action.edit?.documentChanges ?? []) {
      if (!TextDocumentEdit.is(change)) throw new Error('an edit that is none of a document');
      const { uri, version } = change.textDocument;
      const before = this.document(uri);
      if (version !== before.version) throw new Error(`an edit of version ${String(version)} of ${uri}, which is at ${before.version}`);
      const text = TextDocument.applyEdits(before, change.edits.filter((e) => TextEdit.is(e)));
      await this.edit(uri, TextEdit.replace({ start: before.positionAt(0), end: before.positionAt(before.getText().length) }, text));
    }
  }

  /** Ends the session as the protocol has it, and returns the exit status. */
  async quit(): Promise<number | null> {
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    return this.ended();
  }

  async ended(): Promise<number | null> {
    if (!this.exited) await once(this.server, 'exit');
    return this.server.exitCode;
  }

  [Symbol.dispose](): void {
    this.connection.dispose();
    if (!this.exited) this.server.kill();
  }
}
