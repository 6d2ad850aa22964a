import type { Clock } from '../../core/clock.js';

/** 16 to the 13th: microseconds since 1970 stay below it until the year 2112. */
const STAMP_WIDTH = 13;

/** How fast two clocks part at most: 200 parts in a million, twice what oscillators are allowed. */
const DRIFT = 200e-6;

/** How long a good sample is believed before a worse one replaces it. */
const SAMPLE_VALID_MS = 10_000;

/**
 * The Redis server's clock as this process estimates it: the local monotonic clock plus an offset learned
 * from replies that carry the server's time (Cristian, "Probabilistic clock synchronization", 1989: off
 * by at most half a round trip). Before the first reply it is the local wall clock. Everything that
 * processes compare with each other is in this time, so their own clocks need not agree.
 */
export class ServerClock {
  readonly #clock: Clock;
  #offsetMs: number;
  #best: { readonly offsetMs: number; readonly errorMs: number; readonly at: number } | undefined;
  #lastStamp = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.wallNow() - clock.now();
  }

  /** Milliseconds since the Unix epoch, by the server. */
  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }

  /**
   * A reply said that the server's time was `serverMs`, at some moment since `sentAt` (local, monotonic).
   * The sample with the shortest round trip is believed, unless a newer one contradicts it (a clock was
   * set) or it is old (clocks drift).
   */
  observe(serverMs: number, sentAt: number): void {
    const at = this.#clock.now();
    const sample = { offsetMs: serverMs - (sentAt + at) / 2, errorMs: (at - sentAt) / 2 + 1, at };
    const best = this.#best;
    const isContradiction =
      best !== undefined &&
      Math.abs(sample.offsetMs - best.offsetMs) > sample.errorMs + best.errorMs;
    const isBetter = best === undefined || sample.errorMs <= best.errorMs;
    if (!isBetter && !isContradiction && at - best.at < SAMPLE_VALID_MS) return;
    this.#best = sample;
    this.#offsetMs = sample.offsetMs;
  }

  /** The latest server time that it can be now, in microseconds. */
  latestMicros(): number {
    const best = this.#best;
    if (best === undefined) return this.now() * 1_000;
    const driftMs = (this.#clock.now() - best.at) * DRIFT;
    return (this.now() + best.errorMs + driftMs) * 1_000;
  }

  /** The time in microseconds, above every one given before; text order is time order. */
  nextStamp(): string {
    this.#lastStamp = Math.max(this.#lastStamp + 1, Math.floor(this.now() * 1_000));
    return formatMicros(this.#lastStamp);
  }
}

function formatMicros(micros: number): string {
  return micros.toString(16).padStart(STAMP_WIDTH, '0');
}
