// Many callers want a key that nobody has.

import { freePort, RedisServer } from '../lib/redis.mjs';
import { figure, progress, say, table } from '../lib/report.mjs';
import { startWorker } from '../lib/rpc.mjs';
import { shuffled, summarise } from '../lib/stats.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const CALLERS = 200;
const LOADER_MS = 50;
const LIMIT_MS = 5_000;

const NAMES = [
  ...['ours', 'naive', 'naive-race', 'bento-tuned', 'bento-l2-tuned', 'cacheable-tuned'],
  ...['cache-manager-tuned', 'async-cache-dedupe-tuned'],
];

/** @param {{ quick: boolean, only?: string[], repeat?: number }} options */
export async function stampede(options) {
  const names = options.only ?? (options.quick ? ['ours', 'bento-tuned'] : NAMES);
  const trials = options.repeat ?? (options.quick ? 1 : 3);
  const runs = [];
  // Loads are counted, not timed, so the subjects need no interleaving.
  for (const name of shuffled(names)) {
    for (const processes of [1, 4]) {
      progress(`stampede: ${name}, ${processes} processes`);
      runs.push(...(await runOne(name, processes, trials)));
    }
  }
  print(names, runs);
  return { parts: { runs }, pictures: [], bars: { runs } };
}

async function runOne(name, processes, trials) {
  const redis = new RedisServer(await freePort());
  await redis.start();
  const workers = Array.from({ length: processes }, () => startWorker('peer.mjs'));
  const args = { name, port: redis.port, ttlMs: 60_000, memoryMax: 1_000, loaderMs: LOADER_MS };
  try {
    await Promise.all(workers.map((one) => one.call('open', args)));
    await sleep(500);
    const up = [];
    for (let i = 0; i < trials; i++) up.push(await rush(workers, `up:${i}`));
    await redis.kill();
    await sleep(1_500);
    const gone = [];
    for (let i = 0; i < trials; i++) {
      gone.push(await rush(workers, `gone:${i}`));
      // Who does not answer once will not answer a second time either.
      if (gone.at(-1).isLate) break;
    }
    return [
      { name, processes, redis: 'up', trials: up },
      { name, processes, redis: 'gone', trials: gone },
    ];
  } catch (error) {
    const failed = String(error?.message ?? error).split('\n')[0];
    return ['up', 'gone'].map((redis) => ({ name, processes, redis, failed, trials: [] }));
  } finally {
    await Promise.all(workers.map((one) => one.stop()));
    await redis.close();
  }
}

async function rush(workers, key) {
  const args = { key, callers: CALLERS, limitMs: LIMIT_MS };
  const results = await Promise.all(workers.map((one) => one.call('rush', args)));
  return {
    loads: results.reduce((sum, one) => sum + one.loads, 0),
    isRight: results.every((one) => one.right === CALLERS),
    isLate: results.some((one) => one.isLate),
    tookMs: Math.max(...results.map((one) => one.tookMs)),
  };
}

function print(names, runs) {
  say(
    `\n### ${CALLERS} callers a process on a cold key, loader ${LOADER_MS} ms: loads (until all were answered)\n`,
  );
  const columns = [
    ['up', 1],
    ['up', 4],
    ['gone', 1],
    ['gone', 4],
  ];
  const rows = names.map((name) => [
    name,
    ...columns.map(([redis, processes]) => {
      const run = runs.find(
        (one) => one.name === name && one.redis === redis && one.processes === processes,
      );
      return run.failed ?? cell(run.trials);
    }),
  ]);
  table(
    ['subject', ...columns.map(([redis, n]) => `Redis ${redis}, ${n} process${n > 1 ? 'es' : ''}`)],
    rows,
  );
}

function cell(trials) {
  const loads = summarise(trials.map((one) => one.loads));
  const range = loads.min === loads.max ? '' : ` [${loads.min}–${loads.max}]`;
  if (trials.some((one) => one.isLate))
    return `not answered in 5 s (${figure(loads.median)} loads)`;
  const wrong = trials.every((one) => one.isRight) ? '' : ', not all right';
  return `${figure(loads.median)}${range}${wrong} (${figure(summarise(trials.map((one) => one.tookMs)).median)} ms)`;
}
