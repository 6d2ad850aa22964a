import { randomUUID } from 'node:crypto';
import type { LoaderContext } from '../api/loading.js';
import { systemClock } from '../core/time/clock.js';
import { Unshared } from './keys/unshared.js';
import { variantKey } from './keys/url-keys.js';
import { VariantBook } from './keys/variant-book.js';
import type { ResponseCacheConfig } from './options.js';
import { Outdated } from './outdated.js';
import type { FillOutcome } from './record.js';
import { readStock, type Stock, type Stored, type Variants, variantsText } from './record.js';
import { refresh } from './refresh.js';
import type { Report } from './report.js';
import { lateMs, stalenessOf } from './rules/staleness.js';
import { variantOf } from './rules/vary.js';
import { serve, sharing } from './serve.js';
import type { Visit } from './visit.js';

/** As long as the handler takes. */
const PATIENT = '3650d';

/** How long the list of headers by which a URL varies is kept. */
const VARIANTS_TTL = '1d';

/** Where an answer is looked for: the key of the URL, or that of a variant. */
interface Place {
  readonly key: string;
  readonly variants?: Variants;
}

/** One run of a handler ended without an answer to share. */
class NothingToServe extends Error {}

/** What one `responseCache()` does with requests that may be answered from the cache. */
export class Route {
  readonly #config: ResponseCacheConfig;
  readonly #report: Report;
  readonly #book = new VariantBook();
  readonly #unshared = new Unshared(systemClock);
  readonly #outdated = new Outdated();

  constructor(config: ResponseCacheConfig, report: Report) {
    this.#config = config;
    this.#report = report;
  }

