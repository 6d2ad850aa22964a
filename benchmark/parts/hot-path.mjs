// What a cache call costs while all is well.

import { RedisServer } from '../lib/redis.mjs';
import { figure, progress, say, spread, table } from '../lib/report.mjs';
import { startWorker } from '../lib/rpc.mjs';
import { shuffled, summarise } from '../lib/stats.mjs';

export const BARE = 'node-redis get';
export const BARE_FAST = 'node-redis get+parse, no timer';

const DRIVERS = [
  BARE,
  'node-redis get+parse',
  'node-redis get, no timer',
  BARE_FAST,
  'ioredis get',
];
const CACHES = [
  ...['ours', 'ours (get)', 'ours (per request)', 'naive', 'bento', 'bento-l2', 'cacheable'],
  ...['cacheable-tuned', 'cache-manager', 'cache-manager-tuned', 'async-cache-dedupe'],
];
const MEMORY = [
  ...['lru-cache', 'lru-cache (awaited)', 'ours-memory', 'ours-memory (get)', 'bento-memory'],
  ...['cacheable-memory', 'cache-manager-memory', 'async-cache-dedupe-memory'],
];
/** Those that give each caller a value of its own. */
export const ISOLATING = ['bento-memory', 'cacheable-memory', 'cache-manager-memory'];

const SIZES = [200, 10_240];

/** @param {{ quick: boolean, only?: string[], rounds?: number }} options */
export async function hotPath(options) {
  const plan = options.quick ? { rounds: 3, ms: 60 } : { rounds: 7, ms: 200 };
  if (options.rounds) plan.rounds = options.rounds;
  const wanted = (names) => names.filter((name) => !options.only || options.only.includes(name));
  const redis = await RedisServer.start();
  try {
    const caches = wanted(CACHES);
    const measured =
      caches.length > 0 ? await redisCases(redis, [...DRIVERS, ...caches], plan) : [];
    const memory = await memoryCases(wanted(MEMORY), plan);
    const names = [...caches, ...wanted(MEMORY)];
    const parts = { redis: measured, memory };
    return { parts, pictures: [], bars: { ...parts, names } };
  } finally {
    await redis.close();
  }
}

/** Starts a process for each subject. Layers of one entry, so that every read of the peers goes to Redis. */
async function openAll(names, args) {
  const workers = new Map();
  for (const name of names) {
    progress(`hot path: starting ${name}`);
    const worker = startWorker('hot.mjs');
    try {
      await worker.call('open', { name, ...args });
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const size of SIZES) await worker.call('fill', { size });
      workers.set(name, worker);
    } catch (error) {
      say(`(${name}: ${error.message.split('\n')[0]})`);
      await worker.stop();
    }
  }
  return workers;
}

async function redisCases(redis, wanted, plan) {
  const workers = await openAll(wanted, { port: redis.port, memoryMax: 1 });
  const names = [...workers.keys()];
  const hits = SIZES.flatMap((size) =>
    [64, 1].map((concurrency) => ({ kind: 'hit', size, concurrency })),
  );
  const rest = [
    { kind: 'miss', size: 200, concurrency: 64 },
    { kind: 'set', size: 200, concurrency: 64 },
  ];
  const measured = [];
  for (const one of [...hits, ...rest]) {
    const able = names.filter((name) => one.kind === 'hit' || isWriter(name, one.kind));
    const samples = await rounds(able, workers, plan, 'run', one);
    measured.push({ ...one, results: compare(samples, one.kind === 'hit' ? BARE : 'naive') });
    printRedis(measured.at(-1));
  }
  for (const worker of workers.values()) await worker.stop();
  return measured;
}

const GETTERS = [...DRIVERS, 'ours (get)', 'ours (per request)'];

/** The bare drivers load nothing on a miss; async-cache-dedupe has no public set. */
function isWriter(name, kind) {
  return !GETTERS.includes(name) && !(kind === 'set' && name === 'async-cache-dedupe');
}

/** Every subject in every round, in another order each time. The first round warms up and is not counted. */
async function rounds(names, workers, { rounds: count, ms }, op, args) {
  const samples = new Map(names.map((name) => [name, []]));
  for (let round = 0; round <= count; round++) {
    progress(
      `hot path: ${args.kind} ${args.size} B ×${args.concurrency}, round ${round} of ${count}`,
    );
    for (const name of shuffled(names)) {
      const result = await workers.get(name).call(op, { ...args, ms });
      if (round > 0) samples.get(name).push(result);
    }
  }
  return samples;
}

/** Ratios round by round, so that what disturbs one round disturbs both sides of its ratio. */
function compare(samples, base) {
  const rate = (name, i) => samples.get(name)?.[i]?.perSecond;
  return [...samples].map(([name, list]) => ({
    name,
    loads: list.reduce((sum, one) => sum + one.loads, 0),
    perSecond: summarise(list.map((one) => one.perSecond)),
    cpuUs: summarise(list.map((one) => one.cpuUs)),
    ratio: summarise(list.map((one, i) => one.perSecond / rate(base, i))),
    ratioFast: summarise(list.map((one, i) => one.perSecond / rate(BARE_FAST, i))),
  }));
}

function printRedis({ kind, size, concurrency, results }) {
  say(`\n### ${kind === 'hit' ? 'Hit from Redis' : kind}: ${size} B, ${concurrency} at once\n`);
  const base = kind === 'hit' ? BARE : 'naive';
  const head = ['subject', 'a second', `÷ ${base}`, 'CPU µs a call'];
  if (kind === 'hit') head.push(`÷ ${BARE_FAST}`);
  const rows = results.map(({ name, loads, perSecond, cpuUs, ratio, ratioFast }) => {
    const isMixed = kind === 'hit' && loads > 0;
    const cells = [
      isMixed ? `${name} (with ${loads} loads)` : name,
      figure(perSecond.median),
      spread(ratio),
      figure(cpuUs.median),
    ];
    return kind === 'hit' ? [...cells, spread(ratioFast)] : cells;
  });
  table(head, rows);
}

async function memoryCases(wanted, plan) {
  const workers = await openAll(wanted, { port: 0, memoryMax: 2_000 });
  const names = [...workers.keys()];
  const measured = [];
  for (const size of SIZES) {
    const samples = await rounds(names, workers, plan, 'runMemory', {
      kind: 'memory',
      size,
      concurrency: 1,
    });
    const fastest = (i) => {
      const peers = ISOLATING.flatMap((name) => samples.get(name)?.[i]?.cpuNs ?? []);
      return peers.length === 0 ? Number.NaN : Math.min(...peers);
    };
    const results = [...samples].map(([name, list]) => ({
      name,
      ns: summarise(list.map((one) => one.ns)),
      cpuNs: summarise(list.map((one) => one.cpuNs)),
      faster: summarise(list.map((one, i) => fastest(i) / one.cpuNs)),
    }));
    measured.push({ size, results });
    say(`\n### Hit from memory: ${size} B\n`);
    const rows = results.map(({ name, ns, faster }) => [name, spread(ns, ' ns'), spread(faster)]);
    table(['subject', 'a call', '× the fastest isolating peer'], rows);
  }
  for (const worker of workers.values()) await worker.stop();
  return measured;
}
