/*
 * Plays generated histories for as long as you like:
 *
 *     npm run test:model -- --runs 2000
 *
 * Options: --runs (500), --seed (random), --shards (4: so many at once). A history that fails is made
 * smaller and printed as a script, with the seed and the path that replay it:
 *
 *     npm run test:model -- --seed 12345 --path 17:3:1
 *
 * The servers and the clocks are real, so that a replay may need several tries: --tries 20.
 */
import { parseArgs } from 'node:util';
import { campaign, type Report } from './real/campaign.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '500' },
    seed: { type: 'string' },
    path: { type: 'string' },
    shards: { type: 'string', default: '4' },
    tries: { type: 'string', default: '1' },
  },
});

const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 30));
const startedAt = performance.now();
void main();

async function main(): Promise<void> {
  const failures = values.path === undefined ? await playAll() : await replay(values.path);
  for (const failure of failures) console.error(`${failure}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

async function playAll(): Promise<string[]> {
  const shards = Number(values.shards);
  const runs = Math.ceil(Number(values.runs) / shards);
  const reports: Report[] = await Promise.all(
    Array.from({ length: shards }, (_, i) => campaign({ runs, seed: seed + i })),
  );
  const played = reports.reduce((sum, report) => sum + report.runs, 0);
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  const failed = reports.flatMap(({ failure }) => failure ?? []);
  const verdict = failed.length === 0 ? 'all passed' : `${failed.length} failed`;
  console.log(
    `${played} histories in ${seconds} s, seeds ${seed} to ${seed + shards - 1}: ${verdict}`,
  );
  return failed;
}

async function replay(path: string): Promise<string[]> {
  for (let tries = Number(values.tries); tries > 0; tries--) {
    const { failure } = await campaign({ runs: 1, seed, path, shrinkMs: 0 });
    if (failure !== undefined) return [failure];
  }
  console.log('The history passed.');
  return [];
}