  /** Answers from the cache. Resolves with whether it did. Runs no handler. */
  async look(visit: Visit): Promise<boolean> {
    let place: Place = { key: visit.options.key };
    let stock = readStock(await visit.cache.get(place.key));
    if (stock?.kind === 'variants') {
      place = this.#placeOf(visit, stock);
      stock = readStock(await visit.cache.get(place.key));
    }
    if (stock?.kind !== 'answer' || !visit.mayGet(stock)) return false;
    if (await this.#outdated.has(visit, stock)) return false;
    this.#serve(visit, stock);
    return true;
  }

  /** Answers from the cache, or else runs the handler, once for all visitors that wait for the same answer. */
  async share(visit: Visit): Promise<void> {
    if (this.#unshared.has(visit.options.key)) return this.#runAlone(visit);
    const stock = await this.#load(visit, { key: visit.options.key });
    if (stock?.kind !== 'variants') return;
    const last = await this.#load(visit, this.#placeOf(visit, stock));
    if (last?.kind === 'variants') this.#runAlone(visit);
  }

  #placeOf({ options }: Visit, variants: Variants): Place {
    const variant = variantOf(variants.names, options.req.headers);
    return { key: variantKey(options.key, variants.id, variant), variants };
  }

  /** Resolves with the variants of the URL, or with `undefined` when the request is being answered. */
  async #load(visit: Visit, place: Place): Promise<Stock | undefined> {
    const isEager = this.#config.swrMs > 0;
    const stock = await this.#ask(visit, place, isEager);
    if (stock?.kind !== 'answer') return stock;
    if (visit.fill === undefined && (await this.#outdated.has(visit, stock)))
      await this.#answerOutdated(visit, place, stock);
    else if (!isEager || lateMs(stock, visit.now()) <= this.#config.swrMs)
      this.#answer(visit, stock);
    // Too old to serve at once: it waits for the handler, and is the answer if that fails.
    else await this.#answerLate(visit, place);
    return undefined;
  }

  /** A value that the answer was made of has changed: the old answer serves only if the handler fails. */
  async #answerOutdated(visit: Visit, place: Place, stored: Stored): Promise<void> {
    const load = (context: LoaderContext<unknown>): Promise<unknown> =>
      this.#make({ visit, place, context, isEager: false });
    try {
      const stock = await this.#outdated.remake({ visit, key: place.key, load });
      if (visit.fill?.isAnswering === true) return;
      if (stock?.kind === 'answer' && String(stock.head.madeOf) !== String(stored.head.madeOf))
        this.#answer(visit, stock);
      else if (visit.fill !== undefined || this.#outdated.hasFailed(place.key, visit.now()))
        this.#answer(visit, stored, 'outdated');
      else this.#runAlone(visit);
    } catch (error) {
      this.#failed(visit, error);
    }
  }

  async #answerLate(visit: Visit, place: Place): Promise<void> {
    const stock = await this.#ask(visit, place, false);
    if (stock?.kind === 'answer') this.#answer(visit, stock);
    else if (stock !== undefined) this.#runAlone(visit);
  }

  /** Resolves with what the cache has or gets; `undefined`: this request has its answer from the handler. */
  async #ask(visit: Visit, place: Place, isEager: boolean): Promise<Stock | undefined> {
    const { ttlMs, graceMs, swrMs } = this.#config;
    try {
      const loader = (context: LoaderContext<unknown>): Promise<unknown> =>
        this.#make({ visit, place, context, isEager });
      const value = await visit.cache.getOrSet<unknown>(place.key, loader, {
        ttl: Math.max(1, ttlMs),
        grace: Math.max(graceMs, swrMs),
        softTimeout: isEager ? 0 : PATIENT,
        refreshAhead: false,
        tags: visit.tags,
      });
      if (visit.fill?.isAnswering === true) return undefined;
      const stock = readStock(value);
      if (stock !== undefined) return stock;
      this.#runAlone(visit);
    } catch (error) {
      this.#failed(visit, error);
    }
    return undefined;
  }

  /** The loader: runs the handler for this request, or sends a copy of it through the application. */
  async #make(order: {
    readonly visit: Visit;
    readonly place: Place;
    readonly context: LoaderContext<unknown>;
    readonly isEager: boolean;
  }): Promise<unknown> {
    const { visit, place, context, isEager } = order;
    const stale = readStock(context.stale);
    const outcome =
      isEager && stale?.kind === 'answer'
        ? await this.#refresh(visit, place)
        : await visit.run({
            hasStale: stale?.kind === 'answer' && visit.mayGet(stale),
          }).outcome;
    if (outcome.kind === 'failed') {
      this.#outdated.failed(place.key, visit.now());
      throw new NothingToServe(`the handler answered ${outcome.status}`);
    }
    if (outcome.kind === 'stored') return this.#keep(order, outcome);
    context.skip();
    if (outcome.reason !== 'server-error' && outcome.reason !== 'incomplete')
      this.#unshared.add(visit.options.key);
    return null;
  }

  #refresh({ options }: Visit, { variants }: Place): Promise<FillOutcome> {
    const { req, key } = options;
    const { key: added, vary } = this.#config;
    const names = added === undefined ? [...vary, ...(variants?.names ?? [])] : undefined;
    return refresh({ req, key, names });
  }

  /** Returns what is to be stored at the place: the answer, or the names of the headers that it varies by. */
  async #keep(
    { visit, place, context }: { visit: Visit; place: Place; context: LoaderContext<unknown> },
    { text, ttlMs, vary }: FillOutcome & { kind: 'stored' },
  ): Promise<unknown> {
    const url = visit.options.key;
    const names = place.variants?.names ?? [];
    this.#unshared.delete(url);
    if (vary.every((name) => names.includes(name))) {
      context.setTtl(ttlMs);
      return text;
    }
    const all = this.#book.namesOf(url, [...vary, ...names]);
    if (place.variants !== undefined) {
      // Stored variants do not know this header. The next visitor begins a new list.
      context.skip();
      await visit.cache.delete(url);
      return null;
    }
    const variants: Variants = { kind: 'variants', id: randomUUID(), names: all };
    const { key } = this.#placeOf(visit, variants);
    const grace = Math.max(this.#config.graceMs, this.#config.swrMs);
    await visit.cache.getOrSet(key, () => text, { ttl: ttlMs, grace, tags: visit.tags });
    this.#noteVariant(visit, key);
    context.setTtl(VARIANTS_TTL);
    return variantsText(variants);
  }

  #noteVariant(visit: Visit, key: string): void {
    const surplus = this.#book.add(visit.options.key, key);
    if (surplus !== undefined) void visit.cache.delete(surplus);
  }

  /** A stale answer serves if it may be stale, for as long as the route says. */
  #answer(visit: Visit, stored: Stored, age?: 'outdated'): void {
    if (visit.mayGet(stored)) this.#serve(visit, stored, age);
    else this.#runAlone(visit);
  }

  #serve(visit: Visit, stored: Stored, age?: 'outdated'): void {
    const { req, res } = visit.options;
    const isAlone = visit.fill === undefined;
    const stale = age
      ? 'stale-if-error'
      : stalenessOf(stored, visit.now(), isAlone ? this.#config.swrMs : 0);
    this.#report.hit(stale !== undefined);
    const serving = {
      req,
      res,
      nowMs: visit.now(),
      stale,
      share: sharing(visit, stored, age ?? stale),
    };
    if (visit.fill === undefined) serve(stored, serving);
    else visit.fill.replace((way) => serve(stored, serving, way));
  }

  /** There is no answer to share: this visitor gets one of its own, which is not stored. */
  #runAlone(visit: Visit): void {
    if (visit.fill !== undefined) {
      this.#failed(visit, undefined);
      return;
    }
    const { outcome } = visit.run({ hasStale: false, unstorable: 'not-shared' });
    void outcome.then((how) => {
      if (how.kind === 'pass' && how.reason === 'not-shared')
        this.#unshared.delete(visit.options.key);
    });
  }

  #failed(visit: Visit, error: unknown): void {
    const { fill, options } = visit;
    if (fill === undefined) {
      if ((error as { statusCode?: unknown } | undefined)?.statusCode === 503) options.next(error);
      else this.#runAlone(visit);
      return;
    }
    // The stale answer that was to take the place of an error was deleted in the meantime.
    fill.replaceWithheld((way) => {
      way.writeHead(503, { 'Content-Length': 0, 'Cache-Control': 'no-store' });
      way.end();
    });
  }
}
