import type { Cache } from '../api/cache.js';
import { CacheHealthError } from '../core/errors.js';
import { parseDuration } from '../core/time/duration.js';
import { parseBoolean, parseOptions, type Subject } from '../core/validate.js';
import type { Counts, TestCounts } from './counts.js';
import { breakBy, isNoticedByWritesAlone, parseFault, restore, type World } from './faults.js';
import type { TestClock } from './test-clock.js';

export interface TestControlsOptions {
  readonly clock: TestClock;
  readonly cache: Pick<Cache, 'status'>;
  readonly counts: Counts;
  readonly world: World;
}

/** The steps in which we look whether the cache has noticed, and how long we look. */
const STEP_MS = 50;
const MOST_STEPS = 1_200;

/** In this time heartbeats confirm every write, so that none counts as lost when Redis starts again. */
const REST_MS = 1_500;

const DURATION: Subject = { name: 'the duration of advance()', code: 'ERR_CACHE_OPTION' };

/** What a test may do to the time and the Redis of its cache. */
export class TestControls {
  readonly #options: TestControlsOptions;

  constructor(options: TestControlsOptions) {
    this.#options = options;
  }

  async advance(duration: unknown): Promise<void> {
    await this.#options.clock.advance(parseDuration(DURATION, duration, 0));
  }

  async breakRedis(given: unknown, options: unknown): Promise<void> {
    const fault = parseFault(given);
    const untilNoticed = parseFlag(BREAK, options);
    // Without this, a cache that was just made would not have connected yet.
    await this.#options.clock.advance(untilNoticed ? REST_MS : 0);
    breakBy(fault, this.#options.world);
    if (!untilNoticed || isNoticedByWritesAlone(fault)) return;
    await this.#until('notice that Redis is broken', () => this.#mode !== 'normal');
  }

  async restoreRedis(options: unknown): Promise<void> {
    const isEmpty = parseFlag(RESTORE, options);
    restore(this.#options.world, isEmpty);
    // Connections that broke are noticed at once.
    await this.#options.clock.advance(0);
    await this.#until('use Redis again', () => this.#mode === 'normal');
    // Heartbeats show the cache the time of Redis, so that values expire to the millisecond again.
    await this.#options.clock.advance(REST_MS);
  }

  counts(scope: string, key: string | undefined): TestCounts {
    return this.#options.counts.read(scope, key);
  }

  resetCounts(scope: string): void {
    this.#options.counts.reset(scope);
  }

  get #mode(): string {
    return this.#options.cache.status().mode;
  }

  async #until(what: string, isDone: () => boolean): Promise<void> {
    for (let step = 0; step < MOST_STEPS; step++) {
      // A cache that was closed, or is switched off, notices nothing any more.
      const { reason } = this.#options.cache.status();
      if (isDone() || reason === 'closed' || reason === 'disabled') return;
      await this.#options.clock.advance(STEP_MS);
    }
    const { message } = this.#options.cache.status();
    const seconds = (STEP_MS * MOST_STEPS) / 1_000;
    throw new CacheHealthError(
      'ERR_CACHE_OPTION',
      `The cache did not ${what} within ${seconds} s of its time. It says: ${message}`,
    );
  }
}

const BREAK: Flag = { call: 'breakRedis()', name: 'untilNoticed', fallback: true };
const RESTORE: Flag = { call: 'restoreRedis()', name: 'isEmpty', fallback: false };

/** The one option of a call: true or false. */
interface Flag {
  readonly call: string;
  readonly name: string;
  readonly fallback: boolean;
}

function parseFlag({ call, name, fallback }: Flag, given: unknown): boolean {
  const subject: Subject = { name: call, code: 'ERR_CACHE_OPTION' };
  const options = parseOptions<Record<string, unknown>>(subject, given, [name]);
  const value = options[name] ?? fallback;
  return parseBoolean({ ...subject, name: `${call} ${name}` }, value);
}
