// The bad day: Express under load while its Redis is sick.

import { analyse } from '../lib/phases.mjs';
import { freePort, RedisServer } from '../lib/redis.mjs';
import { figure, progress, say, table } from '../lib/report.mjs';
import { startWorker } from '../lib/rpc.mjs';
import { shuffled } from '../lib/stats.mjs';
import { pictures, printFault, printSeconds } from './outage-report.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => performance.timeOrigin + performance.now();

/** How each fault begins and ends. Those that need no proxy do without. */
export const FAULTS = {
  kill: { begin: ({ redis }) => redis.kill(), end: ({ redis }) => redis.start() },
  hang: { begin: ({ redis }) => redis.suspend(), end: ({ redis }) => redis.resume() },
  blackhole: proxied('hold'),
  lost: proxied('lose'),
  slow: proxied('slow', { ms: 100 }),
  flapping: {
    isProxied: true,
    begin(world) {
      let isUp = true;
      const flap = () => {
        isUp = !isUp;
        world.pending = world.proxy.call('setMode', { mode: isUp ? 'pass' : 'refuse' });
      };
      flap();
      world.flapping = setInterval(flap, 400);
    },
    async end(world) {
      clearInterval(world.flapping);
      await world.pending;
      await world.proxy.call('setMode', { mode: 'refuse' });
      await world.proxy.call('setMode', { mode: 'pass' });
    },
  },
  refused: { ...proxied('refuse'), isFromBoot: true },
};

/** Not a fault of its own: what a long hang does to the heap. */
export const MEMORY = 'memory';

function proxied(mode, args = {}) {
  return {
    isProxied: true,
    begin: ({ proxy }) => proxy.call('setMode', { mode, ...args }),
    end: ({ proxy }) => proxy.call('setMode', { mode: 'pass' }),
  };
}

/** `rate` 0: each visitor asks again as soon as he was answered. */
const LOAD = { connections: 50, rate: 0, perSecond: 200, keys: 5_000, exponent: 1 };
/**
 * `work`: rounds of PBKDF2 a request costs the application beside the cache, as handlers check signatures
 * and render. With it the application is full at some 4,000 requests a second; without, 20 database
 * connections at 10 ms bound everybody in the fault, and who was fastest before falls deepest.
 */
const APP = {
  memoryMax: 1_000,
  ttlMs: 600_000,
  bytes: 200,
  pool: { connections: 20, ms: 10 },
  work: 1_000,
};
const PHASES = { warmMs: 1_000, beforeMs: 2_000, duringMs: 4_000, afterMs: 2_500 };
const QUICK = { warmMs: 300, beforeMs: 500, duringMs: 1_000, afterMs: 1_000 };

/** Those the bars are about, and the rest, which run once. */
const RIVALS = ['ours (1000)', 'bento-tuned'];
const OTHERS = ['ours', 'naive', 'cacheable-tuned'];
const ALL = [
  ...[
    'naive-tuned',
    'bento',
    'bento-l2-tuned',
    'cacheable',
    'cache-manager',
    'cache-manager-tuned',
  ],
  ...['async-cache-dedupe', 'async-cache-dedupe-tuned'],
];

