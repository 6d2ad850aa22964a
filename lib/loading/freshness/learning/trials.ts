import { type Choice, choose } from './choice.js';
import { Frontier } from './frontier.js';
import { type KeyState, OWN, type Tilt } from './policies.js';
import { Sample } from './sample.js';
import { type Interval, newCopies, Simulation } from './simulation.js';
import type { TypicalKey } from './typical-key.js';

/** Intervals that count: for a choice, and to notice that values have begun to change otherwise. */
const MEMORY = 4_000;
const RECENT = 250;

/** Standard errors between what is recent and what was before. */
const DRIFT = 2.5;

/** A key that was loaded for the last time. */
export interface TriedKey {
  readonly key: number;
  readonly at: number;
  readonly ttlMs: number;
  readonly state: KeyState;
}

/** Tries every policy on a sample of the keys of a group. */
export class Trials {
  readonly #typical: TypicalKey;
  readonly #simulation: Simulation;
  readonly #sample: Sample;
  #frontier = new Frontier(MEMORY);
  #recent = new Frontier(RECENT);

  /** `most`: keys that are simulated. */
  constructor(typical: TypicalKey, most: number) {
    this.#sample = new Sample(most);
    this.#typical = typical;
    this.#simulation = new Simulation(typical);
  }

  /** What each policy costs. */
  get frontier(): Frontier {
    return this.#frontier;
  }

  /** A key was loaded, and nothing is known of the time before. `isIdle`: whether a key is not loaded any more. */
  begin({ key, at, ttlMs, state }: TriedKey, isIdle: (key: number) => boolean): void {
    if (!this.#sample.has(key)) return;
    const copies = newCopies(at, ttlMs, (policy) => this.#typical.lifetime(policy, state, ttlMs));
    this.#sample.keep(key, copies, isIdle);
  }

  /** A key was loaded again. Returns whether it is in the sample. */
  observe(key: number, interval: Interval): boolean {
    const copies = this.#sample.copiesOf(key);
    if (copies === undefined) return false;
    const reads = interval.readsPerMs * (interval.to - interval.from);
    const isChanged = interval.changedAt.length > 0;
    const outcomes = this.#simulation.run(copies, interval);
    this.#frontier.add(outcomes, reads, isChanged);
    this.#recent.add(outcomes, reads, isChanged);
    this.#sample.used(key);
    return true;
  }

  /** The best policy. `present`: the tilt that is in use. */
  choose(target: number, present: Tilt): Choice {
    if (this.#hasDrifted()) {
      this.#frontier = this.#recent;
      this.#frontier.remember(MEMORY);
      this.#recent = new Frontier(RECENT);
    }
    return choose({ long: this.#frontier, recent: this.#recent, target, present });
  }

  /** Whether recent intervals have more stale reads than chance explains. */
  #hasDrifted(): boolean {
    if (this.#recent.intervals < RECENT / 2) return false;
    const now = this.#recent.stale(OWN);
    const before = this.#frontier.stale(OWN);
    return now.value - before.value > DRIFT * Math.hypot(now.error, before.error);
  }
}
