// Writes lib/health/page/assets.ts: the files of the live page as texts, so that the page is there wherever the
// package is, also in a bundle. A test compares.
//
//   node scripts/page-assets.mjs
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'lib/health/page');

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
};

function entry(name) {
  const type = TYPES[name.split('.').at(-1)];
  const text = readFileSync(join(PAGE, 'browser', name), 'utf8');
  return `  ['${name}', { type: '${type}', text: ${JSON.stringify(text)} }],\n`;
}

const entries = readdirSync(join(PAGE, 'browser')).sort().map(entry);
writeFileSync(
  join(PAGE, 'assets.ts'),
  `// Made by scripts/page-assets.mjs of the files in browser/. Change those, and run it again.

export interface Asset {
  readonly type: string;
  readonly text: string;
}

export const ASSETS: ReadonlyMap<string, Asset> = new Map([
${entries.join('')}]);
`,
);
