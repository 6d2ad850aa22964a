// The bad day: Express under load while its Redis is sick.

import { freePort, RedisServer } from '../lib/redis.mjs';
import { figure, progress, say, spread, table } from '../lib/report.mjs';
import { startWorker } from '../lib/rpc.mjs';
import { percentiles, shuffled, summarise } from '../lib/stats.mjs';
import { lineChart, percentileChart } from '../lib/svg.mjs';

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

/** @param {{ quick: boolean, all: boolean, only?: string[], fault?: string[], repeat?: number }} options */
export async function outage(options) {
  const wanted = options.fault ?? [...Object.keys(FAULTS), MEMORY];
  const faults = wanted.filter((name) => name !== MEMORY);
  const repeat = options.repeat ?? (options.quick ? 1 : 2);
  const phases = {
    ...(options.quick ? QUICK : PHASES),
    rate: options.rate ?? LOAD.rate,
    work: options.work ?? APP.work,
  };
  if (options.duringMs) phases.duringMs = options.duringMs;
  const rivals = options.only ?? RIVALS;
  const others = options.only || options.quick ? [] : [...OTHERS, ...(options.all ? ALL : [])];
  const runs = [];
  for (const fault of faults) {
    for (let round = 0; round < repeat; round++) {
      for (const name of shuffled(round === 0 ? [...rivals, ...others] : rivals)) {
        progress(`outage: ${fault}, ${name}, round ${round + 1} of ${repeat}`);
        runs.push(await run(fault, name, phases, round));
      }
    }
    printFault(
      fault,
      runs.filter((one) => one.fault === fault),
    );
  }
  const isMeasured = wanted.includes(MEMORY) && !(options.quick && options.fault === undefined);
  const memory = isMeasured ? await hangMemory(options) : [];
  return { parts: { runs, memory }, pictures: pictures(runs, faults), bars: { runs, memory } };
}

/** One subject through one fault. */
async function run(fault, name, phases, seed) {
  const plan = FAULTS[fault];
  const world = await build(plan, name);
  try {
    return { fault, name, ...(await through(plan, world, phases, seed)) };
  } catch (error) {
    return { fault, name, failed: String(error?.message ?? error) };
  } finally {
    clearInterval(world.flapping);
    await Promise.all([world.load.stop(), world.app.stop(), world.proxy?.stop()]);
    await world.redis.close();
  }
}

async function build(plan, name) {
  const redis = new RedisServer(await freePort());
  await redis.start();
  const world = { name, redis, app: startWorker('app.mjs', { execArgv: ['--expose-gc'] }) };
  world.load = startWorker('load.mjs');
  world.redisPort = redis.port;
  if (plan.isProxied) {
    world.proxy = startWorker('proxy.mjs');
    const mode = plan.isFromBoot ? 'refuse' : 'pass';
    world.redisPort = await world.proxy.call('start', { target: redis.port, mode });
  }
  return world;
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
  if (port === undefined) return neverStarted(plan, world);
  if (!plan.isFromBoot) await app.call('warm', { keys: LOAD.keys });
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
  return { listeningMs, backMs, status, perSecond, ...analyse(log, marks, statsAt) };
}

async function neverStarted(plan, world) {
  await plan.end(world);
  return { failed: 'does not listen while Redis is away' };
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
 * Milliseconds from the repair until Redis sees reads at a third of the rate before, in two looks in a row:
 * a single burst may be what had been waiting, and a probe reads too.
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
    else if (++seen === 1) firstAt = previousAt;
    if (seen === 2) return firstAt - repairedAt;
    [previous, previousAt] = [count, at];
  }
  return Number.POSITIVE_INFINITY;
}

const LOOK_MS = 50;

function analyse(log, marks, [atFault, atRepair, atEnd]) {
  // There is no before when the fault was there first.
  const isFirst = marks.faultAt - marks.beforeAt < 100;
  const before = phase(log, isFirst ? marks.faultAt : marks.beforeAt, marks.faultAt);
  const during = phase(log, marks.faultAt, marks.repairAt);
  const after = phase(log, marks.repairAt, marks.endAt);
  const queries = atRepair.queries - atFault.queries;
  return {
    before,
    during: { ...during, queries, queriesPerRequest: queries / Math.max(1, during.completed) },
    after: { ...after, queries: atEnd.queries - atRepair.queries },
    kept: before.completed > 0 ? during.perSecond / before.perSecond : Number.NaN,
    p99Known: phase(log, marks.faultAt + KNOWN_MS, marks.repairAt).probe.p99,
    longestQueue: atRepair.longestQueue,
    unhandled: atEnd.unhandled,
    pendingAtEnd: log.closed.pending.length + log.open.pending.length,
    timeline: timeline(log, marks),
  };
}

/** By now a subject that looks for trouble has found it. */
const KNOWN_MS = 250;

/** What ended in a span gives the throughput; what began in it, the latencies: also of what never ended. */
function phase({ closed, open }, from, to) {
  let completed = 0;
  let errors = 0;
  let wrong = 0;
  const outcomes = [0, 0, 0, 0];
  for (const log of [closed, open]) {
    for (let i = 0; i < log.starts.length; i++) {
      const endedAt = log.starts[i] + log.took[i];
      if (endedAt < from || endedAt >= to) continue;
      outcomes[log.outcomes[i]]++;
    }
  }
  [completed, errors, , wrong] = outcomes;
  const probe = latencies(open, from, to);
  const loop = latencies(closed, from, to);
  const isSlow = (ms) => ms > 100;
  return {
    completed,
    perSecond: (completed / (to - from)) * 1_000,
    errors,
    refused: outcomes[2],
    wrong,
    probe: percentiles(probe),
    loop: percentiles(loop),
    slowest: Math.max(0, percentiles(probe).max || 0, percentiles(loop).max || 0),
    over100: probe.filter(isSlow).length / Math.max(1, probe.length),
  };
}