/** @param {{ quick: boolean, all: boolean, only?: string[], fault?: string[], repeat?: number, keep?: (parts: object) => void }} options */
export async function outage(options) {
  const wanted = options.fault ?? [...Object.keys(FAULTS), MEMORY];
  const faults = wanted.filter((name) => name !== MEMORY);
  const repeat = options.repeat ?? (options.quick ? 1 : 3);
  const phases = {
    ...(options.quick ? QUICK : PHASES),
    rate: options.rate ?? LOAD.rate,
    work: options.work ?? APP.work,
  };
  if (options.duringMs) phases.duringMs = options.duringMs;
  const rivals = options.only ?? RIVALS;
  const others = options.only || options.quick ? [] : [...OTHERS, ...(options.all ? ALL : [])];
  const { rate, work, duringMs } = phases;
  const asking = rate > 0 ? `${rate} requests a second` : 'asking again as soon as answered';
  say(
    `\n${LOAD.connections} connections ${asking}, and ${LOAD.perSecond} a second by the clock; ${work} rounds of PBKDF2 a request; faults of ${duringMs} ms`,
  );
  const runs = [];
  for (const fault of faults) {
    for (let round = 0; round < repeat; round++) {
      for (const name of shuffled(round === 0 ? [...rivals, ...others] : rivals)) {
        progress(`outage: ${fault}, ${name}, round ${round + 1} of ${repeat}`);
        runs.push(await run(fault, name, phases, round));
      }
    }
    const own = runs.filter((one) => one.fault === fault);
    printFault(fault, own);
    if (options.fault) printSeconds(own);
    options.keep?.({ phases, runs });
  }
  const isMeasured = wanted.includes(MEMORY) && !(options.quick && options.fault === undefined);
  const memory = isMeasured ? await hangMemory(options, phases) : [];
  return {
    parts: { phases, runs, memory },
    pictures: pictures(runs, faults),
    bars: { runs, memory, faults },
  };
}

/** One subject through one fault. */
async function run(fault, name, phases, seed) {
  const plan = FAULTS[fault];
  const world = { name };
  try {
    await build(plan, world);
    return { fault, name, round: seed, ...(await through(plan, world, phases, seed)) };
  } catch (error) {
    return { fault, name, round: seed, failed: String(error?.message ?? error).split('\n')[0] };
  } finally {
    await tearDown(world);
  }
}

async function build(plan, world) {
  world.redis = new RedisServer(await freePort());
  await world.redis.start();
  world.app = startWorker('app.mjs', { execArgv: ['--expose-gc'] });
  world.load = startWorker('load.mjs');
  world.redisPort = world.redis.port;
  if (plan.isProxied) {
    world.proxy = startWorker('proxy.mjs');
    const mode = plan.isFromBoot ? 'refuse' : 'pass';
    world.redisPort = await world.proxy.call('start', { target: world.redis.port, mode });
  }
}

async function tearDown({ flapping, load, app, proxy, redis }) {
  clearInterval(flapping);
  await Promise.all([load?.stop(), app?.stop(), proxy?.stop()]);
  await redis?.close();
}

/** Every key is in Redis, or the run is none. */
async function warm({ app, redis, name }) {
  for (let attempt = 0; attempt < 3; attempt++) {
    await app.call('warm', { keys: LOAD.keys });
    // What is written in the background has until now.
    for (let i = 0; i < 20 && (await redis.size()) < LOAD.keys; i++) await sleep(50);
    if ((await redis.size()) >= LOAD.keys) return;
  }
  throw new Error(`${name} put ${await redis.size()} of ${LOAD.keys} keys into Redis`);
}

async function through(plan, world, phases, seed) {
  const { app, load } = world;
  const name = world.name;
  const askedAt = now();
  const { work } = phases;
  const starting = app.call('start', { ...APP, work, name, redisPort: world.redisPort });
  starting.catch(() => {});
  const port = await Promise.race([starting, sleep(plan.isFromBoot ? phases.duringMs : 5_000)]);
  const listeningMs = now() - askedAt;
  if (port === undefined) throw new Error('does not listen while Redis is away');
  if (!plan.isFromBoot) await warm(world);
  const readsAtLoad = await reads(world, 0);
  await load.call('start', { ...LOAD, rate: phases.rate, port, seed: seed + 1 });
  const marks = { loadAt: now() };
  if (!plan.isFromBoot) await sleep(phases.warmMs);
  marks.beforeAt = now();
  if (!plan.isFromBoot) await sleep(phases.beforeMs);
  const readsBefore = (await reads(world, 0)) - readsAtLoad;
  const statsAt = [await app.call('stats')];
  marks.faultAt = now();
  if (!plan.isFromBoot) await plan.begin(world);
  const perSecond = await sampleFor(app, phases.duringMs, marks.faultAt);
  marks.repairAt = now();
  statsAt.push(await app.call('stats'));
  await plan.end(world);
  const readsPerMs = readsBefore / Math.max(1, marks.faultAt - marks.loadAt);
  const backMs = await backOnRedis(world, readsPerMs, marks.repairAt + phases.afterMs);
  await sleep(Math.max(0, marks.repairAt + phases.afterMs - now()));
  marks.endAt = now();
  statsAt.push(await app.call('stats'));
  const log = await load.call('stop');
  const status = await app.call('status');
  return { listeningMs, backMs, status, ...analyse(log, marks, statsAt, perSecond) };
}

