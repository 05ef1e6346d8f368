// Bundles the extension into dist, or, with --tests, the tests into out.
import { readdirSync } from 'node:fs';
import { build } from 'esbuild';

const tests = process.argv.includes('--tests');
const minify = process.argv.includes('--minify');
const common = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', sourcemap: !minify, logLevel: 'warning' };

await build({ ...common, minify, entryPoints: ['src/extension.ts'], outdir: 'dist', external: ['vscode'] });
if (tests) {
  const entryPoints = readdirSync('test').filter((name) => name.endsWith('.test.ts')).map((name) => `test/${name}`);
  await build({ ...common, entryPoints, outdir: 'out', external: ['vscode'] });
}