function latencies(log, from, to) {
  const values = [];
  for (let i = 0; i < log.starts.length; i++) {
    if (log.starts[i] >= from && log.starts[i] < to && log.outcomes[i] !== 2)
      values.push(log.took[i]);
  }
  for (const start of log.pending)
    if (start >= from && start < to) values.push(log.endedAt - start);
  return values;
}

const STEP_MS = 250;

/** Throughput in quarters of a second, from the fault on; and by the second what the issue asks for. */
function timeline({ closed, open }, marks) {
  const count = Math.ceil((marks.endAt - marks.beforeAt) / STEP_MS);
  const perSecond = new Float64Array(count);
  for (const log of [closed, open]) {
    for (let i = 0; i < log.starts.length; i++) {
      const at = Math.floor((log.starts[i] + log.took[i] - marks.beforeAt) / STEP_MS);
      if (log.outcomes[i] === 0 && at >= 0 && at < count) perSecond[at] += 1_000 / STEP_MS;
    }
  }
  const seconds = [];
  for (let from = marks.faultAt; from < marks.endAt; from += 1_000) {
    const { perSecond: rate, probe, slowest, errors } = phase({ closed, open }, from, from + 1_000);
    seconds.push({ second: seconds.length, perSecond: rate, ...probe, slowest, errors });
  }
  const from = (marks.beforeAt - marks.faultAt) / 1_000;
  const points = [...perSecond].map((rate, i) => [from + (i * STEP_MS) / 1_000, rate]);
  return { points, seconds, repairedAfterS: (marks.repairAt - marks.faultAt) / 1_000 };
}

/** Garbage that was collected twice stays out of the figure: what a first collection frees may hold more. */
async function settled(app) {
  await app.call('stats', { isCollected: true });
  await sleep(200);
  return app.call('stats', { isCollected: true });
}

/** Heap after a minute's hang at full load, against just before it. */
async function hangMemory(options) {
  const names = options.only ?? (options.all ? ['ours (1000)', 'bento-tuned'] : ['ours (1000)']);
  const results = [];
  for (const name of names) {
    const world = await build({}, name);
    try {
      results.push({ name, ...(await longHang(world, name, options.hangMs ?? 60_000)) });
    } finally {
      await Promise.all([world.load.stop(), world.app.stop()]);
      await world.redis.close();
    }
  }
  say('\n### Memory in a hang at full load\n');
  const rows = results.map((one) => [
    one.name,
    `${one.seconds} s`,
    `${figure(one.growthMb)} MB`,
    `${figure(one.rssMb)} MB`,
  ]);
  table(['subject', 'hang', 'heap growth after gc', 'resident set growth'], rows);
  return results;
}

async function longHang({ app, load, redis }, name, ms) {
  const port = await app.call('start', { ...APP, name, redisPort: redis.port });
  await app.call('warm', { keys: LOAD.keys });
  await load.call('start', { ...LOAD, port, seed: 1 });
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

export function byName(runs) {
  const groups = new Map();
  for (const one of runs) groups.set(one.name, [...(groups.get(one.name) ?? []), one]);
  return groups;
}

function printFault(fault, runs) {
  say(`\n### Outage: ${fault}\n`);
  const head = [
    'subject',
    'before r/s',
    'kept',
    'p50 / p99 / max ms',
    'p99 before',
    'p99 from 0.25 s on',
    '> 100 ms',
    'slowest',
    'db queries',
  ];
  head.push('per 1000', 'errors', 'back on Redis');
  const rows = [...byName(runs)].map(([name, group]) => row(name, group));
  table(head, rows);
}

function row(name, group) {
  const good = group.filter((one) => one.failed === undefined);
  if (good.length === 0) return [name, ...Array(10).fill('–'), group[0].failed];
  const of = (pick) => summarise(good.map(pick));
  const ms = (pick) => figure(of(pick).median);
  return [
    `${name} ×${good.length}`,
    ms((one) => one.before.perSecond),
    spread(of((one) => one.kept)),
    `${ms((o) => o.during.probe.p50)} / ${ms((o) => o.during.probe.p99)} / ${ms((o) => o.during.probe.max)}`,
    ms((one) => one.before.probe.p99),
    ms((one) => one.p99Known),
    `${figure(of((one) => one.during.over100).median * 100)} %`,
    ms((one) => one.during.slowest),
    ms((one) => one.during.queries),
    ms((one) => one.during.queriesPerRequest * 1_000),
    ms((one) => one.during.errors + one.during.wrong),
    Number.isFinite(of((one) => one.backMs).median) ? `${ms((one) => one.backMs)} ms` : 'never',
  ];
}

function pictures(runs, faults) {
  return faults.flatMap((fault) => {
    const good = runs.filter((one) => one.fault === fault && one.failed === undefined);
    if (good.length === 0) return [];
    const first = [...byName(good)].map(([name, group]) => ({ name, one: group[0] }));
    const lines = first.map(({ name, one }) => ({ name, points: one.timeline.points }));
    const span = [0, first[0].one.timeline.repairedAfterS];
    const latency = first.map(({ name, one }) => ({ name, ...one.during.probe }));
    return [
      [
        `outage-${fault}-throughput.svg`,
        lineChart({ title: `${fault}: requests per second`, lines, span }),
      ],
      [
        `outage-${fault}-latency.svg`,
        percentileChart({ title: `${fault}: milliseconds in the outage`, bars: latency }),
      ],
    ];
  });
}
