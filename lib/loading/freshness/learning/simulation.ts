import {
  clamp,
  isAgeing,
  isByCost,
  type KeyState,
  POLICIES,
  type Policy,
  TILTS,
} from './policies.js';
import type { TypicalKey } from './typical-key.js';

/** The time between two loads of a key, what they showed, and what was known of the key before. */
export interface Interval extends KeyState {
  readonly from: number;
  readonly to: number;
  /** When the value changed in it, in order. */
  readonly changedAt: readonly number[];
  /** When it had changed before. */
  readonly lastChangeAt: number;
  readonly ttlMs: number;
}

/** What an interval of one key adds to the sums of each policy: loads, and reads that got an old value. */
export interface Outcomes {
  readonly loads: Float64Array;
  readonly stale: Float64Array;
}

/** No copy is loaded more often in one interval. */
const MOST_LOADS = 64;

/** The numbers of each policy among the copies of a key: when its copy expires, and since when it is wrong. */
const WIDTH = 2;

const FACTORS = Float64Array.from(POLICIES, ({ factor }) => factor);
/** The places of the tilts, because this runs for each load. */
const TILT_PLACES = Uint8Array.from(POLICIES, ({ tilt }) => TILTS.indexOf(tilt));
const AGEING = Uint8Array.from(TILTS, (tilt) => Number(isAgeing(tilt)));
const BY_COST = Uint8Array.from(TILTS, (tilt) => Number(isByCost(tilt)));

/** New copies of a key, one for each policy, all loaded at this time. */
export function newCopies(
  at: number,
  ttlMs: number,
  lifetimes: (policy: Policy) => number,
): Float64Array {
  const copies = new Float64Array(POLICIES.length * WIDTH);
  POLICIES.forEach((policy, i) => {
    copies[i * WIDTH] = at + clamp(lifetimes(policy), ttlMs);
    copies[i * WIDTH + 1] = Number.POSITIVE_INFINITY;
  });
  return copies;
}

/**
 * Lets each policy live through an interval: when it would have loaded its own copy of the key, and how many reads
 * would have got an old value. Reads are spread evenly.
 */
export class Simulation {
  readonly #typical: TypicalKey;
  /** By tilt: how calm the key is that is simulated. */
  readonly #calm = new Float64Array(TILTS.length);
  readonly #outcomes: Outcomes = {
    loads: new Float64Array(POLICIES.length),
    stale: new Float64Array(POLICIES.length),
  };

  constructor(typical: TypicalKey) {
    this.#typical = typical;
  }

  /** The outcomes are overwritten by the next run. */
  run(copies: Float64Array, interval: Interval): Outcomes {
    TILTS.forEach((tilt, i) => {
      this.#calm[i] = this.#typical.calm(tilt, interval);
    });
    for (let i = 0; i < POLICIES.length; i++) this.#live(copies, i, interval);
    return this.#outcomes;
  }

  #live(copies: Float64Array, policy: number, interval: Interval): void {
    const { from, to, readsPerMs } = interval;
    const place = policy * WIDTH;
    const wait = 1 / readsPerMs;
    let end = copies[place] as number;
    let wrongAt = Math.min(copies[place + 1] as number, firstAfter(interval, from));
    let loads = 0;
    let staleMs = 0;
    let begin = from;
    for (;;) {
      staleMs += Math.max(0, Math.min(end, to) - Math.max(begin, wrongAt));
      // The first read after the end loads.
      const loadAt = Math.max(from, end + wait);
      if (loadAt > to || loads === MOST_LOADS) break;
      loads++;
      begin = loadAt;
      end = loadAt + this.#lifetime(policy, interval, loadAt);
      wrongAt = firstAfter(interval, loadAt);
    }
    copies[place] = end;
    copies[place + 1] = wrongAt < end ? wrongAt : Number.POSITIVE_INFINITY;
    this.#outcomes.loads[policy] = loads;
    this.#outcomes.stale[policy] = staleMs * readsPerMs;
  }

  #lifetime(policy: number, interval: Interval, at: number): number {
    const { ttlMs, readsPerMs } = interval;
    const tilt = TILT_PLACES[policy] as number;
    const baseMs = (FACTORS[policy] as number) * ttlMs;
    let calm = this.#calm[tilt] as number;
    if (AGEING[tilt] === 1) calm *= Math.max(1, at - lastBefore(interval, at)) / interval.ageMs;
    const isCheap = BY_COST[tilt] === 1;
    return clamp(isCheap ? this.#typical.cheapest(baseMs, calm, readsPerMs) : baseMs * calm, ttlMs);
  }
}

function firstAfter({ changedAt }: Interval, at: number): number {
  for (const time of changedAt) if (time > at) return time;
  return Number.POSITIVE_INFINITY;
}

function lastBefore({ changedAt, lastChangeAt }: Interval, at: number): number {
  let last = lastChangeAt;
  for (const time of changedAt) if (time <= at) last = time;
  return last;
}
