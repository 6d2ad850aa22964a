import type { Clock } from './clock.js';

/** A lateness counts half as much after this long. */
const HALF_LIFE_MS = 1_000;

/** How late this process' timers fired lately. A process that is short of CPU cannot judge others by time. */
export class Lag {
  readonly #clock: Clock;
  #ms = 0;
  #at = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A timer fired this late. */
  observe(lateMs: number): void {
    this.#ms = Math.max(lateMs, this.recentMs);
    this.#at = this.#clock.now();
  }

  /** The worst lateness lately, less as time passes. */
  get recentMs(): number {
    if (this.#ms === 0) return 0;
    return this.#ms * 0.5 ** ((this.#clock.now() - this.#at) / HALF_LIFE_MS);
  }
}

const BY_CLOCK = new WeakMap<Clock, Lag>();

/** All users of a clock share one measurement. */
export function lagOf(clock: Clock): Lag {
  let lag = BY_CLOCK.get(clock);
  if (lag === undefined) {
    lag = new Lag(clock);
    BY_CLOCK.set(clock, lag);
  }
  return lag;
}
