// Truth after the outage: a value is changed and its key deleted while Redis is away. For how long is the old value
// served afterwards, and by which process?

import type { RedisServer } from '../../test/support/redis-server.js';
import { atMost, type BarLine, judge, sum } from '../lib/bars.js';
import type { Options, Result } from '../lib/part.js';
import { startRedis } from '../lib/redis.js';
import { figure, firstLine, progress, say, table } from '../lib/report.js';
import { startWorker, type Worker } from '../lib/rpc.js';
import { now, sleep } from '../lib/time.js';
import type { Look, PeerOperations, Removal } from '../workers/peer.js';
import type { ProxyOperations } from '../workers/proxy.js';

const KEY = 'price:1';
const TIMES = { ttlMs: 12_000, outageMs: 3_000 };
const QUICK_TIMES = { ttlMs: 4_000, outageMs: 1_500 };
const EVERY_MS = 100;

/** Within this time after the repair a process may still be on its way back to Redis. */
const BACK_MS = 1_000;

interface World {
  readonly redis: RedisServer;
  readonly proxy: Worker<ProxyOperations>;
}

interface Kind {
  begin(world: World): unknown;
  end(world: World): unknown;
}

/** Redis keeps its data in each of them; `cut` closes and refuses connections. */
const KINDS: Readonly<Record<string, Kind>> = {
  hang: { begin: ({ redis }) => redis.hang(), end: ({ redis }) => redis.thaw() },
  blackhole: {
    begin: ({ proxy }) => proxy.call('blackhole'),
    end: ({ proxy }) => proxy.call('pass'),
  },
  cut: {
    begin: ({ proxy }) => proxy.call('refuse'),
    end: ({ proxy }) => proxy.call('pass'),
  },
  lost: {
    async begin({ proxy }) {
      await proxy.call('blackhole');
      await proxy.call('lose');
    },
    async end({ proxy }) {
      await proxy.call('lose');
      await proxy.call('pass');
    },
  },
};

const NAMES = [
  ...['ours', 'bento-tuned', 'bento-tuned + bus', 'bento-l2-tuned', 'cacheable-tuned'],
  'naive-race',
];
const MORE = ['naive', 'naive-tuned', 'bento', 'cache-manager-tuned', 'async-cache-dedupe-tuned'];

interface Staleness {
  /** Reads that began after the repair. */
  readonly reads: number;
  /** Old values once there was time to be back. */
  readonly stale: number;
  /** Old values at any time after the repair. */
  readonly staleEver: number;
  /** When the last of them was given, after the repair. */
  readonly untilMs: number;
  readonly late: number;
  /** Old values between the delete and the repair, when B could not hear of it. */
  readonly inOutage: number;
}

interface Story {
  readonly removal: Removal;
  readonly onA: Staleness;
  readonly onB: Staleness;
  readonly ttlLeftMs: number;
}

interface Run {
  readonly kind: string;
  readonly name: string;
  readonly story?: Story;
  readonly failed?: string;
}

type Times = typeof TIMES;

export async function truth(options: Options): Promise<Result> {
  const all = [...NAMES, ...(options.all ? MORE : [])];
  const names = options.only ?? (options.quick ? ['ours'] : all);
  const times = options.quick ? QUICK_TIMES : TIMES;
  const runs: Run[] = [];
  for (const kind of Object.keys(KINDS)) {
    progress(`truth: ${kind}, ${names.length} subjects at once`);
    // They hardly work: a few reads a second each. All at once, each with a Redis of its own.
    const group = await Promise.all(names.map((name) => runOne(kind, name, times)));
    runs.push(...group);
    print(kind, group);
  }
  return { figures: { runs }, lines: bars(runs) };
}

async function runOne(kind: string, name: string, times: Times): Promise<Run> {
  const world = { redis: await startRedis(), proxy: startWorker<ProxyOperations>('proxy') };
  const a = startWorker<PeerOperations>('peer');
  const b = startWorker<PeerOperations>('peer');
  try {
    return { kind, name, story: await tell(kind, name, world, [a, b], times) };
  } catch (error) {
    return { kind, name, failed: firstLine(error) };
  } finally {
    await Promise.all([a.stop(), b.stop(), world.proxy.stop()]);
    await world.redis.stop();
  }
}

