import type { WarmMetrics } from '../../api/metrics.js';

/** Which warmed values were of use: read before they expired. */
export class WarmedKeys {
  readonly #nowMs: () => number;
  /** When each value that was not read yet expires (server time). */
  readonly #waiting = new Map<string, number>();
  #fromRedis = 0;
  #fromLoaders = 0;
  #read = 0;
  #unread = 0;

  /** `nowMs`: milliseconds since 1970, by the clock that dates entries. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  warmed(key: string, from: 'redis' | 'loader', expiresAtMs: number): void {
    if (from === 'redis') this.#fromRedis++;
    else this.#fromLoaders++;
    // Warmed again, after a recovery, before it was read.
    if (this.#waiting.has(key)) this.#unread++;
    this.#waiting.set(key, expiresAtMs);
  }

  /** A caller asked for the key. */
  asked(key: string, isFound: boolean): void {
    const expiresAtMs = this.#waiting.get(key);
    if (expiresAtMs === undefined) return;
    this.#waiting.delete(key);
    if (isFound && this.#nowMs() < expiresAtMs) this.#read++;
    else this.#unread++;
  }

  /** Counts since the cache was created. */
  get counts(): Pick<WarmMetrics, 'values' | 'read' | 'unread' | 'waiting'> {
    this.#dropExpired();
    const values = { redis: this.#fromRedis, loader: this.#fromLoaders };
    return { values, read: this.#read, unread: this.#unread, waiting: this.#waiting.size };
  }

  #dropExpired(): void {
    const now = this.#nowMs();
    for (const [key, expiresAtMs] of this.#waiting) {
      if (now < expiresAtMs) continue;
      this.#waiting.delete(key);
      this.#unread++;
    }
  }
}
