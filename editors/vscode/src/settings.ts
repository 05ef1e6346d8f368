import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { accessSync, constants, statSync } from 'node:fs';

/** The languages in which corslint has something to say. */
export const languages = [
  'nginx', 'javascript', 'javascriptreact', 'typescript', 'typescriptreact', 'vue', 'svelte', 'yaml', 'json', 'jsonc', 'terraform',
] as const;

/** What is asked of the language server: files on the disk, in those languages or by the names that other extensions give. */
export const selector = [
  ...languages.map((language) => ({ scheme: 'file', language })),
  { scheme: 'file', language: 'NGINX' },
  { scheme: 'file', pattern: '**/*.{conf,inc,tf,nginx}' },
];

/** The parts of the environment that decide where a program is found. */
export interface Surroundings {
  env: Record<string, string | undefined>;
  platform: NodeJS.Platform;
  folder: string | undefined;
}

/** The program that a setting names, as a path that exists; undefined where there is none. */
export function findProgram(setting: string, { env, platform, folder }: Surroundings): string | undefined {
  let name = setting.trim() || 'corslint';
  if (folder === undefined && name.includes('${workspaceFolder}')) return undefined;
  name = name.replaceAll('${workspaceFolder}', () => folder ?? '');
  if (name === '~' || name.startsWith('~/') || name.startsWith('~\\')) name = join(homedir(), name.slice(1));
  const endings = platform === 'win32' ? ['', ...(env['PATHEXT'] ?? '.EXE').split(';')] : [''];
  const named = isAbsolute(name) || /[/\\]/.test(name);
  // A relative path is one of the workspace; the directory that the editor was started in means nothing to its user.
  const directories = isAbsolute(name) ? [''] : named ? (folder === undefined ? [] : [folder]) : (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter(isAbsolute);
  for (const directory of directories) {
    for (const ending of endings) {
      const candidate = directory === '' ? name + ending : join(directory, name + ending);
      if (isProgram(candidate, platform)) return candidate;
    }
  }
  return undefined;
}

function isProgram(path: string, platform: NodeJS.Platform): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    if (platform !== 'win32') accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
