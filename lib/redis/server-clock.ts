import type { Clock } from '../core/clock.js';

/** 36 to the 10th: microseconds since 1970 stay below it until the year 2085. */
const VERSION_WIDTH = 10;

/** How long a good sample is believed before a worse one replaces it. */
const BELIEVED_MS = 10_000;

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
  #lastVersion = 0;

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
    if (!isBetter && !isContradiction && at - best.at < BELIEVED_MS) return;
    this.#best = sample;
    this.#offsetMs = sample.offsetMs;
  }

  /** A version above every one issued or seen before; text order is time order. */
  nextVersion(): string {
    this.#lastVersion = Math.max(this.#lastVersion + 1, Math.floor(this.now() * 1_000));
    return formatVersion(this.#lastVersion);
  }

  /** Versions issued from now on are above `version` (a logical clock's receive rule, Lamport 1978). */
  observeVersion(version: string): void {
    this.#lastVersion = Math.max(this.#lastVersion, Number.parseInt(version, 36) || 0);
  }
}

export function formatVersion(micros: number): string {
  return Math.floor(micros).toString(36).padStart(VERSION_WIDTH, '0');
}

export function versionToMs(version: string): number {
  return Number.parseInt(version, 36) / 1_000;
}