type Pair = readonly [Worker<PeerOperations>, Worker<PeerOperations>];

async function tell(
  kind: string,
  name: string,
  world: World,
  pair: Pair,
  { ttlMs, outageMs }: Times,
): Promise<Story> {
  const [a, b] = pair;
  const fault = KINDS[kind] as Kind;
  const port = await world.proxy.call('start', { target: world.redis.port });
  for (const one of pair) await one.call('open', { name, port, ttlMs, memoryMax: 1_000 });
  await sleep(600);
  const storedAt = now();
  for (const one of pair) await one.call('fetch', { key: KEY });
  await fault.begin(world);
  for (const one of pair) await one.call('watch', { key: KEY, everyMs: EVERY_MS });
  await sleep(outageMs / 3);
  for (const one of pair) await one.call('write', { version: 2 });
  const removing = a.call('remove', { key: KEY, limitMs: 15_000 });
  await sleep((outageMs * 2) / 3);
  await fault.end(world);
  const repairedAt = now();
  // Until nothing of before can be left, also what was written again with a whole ttl after the repair.
  await sleep(ttlMs + 1_500);
  const seen = [await a.call('unwatch'), await b.call('unwatch')] as const;
  const removal = await removing;
  const [onA, onB] = seen.map((looks) => staleness(looks, repairedAt, removal.startedAt)) as [
    Staleness,
    Staleness,
  ];
  return { removal, onA, onB, ttlLeftMs: storedAt + ttlMs - repairedAt };
}

function staleness(looks: readonly Look[], repairedAt: number, deletedAt: number): Staleness {
  const isOld = (one: Look): boolean => one.version === 1;
  const after = looks.filter((one) => one.at >= repairedAt);
  const stale = after.filter(isOld);
  const between = looks.filter((one) => one.at > deletedAt && one.at < repairedAt);
  return {
    reads: after.length,
    stale: stale.filter((one) => one.at >= repairedAt + BACK_MS).length,
    staleEver: stale.length,
    untilMs: (stale.at(-1)?.endedAt ?? repairedAt) - repairedAt,
    late: after.filter((one) => one.isLate).length,
    inOutage: between.filter(isOld).length,
  };
}

const HEAD = [
  ...['subject', 'delete answered after', 'with', 'A: stale later than 1 s, until'],
  ...['B: stale later than 1 s, until', 'stale in the outage A / B', 'unanswered after A / B'],
];

function print(kind: string, runs: readonly Run[]): void {
  say(`\n### Truth after the outage: ${kind}\n`);
  const rows = runs.map(({ name, story, failed }) => (story ? row(name, story) : [name, failed]));
  table(
    HEAD,
    rows.map((cells) => HEAD.map((_, i) => cells[i])),
  );
}

function row(name: string, { removal, onA, onB }: Story): string[] {
  const stale = ({ stale, reads, untilMs }: Staleness): string =>
    `${stale} of ${reads}, ${figure(untilMs)} ms`;
  return [
    ...[name, `${figure(removal.tookMs)} ms`, removal.answer?.slice(0, 40) ?? 'nothing'],
    ...[stale(onA), stale(onB)],
    ...[`${onA.inOutage} / ${onB.inOutage}`, `${onA.late} / ${onB.late}`],
  ];
}

function bars(runs: readonly Run[]): BarLine[] {
  const own = runs.filter((one) => one.name === 'ours');
  if (own.length === 0) return [];
  const count = (pick: (story: Story) => number): ReturnType<typeof sum> =>
    sum(own.map(({ story }) => (story ? pick(story) : Number.NaN)));
  // A knows what it deleted, so nothing excuses it; B has a second to hear of it.
  const onA = count((story) => story.onA.inOutage + story.onA.staleEver);
  const onB = count((story) => story.onB.stale);
  const late = count((story) => story.onA.late + story.onB.late);
  return [
    judge('old values from the process that deleted them, ever, all kinds', atMost(0), onA),
    judge('old values from the other process, later than 1 s', atMost(0), onB),
    judge('reads afterwards that were not answered in 1 s', atMost(0), late),
  ];
}
