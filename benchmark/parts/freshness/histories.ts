// When values changed: real histories, and two that are made up.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The times at which each key's value changed, in order, within `begin` and `end`. */
export interface History {
  readonly begin: number;
  readonly end: number;
  readonly changes: readonly Float64Array[];
  /** When each key's thing was there to be read: first sight and last. Absent: all the time. */
  readonly lives?: readonly (readonly [number, number])[];
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
  const items = Object.values(JSON.parse(text).items) as { t: number[]; end?: number }[];
  const changes = items.map(({ t }) => Float64Array.from(t));
  const all = changes.flatMap((times) => [times[0] ?? 0, times.at(-1) ?? 0]);
  return {
    begin: all.reduce((a, b) => Math.min(a, b)),
    end: all.reduce((a, b) => Math.max(a, b)),
    changes,
    lives: items.map(({ t, end = Number.POSITIVE_INFINITY }) => [t[0] ?? 0, end] as const),
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

/** All keys change at the same rate: there is nothing to learn. */
export function alike(random: Random): History {
  const changes = Array.from({ length: KEYS }, () => {
    const times: number[] = [];
    let now = 0;
    while (now < SPAN) {
      now += -Math.log(1 - random()) * 20_000;
      times.push(now);
    }
    return Float64Array.from(times);
  });
  return { begin: 0, end: SPAN, changes };
}

/** Values are made all the time, and change more seldom the older they are: each age as often as all ages before. */
export function ageing(random: Random): History {
  const changes = Array.from({ length: KEYS }, () => {
    const born = (random() * 1.3 - 0.3) * SPAN;
    const liveliness = 0.5 + 4 * random();
    const times: number[] = [];
    let age = 500 * random();
    while (born + age < SPAN && times.length < 10_000) {
      age *= Math.exp(-Math.log(1 - random()) / liveliness);
      if (born + age > 0) times.push(born + age);
    }
    return Float64Array.from(times);
  });
  return { begin: 0, end: SPAN, changes };
}
