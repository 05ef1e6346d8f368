/** What the server answers to the command corslint.check. */
export interface Checked {
  root: string;
  errors: number;
  warnings: number;
  notes: number;
}

/** What was found in projects, in one line. The same project is counted once. */
export function summary(all: readonly Checked[]): string {
  const projects = new Map(all.map((c) => [c.root, c]));
  const sum = (of: (c: Checked) => number) => [...projects.values()].reduce((n, c) => n + of(c), 0);
  const counts = [count(sum((c) => c.errors), 'error'), count(sum((c) => c.warnings), 'warning'), count(sum((c) => c.notes), 'note')].filter((text) => text !== '');
  const where = projects.size > 1 ? ` in ${projects.size} projects` : '';
  return `corslint: ${counts.length > 0 ? counts.join(', ') : 'nothing to report'}${where}`;
}

function count(n: number, one: string): string {
  if (n === 0) return '';
  return n === 1 ? `1 ${one}` : `${n} ${one}s`;
}

/** The contents of a hover in any of the protocol's forms, as Markdown. */
export function toMarkdown(contents: unknown): string {
  if (Array.isArray(contents)) return contents.map(toMarkdown).join('\n\n---\n\n');
  if (typeof contents === 'string') return contents;
  if (typeof contents === 'object' && contents !== null && 'value' in contents && typeof contents.value === 'string') {
    return 'language' in contents && typeof contents.language === 'string' ? `\`\`\`${contents.language}\n${contents.value}\n\`\`\`` : contents.value;
  }
  return '';
}
