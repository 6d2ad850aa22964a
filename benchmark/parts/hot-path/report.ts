import { figure, say, spread, table } from '../../lib/report.js';
import { barChart } from '../../lib/svg.js';
import { BARE, BARE_FAST, BY_HAND, baseOf, type MemoryCase, type RedisCase } from './cases.js';

export function printRedis(measured: RedisCase): void {
  const { kind, size, concurrency, results } = measured;
  const isHit = kind === 'hit';
  say(`\n### ${isHit ? 'Hit from Redis' : kind}: ${size} B, ${concurrency} at once\n`);
  const head = ['subject', 'a second', `÷ ${baseOf(measured)}`, 'CPU µs a call'];
  const rows = results.map(({ name, loads, perSecond, cpuUs, ratio, ratioFast }) => {
    const title = isHit && loads > 0 ? `${name} (with ${loads} loads)` : name;
    const cells = [title, figure(perSecond.median), spread(ratio), figure(cpuUs.median)];
    return isHit ? [...cells, spread(ratioFast)] : cells;
  });
  table(isHit ? [...head, `÷ ${BARE_FAST}`] : head, rows);
}

/** What the picture calls the subjects that it shows. */
const SHOWN: Readonly<Record<string, string>> = {
  ours: 'this package',
  [BY_HAND]: 'RESP by hand, no deadlines',
  [BARE_FAST]: 'node-redis without its timer',
  [BARE]: 'node-redis as it comes, not parsed',
  'ioredis get': 'ioredis, not parsed',
  'bento-l2': 'bentocache on Redis',
  'async-cache-dedupe': 'async-cache-dedupe',
};

/** Hits a second, of those that ask Redis each time. */
export function goodDay(redis: readonly RedisCase[]): [string, string][] {
  const hits = redis.find(
    (one) => one.kind === 'hit' && one.size === 200 && one.concurrency === 64,
  );
  const bars = (hits?.results ?? []).flatMap(({ name, perSecond }) => {
    const shown = SHOWN[name];
    return shown === undefined ? [] : [{ name: shown, value: perSecond.median }];
  });
  if (bars.length === 0) return [];
  const title = 'A good day: hits from Redis a second, 200 B, 64 at once';
  return [['good-day.svg', barChart({ title, bars, own: SHOWN.ours as string })]];
}

export function printMemory({ size, results }: MemoryCase): void {
  say(`\n### Hit from memory: ${size} B\n`);
  const rows = results.map(({ name, ns, faster, ofParsed, ofAwaited }) => [
    ...[name, spread(ns, ' ns'), spread(faster), spread(ofParsed), spread(ofAwaited)],
  ]);
  const head = ['subject', 'a call', '× the fastest isolating peer'];
  table([...head, '÷ lru-cache + JSON.parse', '÷ lru-cache (awaited)'], rows);
}
