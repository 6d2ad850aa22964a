// What observing costs a hit, in processor time, so that a busy machine changes little.

import { startRedis } from '../../lib/redis.js';
import { progress } from '../../lib/report.js';
import { startWorker, type Worker } from '../../lib/rpc.js';
import { median, type Summary, summarise } from '../../lib/stats.js';
import type { Hits, Turns, WatchedOperations } from '../../workers/watched.js';

/** One kind of hit. */
export interface HitCost extends Turns {
  readonly name: string;
  /** While a group has fewer than 100 audits, one hit in 1,000 is loaded again. */
  readonly isFirst: boolean;
  /** Observing ÷ off − 1, by group of turns. */
  readonly excess: Summary;
}

type Tier = 'memory' | 'redis';
type Case = Hits & { readonly name: string };

/** Hits before the first measured turn: code is compiled, and the group has its first 100 audits. */
const WARM_HITS: Readonly<Record<Tier, number>> = { memory: 150_000, redis: 120_000 };

/** Hits of a turn, one after the other and 64 at once: about a millisecond, or a few. */
const TURN_HITS: Readonly<Record<Tier, readonly [number, number]>> = {
  memory: [1_500, 1_500],
  redis: [50, 320],
};

const TURNS = 400;
const QUICK_TURNS = 40;

/** The median of the turns of a group, so that one interruption says nothing. */
const GROUP_TURNS = 20;

/** The hits of a group until it has 100 audits. */
const FIRST_HITS = 90_000;

export async function hitCosts(isQuick: boolean): Promise<readonly HitCost[]> {
  const turns = isQuick ? QUICK_TURNS : TURNS;
  const memory = await costsOf('memory', turns, undefined);
  const redis = await startRedis();
  try {
    return [...memory, ...(await costsOf('redis', turns, redis.port))];
  } finally {
    await redis.stop();
  }
}

async function costsOf(
  tier: Tier,
  turns: number,
  port: number | undefined,
): Promise<readonly HitCost[]> {
  // The cache that is made first is a little faster in either case.
  const [one, other] = [
    await turnsOf(tier, turns / 2, { port, isSwapped: false }),
    await turnsOf(tier, turns / 2, { port, isSwapped: true }),
  ];
  return one.map(({ name, isFirst, off, observing }, i) => {
    const all = {
      off: [...off, ...(other[i]?.off ?? [])],
      observing: [...observing, ...(other[i]?.observing ?? [])],
    };
    return { name, isFirst, ...all, excess: summarise(ratiosOf(all, isFirst)) };
  });
}

type Measured = Omit<HitCost, 'excess'>;

async function turnsOf(
  tier: Tier,
  turns: number,
  { port, isSwapped }: { readonly port: number | undefined; readonly isSwapped: boolean },
): Promise<readonly Measured[]> {
  const worker = startWorker<WatchedOperations>('watched');
  try {
    await worker.call('open', { ...(port === undefined ? {} : { port }), isSwapped });
    progress(`freshness: hits from ${tier}, warming up`);
    await warmUp(worker, WARM_HITS[tier]);
    const found: Measured[] = [];
    for (const one of casesOf(tier, turns)) found.push(await measure(one, worker));
    return found;
  } finally {
    await worker.stop();
  }
}

function casesOf(tier: Tier, turns: number): readonly Case[] {
  const [alone, together] = TURN_HITS[tier];
  const usual = (['get', 'getOrSet'] as const).flatMap((call) =>
    [1, 64].map((lanes): Case => {
      const name = `${call} from ${tier}, ${lanes === 1 ? 'one after the other' : '64 at once'}`;
      return { name, call, lanes, hits: lanes === 1 ? alone : together, turns, group: 'product:' };
    }),
  );
  const first = { call: 'getOrSet', lanes: 64, hits: together, group: 'new:' } as const;
  const name = 'the same, while the first 100 audits are made';
  return [...usual, { ...first, name, turns: Math.floor(FIRST_HITS / together) }];
}

async function warmUp(worker: Worker<WatchedOperations>, hits: number): Promise<void> {
  const order = { group: 'product:', turns: 20, hits: hits / 20 } as const;
  await worker.call('hits', { ...order, call: 'getOrSet', lanes: 64 });
  for (const call of ['get', 'getOrSet'] as const) {
    await worker.call('hits', { ...order, call, lanes: 1, turns: 2 });
  }
}

async function measure(
  { name, ...hits }: Case,
  worker: Worker<WatchedOperations>,
): Promise<Measured> {
  progress(`freshness: ${name}`);
  return { name, isFirst: hits.group === 'new:', ...(await worker.call('hits', hits)) };
}

/** Audits are rare and expensive, so while they are made it is the mean that counts. */
function ratiosOf({ off, observing }: Turns, isFirst: boolean): readonly number[] {
  const typical = isFirst ? mean : median;
  const ratios: number[] = [];
  for (let i = 0; i < off.length; i += GROUP_TURNS) {
    const [a, b] = [off, observing].map((all) => typical(all.slice(i, i + GROUP_TURNS)));
    ratios.push((b as number) / (a as number) - 1);
  }
  return ratios;
}

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;

/** Head and rows. */
export function hitCostTable(
  costs: readonly HitCost[],
): readonly [readonly string[], readonly (readonly string[])[]] {
  return [
    ['a hit', 'off', 'observing', 'more'],
    costs.map(({ name, off, observing, excess, isFirst }) => {
      const typical = isFirst ? mean : median;
      const ns = [off, observing].map((all) => `${typical(all).toFixed(0)} ns`);
      return [
        name,
        ...ns,
        `${(100 * excess.median).toFixed(1)} ± ${(100 * excess.spread).toFixed(1)} %`,
      ];
    }),
  ];
}
