// When values changed: real histories, and two that are made up.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The times at which each key's value changed, in order, within `begin` and `end`. */
export interface History {
  readonly begin: number;
  readonly end: number;
  readonly changes: readonly Float64Array[];
}

export type Random = () => number;

/** mulberry32 (Tommy Ettinger, public domain). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A file of changes of `benchmark/data`. */
export function recorded(name: string): History {
  const text = gunzipSync(readFileSync(join('benchmark/data', `${name}.json.gz`))).toString();
  const items = Object.values(JSON.parse(text).items) as { t: number[] }[];
  const changes = items.map(({ t }) => Float64Array.from(t));
  const all = changes.flatMap((times) => [times[0] ?? 0, times.at(-1) ?? 0]);
  return {
    begin: all.reduce((a, b) => Math.min(a, b)),
    end: all.reduce((a, b) => Math.max(a, b)),
    changes,
  };
}

const KEYS = 1_000;
const SPAN = 1_000_000;

/** Each key changes at a rate of its own. After half of the time all rates are `factor` times as high. */
export function made(random: Random, factor: number): History {
  const changes = Array.from({ length: KEYS }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const rate = Math.exp(1.5 * normal) / 50_000;
    const times: number[] = [];
    let now = 0;
    while (now < SPAN && times.length < 100_000) {
      now += -Math.log(1 - random()) / (now < SPAN / 2 ? rate : rate * factor);
      times.push(now);
    }
    return Float64Array.from(times);
  });
  return { begin: 0, end: SPAN, changes };
}
