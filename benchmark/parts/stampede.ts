// Many callers want a key that is not cached.

import { atMost, type BarLine, judge } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { figure, firstLine, progress, say, table } from '../lib/report.js';
import { startWorker, type Worker } from '../lib/rpc.js';
import { shuffled, summarise, worst } from '../lib/stats.js';
import { sleep } from '../lib/time.js';
import type { PeerOperations } from '../workers/peer.js';

const CALLERS = 200;
const LOADER_MS = 50;
const LIMIT_MS = 5_000;

const NAMES = [
  ...['ours', 'naive', 'naive-race', 'bento-tuned', 'bento-l2-tuned', 'cacheable-tuned'],
  ...['cache-manager-tuned', 'async-cache-dedupe-tuned'],
];

interface Trial {
  readonly loads: number;
  readonly isRight: boolean;
  readonly isLate: boolean;
  readonly tookMs: number;
}

interface Run {
  readonly name: string;
  readonly processes: number;
  readonly redis: 'up' | 'gone';
  readonly trials: readonly Trial[];
  readonly failed?: string;
}

export async function stampede(options: Options): Promise<Result> {
  const names = options.only ?? (options.quick ? ['ours', 'bento-tuned'] : NAMES);
  const trials = options.repeat ?? (options.quick ? 1 : 3);
  const runs: Run[] = [];
  // Loads are counted, not timed, so the subjects need no interleaving.
  for (const name of shuffled(names)) {
    for (const processes of [1, 4]) {
      progress(`stampede: ${name}, ${processes} processes`);
      runs.push(...(await runOne(name, processes, trials)));
    }
  }
  print(names, runs);
  return { figures: { runs }, lines: bars(runs) };
}

async function runOne(name: string, processes: number, trials: number): Promise<Run[]> {
  const redis = await startRedis();
  const workers = Array.from({ length: processes }, () => startWorker<PeerOperations>('peer'));
  const peer = { name, port: redis.port, ttlMs: 60_000, memoryMax: 1_000, loaderMs: LOADER_MS };
  try {
    await Promise.all(workers.map((one) => one.call('open', peer)));
    await sleep(500);
    const up = await rushes(workers, 'up', trials);
    await redis.kill();
    await sleep(1_500);
    const gone = await rushes(workers, 'gone', trials);
    return [
      { name, processes, redis: 'up', trials: up },
      { name, processes, redis: 'gone', trials: gone },
    ];
  } catch (error) {
    const failed = firstLine(error);
    return (['up', 'gone'] as const).map((state) => ({
      name,
      processes,
      redis: state,
      failed,
      trials: [],
    }));
  } finally {
    await Promise.all(workers.map((one) => one.stop()));
    await redis.stop();
  }
}

async function rushes(
  workers: readonly Worker<PeerOperations>[],
  state: string,
  count: number,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  // A subject that does not answer once will not answer a second time either.
  while (trials.length < count && !trials.at(-1)?.isLate) {
    trials.push(await rush(workers, `${state}:${trials.length}`));
  }
  return trials;
}

async function rush(workers: readonly Worker<PeerOperations>[], key: string): Promise<Trial> {
  const args = { key, callers: CALLERS, limitMs: LIMIT_MS };
  const results = await Promise.all(workers.map((one) => one.call('rush', args)));
  return {
    loads: results.reduce((count, one) => count + one.loads, 0),
    isRight: results.every((one) => one.right === CALLERS),
    isLate: results.some((one) => one.isLate),
    tookMs: Math.max(...results.map((one) => one.tookMs)),
  };
}

const COLUMNS = [
  ['up', 1],
  ['up', 4],
  ['gone', 1],
  ['gone', 4],
] as const;

function print(names: readonly string[], runs: readonly Run[]): void {
  say(
    `\n### ${CALLERS} callers a process on a cold key, loader ${LOADER_MS} ms: loads (until all were answered)\n`,
  );
  const rows = names.map((name) => [
    name,
    ...COLUMNS.map(([redis, processes]) => {
      const isOne = (one: Run): boolean =>
        one.name === name && one.redis === redis && one.processes === processes;
      const run = runs.find(isOne);
      return run?.failed ?? cell(run?.trials ?? []);
    }),
  ]);
  const titles = COLUMNS.map(([redis, n]) => `Redis ${redis}, ${n} process${n > 1 ? 'es' : ''}`);
  table(['subject', ...titles], rows);
}

function cell(trials: readonly Trial[]): string {
  const loads = summarise(trials.map((one) => one.loads));
  const range = loads.min === loads.max ? '' : ` [${loads.min}–${loads.max}]`;
  if (trials.some((one) => one.isLate)) {
    return `not answered in 5 s (${figure(loads.median)} loads)`;
  }
  const wrong = trials.every((one) => one.isRight) ? '' : ', not all right';
  const took = summarise(trials.map((one) => one.tookMs)).median;
  return `${figure(loads.median)}${range}${wrong} (${figure(took)} ms)`;
}

function bars(runs: readonly Run[]): BarLine[] {
  if (!runs.some((one) => one.name === 'ours')) return [];
  const loads = (redis: Run['redis']): number[] => {
    const isOne = (one: Run): boolean =>
      one.name === 'ours' && one.redis === redis && one.processes === 4;
    const trials = runs.find(isOne)?.trials ?? [];
    return trials.map((one) => (one.isRight ? one.loads : Number.POSITIVE_INFINITY));
  };
  const what = 'stampede, 4 processes, Redis up: loads, all answered right';
  return [
    judge(what, atMost(1), worst(loads('up'), 'high')),
    judge('the same, Redis gone', atMost(4), worst(loads('gone'), 'high')),
  ];
}
