import type { Clock } from '../../core/time/clock.js';

/** From this many answers in a row that were not stored, visitors of a URL do not wait for each other. */
const FROM = 2;
const FOR_MS = 10_000;
const MAX_URLS = 1_000;

/** URLs whose answers were not stored lately ("hit-for-miss" in Varnish). Bounded. */
export class Unshared {
  readonly #clock: Clock;
  readonly #urls = new Map<string, { count: number; until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(url: string): boolean {
    const seen = this.#urls.get(url);
    return seen !== undefined && seen.count >= FROM && this.#clock.now() < seen.until;
  }

  add(url: string): void {
    const count = (this.#urls.get(url)?.count ?? 0) + 1;
    this.#urls.delete(url);
    this.#urls.set(url, { count, until: this.#clock.now() + FOR_MS });
    if (this.#urls.size > MAX_URLS) {
      const [oldest] = this.#urls.keys();
      this.#urls.delete(oldest as string);
    }
  }

  delete(url: string): void {
    this.#urls.delete(url);
  }
}
