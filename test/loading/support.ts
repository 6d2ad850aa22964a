import type { CacheHandle } from '../../lib/cache/cache.js';
import type { CacheOptions } from '../../lib/cache/options.js';
import type { Cache } from '../../lib/index.js';
import { cacheBy } from '../support/build-cache.js';
import { ManualClock } from '../support/manual-clock.js';
import { until } from '../support/wait.js';

/** A cache of memory alone whose time the test drives. */
export function cacheInHand(options: CacheOptions = {}): {
  cache: CacheHandle;
  clock: ManualClock;
} {
  const clock = new ManualClock();
  return { cache: cacheBy(clock, { redis: false, logger: false, ...options }), clock };
}

export async function untilNormal(...caches: readonly Cache[]): Promise<void> {
  await until(() => caches.every((cache) => cache.status().mode === 'normal'), 'Redis serves');
}

/** A promise that the test settles. */
export interface Gate<T> {
  readonly promise: Promise<T>;
  open(value: T): void;
  fail(error: unknown): void;
}

export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

/** The outcome of a promise as of now, without waiting for it. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<T | 'pending'> {
  const turn = new Promise<'pending'>((resolve) => setImmediate(resolve, 'pending'));
  return Promise.race([promise, turn]);
}

export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}
