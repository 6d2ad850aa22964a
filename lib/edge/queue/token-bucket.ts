import type { EdgeLimits } from '../edge.js';

/** How many purges an edge takes now. Starts full. Times are local, monotonic milliseconds. */
export class TokenBucket {
  readonly #limits: Pick<EdgeLimits, 'burst' | 'perSecond'>;
  #tokens: number;
  #at: number;

  constructor(limits: Pick<EdgeLimits, 'burst' | 'perSecond'>, nowMs: number) {
    this.#limits = limits;
    this.#tokens = limits.burst;
    this.#at = nowMs;
  }

  /** Takes the right to send one purge, if there is one. */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** How long until so many purges may have been sent. */
  waitMs(count: number, nowMs: number): number {
    this.#refill(nowMs);
    return Math.max(0, (count - this.#tokens) / this.#limits.perSecond) * 1_000;
  }

  /** The edge said that there were too many. Others use the same account. */
  drain(nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens = Math.min(0, this.#tokens);
  }

  #refill(nowMs: number): void {
    const { burst, perSecond } = this.#limits;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#at) / 1_000) * perSecond);
    this.#at = nowMs;
  }
}