/** Database queries, by the second. */
async function sampleFor(app, ms, from) {
  const samples = [];
  while (now() < from + ms) {
    await sleep(Math.min(1_000, Math.max(1, from + ms - now())));
    samples.push(await app.call('stats'));
  }
  return samples;
}

/** Not what is replayed or written. */
const READS = ['get', 'mget', 'hget'];

async function reads(world, otherwise) {
  return world.redis.calls(READS).catch(() => otherwise);
}

/**
 * Milliseconds from the repair until Redis sees reads at a third of the rate before, in three looks in a
 * row, counted to the end of the first: a single burst may be what had been waiting, and a probe reads too.
 */
async function backOnRedis(world, readsPerMs, until) {
  const repairedAt = now();
  const wanted = Math.max(0.04, readsPerMs / 3);
  let previous = await reads(world, 0);
  let previousAt = now();
  let seen = 0;
  let firstAt = 0;
  while (now() < until) {
    await sleep(LOOK_MS);
    const count = await reads(world, previous);
    const at = now();
    const isRead = count - previous >= wanted * (at - previousAt);
    if (!isRead) seen = 0;
    else if (++seen === 1) firstAt = at;
    if (seen === 3) return firstAt - repairedAt;
    [previous, previousAt] = [count, at];
  }
  return Number.POSITIVE_INFINITY;
}

const LOOK_MS = 25;

/** Garbage that was collected twice stays out of the figure: what a first collection frees may hold more. */
async function settled(app) {
  await app.call('stats', { isCollected: true });
  await sleep(200);
  return app.call('stats', { isCollected: true });
}

/** Heap after a minute's hang at full load, against just before it. */
async function hangMemory(options, phases) {
  const names = options.only ?? (options.all ? ['ours (1000)', 'bento-tuned'] : ['ours (1000)']);
  const results = [];
  for (const name of names) {
    const world = { name };
    try {
      await build({}, world);
      results.push({ name, ...(await longHang(world, phases, options.hangMs ?? 60_000)) });
    } catch (error) {
      results.push({ name, failed: String(error?.message ?? error).split('\n')[0] });
    } finally {
      await tearDown(world);
    }
  }
  say('\n### Memory in a hang at full load\n');
  const rows = results.map((one) => [
    one.name,
    one.failed ?? `${one.seconds} s`,
    `${figure(one.growthMb)} MB`,
    `${figure(one.rssMb)} MB`,
  ]);
  table(['subject', 'hang', 'heap growth after gc', 'resident set growth'], rows);
  return results;
}

async function longHang(world, { rate, work }, ms) {
  const { app, load, redis, name } = world;
  const port = await app.call('start', { ...APP, work, name, redisPort: redis.port });
  await warm(world);
  await load.call('start', { ...LOAD, rate, port, seed: 1 });
  await sleep(5_000);
  const before = await settled(app);
  redis.suspend();
  const startedAt = now();
  while (now() < startedAt + ms) {
    progress(`outage: memory in a hang, ${name}, ${Math.round((now() - startedAt) / 1_000)} s`);
    await sleep(Math.min(5_000, Math.max(1, startedAt + ms - now())));
  }
  const after = await settled(app);
  redis.resume();
  const used = (one) => (one.heapUsed + one.external) / 1e6;
  return {
    seconds: ms / 1_000,
    growthMb: used(after) - used(before),
    rssMb: (after.rss - before.rss) / 1e6,
  };
}
