import { figure, say, spread, table } from '../../lib/report.js';
import { BARE_FAST, baseOf, type MemoryCase, type RedisCase } from './cases.js';

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

export function printMemory({ size, results }: MemoryCase): void {
  say(`\n### Hit from memory: ${size} B\n`);
  const rows = results.map(({ name, ns, faster }) => [name, spread(ns, ' ns'), spread(faster)]);
  table(['subject', 'a call', '× the fastest isolating peer'], rows);
}
