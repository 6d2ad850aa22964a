/*
 * Shows that the tests would notice: takes one guarantee at a time out of a copy of the compiled code, runs the test
 * beside which the mutation stands, and names the first test that fails. The mutations are data: `*.mutations.ts`
 * anywhere in `test/`.
 *
 *     npm run test:mutations                 all
 *     npm run test:mutations -- barrier      those whose title or file contains the word
 *     npm run test:mutations -- --check      none: only whether the code that each would change is there
 *
 * Fails when a mutation survives, or when the code that it changes is not there any more.
 */
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Copy, placesOf } from './mutations/copy.mjs';
import { readMutations } from './mutations/read.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const BUILD = join(ROOT, '.build');
const AT_ONCE = 2;

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
if (!existsSync(join(BUILD, 'test'))) stop('Compile first: npm run test:compile');
const all = readMutations(BUILD);
const chosen = all.filter((one) =>
  words.every((word) => `${one.title} ${one.place}`.includes(word)),
);
if (chosen.length === 0) stop('There is no such mutation.');
process.exitCode = process.argv.includes('--check') ? check() : await run();

function stop(text) {
  console.error(text);
  process.exit(1);
}

function check() {
  const lost = chosen.filter((one) => placesOf(BUILD, one) !== 1);
  for (const one of lost) {
    console.error(`✘ ${one.title}: ${one.place} changes what is not there once in lib/${one.file}`);
  }
  const alone = chosen.filter(({ testFile }) => testFile === undefined);
  for (const { place } of alone) console.error(`✘ ${place} stands beside no test`);
  return lost.length + alone.length > 0 ? 1 : 0;
}

async function run() {
  const copies = Array.from({ length: AT_ONCE }, (_, i) => new Copy(ROOT, BUILD, i + 1));
  try {
    const broken = await copies[0].firstFailure([
      ...new Set(chosen.map(({ testFile }) => testFile)),
    ]);
    // A test that fails anyway proves nothing.
    if (broken !== undefined) stop(`Without any mutation this fails already: ${broken}`);
    const waiting = [...chosen];
    const verdicts = [];
    await Promise.all(copies.map((copy) => work(copy, waiting, verdicts)));
    return print(verdicts);
  } finally {
    for (const copy of copies) rmSync(copy.folder, { recursive: true, force: true });
  }
}

async function work(copy, waiting, verdicts) {
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
    const startedAt = performance.now();
    const verdict = await copy.judge(one);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    verdicts.push({ ...one, ...verdict, seconds });
    console.log(`${verdict.isNoticed ? '✔' : '✘'} ${one.title} (${seconds} s)`);
  }
}

function print(verdicts) {
  const rows = verdicts.map(({ isNoticed, title, place, text, seconds }) => [
    ...[isNoticed ? 'noticed' : 'SURVIVED', title, place, text, seconds],
  ]);
  const head = ['', 'what is taken away', 'beside', 'the first test that fails', 's'];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  console.log(`\n${line(head)}\n| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  for (const row of rows.sort((a, b) => a[2].localeCompare(b[2]))) console.log(line(row));
  const noticed = verdicts.filter(({ isNoticed }) => isNoticed).length;
  console.log(`\n${noticed} of ${verdicts.length} mutations were noticed.`);
  return noticed === verdicts.length ? 0 : 1;
}
