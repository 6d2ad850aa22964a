// Reads of values that change: drawn at random, independent of the changes.

import type { History, Random } from './histories.js';

const READS = 60_000;
const ZIPF = 0.8;

/** Keys and time that the user's ttl is tuned on. The others judge. */
const TUNED_KEYS = 0.1;
const TUNED_TIME = 0.4;

/** Reads in order: when, of which key, and how often its value had changed by then. */
export interface Reads {
  readonly keys: number;
  readonly at: Float64Array;
  readonly key: Int32Array;
  readonly version: Int32Array;
  /** The first read that counts. */
  readonly from: number;
}

export interface Split {
  readonly tuning: Reads;
  readonly judging: Reads;
}

/** Reads come at random times (Poisson), and to few keys most of the time (Zipf). */
export function drawReads(history: History, random: Random, reads: number = READS): Split {
  const { begin, end, changes } = history;
  const isTuned = Array.from(changes, () => random() < TUNED_KEYS);
  const middle = begin + TUNED_TIME * (end - begin);
  const pick = zipf(history, random);
  const current = new Int32Array(changes.length);
  const [tuning, judging] = [new Drawn(), new Drawn()];
  let now = begin;
  for (let i = 0; i < reads; i++) {
    now += (-Math.log(1 - random()) * (end - begin)) / reads;
    const key = pick(now);
    const times = changes[key] as Float64Array;
    let version = current[key] as number;
    while (version < times.length && (times[version] as number) <= now) version++;
    current[key] = version;
    if (!isTuned[key]) judging.add(now, key, version);
    else if (now < middle) tuning.add(now, key, version);
  }
  return {
    tuning: tuning.reads(changes.length, begin),
    judging: judging.reads(changes.length, middle),
  };
}

class Drawn {
  readonly #at: number[] = [];
  readonly #key: number[] = [];
  readonly #version: number[] = [];

  add(at: number, key: number, version: number): void {
    this.#at.push(at);
    this.#key.push(key);
    this.#version.push(version);
  }

  reads(keys: number, countFrom: number): Reads {
    const from = this.#at.findIndex((at) => at >= countFrom);
    return {
      keys,
      at: Float64Array.from(this.#at),
      key: Int32Array.from(this.#key),
      version: Int32Array.from(this.#version),
      from: from === -1 ? this.#at.length : from,
    };
  }
}

/** So often, what is there to be read is looked at again. */
const SLICES = 300;

/** Picks keys at these times, few of them most of the time. What is not there is not read. */
function zipf({ begin, end, changes, lives }: History, random: Random): (now: number) => number {
  const keys = changes.length;
  const sums = new Float64Array(keys);
  // The most popular key is not the first of the data.
  const shift = Math.floor(random() * keys);
  let [total, until] = [0, begin];
  const look = (now: number): void => {
    total = 0;
    for (let i = 0; i < keys; i++) {
      const [from, to] = lives?.[(i + shift) % keys] ?? [now, now];
      if (from <= now && now <= to) total += (i + 1) ** -ZIPF;
      sums[i] = total;
    }
    until = now + (end - begin) / SLICES;
  };
  return (now) => {
    if (now >= until) look(now);
    const wanted = random() * total;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return (low + shift) % keys;
  };
}
