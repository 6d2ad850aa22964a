// Truth after the outage: a value is changed and its key deleted while Redis is away. For how long is the
// old value served afterwards, and by whom?

import { freePort, RedisServer } from '../lib/redis.mjs';
import { figure, progress, say, table } from '../lib/report.mjs';
import { startWorker } from '../lib/rpc.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => performance.timeOrigin + performance.now();

const KEY = 'price:1';
const TIMES = { ttlMs: 12_000, outageMs: 3_000 };
const QUICK_TIMES = { ttlMs: 4_000, outageMs: 1_500 };
const EVERY_MS = 100;

/** Within this time after the repair a process may still be on its way back to Redis. */
export const BACK_MS = 1_000;

/** Redis keeps its data in each of them; `cut` closes and refuses connections. */
const KINDS = {
  hang: { begin: ({ redis }) => redis.suspend(), end: ({ redis }) => redis.resume() },
  blackhole: mode('hold'),
  cut: mode('refuse'),
  lost: mode('lose'),
};

function mode(name) {
  return {
    begin: ({ proxy }) => proxy.call('setMode', { mode: name }),
    end: ({ proxy }) => proxy.call('setMode', { mode: 'pass' }),
  };
}

const NAMES = [
  ...['ours', 'bento-tuned', 'bento-tuned + bus', 'bento-l2-tuned', 'cacheable-tuned'],
  'naive-race',
];
const MORE = ['naive', 'naive-tuned', 'bento', 'cache-manager-tuned', 'async-cache-dedupe-tuned'];

/** @param {{ quick: boolean, all: boolean, only?: string[] }} options */
export async function truth(options) {
  const names =
    options.only ?? (options.quick ? ['ours'] : [...NAMES, ...(options.all ? MORE : [])]);
  const runs = [];
  for (const kind of Object.keys(KINDS)) {
    progress(`truth: ${kind}, ${names.length} subjects at once`);
    // They hardly work: a few reads a second each. All at once, each with a Redis of its own.
    const group = await Promise.all(
      names.map((name) => runOne(kind, name, options.quick ? QUICK_TIMES : TIMES)),
    );
    runs.push(...group);
    print(kind, group);
  }
  return { parts: { runs }, pictures: [], bars: { runs } };
}

async function runOne(kind, name, times) {
  const redis = new RedisServer(await freePort());
  await redis.start();
  const world = { redis, proxy: startWorker('proxy.mjs') };
  const [a, b] = [startWorker('peer.mjs'), startWorker('peer.mjs')];
  try {
    return { kind, name, ...(await script(KINDS[kind], name, world, [a, b], times)) };
  } catch (error) {
    return { kind, name, failed: String(error?.message ?? error).split('\n')[0] };
  } finally {
    await Promise.all([a.stop(), b.stop(), world.proxy.stop()]);
    await redis.close();
  }
}

async function script(kind, name, world, [a, b], { ttlMs, outageMs }) {
  const port = await world.proxy.call('start', { target: world.redis.port });
  for (const one of [a, b]) await one.call('open', { name, port, ttlMs, memoryMax: 1_000 });
  await sleep(600);
  const storedAt = now();
  for (const one of [a, b]) await one.call('fetch', { key: KEY });
  await kind.begin(world);
  for (const one of [a, b]) await one.call('watch', { key: KEY, everyMs: EVERY_MS });
  await sleep(outageMs / 3);
  for (const one of [a, b]) await one.call('write', { version: 2 });
  const removal = a.call('remove', { key: KEY, limitMs: 15_000 });
  await sleep((outageMs * 2) / 3);
  await kind.end(world);
  const repairedAt = now();
  // Until nothing of before can be left, also what was written again with a whole ttl after the repair.
  await sleep(ttlMs + 1_500);
  const seen = [await a.call('unwatch'), await b.call('unwatch')];
  const removed = await removal;
  const [onA, onB] = seen.map((one) => staleness(one.seen, repairedAt, removed.startedAt));
  return { removal: removed, onA, onB, ttlLeftMs: storedAt + ttlMs - repairedAt };
}

/**
 * Reads that began after the repair; `untilMs` is when the last of them gave the old value, and `stale`
 * counts those that did so once there was time to be back. `inOutage` counts old answers between the
 * delete and the repair, when B could not hear of it.
 */
function staleness(seen, repairedAt, deletedAt) {
  const after = seen.filter((one) => one.at >= repairedAt);
  const stale = after.filter((one) => one.version === 1);
  return {
    reads: after.length,
    stale: stale.filter((one) => one.at >= repairedAt + BACK_MS).length,
    staleEver: stale.length,
    untilMs: stale.length === 0 ? 0 : stale.at(-1).endedAt - repairedAt,
    late: after.filter((one) => one.isLate).length,
    inOutage: seen.filter((one) => one.at > deletedAt && one.at < repairedAt && one.version === 1)
      .length,
  };
}

function print(kind, runs) {
  say(`\n### Truth after the outage: ${kind}\n`);
  const head = [
    'subject',
    'delete answered after',
    'with',
    'A: stale later than 1 s, until',
    'B: stale later than 1 s, until',
  ];
  head.push('stale in the outage A / B', 'unanswered after A / B');
  const stale = ({ stale, reads, untilMs }) => `${stale} of ${reads}, ${figure(untilMs)} ms`;
  const rows = runs.map((one) => {
    if (one.failed) return [one.name, one.failed];
    const { removal, onA, onB } = one;
    const answer = removal.isLate ? 'nothing' : (removal.error ?? removal.returned).slice(0, 40);
    return [
      ...[one.name, `${figure(removal.tookMs)} ms`, answer, stale(onA), stale(onB)],
      ...[`${onA.inOutage} / ${onB.inOutage}`, `${onA.late} / ${onB.late}`],
    ];
  });
  table(
    head,
    rows.map((row) => head.map((_, i) => row[i])),
  );
}
