import { commands, env, EventEmitter, languages as vscodeLanguages, ProgressLocation, Uri, window, workspace } from 'vscode';
import type { ExtensionContext, TextDocumentContentProvider } from 'vscode';
import { ExecuteCommandRequest, HoverRequest, LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { findProgram, selector } from './settings';
import { summary, toMarkdown, type Checked } from './texts';

const install = 'https://github.com/corslint/corslint#install';
const explanation = Uri.parse('corslint:Explanation.md');

let client: LanguageClient | undefined;

/** Starts the language server, and offers the commands. */
export async function activate(context: ExtensionContext): Promise<void> {
  const explained = new Explanation();
  context.subscriptions.push(
    explained,
    workspace.registerTextDocumentContentProvider(explanation.scheme, explained),
    commands.registerCommand('corslint.restart', restart),
    commands.registerCommand('corslint.checkProject', checkProject),
    commands.registerCommand('corslint.explain', () => explain(explained)),
    workspace.onDidChangeConfiguration(async (e) => {
      if (e.affectsConfiguration('corslint.path')) await restart();
    }),
    workspace.onDidGrantWorkspaceTrust(restart),
  );
  await start();
}

/** Ends the language server. */
export async function deactivate(): Promise<void> {
  const ending = client;
  client = undefined;
  await ending?.dispose().catch(() => undefined); // one that never started cannot be ended
}

async function restart(): Promise<void> {
  await deactivate();
  await start();
}

async function start(): Promise<void> {
  const setting = workspace.getConfiguration('corslint').get<string>('path', 'corslint');
  const program = findProgram(setting, { env: process.env, platform: process.platform, folder: workspace.workspaceFolders?.[0]?.uri.fsPath });
  if (program === undefined) {
    void offerHelp(`There is no program "${setting}".`);
    return;
  }
  const starting = new LanguageClient(
    'corslint',
    'corslint',
    { command: program, args: ['lsp'], transport: TransportKind.stdio },
    {
      documentSelector: selector,
      diagnosticCollectionName: 'corslint',
      middleware: {
        provideInlayHints: (document, range, token, next) =>
          workspace.getConfiguration('corslint', document).get<boolean>('hints', true) ? next(document, range, token) : [],
      },
    },
  );
  client = starting;
  try {
    await starting.start();
  } catch (error) {
    void offerHelp(`"${program} lsp" does not start: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function offerHelp(what: string): Promise<void> {
  const settings = 'Open the settings';
  const help = 'How to install it';
  switch (await window.showErrorMessage(`corslint: ${what}`, settings, help)) {
    case settings:
      await commands.executeCommand('workbench.action.openSettings', 'corslint.path');
      break;
    case help:
      await env.openExternal(Uri.parse(install));
  }
}

/** The client, once it runs; what to do without one the user has been told. */
function running(): LanguageClient | undefined {
  if (client?.isRunning() === true) return client;
  void offerHelp('The language server does not run.');
  return undefined;
}

/** Looks at the project of the active file, or at those of all folders, and shows the problems. */
async function checkProject(): Promise<void> {
  const server = running();
  if (server === undefined) return;
  const active = window.activeTextEditor?.document.uri;
  const folder = active?.scheme === 'file' ? (workspace.getWorkspaceFolder(active)?.uri ?? Uri.joinPath(active, '..')) : undefined;
  const folders = folder !== undefined ? [folder] : (workspace.workspaceFolders ?? []).map((f) => f.uri).filter((uri) => uri.scheme === 'file');
  if (folders.length === 0) {
    void window.showInformationMessage('corslint: no folder is open.');
    return;
  }
  const checked = await window.withProgress({ location: ProgressLocation.Window, title: 'corslint' }, () =>
    Promise.all(
      folders.map((uri) =>
        server.sendRequest(ExecuteCommandRequest.type, { command: 'corslint.check', arguments: [server.code2ProtocolConverter.asUri(uri)] }) as Promise<Checked>,
      ),
    ),
  );
  if (checked.some((c) => c.errors + c.warnings + c.notes > 0)) await commands.executeCommand('workbench.actions.view.problems');
  void window.showInformationMessage(summary(checked));
}

/** Opens what the server knows about the place of the cursor beside the file. */
async function explain(explained: Explanation): Promise<void> {
  const server = running();
  const editor = window.activeTextEditor;
  if (server === undefined || editor === undefined) return;
  if (vscodeLanguages.match(selector, editor.document) === 0) {
    void window.showInformationMessage('corslint: it does not read files of this kind.');
    return;
  }
  const hover = await server.sendRequest(HoverRequest.type, server.code2ProtocolConverter.asTextDocumentPositionParams(editor.document, editor.selection.active));
  if (hover === null) {
    void window.showInformationMessage('corslint: nothing to say about this place.');
    return;
  }
  explained.show(toMarkdown(hover.contents));
  await commands.executeCommand('markdown.showPreviewToSide', explanation);
}

/** The document that an explanation is shown as. */
class Explanation implements TextDocumentContentProvider {
  private text = '';
  private readonly changed = new EventEmitter<Uri>();
  readonly onDidChange = this.changed.event;

  show(text: string): void {
    this.text = text;
    this.changed.fire(explanation);
  }

  provideTextDocumentContent(): string {
    return this.text;
  }

  dispose(): void {
    this.changed.dispose();
  }
}
