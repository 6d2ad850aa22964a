import { debuglog } from 'node:util';
import { processWarnings } from '../core/advice/warnings.js';
import type { NotStored } from './rules/not-stored.js';

/** How the requests of a route were answered since the start. */
export interface ResponseCacheCounts {
  /** From the cache, stale answers included. */
  readonly hits: number;
  readonly stale: number;
  /** Answers that were made by the handler and stored. */
  readonly stored: number;
  /** Answers that were made by the handler and not stored, by reason. */
  readonly notStored: Readonly<Partial<Record<NotStored, number>>>;
}

const debug = debuglog('express-cache-health');

/** The only place that counts and logs what a route does. */
export class Report {
  #hits = 0;
  #stale = 0;
  #stored = 0;
  readonly #notStored = new Map<NotStored, number>();
  readonly #warnings = processWarnings();

  get counts(): ResponseCacheCounts {
    return {
      hits: this.#hits,
      stale: this.#stale,
      stored: this.#stored,
      notStored: Object.fromEntries(this.#notStored),
    };
  }

  hit(isStale: boolean): void {
    this.#hits++;
    if (isStale) this.#stale++;
  }

  stored(): void {
    this.#stored++;
  }

  notStored(reason: NotStored, path: string): void {
    this.#notStored.set(reason, (this.#notStored.get(reason) ?? 0) + 1);
    debug('response of %s not stored: %s', path, reason);
  }

  /** Said once for each route. */
  noEdge(path: string): void {
    this.#warnings.once(
      'an-edge-ttl-without-an-edge',
      `responseCache({ edgeTtl }) of ${path} has no effect, because the cache has no edge that it could purge. Write cacheMiddleware({ edge: varnish({ url }) }), or leave edgeTtl out.`,
    );
  }

  /** Said once for each route. */
  unkeyedRead(names: readonly string[], path: string): void {
    const read = names.map((name) => `'${name.replace(/^\./, 'req.')}'`).join(', ');
    this.#warnings.once(
      'a-read-that-the-key-does-not-cover',
      `responseCache(): the handler of ${path} read ${read} of its request, so its answer may be for this visitor alone. Name the headers in vary, return the rest from key, or mount what reads it above responseCache().`,
    );
  }
}
